// index.d.ts - types of heliosdb.js: the database for procedures in JavaScript. docs/sdk-javascript.md.

/** A value to or from SQL. Integers beyond 2^53 come as BigInt; other objects go as JSON text. */
export type SqlValue = null | undefined | boolean | number | bigint | string | Uint8Array | Date | object;
export type Row = Record<string, any>;
export type Data = string | Uint8Array | ArrayBuffer;
export type StatusName =
  | "SQL" | "DENIED" | "RANGE" | "BUFFER" | "HANDLE" | "INDEX" | "TYPE" | "UTF8" | "LIMIT" | "STATE" | "CONSTRAINT"
  | "BUSY" | "NOMEM" | "JSON" | "LEVEL" | "ABSENT" | "ALGORITHM" | "KEY" | "EXISTS" | "IO" | "NETWORK" | "NAME" | "ERROR";

export class HeliosError extends Error {
  constructor(message: string, status?: StatusName, code?: number);
  status: StatusName;
  code: number;
}
export function fail(code: number, message: string): never;

export interface Statement {
  readonly columns: string[];
  all(...values: SqlValue[]): Row[];
  get(...values: SqlValue[]): Row | undefined;
  iterate(...values: SqlValue[]): Generator<Row>;
  run(...values: SqlValue[]): void;
  finalize(): void;
}
export function prepare(sql: string): Statement;
export function query(sql: string, values?: SqlValue[]): Row[];
export function queryOne(sql: string, values?: SqlValue[]): Row | undefined;
export function queryValue(sql: string, values?: SqlValue[]): any;
export function exec(sql: string, values?: SqlValue[]): number;
export function row(...values: SqlValue[]): void;

export function tx<T>(work: () => T): T;
export function begin(): void;
export function commit(): void;
export function rollback(): void;
export function savepoint<T>(name: string, work: () => T): T;

export type Level = "debug" | "info" | "warn" | "error";
export const log: {
  (level: Level | number, ...parts: unknown[]): void;
  debug(...parts: unknown[]): void;
  info(...parts: unknown[]): void;
  warn(...parts: unknown[]): void;
  error(...parts: unknown[]): void;
};

export function now(): Date;
export function nowMicros(): number;
export function random(): number;
export function randomBytes(n: number): Uint8Array;

export type HashName = "sha256" | "sha512" | "sha384" | "sha3-256" | "blake2b512" | "sha1";
export function hash(name: HashName, data: Data): Uint8Array;
export function hmac(name: HashName, key: Data, data: Data): Uint8Array;
export function sign(name: "ed25519", secretKey: Data, data: Data): Uint8Array;
export function verify(name: "ed25519", publicKey: Data, data: Data, signature: Data): boolean;
export function toHex(bytes: Uint8Array): string;
export function fromHex(text: string): Uint8Array;

export const kv: {
  get(key: string): string | undefined;
  getBytes(key: string): Uint8Array | undefined;
  set(key: string, value: Data): void;
  delete(key: string): boolean;
  keys(prefix?: string): Generator<string>;
};
export const session: { get(name: string): string | undefined; set(name: string, value: string): void };
export const env: { get(name: string): string | undefined };
export const metrics: { add(name: string, amount?: number): void; set(name: string, value: number): void };
export const files: {
  read(path: string): string;
  readBytes(path: string): Uint8Array;
  write(path: string, data: string | Uint8Array, options?: { exclusive?: boolean }): void;
  append(path: string, data: string | Uint8Array): void;
  remove(path: string): void;
  list(path: string): string[];
};

export interface Response {
  status: number;
  ok: boolean;
  header(name: string): string | undefined;
  bytes(): Uint8Array;
  text(): string;
  json(): any;
}
export const http: {
  request(request: { method?: string; url: string; headers?: Record<string, string>; body?: Data }): Response;
  get(url: string, headers?: Record<string, string>): Response;
  post(url: string, body: Data, headers?: Record<string, string>): Response;
};

export function heliosdbQuery(sql: string, values?: SqlValue[]): Row[];
export function heliosdbLog(level: Level | number, ...parts: unknown[]): void;
export function heliosdbBeginTx(): void;
export function heliosdbCommitTx(): void;
export function heliosdbRollbackTx(): void;
export function heliosdbNow(): number;
export function heliosdbError(code: number, message: string): never;
