# heliosc new: each template builds, and its test passes; nothing is written over.
for language in c cpp; do
  heliosc new -q --lang "$language" "my_$language" || fail "new $language"
  (cd "my_$language" && heliosc test "my_$language.$language" && heliosc build -q "my_$language.$language") >out 2>&1 || { cat out; fail "$language"; }
  has out '^4 passed, 0 failed'
  grep -rq procedure_name "my_$language" && fail "a placeholder is left"
  (cd "my_$language" && $(test $language = c && echo cc || echo c++) -Wall -Wextra -Werror -I heliosdb "my_${language}_test.$language" -o checked && ./checked) || fail "the test of $language"
done
echo mine >my_c/mine
expect 1 heliosc new my_c && has err 'there already' && [ "$(cat my_c/mine)" = mine ] || fail "written over"
expect 2 heliosc new ../up && [ ! -e ../up ] || fail "up"
for name in "" 1a Ab a-b a.b _a; do expect 2 heliosc new "$name"; done
sed -n 's/^HCC_ALSO("\(.*\)", "\(.*\)")$/\1 \2/p' "$SOURCE/compiler/languages/languages.def" >also
while read -r word language; do # as people call it
  mkdir by_word by_name
  (cd by_word && heliosc new -q --lang "$word" mine) && (cd by_name && heliosc new -q --lang "$language" mine) || fail "new --lang $word"
  diff -r by_name by_word || fail "$word is not $language"
  rm -rf by_word by_name
done <also
grep -q '^js javascript$' also || fail "no other words"
expect 2 heliosc new --lang java by_word && has err 'is one of c.cpp.rust' && [ ! -e by_word ] || fail "java"
mkdir shut && chmod 555 shut
[ "$(id -u)" = 0 ] || (cd shut && expect 1 heliosc new mine && has err 'Permission denied') || fail "shut"
heliosc new -q --lang typescript my_ts && [ -f my_ts/heliosdb-as/assembly/index.ts ] || fail "new typescript"
(cd my_ts && heliosc test my_ts.ts) >out 2>&1 || grep -q 'package nodejs\|npm install assemblyscript' out || { cat out; fail "typescript"; }
[ "$(tail -n 1 out | cut -c 1-8)" != "4 passed" ] || has out '^4 passed, 0 failed'
grep -rq procedure_name my_ts && fail "a placeholder is left"
heliosc new --json --lang rust my_rust >out && json_lines out && [ -f my_rust/heliosdb-wasm-sdk/src/lib.rs ] || fail "rust"
(cd my_rust && heliosc test Cargo.toml) >out 2>&1 || {
  if grep -q 'package rustc\|package cargo' out; then cat out; exit 77; fi
  cat out; fail "rust"
}
has out '^4 passed, 0 failed'
