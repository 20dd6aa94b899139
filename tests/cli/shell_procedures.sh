# Procedures from a module and from a plugin: create, call, list, log lines, replace, drop.
cat >p.wat <<'WAT'
(module
  (import "helios_v1" "log" (func $log (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "hello")
  (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "talk") (result i64) (drop (call $log (i32.const 1) (i32.const 8) (i32.const 5))) (i64.const 7))
  (func (export "crash") (result i64) unreachable))
WAT
heliosc -q p.wat -o p.so || fail "build"
cat >q.sql <<'SQL'
CREATE PROCEDURE add2(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'add'
  CAPABILITIES ('log') AS 'p.so';
CREATE PROCEDURE talk() RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('log') AS 'p.so';
CREATE PROCEDURE crash() RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('log') AS 'p.so';
SELECT add2(40, 2);
CALL add2(1, 2);
SELECT talk();
SELECT crash();
SELECT add2(1);
SELECT sum(add2(value, 1)) FROM json_each('[1,2,3]');
.mode box
.procedures
.procedures t%
DROP PROCEDURE talk;
SELECT talk();
.tables
SQL
sed "s|'p.so'|'$T/p.so'|" q.sql >r.sql
try helios x.db -f r.sql
helios x.db -q -c 'SELECT add2(2, 3)' >out 2>&1 && has out '^5$'
