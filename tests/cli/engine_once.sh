# An interpreter's module is kept under the hash of what it was made of, also when the sources are edited while it is being built.
mkdir -p root/sdk src
echo one >root/sdk/glue.c
echo int >src/quick.c
cat >root/sdk/build.sh <<'SH'
here=$(cd "$(dirname "$0")" && pwd)
echo run >>"$T/runs"
[ ! -e "$T/slow" ] || { touch "$T/began"; while [ -e "$T/slow" ]; do sleep 0.01; done; }
cat "$here/glue.c" "$1"/*.c >"$2"
SH
once() { sh "$SOURCE/sdk/engine/once.sh" kept "$1" "$T/root" "$T/root/sdk/build.sh" "$T/src" "$T/root/sdk/glue.c"; }
runs() { [ "$(wc -l <runs)" = "$1" ] || fail "$2: $(wc -l <runs) runs"; }

touch slow
once first &
job=$!
for _ in $(seq 1000); do [ -e began ] && break; sleep 0.01; done
echo two >root/sdk/glue.c
echo long >src/quick.c
rm slow
wait "$job" || fail "the build"
grep -q one first && grep -q int first || fail "made of what was there later: $(cat first)"
once second || fail "the second"
grep -q two second && grep -q long second || fail "an older module: $(cat second)"
runs 2 "edited"
once third && cmp -s second third || fail "another one"
runs 2 "the same again"
echo one >root/sdk/glue.c
echo int >src/quick.c
once fourth && cmp -s first fourth || fail "the first one is not found"
runs 2 "as before"
[ "$(ls kept | wc -l)" = 2 ] || fail "in the cache: $(ls kept)"
