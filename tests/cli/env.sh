# Options beat the environment, that beats the toolchain folder and PATH; env says which it was.
heliosc env >out && has out '^wasm2c .*\((toolchain|PATH)\)$' && has out '^key +\S*/.config/helios/local.key  \(HOME\)$'
mkdir bin && printf '#!/bin/sh\nexec clang "$@"\n' >bin/one && cp bin/one bin/two && chmod +x bin/*
HELIOS_CLANG=$T/bin/one heliosc env >out && has out '/bin/one  \(HELIOS_CLANG\)$'
HELIOS_CLANG=$T/bin/one heliosc env --clang="$T/bin/two" >out && has out '/bin/two  \(option\)$'
HELIOS_CLANG=/no/clang heliosc env >out && has out '^clang +\(.*not a program'
XDG_CACHE_HOME=$T/x heliosc env >out && has out '^cache +\S*/x/helios  \(XDG_CACHE_HOME\)$'
HELIOS_CACHE=$T/y XDG_CACHE_HOME=$T/x heliosc env >out && has out '^cache +\S*/y  \(HELIOS_CACHE\)$'
HELIOS_CLANG=/no/clang expect 3 heliosc build "$FILES/add.wat" -o x.so && has err H0300
HELIOS_TOOLCHAIN=/nowhere PATH=${HELIOS_BIN:-$(dirname "$(command -v heliosc)")} expect 3 heliosc build "$FILES/add.wat" -o x.so
has err 'is not here .package .*; HELIOS_TOOLCHAIN, /nowhere, has none$'
# empty is not set: the toolchain beside the program
mkdir -p beside/toolchain/bin && cp "$(command -v heliosc)" beside/ && cp bin/one beside/toolchain/bin/wasm2c
HELIOS_TOOLCHAIN= beside/heliosc env >out && has out '/beside/toolchain/bin/wasm2c  .toolchain.$'
# the set-up of README's commands says so before it builds
setup() { sh -ec '. "$1/.ci/setup.sh"; install_packages() { echo goes on; exit 9; }; helios_setup tests "$2"' sh "$SOURCE" "$T"; }
mkdir empty && cp -r bin relative
for folder in "$T/gone" "$T/empty" "$T/bin/one"; do
  HELIOS_TOOLCHAIN=$folder PATH=/usr/bin:/bin expect 1 setup
  has err "HELIOS_TOOLCHAIN, $folder, " && [ "$(wc -l <err)" = 1 ] && [ ! -s out ] || fail "more is said"
done
printf '#!/bin/sh\necho 1.0.36\n' >relative/wasm2c && chmod +x relative/wasm2c
for folder in "" "$T/relative" relative; do HELIOS_TOOLCHAIN=$folder expect 9 setup && has out '^goes on$'; done
HELIOS_TOOLCHAIN=$T/empty HELIOS_WASM2C=$T/relative/wasm2c expect 9 setup
