// kept.ts - values that a procedure keeps in the database, and variables of the connection.

import * as abi from "./abi";
import { Status, check } from "./errors";
import { take, takeOptional, textOf } from "./bytes";
import { encode } from "./text";

function read(key: string): ArrayBuffer | null {
  const k = encode(key);
  const p = changetype<usize>(k);
  const out = takeOptional(abi.kv_get(p, k.byteLength, 0, 0, 0));
  if (out !== null) {
    check(abi.kv_get(p, k.byteLength, 0, changetype<usize>(out), out.byteLength));
  }
  return out;
}

function write(key: string, p: usize, n: i32): void {
  const k = encode(key);
  check(abi.kv_set(changetype<usize>(k), k.byteLength, p, n));
}

// Undone with the caller's transaction.
export namespace kv {
  // null: there is no such key.
  export function get(key: string): string | null {
    const value = read(key);
    return value === null ? null : textOf(value, "a kept value");
  }

  export function getBytes(key: string): Uint8Array | null {
    const value = read(key);
    return value === null ? null : Uint8Array.wrap(value);
  }

  export function set(key: string, value: string): void {
    const v = encode(value);
    write(key, changetype<usize>(v), v.byteLength);
  }

  export function setBytes(key: string, value: Uint8Array): void {
    write(key, value.dataStart, value.length);
  }

  // Was it there?
  export function remove(key: string): bool {
    const k = encode(key);
    return check(abi.kv_delete(changetype<usize>(k), k.byteLength)) == 1;
  }

  // The first key with the prefix that comes after `after`; null: there is none.
  export function next(prefix: string, after: string = ""): string | null {
    const p = encode(prefix);
    const a = encode(after);
    const pp = changetype<usize>(p);
    const ap = changetype<usize>(a);
    const n = abi.kv_list(pp, p.byteLength, ap, a.byteLength, 0, 0);
    if (n == Status.ABSENT) {
      return null;
    }
    const out = take(n);
    check(abi.kv_list(pp, p.byteLength, ap, a.byteLength, changetype<usize>(out), out.byteLength));
    return textOf(out, "a key");
  }
}

export namespace session {
  // null: there is no such variable.
  export function get(name: string): string | null {
    const k = encode(name);
    const p = changetype<usize>(k);
    const out = takeOptional(abi.session_get(p, k.byteLength, 0, 0));
    if (out === null) {
      return null;
    }
    check(abi.session_get(p, k.byteLength, changetype<usize>(out), out.byteLength));
    return textOf(out, "a session variable");
  }

  export function set(name: string, value: string): void {
    const k = encode(name);
    const v = encode(value);
    check(abi.session_set(changetype<usize>(k), k.byteLength, changetype<usize>(v), v.byteLength));
  }
}
