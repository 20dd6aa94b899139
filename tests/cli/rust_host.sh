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
built() { # COMMAND...: skipped where no rustc has the target
  "$@" 2>err && return
  if grep -q 'no rustc here has wasm32-was' err; then cat err; exit 77; fi
  cat err; fail "$*"
}
CARGO_BUILD_TARGET=wasm32-wasip1 built heliosc build -q wasi.rs
heliosc inspect wasi.so | sed -n '/^procedures/,/^sections/p'
called() { # of the plugin
  helios -q -c "CREATE PROCEDURE keys LANGUAGE wasm CAPABILITIES ('log', 'random') AS '$1'" -c "SELECT keys('k'), keys(NULL), keys('x', 0), keys('y', NULL)" -c "SELECT keys('z', 7)" 2>&1 | grep -v '^info:'
}
called wasi.so

# A project says it as cargo has it, by either name of the target; a target that is none of ours is no other one.
heliosc new -q --lang rust keys && mkdir keys/.cargo && cp wasi.rs keys/src/lib.rs
printf '# ours\n[net]\noffline = true\n[build]\ntarget = "wasm32-wasi"\n' >keys/.cargo/config.toml
built heliosc build -q keys/Cargo.toml
heliosc inspect keys/keys.so >out && has out wasi_snapshot_preview1
called keys/keys.so
printf '[build]\ntarget = ["wasm32-wasip2"]\n' >keys/.cargo/config.toml
expect 1 heliosc build keys/Cargo.toml
has err 'not for wasm32-wasip2'
printf 'build.target = "x86_64-unknown-linux-gnu"\n' >keys/.cargo/config.toml
built heliosc build -q --emit=module keys/Cargo.toml -o keys.wasm
heliosc inspect keys.wasm >out && lacks out wasi_snapshot_preview1
[ "$(sed -n 3p keys/Cargo.lock)" = "version = 3" ] || fail "a lock file that Debian's cargo can't read" # whatever cargo is newer
sed -i 's/^version = 3/version = 99/' keys/Cargo.lock
expect 1 heliosc build keys/Cargo.toml
has err 'a newer cargo wrote it; delete it'
