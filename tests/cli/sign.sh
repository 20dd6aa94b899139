# Keys, signatures, and a machine without a compiler that loads what a vendor signed.
cp "$FILES/add.wat" . && heliosc -q add.wat
cp add.so plain.so

# keygen: two files, never over one that is there
expect 0 heliosc keygen --out acme && has err '^acme.key +keep it secret' && has err '^acme.pub'
[ "$(stat -c %a acme.key)" = 600 ] || fail "the private key can be read"
[ "$(wc -c <acme.pub)" = 45 ] && [ "$(base64 -d acme.pub | wc -c)" = 32 ] || fail "acme.pub"
before=$(cat acme.key acme.pub)
expect 1 heliosc keygen --out acme && has err 'H0403.*is there already'
rm acme.pub && expect 1 heliosc keygen --out acme
[ ! -e acme.pub ] || fail "half a pair"
printf '%s\n' "$before" | sed -n 2p >acme.pub
[ "$(cat acme.key acme.pub)" = "$before" ] || fail "a key was written over"
expect 0 heliosc keygen --json --out other && json_lines out && has out '"public":"other.pub"'

# sign: again is the same bytes; keys that others can read, or that are none, don't sign
expect 0 heliosc sign --key acme.key add.so
cp add.so once.so && heliosc -q sign --key acme.key add.so && cmp once.so add.so || fail "not the same"
expect 2 heliosc sign add.so && has err 'needs --key'
# in place, even if standard output is the file, too; '-' is a filter; what is no file is not written to
cp plain.so both.so && heliosc -q sign --key acme.key both.so >>both.so && cmp once.so both.so || fail "signed behind itself"
heliosc -q sign --key acme.key - <plain.so >filtered.so && cmp once.so filtered.so || fail "as a filter"
cp plain.so target.so && ln -s target.so link.so && expect 0 heliosc sign --key acme.key link.so
[ -L link.so ] && cmp once.so target.so || fail "signed through a link"
cp plain.so own.so && chmod 700 own.so && expect 0 heliosc sign --key acme.key own.so
[ "$(stat -c %a own.so)" = 700 ] || fail "others may read what only its owner could"
mkfifo pipe && { cat plain.so >pipe & } && expect 1 timeout 60 heliosc sign --key acme.key pipe
has err "can't replace pipe: it is no file" && [ -p pipe ] || fail "a pipe is signed"
chmod 644 other.key && expect 1 heliosc sign --key other.key add.so && has err 'can be read'
chmod 600 other.key && expect 1 heliosc sign --key acme.pub add.so
expect 1 heliosc sign --key none.key add.so && has err 'is not there'
expect 1 heliosc sign --key acme.key acme.pub && has err H0401

# verify: whose signature counts
mkdir -m 755 trust.d && cp acme.pub trust.d/
expect 0 heliosc verify add.so --trust-root trust.d
has out '^ok +seal' && has out '^ok +signature +by acme, which is trusted'
expect 1 heliosc verify plain.so --trust-root trust.d && has err 'H0404.*has no signature'
head -c 32 /dev/urandom >foreign.key && chmod 600 foreign.key
export HELIOS_KEY="$T/foreign.key"
expect 1 heliosc verify plain.so && has err H0402
expect 1 heliosc verify add.so && has err H0404 && has out '^warn +seal'
expect 0 heliosc verify add.so --trust-root trust.d && expect 0 heliosc verify --json add.so --trust-root trust.d
json_lines out
export HELIOS_TRUST_ROOT="$T/trust.d"
expect 0 heliosc verify add.so && expect 0 heliosc inspect add.so && has out '^build|add'
rm trust.d/acme.pub && cp other.pub trust.d/ && expect 1 heliosc verify add.so
has err 'no key of the trust root signed it'
expect 0 heliosc sign --key other.key add.so && expect 0 heliosc verify add.so && has out 'by other,'
cp acme.pub trust.d/ && rm trust.d/other.pub && expect 0 heliosc verify add.so && has out 'by acme,'
chmod 666 trust.d/acme.pub && expect 1 heliosc verify add.so && has err 'acme.pub can be written by others'
chmod 644 trust.d/acme.pub && chmod 777 trust.d && expect 1 heliosc verify add.so && has err 'can be written by others'
chmod 755 trust.d && echo nonsense >trust.d/aaa.pub && expect 0 heliosc verify add.so

# not a byte of it may change
size=$(wc -c <once.so)
for at in 0 100 5000 $((size - 300)) $((size - 200)) $((size - 130)) $((size - 100)) $((size - 60)) $((size - 20)); do
  cp once.so x.so && printf '\125' | dd of=x.so bs=1 seek=$at conv=notrunc 2>/dev/null
  cmp -s x.so once.so || { expect 1 heliosc verify x.so && has err 'H040[124]'; }
done

# a module's signature stands beside it
unset HELIOS_TRUST_ROOT
printf '\0asm\1\0\0\0' >m.wasm && expect 0 heliosc sign --key acme.key m.wasm && [ "$(wc -c <m.sig)" = 89 ]
expect 0 heliosc verify m.wasm --trust-root trust.d && has out 'by acme,'
printf '\0asm\1\0\0\0\0\1\0' >m.wasm && expect 1 heliosc verify m.wasm --trust-root trust.d && has err H0404
echo AAAA >m.sig && expect 1 heliosc verify m.wasm --trust-root trust.d
rm m.sig && expect 1 heliosc verify m.wasm --trust-root trust.d

# the customer: another key, no compiler
export HELIOS_HELIOSC="$T/no-heliosc"
create="CREATE PROCEDURE plus(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'add' CAPABILITIES ('log') AS '$T/add.so'"
expect 1 helios shop.db -c "$create" && has err 'no key of the trust root signed it'
export HELIOS_TRUST_ROOT="$T/trust.d"
expect 0 helios shop.db -c "$create" && expect 0 helios shop.db -c "SELECT plus(40, 2)" && has out '^42$'
rm foreign.key && expect 1 helios shop.db -c "SELECT plus(40, 2)" && has err 'its grants were not given on this machine'
expect 0 helios shop.db -c "SELECT helios_adopt('plus')" && [ "$(stat -c %a foreign.key)" = 600 ] # it made a key
expect 0 helios shop.db -c "SELECT plus(40, 2)" && has out '^42$'
rm trust.d/acme.pub # revoked
expect 1 helios shop.db -c "SELECT plus(40, 2)" && has err 'no key of the trust root signed it.*BROKEN'
unset HELIOS_HELIOSC # or built again, where there is a compiler
expect 0 helios shop.db -c "SELECT plus(40, 2)" && has out '^42$'
