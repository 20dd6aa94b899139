// mock.mjs - a host for tests without a database: calls procedures of a module in node, answers statements by their
// text, keeps what was bound, run and logged. Has values, session variables, transactions that are counted, a clock
// that stands, random bytes that repeat. It knows no SQL, no files and no http: a test that needs one sets
// host.functions.http and the like. Must never answer what a test did not say.
import { createHash, createHmac } from "node:crypto";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "./compile.mjs";

export const Status = { OK: 0, SQL: -1, DENIED: -2, RANGE: -3, BUFFER: -4, HANDLE: -5, INDEX: -6, TYPE: -7, UTF8: -8, LIMIT: -9,
  STATE: -10, CONSTRAINT: -11, BUSY: -12, NOMEM: -13, JSON: -14, LEVEL: -15, ABSENT: -16, ALGORITHM: -17, KEY: -18, EXISTS: -19,
  IO: -20, NETWORK: -21, NAME: -22 };
const Type = { NULL: 0, I64: 1, F64: 2, TEXT: 3, BLOB: 4, JSON: 5, DECIMAL: 6, BOOLEAN: 7 };
const HASHES = { 0: "sha256", 1: "sha512", 3: "sha384", 4: "sha3-256", 5: "blake2b512", 6: "sha1" };
const BYTES = { TEXT: Type.TEXT, BLOB: Type.BLOB, JSON: Type.JSON, DECIMAL: Type.DECIMAL };
const REFUSED = "refused by the mock host";
const encoder = new TextEncoder(), decoder = new TextDecoder("utf-8", { fatal: true });

// How a call fails: the procedure's own code and text, or the host's.
export class CallError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

// Compiles a source by the asc of the project; throws with all that it says.
export async function load(file) {
  const where = file instanceof URL ? fileURLToPath(file) : path.resolve(file);
  const { main } = await import("assemblyscript/asc");
  const { module, messages } = await compile({ main, root: path.dirname(where), entry: path.basename(where) });
  if (module === null) throw new Error(messages.map(m => `${m.file}:${m.line}:${m.column}: ${m.text}`).join("\n"));
  return new WebAssembly.Module(module);
}

const bytesOf = v => typeof v === "string" ? encoder.encode(v) : v;
const typeOf = v => v === null ? Type.NULL : typeof v === "bigint" ? Type.I64 : typeof v === "number" ? Type.F64
  : typeof v === "boolean" ? Type.BOOLEAN : typeof v === "string" ? Type.TEXT : Type.BLOB;

// A literal of SQL as a value of JavaScript.
function literal(text, type) {
  if (/^null$/i.test(text)) return null;
  if (/^(true|false)$/i.test(text)) return /^t/i.test(text);
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'");
  return type === "REAL" || type === "INTEGER" ? Number(text) : type === "DECIMAL" ? text : BigInt(text);
}

export class Host {
  // module: of load(), or of any WebAssembly.Module that was built.
  constructor(module) {
    this.module = module;
    const [section] = WebAssembly.Module.customSections(module, "helios.manifest");
    this.procedures = new Map(JSON.parse(decoder.decode(section)).procedures.map(p => [p.name, p]));
    this.functions = hostFunctions(this);
    Object.assign(this, { answers: [], ran: [], logged: [], rows: [], env: {}, kv: new Map(), session: new Map(), metrics: new Map(),
      now: 1700000000000000n, depth: 0, statements: [], message: "", refuseIn: 0, refuseStatus: 0, seed: 0, kept: null });
  }

  // ---- what a test says ----

  // What follows is about statements with exactly this text: sql(...).row(1n, "a").row(2n, null).
  sql(text) {
    const answer = { sql: text, rows: [], json: "[]", changes: 0n, names: [], row(...values) { answer.rows.push(values); return answer; },
      columns(...names) { answer.names = names; return answer; }, returns(json) { answer.json = json; return answer; },
      changed(n) { answer.changes = BigInt(n); return answer; } };
    this.answers.push(answer);
    return answer;
  }

  // The n-th host call from now, counted from 1, is refused with this status.
  refuse(n, status) {
    this.refuseIn = n;
    this.refuseStatus = status;
  }

  // A parameter of the statement that was prepared last, from 1.
  bound(i) {
    return this.statements.at(-1)?.bound[i];
  }

  // How often statements with this in their text were run.
  runs(part) {
    return this.ran.filter(sql => sql.includes(part)).length;
  }

  // ---- a call ----

  // BIGINT, DATE, TIMESTAMP: bigint; INTEGER, REAL: number; TEXT, JSON, DECIMAL: string; BLOB: Uint8Array; NULL: null.
  // A CallError is how it fails. host.rows has what a procedure gave that RETURNS TABLE.
  call(name, ...values) {
    const p = this.procedures.get(name);
    if (p === undefined) throw new Error(`no procedure ${name}`);
    const given = p.params.map((q, i) => i < values.length ? values[i] : q.default === undefined ? undefined : literal(q.default, q.type));
    if (given.includes(undefined) || values.length > p.params.length) throw new Error(`${name} takes ${p.params.length} arguments`);
    Object.assign(this, { rows: [], row: [], result: undefined, failure: null, statements: [], depth: 0 });
    if (p.strict && given.includes(null)) return null;
    this.instance = p.state === "call" || this.kept === null ? this.instantiate() : this.kept;
    this.kept = p.state === "call" ? this.kept : this.instance;
    this.place(p, given);
    const got = this.instance.exports[p.export](...this.slots);
    if (this.failure !== null) throw this.failure;
    return this.result !== undefined ? this.result : this.value(p.returns, got);
  }

  instantiate() {
    const imports = {};
    for (const { module, name } of WebAssembly.Module.imports(this.module)) {
      imports[module] ??= {};
      imports[module][name] = (...args) => this.serve(name, args);
    }
    return this.instance = new WebAssembly.Instance(this.module, imports);
  }

  serve(name, args) {
    const f = this.functions[name];
    if (name === "heliosdb_error") throw this.failure = new CallError(args[0], this.text(args[1], args[2]));
    if (f === undefined) throw new Error(`the mock host has no ${name}: set host.functions.${name}`);
    const wide = name === "exec" || name === "file_size" || name === "now_us";
    if (this.refuseIn > 0 && --this.refuseIn === 0) {
      this.message = REFUSED;
      return wide ? BigInt(this.refuseStatus) : this.refuseStatus;
    }
    return f(...args);
  }

  // ---- memory ----

  get memory() {
    return new Uint8Array(this.instance.exports.memory.buffer);
  }

  get view() {
    return new DataView(this.instance.exports.memory.buffer);
  }

  bytes(p, n) {
    if ((p >>> 0) + (n >>> 0) > this.memory.length) throw new Error("a range outside of the memory");
    return this.memory.slice(p >>> 0, (p >>> 0) + (n >>> 0));
  }

  text(p, n) {
    return decoder.decode(this.bytes(p, n));
  }

  // As host functions with (dst, cap): what fits from the offset on, and how many bytes there are.
  give(value, dst, cap, offset = 0) {
    const bytes = bytesOf(value).subarray(offset >>> 0);
    this.memory.set(bytes.subarray(0, cap >>> 0), dst >>> 0);
    return bytes.length;
  }

  // The arguments as the export takes them, those with bytes in the arena.
  place(p, values) {
    const packed = this.instance.exports.helios_arena?.() ?? 0n;
    const sizes = values.map(v => v !== null && typeof v === "object" || typeof v === "string" ? bytesOf(v).length + 31 : 31);
    const needed = sizes.reduce((a, b) => a + b, 0);
    let at = Number(BigInt.asUintN(64, packed) >> 32n);
    if (needed > Number(packed & 0xffffffffn)) at = this.instance.exports.memory.grow(Math.ceil(needed / 65536)) * 65536;
    this.slots = [];
    values.forEach((v, i) => { at = this.placeOne(p.params[i].type, !p.strict || p.params[i].type === "ANY", v, at); });
  }

  placeOne(type, cell, v, at) {
    if (!cell && !(type in BYTES) || !cell && typeof v === "number") {
      this.slots.push(typeof v === "boolean" ? Number(v) : v);
      return at;
    }
    at = (at + 15) & ~15;
    const bytes = typeof v === "string" || v !== null && typeof v === "object" ? bytesOf(v) : null, p = at + (cell ? 16 : 0);
    if (bytes !== null) this.memory.set(bytes, p);
    if (!cell) {
      this.slots.push(p, bytes.length);
    } else {
      this.slots.push(at);
      const real = typeof v === "number" && (type === "REAL" || type === "ANY");
      const kind = type === "ANY" || v === null ? typeOf(v) : BYTES[type] ?? (type === "REAL" ? Type.F64 : type === "BOOLEAN" ? Type.BOOLEAN : Type.I64);
      this.view.setUint32(at, kind, true);
      this.view.setUint32(at + 4, bytes === null ? 0 : bytes.length, true);
      if (real) this.view.setFloat64(at + 8, v, true);
      else this.view.setBigInt64(at + 8, bytes === null ? BigInt(v ?? 0) : BigInt(p), true);
    }
    return p + (bytes?.length ?? 0);
  }

  // What an export gave, by its declared type.
  value(type, got) {
    if (type === undefined) return undefined;
    if (type === "ANY") return this.cell(got >>> 0);
    if (type === "BOOLEAN") return got !== 0;
    if (!(type in BYTES) || typeof got === "number") return got;
    const packed = BigInt.asUintN(64, got), p = Number(packed >> 32n), n = Number(packed & 0xffffffffn);
    return type === "BLOB" ? this.bytes(p, n) : this.text(p, n);
  }

  cell(at) {
    const type = this.view.getUint32(at, true), n = this.view.getUint32(at + 4, true);
    if (type === Type.NULL) return null;
    if (type === Type.F64) return this.view.getFloat64(at + 8, true);
    const bits = this.view.getBigUint64(at + 8, true);
    if (type === Type.I64) return BigInt.asIntN(64, bits);
    if (type === Type.BOOLEAN) return bits !== 0n;
    return type === Type.BLOB ? this.bytes(Number(bits), n) : this.text(Number(bits), n);
  }
}

// ---- the host's side, a function a name of docs/guest-abi.md ----

function hostFunctions(host) {
  return { ...valueFunctions(host), ...statementFunctions(host), ...onceFunctions(host), ...keptFunctions(host), ...otherFunctions(host) };
}

function valueFunctions(host) {
  const set = v => { host.result = v; return 0; }, put = v => { host.row.push(v); return 0; };
  const of = (type, p, n) => type === Type.BLOB ? host.bytes(p, n) : host.text(p, n);
  return {
    return_null: () => set(null), return_i64: set, return_f64: set, return_bytes: (type, p, n) => set(of(type, p, n)),
    row_null: () => put(null), row_i64: put, row_f64: put, row_bytes: (type, p, n) => put(of(type, p, n)),
    row_end: () => { host.rows.push(host.row); host.row = []; return 0; },
    fail: (code, p, n) => { host.failure = new CallError(code, host.text(p, n)); return 0; },
    error_message: (dst, cap) => host.give(host.message, dst, cap),
  };
}

function answerTo(host, sql) {
  const answer = host.answers.findLast?.(a => a.sql === sql) ?? [...host.answers].reverse().find(a => a.sql === sql);
  if (answer === undefined) host.message = `the test did not name this statement: ${sql}`;
  return answer;
}

function statementFunctions(host) {
  const open = s => { const found = host.statements[s - 1]; return found?.closed === false ? found : undefined; };
  const bind = (s, i, v) => { const found = open(s); if (found === undefined) return Status.HANDLE; found.bound[i] = v; return 0; };
  const column = (s, c) => open(s)?.answer.rows[open(s).at - 1]?.[c];
  const must = (s, c) => { const v = column(s, c); if (v === undefined) throw new CallError(Status.INDEX, "no such column or row"); return v; };
  const bytes = v => {
    const b = new DataView(new ArrayBuffer(8));
    if (typeof v === "bigint" || typeof v === "boolean") b.setBigInt64(0, BigInt(v), true);
    else if (typeof v === "number") b.setFloat64(0, v, true);
    return v === null ? new Uint8Array(0) : typeof v === "object" || typeof v === "string" ? bytesOf(v) : new Uint8Array(b.buffer);
  };
  return {
    prepare(p, n) {
      const answer = answerTo(host, host.text(p, n));
      return answer === undefined ? Status.SQL : host.statements.push({ answer, bound: [], at: 0, closed: false });
    },
    bind_null: (s, i) => bind(s, i, null), bind_i64: bind, bind_f64: bind,
    bind_text: (s, i, p, n) => bind(s, i, host.text(p, n)), bind_blob: (s, i, p, n) => bind(s, i, host.bytes(p, n)),
    step(s) {
      const found = open(s);
      if (found === undefined) return Status.HANDLE;
      if (found.at === 0) host.ran.push(found.answer.sql);
      return ++found.at <= found.answer.rows.length ? 1 : 0;
    },
    column_count: s => open(s)?.answer.rows[0]?.length ?? Status.HANDLE,
    column_name: (s, c, dst, cap) => host.give(open(s)?.answer.names[c] ?? `column${c}`, dst, cap),
    column_type: (s, c) => { const v = column(s, c); return v === undefined ? Status.STATE : typeof v === "boolean" ? Type.I64 : typeOf(v); },
    column_i64: (s, c) => { const v = must(s, c); return typeof v === "number" ? BigInt(Math.trunc(v)) : typeof v === "object" || typeof v === "string" ? 0n : BigInt(v); },
    column_f64: (s, c) => { const v = must(s, c); return typeof v === "object" || typeof v === "string" ? 0 : Number(v); },
    column_len: (s, c) => { const v = column(s, c); return v === undefined ? Status.STATE : bytes(v).length; },
    column_read: (s, c, offset, dst, cap) => { const v = column(s, c); return v === undefined ? Status.STATE : host.give(bytes(v), dst, cap, offset); },
    reset: s => { const found = open(s); if (found === undefined) return Status.HANDLE; found.at = 0; return 0; },
    finalize: s => { const found = open(s); if (found === undefined) return Status.HANDLE; found.closed = true; return 0; },
  };
}

function onceFunctions(host) {
  let rows = "[]";
  const run = (p, n) => { const answer = answerTo(host, host.text(p, n)); if (answer !== undefined) host.ran.push(answer.sql); return answer; };
  const close = () => host.depth === 0 ? Status.STATE : (host.depth--, 0);
  return {
    exec: (p, n) => run(p, n)?.changes ?? BigInt(Status.SQL),
    query(p, n, params, m, dst, cap) {
      const answer = run(p, n);
      rows = answer?.json ?? rows;
      return answer === undefined ? Status.SQL : host.give(rows, dst, cap);
    },
    query_read: (offset, dst, cap) => host.give(rows, dst, cap, offset),
    begin: () => { host.depth++; return 0; }, commit: close, rollback: close,
    savepoint: () => { host.depth++; return 0; }, release: close, rollback_to: () => host.depth === 0 ? Status.STATE : 0,
  };
}

function keptFunctions(host) {
  const get = (map, key, dst, cap, offset) => map.has(key) ? host.give(map.get(key), dst, cap, offset) : Status.ABSENT;
  return {
    kv_get: (k, n, offset, dst, cap) => get(host.kv, host.text(k, n), dst, cap, offset),
    kv_set: (k, n, p, m) => { host.kv.set(host.text(k, n), host.bytes(p, m)); return 0; },
    kv_delete: (k, n) => Number(host.kv.delete(host.text(k, n))),
    kv_list(p, n, a, m, dst, cap) {
      const prefix = host.text(p, n), after = host.text(a, m);
      const key = [...host.kv.keys()].sort().find(k => k.startsWith(prefix) && k > after);
      return key === undefined ? Status.ABSENT : host.give(key, dst, cap);
    },
    session_get: (k, n, dst, cap) => get(host.session, host.text(k, n), dst, cap),
    session_set: (k, n, p, m) => { host.session.set(host.text(k, n), host.text(p, m)); return 0; },
    env_get: (k, n, dst, cap) => get(new Map(Object.entries(host.env)), host.text(k, n), dst, cap),
    metric_add: (k, n, v) => { const name = host.text(k, n); host.metrics.set(name, (host.metrics.get(name) ?? 0) + v); return 0; },
    metric_set: (k, n, v) => { host.metrics.set(host.text(k, n), v); return 0; },
  };
}

function otherFunctions(host) {
  const digest = (h, dst, cap) => host.give(new Uint8Array(h.digest()), dst, cap);
  return {
    log(level, p, n) {
      if (level < 0 || level > 3) return Status.LEVEL;
      host.logged.push({ level, text: host.text(p, n) });
      return 0;
    },
    now_us: () => host.now,
    random(p, n) {
      for (let i = 0; i < n; i++) host.memory[p + i] = (host.seed = (host.seed * 1103515245 + 12345) % 2147483648) >>> 16;
      return 0;
    },
    hash: (a, p, n, dst, cap) => a in HASHES ? digest(createHash(HASHES[a]).update(host.bytes(p, n)), dst, cap) : Status.ALGORITHM,
    hmac: (a, k, kn, p, n, dst, cap) => a in HASHES ? digest(createHmac(HASHES[a], host.bytes(k, kn)).update(host.bytes(p, n)), dst, cap) : Status.ALGORITHM,
  };
}
