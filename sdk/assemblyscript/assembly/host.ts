// host.ts - log lines, metrics, time, randomness, cryptography and the environment. Each takes its capability.

import * as abi from "./abi";
import { check } from "./errors";
import { takeOptional, textOf } from "./bytes";
import { encode } from "./text";

function line(level: i32, text: string): void {
  const bytes = encode(text);
  check(abi.log(level, changetype<usize>(bytes), bytes.byteLength));
}

export namespace log {
  export function debug(text: string): void {
    line(0, text);
  }
  export function info(text: string): void {
    line(1, text);
  }
  export function warn(text: string): void {
    line(2, text);
  }
  export function error(text: string): void {
    line(3, text);
  }
}

// The language's own trace(message, n, ...): a line of debug.
export function trace(message: string, n: i32 = 0, a: f64 = 0, b: f64 = 0, c: f64 = 0, d: f64 = 0, e: f64 = 0): void {
  let text = message;
  if (n > 0) text += " " + a.toString();
  if (n > 1) text += ", " + b.toString();
  if (n > 2) text += ", " + c.toString();
  if (n > 3) text += ", " + d.toString();
  if (n > 4) text += ", " + e.toString();
  line(0, text);
}

// Where Math.random begins: the host's randomness.
export function seed(): f64 {
  check(abi.random(number, 8));
  return <f64>(load<u64>(number) >> 11);
}
const number: usize = memory.data(8, 8);

// Adds to a counter.
export function metricAdd(name: string, v: f64 = 1): void {
  const text = encode(name);
  check(abi.metric_add(changetype<usize>(text), text.byteLength, v));
}

// Sets a gauge.
export function metricSet(name: string, v: f64): void {
  const text = encode(name);
  check(abi.metric_set(changetype<usize>(text), text.byteLength, v));
}

// Microseconds since 1970-01-01 UTC.
export function now(): i64 {
  return abi.now_us();
}

export function random(n: i32): Uint8Array {
  const out = new Uint8Array(n);
  check(abi.random(out.dataStart, n));
  return out;
}

export enum HashAlgorithm {
  SHA256 = 0,
  SHA512 = 1,
  SHA384 = 3,
  SHA3_256 = 4,
  BLAKE2B = 5,
  SHA1 = 6,
}

const DIGEST: i32 = 64; // bytes of the longest

export function hash(algorithm: HashAlgorithm, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(DIGEST);
  return out.slice(0, check(abi.hash(algorithm, data.dataStart, data.length, out.dataStart, DIGEST)));
}

export function hmac(algorithm: HashAlgorithm, key: Uint8Array, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(DIGEST);
  const n = abi.hmac(algorithm, key.dataStart, key.length, data.dataStart, data.length, out.dataStart, DIGEST);
  return out.slice(0, check(n));
}

// Signs with Ed25519; the secret key is its seed of 32 bytes.
export function sign(secretKey: Uint8Array, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(DIGEST);
  check(abi.sign(0, secretKey.dataStart, secretKey.length, data.dataStart, data.length, out.dataStart, DIGEST));
  return out;
}

// Is it an Ed25519 signature of these bytes?
export function verify(publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): bool {
  const p = publicKey.dataStart;
  return check(abi.verify(0, p, publicKey.length, data.dataStart, data.length, signature.dataStart, signature.length)) == 1;
}

// An environment variable; null: it is not set.
export function envGet(name: string): string | null {
  const text = encode(name);
  const p = changetype<usize>(text);
  const out = takeOptional(abi.env_get(p, text.byteLength, 0, 0));
  if (out === null) {
    return null;
  }
  check(abi.env_get(p, text.byteLength, changetype<usize>(out), out.byteLength));
  return textOf(out, "an environment variable");
}
