# A database from a machine with another key: nothing of its plugins runs; the statement of docs/catalog.md builds again.
cp "$FILES/add.wat" .
expect 0 helios x.db -c "CREATE PROCEDURE answer(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'add'
  CAPABILITIES ('log') AS 'add.wat'; SELECT answer(40, 2)"
head -c 32 /dev/urandom >other.key && chmod 600 other.key
export HELIOS_KEY="$T/other.key"
expect 1 helios x.db -c "SELECT answer(40, 2)" && has err "seal does not match \(UNTRUSTED\)" && has err 'hint: .*\.wasm'
sed -n '/^SELECT helios_ddl/,/^ *JOIN.*;$/p' "$SOURCE/docs/catalog.md" >again.sql && [ -s again.sql ] || fail "no statement in the docs"
expect 0 helios x.db -f again.sql
expect 0 helios x.db -c "SELECT answer(40, 2)" && has out '^42$'
