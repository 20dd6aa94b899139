// rows.ts - rows of a procedure that RETURNS TABLE: rows.put for each value of a row, then rows.end.

import * as abi from "./abi";
import { check } from "./errors";
import { encode } from "./text";
import { Value, ValueType } from "./values";

export namespace rows {
  // The next value of the row: what Value.of takes.
  export function put<T>(v: T): void {
    const value = Value.of<T>(v);
    const type = value.type;
    if (type == ValueType.NULL) {
      check(abi.row_null());
    } else if (type == ValueType.I64 || type == ValueType.BOOLEAN) {
      check(abi.row_i64(value.i64));
    } else if (type == ValueType.F64) {
      check(abi.row_f64(value.f64));
    } else if (type == ValueType.BLOB) {
      const bytes = value.bytes;
      check(abi.row_bytes(type, bytes.dataStart, bytes.length));
    } else {
      const text = encode(value.text);
      check(abi.row_bytes(type, changetype<usize>(text), text.byteLength));
    }
  }

  export function end(): void {
    check(abi.row_end());
  }
}
