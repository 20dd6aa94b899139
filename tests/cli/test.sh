# heliosc test and run: one call, cases, a seed, grants, what differs, JSON.
cat >tax.c <<'C'
#include <heliosdb.h>
/** @helios default rate 0.19 */
double add_tax(double total, double rate) { return total * (1 + rate); }
helios_text twice(helios_text v) {
  char *p = helios_alloc(2 * v.length);
  for (unsigned i = 0; i < 2 * v.length; i++) { p[i] = v.at[i % v.length]; }
  return (helios_text){p, 2 * v.length};
}
/** @helios capability read:orders */
long long orders(void) {
  helios_stmt s = helios_prepare("SELECT count(*) FROM orders");
  helios_step(s);
  return helios_column_i64(s, 0);
}
/** @helios capability write:orders */
void add_order(void) {
  hg_exec(HG_LIT("INSERT INTO orders VALUES (9)"), 0, 0);
}
helios_json pair(helios_json v) { return v; }
helios_blob raw(helios_blob v) { return v; }
bool even(long long n) { return n % 2 == 0; }
/** @helios table (n BIGINT, even BOOLEAN, odd JSON) */
helios_json parities(void) { static const char rows[] = "[[1,false,[true]],[2,true,[1]]]"; return (helios_json){rows, sizeof rows - 1}; }
C
echo "CREATE TABLE orders(id); INSERT INTO orders VALUES (1), (2)" >seed.sql
numbers() { sed -E 's/\([0-9]+ fuel, [0-9.]+ us\)/(N)/; s/[0-9]+ fuel, [0-9.]+ us/N/'; }
t() { { try heliosc test tax.c "$@"; } 2>&1 | numbers; }
t --procedure add_tax --param total=599.99 --param rate=0.2 --expect 719.988
t --procedure add_tax --param total=100 --expect 119.1
t --procedure twice --param "v=O'x" --expect "O'xO'x"
t --procedure twice --param v=NULL --expect NULL
t --procedure raw --param "v=x'00ff'" --expect "X'00FF'"
t --procedure add_tax --param total=abc --expect-error 'expected REAL'
t --procedure add_tax --param total=1 --expect-error 'expected REAL'
t --procedure orders --expect 2 --seed seed.sql
t --procedure orders --expect 2 --seed seed.sql --grant read:orders --grant write:orders
t --procedure orders --seed seed.sql --grant read:others
cat >tax.cases.jsonl <<'J'
# each call is undone
{"procedure": "add_order", "expect": null}
{"procedure": "orders", "expect": 2}
{"procedure": "pair", "params": ["{\"a\": [1, 2]}"], "expect": {"a": [1, 2]}}
{"procedure": "pair", "params": {"v": {"b": null}}, "expect": {"b": null}}
{"procedure": "twice", "params": ["NULL"], "expect": "NULLNULL"}
{"procedure": "twice", "params": ["a"], "expect": "b"}
{"procedure": "add_tax", "params": [1, 1], "error": "any"}
J
echo "-- cases"
t --seed seed.sql
heliosc test --json --seed seed.sql tax.c >out 2>err && fail "exit code"
json_lines out && [ ! -s err ] && has out '"passed":5,"failed":2' && has out '"call":"orders\(\)","ok":true,"value":"2"' && has out '"fuel":[1-9]' || fail "json"
echo "-- true and false"
t --procedure even --param n=2 --expect true
t --procedure even --param n=2 --expect 1
t --procedure even --param n=2 --expect false
t --procedure pair --param v=true --expect true
t --procedure pair --param v=true --expect 1
t --procedure parities --expect '[[1, false, [true]], [2, 1, [1]]]'
cat >words.jsonl <<'J'
{"procedure": "even", "params": [3], "expect": false}
{"procedure": "even", "params": [3], "expect": 0}
{"procedure": "even", "params": [3], "expect": true}
{"procedure": "even", "params": [2], "expect": "true"}
{"procedure": "pair", "params": ["true"], "expect": true}
{"procedure": "pair", "params": ["1"], "expect": true}
{"procedure": "parities", "expect": [[1, false, [true]], [2, true, [1]]]}
{"procedure": "parities", "expect": [[1, false, [1]], [2, true, [1]]]}
J
t --cases words.jsonl
echo "-- more than 53 bits"
printf '(module (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1))))' >add.wat
cat >add.cases.jsonl <<'J'
{"params": ["9007199254740992", 1], "expect": "9007199254740993"}
{"params": ["9007199254740992", 1], "expect": 9007199254740993}
J
{ try heliosc test add.wat 2>&1; } | numbers
echo "-- rows are data, the count is talk"
heliosc test tax.c --procedure even --param n=2 --expect true 2>err | numbers
cat err
heliosc test -q tax.c --cases words.jsonl 2>err | numbers
cat err
echo "-- wrong"
echo '{"procedure": "orders"}' >bad.jsonl && t --cases bad.jsonl
echo '{"procedure": "orders", "expects": 1}' >bad.jsonl && t --cases bad.jsonl
t --param total=1 --expect 1
t --procedure none --expect 1
t --procedure add_tax --param other=1 --param total=2 --expect 1
t --procedure add_tax --expect 1
t --procedure orders --seed gone.sql
echo "SELECT gone" >bad.sql && t --procedure orders --seed bad.sql
echo "-- run"
r() { { try heliosc run "$@"; } 2>&1 | numbers; }
r --procedure twice tax.c ab
r --procedure add_tax tax.c -- -100 0.5
r --procedure add_tax tax.c
cat >says.c <<'C'
#include <heliosdb.h>
/** @helios capability log */
void says(int n) {
  helios_log(HG_INFO, HELIOS_TEXT("it begins"));
  for (volatile int i = n; i > 0;) {}
}
C
r says.c 0
r says.c 1
heliosc run --json says.c 0 >out && has out '{"v":1,"type":"log","text":"info: says: it begins"}' || fail "run --json"
r --grant query says.c 0
r --seed seed.sql --procedure orders tax.c
r add.wat 40 2
heliosc run --json add.wat 1 2 >out && has out '"value":"3"' || fail "run --json"
echo "-- aggregates and tables"
cp "$FILES/stats.wat" .
s() { { try heliosc test stats.wat "$@"; } 2>&1 | numbers; }
r --procedure squares stats.wat 3
r --procedure addup stats.wat 3 4 5
r --procedure addup stats.wat
s --procedure addup --param x=1 --param x=5 --expect 6
s --procedure squares --param upto=2 --expect '[[1, 1], [2, 4]]'
s --procedure squares --param upto=2 --expect 4
cat >stats.cases.jsonl <<'J'
{"procedure": "addup", "params": [[1], {"x": 2}, [null]], "expect": 3}
{"procedure": "addup", "params": [], "expect": 0}
{"procedure": "squares", "params": [2], "expect": [[1, 1], [2, 5]]}
{"procedure": "squares", "params": {"upto": 0}, "expect": []}
{"procedure": "addup", "params": [1], "expect": 0}
J
s
[ -z "$(ls -d /tmp/helios-*"$$" 2>/dev/null)" ] || fail "left a folder"
