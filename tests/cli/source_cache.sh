# A source that has not changed is not built again; a wrong module is worse than none, so whatever could matter is a miss.
# The module comes back the same, with the messages that its build had.
build() { heliosc build --json --emit=module "$@" >json 2>err || { cat json err; fail "build $*"; }; }
hit() { build "$@"; grep -q '"source_cached":true' json || fail "built again: $why"; }
miss() { build "$@"; grep -q '"source_cached":false' json || fail "a wrong hit: $why"; }
settle() { sleep 0.05; } # a header that changed in this tick of the clock is not kept

mkdir inc
echo '#define FACTOR 1' >inc/rates.h
cat >tax.c <<'C'
#include <heliosdb.h>
#include "rates.h"
double add_tax(double total) { int unused; return total * FACTOR; }
C
settle
why=first && miss --include=inc tax.c && cp tax.wasm first.wasm && has json 'unused variable'
why=second && hit --include=inc tax.c && cmp tax.wasm first.wasm && has json 'unused variable' || fail "not the same"
why="a hit is not kept again" && hit --include=inc tax.c
why="--no-cache" && miss --include=inc --no-cache tax.c
for n in 1 2 3 4 5 6 7 8 9; do
  echo "double just_saved(double v) { return v * $n; }" >now.c
  build now.c
  why="saved in the tick in which the build began" && hit now.c
done
heliosc cache list >out 2>err && has out '  source$' && heliosc cache verify 2>err && has err ', 0 damaged'

echo '#define FACTOR 2' >inc/rates.h && settle
why="a changed header" && miss --include=inc tax.c && ! cmp -s tax.wasm first.wasm || fail "the old module"
why=again && hit --include=inc tax.c
why="a header that comes before" && echo '#define FACTOR 3' >rates.h && settle && miss --include=inc tax.c
rm rates.h && settle && why="that header gone" && miss --include=inc tax.c
mkdir other && cp inc/rates.h other
why="another folder" && miss --include=other tax.c
why="a second folder" && miss --include=inc --include=other tax.c
hit --include=inc --include=other tax.c
why="a changed source" && echo '// more' >>tax.c && settle && miss --include=inc tax.c && hit --include=inc tax.c
why="the same text elsewhere" && mkdir deep && cp tax.c deep && settle && miss --include=inc deep/tax.c

# another compiler: a copy, and one that is changed in place
mkdir bin && printf '#!/bin/sh\nexec clang "$@"\n' >bin/clang && chmod +x bin/clang && settle
why="another compiler" && HELIOS_CLANG=$PWD/bin/clang miss --include=inc tax.c
HELIOS_CLANG=$PWD/bin/clang hit --include=inc tax.c
echo '# newer' >>bin/clang && settle && why="a newer compiler" && HELIOS_CLANG=$PWD/bin/clang miss --include=inc tax.c
why="the linker" && cp "$(command -v wasm-ld)" bin/wasm-ld && HELIOS_WASM_LD=$PWD/bin/wasm-ld miss --include=inc tax.c

# what no list of files shows is never kept
for text in '__TIME__' '__DATE__'; do
  printf '#include <heliosdb.h>\nconst char *now(void) { return %s; }\n' $text >now.c && settle
  why=$text && miss now.c && miss now.c
done
printf '#include <heliosdb.h>\n#if __has_include("x.h")\n#endif\nint one(void) { return 1; }\n' >x.c && settle
why=__has_include && miss x.c && miss x.c

# damage, and a plugin planted as a module
settle && hit --include=inc tax.c
for entry in .cache/helios/sources/*/*; do printf X | dd of="$entry" bs=1 seek=40 conv=notrunc 2>/dev/null; done
why=damage && miss --include=inc tax.c && hit --include=inc tax.c
heliosc build -q --include=inc tax.c && plugin=$(find .cache/helios/plugins -type f | head -n 1)
for entry in .cache/helios/sources/*/*; do cp "$plugin" "$entry"; done
why="a planted entry" && miss --include=inc tax.c
HELIOS_CACHE=/proc/none heliosc -q --include=inc tax.c || fail "a build needs a cache"

heliosc build -q --include=inc tax.c && heliosc build --include=inc tax.c 2>err && has err '  cached$'
