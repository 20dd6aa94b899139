# js_build.sh - heliosc build proc.js: which functions are procedures and with which types, files beside
# the script, errors with their places, a second script in no time, the module on its own.
echo 'export function f() { return 1; }' >f.js
expect 0 heliosc build f.js

cat >shop.js <<'JS'
import { twice } from "./lib/double.js";
import { HeliosError } from "heliosdb";

/**
 * The price with tax.
 * @param {number} total
 * @param {number} [rate=0.19] of it
 * @returns {number} both
 * @helios deterministic
 */
export function add_tax(total, rate = 0.19) {
  return total * (1 + rate);
}

/** @param {string | null} s
 *  @returns {?string}
 *  @helios name shout_it
 *  @helios capability read:orders, log */
export const shout = (s) => (s === null ? null : s.toUpperCase() + "!");

export const sum = (a, b) => a + b, K = 5;
export const one = (x) => twice(x) / 2;
/** @param {Order} o @helios state statement */
function later(o, why = "it's") {
  return { ...o, why };
}
/** @helios private */
export function hidden() {}
export function _helper() {}
export { later, later as again, K as constant };
export const pattern = /[/"'`]export function no() {}/g, text = `${`export function no2() {}`}`;
export class Thing { export() {} import(x) {} }
/** @returns {void} */
export function* rows(n) { for (let i = 0; i < n; i++) yield [i]; }
if (globalThis.nothing) { const a = 4 / 2; const b = a / 2; /* export function no3() {} */ }
JS
mkdir lib
cat >lib/double.js <<'JS'
import { two } from "./two.js";
export function twice(x) { return two * x; }
JS
echo 'export const two = 2;' >lib/two.js
expect 0 heliosc build --json shop.js
for f in add_tax shout_it sum one later again rows; do
  expect 0 helios a.db -c "CREATE PROCEDURE js_$f LANGUAGE wasm AS 'shop.so' EXPORT '$(echo $f | sed s/shout_it/shout/)'"
done
expect 0 helios a.db --mode list -c "SELECT js_add_tax(100, 0.5), js_add_tax(100), js_shout_it('a'), js_shout_it(NULL) IS NULL, js_sum(1, 2), js_sum('a', 'b'), js_one(3), js_later('{\"a\":1}'), js_again('{}', 'x')"
has out '^150.0\|119.0\|A!\|1\|3\|ab\|3\|\{"a":1,"why":"it.s"\}\|\{"why":"x"\}$'
for f in hidden _helper no no2 no3 constant pattern; do
  expect 1 helios a.db -c "CREATE PROCEDURE js_x() RETURNS ANY LANGUAGE wasm AS 'shop.so' EXPORT '$f'"
  has err "no exported function"
done
expect 0 heliosc build --emit=module shop.js -o shop.wasm
expect 0 heliosc build shop.wasm -o again.so
cmp shop.so again.so || fail "the module makes another plugin than the source"

# Columns in the doc comment
cat >rows.js <<'JS'
/** @param {integer} upto
 *  @helios table (n INTEGER, name TEXT) */
export function* counted(upto) {
  for (let i = 1; i <= upto; i++) yield i % 2 ? [i, "odd"] : { name: "even", n: i };
}
/** @returns {Array}
 *  @helios table(v ANY) */
export const all = () => [["a"], [1.5]];
JS
expect 0 heliosc build rows.js
expect 0 heliosc inspect rows.so && has out "^language   JavaScript"
has out '^  counted\(upto BIGINT\) RETURNS TABLE \(n INTEGER, name TEXT\)  ' && has out '^  all\(\) RETURNS TABLE \(v ANY\)  '
expect 0 helios r.db --mode list -c "CREATE EXTENSION r LANGUAGE wasm AS 'rows.so'" -c "SELECT (SELECT group_concat(n || name) FROM counted(3)), group_concat(v) FROM \"all\"()"
has out '^1odd,2even,3odd\|a,1.5$'
expect 1 helios -c "CREATE PROCEDURE counted RETURNS BIGINT LANGUAGE wasm AS 'rows.so'"
has err 'says that it returns a table'

# A second script: nothing of the interpreter is compiled again
expect 0 heliosc build --json f.js
python3 - <<'PY' || fail "slow"
import json
r = json.loads(open("out").read().splitlines()[-1])
assert r["cached"] and r["ms"]["compile"] == 0 and r["ms"]["translate"] == 0, r
PY

# A new project, its cases
expect 0 heliosc new -q --lang javascript my_js
(cd my_js && heliosc test my_js.js) >out 2>&1 || { cat out; fail "a new project"; }
has out '^4 passed, 0 failed'
grep -rq procedure_name my_js && fail "a placeholder is left"

# What is wrong is said with its place
bad() { # TEXT PATTERN...
  printf '%s\n' "$1" >bad.js
  shift
  expect 1 heliosc build bad.js
  for pattern; do has err "$pattern"; done
  lacks err 'internal|Segmentation'
}
bad 'export function f(a) {
  return a +;
}' 'SyntaxError: unexpected token' '^ --> bad.js:2'
bad 'export function f() {}
null.x' "TypeError: cannot read property 'x' of null" '^ --> bad.js:2'
bad 'export function f() {} for (;;);' 'the script does not end'
bad 'import "./lib/bad.js"; export function f() {}' "can't import lib/bad.js"
bad 'export async function f() {}' 'async function' 'bad.js:1:8'
bad 'export const f = async (a) => a' 'async function'
bad 'async function f() {} export { f }' 'async function'
bad 'export default function f() {}' 'needs a name'
bad 'export function f(...a) {}' 'fixed number of parameters' 'bad.js:1:19'
bad '
/** @param {strin} a */
export function f(a) {}' "the type 'strin' is none" 'bad.js:2'
bad '/** @param {string} b */ export function f(a) {}' "f has no parameter 'b'"
bad '/** @helios determinstic */ export function f(a) {}' "'@helios determinstic' is nothing"
bad '/** @helios table (n integer, v string) */ export function f() {}' "column 'v' has type 'string'" 'bad.js:1'
bad '/** @helios table (n)
 */ export function f() {}' "'n' is no column with a name and a type"
bad '/** @returns {number}
 * @helios table (n REAL)
 */ export function f() {}' 'f returns a table, and REAL'
bad '/** @helios default b 5 */ export function f(a) {}' "no parameter 'b'"
bad 'import x from "lodash"; export function f() {}' "can't import 'lodash'" 'esbuild'
bad 'import "../x.js"; export function f() {}' "leaves the script's folder"
bad 'export * from "./lib/two.js"; export function f() {}' 'must be a function of this file'
bad 'export const x = 1;' 'no function of the script is a procedure: export function NAME'
bad '
import { two,
  nothing as two_of } from "./lib/two.js";
export function f() {}' "Could not find export 'nothing' in module 'lib/two.js'" '^ --> bad.js:3$'
bad 'import { query, qery } from "heliosdb"; export function f() {}' "export 'qery' in module 'heliosdb'" '^ --> bad.js:1$'
bad 'import fs from "heliosdb"; export function f() {}' "export 'default' in module" '^ --> bad.js:1$'
echo 'export { three } from "./two.js"; export const four = 4;' >lib/more.js
bad 'import { four } from "./lib/more.js"; import { three } from "./lib/more.js"; export function f() { return four + three; }' \
  "Could not find export 'three'" '^ --> (bad|lib/more).js:1$'
printf 'export function f() { return "\377"; }' >bad.js
expect 1 heliosc build bad.js
has err 'not UTF-8'
printf '\0' >bad.js
expect 1 heliosc build bad.js
printf 'export function f(){}//%05000000d' 1 >bad.js
expect 1 heliosc build bad.js
