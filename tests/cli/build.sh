# A build: summary on stderr, nothing on stdout, the second one cached; what comes out verifies.
cp "$FILES/add.wat" .
try heliosc add.wat
heliosc build add.wat -o two.so 2>err && has err '  cached$' && cmp add.so two.so || fail "cache"
try heliosc verify add.so
try heliosc build add.wat -q -o three.so
heliosc build --time --no-cache -o four.so add.wat 2>err
for phase in front translate compile link pack total; do has err "^ *$phase  +[0-9.]+ ms"; done
cmp add.so four.so || fail "not reproducible"
heliosc build --keep --no-cache add.wat 2>err && kept=$(sed -n 's/^kept //p' err)
[ -d "$kept" ] && rm -r "$kept" || fail "--keep"
heliosc build --emit=wasm add.wat && [ -s add.metered.wasm ] || fail "--emit=wasm"
heliosc build --emit=c add.wat && has add.c i64 || fail "--emit=c"
heliosc build --no-fuel -o nofuel.so add.wat 2>err && has err '^warning\[no-fuel\]'
heliosc build -q --no-fuel -o nofuel.so add.wat 2>err && [ ! -s err ] || fail "-q warns"
for more in --tier=baseline --bounds=explicit --target=x86_64_v3 --target=aarch64 --no-embed -j1; do
  heliosc build $more --no-cache -o more.so add.wat 2>err || { cat err; fail "$more"; }
  heliosc verify more.so >out || { cat out; fail "verify of $more"; }
done
expect 2 heliosc build --target=pdp11 add.wat && has err 'x86_64_v3'
cat >custom.wat <<'WAT'
(module (import "acme" "hash" (func (param i32))) (import "env" "other" (func)) (func (export "f")))
WAT
heliosc build --no-cache custom.wat 2>err && has err '^warning\[custom-import\]: acme.hash .* and others$' || fail "custom import"
heliosc build --no-cache add.wat 2>err && lacks err 'warning' || fail "a warning"
