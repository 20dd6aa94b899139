// glue.ts - what the exports that the transform writes call: from the ABI's arguments to values of the language,
// and back. Must never be imported by a procedure.

import * as abi from "./abi";
import { check, stop } from "./errors";
import { Json } from "./json";
import { decodeAt, encode } from "./text";
import { Box, Decimal, Value, ValueType } from "./values";
import "./host"; // the transform names functions of it

const ARENA: i32 = 65536;
const CELL: i32 = 16;
const room: usize = memory.data(65536, 16);
const out: usize = memory.data(16, 8);
// @ts-ignore: decorator
@lazy
let result: ArrayBuffer | null = null; // what a result points to, until the next one

function pack(p: usize, n: i32): u64 {
  return (<u64>p << 32) | <u64>n;
}

// Where the host puts arguments that have bytes.
export function arena(): u64 {
  return pack(room, ARENA);
}

// While the instance is made: the heap takes what there is of memory when it begins, and the host may add pages of
// its own before a call's first object.
export function prepare(): void {
  heap.free(heap.alloc(65536)); // more than alloc.ts takes from its front
}

// ---- arguments ----

export function takeText(p: usize, n: i32, name: string): string {
  const text = decodeAt(p, n);
  if (text === null) {
    stop("parameter " + name, " is not valid UTF-8");
  }
  return text!;
}

export function takeBuffer(p: usize, n: i32, name: string): ArrayBuffer {
  const bytes = changetype<ArrayBuffer>(__new(n, idof<ArrayBuffer>()));
  memory.copy(changetype<usize>(bytes), p, n);
  return bytes;
}

export function takeBytes(p: usize, n: i32, name: string): Uint8Array {
  return Uint8Array.wrap(takeBuffer(p, n, name));
}

export function takeStatic(p: usize, n: i32, name: string): StaticArray<u8> {
  const bytes = changetype<StaticArray<u8>>(__new(n, idof<StaticArray<u8>>()));
  memory.copy(changetype<usize>(bytes), p, n);
  return bytes;
}

export function takeJson(p: usize, n: i32, name: string): Json {
  return Json.decode(p, n, "parameter " + name);
}

export function takeDecimal(p: usize, n: i32, name: string): Decimal {
  return new Decimal(takeText(p, n, name));
}

// ---- arguments that come as cells ----

export function isNull(cell: usize): bool {
  return load<u32>(cell) == <u32>ValueType.NULL;
}

function lengthOf(cell: usize): i32 {
  return load<u32>(cell, 4);
}

function addressOf(cell: usize): usize {
  return <usize>load<u64>(cell, 8);
}

export function cellNumber<T>(cell: usize, name: string): T {
  if (isFloat<T>()) {
    return <T>load<f64>(cell, 8);
  }
  const v = load<i64>(cell, 8);
  if (isBoolean<T>()) {
    return <T>(v != 0);
  }
  if (v != <i64>(<T>v)) {
    stop("parameter " + name, " is beyond the range of its type");
  }
  return <T>v;
}

export function cellText(cell: usize, name: string): string {
  return takeText(addressOf(cell), lengthOf(cell), name);
}

export function cellBuffer(cell: usize, name: string): ArrayBuffer {
  return takeBuffer(addressOf(cell), lengthOf(cell), name);
}

export function cellBytes(cell: usize, name: string): Uint8Array {
  return takeBytes(addressOf(cell), lengthOf(cell), name);
}

export function cellStatic(cell: usize, name: string): StaticArray<u8> {
  return takeStatic(addressOf(cell), lengthOf(cell), name);
}

export function cellJson(cell: usize, name: string): Json {
  return takeJson(addressOf(cell), lengthOf(cell), name);
}

export function cellDecimal(cell: usize, name: string): Decimal {
  return takeDecimal(addressOf(cell), lengthOf(cell), name);
}

export function cellValue(cell: usize, name: string): Value {
  const type = <ValueType>load<u32>(cell);
  return type == ValueType.NULL ? Value.none()
    : type == ValueType.I64 ? Value.of(load<i64>(cell, 8))
    : type == ValueType.BOOLEAN ? Value.of(load<i64>(cell, 8) != 0)
    : type == ValueType.F64 ? Value.of(load<f64>(cell, 8))
    : type == ValueType.BLOB ? Value.of(cellBytes(cell, name))
    : Value.typed(type, cellText(cell, name));
}

export function cellBox<T>(cell: usize, name: string): Box<T> | null {
  return isNull(cell) ? null : new Box<T>(cellNumber<T>(cell, name));
}

export function cellTextOrNull(cell: usize, name: string): string | null {
  return isNull(cell) ? null : cellText(cell, name);
}

export function cellBufferOrNull(cell: usize, name: string): ArrayBuffer | null {
  return isNull(cell) ? null : cellBuffer(cell, name);
}

export function cellBytesOrNull(cell: usize, name: string): Uint8Array | null {
  return isNull(cell) ? null : cellBytes(cell, name);
}

export function cellStaticOrNull(cell: usize, name: string): StaticArray<u8> | null {
  return isNull(cell) ? null : cellStatic(cell, name);
}

export function cellJsonOrNull(cell: usize, name: string): Json | null {
  return isNull(cell) ? null : cellJson(cell, name);
}

export function cellDecimalOrNull(cell: usize, name: string): Decimal | null {
  return isNull(cell) ? null : cellDecimal(cell, name);
}

export function cellValueOrNull(cell: usize, name: string): Value | null {
  return isNull(cell) ? null : cellValue(cell, name);
}

// ---- results ----

export function giveNull(): void {
  check(abi.return_null());
}

export function giveBuffer(v: ArrayBuffer | null): u64 {
  if (v === null) {
    giveNull();
    return 0;
  }
  result = v;
  return pack(changetype<usize>(v), v.byteLength);
}

export function giveText(v: string | null): u64 {
  return giveBuffer(v === null ? null : encode(v));
}

export function giveBytes(v: Uint8Array | null): u64 {
  if (v === null) {
    return giveBuffer(null);
  }
  result = v.buffer;
  return pack(v.dataStart, v.length);
}

export function giveStatic(v: StaticArray<u8> | null): u64 {
  return giveBuffer(v === null ? null : takeBuffer(changetype<usize>(v), v.length, ""));
}

export function giveJson(v: Json | null): u64 {
  return giveBuffer(v === null ? null : v.encode());
}

export function giveDecimal(v: Decimal | null): u64 {
  return giveText(v === null ? null : v.text);
}

export function giveBox<T>(v: Box<T> | null): T {
  if (v === null) {
    giveNull();
    return <T>0;
  }
  return v.value;
}

export function giveValue(v: Value | null): usize {
  const type = v === null ? ValueType.NULL : v.type;
  memory.fill(out, 0, CELL);
  store<u32>(out, type);
  if (type == ValueType.NULL) {
    return out;
  }
  if (type == ValueType.I64 || type == ValueType.BOOLEAN) {
    store<i64>(out, v!.i64, 8);
  } else if (type == ValueType.F64) {
    store<f64>(out, v!.f64, 8);
  } else {
    const place = type == ValueType.BLOB ? giveBytes(v!.bytes) : giveText(v!.text);
    store<u32>(out, <u32>place, 4);
    store<u64>(out, place >> 32, 8);
  }
  return out;
}
