//! procedures.rs - the procedures that vectors.jsonl calls, in Rust. Every procedures.* here has the same ones.

use heliosdb_wasm_sdk::*;

// ---- there and back ----

#[heliosdb_procedure]
fn echo_bool(v: bool) -> bool {
    v
}
#[heliosdb_procedure]
fn echo_int(v: i32) -> i32 {
    v
}
#[heliosdb_procedure]
fn echo_i64(v: i64) -> i64 {
    v
}
#[heliosdb_procedure]
fn echo_f64(v: f64) -> f64 {
    v
}
#[heliosdb_procedure]
fn echo_text(v: &str) -> &str {
    v
}
#[heliosdb_procedure]
fn echo_json(v: Json) -> Json {
    v
}
#[heliosdb_procedure]
fn echo_blob(v: &[u8]) -> &[u8] {
    v
}
#[heliosdb_procedure]
fn echo_decimal(v: Decimal) -> Decimal {
    v
}
#[heliosdb_procedure]
fn next_day(v: Date) -> Date {
    Date(v.0 + 1)
}
/// By a microsecond.
#[heliosdb_procedure]
fn later(v: Timestamp) -> Timestamp {
    Timestamp(v.0 + 1)
}

// ---- what may be NULL ----

#[heliosdb_procedure]
fn maybe_bool(v: Option<bool>) -> Option<bool> {
    v.map(|v| !v)
}
#[heliosdb_procedure]
fn maybe_i64(v: Option<i64>) -> i64 {
    v.unwrap_or(-1)
}
#[heliosdb_procedure]
fn maybe_f64(v: Option<f64>) -> Option<f64> {
    v.map(|v| v * 2.0)
}
#[heliosdb_procedure]
fn maybe_text(v: Option<&str>) -> Option<&str> {
    match v {
        None => Some("was NULL"),
        Some("") => None,
        other => other,
    }
}
#[heliosdb_procedure]
fn maybe_blob(v: Option<&[u8]>) -> Option<Vec<u8>> {
    match v {
        None => Some(Vec::new()),
        Some(b"") => None,
        Some(v) => Some(v.to_vec()),
    }
}
/// One that may be NULL and one that may not.
#[heliosdb_procedure]
fn choose(a: Option<String>, b: &str) -> String {
    a.unwrap_or_else(|| b.to_string())
}

// ---- computing ----

#[heliosdb_procedure]
fn plus(a: i64, b: i64) -> i64 {
    a.wrapping_add(b)
}
#[heliosdb_procedure]
fn divide(a: i64, b: i64) -> i64 {
    a / b
}
#[heliosdb_procedure(default(by = 10))]
fn scale(v: i64, by: i64) -> i64 {
    v * by
}
#[heliosdb_procedure]
fn text_reverse(v: &str) -> String {
    v.chars().rev().collect()
}
/// In characters.
#[heliosdb_procedure]
fn text_length(v: &str) -> i64 {
    v.chars().count() as i64
}
/// Of ASCII letters alone, as SQLite's upper().
#[heliosdb_procedure]
fn shout(v: &str) -> String {
    v.to_ascii_uppercase()
}
#[heliosdb_procedure]
fn blob_sum(v: &[u8]) -> i64 {
    v.iter().map(|b| *b as i64).sum()
}
/// A card number's check digit is right; blanks are skipped.
#[heliosdb_procedure]
fn luhn(v: &str) -> bool {
    let (mut sum, mut digits) = (0, 0);
    for c in v.chars().rev().filter(|c| *c != ' ') {
        let d = match c.to_digit(10) {
            Some(d) => d << (digits & 1),
            None => return false,
        };
        sum += if d > 9 { d - 9 } else { d };
        digits += 1;
    }
    digits > 1 && sum % 10 == 0
}
/// Of the first `count` multiples of 1,000,003, written with 15 digits, how many luhn() takes.
#[heliosdb_procedure]
fn cards(count: i64) -> i64 {
    let mut good = 0;
    for i in 0..count {
        let (mut digits, mut n) = ([0u8; 15], i * 1000003);
        for d in digits.iter_mut().rev() {
            *d = b'0' + (n % 10) as u8;
            n /= 10;
        }
        good += luhn(std::str::from_utf8(&digits).unwrap_or("")) as i64;
    }
    good
}
/// The greatest mean of `width` neighbours among the first `count` of a row of pseudo-random numbers.
#[heliosdb_procedure]
fn moving(count: i64, width: i64) -> f64 {
    let mut ring = vec![0.0; width as usize];
    let (mut x, mut sum, mut best) = (1i64, 0.0, 0.0);
    for i in 0..count {
        x = x * 16807 % 2147483647;
        let v = x as f64 / 2147483647.0;
        let slot = &mut ring[(i % width) as usize];
        sum += v - *slot;
        *slot = v;
        if i >= width - 1 && sum / width as f64 > best {
            best = sum / width as f64;
        }
    }
    best
}

// ---- JSON ----

/// The member "name" as text.
#[heliosdb_procedure(capability = "query")]
fn json_name(v: Json) -> Option<String> {
    v["name"].as_str().map(String::from)
}
/// What an order costs: the sum of price times count of its items.
#[heliosdb_procedure]
fn json_total(v: Json) -> f64 {
    let cost = |item: &Json| item["price"].as_f64().unwrap_or(0.0) * item["count"].as_f64().unwrap_or(0.0);
    v["items"].items().iter().fold(0.0, |sum, item| sum + cost(item))
}
#[heliosdb_procedure]
fn json_pair(name: &str, n: i64) -> Json {
    Json::object([("name", name.into()), ("n", n.into())])
}

// ---- errors and limits ----

#[heliosdb_procedure]
fn refuse(code: i32, message: &str) -> Result<i32, Error> {
    Err(Error::new(code, message))
}
#[heliosdb_procedure]
fn spin() {
    let mut turns = 0u32;
    loop {
        let place: *mut u32 = &mut turns;
        unsafe { place.write_volatile(place.read_volatile().wrapping_add(1)) }
    }
}
#[heliosdb_procedure]
fn recurse(depth: i64) -> i64 {
    let mut here = depth;
    let place: *mut i64 = &mut here;
    unsafe {
        place.write_volatile(depth); // or it would be a loop
        if place.read_volatile() <= 0 {
            0
        } else {
            1 + recurse(here - 1)
        }
    }
}
/// Takes this many MiB, writes to all of it and gives how many bytes it could.
#[heliosdb_procedure]
fn fill(mib: i64) -> Result<i64, Error> {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    for _ in 0..mib {
        let mut piece = Vec::new();
        piece.try_reserve_exact(1 << 20).map_err(|_| Error::new(status::NOMEM, "out of memory"))?;
        piece.resize(1 << 20, 1);
        kept.push(piece);
    }
    Ok(kept.iter().map(|piece| piece.iter().map(|b| *b as i64).sum::<i64>()).sum())
}

// ---- the database ----

#[heliosdb_procedure(capability = "read:customers")]
fn tier_of(id: i64) -> Result<Option<String>, Error> {
    let row = query_optional::<(Option<String>,)>("SELECT tier FROM customers WHERE id = ?1", (id,))?;
    Ok(row.and_then(|(tier,)| tier))
}
/// Adds the rows up here.
#[heliosdb_procedure(capability = "read:orders")]
fn spent(customer: i64) -> Result<f64, Error> {
    let mut sum = 0.0;
    let sql = "SELECT total FROM orders WHERE customer_id = ?1 AND total IS NOT NULL";
    query_each(sql, (customer,), |(total,): (f64,)| {
        sum += total;
        Ok(())
    })?;
    Ok(sum)
}
/// Its id.
#[heliosdb_procedure(capability = "write:customers")]
fn add_customer(id: i64, tier: &str) -> Result<i64, Error> {
    execute("INSERT INTO customers(id, tier) VALUES (?1, ?2)", (id, tier))?;
    Ok(id)
}
/// Adds a customer and undoes it: how many there are then.
#[heliosdb_procedure(capability = "transaction")]
fn undone(id: i64) -> Result<i64, Error> {
    let undo: Result<(), Error> = transaction(|| {
        add_customer(id, "none")?;
        Err("undo it".into())
    });
    match undo {
        Err(e) if e.text == "undo it" => {}
        other => other?,
    }
    query_one("SELECT count(*) FROM customers", ()).map(|(n,)| n)
}
/// How often it was called for this key.
#[heliosdb_procedure]
fn visits(key: &str) -> Result<i64, Error> {
    let before = kv_get(key.as_bytes())?.and_then(|v| v.try_into().ok()).map_or(0, i64::from_le_bytes);
    kv_set(key.as_bytes(), &(before + 1).to_le_bytes())?;
    Ok(before + 1)
}
#[heliosdb_procedure(capability = "crypto")]
fn sha256(v: &[u8]) -> Result<String, Error> {
    Ok(hash(Hash::Sha256, v)?.iter().map(|b| format!("{:02x}", b)).collect())
}
/// Sets a variable of the connection and gives what it was before.
#[heliosdb_procedure]
fn session_swap(name: &str, value: &str) -> Result<Option<String>, Error> {
    let before = session_var(name)?;
    set_session_var(name, value)?;
    Ok(before)
}
#[heliosdb_procedure(capability = "log")]
fn note(line: &str) -> Result<(), Error> {
    warn(line)
}
/// Rows of a number and its square.
#[heliosdb_procedure]
fn squares(upto: i64) -> Rows<(i64, i64)> {
    Rows::new((1..=upto).map(|i| (i, i * i)))
}
#[heliosdb_procedure(name = "other_name")]
fn named() -> i32 {
    1
}
#[allow(dead_code)]
fn hidden() -> i32 {
    2
}
