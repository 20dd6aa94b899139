# This machine is well; a machine without clang, or with an old wasm2c, is not, and is told what to do.
expect 0 heliosc doctor
lacks out '^fail' && has out '^ok +flags' && has out '^ok +wasm2c' && has out '^ok +clang'
expect 1 heliosc doctor --clang=/no/clang && has out '^fail +clang' && has out '^ +fix: install'
mkdir old
printf '#!/bin/sh\necho 1.0.32\n' >old/wasm2c && chmod +x old/wasm2c
expect 1 heliosc doctor --wasm2c=old/wasm2c && has out '^fail +wasm2c +.*1\.0\.36'
# a compiler that makes jumps of calls in tail position
cat >old/clang <<'SH'
#!/bin/sh
for a; do shift; [ "$a" = -fno-optimize-sibling-calls ] || set -- "$@" "$a"; done
exec clang "$@"
SH
chmod +x old/clang
expect 1 heliosc doctor --clang=old/clang && has out '^fail +flags +clang ignores -fno-optimize-sibling-calls'
: >bad.key && chmod 600 bad.key
HELIOS_KEY=bad.key expect 1 heliosc doctor && has out '^fail +key'
HELIOS_CACHE=/proc/none expect 0 heliosc doctor && has out '^warn +cache'
has out '^warn +cache +/proc/none: can.t make folder /proc/none: [A-Z].*; every build is anew$' && has out '^ +fix: set HELIOS_CACHE'
# nowhere to write: the folder, why, and what to set
HOME=/proc/none expect 1 heliosc doctor && has out "^fail +key +key /proc/none/.config/helios/local.key can't be made: can't make folder /proc/none: [A-Z]"
has out '^ +fix: set HELIOS_KEY, XDG_CONFIG_HOME or HOME' && has out '^warn +cache +/proc/none/.cache/helios: '
HOME=/proc/none expect 1 heliosc build "$FILES/add.wat" -o y.so
has err "H0403.: key /proc/none/.config/helios/local.key can't be made: can't make folder /proc/none: [A-Z]" && has err '^  hint: .*HELIOS_KEY.*XDG_CONFIG_HOME.*HOME'
HOME= expect 1 heliosc build "$FILES/add.wat" -o y.so && has err 'neither HELIOS_KEY, XDG_CONFIG_HOME nor HOME is set'
HOME= expect 1 heliosc doctor && has out '^warn +cache +HELIOS_CACHE, XDG_CACHE_HOME and HOME are not set; every build is anew$'
HOME=/proc/none expect 1 helios -c "CREATE PROCEDURE p LANGUAGE wasm AS '$FILES/add.wat'" && has err "can't make folder /proc/none: " && has err '^  hint: .*HELIOS_KEY'
TMPDIR=/proc/none expect 1 helios -c "CREATE PROCEDURE p LANGUAGE wasm AS '$FILES/add.wat'"
has err "can't make a temporary folder in /proc/none: " && has err '^  hint: set TMPDIR'
(ulimit -v 4000000; heliosc doctor --clang=/no/clang) >out 2>err
grep -q AddressSanitizer err || has out '^fail +memory' # a sanitizer needs more than that itself
grep -q AddressSanitizer err || has out '^warn +limit'
expect 1 heliosc --json doctor --clang=/no/clang && json_lines out && has out '"ok":false'
# the rustc that a build takes: not one without the target, nor the cargo beside that
mkdir rust && printf '#!/bin/sh\n[ "$1" = --version ] && echo "rustc 1.63.0" && exit\necho /nowhere; echo /nowhere/lib\n' >rust/rustc
printf '#!/bin/sh\n' >rust/cargo && chmod +x rust/rustc rust/cargo
PATH=$PWD/rust:$PATH expect 0 heliosc doctor && lacks out "^ok +(rustc|cargo) +$PWD/rust/"
HELIOS_RUSTC=$PWD/rust/rustc expect 0 heliosc doctor && has out "^warn +rustc +$PWD/rust/rustc has no wasm32-unknown-unknown$" && has out '^ +fix: .*rustup target add'
# clang has jemalloc's malloc where there is one
expect 0 heliosc doctor && has out '^ok +allocator +/.*/libjemalloc\.so\.2$'
printf '#!/bin/sh\n[ "$1" = --version ] || { echo "error: with $LD_PRELOAD"; exit 1; }\nexec clang "$@"\n' >old/clang
HELIOS_CLANG=old/clang expect 3 heliosc build --no-cache "$FILES/add.wat" -o x.so && has err 'with /usr/lib[^ ]*/libjemalloc\.so\.2$'
