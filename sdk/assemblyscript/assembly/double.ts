// double.ts - the double that is nearest to a decimal number, exactly; the standard library's parseFloat is not
// exact, and wrong by powers of ten for some. A guess in doubles is compared with the digits as large integers, and
// moved until it is right. Must be given a number: digits, maybe a point and more digits, maybe an exponent.

const WORDS: i32 = 256; // of 32 bits: 10^1145 and 2^1077 fit
const DIGITS: i32 = 780; // as many can decide; what follows them only by being there
const digits: usize = memory.data(1024); // the significant digits as one integer, in WORDS
const left: usize = memory.data(1024);
const right: usize = memory.data(1024);
let digitWords: i32 = 0;
let exponent: i32 = 0; // of ten, for that integer

// a = a * by + add, of n words; how many words it has then.
function multiply(a: usize, n: i32, by: u32, add: u32): i32 {
  let carry: u64 = add;
  for (let i = 0; i < n; i++) {
    carry += <u64>load<u32>(a + (i << 2)) * by;
    store<u32>(a + (i << 2), <u32>carry);
    carry >>= 32;
  }
  if (carry != 0 && n < WORDS) {
    store<u32>(a + (n << 2), <u32>carry);
    n++;
  }
  return n;
}

function timesTen(a: usize, n: i32, power: i32): i32 {
  for (; power >= 9; power -= 9) {
    n = multiply(a, n, 1000000000, 0);
  }
  for (; power > 0; power--) {
    n = multiply(a, n, 10, 0);
  }
  return n;
}

function timesTwo(a: usize, n: i32, power: i32): i32 {
  n = multiply(a, n, 1 << (power & 15), 0);
  const halves = power >> 4;
  for (let i = 0; i < (halves & 1); i++) {
    n = multiply(a, n, 65536, 0);
  }
  const words = halves >> 1;
  memory.copy(a + (words << 2), a, n << 2);
  memory.fill(a, 0, words << 2);
  return n + words;
}

// The digits against the middle between the double with these bits and the next: below 0, 0, above 0.
function compareToMiddle(bits: u64): i32 {
  const e = <i32>(bits >> 52);
  const m = (bits & 0x000fffffffffffff) | (e == 0 ? 0 : 0x0010000000000000);
  const power = max(e, 1) - 1076; // of two, of the middle: (2m + 1) * 2^power
  memory.copy(left, digits, digitWords << 2);
  let n = timesTen(left, digitWords, max(exponent, 0));
  store<u64>(right, 2 * m + 1);
  let k = timesTen(right, 2, max(-exponent, 0));
  if (power < 0) {
    n = timesTwo(left, n, -power);
  } else {
    k = timesTwo(right, k, power);
  }
  for (let i = max(n, k) - 1; i >= 0; i--) {
    const a: u32 = i < n ? load<u32>(left + (i << 2)) : 0;
    const b: u32 = i < k ? load<u32>(right + (i << 2)) : 0;
    if (a != b) {
      return a < b ? -1 : 1;
    }
  }
  return 0;
}

// Moves bits to the nearest; of two that are as near, to the even one.
function settle(bits: u64): u64 {
  while (true) {
    const above = compareToMiddle(bits);
    if (above > 0 && bits < 0x7ff0000000000000) {
      bits++;
      continue;
    }
    if (above >= 0 || bits == 0) {
      return bits + (above == 0 ? bits & 1 : 0);
    }
    const below = compareToMiddle(bits - 1);
    if (below > 0 || (below == 0 && (bits & 1) == 0)) {
      return bits;
    }
    bits--;
  }
}

// v * 10^power, nearly.
function scale(v: f64, power: i32): f64 {
  for (; power >= 22; power -= 22) {
    v *= 1e22;
  }
  for (; power <= -22; power += 22) {
    v /= 1e22;
  }
  for (; power > 0; power--) {
    v *= 10;
  }
  for (; power < 0; power++) {
    v /= 10;
  }
  return v;
}

// Of n bytes of ASCII at p, without a sign; Infinity: beyond the largest double.
export function readDouble(p: usize, n: i32): f64 {
  const end = p + n;
  let first: u64 = 0; // the first 18 digits
  let count = 0; // significant digits
  let point = false;
  let more = false; // digits behind DIGITS that are not 0
  digitWords = 0;
  exponent = 0;
  for (; p < end; p++) {
    const c: u32 = load<u8>(p);
    if (c == 46) {
      point = true;
      continue;
    }
    if (c - 48 > 9) {
      break;
    }
    exponent -= i32(point);
    if (count == 0 && c == 48) {
      continue;
    }
    if (count < 18) {
      first = first * 10 + (c - 48);
    }
    if (count < DIGITS) {
      digitWords = multiply(digits, digitWords, 10, c - 48);
    } else {
      more = more || c != 48;
      exponent++;
    }
    count++;
  }
  exponent += p < end ? readExponent(p + 1, end) : 0;
  if (count == 0 || exponent + count < -330) {
    return 0;
  }
  if (exponent + count > 310) {
    return Infinity;
  }
  if (count <= 15 && exponent >= -22 && exponent <= 22) {
    return exponent < 0 ? <f64>first / scale(1, -exponent) : <f64>first * scale(1, exponent); // both exact
  }
  if (more) {
    digitWords = multiply(digits, digitWords, 10, 1);
    exponent--;
  }
  const guess = scale(<f64>first, exponent + max(min(count, DIGITS + i32(more)) - 18, 0));
  return reinterpret<f64>(settle(reinterpret<u64>(min(guess, f64.MAX_VALUE))));
}

function readExponent(p: usize, end: usize): i32 {
  let e = 0;
  const sign: u32 = load<u8>(p);
  if (sign == 43 || sign == 45) {
    p++;
  }
  for (; p < end; p++) {
    e = min(e * 10 + (<i32>load<u8>(p) - 48), 100000);
  }
  return sign == 45 ? -e : e;
}
