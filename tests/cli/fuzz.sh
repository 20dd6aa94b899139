# heliosc fuzz: bugs that are planted are found within seconds and can be repeated; a good module gives none.
heliosc doctor >out 2>err || true
grep -q '^ok *fuzzer' out || { echo "no libFuzzer: $(grep fuzzer out)"; exit 77; }
cat >bug.wat <<'WAT'
(module (memory (export "memory") 1)
  (func $check (export "check") (param i64 i64) (result i64)
    (if (i64.eq (local.get 0) (i64.const 123456789012))
      (then (if (i64.gt_s (local.get 1) (i64.const 77777)) (then unreachable))))
    (i64.add (local.get 0) (local.get 1)))
  (func (export "peek") (param i32) (result i32)
    (if (result i32) (i32.gt_u (local.get 0) (i32.const 70000))
      (then (i32.load8_u (local.get 0))) (else (i32.const 0))))
  (func (export "spin") (param f64) (loop $l (br_if $l (f64.gt (local.get 0) (f64.const 1e300))))))
WAT
expect 1 heliosc fuzz bug.wat --runs 100000 && printable out
has out '^unreachable instruction executed in "check" at wasm offset 0x[0-9a-f]+$' && has out '^  SELECT check\(123456789012, '
has out '^out of bounds memory access in "func 1"' && has out '^  SELECT peek\(-?[0-9]+\)$'
has out '^fuel exhausted in "func 2"' && has err '^3 procedures, 10[0-9]+ calls in .* edges reached, 3 found$'
cp out first
expect 1 heliosc fuzz bug.wat --replay bug-2.input && [ "$(grep -c SELECT out)" = 1 ]
mkdir inputs
expect 1 heliosc --json fuzz bug.wat --runs 20000 --inputs=inputs && json_lines out
has out '"type":"finding".*"sql":"SELECT spin\(' && has out '"command":"fuzz".*"found":[123]'
[ -s inputs/bug-1.input ] || fail "no input file"
# The statement is what fails in a database too.
statement=$(grep -o 'SELECT check.*' first)
heliosc build -q bug.wat
helios :memory: -c "CREATE PROCEDURE check_it(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'check' AS 'bug.so'; $(echo "$statement" | sed 's/check(/check_it(/')" >out 2>err && fail "no failure in the database"
has err 'unreachable instruction executed'

# Text, JSON, ANY and arguments that are asked for: of the manifest. A result must be text in its memory.
cat >text.wat <<'WAT'
(module (@custom "helios.manifest" "{\"v\":1,\"procedures\":[{\"name\":\"third\",\"params\":[{\"name\":\"t\",\"type\":\"TEXT\"}],\"returns\":\"INTEGER\"},{\"name\":\"back\",\"params\":[{\"name\":\"t\",\"type\":\"TEXT\"},{\"name\":\"n\",\"type\":\"INTEGER\"}],\"returns\":\"TEXT\"},{\"name\":\"asks\",\"params\":[{\"name\":\"j\",\"type\":\"JSON\"}],\"returns\":\"BIGINT\",\"strict\":false}]}")
  (import "helios_v1" "arg_len" (func $len (param i32) (result i32)))
  (memory (export "memory") 2 20)
  (func $third (export "third") (param i32 i32) (result i64)
    (i64.load8_u (select (i32.add (local.get 0) (i32.const 2)) (i32.const -1) (i32.ge_u (local.get 1) (i32.const 3)))))
  (func $back (export "back") (param i32 i32 i64) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32))
      (i64.extend_i32_u (i32.add (local.get 1) (i32.wrap_i64 (local.get 2))))))
  (func $asks (export "asks") (result i64)
    (if (i32.eq (call $len (i32.const 0)) (i32.const 23)) (then unreachable))
    (i64.extend_i32_u (call $len (i32.const 0)))))
WAT
expect 1 heliosc fuzz text.wat --runs 15000 && printable out
has out '^out of bounds memory access in "third"' && has out "^  SELECT third\\('"
has out '^result outside of its memory' && has out '^text result is not valid UTF-8' && has out '^  SELECT asks\('

cp "$FILES/add.wat" good.wat
expect 0 heliosc fuzz good.wat --runs 5000 && [ ! -s out ] && has err ' 0 found$'
expect 2 heliosc fuzz good.wat --export nothing && expect 2 heliosc fuzz good.wat --runs 0
echo '(module (memory 1))' >empty.wat
expect 2 heliosc fuzz empty.wat && has err 'nothing to fuzz'

echo '(module (memory 1) (func $s unreachable) (start $s) (func (export "f") (param i32)))' >start.wat
expect 2 heliosc fuzz start.wat && has err "can't fuzz it: the module traps while it is instantiated"
# What a compiler made has nothing below 1024: a store there is through a null pointer.
cat >low.wat <<'WAT'
(module (@custom "producers" "\00") (memory (export "memory") 2 20)
  (func (export "f") (param i32) (if (i32.eq (local.get 0) (i32.const 77)) (then (i32.store (i32.const 40) (i32.const 7))))))
WAT
expect 1 heliosc fuzz low.wat --runs 20000 && has out '^write through a null pointer' && has out '^  SELECT f\(77\)$'
# A C source; a procedure that takes NULL gets cells.
cat >fz.c <<'C'
#include <heliosdb.h>
int half(const int *v, const helios_text *t) { return v == 0 || t == 0 ? 1 : *v / 2; }
long long risky(const long long *v) {
  if (v != 0 && *v > 1000000) { __builtin_trap(); }
  return 0;
}
C
expect 1 heliosc fuzz fz.c --runs 20000 && has out '^unreachable instruction executed in "' && has out '^  SELECT risky\([0-9]+\)$'
lacks out 'half'
