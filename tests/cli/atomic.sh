# The output is the old file or the new one, never a part, and nothing is left beside it.
cp "$FILES/add.wat" . && heliosc -q add.wat && cp add.so good.so
leftovers() { set -- .[!.]* *; for f in "$@"; do case $f in *.tmp*|*XXXX*|.add*) fail "left: $f" ;; esac; done; }
printf '(module (func (result i32)))' >bad.wat
expect 1 heliosc build bad.wat -o add.so
cmp -s add.so good.so || fail "a failed build touched the output"
leftovers
HELIOS_CLANG=/bin/false expect 3 heliosc build --no-cache add.wat
cmp -s add.so good.so || fail "a failed tool touched the output"
for delay in 0.02 0.05 0.1 0.2 0.3; do
  heliosc build -q --no-cache --tier=baseline add.wat & pid=$!
  sleep $delay; kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null
  heliosc verify add.so >out || { cat out; fail "half-written after $delay s"; }
done
cp add.wat same.wat && ln -s same.wat link.wat
for out in same.wat ./same.wat link.wat; do
  expect 2 heliosc build same.wat -o $out && has err 'the output is the input' && cmp add.wat same.wat
done
rm same.wat link.wat
mkdir shut && cp good.so shut/add.so && chmod 555 shut
if [ "$(id -u)" != 0 ]; then
  expect 1 heliosc build add.wat -o shut/add.so && cmp good.so shut/add.so
fi
heliosc build -q --no-cache add.wat && cmp -s add.so good.so || fail "not as before"
leftovers
ls "${TMPDIR:-/tmp}" | grep -q "helios-cli-no-such" && fail "temporary folder"
:
# what is no file is written to: a device or pipe that a file took the place of would be gone
heliosc build -q "$FILES/add.wat" -o want.so
mkfifo pipe && ln -s /dev/stdout stdout
timeout 60 cat pipe >got.so & reader=$!
expect 0 heliosc build -q "$FILES/add.wat" -o pipe
[ -p pipe ] || fail "a pipe is no pipe any more"
wait $reader && cmp want.so got.so || fail "what came through a pipe"
heliosc build -q "$FILES/add.wat" -o stdout >got.so && [ -L stdout ] && cmp want.so got.so || fail "standard output, a file"
heliosc build -q "$FILES/add.wat" -o stdout | cmp want.so - && [ -L stdout ] || fail "standard output, a pipe"
mkdir folder && expect 1 heliosc build -q "$FILES/add.wat" -o folder && has err "can't write folder: Is a directory"
# a tool may not notice that its disk is full: that is said, not a fault of heliosc or of the module
mkdir small
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=40k none small 2>/dev/null; then
  for size in 4 40 300; do
    mount -o remount,size=${size}k small
    code=0
    TMPDIR=$PWD/small heliosc build --no-cache "$FILES/add.wat" -o z.so >out 2>err || code=$?
    { [ $code = 1 ] && grep -q '^error\[H0002\]: .*[Nn]o space left' err && [ ! -e z.so ]; } || { umount small; cat err; fail "a full disk, $size KiB: $code"; }
  done
  umount small
fi
