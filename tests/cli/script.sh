# script.sh - an interpreter with its script as one module: compiled once for all scripts, each script's
# functions under their own names, and what it is not granted answers DENIED. The interpreter here is a
# few lines of text format that give back what the host tells them; docs/script-engines.md.
cat >engine.wat <<'WAT'
(module
  (import "helios_v1" "script_read" (func $read (param i32 i32 i32) (result i32)))
  (import "helios_v1" "script_export" (func $export (param i32 i32) (result i32)))
  (import "helios_v1" "script_type" (func $type (param i32) (result i32)))
  (import "helios_v1" "now_us" (func $now (result i64)))
  (import "helios_v1" "log" (func $log (param i32 i32 i32) (result i32)))
  (import "helios_v1" "return_bytes" (func $text (param i32 i32 i32) (result i32)))
  (import "helios_v1" "return_i64" (func $int (param i64) (result i32)))
  (memory (export "memory") 1)
  (global $n (mut i32) (i32.const 0))
  (func $byte (param i32)
    (i32.store8 (global.get $n) (local.get 0))
    (global.set $n (i32.add (global.get $n) (i32.const 1))))
  (func (export "_initialize") ;; NAME|first 40 bytes of the script|types of parameter and result
    (global.set $n (call $export (i32.const 0) (i32.const 64)))
    (call $byte (i32.const 124))
    (global.set $n (i32.add (global.get $n) (call $read (i32.const 0) (global.get $n) (i32.const 40))))
    (call $byte (i32.const 124))
    (call $byte (i32.add (i32.const 65) (call $type (i32.const 0))))
    (call $byte (i32.add (i32.const 65) (call $type (i32.const -1)))))
  (func (export "helios_call") ;; by the first letter of the name
    (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 110))
      (then (drop (call $int (call $now))))
      (else (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 108))
        (then (drop (call $int (i64.extend_i32_s (call $log (i32.const 1) (i32.const 0) (i32.const 3))))))
        (else (drop (call $text (i32.const 3) (i32.const 0) (global.get $n)))))))))
WAT
cat >add.py <<'PY' # add.py OUT IN [NAME CONTENTS]...: a module with custom sections at its end
import sys
def leb(n): return bytes([n & 127 | 128]) + leb(n >> 7) if n > 127 else bytes([n])
out = open(sys.argv[2], "rb").read()
for name, text in zip(sys.argv[3::2], sys.argv[4::2]):
    body = leb(len(name)) + name.encode() + text.encode()
    out += b"\0" + leb(len(body)) + body
open(sys.argv[1], "wb").write(out)
PY
manifest='{"v":1,"procedures":[
  {"name":"echo","params":[{"name":"d","type":"DATE"}],"returns":"TEXT","deterministic":true},
  {"name":"now_here","export":"now","returns":"BIGINT"},
  {"name":"log_it","export":"log","returns":"INTEGER"}]}'

expect 0 heliosc build --emit=module engine.wat -o engine.wasm
python3 add.py first.wasm engine.wasm helios.script "first script" helios.manifest "$manifest"
python3 add.py second.wasm engine.wasm helios.script second helios.manifest "$manifest"
expect 0 heliosc build first.wasm
lacks err cached
expect 0 heliosc build second.wasm
has err cached # the interpreter, though no plugin of this script was ever made
[ "$(find .cache -type f | wc -l)" = 1 ] || fail "more in the cache than the interpreter"

expect 0 helios a.db -c "CREATE PROCEDURE echo LANGUAGE wasm AS 'first.so'" \
  -c "CREATE PROCEDURE again(x ANY) RETURNS TEXT LANGUAGE wasm AS 'second.so' EXPORT 'echo'" \
  -c "CREATE PROCEDURE now_here LANGUAGE wasm AS 'first.so'" \
  -c "CREATE PROCEDURE log_it LANGUAGE wasm AS 'first.so'" \
  -c "CREATE PROCEDURE now_too LANGUAGE wasm CAPABILITIES ('clock') AS 'first.so' EXPORT 'now'"
expect 0 helios a.db --mode list -c "SELECT echo('2026-01-02'), again(1), log_it(), now_here(), now_too() > 1000000000000000"
has out '^echo\|first script\|JG\|echo\|second\|LG\|-2\|-2\|1$'
# DENIED leaves its trace, and what may be deterministic is
expect 0 helios a.db --mode list -c "SELECT capability, granted FROM helios_audit_log WHERE event = 'use'"
has out '^clock\|0$'
expect 0 helios a.db -c "CREATE TABLE t(d)" -c "CREATE INDEX i ON t(echo(d))"
expect 1 helios a.db -c "CREATE PROCEDURE echo2(d DATE) RETURNS TEXT LANGUAGE wasm DETERMINISTIC CAPABILITIES ('clock') AS 'first.so' EXPORT 'echo'"
has err "a deterministic procedure can't have capabilities" && has err 'hint: leave DETERMINISTIC out, or the capabilities'
expect 1 helios a.db -c "CREATE PROCEDURE nothing() RETURNS TEXT LANGUAGE wasm AS 'first.so' EXPORT 'nothing'"
has err 'no exported function "nothing"'

# The module in the catalog is all that is needed: it is built again from it
expect 0 helios a.db -c "SELECT helios_rebuild('again')" -c "SELECT again(2)"
has out 'echo\|second\|LG'

# An interpreter that is ended says where its script was (where.sh); a record that points anywhere says nothing, and harms nothing
cat >wild.wat <<'WAT'
(module
  (import "helios_v1" "script_where" (func $where (param i32) (result i32)))
  (import "helios_v1" "arg_i64" (func $arg (param i32) (result i64)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "HQJ1\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff") ;; pointers that are none
  (data (i32.const 2048) "HMY1\00\08\00\00\00\08\00\00") ;; itself
  (data (i32.const 65524) "HQJ1") ;; more than there is
  (func (export "helios_call")
    (drop (call $where (i32.wrap_i64 (call $arg (i32.const 0)))))
    (unreachable)))
WAT
expect 0 heliosc build --emit=module wild.wat -o wild.wasm
python3 add.py wild2.wasm wild.wasm helios.script "a script" helios.manifest '{"v":1,"procedures":[{"name":"wild","params":[{"name":"p","type":"BIGINT"}],"returns":"BIGINT"}]}'
expect 0 heliosc build wild2.wasm -o wild.so
expect 0 helios a.db -c "CREATE PROCEDURE wild LANGUAGE wasm AS 'wild.so'"
for at in 0 1024 2048 65524 65532 65536 4294967295; do
  expect 1 helios a.db -c "SELECT wild($at)"
  has err 'unreachable.* in the script; its engine was in "'
done

# What is no such module
python3 add.py bad.wasm engine.wasm helios.script x
expect 1 heliosc build bad.wasm
has err 'a script needs helios.manifest'
python3 add.py bad.wasm first.wasm helios.script x
expect 1 heliosc build bad.wasm
has err '2 sections helios.script'
python3 add.py bad.wasm first.wasm other x
expect 1 heliosc build bad.wasm
has err 'a section behind helios.script'
echo "(module (memory 1))" >none.wat
expect 0 heliosc build --emit=module none.wat -o none.wasm
python3 add.py bad.wasm none.wasm helios.script x helios.manifest '{"v":1}'
expect 1 heliosc build bad.wasm
has err 'an export helios_call'
python3 add.py bad.wasm engine.wasm helios.script x helios.manifest '{"v":1}'
expect 1 heliosc build bad.wasm
has err 'the script has no procedure'
