// json_reader.ts - JSON from UTF-8 bytes. Strict: RFC 8259, and no half of a surrogate pair. One value at a time: its
// state is global and holds no object, as objects in local variables cost time. Must not read behind the end.

import { stop } from "./errors";
import { readDouble } from "./double";
import { DEPTH, Json } from "./json";
import { decodeAt } from "./text";

let begins: usize = 0;
let at: usize = 0;
let ends: usize = 0;
let subject: string = "";

// Ends the call if n bytes at p are no JSON; what: how the error calls them.
export function readJson(p: usize, n: i32, what: string): Json {
  begins = at = p;
  ends = p + n;
  subject = what;
  const v = value(0);
  spaces();
  if (at < ends) {
    wrong();
  }
  return v;
}

function wrong(): void {
  stop(subject, " is not JSON at byte " + (at - begins).toString());
}

// The next byte; 0 at the end.
// @ts-ignore: decorator
@inline
function peek(): u32 {
  return at < ends ? load<u8>(at) : 0;
}

function spaces(): void {
  while (at < ends) {
    const c = load<u8>(at);
    if (c > 32 || (c != 32 && c != 10 && c != 13 && c != 9)) {
      return;
    }
    at++;
  }
}

function must(c: u32): void {
  if (peek() != c) {
    wrong();
  }
  at++;
}

function value(depth: i32): Json {
  spaces();
  const c = peek();
  if (c == 34) {
    at++;
    return Json.of(text());
  }
  if (c == 123 || c == 91) {
    if (depth >= DEPTH) {
      stop(subject, " is nested too deep");
    }
    at++;
    return c == 123 ? object(depth + 1) : array(depth + 1);
  }
  return c == 45 || (c >= 48 && c <= 57) ? number() : word(c);
}

// The four bytes that come next, the first lowest; 0: there are not that many.
function four(): u32 {
  return ends - at >= 4 ? load<u32>(at) : 0;
}

function word(first: u32): Json {
  if (first == 116 && four() == 0x65757274) { // true
    at += 4;
    return Json.of(true);
  }
  if (first == 110 && four() == 0x6c6c756e) { // null
    at += 4;
    return Json.none();
  }
  at += usize(first == 102);
  if (first != 102 || four() != 0x65736c61) { // alse
    wrong();
  }
  at += 4;
  return Json.of(false);
}

// Behind an item: true if another comes, false behind the closing byte.
function another(closing: u32): bool {
  spaces();
  const c = peek();
  if (c != 44 && c != closing) {
    wrong();
  }
  at++;
  return c == 44;
}

// Behind its opening byte: is there nothing in it? Then it is closed.
function empty(closing: u32): bool {
  spaces();
  if (peek() != closing) {
    return false;
  }
  at++;
  return true;
}

function array(depth: i32): Json {
  const out = Json.array();
  if (!empty(93)) {
    do {
      out.push(value(depth));
    } while (another(93));
  }
  return out;
}

function object(depth: i32): Json {
  const out = Json.object();
  if (!empty(125)) {
    do {
      spaces();
      must(34);
      const name = text();
      spaces();
      must(58);
      out.add(name, value(depth));
    } while (another(125));
  }
  return out;
}

// ---- text ----

// Behind its opening quote.
function text(): string {
  let out = piece();
  while (load<u8>(at - 1) != 34) {
    out += escape();
    out += piece();
  }
  return out;
}

// To the quote or backslash that comes next, and over it.
function piece(): string {
  const from = at;
  let c: u32 = 0;
  while (at < ends) {
    c = load<u8>(at);
    if (c == 34 || c == 92 || c < 32) {
      break;
    }
    at++;
  }
  if (at >= ends || c < 32) {
    wrong();
  }
  const out = decodeAt(from, at - from);
  if (out === null) {
    stop(subject, " is not valid UTF-8");
  }
  at++;
  return out!;
}

function escape(): string {
  const c = peek();
  at++;
  switch (c) {
    case 34: return '"';
    case 92: return "\\";
    case 47: return "/";
    case 98: return "\b";
    case 102: return "\f";
    case 110: return "\n";
    case 114: return "\r";
    case 116: return "\t";
    case 117: break;
    default: wrong();
  }
  const first = hex();
  if ((first & 0xf800) != 0xd800) {
    return String.fromCharCode(first);
  }
  if (first >= 0xdc00 || peek() != 92) {
    wrong();
  }
  at++;
  must(117);
  const second = hex();
  if ((second & 0xfc00) != 0xdc00) {
    wrong();
  }
  return String.fromCharCode(first, second);
}

function hex(): i32 {
  let v = 0;
  for (let i = 0; i < 4; i++, at++) {
    const c = peek();
    const low = c | 32;
    if (c >= 48 && c <= 57) {
      v = (v << 4) | (c - 48);
    } else if (low >= 97 && low <= 102) {
      v = (v << 4) | (low - 87);
    } else {
      wrong();
    }
  }
  return v;
}

// ---- numbers ----

// How many digits come; behind them then.
function digits(): i32 {
  const from = at;
  while (at < ends && <u32>load<u8>(at) - 48 < 10) {
    at++;
  }
  return <i32>(at - from);
}

function someDigits(): void {
  if (digits() == 0) {
    wrong();
  }
}

function number(): Json {
  const from = at;
  const negative = peek() == 45;
  at += usize(negative);
  const first = at;
  const n = digits();
  if (n == 0 || (n > 1 && load<u8>(first) == 48)) {
    wrong();
  }
  let real = n > 19;
  if (peek() == 46) {
    real = true;
    at++;
    someDigits();
  }
  if ((peek() | 32) == 101) {
    real = true;
    at++;
    at += usize(peek() == 43 || peek() == 45);
    someDigits();
  }
  return real ? double(from) : integer(first, n, negative, from);
}

function integer(p: usize, n: i32, negative: bool, from: usize): Json {
  let v: u64 = 0; // 19 digits fit in 64 bits without a sign
  for (let i = 0; i < n; i++) {
    v = v * 10 + (load<u8>(p + i) - 48);
  }
  if (v > <u64>i64.MAX_VALUE + u64(negative)) {
    return double(from);
  }
  return negative && v == 0 ? Json.of<f64>(-0.0) : Json.of<i64>(negative ? <i64>(0 - v) : <i64>v);
}

function double(from: usize): Json {
  const negative = load<u8>(from) == 45;
  from += usize(negative);
  const v = readDouble(from, <i32>(at - from));
  if (!isFinite(v)) {
    wrong();
  }
  return Json.of<f64>(negative ? -v : v);
}
