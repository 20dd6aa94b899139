# Wrong usage: exit code 2, a short message on stderr, nothing on stdout, the nearest name.
try heliosc
try heliosc inspct x
try heliosc bild
try heliosc frobnicate
try heliosc build --tirr=baseline x.wasm
try heliosc build --unknown-thing x.wasm
try heliosc build --tier=fast x.wasm
try heliosc build --tier
try heliosc build -Z x.wasm
try heliosc build -o
try heliosc build --no-fuel=1 x.wasm
try heliosc build
try heliosc build a.wasm b.wasm
try heliosc verify --tier=baseline x.so
try heliosc build -j 0 x.wasm
try heliosc build -j many x.wasm
try heliosc build --jail-memory=1X x.wasm
try heliosc build --jail-memory=99999999999G x.wasm
try heliosc build --json -o - x.wasm
try heliosc explain
try heliosc explain H9999
try heliosc completion ksh
try heliosc cache lst
try heliosc help biuld
try heliosc "$(printf 'nice\033[31m\n\342\200\256file')"
heliosc frobnicate 2>/dev/null | grep . && fail "usage errors on stdout"
heliosc --json build --tirr >out 2>err
[ ! -s err ] || fail "stderr with --json"
json_lines out
has out '"code":"H0001".*did you mean .--tier.'
