//! mock.rs - a host without a database, for `cargo test`: where this crate is not compiled to wasm, its host functions are
//! these. The functions of the procedure are called as they are. Each thread has a host of its own, so tests run side by
//! side. Not for a database.
//!
//! ```ignore
//! #[test]
//! fn gold_gets_fifteen_percent() {
//!     mock::begin();
//!     mock::sql("SELECT tier FROM customers WHERE id = ?1").row(["gold"]);
//!     assert_eq!(discount(7, 100.0), Ok(15.0));
//!     assert_eq!(mock::bound(1), Value::I64(7));
//!     assert_eq!((mock::ran("SELECT tier"), mock::logged("gold")), (1, 1));
//!     mock::refuse(1, status::DENIED); // the next host call fails
//!     assert_eq!(discount(7, 100.0).unwrap_err().code, status::DENIED);
//! }
//! ```
//!
//! It answers statements by their text, keeps what was bound, run, logged and given as rows, has a clock that stands, random
//! bytes that repeat, values (kv), session variables, environment, files and answers to requests as the test gave them. It
//! knows no SQL and no cryptography: `hash` and the like answer what `digest` was given.

use crate::{LogLevel, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

#[derive(Default, Clone)]
pub(crate) struct Answer {
    pub sql: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
    pub changes: i64,
}

pub(crate) struct Open {
    pub answer: Answer,
    /// Rows given so far.
    pub at: usize,
    pub bound: Vec<Value>,
    pub closed: bool,
}

/// A response to a request, and what was asked.
#[derive(Default, Clone)]
pub(crate) struct Page {
    pub status: i32,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Default)]
pub(crate) struct Host {
    pub answers: Vec<Answer>,
    pub statements: Vec<Open>,
    pub changed: i64,
    pub ran: Vec<String>,
    pub lines: Vec<(u32, String)>,
    pub rows: Vec<Vec<Value>>,
    pub row: Vec<Value>,
    pub depth: usize,
    pub refuse_in: usize,
    pub refuse_status: i32,
    pub error: String,
    pub now_us: i64,
    pub seed: u32,
    pub kv: BTreeMap<Vec<u8>, Vec<u8>>,
    pub session: HashMap<String, String>,
    pub env: HashMap<String, String>,
    pub metrics: HashMap<String, f64>,
    pub files: BTreeMap<String, Vec<u8>>,
    pub open_files: Vec<Option<(String, u32)>>,
    pub pages: HashMap<String, Page>,
    pub page: Page,
    pub requests: Vec<(String, String, Vec<u8>)>,
    pub digest: Vec<u8>,
}

const NOON: i64 = 1_700_000_000_000_000;

thread_local! {
    static HOST: RefCell<Host> = RefCell::new(Host { now_us: NOON, ..Host::default() });
}

pub(crate) fn host<T>(work: impl FnOnce(&mut Host) -> T) -> T {
    HOST.with(|h| work(&mut h.borrow_mut()))
}

/// A host that knows nothing yet, for this thread.
pub fn begin() {
    host(|h| *h = Host { now_us: NOON, digest: vec![0; 32], ..Host::default() });
}

/// What follows is about statements with exactly this text.
pub fn sql(text: &str) -> Script {
    host(|h| h.answers.push(Answer { sql: text.to_string(), ..Answer::default() }));
    Script(())
}

/// The statement that `sql` named last.
pub struct Script(());

impl Script {
    fn last(self, work: impl FnOnce(&mut Answer)) -> Script {
        host(|h| work(h.answers.last_mut().expect("mock::sql comes first")));
        self
    }

    /// Its next row: `row(["gold"])`, `row([Value::from(1), "x".into()])`.
    pub fn row<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> Script {
        let row: Vec<Value> = values.into_iter().map(Into::into).collect();
        self.last(|a| a.rows.push(row))
    }

    /// The names of its columns; c0, c1 ... without.
    pub fn columns(self, names: &[&str]) -> Script {
        self.last(|a| a.columns = names.iter().map(|n| n.to_string()).collect())
    }

    /// How many rows it changes.
    pub fn changes(self, rows: i64) -> Script {
        self.last(|a| a.changes = rows)
    }
}

/// The n-th host call from now, counted from 1, is refused with this status.
pub fn refuse(n: usize, status: i32) {
    host(|h| {
        h.refuse_in = n;
        h.refuse_status = status;
    });
}

/// A parameter, from 1, of the statement that was prepared last (not counting the one that asks how many rows changed).
pub fn bound(index: usize) -> Value {
    host(|h| {
        let last = h.statements.iter().rev().find(|s| s.answer.sql != CHANGES);
        last.and_then(|s| s.bound.get(index.wrapping_sub(1)).cloned()).unwrap_or(Value::Null)
    })
}

pub(crate) const CHANGES: &str = "SELECT changes()";

/// How often statements with this in their text were run.
pub fn ran(part: &str) -> usize {
    host(|h| h.ran.iter().filter(|sql| sql.contains(part)).count())
}

/// How many log lines have this in them.
pub fn logged(part: &str) -> usize {
    host(|h| h.lines.iter().filter(|(_, line)| line.contains(part)).count())
}

/// The log lines, in order.
pub fn lines() -> Vec<(LogLevel, String)> {
    let levels = [LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error];
    host(|h| h.lines.iter().map(|(level, line)| (levels[*level as usize], line.clone())).collect())
}

/// The rows given by `row`.
pub fn rows() -> Vec<Vec<Value>> {
    host(|h| h.rows.clone())
}

/// How many transactions and savepoints are open.
pub fn depth() -> usize {
    host(|h| h.depth)
}

/// What the clock says from now on, in microseconds since 1970.
pub fn set_now(us: i64) {
    host(|h| h.now_us = us);
}

pub fn set_session(name: &str, value: &str) {
    host(|h| h.session.insert(name.into(), value.into()));
}

pub fn set_env(name: &str, value: &str) {
    host(|h| h.env.insert(name.into(), value.into()));
}

/// What a counter or gauge stands at.
pub fn metric(name: &str) -> Option<f64> {
    host(|h| h.metrics.get(name).copied())
}

/// A file that is there.
pub fn set_file(path: &str, content: &[u8]) {
    host(|h| h.files.insert(path.into(), content.into()));
}

/// What a file holds now.
pub fn file(path: &str) -> Option<Vec<u8>> {
    host(|h| h.files.get(path).cloned())
}

/// The response to requests of this URL.
pub fn page(url: &str, status: u16, headers: &[(&str, &str)], body: &[u8]) {
    let headers = headers.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    let page = Page { status: status as i32, headers, body: body.to_vec() };
    host(|h| h.pages.insert(url.into(), page));
}

/// What was asked for: method, URL, body.
pub fn requests() -> Vec<(String, String, Vec<u8>)> {
    host(|h| h.requests.clone())
}

/// What hash, hmac and sign give from now on; verify says whether a signature is this.
pub fn digest(bytes: &[u8]) {
    host(|h| h.digest = bytes.to_vec());
}
