# heliosc is one file: copied alone into an empty folder it builds the same bytes, with wasm2c by option or environment;
# without wasm2c it says what to do. Where the system lets us, the source tree is hidden meanwhile.
mkdir alone empty && cp "$(command -v heliosc)" alone/
tools=${HELIOS_TOOLCHAIN:-$(dirname "$(dirname "$(command -v wasm2c)")")}
"$tools/bin/wat2wasm" --enable-annotations "$FILES/add.wat" -o add.wasm || fail "wat2wasm"
heliosc -q --wasm2c="$tools/bin/wasm2c" add.wasm -o wanted.so || fail "in place"
clean="env -i HOME=$T PATH=/usr/bin:/bin HELIOS_CACHE=$T/empty"
expect 0 $clean "$T/alone/heliosc" -q add.wasm -o option.so --wasm2c="$tools/bin/wasm2c" --no-cache
expect 0 $clean HELIOS_WASM2C="$tools/bin/wasm2c" "$T/alone/heliosc" -q add.wasm -o variable.so --no-cache
expect 0 $clean HELIOS_TOOLCHAIN="$tools" "$T/alone/heliosc" -q add.wasm -o folder.so --no-cache
for so in option variable folder; do cmp wanted.so $so.so || fail "$so.so is another plugin"; done
if unshare -rm true 2>/dev/null; then
  mkdir tools
  expect 0 $clean unshare -rm sh -c "mount --bind $tools tools && mount -t tmpfs none $SOURCE &&
    exec $T/alone/heliosc -q add.wasm -o hidden.so --wasm2c=$T/tools/bin/wasm2c --no-cache"
  cmp wanted.so hidden.so || fail "hidden.so is another plugin"
fi
if ! command -v wasm2c >/dev/null 2>&1; then
  expect 3 $clean "$T/alone/heliosc" add.wasm -o none.so && has err 'error\[H030' && has err 'hint:' && [ ! -e none.so ]
fi
