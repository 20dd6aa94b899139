# heliosc build of a Rust file: the module, messages at their places. Needs a rustc with wasm32 (Debian's).
cat >half.rs <<'R'
use heliosdb_wasm_sdk::*;
procedure! {
    fn half(v: i64) -> Result<i64, Error> {
        if v % 2 != 0 { return Err(Error::new(7, format!("{} is odd", v))); }
        Ok(v / 2)
    }
}
R
heliosc build -q half.rs 2>err || {
  if grep -q 'has wasm32-unknown-unknown\|package rustc' err; then cat err; exit 77; fi
  cat err; fail "build"
}
helios -q -c "CREATE PROCEDURE half LANGUAGE wasm AS 'half.so'" -c "SELECT half(42)" -c "SELECT half(3)" 2>&1
sed 's|v / 2|w / 2|' half.rs >bad.rs
expect 1 heliosc build bad.rs && has err 'cannot find value .w.' && has err 'bad.rs:5:12'
