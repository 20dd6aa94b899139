# What the Rust SDK asks of the host, that no other test calls: environment, clock, random, signatures, metrics, savepoints, levels, state;
# and the same module on WASI, where std's println and HashMap are the host's as well.
cat >host.rs <<'R'
use heliosdb_wasm_sdk::*;
#[heliosdb_procedure]
fn env(name: &str) -> Result<Option<String>, Error> { env_var(name) }
#[heliosdb_procedure]
fn clock() -> bool { now().0 > 1_700_000_000_000_000 && now().date() > Date(19_000) }
#[heliosdb_procedure]
fn dice() -> Result<bool, Error> { Ok(random_bytes(32)? != random_bytes(32)?) }
#[heliosdb_procedure]
fn signed(text: &[u8]) -> Result<String, Error> {
    let seed = *b"0123456789abcdef0123456789abcdef";
    let other = sign(&seed, text)?;
    let mac = hmac(Hash::Sha256, b"key", text)?;
    Ok(format!("{} {} {:02x}{:02x} {:?}", other.len(), verify(&seed, text, &other)?, mac[0], mac[1], hash(Hash::Sha1, b"")?.len()))
}
#[heliosdb_procedure]
fn counted(n: f64) -> Result<(), Error> { metric_add("seen", n).and(metric_set("last", n)) }
#[heliosdb_procedure]
fn levels() -> Result<(), Error> { debug("d").and(info("i")).and(warn("w")).and(error("e")) }
#[heliosdb_procedure]
fn saved(id: i64) -> Result<i64, Error> {
    let kept = execute("INSERT INTO t VALUES (?1)", (id,))?;
    let undone: Result<(), Error> = savepoint("s", || {
        execute("INSERT INTO t VALUES (?1)", (id + 1,))?;
        Err("no".into())
    });
    assert!(undone.is_err());
    Ok(kept * 10 + query_one::<(i64,)>("SELECT count(*) FROM t", ())?.0)
}
#[heliosdb_procedure]
fn lossless() -> Result<String, Error> {
    let wrong = query_one::<(String,)>("SELECT CAST(x'ff' AS TEXT)", ()).unwrap_err();
    let beyond = query_one::<(i32,)>("SELECT 1 << 40", ()).unwrap_err();
    let denied = read_file("/etc/passwd").unwrap_err();
    Ok(format!("{} | {} | {}", wrong.text, beyond.text, denied.code == status::DENIED))
}
#[heliosdb_procedure(state = "connection")]
fn tally() -> i64 {
    static N: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);
    N.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1
}
#[heliosdb_procedure]
fn long(n: i64) -> String { "é".repeat(n as usize) }
R
heliosc build -q host.rs 2>err || {
  if grep -q 'H0300' err; then cat err; exit 77; fi
  cat err; fail "build"
}
{
  for each in env clock dice signed counted levels saved lossless tally long; do
    echo "CREATE PROCEDURE $each LANGUAGE wasm CAPABILITIES ('env:RUST_HOST_TEST', 'clock', 'random', 'crypto', 'log', 'query', 'read:*', 'write:t', 'transaction', 'filesystem:/nowhere') AS 'host.so';"
  done
  cat <<'Q'
CREATE TABLE t(id INTEGER);
SELECT env('RUST_HOST_TEST'), clock(), dice(), signed(CAST('text' AS BLOB)), counted(2.5);
SELECT saved(1), lossless(), tally(), tally(), length(long(40000)), long(0);
SELECT env('HOME');
Q
} >host.sql
RUST_HOST_TEST=set helios -q host.db -f host.sql 2>&1
helios -q host.db -c 'SELECT levels()' 2>&1

cat >wasi.rs <<'R'
use heliosdb_wasm_sdk::*;
#[heliosdb_procedure(default(n = 3))]
fn keys(s: Option<&str>, n: i64) -> Result<Option<String>, Error> {
    let map: std::collections::HashMap<i64, &str> = (0..n).filter_map(|i| s.map(|s| (i, s))).collect();
    println!("{} keys", map.len());
    if n == 7 { panic!("seven of {:?}", s); }
    Ok(map.get(&0).map(|s| format!("{}{}", s, map.len())))
}
R
for target in wasm32-wasip1 wasm32-wasi; do
  for rustc in rustc /usr/bin/rustc; do
    [ -d "$($rustc --target $target --print target-libdir 2>/dev/null)" ] && found="$rustc" && triple=$target
  done
done
[ -n "${found:-}" ] || { echo "no rustc with wasm32-wasip1"; exit 77; }
rust() { "$found" --edition 2021 "$@"; }
flags="--target $triple -C opt-level=s -C panic=abort"
rust --crate-type proc-macro --crate-name heliosdb_wasm_macros "$SOURCE/sdk/rust/macros/src/lib.rs" &&
  rust $flags --crate-type rlib --crate-name heliosdb_wasm_sdk --extern heliosdb_wasm_macros=libheliosdb_wasm_macros.so "$SOURCE/sdk/rust/src/lib.rs" &&
  rust $flags -C linker=wasm-ld -C strip=symbols --crate-type cdylib --extern heliosdb_wasm_sdk=libheliosdb_wasm_sdk.rlib -L . wasi.rs || fail "$found"
heliosc inspect wasi.wasm | sed -n '/^procedures/,/^sections/p'
helios -q -c "CREATE PROCEDURE keys LANGUAGE wasm CAPABILITIES ('log', 'random') AS 'wasi.wasm'" -c "SELECT keys('k'), keys(NULL), keys('x', 0), keys('y', NULL)" -c "SELECT keys('z', 7)" 2>&1 | grep -v '^info:'
