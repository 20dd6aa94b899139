# setjmp.h in C procedures, and modules that bring LLVM's lowering of it.
cat >plus.c <<'C'
#include <heliosdb.h>
#include <setjmp.h>
static jmp_buf top;
static int number(const char **s) {
  int v = 0;
  if (**s < '0' || **s > '9') { longjmp(top, 1 + **s); }
  while (**s >= '0' && **s <= '9') { v = v * 10 + *(*s)++ - '0'; }
  return v;
}
int plus(const char *s) {
  int bad = setjmp(top);
  if (bad != 0) { helios_fail(bad, "no number"); return 0; }
  int v = number(&s);
  while (*s == '+') { s++; v += number(&s); }
  return v;
}
C
heliosc run -q plus.c '1+22+3'
expect 1 heliosc run -q plus.c '1+x' && has err 'no number'
{ echo '#include <string.h>'; sed 's/no number/&s here/' plus.c; } >libc.c
expect 1 heliosc run -q libc.c '1+' && has err 'no numbers here'
heliosc build -q --emit=module plus.c && heliosc inspect plus.wasm >out && lacks out 'invoke_\|stackSave\|longjmp$' || fail "imports stay"
heliosc build -q -o again.so plus.wasm && heliosc build -q plus.c && cmp plus.so again.so || fail "not the same by way of the module"

printf '#include <setjmp.h>\nstatic jmp_buf b;\nint lost(int v) { if (v > 2) { longjmp(b, v); } return v; }' >lost.c
heliosc run -q lost.c 2
expect 1 heliosc run -q lost.c 3 && has err 'unreachable instruction executed in "longjmp_without_setjmp"'

cat >bare.wat <<'W'
(module (import "env" "_emscripten_throw_longjmp" (func)) (import "env" "invoke_v" (func (param i32)))
  (func (export "stackSave") (result i32) (i32.const 0)) (func (export "stackRestore") (param i32))
  (func (export "go") (call 0)))
W
expect 1 heliosc build bare.wat && has err 'exports no setThrew'
sed 's/(func (export "go")/(func (export "setThrew") (param i32 i32)) &/' bare.wat >whole.wat
printf '(start 5))' >>whole.wat && sed -i 's/(call 0)))$/(call 0))/; s/^  (func (export "stackSave")/  (table 1 funcref) (global i32 (i32.const 1)) &/' whole.wat
expect 0 heliosc build -q whole.wat
