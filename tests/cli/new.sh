# heliosc new: each template builds, and its test passes; nothing is written over.
for language in c cpp; do
  heliosc new -q --lang "$language" "my_$language" || fail "new $language"
  (cd "my_$language" && heliosc test "my_$language.$language" && heliosc build -q "my_$language.$language") >out 2>&1 || { cat out; fail "$language"; }
  has out '^4 passed, 0 failed'
  grep -rq procedure_name "my_$language" && fail "a placeholder is left"
done
echo mine >my_c/mine
expect 1 heliosc new my_c && has err 'there already' && [ "$(cat my_c/mine)" = mine ] || fail "written over"
expect 2 heliosc new ../up && [ ! -e ../up ] || fail "up"
for name in "" 1a Ab a-b a.b _a; do expect 2 heliosc new "$name"; done
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
