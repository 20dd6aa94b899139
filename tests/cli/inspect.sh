# What inspect shows of a module, of a plugin, of a module that would be refused.
cp "$FILES/add.wat" .
try heliosc inspect add.wat
heliosc -q add.wat
heliosc inspect add.so >out || fail "plugin"
has out '^tier +optimizing' && has out '^fuel +on' && has out '^wasm2c +1\.' && lacks out '^flags'
[ "$(grep -c ^sha256 out)" = 1 ] || fail "one hash"
heliosc inspect -v add.so >out && has out '^flags +clang .*-fno-optimize-sibling-calls'
heliosc build -q --no-embed add.wat && heliosc inspect add.so >out && lacks out '^exports'
printf '(module (memory 1) (func (export "f") (param i32 v128) (result i32 f32) unreachable) (start 1) (func))' >m.wat
try heliosc inspect m.wat
printf '(module (import "helios_v1" "lgo" (func (param i32 i32 i32) (result i32))) (func (export "g")))' >r.wat
try heliosc inspect r.wat
cp add.so broken.so && printf 'X' | dd of=broken.so bs=1 seek=700 conv=notrunc 2>/dev/null
try heliosc inspect broken.so 2>&1 | sed 's/ plugin .*/ plugin/' # its size is clang's affair
