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
# a link stays, and the file that it leads to is replaced; one that leads nowhere is not followed
mkdir releases && cp good.so releases/v1.so && cp good.so kept.so && ln releases/v1.so other_name.so
ln -s releases/v1.so current.so && ln -s current.so again.so
expect 0 heliosc build -q "$FILES/add.wat" --tier=baseline -o again.so
[ -L again.so ] && [ -L current.so ] && [ ! -L releases/v1.so ] || fail "a link is a file now"
heliosc build -q "$FILES/add.wat" --tier=baseline -o want.so && cmp want.so releases/v1.so || fail "not what the link leads to"
cmp other_name.so kept.so || fail "written into the old file"
[ "$(ls -A releases)" = v1.so ] || fail "left beside the file"
ln -s releases/none.so nowhere.so && ln -s turns.so turns.so && ln -s releases to_a_folder
expect 1 heliosc build -q "$FILES/add.wat" -o nowhere.so
has err "can't follow the link nowhere.so: No such file" && [ -L nowhere.so ] && [ ! -e releases/none.so ] || fail "followed into nothing"
expect 1 heliosc build -q "$FILES/add.wat" -o turns.so && has err "can't follow the link turns.so" && [ -L turns.so ]
expect 1 heliosc build -q "$FILES/add.wat" -o to_a_folder && has err "can't write .*/releases: Is a directory" && [ -L to_a_folder ]
expect 0 heliosc build -q "$FILES/add.wat" -o to_a_folder/v2.so && [ -f releases/v2.so ]
exec 3>by_number.so && expect 0 heliosc build -q "$FILES/add.wat" --tier=baseline -o /dev/fd/3 && exec 3>&- && cmp want.so by_number.so || fail "by its number"
: >"gone.so (deleted)" && exec 3>gone.so && rm gone.so # what the name of a link's file is now is not that file
expect 1 heliosc build -q "$FILES/add.wat" -o /dev/fd/3 && exec 3>&- && has err "can't follow the link /dev/fd/3: Device or resource busy"
[ ! -s "gone.so (deleted)" ] || fail "another file"
