// values.ts - types of SQL that the language has not: DECIMAL, ANY, times, and numbers that may be NULL.

import { readDouble } from "./double";
import { stop } from "./errors";
import { Json } from "./json";
import { encode } from "./text";

// A number that may be NULL: `Box<i64> | null`, as only objects can be null here.
export class Box<T> {
  constructor(public value: T) {}
}

// Microseconds since 1970-01-01 UTC. `new Date(t / 1000)` is the language's own.
export type Timestamp = i64;
// Days since 1970-01-01.
export type DateDays = i64;
// A DECIMAL as a double: 15 digits.
export type DecimalF64 = f64;

// A DECIMAL by its digits, exactly.
export class Decimal {
  // digits with at most one point between them, and a sign: the host refuses others
  constructor(public text: string) {}

  static fromI64(v: i64): Decimal {
    return new Decimal(v.toString());
  }

  // The double that is nearest.
  toF64(): f64 {
    const bytes = encode(this.text);
    const p = changetype<usize>(bytes);
    const sign: u32 = bytes.byteLength > 0 ? load<u8>(p) : 0;
    const skip = i32(sign == 45 || sign == 43);
    const v = readDouble(p + skip, bytes.byteLength - skip);
    return sign == 45 ? -v : v;
  }

  toString(): string {
    return this.text;
  }
}

export enum ValueType {
  NULL = 0,
  I64 = 1,
  F64 = 2,
  TEXT = 3,
  BLOB = 4,
  JSON = 5,
  DECIMAL = 6,
  BOOLEAN = 7,
}

// Is this reference null? False for numbers.
// @ts-ignore: decorator
@inline
export function absent<T>(v: T): bool {
  if (isReference<T>()) {
    return changetype<usize>(v) == 0;
  }
  return false;
}

// A value of any type: what ANY is, and what parameters of statements are.
export class Value {
  type: ValueType = ValueType.NULL;
  private integer: i64 = 0;
  private real: f64 = 0;
  private string: string = "";
  private blob: Uint8Array | null = null;

  static none(): Value {
    return new Value();
  }

  // Of bool, a number, string, Uint8Array, ArrayBuffer, Json, Decimal; null is NULL.
  static of<T>(v: T): Value {
    const out = new Value();
    if (absent<T>(v)) {
      return out;
    }
    if (isBoolean<T>()) {
      out.type = ValueType.BOOLEAN;
      out.integer = v ? 1 : 0;
    } else if (isInteger<T>()) {
      if (!isSigned<T>() && sizeof<T>() == 8 && <i64>v < 0) {
        stop("an integer is beyond 64 bits with a sign");
      }
      out.type = ValueType.I64;
      out.integer = <i64>v;
    } else if (isFloat<T>()) {
      out.type = ValueType.F64;
      out.real = <f64>v;
    } else if (isString<T>()) {
      out.type = ValueType.TEXT;
      out.string = changetype<string>(v);
    } else if (v instanceof Value) {
      return changetype<Value>(v);
    } else if (v instanceof Json) {
      out.type = ValueType.JSON;
      out.string = changetype<Json>(v).toString();
    } else if (v instanceof Decimal) {
      out.type = ValueType.DECIMAL;
      out.string = changetype<Decimal>(v).text;
    } else if (v instanceof Uint8Array) {
      out.type = ValueType.BLOB;
      out.blob = changetype<Uint8Array>(v);
    } else if (v instanceof ArrayBuffer) {
      out.type = ValueType.BLOB;
      out.blob = Uint8Array.wrap(changetype<ArrayBuffer>(v));
    } else {
      ERROR("no type of SQL: bool, numbers, string, Uint8Array, ArrayBuffer, Json, Decimal, Value");
    }
    return out;
  }

  // TEXT, JSON or DECIMAL by its text.
  static typed(type: ValueType, text: string): Value {
    const out = new Value();
    out.type = type;
    out.string = text;
    return out;
  }

  get isNull(): bool {
    return this.type == ValueType.NULL;
  }

  get i64(): i64 {
    if (this.type != ValueType.I64 && this.type != ValueType.BOOLEAN) {
      stop("a value is no integer");
    }
    return this.integer;
  }

  get f64(): f64 {
    if (this.type != ValueType.F64) {
      return <f64>this.i64;
    }
    return this.real;
  }

  get bool(): bool {
    return this.i64 != 0;
  }

  // Of TEXT, JSON and DECIMAL.
  get text(): string {
    if (this.type != ValueType.TEXT && this.type != ValueType.JSON && this.type != ValueType.DECIMAL) {
      stop("a value is no text");
    }
    return this.string;
  }

  get bytes(): Uint8Array {
    const blob = this.blob;
    if (blob === null) {
      stop("a value is no blob");
    }
    return blob!;
  }
}
