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
