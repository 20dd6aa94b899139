# Bad input: exit code 1, code, file and place, a hint; no output file.
wasm='\0asm\001\0\0\0'
: >empty.wasm
printf '\0asm\001' >short.wasm
printf "$wasm"'\001\177' >truncated.wasm
printf "$wasm"'\001\001' >cut.wasm
printf "$wasm"'\015\001\0' >section.wasm
printf '\0asm\002\0\0\0' >version.wasm
head -c 4096 /dev/urandom >random.wasm; printf '\0asm' | dd of=random.wasm conv=notrunc 2>/dev/null
truncate -s 65M large.wasm; printf '\0asm' | dd of=large.wasm conv=notrunc 2>/dev/null
printf 'this is not a module' >text.wat
mkdir folder.wasm
for f in empty short truncated cut section version random large folder missing; do
  expect 1 heliosc build $f.wasm
  has err '^error\[H[0-9]{4}\]: .'
  has err "^ --> $f.wasm"
  has err '^  hint: .'
  [ ! -s out ] && [ ! -e $f.so ] || fail "output of $f"
  expect 1 heliosc inspect $f.wasm
  printable err
done
expect 1 heliosc build text.wat && has err '^error\[H0100\].*neither'
printf '(module (func (result i32) i32.const))' >wrong.wat
expect 1 heliosc build wrong.wat && has err '^error\[H0109\]: .*1:'
expect 1 heliosc build "$(command -v heliosc)" && has err '^error\[H0111\]'
heliosc build -q "$FILES/add.wat" -o add.so && expect 2 heliosc run add.so 1 2 && has err '^error\[H0001\]: add.so is a plugin: give the source or module'
expect 2 heliosc build add.so && has err 'add.so is a plugin'
for name in shop.java shop.tsx shop; do # what no language's file is called
  echo 'export const a = 1;' >$name && expect 1 heliosc build $name && has err "^error\[H0111\]: $name is no module.*: .c, .cpp, .rs, Cargo.toml, .*.py$"
  : >$name && expect 1 heliosc build $name && has err '^error\[H0111\]'
done
expect 1 heliosc build truncated.wasm && has err '^ --> truncated.wasm:0x[0-9a-f]+$'
refuse() { # CODE TEXT MODULE
  printf '%s' "$3" >m.wat
  expect 1 heliosc build m.wat
  has err "^error\[$1\]: .*$2"
  expect 1 heliosc inspect m.wat
  has err "^error\[$1\]"
}
refuse H0105 'helios_v1' '(module (import "helios_v1" "nothing" (func)))'
refuse H0106 'log' '(module (import "helios_v1" "log" (func)))'
refuse H0104 '' '(module (import "env" "memory" (memory 1)))'
refuse H0107 '' '(module (@custom "helios.manifest" "{}"))'
if [ "$(id -u)" != 0 ]; then
  cp "$FILES/add.wat" secret.wat && chmod 0 secret.wat
  expect 1 heliosc build secret.wat && has err 'H0002.*[Pp]ermission'
fi
mkdir dir.so && cp "$FILES/add.wat" dir.wat
expect 1 heliosc build dir.wat && has err H0002
expect 1 heliosc build "$FILES/add.wat" -o no/such/folder/x.so && has err H0002
expect 1 heliosc verify "$FILES/add.wat" && has err H0401
