// bytes.ts - buffers for what the host gives: asked for the size first, then for the bytes.

import { Status, check, stop } from "./errors";
import { decodeAt } from "./text";

// Room for n bytes, or the error that n is.
export function take(n: i32): ArrayBuffer {
  return changetype<ArrayBuffer>(__new(<usize>check(n), idof<ArrayBuffer>()));
}

// The same where there may be none: null.
export function takeOptional(n: i32): ArrayBuffer | null {
  return n == Status.ABSENT ? null : take(n);
}

// Text of the host: what the database holds may be no UTF-8.
export function textOf(bytes: ArrayBuffer, what: string): string {
  return textAt(changetype<usize>(bytes), bytes.byteLength, what);
}

export function textAt(p: usize, n: usize, what: string): string {
  const text = decodeAt(p, n);
  if (text === null) {
    stop(what, " is not valid UTF-8");
  }
  return text!;
}
