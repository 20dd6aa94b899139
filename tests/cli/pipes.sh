# '-' is standard input and output; data never mixes with talk; a full or closed pipe is no crash.
heliosc build - <"$FILES/add.wat" >a.so 2>err && has err '^standard output '
heliosc build "$FILES/add.wat" -o b.so 2>err
cmp a.so b.so || fail "stdout and file differ"
heliosc inspect - <b.so >out && has out ' plugin '
heliosc build --emit=wasm -o - - <"$FILES/add.wat" 2>/dev/null | heliosc inspect - >out && has out 'export'
heliosc help --all | head -n 1 >out 2>err
[ ! -s err ] || { cat err; fail "noise on a closed pipe"; }
expect 1 sh -c 'heliosc help --all >/dev/full'
has err 'standard output'
