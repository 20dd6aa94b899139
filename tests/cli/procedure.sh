# helios procedure: from every source, each verb, as text and as JSON, with the database by each way.
cat >tax.wat <<'WAT'
(module (func (export "tax") (param f64 f64) (result f64) (f64.mul (local.get 0) (f64.add (f64.const 1) (local.get 1))))
  (func (export "free") (param f64 f64) (result f64) (local.get 0))
  (func (export "crash") (param f64 f64) (result f64) unreachable))
WAT
heliosc build -q tax.wat -o tax.so && "$SOURCE/toolchain/bin/wat2wasm" tax.wat -o tax.wasm || fail "build"
create="helios procedure create shop.db --params total:REAL,rate:REAL --returns REAL --export tax"
for file in tax.wat tax.wasm tax.so "$T/tax.so"; do
  name=$(echo "$file" | tr -cd a-z)
  expect 0 $create --name "$name" --file "$file" && has err "^created $name, version 1 in use$" && [ ! -s out ] || fail "$file"
  [ "$(helios exec shop.db "SELECT $name(100, 0.5)")" = 150.0 ] || fail "result of $file"
done
expect 0 $create --name stdin --file - <tax.wasm && expect 0 $create --name stdin --replace --file - <tax.so
has err '^created stdin, version 2 in use$'
expect 2 $create --name empty --file - </dev/null && has err 'standard input is empty'
expect 2 $create --name missing --file no.wat && has err "can't read no.wat"
echo '(module (func (export "x") (result i32)))' >bad.wat
expect 1 $create --name bad --file bad.wat && has err 'COMPILE'
expect 1 $create --name tax --file tax.wat --capabilities 'fly:moon' && has err 'fly'
[ "$(helios procedure list shop.db | wc -l)" = 6 ] || fail "something of a failed create stayed"

# the compiler is the one beside the program, however that is called
program=$(command -v helios)
(PATH=/usr/bin:/bin; expect 0 "$program" procedure create shop.db --name beside --export tax --file tax.wat) || exit 1
mkdir bin && ln -s "$program" bin/helios
(PATH=/usr/bin:/bin:$T/bin; expect 0 helios procedure create shop.db --name beside --export free --replace --file tax.wat) || exit 1
expect 0 helios procedure drop shop.db beside

# each thing that can be said
expect 0 helios procedure create shop.db --name 'odd "name"' --file tax.wat --export tax \
  --params 'a DECIMAL(10,2), b : REAL' --returns 'DOUBLE PRECISION' --deterministic --profile minimal \
  --with 'timeout=250ms, fuel_limit = 5000' --json
python3 - <<'PY' || fail "json of create"
import json
o = json.load(open("out"))
assert o["v"] == 1 and o["type"] == "procedure" and o["name"] == 'odd "name"', o
assert [p["name"] for p in o["parameters"]] == ["a", "b"] and o["parameters"][0]["type"].startswith("DECIMAL"), o
assert o["deterministic"] == 1 and o["profile"] == "minimal", o
assert o["options"]["timeout"] == 250 and o["options"]["fuel_limit"] == 5000, o
PY
for wrong in '--params=a' '--params=:X' '--params=a:REAL)' '--params=a:REAL;b' '--returns=REAL) AS' "--returns='x'" '--with=timeout' '--with=timeout=' '--with=a;b=1'; do
  expect 2 helios procedure create shop.db --name wrong --file tax.wat "$wrong" && has err 'is a (list|type)'
done
expect 0 helios procedure drop shop.db 'odd "name"' --json && [ "$(cat out)" = '{"v":1,"type":"dropped","name":"odd \"name\""}' ] || fail drop
expect 0 helios procedure drop shop.db 'odd "name"' --if-exists
expect 1 helios procedure drop shop.db 'odd "name"' && has err NOT_FOUND

# versions
export HELIOS_DB=shop.db
expect 0 helios procedure create --name f --file tax.so --export tax
expect 0 helios procedure create --name f --file tax.so --export free --replace && has err 'version 2 in use'
result() { helios exec "SELECT f(100.0, 0.5)"; }
[ "$(result)" = 100.0 ] || fail "version 2"
expect 0 helios procedure use f 1 && has err '^switched f, version 1 in use$' && [ "$(result)" = 150.0 ] || fail "use"
expect 0 helios procedure canary f 2 --percent 100 --error-rate 0.5 && [ "$(result)" = 100.0 ] || fail "canary"
expect 0 helios procedure versions f && has out '2.*canary'
expect 0 helios procedure rollback f && [ "$(result)" = 150.0 ] || fail "the canary goes on"
expect 0 helios procedure canary f 2 --percent 50 && expect 0 helios procedure promote f && [ "$(result)" = 100.0 ] || fail promote
expect 0 helios procedure rollback f --json && has out '"version":1,"versions":2' && [ "$(result)" = 150.0 ] || fail rollback
printf '(module (func (export "tax") (param f64 f64) (result f64) (f64.const 7)))' >seven.wat
expect 0 helios procedure canary f --file seven.wat --percent 100 && has err '^canary begun: f, version 1 in use$' && [ "$(result)" = 7.0 ] || fail "a new canary"
expect 0 helios procedure versions f && has out '^3\|canary' && has out '^1\|current' && expect 0 helios procedure rollback f
expect 1 helios procedure canary f --file bad.wat --percent 5 && expect 2 helios procedure canary f --file no.wat --percent 5
expect 1 helios procedure canary nothing --file tax.wat --percent 5 && has err NOT_FOUND && expect 1 helios procedure canary f --file tax.wat --percent 101
expect 2 helios procedure canary f 1 --file tax.wat --percent 5 && expect 2 helios procedure canary f --percent 5
helios procedure versions --json f | wc -l | grep -qx 3 || fail "a canary that failed left a version"
expect 1 helios procedure use f 9 && expect 2 helios procedure use f nine && has err "a version is a number, not 'nine'"
expect 2 helios procedure canary f 2 && has err 'needs --percent' && expect 2 helios procedure canary f 2 --percent 5 --error-rate x
expect 0 helios procedure versions --json f && json_lines out && [ "$(wc -l <out)" = 3 ] || fail "versions"

# what SQL procedures, defaults and tables look like
helios exec "CREATE PROCEDURE two(a INTEGER DEFAULT 5) RETURNS INTEGER LANGUAGE sql AS \$\$ SELECT a * 2 \$\$" \
  "CREATE PROCEDURE rows(n INTEGER) RETURNS TABLE (i INTEGER, t TEXT) LANGUAGE sql AS \$\$ SELECT n, 'x' \$\$" || fail "sql procedures"
expect 0 helios procedure list && has out '^two\(a INTEGER = 5\)\|INTEGER\|' && has out '^rows\(n INTEGER\)\|TABLE\(i INTEGER, t TEXT\)\|'
expect 0 helios procedure drop two && expect 0 helios procedure drop rows

# grants
expect 0 helios procedure grant f read:orders log && expect 0 helios procedure info f --json && has out '"read:orders","log"'
expect 0 helios procedure revoke f log && expect 0 helios procedure info f && has out 'capabilities = read:orders$'
expect 1 helios procedure grant f fly:moon
expect 0 helios procedure list 'tax%' && [ "$(wc -l <out)" = 4 ] || fail "list with a pattern"
expect 1 helios procedure info nothing && has err 'no such procedure: nothing \(NOT_FOUND\)' && lacks err hint
for command in info versions drop; do
  expect 1 helios procedure $command ff && has err 'no such procedure: ff \(NOT_FOUND\)$' && has err '^  hint: did you mean f\?$'
done
expect 0 helios procedure list -m csv f && has out '^"?procedure' && expect 0 helios procedure list -m markdown && has out '^\| procedure'
expect 2 helios procedure info shop.db f && has err "HELIOS_DB names the database already"
unset HELIOS_DB

# which database
expect 0 helios procedure list --db shop.db 'f' && has out '^f\('
expect 0 helios --db=shop.db procedure info f
expect 2 helios procedure list && has err 'needs DATABASE'
expect 2 helios procedure list none.db && has err "no database 'none.db'" && [ ! -e none.db ] || fail "made a database"
expect 0 helios -c 'CREATE TABLE t(a)' ./procedure && expect 0 helios exec ./procedure 'SELECT 1' # a name like a command
HELIOS_DB=shop.db expect 0 helios -c "SELECT count(*) FROM helios_procedure" && has out '^6$'
HELIOS_DB=shop.db expect 0 helios -c "SELECT count(*) FROM t" ./procedure && has out "^0$"
expect 2 helios --json procedure use && json_lines err && [ ! -s out ] || fail "json of wrong usage"
for wrong in 'procedur list' 'procedure lst' 'proc' 'procedure' 'exce shop.db x' 'doctr' 'procedure info --nam=x' 'procedure use --percent 5 f 1'; do
  try helios $wrong
done
