# js_host.sh - every host function from JavaScript, once; errors with the script's line; limits.
cat >host.js <<'JS'
import * as db from "heliosdb";
import { heliosdbQuery, heliosdbNow } from "heliosdb-wasm-sdk";

const kept = { text: "ab".repeat(30), object: { a: 1, b: [2] }, list: [1, "zwei"], cycle: null };
const checks = {
  query: () => db.query("SELECT id, name FROM t WHERE id < ? ORDER BY id", [3]).map((r) => r.name).join() === "one,two",
  one: () => db.queryOne("SELECT name FROM t WHERE id = ?1", [1]).name === "one" && db.queryOne("SELECT 1 WHERE 0") === undefined,
  value: () => db.queryValue("SELECT count(*) FROM t") === 3,
  queries() {
    const twice = db.queryOne("SELECT 1 a, 2 a, 3 \"2\", 4 \"é\"");
    return JSON.stringify(twice) === '{"2":3,"a":2,"é":4}' && db.queryValue("SELECT 5 a, 6 \"1\"") === 5 && db.queryValue("SELECT 1 WHERE 0", []) === undefined &&
      db.query("SELECT 1 WHERE 0").length === 0 && db.queryValue("SELECT ?", { length: 1, 0: "x" }) === "x" && throws(() => db.query("SELECT ?", null), "TypeError") &&
      throws(() => db.queryValue("SELECT ?", [Symbol()]), "TypeError") && throws(() => db.query("SELECT ?1", [1, 2]), "INDEX") &&
      throws(() => db.queryValue("SELECT abs(-9223372036854775808)"), "overflow") && throws(() => db.queryOne("SELECT CAST(x'ff' AS TEXT) a"), "UTF-8") &&
      db.query("VALUES (1, 2), (3, 4)").map((r) => Object.values(r).join("")).join() === "12,34" &&
      Array.from({ length: 300 }, (_, i) => db.queryValue("SELECT ?", [i])).every((v, i) => v === i);
  },
  types() {
    const r = db.queryOne("SELECT 1 a, 1.5 b, 'x' c, x'0102' d, NULL e, 9007199254740993 f");
    return r.a === 1 && r.b === 1.5 && r.c === "x" && r.d instanceof Uint8Array && r.d[1] === 2 && r.e === null && r.f === 9007199254740993n;
  },
  bind() {
    const values = [1, 1.5, "é\0", new Uint8Array([1, 2]), null, 9007199254740993n, true, new Date(0), { a: [1n] }, undefined];
    const r = db.queryOne("SELECT ? || '' a, typeof(?) b, hex(?) c, hex(?) d, ? e, ? || '' f, ? g, ? h, ? i, ? j", values);
    return JSON.stringify(Object.values(r)) ===
      '["1","real","C3A900","0102",null,"9007199254740993",1,"1970-01-01T00:00:00.000Z","{\\"a\\":[1]}",null]';
  },
  statement() {
    const s = db.prepare("SELECT name FROM t WHERE id >= ? ORDER BY id");
    const all = s.columns.join() === "name" && s.all(2).length === 2 && s.get(3).name === "three" && s.get(9) === undefined &&
      [...s.iterate(1)].map((r) => r.name).join() === "one,two,three";
    s.run(1);
    s.finalize();
    return all;
  },
  exec: () => db.exec("UPDATE t SET name = name") === 3 && db.exec("UPDATE t SET name = ? WHERE id = ?", ["two", 2]) === 1 &&
    db.exec("INSERT INTO t(id, name) VALUES (?, ?)", [10, new Uint8Array([1])]) === 1 && db.exec("DELETE FROM t WHERE id = 10") === 1,
  tx() {
    const undo = () => db.tx(() => { db.exec("DELETE FROM t"); throw new Error("undo"); });
    return throws(undo, "undo") && db.tx(() => db.queryValue("SELECT count(*) FROM t")) === 3;
  },
  begin() {
    db.begin(); db.exec("DELETE FROM t"); db.rollback();
    db.begin(); db.commit();
    return db.queryValue("SELECT count(*) FROM t") === 3;
  },
  savepoint: () => throws(() => db.savepoint("s", () => { db.exec("DELETE FROM t"); throw new Error("undo"); }), "undo") &&
    db.savepoint("s", () => db.queryValue("SELECT count(*) FROM t")) === 3,
  log() { db.log("info", "a", { b: 1 }); db.log.error(new Error("c")); console.warn("d", [1]); return throws(() => db.log("loud", "x"), "unknown log level"); },
  clock: () => db.nowMicros() > 1.7e15 && Math.abs(db.now() - Date.now()) < 60000 && new Date() > new Date(2024, 0) && heliosdbNow() > 1.7e15 &&
    Date.UTC(1970, 0, 2) === 86400000 && new Date(0) instanceof Date && typeof Date() === "string",
  random: () => db.randomBytes(16).length === 16 && db.random() < 1 && Math.random() !== Math.random(),
  hash: () => db.toHex(db.hash("sha256", "abc")).startsWith("ba7816bf") && db.toHex(db.hmac("sha256", "k", "d")).length === 64 &&
    throws(() => db.hash("md5", ""), "unknown algorithm"),
  sign() {
    const secret = db.fromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    const open = db.fromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    const s = db.sign("ed25519", secret, "m");
    return db.verify("ed25519", open, "m", s) && !db.verify("ed25519", open, "x", s);
  },
  kv() {
    db.kv.set("a/1", "eins"); db.kv.set("a/2", new Uint8Array([255]));
    return db.kv.get("a/1") === "eins" && db.kv.getBytes("a/2")[0] === 255 && db.kv.get("none") === undefined &&
      [...db.kv.keys("a/")].join() === "a/1,a/2" && db.kv.delete("a/1") && !db.kv.delete("a/1");
  },
  session() { db.session.set("app.x", "ü"); return db.session.get("app.x") === "ü" && db.session.get("app.none") === undefined; },
  env: () => db.env.get("JS_HOST_TEST") === "set",
  metrics() { db.metrics.add("calls"); db.metrics.set("level", 1.5); return true; },
  files() {
    const path = `${db.env.get("JS_HOST_FOLDER")}/f.txt`;
    db.files.write(path, "eins"); db.files.append(path, " zwei");
    const good = db.files.read(path) === "eins zwei" && db.files.readBytes(path).length === 9 &&
      db.files.list(db.env.get("JS_HOST_FOLDER")).join() === "f.txt" && throws(() => db.files.write(path, "", { exclusive: true }), "EXISTS");
    db.files.remove(path);
    return good && throws(() => db.files.read(path), "ABSENT");
  },
  http: () => throws(() => db.http.get("https://nowhere.example.com/"), "DENIED"),
  text: () => new TextDecoder().decode(new TextEncoder().encode("ü")) === "ü" && throws(() => new TextDecoder().decode(new Uint8Array([255])), "UTF-8"),
  names: () => heliosdbQuery("SELECT 1 AS n")[0].n === 1,
  refused: () => throws(() => db.query("SELECT * FROM secret"), "DENIED") && throws(() => db.query("SELECT bad syntax"), "SQL"),
  json() {
    const same = ['{"b":[1,2.5,"x",null,true,false,{},[]]}', '""', "0", '"\\u0000"', '{"0":2,"":1,"__proto__":{"a":1},"é😀":"é😀"}',
      '[123456789012345,1e+300,5e-324,1.7976931348623157e+308,0.1,1e-7,-1.5,4294967296]', `${"[".repeat(300)}${"]".repeat(300)}`,
      JSON.stringify(Array.from({ length: 300 }, (_, i) => ({ [`k${i}`]: i, a: `${i}`, 7: -i, b: [i] }))), JSON.stringify("x".repeat(5000) + "\u00e9\n")];
    const other = { '{"a":1,"b":2,"a":3}': '{"a":3,"b":2}', '{"b":1,"2":2,"1":3}': '{"1":3,"2":2,"b":1}', " [ 1 ,\t{ } \n] ": "[1,{}]",
      '"\\u00e9\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\\\\\""': '"é😀/\\b\\f\\n\\r\\t\\\\\\""', "9007199254740993": "9007199254740992",
      "1234567890.1234567": "1234567890.1234567", "0.30000000000000004": "0.30000000000000004", "1e23": "1e+23", "1E2": "100", "-0.0": "0", "1e400": "null" };
    const bad = ["", "[1,]", "{a:1}", '{"a"1}', "[1 2]", "01", "-", "1e", '"a', '"\n"', '"\\x"', '"\\u12g4"', "nul", "tru", "[", "{", '{"a":1', "1 1", "[]]", "+1", "'a'"];
    const twice = JSON.parse('[{"p":1,"q":2},{"p":3,"q":4,"r":5},{"q":6,"p":7}]');
    twice[0].r = 8;
    delete twice[1].p;
    return same.every((t) => JSON.stringify(JSON.parse(t)) === t) && Object.entries(other).every(([t, is]) => JSON.stringify(JSON.parse(t)) === is) &&
      bad.every((t) => throws(() => JSON.parse(t), "SyntaxError")) && Object.is(JSON.parse("-0"), -0) &&
      JSON.stringify(twice) === '[{"p":1,"q":2,"r":8},{"q":4,"r":5},{"q":6,"p":7}]' && JSON.parse('"\ud800"') === "\ud800";
  },
  /* What was there before the call is not counted: it stays as it is, whatever a call does with it. */
  kept() {
    const before = JSON.stringify(kept);
    let text = kept.text, more = kept.text;
    text += "x"; more += "y";
    const copy = { ...kept.object, added: 1 };
    kept.object.now = 2;
    delete kept.object.now;
    kept.list.push([...kept.list]);
    kept.list.pop();
    const symbol = Symbol(kept.text), by = { [kept.text]: 1, [kept.text[0]]: 2 };
    for (let i = 0; i < 20000; i++) { kept.cycle = { back: { i } }; kept.cycle.back.it = kept.cycle; }
    const good = text === "ab".repeat(30) + "x" && more.endsWith("y") && copy.added === 1 && symbol.description === kept.text && by[kept.text] === 1 && by.a === 2 &&
      kept.cycle.back.it.back.i === 19999;
    kept.cycle = null;
    return good && JSON.stringify(kept) === before && new WeakRef(kept.object).deref() === kept.object;
  },
  /* let and const before they are set, where ways lead around the place that sets them. */
  unset() {
    const ways = [
      () => { n; let n = 1; },
      () => { n++; let n = 1; },
      () => { n = 2; let n = 1; },
      () => { let n = n; },
      (way = 1) => { switch (way) { case 0: let n = 1; break; case 1: return n; } },
      (way = 1) => { switch (way) { case 0: let n = 1; default: n++; return n; } },
      () => { for (let i = 0; i < 2; i++) { if (i === 1) { later; } let later = i; later++; } },
      () => { for (const n of [n]) { n; } },
      () => { for (const n in n) { n; } },
      () => { try { n; let n = 1; } finally { let n = 2; n; } },
      () => { const f = () => n; f(); let n = 1; },
      () => { out: { if (kept) { break out; } let n = 1; n; } n; let n = 2; },
      () => { const { a = b, b } = {}; return a; },
      function* () { yield n; let n = 1; },
    ];
    const unset = (way) => throws(() => [...(way() ?? [])], "ReferenceError");
    let sum = 0;
    for (let i = 0; i < 3; i++) { let n = i; n += 10; const f = () => n++; f(); sum += n; }
    label: for (const a of [1, 2, 3]) { for (const b of [1, 2]) { if (b === 2) { continue label; } let c = a; c++; sum += c; } }
    switch (sum) { case 45: { let n = 5; n--; sum += n; } }
    return ways.every(unset) && sum === 49 && throws(() => { const n = 1; n++; }, "TypeError");
  },
  steps() {
    let a = 2147483647, b = -2147483648, c = "5", d = 1n, e = 1.5, f = null, o = { n: 1 }, l = [2147483647];
    const before = [a++, b--, c++, d++, e--, f++, o.n++, l[0]++];
    return before.map(String).join() === "2147483647,-2147483648,5,1,1.5,0,1,2147483647" && a === 2147483648 && b === -2147483649 && c === 6 && d === 2n &&
      e === 0.5 && f === 1 && o.n === 2 && l[0] === 2147483648;
  },
  of() {
    const seen = [], list = [1, 2];
    for (const c of "aé😀\0z") { seen.push(c.length, c); }
    for (const v of list) { if (list.length < 4) { list.push(v * 10); } seen.push(v); }
    for (const v of [1, , undefined]) { seen.push(v); }
    for (const [i, v] of ["x"].entries()) { seen.push(i, v); }
    for (const v of Object.assign(new Array(2), { 1: "set" })) { seen.push(v); }
    const strange = Object.assign([1, 2], { [Symbol.iterator]: () => ({ next: () => ({ done: seen.length > 25, value: "own" }) }) });
    for (const v of strange) { seen.push(v); }
    const half = [7, 8, 9][Symbol.iterator]();
    for (const v of half) { seen.push(v); break; }
    half.next();
    const [first, ...rest] = "abc";
    return JSON.stringify([...seen, ...half, first, rest]) === '[1,"a",1,"é",2,"😀",1,"\\u0000",1,"z",1,2,10,20,1,null,null,0,"x",null,"set",' +
      '"own","own","own","own","own",7,9,"a",["b","c"]]';
  },
  functions() {
    const f = (a, b = 1) => a + b, shown = (g) => JSON.stringify(Object.getOwnPropertyDescriptors(g));
    const g = function named(a) { return a; };
    f.more = 1;
    Object.defineProperty(g, "length", { value: 9 });
    delete g.name;
    const none = [() => 0][0];
    return shown(f) === '{"length":{"value":1,"writable":false,"enumerable":false,"configurable":true},"name":{"value":"f","writable":false,' +
      '"enumerable":false,"configurable":true},"more":{"value":1,"writable":true,"enumerable":true,"configurable":true}}' && g.length === 9 && g.name === "" &&
      new g() instanceof g && none.name === "" && shown(none).includes('"length"') && throws(() => new f(), "TypeError") && (class { m() {} }).prototype.m.name === "m";
  },
};
function throws(work, text) {
  try {
    work();
  } catch (error) {
    return String(error).includes(text);
  }
  return false;
}
/** @param {string} name
 *  @returns {string} */
export function try_one(name) {
  return checks[name]() ? "ok" : "WRONG";
}
/** @returns {object} */
export function all() {
  return Object.keys(checks);
}

/** @param {any} v */
export function thrown(v) {
  if (v === 1) {
    throw new Error("own error");
  }
  if (v === 2) {
    db.fail(42, "as it is");
  }
  if (v === 3) {
    return v.x.y;
  }
  if (v === 4) {
    throw { toString: () => "an object" };
  }
  return deeper(v);
}
function deeper(v) {
  return db.query(`SELECT * FROM secret -- ${v}`);
}
export const results = (v) =>
  [() => 1, Symbol("s"), 2n ** 63n, new Date(NaN), "\ud800", Promise.resolve(1), (() => { const a = {}; a.a = a; return a; })(),
    -(2n ** 63n), -0, NaN, [1n, { a: undefined }], new Uint8Array(2).buffer, new Float64Array(1), new Date(86400000), true, "x"][v];

/** @param {integer} n
 *  @returns {integer} */
export function deep(n) {
  return n === 0 ? 0 : 1 + deep(n - 1);
}
/** Endless recursion of each kind is an error that can be caught.
 *  @returns {string} */
export function recursions() {
  const kinds = {
    plain: () => { const f = () => f() + 1; f(); },
    method: () => { const o = { toString() { return `${o}`; } }; String(o); },
    map: () => { const f = () => [1].map(f); f(); },
    getter: () => { const o = { get x() { return o.x; } }; o.x; },
    proxy: () => { const p = new Proxy({}, { get: (t, k) => p[k] }); p.x; },
    parse: () => JSON.parse("[".repeat(200000)),
    source: () => new Function("(".repeat(100000))(),
    regexp: () => new RegExp("(".repeat(100000)),
    match: () => /^(a|b)*$/.test("ab".repeat(500000)) || true,
    sort: () => { const f = () => [2, 1].sort(f); f(); },
    generator: () => { function* g() { yield* g(); } [...g()]; },
    construct: () => { class A { constructor() { new A(); } } new A(); },
    bind: () => { let f = () => 1; for (let i = 0; i < 100000; i++) f = f.bind(null); f(); },
    spread: () => { const f = (...a) => f(...a, 1); f(); },
    stringify: () => { let o = {}; for (let i = 0; i < 5000; i++) o = i & 1 ? [o] : { o }; JSON.stringify(o); },
    json: () => { const o = { toJSON() { return JSON.stringify(o); } }; JSON.stringify(o); },
    replace: () => { const f = () => "a".replace(/a/, f); f(); },
  };
  const lost = Object.entries(kinds).filter(([, work]) => {
    try {
      return work() === undefined;
    } catch (error) {
      return !(error instanceof Error);
    }
  });
  return `survived, ${lost.map(([name]) => name)}`;
}
export const hog = () => { const all = []; try { for (;;) all.push("x".repeat(100000) + all.length); } catch (e) { return `${e}, ${all.length > 50}`; } };
export const hog_and_go = () => { const all = []; for (;;) all.push(new Uint8Array(1 << 20)); };
export const hog_small = () => { const all = []; try { for (;;) all.push({ i: all.length }); } catch (e) { return `${e}, ${all.length > 5000}`; } };
export const spin = () => { for (;;); };
export const regexp_spin = () => /(x+x+)+y/.test("x".repeat(40));
JS
mkdir data
export JS_HOST_TEST=set JS_HOST_FOLDER=$PWD/data
expect 0 heliosc build host.js
helios a.db -c "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three'); CREATE TABLE secret(x)"
caps="CAPABILITIES ('query', 'read:t', 'write:t', 'transaction', 'log', 'clock', 'random', 'crypto', 'env:JS_HOST_TEST', 'env:JS_HOST_FOLDER', 'filesystem:$PWD/data:rw', 'network:other.example.com')"
for f in try_one thrown; do expect 0 helios a.db -c "CREATE PROCEDURE $f LANGUAGE wasm $caps AS 'host.so'"; done
for f in all results deep recursions hog hog_and_go hog_small spin regexp_spin; do expect 0 helios a.db -c "CREATE PROCEDURE js_$f LANGUAGE wasm AS 'host.so' EXPORT '$f'"; done
expect 0 helios a.db --mode list -c "SELECT value || ' ' || try_one(value) FROM json_each(js_all())"
[ "$(grep -c ' ok$' out)" = 31 ] || { cat out err; fail "host functions"; }

# errors: the script's line, the procedure's own code and text
try_sql() { helios a.db --mode list -c "SELECT $1" 2>&1; }
says() { try_sql "$1" >said; grep -Eq -- "$2" said || { cat said; fail "$1: no '$2'"; }; }
line() { grep -n "$1" host.js | head -1 | cut -d: -f1; }
says 'thrown(1)' "procedure thrown: host.js:$(line 'own error'): own error"
says 'thrown(2)' 'procedure thrown: as it is'
says 'thrown(3)' "host.js:$(line 'return v.x.y'): TypeError: cannot read property 'y' of undefined"
says 'thrown(4)' 'thrown: an object'
says 'thrown(5)' "host.js:$(line 'FROM secret --'): .*secret.*\(DENIED\)"

# results that are values, and those that are none
says 'js_results(0)' 'a function is no value of SQL'
says 'js_results(1)' 'a symbol is no value of SQL'
says 'js_results(2)' 'beyond 64 bits'
says 'js_results(3)' 'Date is not valid'
says 'js_results(4)' 'UTF'
says 'js_results(5)' 'a promise'
says 'js_results(6)' 'circular'
says 'js_results(7)' '^-9223372036854775808$'
says 'js_results(8)' '^-?0.0$'
says 'js_results(9) IS NULL' '^1$'
says 'js_results(10)' '^\[1,\{\}\]$'
says 'hex(js_results(11))' '^0000$'
says 'length(js_results(12))' '^8$'
says 'js_results(13)' '^1970-01-02T00:00:00.000Z$'
says 'js_results(14)' '^1$'
says 'js_results(15)' '^x$'

# limits
says 'js_deep(300)' '^300$'
says 'js_deep(1000000)' 'InternalError: stack overflow'
says 'js_recursions()' '^survived, $'
says 'js_hog()' '^InternalError: out of memory, true$'
says 'js_hog_small()' '^InternalError: out of memory, true$'
says 'js_hog_and_go()' 'out of memory'
says 'js_spin()' 'host.js:[0-9]*: fuel exhausted in "spin"'
says 'js_regexp_spin()' 'fuel exhausted|time limit'
says 'js_deep(10)' '^10$'
