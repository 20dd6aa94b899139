# A database from a machine with another key: none of its plugins runs. It is built again from its module where there
# is a compiler; its grants wait for the DBA's word.
cp "$FILES/add.wat" .
run() { expect 0 helios x.db -c "$1"; }
run "CREATE PROCEDURE answer(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'add'
  CAPABILITIES ('log') AS 'add.wat'; SELECT answer(40, 2)"
printf '(module (func (export "twice") (param i64) (result i64) (i64.add (local.get 0) (local.get 0))))' >twice.wat
run "CREATE FUNCTION twice(a BIGINT) RETURNS BIGINT LANGUAGE wasm DETERMINISTIC AS 'twice.wat';
  CREATE TABLE t(a, b AS (twice(a)) STORED); CREATE INDEX i ON t(twice(a)); INSERT INTO t(a) VALUES (4)"
cp x.db restored.db && cp x.db fresh.db && cp x.db closed.db
before=$(sqlite3 x.db "SELECT hex(so_hash) FROM helios_plugin ORDER BY 1")
head -c 32 /dev/urandom >other.key && chmod 600 other.key
export HELIOS_KEY="$T/other.key"

# without a compiler: broken, with the reason
HELIOS_HELIOSC="$T/none" expect 1 helios x.db -c "SELECT twice(1)"
has err "procedure twice: the plugin's seal does not match; building it again: can't run .*none.*\(BROKEN\)"
has err 'hint: .*heliosc'
HELIOS_HELIOSC="$T/none" expect 1 helios x.db -c "SELECT helios_rebuild()"
[ "$(sqlite3 x.db "SELECT hex(so_hash) FROM helios_plugin ORDER BY 1")" = "$before" ] || fail "something was written"

# looking does not build
run "SELECT procedure, status, reason FROM helios_versions ORDER BY 1"
has out "^answer\|broken\|its grants were not" && has out "^twice\|broken\|the plugin's seal"
[ "$(sqlite3 x.db "SELECT hex(so_hash) FROM helios_plugin ORDER BY 1")" = "$before" ] || fail "something was written"

# with one, at the call; grants only after the DBA has said so
expect 1 helios x.db -c "SELECT answer(40, 2)" && has err "its grants were not given on this machine" && has err BROKEN
for alter in "GRANT CAPABILITY clock" "REVOKE CAPABILITY log" "SET timeout = '1s'" "USE VERSION 1" "VERSION 2 AS 'add.wat'"; do
  expect 1 helios x.db -c "ALTER PROCEDURE answer $alter" && has err "not given on this machine"
done
run "SELECT twice(21)" && has out '^42$'
HELIOS_HELIOSC="$T/none" run "SELECT twice(21)" && has out '^42$' # it was kept
run "SELECT helios_adopt('answer')" && has out '^1$' && run "SELECT helios_adopt()" && has out '^0$'
run "SELECT answer(40, 2); INSERT INTO t(a) VALUES (5); SELECT b FROM t WHERE twice(a) = 10" && has out '^42$' && has out '^10$'
expect 1 helios x.db -c "SELECT helios_adopt('anwser')" && has err "no such procedure: anwser" && has err '^  hint: did you mean answer'

# in a transaction of the caller nothing is written
expect 0 helios fresh.db -c "BEGIN; SELECT twice(21); ROLLBACK" && has out '^42$'
[ "$(sqlite3 fresh.db "SELECT hex(so_hash) FROM helios_plugin ORDER BY 1")" = "$before" ] || fail "something was written"
# nor to a file that can't be written, and it runs all the same
chmod 444 fresh.db && run "" && expect 0 helios fresh.db -c "SELECT twice(21)" && has out '^42$'

# after a restore
expect 0 helios restored.db -c "SELECT helios_rebuild('twice'), helios_rebuild(), helios_rebuild(), helios_adopt()"
has out '^1\|1\|0\|1$'
HELIOS_HELIOSC="$T/none" expect 0 helios restored.db -c "SELECT answer(40, 2), twice(4)" && has out '^42\|8$'

# a module that is not what the version says is not compiled
sqlite3 closed.db "UPDATE helios_module SET wasm = X'0061736d01000000'"
expect 1 helios closed.db -c "SELECT twice(1)" && has err 'its module in the catalog is damaged'
sqlite3 closed.db "DELETE FROM helios_module"
expect 1 helios closed.db -c "SELECT twice(1)" && has err 'its module is not in the catalog'
