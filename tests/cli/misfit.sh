# A declaration that the module's manifest contradicts fails at CREATE and at ALTER ... VERSION, and the catalog is as before.
module() { # FILE PARAMS_OF_PULL RESULT_OF_PULL COLUMNS
  cat >"$1" <<WAT
(module
  (memory (export "memory") 1)
  (func (export "price") (param i64 f64) (result i64) (i64.const 0))
  (func (export "pull"))
  (func (export "rows"))
  (func (export "top_step") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "top_final") (param i64) (result i64) (local.get 0))
  (@custom "helios.manifest" "{\"v\":1,\"procedures\":["
    "{\"name\":\"price\",\"params\":[{\"name\":\"customer\",\"type\":\"BIGINT\"},{\"name\":\"total\",\"type\":\"REAL\"}],\"returns\":\"TEXT\"},"
    "{\"name\":\"pull\",\"params\":[$2]$3},"
    "{\"name\":\"rows\",\"params\":[],\"table\":[$4]},"
    "{\"name\":\"top\",\"aggregate\":true,\"params\":[{\"name\":\"n\",\"type\":\"BIGINT\"}],\"returns\":\"BIGINT\"}]}"))
WAT
}
id='{\"name\":\"id\",\"type\":\"BIGINT\"}'
note='{\"name\":\"note\",\"type\":\"TEXT\"}'
more='{\"name\":\"more\",\"type\":\"REAL\",\"default\":\"0.5\"}'
text=',\"returns\":\"TEXT\"'
module one.wat "$id,$note,$more" "$text" "$id,$note"
module two.wat "$note,$id" "$text" "$id"
for m in one two; do heliosc -q $m.wat -o $m.so || fail "build $m"; done

catalog() {
  sqlite3 x.db ".dump helios_procedure helios_version helios_module helios_plugin helios_extension" 2>&1
}
make() { helios x.db -q -c "CREATE FUNCTION $1 LANGUAGE wasm ${2:-} AS '${3:-one.so}'"; }
refused() {
  catalog >before
  echo "$ $1 ${2:-}"
  make "$@" && fail "it was made"
  catalog >after
  cmp -s before after || fail "the catalog has changed"
}
taken() {
  make "$@" || fail "$1"
  helios x.db -q -c "DROP FUNCTION ${1%%[( ]*}" || fail "drop $1"
}

make 'price(customer BIGINT, total REAL) RETURNS TEXT' || fail "as in the manifest"
refused 'p2(customer BIGINT, total REAL) RETURNS BIGINT' "EXPORT 'price'"
refused 'p2(customer DATE, total REAL)' "EXPORT 'price'"
refused 'p2(total BIGINT, customer REAL) RETURNS TEXT' "EXPORT 'price'"
refused 'pull(id BIGINT) RETURNS TEXT'
refused 'pull(id BIGINT, note TEXT, more REAL, extra BIGINT) RETURNS TEXT'
refused 'pull(id TEXT, note TEXT) RETURNS TEXT'
refused 'pull(id BIGINT, note REAL) RETURNS TEXT'
refused 'pull(note BIGINT, id TEXT) RETURNS TEXT'
refused 'pull(id BIGINT, note TEXT) RETURNS BIGINT'
refused 'pull(id BIGINT, note TEXT)'
refused 'rows() RETURNS TABLE (id BIGINT)'
refused 'rows() RETURNS TABLE (id BIGINT, note BIGINT)'
refused 'rows() RETURNS TABLE (id TEXT, note TEXT)'
refused 'rows() RETURNS TABLE (note BIGINT, id TEXT)'

# What is meant so: whole numbers of any width, times as numbers, other names, ANY, JSON for TEXT, a parameter that has a default left out.
taken 'p2(c INTEGER, "order total" DECIMAL) RETURNS JSON' "EXPORT 'price'"
taken 'p2(customer TIMESTAMP, total REAL) RETURNS TEXT' "EXPORT 'price'"
taken 'pull(id INTEGER, note JSON) RETURNS TEXT'
taken 'pull(ANY, ANY, ANY) RETURNS ANY'
taken 'rows() RETURNS TABLE (nr INTEGER, txt ANY)'
taken 'rows'
echo '$ top'
helios x.db -q -c "CREATE AGGREGATE top(n TEXT) RETURNS BIGINT LANGUAGE wasm AS 'one.so'" && fail "aggregate"

# A new version keeps the declaration; a module whose manifest has another is none.
make 'pull(id BIGINT, note TEXT, more REAL) RETURNS TEXT' && make 'rows' || fail "before ALTER"
catalog >before
for s in "pull VERSION 2" "rows VERSION 2" "pull SET"; do
  echo "$ ALTER $s"
  [ "$s" = "pull SET" ] && s="pull SET SOURCE 'two.so'" || s="$s AS 'two.so'"
  helios x.db -q -c "ALTER FUNCTION $s" && fail "ALTER $s"
done
catalog >after
cmp -s before after || fail "the catalog has changed by ALTER"
helios x.db -q -c "ALTER FUNCTION price VERSION 2 AS 'two.so'; ALTER FUNCTION price USE VERSION 1" || fail "the same again"
helios x.db -q -c "CREATE OR REPLACE FUNCTION pull LANGUAGE wasm AS 'two.so'" || fail "OR REPLACE takes the new one"
