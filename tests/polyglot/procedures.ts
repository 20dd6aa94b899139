// procedures.ts - the procedures of vectors.jsonl in AssemblyScript.
import { Box, DateDays, Decimal, HashAlgorithm, HeliosError, Json, begin, exec, hash, kv, log, query, rollback, rows, session, Timestamp, Value } from "heliosdb-as";

// ---- there and back ----

export function echo_bool(v: bool): bool {
  return v;
}
export function echo_int(v: i32): i32 {
  return v;
}
export function echo_i64(v: i64): i64 {
  return v;
}
export function echo_f64(v: f64): f64 {
  return v;
}
export function echo_text(v: string): string {
  return v;
}
export function echo_json(v: Json): Json {
  return v;
}
export function echo_blob(v: Uint8Array): Uint8Array {
  return v;
}
export function echo_decimal(v: Decimal): Decimal {
  return v;
}
export function next_day(v: DateDays): DateDays {
  return v + 1;
}
// By a microsecond.
export function later(v: Timestamp): Timestamp {
  return v + 1;
}

// ---- what may be NULL ----

export function maybe_bool(v: Box<bool> | null): Box<bool> | null {
  return v === null ? null : new Box(!v.value);
}
export function maybe_i64(v: Box<i64> | null): i64 {
  return v === null ? -1 : v.value;
}
export function maybe_f64(v: Box<f64> | null): Box<f64> | null {
  return v === null ? null : new Box(v.value * 2);
}
export function maybe_text(v: string | null): string | null {
  return v === null ? "was NULL" : v.length == 0 ? null : v;
}
export function maybe_blob(v: Uint8Array | null): Uint8Array | null {
  return v === null ? new Uint8Array(0) : v.length == 0 ? null : v;
}
// One that may be NULL and one that may not.
export function choose(a: string | null, b: string): string {
  return a === null ? b : a;
}

// ---- computing ----

export function plus(a: i64, b: i64): i64 {
  return a + b;
}
export function divide(a: i64, b: i64): i64 {
  return a / b;
}
export function scale(v: i64, by: i64 = 10): i64 {
  return v * by;
}
export function text_reverse(v: string): string {
  const out = v.split("");
  out.reverse();
  for (let i = 1; i < out.length; i++) {
    if ((out[i].charCodeAt(0) & 0xfc00) == 0xd800) { // a pair the wrong way round
      const low = out[i - 1];
      out[i - 1] = out[i];
      out[i] = low;
    }
  }
  return out.join("");
}
/** In characters. */
export function text_length(v: string): i64 {
  let n = v.length;
  for (let i = 0; i < v.length; i++) {
    n -= i32((v.charCodeAt(i) & 0xfc00) == 0xd800);
  }
  return n;
}
/** Of ASCII letters alone, as SQLite's upper(). */
export function shout(v: string): string {
  const codes = new Array<i32>(v.length);
  for (let i = 0; i < v.length; i++) {
    const c = v.charCodeAt(i);
    codes[i] = c >= 97 && c <= 122 ? c - 32 : c;
  }
  return String.fromCharCodes(codes);
}
export function blob_sum(v: Uint8Array): i64 {
  let sum: i64 = 0;
  for (let i = 0; i < v.length; i++) {
    sum += v[i];
  }
  return sum;
}
/** A card number's check digit is right; blanks are skipped. */
export function luhn(v: string): bool {
  let sum = 0;
  let digits = 0;
  for (let i = v.length - 1; i >= 0; i--) {
    const c = v.charCodeAt(i);
    if (c == 32) {
      continue;
    }
    if (c < 48 || c > 57) {
      return false;
    }
    const d = (c - 48) << (digits & 1);
    sum += d > 9 ? d - 9 : d;
    digits++;
  }
  return digits > 1 && sum % 10 == 0;
}
/** Of the first `count` multiples of 1,000,003, written with 15 digits, how many luhn() takes. */
export function cards(count: i64): i64 {
  let good: i64 = 0;
  for (let i: i64 = 0; i < count; i++) {
    good += luhn((i * 1000003).toString().padStart(15, "0")) ? 1 : 0;
  }
  return good;
}
/** The greatest mean of `width` neighbours among the first `count` of a row of pseudo-random numbers. */
export function moving(count: i64, width: i64): f64 {
  const ring = new StaticArray<f64>(<i32>width);
  let x: i64 = 1;
  let sum: f64 = 0;
  let best: f64 = 0;
  for (let i: i64 = 0; i < count; i++) {
    x = (x * 16807) % 2147483647;
    const v = <f64>x / 2147483647.0;
    const at = <i32>(i % width);
    sum += v - ring[at];
    ring[at] = v;
    if (i >= width - 1 && sum / <f64>width > best) {
      best = sum / <f64>width;
    }
  }
  return best;
}

// ---- JSON ----

/** The member "name" as text. */
export function json_name(v: Json): string | null {
  const name = v.find("name");
  return name === null || name.isNull ? null : name.text;
}
/** What an order costs: the sum of price times count of its items. */
export function json_total(v: Json): f64 {
  const items = v.get("items");
  let total: f64 = 0;
  for (let i = 0; i < items.length; i++) {
    total += items.at(i).get("price").f64 * items.at(i).get("count").f64;
  }
  return total;
}
export function json_pair(name: string, n: i64): Json {
  return Json.object().set("name", name).set("n", n);
}

// ---- errors and limits ----

export function refuse(code: i32, message: string): i32 {
  throw new HeliosError(code, message);
}
export function spin(): void {
  while (true) {}
}
export function recurse(depth: i64): i64 {
  return depth <= 0 ? 0 : 1 + recurse(depth - 1);
}
/** Takes this many MiB, writes to all of it and gives how many bytes it could. */
export function fill(mib: i64): i64 {
  const pieces: Uint8Array[] = [];
  let sum: i64 = 0;
  for (let i: i64 = 0; i < mib; i++) {
    const piece = new Uint8Array(1 << 20);
    pieces.push(piece.fill(1));
    for (let k = 0; k < piece.length; k++) {
      sum += piece[k];
    }
  }
  return sum;
}

// ---- the database ----

/** @helios capability read:customers */
export function tier_of(id: i64): string | null {
  const row = query("SELECT tier FROM customers WHERE id = ?1").bind(id);
  return row.next() ? row.textOrNull(0) : null;
}
/** Adds the rows up here.
 * @helios capability read:orders */
export function spent(customer: i64): f64 {
  const row = query("SELECT total FROM orders WHERE customer_id = ?1 AND total IS NOT NULL").bind(customer);
  let sum: f64 = 0;
  while (row.next()) {
    sum += row.f64(0);
  }
  return sum;
}
/** Its id.
 * @helios capability write:customers */
export function add_customer(id: i64, tier: string): i64 {
  exec("INSERT INTO customers(id, tier) VALUES (?1, ?2)", [Value.of(id), Value.of(tier)]);
  return id;
}
/** Adds a customer and undoes it: how many there are then.
 * @helios capability transaction */
export function undone(id: i64): i64 {
  begin();
  add_customer(id, "none");
  rollback();
  const row = query("SELECT count(*) FROM customers");
  return row.next() ? row.i64(0) : -1;
}
/** How often it was called for this key. */
export function visits(key: string): i64 {
  const before = kv.get(key);
  const n = before === null ? 1 : I64.parseInt(before) + 1;
  kv.set(key, n.toString());
  return n;
}
/** @helios capability crypto */
export function sha256(v: Uint8Array): string {
  const digest = hash(HashAlgorithm.SHA256, v);
  let hex = "";
  for (let i = 0; i < digest.length; i++) {
    hex += digest[i].toString(16).padStart(2, "0");
  }
  return hex;
}
/** Sets a variable of the connection and gives what it was before. */
export function session_swap(name: string, value: string): string | null {
  const before = session.get(name);
  session.set(name, value);
  return before;
}
/** @helios capability log */
export function note(line: string): void {
  log.warn(line);
}
/** Rows of a number and its square. */
export function squares(upto: i64): void {
  for (let i: i64 = 1; i <= upto; i++) {
    rows.put(i);
    rows.put(i * i);
    rows.end();
  }
}
/** @helios name other_name */
export function named(): i32 {
  return 1;
}
/** @helios private */
export function hidden(): i32 {
  return 2;
}
export function _hidden(): i32 {
  return 3;
}
