// mock.js - a host for tests on Node: answers statements by their text, keeps what was bound, run and logged;
// has values, session variables, transactions, a clock that stands and random bytes that repeat. It knows no SQL.

import crypto from "node:crypto";

const statuses = {
  SQL: -1, DENIED: -2, LIMIT: -9, STATE: -10, CONSTRAINT: -11, BUSY: -12, ABSENT: -16, EXISTS: -19, IO: -20, NETWORK: -21,
};
const hashes = ["sha256", "sha512", undefined, "sha384", "sha3-256", "blake2b512", "sha1"];
let HeliosError = Error, state;

function fresh() {
  return {
    answers: new Map(), ran: [], logged: [], kv: new Map(), session: new Map(), metrics: new Map(), env: new Map(),
    files: new Map(), rows: [], open: new Map(), next: 1, transactions: [], refusals: [], http: [], response: undefined,
    nowMicros: 1767225600000000, /* 2026-01-01 */ seed: 1,
  };
}

function refuse(status, message) {
  throw new HeliosError(message, status, statuses[status] ?? 1);
}

/** Every host function begins here: a refusal that was asked for comes now. */
function enter(name) {
  const i = state.refusals.findIndex((r) => r.on === undefined || r.on === name);
  if (i >= 0) {
    const [r] = state.refusals.splice(i, 1);
    refuse(r.status, r.message ?? `${name} was refused`);
  }
}

const text = (data) => (typeof data === "string" ? data : new TextDecoder().decode(data));
const bytes = (data) => (typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data));

/** The rows of a statement: what was said of its text. */
function run(statement) {
  const { sql, values } = statement;
  state.ran.push({ sql, values: [...values] });
  const answer = state.answers.get(sql);
  if (answer === undefined && /^\s*(select|with|values)\b/i.test(sql)) {
    refuse("SQL", `the mock has no rows for: ${sql}`);
  }
  const rows = typeof answer === "function" ? answer(...values) : answer;
  return Array.isArray(rows) ? rows : [];
}

function handle(number) {
  return state.open.get(number) ?? refuse("STATE", "no such open statement");
}

function nextRow(number) {
  const statement = handle(number);
  statement.rows ??= run(statement);
  return statement.rows[statement.at++];
}

const statementCalls = {
  prepare(sql) {
    enter("prepare");
    state.open.set(state.next, { sql, values: [], at: 0, rows: undefined });
    return state.next++;
  },
  bind(number, index, value) {
    handle(number).values[index - 1] = value;
  },
  step: (number) => (nextRow(number) === undefined ? 0 : 1),
  columns(number) {
    const statement = handle(number);
    statement.rows ??= run(statement);
    return Object.keys(statement.rows[0] ?? {});
  },
  rows(number, names, most) {
    const rows = [];
    for (let row; (most === 0 || rows.length < most) && (row = nextRow(number)) !== undefined;) {
      rows.push({ ...row });
    }
    return rows;
  },
  reset(number) {
    Object.assign(handle(number), { at: 0, rows: undefined });
  },
  finalize(number) {
    state.open.delete(number);
  },
  query(sql, values = []) {
    const number = statementCalls.prepare(sql);
    for (let i = 0; i < values.length; i++) {
      statementCalls.bind(number, i + 1, values[i]);
    }
    const rows = statementCalls.rows(number, [], 0);
    statementCalls.finalize(number);
    return rows;
  },
  queryOne: (sql, values) => statementCalls.query(sql, values)[0],
  queryValue(sql, values) {
    const row = statementCalls.queryOne(sql, values);
    return row === undefined ? undefined : Object.values(row)[0];
  },
  exec(sql, json) {
    enter("exec");
    const values = json === "" ? [] : JSON.parse(json);
    state.ran.push({ sql, values });
    const answer = state.answers.get(sql);
    const changed = typeof answer === "function" ? answer(...values) : answer;
    return Number.isInteger(changed) ? changed : 0;
  },
};

/** Transactions undo kv and session variables of the mock; what statements did is the test's own. */
function snapshot() {
  return { kv: new Map(state.kv), session: new Map(state.session) };
}

const transactionCalls = {
  begin() {
    enter("begin");
    state.transactions.push({ ...snapshot() });
  },
  commit() {
    enter("commit");
    state.transactions.pop() ?? refuse("STATE", "no transaction is open");
  },
  rollback() {
    enter("rollback");
    Object.assign(state, state.transactions.pop() ?? refuse("STATE", "no transaction is open"));
  },
  savepoint(name) {
    enter("savepoint");
    state.transactions.push({ name, ...snapshot() });
  },
  release(name) {
    while (state.transactions.pop()?.name !== name);
  },
  rollbackTo(name) {
    const at = state.transactions.findIndex((t) => t.name === name);
    const { kv, session } = state.transactions[at] ?? refuse("STATE", `no savepoint ${name}`);
    Object.assign(state, { kv: new Map(kv), session: new Map(session) });
  },
};

/** ed25519 keys as they are, in the form that Node wants. */
function key(raw, secret) {
  const head = Buffer.from(secret ? "302e020100300506032b657004220420" : "302a300506032b6570032100", "hex");
  const options = { key: Buffer.concat([head, bytes(raw)]), format: "der", type: secret ? "pkcs8" : "spki" };
  return secret ? crypto.createPrivateKey(options) : crypto.createPublicKey(options);
}

const otherCalls = {
  setError(constructor) {
    HeliosError = constructor;
  },
  setStringify() {},
  log(level, line) {
    enter("log");
    state.logged.push({ level: ["debug", "info", "warn", "error"][level], text: line });
  },
  nowMicros() {
    enter("nowMicros");
    return state.nowMicros;
  },
  randomBytes(n) {
    enter("randomBytes");
    return Uint8Array.from({ length: n }, () => (state.seed = (state.seed * 16807) % 2147483647) & 255);
  },
  random() {
    enter("random");
    return (state.seed = (state.seed * 16807) % 2147483647) / 2147483647;
  },
  hash: (algorithm, data) => new Uint8Array(crypto.createHash(hashes[algorithm]).update(bytes(data)).digest()),
  hmac: (algorithm, k, data) => new Uint8Array(crypto.createHmac(hashes[algorithm], bytes(k)).update(bytes(data)).digest()),
  sign: (_, k, data) => new Uint8Array(crypto.sign(null, bytes(data), key(k, true))),
  verify: (_, k, data, signature) => (crypto.verify(null, bytes(data), key(k, false), bytes(signature)) ? 1 : 0),
  kvGet(name) {
    enter("kvGet");
    return state.kv.get(text(name));
  },
  kvSet(name, value) {
    enter("kvSet");
    state.kv.set(text(name), bytes(value));
  },
  kvDelete: (name) => (state.kv.delete(text(name)) ? 1 : 0),
  kvList: (prefix, after) => [...state.kv.keys()].sort().find((k) => k.startsWith(prefix) && k > after),
  sessionGet: (name) => state.session.get(name.toLowerCase()),
  sessionSet(name, value) {
    enter("sessionSet");
    state.session.set(name.toLowerCase(), value);
  },
  metricAdd(name, amount) {
    state.metrics.set(name, (state.metrics.get(name) ?? 0) + amount);
  },
  metricSet(name, value) {
    state.metrics.set(name, value);
  },
  envGet: (name) => state.env.get(name),
  row(...values) {
    state.rows.push(values);
  },
  utf8Bytes: (value) => bytes(value),
  utf8Text: (value) => new TextDecoder("utf-8", { fatal: true }).decode(value),
};

/** Files are by path in mock.files, as Uint8Arrays. */
const fileCalls = {
  fileOpen(path, flags) {
    enter("fileOpen");
    if (!state.files.has(path) && (flags & 2) === 0) {
      refuse("ABSENT", `no file ${path}`);
    }
    if (state.files.has(path) && (flags & 4) !== 0) {
      refuse("EXISTS", `${path} exists already`);
    }
    if (!state.files.has(path) || (flags & 8) !== 0) {
      state.files.set(path, new Uint8Array());
    }
    state.open.set(state.next, { path, flags });
    return state.next++;
  },
  fileSize: (number) => state.files.get(handle(number).path).length,
  fileRead: (number, at, n) => state.files.get(handle(number).path).slice(at, at + n),
  fileWrite(number, at, data) {
    const { path, flags } = handle(number), before = state.files.get(path);
    const from = (flags & 16) !== 0 ? before.length : at;
    const after = new Uint8Array(Math.max(before.length, from + data.length));
    after.set(before);
    after.set(bytes(data), from);
    state.files.set(path, after);
    return data.length;
  },
  fileClose(number) {
    state.open.delete(number);
  },
  fileRemove(path) {
    enter("fileRemove");
    state.files.delete(path) || refuse("ABSENT", `no file ${path}`);
  },
  fileList: (path) => JSON.stringify([...state.files.keys()].filter((f) => f.startsWith(`${path}/`)).map((f) => f.slice(path.length + 1)).sort()),
};

const httpCalls = {
  http(method, url, headers, body) {
    enter("http");
    state.http.push({ method, url, headers, body: text(body) });
    const answer = state.answers.get(`${method} ${url}`) ?? refuse("NETWORK", `the mock has no response for ${method} ${url}`);
    state.response = answer;
    return answer.status ?? 200;
  },
  httpHeader: (name) => state.response?.headers?.[name.toLowerCase()],
  httpBody: () => bytes(state.response?.body ?? ""),
};

globalThis.__heliosHost = { ...statementCalls, ...transactionCalls, ...otherCalls, ...fileCalls, ...httpCalls };
state = fresh();

/** What a test says and sees. */
export const mock = {
  /** Forgets everything. */
  reset() {
    state = fresh();
  },
  /** The rows of a statement with this text, or for exec the number of rows it changes; or a function of the values. */
  sql(statement, answer) {
    state.answers.set(statement, answer);
  },
  /** The response to a request: { status, headers (names in lower case), body }. */
  respond(method, url, answer) {
    state.answers.set(`${method} ${url}`, answer);
  },
  /** The next host function (or the next of this name, as `prepare`, `exec`, `kvSet`) fails with this status. */
  refuse(status, on, message) {
    state.refusals.push({ status, on, message });
  },
  /** The time, in microseconds since 1970. */
  set nowMicros(value) {
    state.nowMicros = value;
  },
};
// What calls have left behind, by the names of mock.d.ts.
const seen = { requests: "http" };
for (const name of ["ran", "logged", "rows", "requests", "kv", "session", "metrics", "env", "files"]) {
  Object.defineProperty(mock, name, { enumerable: true, get: () => state[seen[name] ?? name] });
}
Object.defineProperty(mock, "openTransactions", { enumerable: true, get: () => state.transactions.length });
