# What a script lets go of is used again: in a long call, and in many calls of an instance that keeps its state.
cat >grow.js <<'JS'
/** @param {bigint} n @returns {number} */
export function list(n) { const x = []; for (let i = 0; i < n; i++) x.push(i); return x.length; }
/** @param {bigint} n @returns {number} */
export function text(n) { let s = ""; for (let i = 0; i < n; i++) s += "ab" + i; return s.length; }
/** @param {bigint} n @returns {number} */
export function parts(n) { const a = "abcdefgh".repeat(Number(n)).split(""); return JSON.stringify(a).length + a.join("-").length; }
/** @param {bigint} n @returns {number} */
export function object(n) { const o = {}; for (let i = 0; i < n; i++) o["k" + i] = [i]; return Object.keys(o).length; }
/** @param {bigint} n @returns {number} */
export function buffer(n) { const a = []; for (let i = 0; i < 5; i++) a.push(new Uint8Array(Number(n) * (i + 1))); return a.length; }
const all = { list, text, parts, object, buffer };
/** @param {string} which @param {bigint} times @returns {number} */
export function often(which, times) { let sum = 0; for (let i = 0n; i < times; i++) sum += all[which](300n + i % 50n); return sum; }
JS
heliosc build -q grow.js || fail "build"
clauses="LANGUAGE wasm WITH (memory_limit = '4MB', fuel_limit = 100000000000, timeout = '100s', state = 'connection') AS 'grow.so'"
for f in list text parts object buffer often; do
  helios g.db -q -c "CREATE FUNCTION $f $clauses" || fail "create $f"
done
for f in list text parts object buffer; do
  helios g.db -q -c "SELECT often('$f', 6000) > 0" >out 2>&1 && has out '^1$' || { cat out; fail "$f in one call"; }
  helios g.db -q -c "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) SELECT sum($f(300 + i % 50)) > 0 FROM n" >out 2>&1 && has out '^1$' ||
    { cat out; fail "$f in many calls"; }
done
