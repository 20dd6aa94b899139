# Hostile names of files, exports, imports and sections never reach the output as they are.
esc=$(printf '\033')
bad=$(printf 'x\033[31m\007\342\200\256y')
cp "$FILES/add.wat" "$bad.wat"
check() { printable out; printable err; }
expect 0 heliosc build "$bad.wat" && check
expect 0 heliosc inspect "$bad.so" && check
expect 0 heliosc verify "$bad.so" && check
expect 1 heliosc build "$bad" && check
expect 2 heliosc "--$bad" && check
expect 2 heliosc explain "$bad" && check
expect 2 heliosc cache "$bad" && check
cat >m.wat <<'WAT'
(module
  (import "e\1b[2J" "\e2\80\aename\0a*/" (func (param i32)))
  (func (export "a\1b]0;title\07\00b") (result i32) (i32.const 1))
  (func (export "*/ #include \22/etc/passwd\22 /*") (result i32) (i32.const 2))
  (@custom "se\1bction" "x"))
WAT
expect 0 heliosc inspect m.wat && check && has out 'x1b.0;title'
expect 0 heliosc inspect --json m.wat && check && json_lines out
expect 0 heliosc build m.wat && check
expect 0 heliosc inspect m.so && check
printf '(module (import "helios_v1" "no\\1b[31m" (func)))' >r.wat
expect 1 heliosc build r.wat && check
expect 1 heliosc build --json r.wat && check && json_lines out
printf '(module (@custom "helios.manifest" "{\\22v\\22:1,\\22\\c2\\9b31m\\22:1}"))' >r.wat
expect 1 heliosc build r.wat && check
HELIOS_CLANG="$bad" expect 3 heliosc build m.wat --no-cache && check
HELIOS_KEY="$bad" expect 0 heliosc env && check
HELIOS_CACHE="$bad" expect 0 heliosc cache path && check
