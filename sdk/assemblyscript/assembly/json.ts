// json.ts - JSON values as a tree. Integers of 64 bits stay exact; other numbers are doubles. Objects keep the order
// of their names; of one name given twice the last counts. Read by json_reader.ts, written by json_writer.ts.

import { stop } from "./errors";
import { readJson } from "./json_reader";
import { beginWriting, endWriting, writeAscii, writeByte, writeQuoted, writeReal } from "./json_writer";
import { encode } from "./text";

export enum JsonKind {
  NULL = 0,
  BOOL = 1,
  I64 = 2,
  F64 = 3,
  TEXT = 4,
  ARRAY = 5,
  OBJECT = 6,
}

export const DEPTH: i32 = 500; // of arrays and objects in each other

export class Json {
  kind: JsonKind = JsonKind.NULL;
  private bits: u64 = 0; // a bool, an integer, or a double's bits
  private string: string | null = null;
  private count: i32 = 0; // of an array or object, in what follows
  private items: StaticArray<Json> | null = null;
  private names: StaticArray<string> | null = null; // of an object, beside items

  static none(): Json {
    return new Json();
  }

  // Of bool, a number, string or Json; null is null.
  static of<T>(v: T): Json {
    const out = new Json();
    if (isBoolean<T>()) {
      out.kind = JsonKind.BOOL;
      out.bits = v ? 1 : 0;
    } else if (isInteger<T>()) {
      out.kind = JsonKind.I64;
      out.bits = <u64>v;
    } else if (isFloat<T>()) {
      out.kind = JsonKind.F64;
      out.bits = reinterpret<u64>(<f64>v);
    } else if (changetype<usize>(v) == 0) {
      return out;
    } else if (isString<T>()) {
      out.kind = JsonKind.TEXT;
      out.string = changetype<string>(v);
    } else if (v instanceof Json) {
      return changetype<Json>(v);
    } else {
      ERROR("a JSON value is made of bool, a number, string or Json");
    }
    return out;
  }

  static array(): Json {
    const out = new Json();
    out.kind = JsonKind.ARRAY;
    return out;
  }

  static object(): Json {
    const out = new Json();
    out.kind = JsonKind.OBJECT;
    return out;
  }

  // Ends the call if text is no JSON.
  static parse(text: string): Json {
    const bytes = encode(text);
    return Json.decode(changetype<usize>(bytes), bytes.byteLength, "text");
  }

  // The same from n bytes of UTF-8.
  static decode(p: usize, n: i32, what: string): Json {
    return readJson(p, n, what);
  }

  get isNull(): bool {
    return this.kind == JsonKind.NULL;
  }

  private must(kind: JsonKind, what: string): void {
    if (this.kind != kind) {
      stop("a JSON value is no ", what);
    }
  }

  get bool(): bool {
    this.must(JsonKind.BOOL, "bool");
    return this.bits != 0;
  }

  // An integer; 3.0 is one.
  get i64(): i64 {
    if (this.kind == JsonKind.F64) {
      const v = reinterpret<f64>(this.bits);
      if (v == Math.floor(v) && Math.abs(v) < 9007199254740992.0) {
        return <i64>v;
      }
    }
    this.must(JsonKind.I64, "integer");
    return <i64>this.bits;
  }

  get f64(): f64 {
    if (this.kind == JsonKind.I64) {
      return <f64>(<i64>this.bits);
    }
    this.must(JsonKind.F64, "number");
    return reinterpret<f64>(this.bits);
  }

  get text(): string {
    this.must(JsonKind.TEXT, "text");
    return this.string!;
  }

  // Of an array or object.
  get length(): i32 {
    return this.count;
  }

  at(i: i32): Json {
    if (i < 0 || i >= this.count) {
      stop("a JSON array has no element ", i.toString());
    }
    return unchecked(this.items![i]);
  }

  // The name of member i of an object.
  nameAt(i: i32): string {
    if (i < 0 || i >= this.count || this.kind != JsonKind.OBJECT) {
      stop("a JSON object has no member ", i.toString());
    }
    return unchecked(this.names![i]);
  }

  // Which member has the name, the last of them; -1: none.
  private indexOf(name: string): i32 {
    const names = this.names;
    if (names === null) {
      return -1;
    }
    let i = this.count - 1;
    while (i >= 0 && unchecked(names[i]) != name) {
      i--;
    }
    return i;
  }

  has(name: string): bool {
    return this.indexOf(name) >= 0;
  }

  // A member of an object; null: there is none.
  find(name: string): Json | null {
    const i = this.indexOf(name);
    return i < 0 ? null : unchecked(this.items![i]);
  }

  // A member of an object; ends the call if there is none.
  get(name: string): Json {
    const i = this.indexOf(name);
    if (i < 0) {
      stop("a JSON object has no member ", name);
    }
    return unchecked(this.items![i]);
  }

  // Adds to an array what Json.of takes.
  push<T>(v: T): Json {
    this.must(JsonKind.ARRAY, "array");
    this.put(Json.of<T>(v));
    return this;
  }

  // Sets a member of an object to what Json.of takes.
  set<T>(name: string, v: T): Json {
    this.must(JsonKind.OBJECT, "object");
    const i = this.indexOf(name);
    if (i >= 0) {
      this.items![i] = Json.of<T>(v);
    } else {
      this.add(name, Json.of<T>(v));
    }
    return this;
  }

  // A member behind the others, whatever their names.
  add(name: string, v: Json): void {
    const at = this.count;
    this.put(v);
    let names = this.names;
    const room = this.items!.length;
    if (names === null || names.length < room) {
      const larger = new StaticArray<string>(room);
      for (let i = 0; i < at; i++) {
        unchecked((larger[i] = names![i]));
      }
      this.names = names = larger;
    }
    unchecked((names[at] = name));
  }

  private put(v: Json): void {
    let items = this.items;
    if (items === null || items.length == this.count) {
      const larger = new StaticArray<Json>(items === null ? 4 : items.length * 2);
      for (let i = 0; i < this.count; i++) {
        unchecked((larger[i] = items![i]));
      }
      this.items = items = larger;
    }
    unchecked((items[this.count++] = v));
  }

  // UTF-8, without spaces.
  encode(): ArrayBuffer {
    beginWriting();
    this.write(0);
    return endWriting();
  }

  toString(): string {
    return String.UTF8.decode(this.encode());
  }

  private write(depth: i32): void {
    if (depth > DEPTH) {
      stop("JSON is nested too deep");
    }
    const kind = this.kind;
    if (kind == JsonKind.OBJECT || kind == JsonKind.ARRAY) {
      writeByte(kind == JsonKind.OBJECT ? 123 : 91);
      for (let i = 0; i < this.count; i++) {
        if (i > 0) {
          writeByte(44);
        }
        if (kind == JsonKind.OBJECT) {
          writeQuoted(unchecked(this.names![i]));
          writeByte(58);
        }
        unchecked(this.items![i]).write(depth + 1);
      }
      writeByte(kind == JsonKind.OBJECT ? 125 : 93);
    } else if (kind == JsonKind.TEXT) {
      writeQuoted(this.string!);
    } else if (kind == JsonKind.I64) {
      writeAscii((<i64>this.bits).toString());
    } else if (kind == JsonKind.F64) {
      writeReal(reinterpret<f64>(this.bits));
    } else {
      writeAscii(kind == JsonKind.NULL ? "null" : this.bits != 0 ? "true" : "false");
    }
  }
}
