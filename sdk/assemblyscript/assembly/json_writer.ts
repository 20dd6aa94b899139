// json_writer.ts - the UTF-8 of a JSON value, piece by piece, in bytes that grow. One value at a time: its state is
// global and holds no object but the bytes, as objects in local variables cost time.

import { stop } from "./errors";
import { encodeInto, encodedLength } from "./text";

// @ts-ignore: decorator
@lazy
let bytes: ArrayBuffer = new ArrayBuffer(1024);
let length: i32 = 0;

export function beginWriting(): void {
  length = 0;
}

export function endWriting(): ArrayBuffer {
  return bytes.slice(0, length);
}

// Where n more bytes go.
function room(n: i32): usize {
  if (n > bytes.byteLength - length) {
    const larger = new ArrayBuffer(max(bytes.byteLength * 2, length + n));
    memory.copy(changetype<usize>(larger), changetype<usize>(bytes), length);
    bytes = larger;
  }
  return changetype<usize>(bytes) + length;
}

export function writeByte(v: u8): void {
  store<u8>(room(1), v);
  length++;
}

export function writeAscii(text: string): void {
  const out = room(text.length);
  length += <i32>(encodeInto(out, changetype<usize>(text), text.length) - out);
}

// As JavaScript writes it: without a point if there is nothing behind it.
export function writeReal(v: f64): void {
  if (!isFinite(v)) {
    stop("JSON has no such number: ", v.toString());
  }
  const text = v.toString();
  writeAscii(text.endsWith(".0") ? text.substring(0, text.length - 2) : text);
}

export function writeQuoted(text: string): void {
  writeByte(34);
  const end = changetype<usize>(text) + (<usize>text.length << 1);
  let from = changetype<usize>(text);
  for (let p = from; p < end; p += 2) {
    const c: u32 = load<u16>(p);
    if (c < 32 || c == 34 || c == 92) {
      piece(from, p);
      escaped(c);
      from = p + 2;
    }
  }
  piece(from, end);
  writeByte(34);
}

function piece(from: usize, to: usize): void {
  const units = <isize>(to - from) >> 1;
  const n = encodedLength(from, units);
  if (n < 0) {
    stop("a text has half a surrogate pair, which is no character");
  }
  encodeInto(room(<i32>n), from, units);
  length += <i32>n;
}

function escaped(c: u32): void {
  const short: u32 = c == 34 ? 34 : c == 92 ? 92 : c == 8 ? 98 : c == 9 ? 116 : c == 10 ? 110 : c == 12 ? 102 : c == 13 ? 114 : 0;
  writeByte(92);
  if (short != 0) {
    writeByte(<u8>short);
    return;
  }
  writeAscii("u00");
  writeByte(<u8>(48 + (c >> 4)));
  writeByte(<u8>((c & 15) < 10 ? 48 + (c & 15) : 87 + (c & 15)));
}
