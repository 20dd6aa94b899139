//! mock_abi.rs - the host functions of abi.rs, as the mock has them: same names, same types, same statuses. Must never
//! answer where the real host would refuse.

use crate::mock::{host, Answer, Host, Open, CHANGES};
use crate::{status, Decimal, Value};

unsafe fn bytes<'a>(p: *const u8, n: u32) -> &'a [u8] {
    if n == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(p, n as usize)
    }
}

unsafe fn text(p: *const u8, n: u32) -> String {
    String::from_utf8_lossy(bytes(p, n)).into_owned()
}

/// Copies what fits and says how many there are from offset on.
unsafe fn give(v: &[u8], offset: u32, dst: *mut u8, cap: u32) -> i32 {
    let rest = v.get(offset as usize..).unwrap_or(&[]);
    let n = rest.len().min(cap as usize);
    if n > 0 {
        std::ptr::copy_nonoverlapping(rest.as_ptr(), dst, n);
    }
    rest.len() as i32
}

/// The work, unless this call is one that the test has refused.
fn gate(work: impl FnOnce(&mut Host) -> i32) -> i32 {
    host(|h| {
        if h.refuse_in > 0 {
            h.refuse_in -= 1;
            if h.refuse_in == 0 {
                h.error = "refused by the mock host".into();
                return h.refuse_status;
            }
        }
        work(h)
    })
}

fn fails(h: &mut Host, code: i32, why: impl Into<String>) -> i32 {
    h.error = why.into();
    code
}

pub unsafe fn return_null() -> i32 {
    0
}

pub unsafe fn fail(_: i32, p: *const u8, n: u32) -> i32 {
    let why = text(p, n);
    host(|h| fails(h, 0, why))
}

pub unsafe fn error_message(dst: *mut u8, cap: u32) -> i32 {
    let why = host(|h| h.error.clone());
    give(why.as_bytes(), 0, dst, cap)
}

// ---- statements ----

pub unsafe fn prepare(p: *const u8, n: u32) -> i32 {
    let sql = text(p, n);
    gate(|h| {
        let mut answer = h.answers.iter().rev().find(|a| a.sql == sql).cloned();
        if answer.is_none() && sql == CHANGES {
            answer = Some(Answer { sql: sql.clone(), rows: vec![vec![Value::I64(h.changed)]], ..Answer::default() });
        }
        match answer {
            Some(answer) => {
                h.statements.push(Open { answer, at: 0, bound: Vec::new(), closed: false });
                h.statements.len() as i32
            }
            None => fails(h, status::SQL, format!("mock::sql did not name: {}", sql)),
        }
    })
}

fn open(h: &mut Host, stmt: i32) -> Option<&mut Open> {
    h.statements.get_mut((stmt as usize).wrapping_sub(1)).filter(|s| !s.closed)
}

fn bind(stmt: i32, index: u32, v: Value) -> i32 {
    gate(|h| match open(h, stmt) {
        None => fails(h, status::HANDLE, "no such statement"),
        Some(_) if index == 0 || index > 32_766 => fails(h, status::INDEX, "no such parameter"),
        Some(s) => {
            if s.bound.len() < index as usize {
                s.bound.resize(index as usize, Value::Null);
            }
            s.bound[index as usize - 1] = v;
            0
        }
    })
}

pub unsafe fn bind_null(stmt: i32, index: u32) -> i32 {
    bind(stmt, index, Value::Null)
}
pub unsafe fn bind_i64(stmt: i32, index: u32, v: i64) -> i32 {
    bind(stmt, index, Value::I64(v))
}
pub unsafe fn bind_f64(stmt: i32, index: u32, v: f64) -> i32 {
    bind(stmt, index, Value::F64(v))
}
pub unsafe fn bind_text(stmt: i32, index: u32, p: *const u8, n: u32) -> i32 {
    bind(stmt, index, Value::Text(text(p, n)))
}
pub unsafe fn bind_blob(stmt: i32, index: u32, p: *const u8, n: u32) -> i32 {
    bind(stmt, index, Value::Blob(bytes(p, n).to_vec()))
}

pub unsafe fn step(stmt: i32) -> i32 {
    gate(|h| {
        let (sql, first, more, changes) = match open(h, stmt) {
            None => return fails(h, status::HANDLE, "no such statement"),
            Some(s) => {
                let first = s.at == 0;
                s.at += (s.at <= s.answer.rows.len()) as usize;
                (s.answer.sql.clone(), first, s.at <= s.answer.rows.len(), s.answer.changes)
            }
        };
        if first && sql != CHANGES {
            h.changed = changes;
            h.ran.push(sql);
        }
        more as i32
    })
}

pub unsafe fn column_count(stmt: i32) -> i32 {
    host(|h| match open(h, stmt) {
        None => status::HANDLE,
        Some(s) => s.answer.rows.first().map_or(s.answer.columns.len(), Vec::len) as i32,
    })
}

pub unsafe fn column_name(stmt: i32, column: u32, dst: *mut u8, cap: u32) -> i32 {
    gate(|h| match open(h, stmt) {
        None => status::HANDLE,
        Some(s) => {
            let name = s.answer.columns.get(column as usize).cloned().unwrap_or_else(|| format!("c{}", column));
            give(name.as_bytes(), 0, dst, cap)
        }
    })
}

fn cell(h: &mut Host, stmt: i32, column: u32) -> Result<Value, i32> {
    let s = open(h, stmt).ok_or(status::HANDLE)?;
    let row = s.at.checked_sub(1).and_then(|i| s.answer.rows.get(i)).ok_or(status::STATE)?;
    row.get(column as usize).cloned().ok_or(status::INDEX)
}

pub unsafe fn column_type(stmt: i32, column: u32) -> i32 {
    gate(|h| match cell(h, stmt, column) {
        Err(code) => fails(h, code, "no such column, or no row"),
        Ok(Value::Null) => 0,
        Ok(Value::I64(_) | Value::Bool(_)) => 1,
        Ok(Value::F64(_)) => 2,
        Ok(Value::Text(_) | Value::Json(_) | Value::Decimal(_)) => 3,
        Ok(Value::Blob(_)) => 4,
    })
}

pub unsafe fn column_i64(stmt: i32, column: u32) -> i64 {
    match host(|h| cell(h, stmt, column)) {
        Ok(Value::I64(v)) => v,
        Ok(Value::Bool(v)) => v as i64,
        Ok(Value::F64(v)) => v as i64,
        Ok(_) => 0,
        Err(_) => panic!("column {}: no such column, or no row", column),
    }
}

pub unsafe fn column_f64(stmt: i32, column: u32) -> f64 {
    match host(|h| cell(h, stmt, column)) {
        Ok(Value::F64(v)) => v,
        Ok(_) => column_i64(stmt, column) as f64,
        Err(_) => panic!("column {}: no such column, or no row", column),
    }
}

fn as_bytes(v: Value) -> Vec<u8> {
    match v {
        Value::Null => Vec::new(),
        Value::I64(v) => v.to_le_bytes().to_vec(),
        Value::Bool(v) => (v as i64).to_le_bytes().to_vec(),
        Value::F64(v) => v.to_le_bytes().to_vec(),
        Value::Text(v) | Value::Json(v) => v.into_bytes(),
        Value::Decimal(v) => v.to_string().into_bytes(),
        Value::Blob(v) => v,
    }
}

pub unsafe fn column_read(stmt: i32, column: u32, offset: u32, dst: *mut u8, cap: u32) -> i32 {
    gate(|h| match cell(h, stmt, column) {
        Err(code) => fails(h, code, "no such column, or no row"),
        Ok(v) => give(&as_bytes(v), offset, dst, cap),
    })
}

pub unsafe fn reset(stmt: i32) -> i32 {
    host(|h| match open(h, stmt) {
        None => status::HANDLE,
        Some(s) => {
            s.at = 0;
            0
        }
    })
}

/// What was bound can still be asked for.
pub unsafe fn finalize(stmt: i32) -> i32 {
    host(|h| match open(h, stmt) {
        None => status::HANDLE,
        Some(s) => {
            s.closed = true;
            0
        }
    })
}

// ---- rows of a result ----

fn add(v: Value) -> i32 {
    gate(|h| {
        h.row.push(v);
        0
    })
}

pub unsafe fn row_null() -> i32 {
    add(Value::Null)
}
pub unsafe fn row_i64(v: i64) -> i32 {
    add(Value::I64(v))
}
pub unsafe fn row_f64(v: f64) -> i32 {
    add(Value::F64(v))
}
pub unsafe fn row_bytes(value_type: u32, p: *const u8, n: u32) -> i32 {
    let v = text(p, n);
    match value_type {
        3 => add(Value::Text(v)),
        4 => add(Value::Blob(bytes(p, n).to_vec())),
        5 => add(Value::Json(v)),
        6 => v.parse::<Decimal>().map_or(status::TYPE, |d| add(Value::Decimal(d))),
        _ => status::TYPE,
    }
}
pub unsafe fn row_end() -> i32 {
    gate(|h| {
        let row = std::mem::take(&mut h.row);
        h.rows.push(row);
        0
    })
}

// ---- transactions ----

fn enter() -> i32 {
    gate(|h| {
        h.depth += 1;
        0
    })
}

fn leave() -> i32 {
    gate(|h| match h.depth {
        0 => fails(h, status::STATE, "no transaction is open"),
        _ => {
            h.depth -= 1;
            0
        }
    })
}

pub unsafe fn begin() -> i32 {
    enter()
}
pub unsafe fn commit() -> i32 {
    leave()
}
pub unsafe fn rollback() -> i32 {
    leave()
}
pub unsafe fn savepoint(_: *const u8, _: u32) -> i32 {
    enter()
}
pub unsafe fn release(_: *const u8, _: u32) -> i32 {
    leave()
}
pub unsafe fn rollback_to(_: *const u8, _: u32) -> i32 {
    gate(|h| if h.depth == 0 { fails(h, status::STATE, "no savepoint is open") } else { 0 })
}

// ---- log, clock, random, cryptography ----

pub unsafe fn log(level: u32, p: *const u8, n: u32) -> i32 {
    let line = text(p, n);
    gate(|h| {
        if level > 3 {
            return fails(h, status::LEVEL, "no such level");
        }
        h.lines.push((level, line));
        0
    })
}

pub unsafe fn now_us() -> i64 {
    host(|h| h.now_us)
}

pub unsafe fn random(dst: *mut u8, n: u32) -> i32 {
    gate(|h| {
        for i in 0..n as usize {
            h.seed = h.seed.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            *dst.add(i) = (h.seed >> 16) as u8;
        }
        0
    })
}

unsafe fn digest(dst: *mut u8, cap: u32) -> i32 {
    gate(|h| give(&h.digest, 0, dst, cap))
}

pub unsafe fn hash(_: u32, _: *const u8, _: u32, dst: *mut u8, cap: u32) -> i32 {
    digest(dst, cap)
}
pub unsafe fn hmac(_: u32, _: *const u8, _: u32, _: *const u8, _: u32, dst: *mut u8, cap: u32) -> i32 {
    digest(dst, cap)
}
pub unsafe fn sign(_: u32, _: *const u8, _: u32, _: *const u8, _: u32, dst: *mut u8, cap: u32) -> i32 {
    digest(dst, cap)
}
pub unsafe fn verify(_: u32, _: *const u8, _: u32, _: *const u8, _: u32, signature: *const u8, n: u32) -> i32 {
    gate(|h| (h.digest == bytes(signature, n)) as i32)
}

// ---- what is kept by name ----

fn absent(h: &mut Host, what: &str) -> i32 {
    fails(h, status::ABSENT, format!("there is no {}", what))
}

pub unsafe fn env_get(p: *const u8, n: u32, dst: *mut u8, cap: u32) -> i32 {
    let name = text(p, n);
    gate(|h| match h.env.get(&name) {
        Some(v) => give(v.as_bytes(), 0, dst, cap),
        None => absent(h, &name),
    })
}

pub unsafe fn kv_get(key: *const u8, key_n: u32, offset: u32, dst: *mut u8, cap: u32) -> i32 {
    gate(|h| match h.kv.get(bytes(key, key_n)) {
        Some(v) => give(v, offset, dst, cap),
        None => absent(h, "such key"),
    })
}
pub unsafe fn kv_set(key: *const u8, key_n: u32, p: *const u8, n: u32) -> i32 {
    gate(|h| {
        if key_n == 0 || key_n > 1024 || n > 65_536 {
            return fails(h, status::LIMIT, "a key has 1 to 1024 bytes, a value at most 64 KiB");
        }
        h.kv.insert(bytes(key, key_n).to_vec(), bytes(p, n).to_vec());
        0
    })
}
pub unsafe fn kv_delete(key: *const u8, key_n: u32) -> i32 {
    gate(|h| h.kv.remove(bytes(key, key_n)).is_some() as i32)
}
pub unsafe fn kv_list(prefix: *const u8, prefix_n: u32, after: *const u8, after_n: u32, dst: *mut u8, cap: u32) -> i32 {
    let (prefix, after) = (bytes(prefix, prefix_n), bytes(after, after_n));
    gate(|h| match h.kv.keys().find(|k| k.starts_with(prefix) && (after.is_empty() || k.as_slice() > after)) {
        Some(key) => give(key, 0, dst, cap),
        None => absent(h, "further key"),
    })
}

pub unsafe fn session_get(p: *const u8, n: u32, dst: *mut u8, cap: u32) -> i32 {
    let name = text(p, n);
    gate(|h| match h.session.get(&name) {
        Some(v) => give(v.as_bytes(), 0, dst, cap),
        None => absent(h, &name),
    })
}
pub unsafe fn session_set(name: *const u8, name_n: u32, p: *const u8, n: u32) -> i32 {
    gate(|h| {
        h.session.insert(text(name, name_n), text(p, n));
        0
    })
}

pub unsafe fn metric_add(p: *const u8, n: u32, v: f64) -> i32 {
    gate(|h| {
        *h.metrics.entry(text(p, n)).or_default() += v;
        0
    })
}
pub unsafe fn metric_set(p: *const u8, n: u32, v: f64) -> i32 {
    gate(|h| {
        h.metrics.insert(text(p, n), v);
        0
    })
}

// ---- files ----

const CREATE: u32 = 2;
const NEW: u32 = 4;
const EMPTY: u32 = 8;
const APPEND: u32 = 16;

pub unsafe fn file_open(p: *const u8, n: u32, flags: u32) -> i32 {
    let path = text(p, n);
    gate(|h| {
        let there = h.files.contains_key(&path);
        if there && flags & NEW != 0 {
            return fails(h, status::EXISTS, "the file is there already");
        }
        if !there && flags & CREATE == 0 {
            return absent(h, &path);
        }
        let content = h.files.entry(path.clone()).or_default();
        if flags & EMPTY != 0 {
            content.clear();
        }
        h.open_files.push(Some((path, flags)));
        h.open_files.len() as i32
    })
}

fn path_of(h: &Host, file: i32) -> Option<(String, u32)> {
    h.open_files.get((file as usize).wrapping_sub(1)).cloned().flatten()
}

pub unsafe fn file_read(file: i32, offset: i64, dst: *mut u8, cap: u32) -> i32 {
    gate(|h| match path_of(h, file) {
        Some((path, _)) => {
            let content = h.files.get(&path).cloned().unwrap_or_default();
            give(&content, offset as u32, dst, cap).min(cap as i32)
        }
        None => status::HANDLE,
    })
}

pub unsafe fn file_write(file: i32, offset: i64, p: *const u8, n: u32) -> i32 {
    gate(|h| match path_of(h, file) {
        Some((path, flags)) => {
            let content = h.files.entry(path).or_default();
            let at = if flags & APPEND != 0 { content.len() } else { offset as usize };
            content.resize(content.len().max(at + n as usize), 0);
            content[at..at + n as usize].copy_from_slice(bytes(p, n));
            n as i32
        }
        None => status::HANDLE,
    })
}

pub unsafe fn file_size(file: i32) -> i64 {
    host(|h| match path_of(h, file) {
        Some((path, _)) => h.files.get(&path).map_or(0, |c| c.len() as i64),
        None => status::HANDLE as i64,
    })
}

pub unsafe fn file_close(file: i32) -> i32 {
    host(|h| match h.open_files.get_mut((file as usize).wrapping_sub(1)) {
        Some(slot) => {
            *slot = None;
            0
        }
        None => status::HANDLE,
    })
}

pub unsafe fn file_remove(p: *const u8, n: u32) -> i32 {
    let path = text(p, n);
    gate(|h| if h.files.remove(&path).is_some() { 0 } else { absent(h, &path) })
}

/// Read anew from offset 0 on.
pub unsafe fn file_list(p: *const u8, n: u32, offset: u32, dst: *mut u8, cap: u32) -> i32 {
    let folder = format!("{}/", text(p, n).trim_end_matches('/'));
    gate(|h| {
        let below = h.files.keys().filter_map(|f| f.strip_prefix(&folder));
        let names: Vec<&str> = below.filter(|name| !name.contains('/')).collect();
        let list = crate::Json::from(names).to_text();
        give(list.as_bytes(), offset, dst, cap)
    })
}

// ---- http ----

pub unsafe fn http(
    method: *const u8, method_n: u32, url: *const u8, url_n: u32, _: *const u8, _: u32, body: *const u8, body_n: u32,
) -> i32 {
    let url = text(url, url_n);
    gate(|h| {
        h.requests.push((text(method, method_n), url.clone(), bytes(body, body_n).to_vec()));
        match h.pages.get(&url) {
            Some(page) => {
                h.page = page.clone();
                h.page.status
            }
            None => fails(h, status::NETWORK, format!("mock::page did not name: {}", url)),
        }
    })
}

pub unsafe fn http_header(p: *const u8, n: u32, dst: *mut u8, cap: u32) -> i32 {
    let name = text(p, n);
    gate(|h| match h.page.headers.iter().find(|(k, _)| k.eq_ignore_ascii_case(&name)) {
        Some((_, v)) => give(v.as_bytes(), 0, dst, cap),
        None => absent(h, &name),
    })
}

pub unsafe fn http_read(offset: u32, dst: *mut u8, cap: u32) -> i32 {
    gate(|h| give(&h.page.body, offset, dst, cap))
}
