# A plugin that was changed, cut, made with another key, or whose code is not ours.
cp "$FILES/add.wat" . && heliosc -q add.wat
size=$(wc -c <add.so)
for at in 0 100 5000 $((size - 90)) $((size - 40)); do
  cp add.so x.so && printf '\377' | dd of=x.so bs=1 seek=$at conv=notrunc 2>/dev/null
  expect 1 heliosc verify x.so && has err 'H040[12]'
done
for n in 0 10 79 80 1000 $((size - 1)); do
  head -c "$n" add.so >x.so && expect 1 heliosc verify x.so && has err H0401
done
cat add.so add.so >x.so && expect 1 heliosc verify x.so
head -c 32 /dev/urandom >other.key && chmod 600 other.key
HELIOS_KEY=other.key expect 1 heliosc verify add.so
has out '^fail +seal' && has err H0402
chmod 644 other.key
HELIOS_KEY=other.key expect 1 heliosc verify add.so && has err H0403
HELIOS_KEY=none.key expect 1 heliosc verify add.so && has err H0403
expect 0 heliosc verify add.so --against add.wat
printf '(module)' >o.wat && expect 1 heliosc verify add.so --against o.wat && has out '^fail +against'
# code with a system call in it, sealed with the right key
cat >seal.py <<'PY'
import hashlib, hmac, pathlib, struct, sys
key = next(pathlib.Path(".config/helios").glob("local.key")).read_bytes()
b = bytearray(open("add.so", "rb").read())
phoff, = struct.unpack_from("<Q", b, 32)
phnum, = struct.unpack_from("<H", b, 56)
for i in range(phnum):
    kind, flags, offset, _, _, size, _, _ = struct.unpack_from("<IIQQQQQQ", b, phoff + 56 * i)
    if kind == 1 and flags & 1:
        b[offset:offset + 2] = b"\x0f\x05"
footer = len(b) - 80
assert b[footer + 64:footer + 72] == b"HELIOSP1"
b[footer + 32:footer + 64] = hmac.new(key, b[:footer + 32], hashlib.sha256).digest()
open("evil.so", "wb").write(b)
PY
python3 seal.py || fail "seal.py"
expect 4 heliosc verify evil.so
has out '^ok +seal' && has out '^fail +link check +system call in the code' && has err H0400
expect 4 heliosc verify --json evil.so && json_lines out && has out '"code":"H0400"'
