# The cache: list, damage is found and mended, clear; HELIOS_CACHE and its absence.
cp "$FILES/add.wat" .
[ "$(heliosc cache path)" = "$T/.cache/helios" ] || fail "path"
heliosc cache 2>err && has err '^0 entries'
heliosc -q add.wat && cp add.so good.so
heliosc cache list >out 2>err && has out '^[0-9a-f]{16} +[0-9.]+ KiB +20' && has err '^1 entry'
heliosc cache verify 2>err && has err ', 0 damaged'
entry=$(find .cache -type f)
printf X | dd of="$entry" bs=1 seek=300 conv=notrunc 2>/dev/null
heliosc build add.wat 2>err && lacks err cached && cmp add.so good.so || fail "a damaged entry was used"
printf X | dd of="$(find .cache -type f)" bs=1 seek=300 conv=notrunc 2>/dev/null
expect 1 heliosc cache verify && has err ', 1 damaged and removed'
[ -z "$(find .cache -type f)" ] || fail "damage stays"
# an entry in the place of another
heliosc -q add.wat && entry=$(find .cache -type f)
printf '(module (func (export "one") (result i32) (i32.const 1)))' >one.wat && heliosc -q one.wat && cp one.so right.so
cp "$entry" "$(find .cache -type f ! -path "$entry")" && heliosc build one.wat 2>err && lacks err cached && cmp one.so right.so || fail "another's entry was used"
heliosc -q add.wat && heliosc cache clear 2>err && has err 'removed' && [ -z "$(find .cache -type f)" ] || fail "clear"
HELIOS_CACHE=$T/elsewhere heliosc -q add.wat && [ -n "$(find elsewhere -type f)" ] || fail "HELIOS_CACHE"
HELIOS_CACHE=/proc/none heliosc -q add.wat || fail "a build needs a cache"
