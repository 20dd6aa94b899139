// outside.ts - files below granted paths and HTTPS to granted domains.

import * as abi from "./abi";
import { check, check64, keep, stop } from "./errors";
import { take, takeOptional, textAt, textOf } from "./bytes";
import { encode } from "./text";

const WRITE: u32 = 1;
const CREATE: u32 = 2;
const EMPTY: u32 = 8;
const APPEND: u32 = 16;
const PIECE: i32 = 1 << 20;

function open(path: string, flags: u32): i32 {
  const p = encode(path);
  return abi.file_open(changetype<usize>(p), p.byteLength, flags);
}

function readAll(file: i32): Uint8Array {
  const size = check64(abi.file_size(file));
  if (size > i32.MAX_VALUE) {
    stop("the file is too large to be read at once");
  }
  const out = new Uint8Array(<i32>size);
  let at = 0;
  while (at < out.length) {
    const n = check(abi.file_read(file, at, out.dataStart + at, min(out.length - at, PIECE)));
    if (n == 0) {
      break;
    }
    at += n;
  }
  check(abi.file_close(file));
  return at == out.length ? out : out.slice(0, at);
}

// A whole file, by its absolute path.
export function readFile(path: string): Uint8Array {
  return readAll(check(open(path, 0)));
}

// null: it can't be opened; lastStatus and lastMessage say why.
export function tryReadFile(path: string): Uint8Array | null {
  const file = keep(open(path, 0));
  return file < 0 ? null : readAll(file);
}

function write(path: string, flags: u32, data: Uint8Array): void {
  const file = check(open(path, WRITE | CREATE | flags));
  for (let at = 0; at < data.length; ) {
    at += check(abi.file_write(file, at, data.dataStart + at, min(data.length - at, PIECE)));
  }
  check(abi.file_close(file));
}

// Makes the file, or empties the one that is there.
export function writeFile(path: string, data: Uint8Array): void {
  write(path, EMPTY, data);
}

export function appendFile(path: string, data: Uint8Array): void {
  write(path, APPEND, data);
}

export function removeFile(path: string): void {
  const p = encode(path);
  check(abi.file_remove(changetype<usize>(p), p.byteLength));
}

// Names in a folder, as the text of a JSON array.
export function listFolder(path: string): string {
  const p = encode(path);
  const out = take(abi.file_list(changetype<usize>(p), p.byteLength, 0, 0, 0));
  check(abi.file_list(changetype<usize>(p), p.byteLength, 0, changetype<usize>(out), out.byteLength));
  return textOf(out, "a name in the folder");
}

// A response; its headers only until the next request.
export class Response {
  constructor(public status: i32, public body: Uint8Array) {}

  // null: it has no such header.
  header(name: string): string | null {
    const k = encode(name);
    const p = changetype<usize>(k);
    const out = takeOptional(abi.http_header(p, k.byteLength, 0, 0));
    if (out === null) {
      return null;
    }
    check(abi.http_header(p, k.byteLength, changetype<usize>(out), out.byteLength));
    return textOf(out, "a header");
  }

  get text(): string {
    return textAt(this.body.dataStart, this.body.length, "the body");
  }
}

function request(method: string, url: string, headers: Map<string, string> | null, body: Uint8Array | null): i32 {
  let lines = "";
  if (headers !== null) {
    const names = headers.keys();
    for (let i = 0; i < names.length; i++) {
      lines += names[i] + ": " + headers.get(names[i]) + "\n";
    }
  }
  const m = encode(method);
  const u = encode(url);
  const h = encode(lines);
  const at = body === null ? 0 : body.dataStart;
  const n = body === null ? 0 : body.length;
  return abi.http(changetype<usize>(m), m.byteLength, changetype<usize>(u), u.byteLength,
    changetype<usize>(h), h.byteLength, at, n);
}

function response(status: i32): Response {
  const out = take(abi.http_read(0, 0, 0));
  check(abi.http_read(0, changetype<usize>(out), out.byteLength));
  return new Response(status, Uint8Array.wrap(out));
}

// One HTTPS request. A status of 400 or more is a response, not an error.
export function http(method: string, url: string, headers: Map<string, string> | null = null,
  body: Uint8Array | null = null): Response {
  return response(check(request(method, url, headers, body)));
}

// null: there is no response; lastStatus and lastMessage say why.
export function tryHttp(method: string, url: string, headers: Map<string, string> | null = null,
  body: Uint8Array | null = null): Response | null {
  const status = keep(request(method, url, headers, body));
  return status < 0 ? null : response(status);
}
