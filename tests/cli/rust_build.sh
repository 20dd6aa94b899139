# heliosc build of a Rust file: the module, messages at their places. Needs a rustc with wasm32 (Debian's).
cat >half.rs <<'R'
use heliosdb_wasm_sdk::*;
#[heliosdb_procedure]
fn half(v: i64) -> Result<i64, Error> {
    if v % 2 != 0 { return Err(Error::new(7, format!("{} is odd", v))); }
    Ok(v / 2)
}
R
heliosc build -q half.rs 2>err || {
  if grep -q 'has wasm32-unknown-unknown\|package rustc' err; then cat err; exit 77; fi
  cat err; fail "build"
}
helios -q -c "CREATE PROCEDURE half LANGUAGE wasm AS 'half.so'" -c "SELECT half(42)" -c "SELECT half(3)" 2>&1
sed 's|v / 2|w / 2|' half.rs >bad.rs
expect 1 heliosc build bad.rs && has err 'cannot find value .w.' && has err 'bad.rs:5:8'

grep -v '^#' half.rs >none.rs && expect 1 heliosc build none.rs && has err 'write #.heliosdb_procedure. before it' && [ ! -e none.so ] || fail "no procedure"
: >none.rs && expect 1 heliosc build none.rs && has err 'write #.heliosdb_procedure'

# the cache: a module, a file that is included and the source count; a module of the other name would be an error
build() { heliosc build --json --emit=module all.rs >json 2>err || { cat json err; fail "build"; }; }
hit() { build; grep -q '"source_cached":true' json || fail "built again: $1"; }
miss() { build; grep -q '"source_cached":false' json || fail "a wrong hit: $1"; }
mkdir "a folder" && cd "a folder"
(echo "mod part;"; sed 's|v / 2|v / part::two()|' ../half.rs) >all.rs
echo 'pub fn two() -> i64 { include_str!("two.txt").trim().parse().unwrap() }' >part.rs
echo 2 >two.txt && sleep 0.05
miss first && hit second
echo 3 >two.txt && sleep 0.05 && miss "an included text" && hit again
echo '// more' >>part.rs && sleep 0.05 && miss "a module" && hit again
mkdir part && cp part.rs part/mod.rs
expect 1 heliosc build --emit=module all.rs && has err 'found at both'
