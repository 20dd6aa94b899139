// heliosdb.js - the database for procedures in JavaScript, over the functions of the host: the same file
// in the engine (where the host is engine/host.c) and on Node (where it is mock.js). docs/sdk-javascript.md.

const host = globalThis.__heliosHost;

/** What the host refuses: `status` is its name ("DENIED", "CONSTRAINT"), `code` its number. */
export class HeliosError extends Error {
  constructor(message, status = "ERROR", code = 1) {
    super(status === "ERROR" ? message : `${message} (${status})`);
    this.status = status;
    this.code = code;
  }
}
HeliosError.prototype.name = "HeliosError";
host.setError(HeliosError);

/** What JSON.stringify does, with BigInts as numbers: the engine asks for it where JSON.stringify fails. */
function stringify(value, key = "") {
  if (value !== null && typeof value === "object" && typeof value.toJSON === "function") {
    value = value.toJSON(key);
  }
  if (typeof value === "bigint") {
    return String(value);
  }
  if (value === null || typeof value !== "object" || value instanceof Number || value instanceof String ||
      value instanceof Boolean) {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item, i) => stringify(item, String(i)) ?? "null").join()}]`;
  }
  const members = Object.keys(value).map((name) => [name, stringify(value[name], name)]);
  const shown = members.filter(([, text]) => text !== undefined);
  return `{${shown.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join()}}`;
}
host.setStringify(stringify);

/** Ends the call with an error of the procedure's own: SQL gets the code and the text. */
export function fail(code, message) {
  throw new HeliosError(message, "ERROR", code);
}

// ---- statements ----

function bindAll(statement, values) {
  for (let i = 0; i < values.length; i++) {
    host.bind(statement, i + 1, values[i]);
  }
}

/** A compiled statement: prepare(sql). It is closed at the end of the call at the latest. */
class Statement {
  #handle;
  #columns;
  constructor(sql) {
    this.#handle = host.prepare(sql);
  }
  /** The names of its columns. */
  get columns() {
    return (this.#columns ??= host.columns(this.#handle));
  }
  #begin(values) {
    host.reset(this.#handle);
    bindAll(this.#handle, values);
  }
  /** All rows, as objects. */
  all(...values) {
    this.#begin(values);
    const rows = host.rows(this.#handle, this.columns, 0);
    host.reset(this.#handle);
    return rows;
  }
  /** The first row, or undefined. */
  get(...values) {
    this.#begin(values);
    const rows = host.rows(this.#handle, this.columns, 1);
    host.reset(this.#handle);
    return rows[0];
  }
  /** The rows one by one. */
  *iterate(...values) {
    this.#begin(values);
    for (;;) {
      const rows = host.rows(this.#handle, this.columns, 1);
      if (rows.length === 0) {
        break;
      }
      yield rows[0];
    }
    host.reset(this.#handle);
  }
  /** Runs it for what it does. */
  run(...values) {
    this.#begin(values);
    while (host.step(this.#handle) === 1);
    host.reset(this.#handle);
  }
  finalize() {
    host.finalize(this.#handle);
  }
}

export function prepare(sql) {
  return new Statement(sql);
}

/** query(sql, values): all rows of one statement, as objects. queryOne: its first row, or undefined. queryValue: the
 *  first column of that, or undefined. */
export const { query, queryOne, queryValue } = host;

function isScalar(v) {
  return v === null || typeof v === "number" || typeof v === "string" || typeof v === "boolean";
}

/** Runs one statement; the number of rows it changed. */
export function exec(sql, values = []) {
  if (values.every(isScalar)) {
    return host.exec(sql, values.length === 0 ? "" : JSON.stringify(values));
  }
  const statement = prepare(sql);
  statement.run(...values);
  statement.finalize();
  return queryValue("SELECT changes()");
}

/** The next row of a procedure that RETURNS TABLE. */
export function row(...values) {
  host.row(...values);
}

// ---- transactions ----

function guarded(work, keep, undo) {
  let result;
  try {
    result = work();
  } catch (error) {
    undo();
    throw error;
  }
  keep();
  return result;
}

/** Runs work in a nested transaction: kept when it returns, undone when it throws. */
export function tx(work) {
  host.begin();
  return guarded(work, host.commit, host.rollback);
}

export function begin() {
  host.begin();
}
export function commit() {
  host.commit();
}
export function rollback() {
  host.rollback();
}

/** The same as a savepoint with a name. */
export function savepoint(name, work) {
  host.savepoint(name);
  const undo = () => {
    host.rollbackTo(name);
    host.release(name);
  };
  return guarded(work, () => host.release(name), undo);
}

// ---- log ----

const levels = { debug: 0, info: 1, warn: 2, error: 3 };

function shown(value) {
  if (typeof value === "string") {
    return value;
  }
  if (value instanceof Error) {
    return `${value.name}: ${value.message}`;
  }
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

/** log("info", "text"), log.info("text", value, ...). A line that is not granted is dropped by console only. */
export function log(level, ...parts) {
  const number = levels[level] ?? (Number.isInteger(level) ? level : undefined);
  if (number === undefined) {
    throw new TypeError(`unknown log level ${String(level)}`);
  }
  host.log(number, parts.map(shown).join(" "));
}
for (const level of Object.keys(levels)) {
  log[level] = (...parts) => log(level, ...parts);
}

function quietly(level) {
  return (...parts) => {
    try {
      log(level, ...parts);
    } catch (error) {
      if (error.status !== "DENIED") {
        throw error;
      }
    }
  };
}

// ---- clock, randomness ----

/** The time as a Date; needs the capability clock, as do Date.now() and new Date(). */
export function now() {
  return new Date(Math.floor(host.nowMicros() / 1000));
}
export function nowMicros() {
  return host.nowMicros();
}
/** n random bytes; needs the capability random, as does Math.random(). */
export function randomBytes(n) {
  return host.randomBytes(n);
}
/** A random number from 0 to below 1. */
export function random() {
  return host.random();
}

// ---- cryptography ----

const hashes = { sha256: 0, sha512: 1, blake3: 2, sha384: 3, "sha3-256": 4, blake2b512: 5, sha1: 6 };
const signatures = { ed25519: 0 };

function algorithm(table, name) {
  const number = table[String(name).toLowerCase()];
  if (number === undefined) {
    throw new TypeError(`unknown algorithm ${String(name)}; there are ${Object.keys(table).join(", ")}`);
  }
  return number;
}

/** hash("sha256", data): a Uint8Array. data: text or bytes. */
export function hash(name, data) {
  return host.hash(algorithm(hashes, name), data);
}
export function hmac(name, key, data) {
  return host.hmac(algorithm(hashes, name), key, data);
}
export function sign(name, secretKey, data) {
  return host.sign(algorithm(signatures, name), secretKey, data);
}
export function verify(name, publicKey, data, signature) {
  return host.verify(algorithm(signatures, name), publicKey, data, signature) === 1;
}

export function toHex(bytes) {
  let text = "";
  for (const b of bytes) {
    text += (b < 16 ? "0" : "") + b.toString(16);
  }
  return text;
}
export function fromHex(text) {
  if (text.length % 2 !== 0 || /[^0-9a-fA-F]/.test(text)) {
    throw new TypeError("not hexadecimal digits");
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}

// ---- kept values, session, environment, metrics ----

/** Values that the procedure keeps in the database, by key. */
export const kv = {
  /** The text under a key, or undefined. */
  get(key) {
    const bytes = host.kvGet(key);
    return bytes === undefined ? undefined : host.utf8Text(bytes);
  },
  getBytes: (key) => host.kvGet(key),
  set(key, value) {
    host.kvSet(key, value);
  },
  /** Was there one? */
  delete: (key) => host.kvDelete(key) === 1,
  /** The keys with a prefix, in order. */
  *keys(prefix = "") {
    for (let key = host.kvList(prefix, ""); key !== undefined; key = host.kvList(prefix, key)) {
      yield key;
    }
  },
};

/** Variables of the connection. */
export const session = {
  get: (name) => host.sessionGet(name),
  set(name, value) {
    host.sessionSet(name, value);
  },
};

export const env = { get: (name) => host.envGet(name) };

export const metrics = {
  add(name, amount = 1) {
    host.metricAdd(name, amount);
  },
  set(name, value) {
    host.metricSet(name, value);
  },
};

// ---- files, http ----

const WRITE = 1, CREATE = 2, NEW = 4, EMPTY = 8, APPEND = 16;
const PIECE = 1 << 20;

function withFile(path, flags, use) {
  const file = host.fileOpen(path, flags);
  const result = use(file);
  host.fileClose(file);
  return result;
}

function writeAll(path, flags, data) {
  const bytes = typeof data === "string" ? host.utf8Bytes(data) : data;
  withFile(path, flags, (file) => {
    for (let at = 0; at < bytes.length; at += PIECE) {
      host.fileWrite(file, at, bytes.subarray(at, at + PIECE));
    }
  });
}

export const files = {
  readBytes(path) {
    return withFile(path, 0, (file) => {
      const bytes = new Uint8Array(host.fileSize(file));
      let at = 0;
      while (at < bytes.length) {
        const piece = host.fileRead(file, at, Math.min(PIECE, bytes.length - at));
        if (piece.length === 0) {
          break;
        }
        bytes.set(piece, at);
        at += piece.length;
      }
      return at === bytes.length ? bytes : bytes.slice(0, at);
    });
  },
  read: (path) => host.utf8Text(files.readBytes(path)),
  /** Replaces the contents; exclusive: only if there is no such file. */
  write(path, data, { exclusive = false } = {}) {
    writeAll(path, WRITE | CREATE | EMPTY | (exclusive ? NEW : 0), data);
  },
  append(path, data) {
    writeAll(path, WRITE | CREATE | APPEND, data);
  },
  remove(path) {
    host.fileRemove(path);
  },
  list: (path) => JSON.parse(host.fileList(path)),
};

/** A response; it is the last one only that has headers and a body. */
function response(status) {
  return {
    status,
    ok: status >= 200 && status < 300,
    header: (name) => host.httpHeader(name),
    bytes: () => host.httpBody(),
    text: () => host.utf8Text(host.httpBody()),
    json: () => JSON.parse(host.utf8Text(host.httpBody())),
  };
}

export const http = {
  request({ method = "GET", url, headers = {}, body = "" }) {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
    return response(host.http(method, url, lines.join(""), body));
  },
  get: (url, headers = {}) => http.request({ url, headers }),
  post: (url, body, headers = {}) => http.request({ method: "POST", url, headers, body }),
};

// ---- the names of the HeliosDB design ----

export const heliosdbQuery = (sql, values = []) => query(sql, values);
export const heliosdbLog = (level, ...parts) => log(level, ...parts);
export const heliosdbBeginTx = begin;
export const heliosdbCommitTx = commit;
export const heliosdbRollbackTx = rollback;
export const heliosdbNow = () => host.nowMicros();
export const heliosdbError = fail;

// ---- what JavaScript has by itself, as far as the host grants it ----

function ownGlobals() {
  const HostDate = Date;
  function GrantedDate(...parts) {
    if (new.target === undefined) {
      return new HostDate(now()).toString();
    }
    return Reflect.construct(HostDate, parts.length === 0 ? [GrantedDate.now()] : parts, new.target);
  }
  GrantedDate.prototype = HostDate.prototype;
  GrantedDate.prototype.constructor = GrantedDate;
  GrantedDate.now = () => Math.floor(host.nowMicros() / 1000);
  GrantedDate.UTC = HostDate.UTC;
  GrantedDate.parse = HostDate.parse;
  Object.defineProperty(GrantedDate, "name", { value: "Date" });
  globalThis.Date = GrantedDate;
  Math.random = () => host.random();
  globalThis.console = {
    log: quietly("info"),
    info: quietly("info"),
    debug: quietly("debug"),
    warn: quietly("warn"),
    error: quietly("error"),
  };
  globalThis.TextEncoder = class TextEncoder {
    encode(text = "") {
      return host.utf8Bytes(String(text));
    }
  };
  globalThis.TextDecoder = class TextDecoder {
    decode(bytes = new Uint8Array()) {
      return host.utf8Text(bytes);
    }
  };
}
if (host.owns) {
  ownGlobals();
}
