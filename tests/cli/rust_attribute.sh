# #[heliosdb_procedure]: what can't be a procedure is an error at its place that says what can; what can has its signature.
cat >good.rs <<'R'
use heliosdb_wasm_sdk::*;
type Money = i64;
#[heliosdb_procedure(name = "shop.all", state = "statement", capability = "read:a, log", capability("query"),
    default(c = -1_000.5, d = "it's", e = 0x10, f = true, g = None))]
pub fn every(a: Money, b: bool, c: f32, d: Option<&str>, e: i32, mut f: Option<bool>, g: Option<Vec<u8>>) -> Result<Option<Decimal>, Box<dyn std::error::Error>> {
    f.take();
    let _ = (a, b, c, d, e, g);
    Err(Box::new(Error::new(77, "boxed")))
}
#[heliosdb_procedure]
fn r#type(a: Date, b: Timestamp, c: JsonText, d: DecimalF64, e: Json, r#fn: &[u8]) -> Vec<(i64, String)> {
    let _ = (a, b, c, d, e, r#fn);
    vec![]
}
#[heliosdb_procedure]
fn any(v: Value) -> Result<Value, String> {
    Ok(v)
}
#[heliosdb_procedure(table(n, r#type))]
fn counted(upto: i64) -> Result<Rows<(i64, Option<String>)>, String> {
    Ok(Rows::new((1..=upto).map(|n| (n, if n == 2 { None } else { Some("x".repeat(n as usize)) }))))
}
#[heliosdb_procedure(table(day, at, all))]
fn listed() -> Vec<(Date, DecimalF64, Value)> {
    vec![(Date(1), DecimalF64(1.5), Value::Null)]
}
#[heliosdb_procedure(table(n: i32, name: &str, bytes: Option<Vec<u8>>))]
fn given() -> Result<(), Error> {
    row((1, "a", vec![1u8]))?;
    row((2, "b", None::<Vec<u8>>))
}
#[heliosdb_procedure(table(v: Value))]
fn as_json() -> Json {
    Json::Array(vec![vec![1i64].into(), vec!["x"].into()])
}
mod inner {
    #[heliosdb_wasm_sdk::heliosdb_procedure]
    pub(super) fn nothing(x: std::option::Option<i64>) { let _ = x; }
}
R
heliosc build -q --emit=module good.rs 2>err || {
  if grep -q 'H0300' err; then cat err; exit 77; fi
  cat err; fail "build"
}
heliosc inspect good.wasm | sed -n '/^procedures/,/^sections/p'

cat >bad.rs <<'R'
use heliosdb_wasm_sdk::*;
#[heliosdb_procedure] fn a(v: u64) -> i64 { v as i64 }
#[heliosdb_procedure] fn b(v: &String) {}
#[heliosdb_procedure] fn c(v: &'static str) {}
#[heliosdb_procedure] fn e<T>(v: T) {}
#[heliosdb_procedure] async fn f() {}
#[heliosdb_procedure] fn g((x, y): (i64, i64)) {}
#[heliosdb_procedure] fn h() -> usize { 1 }
#[heliosdb_procedure] fn i() -> impl Iterator<Item = i64> { 0..1 }
#[heliosdb_procedure] fn memcpy() {}
#[heliosdb_procedure] struct J;
#[heliosdb_procedure(determinstic)] fn k() {}
#[heliosdb_procedure(state = "forever")] fn l() {}
#[heliosdb_procedure(default(rate = 1))] fn m(rat: i64) {}
#[heliosdb_procedure(default(rate = 1 + 1))] fn n(rate: i64) {}
#[heliosdb_procedure(private)] fn o() {}
#[heliosdb_procedure(name = "a b")] fn p() {}
#[heliosdb_procedure(table())] fn q() {}
#[heliosdb_procedure(table(n, N))] fn s() -> Vec<(i64, i64)> { vec![] }
#[heliosdb_procedure(table(n = 1))] fn t() -> Vec<(i64, i64)> { vec![] }
#[heliosdb_procedure(table("n"))] fn u() -> Vec<(i64,)> { vec![] }
R
heliosc build --emit=module bad.rs >out 2>&1 && fail "bad.rs was built"
grep -A1 '^error: ' out | grep -v '^--$' | cut -c1-110
cat >named.rs <<'R'
use heliosdb_wasm_sdk::*;
type Maybe = Option<i64>;
#[heliosdb_procedure] fn q(v: Maybe) { let _ = v; }
R
expect 1 heliosc build --emit=module named.rs
has err '`Option<i64>: NeverNull` is not satisfied' && has err 'named.rs:3:31'
cat >other.rs <<'R'
use heliosdb_wasm_sdk::*;
#[heliosdb_procedure] fn d(v: std::collections::HashMap<i64, i64>) {}
#[heliosdb_procedure] fn r() -> Result<i64, Vec<u8>> { Ok(1) }
R
expect 1 heliosc build --emit=module other.rs
has err '^  hint: what parameters may be: docs/sdk-rust.md, Types$' && printf 'use heliosdb::*;\n#[heliosdb_procedure] fn a() {}\n' >use.rs
has err 'HashMap<i64, i64>: .*Argument' && has err 'other.rs:2:31' && has err 'Vec<u8>. doesn.t implement' && has err 'other.rs:3:33'
expect 1 heliosc build --emit=module use.rs && [ "$(grep -c '^  hint: use heliosdb_wasm_sdk::\*;$' err)" = 2 ] || fail "the name of the SDK"
const_error() { # what the compiler finds in the attribute's constants: CODE TEXT
  printf 'use heliosdb_wasm_sdk::*;\n%s\n' "$1" >table.rs
  expect 1 heliosc build --emit=module table.rs
  has err "$2" && has err 'table.rs:2:'
}
const_error '#[heliosdb_procedure(table(n))] fn t() -> Vec<(i64, i64)> { vec![] }' 'not as many names as the rows have values'
const_error '#[heliosdb_procedure(table(n))] fn t() {}' "does not say the columns. types"
const_error '#[heliosdb_procedure(table(n: i64))] fn t() -> Vec<(i64,)> { vec![] }' 'the result says the columns. types'
const_error '#[heliosdb_procedure(table(n: i64))] fn t() -> i64 { 1 }' 'this result is a value'

heliosc build -q good.rs
helios -q -c "CREATE EXTENSION good LANGUAGE wasm CAPABILITIES ('read:a', 'log', 'query') AS 'good.so'" -c "SELECT * FROM counted(3)" -c "SELECT * FROM listed()" -c "SELECT n, name, hex(bytes) FROM given()" -c "SELECT v FROM as_json()" 2>&1
expect 1 helios -c "CREATE PROCEDURE counted RETURNS BIGINT LANGUAGE wasm AS 'good.so'"
has err 'says that it returns a table'
