// statement.ts - SQL with parameters and rows. A statement gives itself back when its rows are read to the end,
// else by close(), or at the end of the call; 64 can be open.

import * as abi from "./abi";
import { check, check64, keep, stop } from "./errors";
import { Json } from "./json";
import { take, textAt } from "./bytes";
import { encode } from "./text";
import { Decimal, Value, ValueType } from "./values";

const ROOM: i32 = 512;
const room: usize = memory.data(512, 8);

export class Statement {
  private next_parameter: i32 = 1;
  constructor(private handle: i32) {}

  // The next parameter, from 1 on: what Value.of takes.
  bind<T>(v: T): Statement {
    return this.bindAt<T>(this.next_parameter++, v);
  }

  // Parameter i, from 1, as in SQL.
  bindAt<T>(i: i32, v: T): Statement {
    if (isInteger<T>() && sizeof<T>() < 8) {
      check(abi.bind_i64(this.handle, i, <i64>v));
      return this;
    }
    if (isFloat<T>()) {
      check(abi.bind_f64(this.handle, i, <f64>v));
      return this;
    }
    const value = Value.of<T>(v);
    const type = value.type;
    if (type == ValueType.NULL) {
      check(abi.bind_null(this.handle, i));
    } else if (type == ValueType.I64 || type == ValueType.BOOLEAN) {
      check(abi.bind_i64(this.handle, i, value.i64));
    } else if (type == ValueType.F64) {
      check(abi.bind_f64(this.handle, i, value.f64));
    } else if (type == ValueType.BLOB) {
      const bytes = value.bytes;
      check(abi.bind_blob(this.handle, i, bytes.dataStart, bytes.length));
    } else {
      const text = encode(value.text);
      check(abi.bind_text(this.handle, i, changetype<usize>(text), text.byteLength));
    }
    return this;
  }

  // The next row; false: there is none, and the statement is closed.
  next(): bool {
    if (check(abi.step(this.handle)) == 1) {
      return true;
    }
    this.close();
    return false;
  }

  // As next, but a refusal is a negative status: 1 a row, 0 none.
  tryNext(): i32 {
    const status = keep(abi.step(this.handle));
    if (status == 0) {
      this.close();
    }
    return status;
  }

  // Back before the first row, with the parameters still bound. Only while rows are left.
  reset(): void {
    check(abi.reset(this.handle));
    this.next_parameter = 1;
  }

  close(): void {
    if (this.handle != 0) {
      check(abi.finalize(this.handle));
      this.handle = 0;
    }
  }

  get columns(): i32 {
    return check(abi.column_count(this.handle));
  }

  name(column: i32): string {
    const n = check(abi.column_name(this.handle, column, room, ROOM));
    if (n > ROOM) {
      stop("a column's name is too long");
    }
    return textAt(room, n, "a column's name");
  }

  type(column: i32): ValueType {
    return <ValueType>check(abi.column_type(this.handle, column));
  }

  isNull(column: i32): bool {
    return this.type(column) == ValueType.NULL;
  }

  // NULL is none of these: ask isNull first, or take ...OrNull.
  private some(column: i32): void {
    if (this.isNull(column)) {
      stop("a column is NULL: number ", column.toString());
    }
  }

  i64(column: i32): i64 {
    this.some(column);
    return abi.column_i64(this.handle, column);
  }

  // Out of the range of i32 is an error.
  i32(column: i32): i32 {
    const v = this.i64(column);
    if (v != <i64>(<i32>v)) {
      stop("a column's value is beyond i32: number ", column.toString());
    }
    return <i32>v;
  }

  f64(column: i32): f64 {
    this.some(column);
    return abi.column_f64(this.handle, column);
  }

  bool(column: i32): bool {
    return this.i64(column) != 0;
  }

  text(column: i32): string {
    this.some(column);
    const n = check(abi.column_read(this.handle, column, 0, room, ROOM));
    if (n <= ROOM) {
      return textAt(room, n, "a column");
    }
    const out = take(n);
    check(abi.column_read(this.handle, column, 0, changetype<usize>(out), n));
    return textAt(changetype<usize>(out), n, "a column");
  }

  textOrNull(column: i32): string | null {
    return this.isNull(column) ? null : this.text(column);
  }

  bytes(column: i32): Uint8Array {
    this.some(column);
    const out = take(abi.column_len(this.handle, column));
    check(abi.column_read(this.handle, column, 0, changetype<usize>(out), out.byteLength));
    return Uint8Array.wrap(out);
  }

  json(column: i32): Json {
    return Json.parse(this.text(column));
  }

  decimal(column: i32): Decimal {
    return new Decimal(this.text(column));
  }

  value(column: i32): Value {
    const type = this.type(column);
    return type == ValueType.NULL ? Value.none()
      : type == ValueType.I64 ? Value.of(abi.column_i64(this.handle, column))
      : type == ValueType.F64 ? Value.of(abi.column_f64(this.handle, column))
      : type == ValueType.BLOB ? Value.of(this.bytes(column))
      : Value.typed(type, this.text(column));
  }
}

export function prepare(sql: string): Statement {
  const text = encode(sql);
  return new Statement(check(abi.prepare(changetype<usize>(text), text.byteLength)));
}

// null: the host refuses it; lastStatus and lastMessage say why.
export function tryPrepare(sql: string): Statement | null {
  const text = encode(sql);
  const handle = keep(abi.prepare(changetype<usize>(text), text.byteLength));
  return handle < 0 ? null : new Statement(handle);
}

// A statement with its parameters; `next` gives its rows.
export function query(sql: string, parameters: Value[] = []): Statement {
  const s = prepare(sql);
  for (let i = 0; i < parameters.length; i++) {
    s.bind(parameters[i]);
  }
  return s;
}

// Parameters as the host takes them at once: a JSON array of scalars.
function asJson(parameters: Value[]): ArrayBuffer {
  const list = Json.array();
  for (let i = 0; i < parameters.length; i++) {
    const v = parameters[i];
    const type = v.type;
    if (type == ValueType.BLOB) {
      stop("a blob is bound by prepare(sql).bind(bytes)");
    }
    list.push(type == ValueType.NULL ? Json.none()
      : type == ValueType.I64 ? Json.of(v.i64)
      : type == ValueType.BOOLEAN ? Json.of(v.bool)
      : type == ValueType.F64 ? Json.of(v.f64)
      : Json.of(v.text));
  }
  return list.encode();
}

// Runs a statement; rows changed, or the host's negative status.
export function tryExec(sql: string, parameters: Value[] = []): i64 {
  const text = encode(sql);
  const list = asJson(parameters);
  const n = parameters.length == 0 ? 0 : list.byteLength;
  const status = abi.exec(changetype<usize>(text), text.byteLength, changetype<usize>(list), n);
  keep(<i32>min<i64>(status, i32.MAX_VALUE));
  return status;
}

// Runs a statement; rows changed.
export function exec(sql: string, parameters: Value[] = []): i64 {
  return check64(tryExec(sql, parameters));
}

// All rows as a JSON array of objects, a field a column.
export function queryJson(sql: string, parameters: Value[] = []): Json {
  const text = encode(sql);
  const list = asJson(parameters);
  const n = parameters.length == 0 ? 0 : list.byteLength;
  const size = abi.query(changetype<usize>(text), text.byteLength, changetype<usize>(list), n, 0, 0);
  const out = take(size);
  check(abi.query_read(0, changetype<usize>(out), out.byteLength));
  return Json.decode(changetype<usize>(out), out.byteLength, "rows");
}
