# heliosc build of AssemblyScript: messages at their places, a project, the cache, what is missing.
cat >tax.ts <<'T'
/** @helios deterministic
 * @helios name with_tax
 * @helios capability read:orders, log */
export function tax(total: f64, rate: f64 = 0.19, note: string | null = null): f64 { return total * (1 + rate); }
export function _helper(v: any): void {}
export function many<T>(v: T): T { return v; }
T
heliosc build -q tax.ts 2>err || {
  if grep -q 'package nodejs\|npm install assemblyscript' err; then cat err; exit 77; fi
  cat err; fail "build"
}
heliosc inspect tax.so | grep -qx 'language   AssemblyScript' || fail "language"
heliosc inspect tax.so | sed -n '/^procedures/,/^sections/p'
[ "$(heliosc build --json tax.ts | grep -o '"source_cached":[a-z]*')" = '"source_cached":true' ] || fail "not from the cache"
echo '// more' >>tax.ts
[ "$(heliosc build --json tax.ts | grep -o '"source_cached":[a-z]*')" = '"source_cached":false' ] || fail "an old module"

cat >rows.ts <<'T'
import { Json, rows } from "heliosdb-as";
/** @helios table (n BIGINT, name text) */
export function counted(upto: i64): void {
  for (let i: i64 = 1; i <= upto; i++) {
    rows.put(i);
    rows.put(i % 2 ? "odd" : "even");
    rows.end();
  }
}
/** @helios table(v ANY) */
export function listed(): Json { return Json.parse('[["a"], {"v": 1.5}]'); }
T
heliosc build -q rows.ts && heliosc inspect rows.so | sed -n '/^procedures/,/^sections/p'
helios -q r.db -c "CREATE EXTENSION r LANGUAGE wasm AS 'rows.so'" -c "SELECT * FROM counted(3)" -c "SELECT v FROM listed()" 2>&1
expect 1 helios -c "CREATE PROCEDURE counted RETURNS BIGINT LANGUAGE wasm AS 'rows.so'" && has err 'says that it returns a table'

echo "== errors, each at its place"
cat >bad.ts <<'T'
import { Box, Json } from "heliosdb-as";
class Thing {}
export function a(v: Thing): void {}
export function b(v: i64): Thing { return new Thing(); }
export function c(v: Box<i64>): void {}
/** @helios determinstic */
export function d(): void {}
/**
 * @helios default rate 1 */
export function e(v: f64): void {}
export function f(v: f64 = NaN): void {}
export function memory(v: f64): void {}
export function g(v: u32, w: i64 | null): void {}
/** @helios table (n BIGINT, N TEXT) */
export function h(): void {}
/** @helios table (n, m number, ) */
export function i(): void {}
/** @helios table n BIGINT */
export function j(): void {}
/** @helios table (n BIGINT) */
export function k(): f64 { return 1; }
T
expect 1 heliosc build --json bad.ts
python3 - <<'P'
import json
for line in open("out"):
    o = json.loads(line)
    print(o.get("level", ""), o.get("line", ""), o.get("column", ""), o["text"].split(":")[0])
P
printf 'export function a(v: i64): i64 { return w; }\n' >unknown.ts
expect 1 heliosc build unknown.ts && has err "Cannot find name 'w'" && has err 'unknown.ts:1:41'
printf 'export function a(): i64 { return Date.now(); }\n' >date.ts
expect 1 heliosc build date.ts && has err 'Date.now asks a JavaScript host, which a database is not: use now of heliosdb-as'
printf 'function a(): void {}\n' >none.ts
expect 1 heliosc build none.ts && has err 'no function that could be a procedure'

echo "== a project"
mkdir -p shop/assembly && cd shop || fail "cd"
echo '{"entries": ["assembly/index.ts"], "targets": {"release": {"optimizeLevel": 2, "runtime": "incremental"}}}' >asconfig.json
printf 'export { price as cost } from "./prices";\nexport * from "./prices";\n' >assembly/index.ts
printf 'import { Decimal } from "heliosdb-as";\nexport type Money = Decimal;\nexport function price(v: Money): Money { return v; }\n' >assembly/prices.ts
heliosc build -q asconfig.json && heliosc inspect shop.so | sed -n '/^procedures/,/^sections/p'
echo '{"entries": ["assembly/index.ts"], "options": {"runtime": "stub"}}' >asconfig.json
expect 1 heliosc build asconfig.json && has err 'the runtime stub would take pages'
mkdir -p node_modules/assemblyscript/dist node_modules/assemblyscript/bin && cd node_modules/assemblyscript || fail "cd"
echo '{"version": "0.27.1"}' >package.json && : >dist/asc.js && : >bin/asc.js && chmod +x bin/asc.js && cd ../.. || fail "cd"
expect 1 heliosc build assembly/index.ts && has err 'assemblyscript is 0.27.1, needed is 0.28: npm install'
cd ..

echo "== what is missing"
HELIOS_NODE=/nowhere expect 3 heliosc build tax.ts && has err 'HELIOS_NODE for node is not a program'
HELIOS_ASC=/nowhere expect 3 heliosc build tax.ts && has err 'npm install assemblyscript@0.28'
