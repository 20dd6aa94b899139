// procedures.js - the procedures of vectors.jsonl in JavaScript.
import { exec, fail, hash, kv, log, query, queryOne, queryValue, session, toHex, tx } from "heliosdb";

// ---- there and back ----

/** @param {boolean} v
 *  @returns {boolean} */
export const echo_bool = (v) => v;
/** @param {int} v
 *  @returns {int} */
export function echo_int(v) {
  return v;
}
/** @param {integer} v
 *  @returns {integer} */
export function echo_i64(v) {
  return v;
}
/** @param {number} v
 *  @returns {number} */
export function echo_f64(v) {
  return v;
}
/** @param {string} v
 *  @returns {string} */
export function echo_text(v) {
  return v;
}
/** @param {object} v
 *  @returns {object} */
export function echo_json(v) {
  return v;
}
/** @param {Uint8Array} v
 *  @returns {Uint8Array} */
export function echo_blob(v) {
  return v;
}
/** @param {decimal} v
 *  @returns {decimal} */
export function echo_decimal(v) {
  return v;
}
/** @param {days} v
 *  @returns {date} */
export function next_day(v) {
  return v + 1;
}
/** By a microsecond.
 *  @param {micros} v
 *  @returns {timestamp} */
export function later(v) {
  return v + 1n;
}

// ---- what may be NULL ----

/** @param {boolean | null} v
 *  @returns {?boolean} */
export function maybe_bool(v) {
  return v === null ? null : !v;
}
/** @param {?bigint} v
 *  @returns {bigint} */
export function maybe_i64(v) {
  return v === null ? -1n : v;
}
/** @param {?number} v
 *  @returns {?number} */
export function maybe_f64(v) {
  return v === null ? null : v * 2;
}
/** @param {string|null} v
 *  @returns {string|null} */
export function maybe_text(v) {
  return v === null ? "was NULL" : v === "" ? null : v;
}
/** @param {Uint8Array=} v
 *  @returns {Uint8Array|undefined} */
export function maybe_blob(v) {
  return v === null ? new Uint8Array(0) : v.length === 0 ? undefined : v;
}
/** One that may be NULL and one that may not.
 *  @param {?string} a
 *  @param {string} b
 *  @returns {string} */
export function choose(a, b) {
  return a ?? b;
}

// ---- computing ----

/** @param {bigint} a
 *  @param {bigint} b
 *  @returns {bigint} */
export function plus(a, b) {
  return a + b;
}
/** @param {bigint} a
 *  @param {bigint} b
 *  @returns {bigint} */
export function divide(a, b) {
  return a / b;
}
/** @param {integer} v
 *  @param {integer} by
 *  @returns {integer} */
export function scale(v, by = 10) {
  return v * by;
}
/** @param {string} v
 *  @returns {string} */
export function text_reverse(v) {
  return [...v].reverse().join("");
}
/** In characters.
 *  @param {string} v
 *  @returns {integer} */
export function text_length(v) {
  let n = 0;
  for (const _ of v) {
    n++;
  }
  return n;
}
/** Of ASCII letters alone, as SQLite's upper().
 *  @param {string} v
 *  @returns {string} */
export function shout(v) {
  return v.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}
/** @param {Uint8Array} v
 *  @returns {integer} */
export function blob_sum(v) {
  return v.reduce((sum, byte) => sum + byte, 0);
}
/** A card number's check digit is right; blanks are skipped.
 *  @param {string} v
 *  @returns {boolean} */
export function luhn(v) {
  let sum = 0, digits = 0;
  for (let i = v.length - 1; i >= 0; i--) {
    const c = v.charCodeAt(i);
    if (c === 32) {
      continue;
    }
    if (c < 48 || c > 57) {
      return false;
    }
    const d = (c - 48) << (digits & 1);
    sum += d > 9 ? d - 9 : d;
    digits++;
  }
  return digits > 1 && sum % 10 === 0;
}
/** Of the first `count` multiples of 1,000,003, written with 15 digits, how many luhn() takes.
 *  @param {integer} count
 *  @returns {integer} */
export function cards(count) {
  let good = 0;
  for (let i = 0; i < count; i++) {
    good += luhn(String(i * 1000003).padStart(15, "0")) ? 1 : 0;
  }
  return good;
}
/** The greatest mean of `width` neighbours among the first `count` of a row of pseudo-random numbers.
 *  @param {integer} count
 *  @param {integer} width
 *  @returns {number} */
export function moving(count, width) {
  const ring = new Float64Array(width);
  let x = 1, sum = 0, best = 0;
  for (let i = 0; i < count; i++) {
    x = (x * 16807) % 2147483647;
    const v = x / 2147483647;
    sum += v - ring[i % width];
    ring[i % width] = v;
    if (i >= width - 1 && sum / width > best) {
      best = sum / width;
    }
  }
  return best;
}

// ---- JSON ----

/** The member "name" as text.
 *  @param {object} v
 *  @returns {?string} */
export function json_name(v) {
  return v.name;
}
/** What an order costs: the sum of price times count of its items.
 *  @param {{items: {price: number, count: number}[]}} v
 *  @returns {number} */
export function json_total(v) {
  return v.items.reduce((sum, item) => sum + item.price * item.count, 0);
}
/** @param {string} name
 *  @param {integer} n
 *  @returns {object} */
export function json_pair(name, n) {
  return { name, n };
}

// ---- errors and limits ----

/** @param {int} code
 *  @param {string} message
 *  @returns {int} */
export function refuse(code, message) {
  fail(code, message);
}
/** @returns {void} */
export function spin() {
  for (;;);
}
/** @param {integer} depth
 *  @returns {integer} */
export function recurse(depth) {
  return depth <= 0 ? 0 : 1 + recurse(depth - 1);
}
/** Takes this many MiB, writes to all of it and gives how many bytes it could.
 *  @param {integer} mib
 *  @returns {integer} */
export function fill(mib) {
  const pieces = [];
  let sum = 0;
  for (let i = 0; i < mib; i++) {
    pieces.push(new Uint8Array(1 << 20).fill(1));
    sum += pieces[i].lastIndexOf(1) + 1;
  }
  return sum;
}

// ---- the database ----

/** @param {integer} id
 *  @returns {?string}
 *  @helios capability read:customers */
export function tier_of(id) {
  return queryValue("SELECT tier FROM customers WHERE id = ?1", [id]);
}
/** Adds the rows up here.
 *  @param {integer} customer
 *  @returns {number}
 *  @helios capability read:orders */
export function spent(customer) {
  const rows = query("SELECT total FROM orders WHERE customer_id = ?1 AND total IS NOT NULL", [customer]);
  return rows.reduce((sum, row) => sum + row.total, 0);
}
/** Its id.
 *  @param {integer} id
 *  @param {string} tier
 *  @returns {integer}
 *  @helios capability write:customers */
export function add_customer(id, tier) {
  exec("INSERT INTO customers(id, tier) VALUES (?1, ?2)", [id, tier]);
  return id;
}
/** Adds a customer and undoes it: how many there are then.
 *  @param {integer} id
 *  @returns {integer}
 *  @helios capability transaction */
export function undone(id) {
  try {
    tx(() => {
      add_customer(id, "none");
      throw new Error("undo it");
    });
  } catch (error) {
    if (error.message !== "undo it") {
      throw error;
    }
  }
  return queryOne("SELECT count(*) AS n FROM customers").n;
}
/** How often it was called for this key.
 *  @param {string} key
 *  @returns {integer} */
export function visits(key) {
  const n = Number(kv.get(key) ?? 0) + 1;
  kv.set(key, String(n));
  return n;
}
/** @param {Uint8Array} v
 *  @returns {string}
 *  @helios capability crypto */
export function sha256(v) {
  return toHex(hash("sha256", v));
}
/** Sets a variable of the connection and gives what it was before.
 *  @param {string} name
 *  @param {string} value
 *  @returns {?string} */
export function session_swap(name, value) {
  const before = session.get(name);
  session.set(name, value);
  return before;
}
/** @param {string} line
 *  @returns {void}
 *  @helios capability log */
export function note(line) {
  log.warn(line);
}
/** Rows of a number and its square.
 *  @param {integer} upto
 *  @returns {void} */
export function* squares(upto) {
  for (let i = 1; i <= upto; i++) {
    yield [i, i * i];
  }
}
/** @helios name other_name
 *  @returns {int} */
export function named() {
  return 1;
}
/** @helios private */
export function hidden() {
  return 2;
}
export function _hidden() {
  return 3;
}
