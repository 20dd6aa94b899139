# heliosc build of C and C++: names, annotations, messages at their places, the C library.
sql() { helios -q "$@" 2>&1; }
cat >tax.c <<'C'
#include "rates.h"
#include <heliosdb.h>
/** Total with tax.
 * @helios name shop.add_tax
 * @helios deterministic
 * @helios default rate 0.19
 * @helios capability read:orders, log */
double add_tax(double total, double rate) { return total * (1 + rate) * FACTOR; }
[[clang::annotate("helios state connection")]] long long count(void) { static long long n; return ++n; }
C
echo '#define FACTOR 1' >rates.h
try heliosc build -q tax.c
heliosc inspect tax.so | grep -qx 'language   C' || fail "language"
heliosc inspect tax.so | sed -n '/^procedures/,/^sections/p'
sql t.db -c "CREATE PROCEDURE add_tax LANGUAGE wasm EXPORT 'add_tax' AS 'tax.so'; CREATE PROCEDURE tally LANGUAGE wasm EXPORT 'count' AS 'tax.so'" -c "SELECT add_tax(100), add_tax(100, 0.07), tally(), tally()"
heliosc build -q --emit=module tax.c && heliosc inspect tax.wasm >out && has out 'custom helios.manifest' || fail "module"
heliosc build -q -o tax2.so tax.wasm && cmp tax.so tax2.so || fail "not the same by way of the module"
heliosc verify --against tax.c tax.so >out && has out "^ok +against" || fail "verify --against a source"
heliosc inspect tax.c >out && has out "shop.add_tax.total REAL, rate REAL" || fail "inspect of a source"
mkdir deep && sed 's/rates.h/more.h/' tax.c >deep/tax.c && mkdir inc && cp rates.h inc/more.h
expect 1 heliosc build deep/tax.c && has err "'more.h' file not found" && has err 'deep/tax.c:1:10'
heliosc build -q --include=inc -I . deep/tax.c && cmp tax.so deep/tax.so || fail "--include"

echo "-- tables"
cat >rows.c <<'C'
#include <heliosdb.h>
/** @helios table (n INTEGER, name text, half REAL) */
void counted(int upto) {
  for (int i = 1; i <= upto; i++) {
    helios_row_i64(i);
    helios_row_text((helios_text){"abc", i < 3 ? (unsigned)i : 3});
    if (i == 2) { helios_row_null(); } else { helios_row_f64(i / 2.0); }
    helios_row_end();
  }
}
[[clang::annotate("helios table(n BIGINT, name TEXT)")]] helios_json as_json(void) {
  return (helios_json){"[[1,\"a\"],{\"name\":\"b\",\"n\":2}]", 28};
}
/** @helios table (a JSON, b DECIMAL, c BLOB) */
void kinds(void) {
  helios_row_json((helios_json){"{}", 2});
  helios_row_decimal((helios_decimal){"1.50", 4});
  helios_row_blob((helios_blob){"x", 1});
  helios_row_end();
}
C
try heliosc build -q rows.c
heliosc inspect rows.so | sed -n '/^procedures/,/^sections/p'
sql r.db -c "CREATE EXTENSION tables LANGUAGE wasm AS 'rows.so'" -c "SELECT * FROM counted(3)" -c "SELECT name, n FROM as_json()" -c "SELECT a, b, hex(c) FROM kinds()"
printf '#include <heliosdb.h>\n/** @helios deterministic */\nint one(void) { return 1; }\nvoid say(void) { helios_log(HG_INFO, HELIOS_TEXT("x")); }\n' >pure.c
expect 1 heliosc build -q pure.c
has err '^error\[H0113\]: one is deterministic, but the module imports helios_v1.log$' && has err '^ --> pure.c' && has err "hint: leave 'deterministic' out .*module of its own"
[ ! -e pure.so ] || fail "a deterministic procedure that may ask the host"
sed -i '/@helios deterministic/d' pure.c && heliosc build -q pure.c && expect 1 helios -c "CREATE PROCEDURE one() RETURNS INTEGER LANGUAGE wasm DETERMINISTIC CAPABILITIES ('log') AS 'pure.so'"
has err "a deterministic procedure can't import host functions: the module imports helios_v1.log" && has err 'hint: leave DETERMINISTIC .*module of its own'
printf '(module (func (export "one") (result i64) (i64.const 1)))' >bare.wat && expect 1 helios -c "CREATE PROCEDURE one() LANGUAGE wasm AS 'bare.wat'"
has err 'has no RETURNS' && has err 'hint: add RETURNS'
sql -c "CREATE PROCEDURE counted(n INTEGER) RETURNS TEXT LANGUAGE wasm AS 'rows.so'"
cat >rows_test.c <<'C'
#include "rows.c"
#include <heliosdb_mock.h>
int main(void) {
  hm_begin();
  HM_CHECK(HM_CALL(counted(2)) && hm.given_count == 2 && hm.given[1][0].i64 == 2 && hm.given[1][2].type == HG_NULL);
  HM_CHECK(hm.given[0][1].length == 1 && hm.given[0][1].at[0] == 'a');
  hm_refuse(1, HG_E_DENIED);
  HM_CHECK(!HM_CALL(counted(2)) && hm.error_code == HG_E_DENIED);
  return hm_end();
}
C
cc -w -I "$SOURCE/sdk/c" -o rows_test rows_test.c && ./rows_test || fail "the mock host"
cat >bad.c <<'C'
#include <heliosdb.h>
/** @helios table (n INTEGER, m) */
void one(void) {}
/** @helios table (n number) */
void two(void) {}
/** @helios table (n INTEGER) */
int three(void) { return 1; }
C
try heliosc build bad.c

echo "-- messages"
cat >bad.c <<'C'
#include <heliosdb.h>
double sum(double a) { return a + b; }
C
try heliosc build bad.c
cat >bad.c <<'C'
#include <heliosdb.h>
/** @helios determinstic */
double sum(long n, char *p) { return n + *p; }
struct pair { int x; };
struct pair two(int x, ...) { return (struct pair){x}; }
int main(void) { return 0; }
C
try heliosc build bad.c
[ ! -e bad.so ] || fail "written all the same"
expect 1 heliosc build --json bad.c && json_lines out && has out '"line":3,"column":17' && [ ! -s err ] || fail "--json"
printf 'int f(int v) { int unused; return v; }' >warn.c && try heliosc build --no-cache warn.c 2>&1 | sed 's/^warn.so.*/.../'
printf 'static int f(void) { return 1; }' >none.c && expect 1 heliosc build none.c && has err 'no function that could be a procedure'
printf 'int g(int);\nint f(int v) { return g(v); }' >far.c && expect 1 heliosc build far.c && has err 'undefined symbol: g'
printf 'int f(int v) {\n  return nowhere(v);\n}\n' >typo.c && expect 1 heliosc build typo.c && has err 'nowhere' && has err 'typo.c:2:10'
printf '#include <heliosdb.h>\nhelios_text f(helios_text v) { return v; }\n' >other.c && heliosc build -q other.c
expect 1 helios t.db -c "CREATE PROCEDURE quite_another LANGUAGE wasm AS 'other.so'" && has err "hint: name one with EXPORT, e.g. EXPORT 'f'"
expect 1 heliosc build gone.c && has err gone.c
printf '\033[31mint x\n' >esc.c && expect 1 heliosc build esc.c && printable err
mkdir secret && echo 'int secret(void) { return 1; }' >secret/key.h
echo '#include "../secret/key.h"' >inc/peek.c
if heliosc doctor | grep -q Landlock; then
  expect 1 heliosc build inc/peek.c && lacks err 'int secret'
fi

mkdir bin && printf '#!/bin/sh\nexec clang "$@"\n' >bin/clang && chmod +x bin/clang
HELIOS_CLANG=bin/clang expect 0 heliosc build --emit=module -o script.wasm tax.c && cmp script.wasm tax.wasm || fail "a clang that is a script"
HELIOS_WASM_LD=/gone expect 3 heliosc build tax.c && has err 'wasm-ld is not a program'
PATH=$(dirname "$(command -v heliosc)") HELIOS_TOOLCHAIN=/gone expect 3 "$(command -v heliosc)" build tax.c && has err 'clang is not here .package clang.; HELIOS_TOOLCHAIN, /gone, has none$'

echo "-- C++"
cat >more.cpp <<'C'
#include <heliosdb.h>
static int base = [] { return 40; }();
namespace { template <class T> T twice(T v) { return v + v; } }
int two_more(int n) { return base + twice(n); }
extern "C" bool longer(helios_text a, helios_text b) { return a.length > b.length; }
C
try heliosc build -q more.cpp
sql -c "CREATE PROCEDURE two_more LANGUAGE wasm AS 'more.so'; CREATE PROCEDURE longer LANGUAGE wasm AS 'more.so'" -c "SELECT two_more(1), longer('ab', 'a')"

cat >std.cpp <<'C'
#include <algorithm>
#include <heliosdb.h>
#include <map>
#include <string>
#include <vector>
helios_text sorted(helios_text v) {
  std::map<char, int> seen;
  std::string s(v.at, v.length);
  std::sort(s.begin(), s.end());
  for (char c : s) { seen[c]++; }
  s += ":" + std::to_string(seen.size());
  char *copy = static_cast<char *>(helios_alloc(static_cast<unsigned>(s.size())));
  std::copy(s.begin(), s.end(), copy);
  return helios_text{copy, static_cast<unsigned>(s.size())};
}
C
try heliosc build -q std.cpp
[ "$(heliosc inspect std.so | grep '^language')" = 'language   C++' ] || fail "language of C++"
sql -c "CREATE PROCEDURE sorted LANGUAGE wasm AS 'std.so'" -c "SELECT sorted('banana'), sorted('')"

echo "-- the old way, and the C library"
try heliosc build -q -o discount.so "$SOURCE/examples/discount/discount.c"
heliosc inspect discount.so | sed -n '/^procedures/,/^sections/p'
if [ -d /usr/include/wasm32-wasi ]; then
  printf '#include <heliosdb.h>\n#include <math.h>\n#include <string.h>\ndouble root(double v) { return sqrt(v); }\nint size(const char *s) { return (int)strlen(strchr(s, 32)); }' >libc.c
  heliosc build -q libc.c && sql -c "CREATE PROCEDURE root LANGUAGE wasm AS 'libc.so'; CREATE PROCEDURE size LANGUAGE wasm AS 'libc.so'" -c "SELECT root(2), size('a bc')"
fi

# A trap names the line of the source, however it was compiled; a file name is escaped, no folder is told
mkdir -p where/inner && cat >where/lines.c <<'C'
#include "inner/cell.h"
int over(int n, int by) {
  n += 1;
  return n / by;
}
int cell(int n) { return cell_at((int *)0 + 1000000000, n); }
int ends(int n) {
  volatile int x = n;
  while (x)
    x |= 1;
#line 7 "\033[31m\"red"
  return *(volatile int *)(0x40000000 + n);
}
C
printf 'static int cell_at(const volatile int *p, int n) {\n\n  return p[n];\n}\n' >where/inner/cell.h
for how in "--bounds=guard" "--bounds=explicit" "--tier=baseline"; do
  rm -f where.db && expect 0 heliosc build -q $how where/lines.c -o lines.so
  for p in over cell ends; do expect 0 helios where.db -c "CREATE PROCEDURE $p LANGUAGE wasm WITH (fuel_limit = 1000) AS 'lines.so'"; done
  expect 1 helios where.db -c "SELECT over(1, 0)" && has err 'integer divide by zero in "over" at lines\.c:4 \(wasm offset 0x[0-9a-f]+\)'
  expect 1 helios where.db -c "SELECT cell(0)" && has err 'out of bounds memory access in "cell(_at)?" at cell\.h:3 \('
  expect 1 helios where.db -c "SELECT ends(1)" && has err 'fuel exhausted in "ends" at lines\.c:(9|10) \('
  expect 1 helios where.db -c "SELECT ends(0)" && has err 'in "ends" at \\x1b\[31m"red:7 \('
done
heliosc build -q --emit=module where/lines.c -o lines.wasm && lacks lines.wasm "$T|debug_info" || fail "a folder is told"
