// errors.ts - how a call fails. `throw`, a failed assert and a refusal of the host all end the call with a code
// and a text; nothing can catch them here, so functions whose refusal a procedure may want to see come twice:
// exec and tryExec. Must not allocate on the way out: memory may be what is missing.

import * as abi from "./abi";

// The statuses of docs/guest-abi.md. Every negative number is an error, known or not.
export enum Status {
  OK = 0,
  SQL = -1,
  DENIED = -2,
  RANGE = -3,
  BUFFER = -4,
  HANDLE = -5,
  INDEX = -6,
  TYPE = -7,
  UTF8 = -8,
  LIMIT = -9,
  STATE = -10,
  CONSTRAINT = -11,
  BUSY = -12,
  NOMEM = -13,
  JSON = -14,
  LEVEL = -15,
  ABSENT = -16,
  ALGORITHM = -17,
  KEY = -18,
  EXISTS = -19,
  IO = -20,
  NETWORK = -21,
  NAME = -22,
}

// An error with a code of yours: throw new HeliosError(404, "no such customer").
export class HeliosError extends Error {
  constructor(public code: i32, message: string) {
    super(message);
    this.name = "HeliosError";
  }
}

const PLAIN: i32 = 1; // the code of an error without one
const ROOM: i32 = 1024;
const room: usize = memory.data(1024);
let code: i32 = PLAIN;
let status: i32 = 0;

// Puts text behind `at` bytes of room, at most 300 units of it.
function put(at: i32, text: string): i32 {
  const units = min(text.length, 300);
  if (ROOM - at < units * 3) {
    return at;
  }
  return at + <i32>String.UTF8.encodeUnsafe(changetype<usize>(text), units, room + at, false, String.UTF8.ErrorMode.REPLACE);
}

function putByte(at: i32, byte: u8): i32 {
  store<u8>(room + at, byte);
  return at + 1;
}

function putNumber(at: i32, v: u32): i32 {
  if (v >= 10) {
    at = putNumber(at, v / 10);
  }
  return putByte(at, <u8>(48 + (v % 10)));
}

// What `throw`, assert and traps of the standard library become; the transform names it.
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  let n = put(0, message === null ? "aborted" : message);
  if (file !== null) {
    n = putByte(putByte(n, 32), 40);
    n = putByte(put(n, file), 58);
    n = putByte(putNumber(n, line), 58);
    n = putByte(putNumber(n, column), 41);
  }
  abi.heliosdb_error(code, room, n);
  unreachable();
}

// `throw e` becomes `throw new Error(__helios_thrown(e))`: the compiler itself looks at nothing but the first
// argument of `new`.
// @ts-ignore: decorator
@global
export function __helios_thrown(e: Error): string {
  code = e instanceof HeliosError ? (<HeliosError>e).code : PLAIN;
  return e.message;
}

// What the allocator calls where it would trap: the transform names it.
// @ts-ignore: decorator
@global
export function __helios_no_memory(): void {
  abi.heliosdb_error(Status.NOMEM, room, put(0, "out of memory"));
  unreachable();
}

// Ends the call with an error of the SDK itself.
export function stop(message: string, detail: string = ""): void {
  abi.heliosdb_error(Status.TYPE, room, put(put(0, message), detail));
  unreachable();
}

// Ends the call with the host's last error.
function raise(status: i32): void {
  abi.heliosdb_error(status, room, min(max(abi.error_message(room, ROOM), 0), ROOM));
  unreachable();
}

// A status of the host: ends the call if it is an error.
export function check(status: i32): i32 {
  if (status < 0) {
    raise(status);
  }
  return status;
}

export function check64(status: i64): i64 {
  if (status < 0) {
    raise(<i32>max(status, i32.MIN_VALUE));
  }
  return status;
}

// Keeps the status of a try... function.
export function keep(v: i32): i32 {
  status = v;
  return v;
}

// Of the last try... function: 0 or more is success.
export function lastStatus(): i32 {
  return status;
}

// What the host said about its last refusal.
export function lastMessage(): string {
  const n = min(max(abi.error_message(room, ROOM), 0), ROOM);
  return String.UTF8.decodeUnsafe(room, n);
}
