# heliosc build --wasm-opt: the gain is shown, the procedure is the same; inspect says who made the module.
command -v wasm-opt >/dev/null || { echo "no wasm-opt (Debian: binaryen)"; exit 77; }
cat >sum.c <<'C'
#include <heliosdb.h>
static long long add(long long a, long long b) { return a + b; }
long long add_up(long long n) {
  long long s = 0;
  for (long long i = 1; i <= n; i++) { s = add(s, i); }
  return s;
}
helios_text echo(helios_text v) { return v; }
C
heliosc build sum.c 2>err && lacks err wasm-opt || fail "build"
heliosc build --wasm-opt -o opt.so sum.c 2>err && has err '^ +wasm-opt +.* to .*, [-+][0-9.]+ %$' || fail "--wasm-opt"
heliosc build --wasm-opt --json --no-cache -o opt2.so sum.c >out && json_lines out && has out '"module_before":[0-9]+,"module_after":[0-9]+' || fail "json"
cmp opt.so opt2.so || fail "not reproducible"
helios -q -c "CREATE PROCEDURE add_up LANGUAGE wasm AS 'opt.so'; CREATE PROCEDURE echo LANGUAGE wasm AS 'opt.so'" -c "SELECT add_up(100), echo('é')" >out 2>&1
has out '^5050.é$'
cp "$FILES/add.wat" . && heliosc build -q --wasm-opt add.wat && heliosc verify add.so >out && has out '^ok +link check' || fail "text module"
HELIOS_WASM_OPT=/gone expect 3 heliosc build --wasm-opt --no-cache sum.c && has err 'wasm-opt is not a program'
heliosc inspect sum.so >out && has out '^language +C' && has out '^made by +.*clang' && has out '^sizes +module .*, native image ' || fail "inspect"
heliosc inspect --json sum.so >out && has out '"producers":\{"language":"C' || fail "inspect --json"
expect 0 heliosc doctor && has out '^ok +wasm-opt'
HELIOS_WASM_OPT=/gone expect 0 heliosc doctor && has out '^warn +wasm-opt +not here; build --wasm-opt needs it'
