// host.ts - each function of the SDK that asks the host, for host_test.py and mock.test.mjs.
import {
  Box, DateDays, Decimal, DecimalF64, HashAlgorithm, HeliosError, Json, Statement, Timestamp, Value, ValueType, appendFile, begin, commit,
  decodeUtf8, encodeUtf8, envGet, exec, hash, hmac, http, kv, lastMessage, lastStatus, listFolder, log, metricAdd, metricSet, now, prepare,
  query, queryJson, random, readFile, release, removeFile, rollback, rollbackTo, rows, savepoint, session, sign, transaction, tryExec, tryHttp,
  tryPrepare, tryReadFile, verify, writeFile,
} from "heliosdb-as";

class Missing extends HeliosError {
  constructor(what: string) {
    super(404, what + " is missing");
  }
}

type Name = string;

function hex(bytes: Uint8Array): string {
  let out = "";
  for (let i = 0; i < bytes.length; i++) out += bytes[i].toString(16).padStart(2, "0");
  return out;
}

// ---- SQL ----

export function all_types(): string {
  const s = query("SELECT ?1, ?2, ?3, ?4, ?5, ?6", [Value.of(9007199254740993), Value.of(0.5), Value.of("zwölf"), Value.none(),
    Value.of(encodeUtf8("b")), Value.of(true)]);
  assert(s.next(), "a row");
  const out = `${s.columns} ${s.i64(0)} ${s.f64(1)} ${s.text(2)} ${s.isNull(3)} ${hex(s.bytes(4))} ${s.bool(5)} ${s.value(2).text}`;
  assert(s.textOrNull(3) === null && s.value(3).isNull && s.value(4).type == ValueType.BLOB && s.i32(5) == 1, "values");
  assert(!s.next(), "one row");
  return out;
}
export function by_bind(name: string, n: Box<i64> | null): string {
  const s = prepare("SELECT ?1 AS who, typeof(?2)").bind(name).bind(n === null ? Value.none() : Value.of(n.value));
  s.next();
  const out = s.name(0) + " " + s.text(0) + " " + s.text(1);
  s.reset();
  s.bind("again").next();
  const again = s.text(0);
  s.close();
  return out + " " + again;
}
export function null_column(): i64 {
  const s = query("SELECT NULL");
  s.next();
  return s.i64(0);
}
export function wide_column(): i32 {
  const s = query("SELECT 4294967296");
  s.next();
  return s.i32(0);
}
export function bad_text(): string {
  const s = query("SELECT CAST(x'ff' AS TEXT)");
  s.next();
  return s.text(0);
}
export function statuses(): string {
  const none = tryPrepare("SELECT nonsense FROM t");
  const first = `${none === null} ${lastStatus()} ${lastMessage()}`;
  const n = tryExec("INSERT INTO t VALUES (1, 'twice')");
  return `${first}; ${n} ${lastMessage()}`;
}
export function as_json(): Json {
  return queryJson("SELECT a, b FROM t WHERE a >= ?1 ORDER BY a", [Value.of(1)]);
}
export function many_statements(): i64 {
  let sum: i64 = 0;
  for (let i = 0; i < 1000; i++) {
    const s = query("SELECT ?1").bind(i);
    while (s.next()) sum += s.i64(0);
  }
  return sum;
}

// ---- transactions ----

function add(a: i64): bool {
  exec("INSERT INTO t VALUES (?1, 'new')", [Value.of(a)]);
  return a % 2 == 0;
}
export function scoped(a: i64): bool {
  return transaction<i64>(a, add);
}
export function points(): i64 {
  begin();
  savepoint("one");
  add(20);
  rollbackTo("one");
  release("one");
  begin();
  add(21);
  rollback();
  add(22);
  commit();
  const s = query("SELECT count(*) FROM t WHERE a BETWEEN 20 AND 22");
  s.next();
  return s.i64(0);
}

// ---- the rest of the host ----

export function logs(): void {
  log.debug("d");
  log.info("i");
  log.warn("wärn");
  log.error("e");
  trace("traced", 2, 1, 2.5);
  metricAdd("calls");
  metricSet("gauge", 2.5);
}
export function moment(): Timestamp {
  return now();
}
export function chance(): bool {
  const a = random(16);
  const b = random(16);
  const c = Math.random();
  return hex(a) != hex(b) && c >= 0 && c < 1;
}
export function digests(data: Uint8Array): string {
  const key = encodeUtf8("key");
  return `${hex(hash(HashAlgorithm.SHA1, data))} ${hex(hmac(HashAlgorithm.SHA256, key, data)).substring(0, 8)}`;
}
export function signed(seed: Uint8Array, pub: Uint8Array): string {
  const text = encodeUtf8("message");
  const signature = sign(seed, text);
  return `${signature.length} ${verify(pub, text, signature)} ${verify(pub, seed, signature)}`;
}
export function variable(name: string): string | null {
  return envGet(name);
}
export function kept(): string {
  kv.set("a/1", "eins");
  kv.setBytes("a/2", encodeUtf8("zwei"));
  const first = kv.next("a/");
  const second = kv.next("a/", "a/1");
  const bytes = kv.getBytes("a/2");
  const gone = kv.remove("a/2");
  const never = kv.remove("a/2");
  return `${first!} ${second!} ${kv.get("a/1")!} ${decodeUtf8(bytes!)!} ${gone} ${never} ${kv.get("a/2") === null} ${kv.next("b") === null}`;
}
export function variables(): string {
  const before = session.get("app.who");
  session.set("app.who", "wér");
  return `${before === null} ${session.get("app.who")!}`;
}
export function files(folder: string): string {
  const path = folder + "/f.txt";
  writeFile(path, encodeUtf8("one"));
  appendFile(path, encodeUtf8(" two"));
  const text = decodeUtf8(readFile(path))!;
  const names = listFolder(folder);
  removeFile(path);
  const gone = tryReadFile(path);
  return `${text} ${names} ${gone === null} ${lastStatus()}`;
}
export function fetch(url: string): string {
  const headers = new Map<string, string>();
  headers.set("X-Mine", "1");
  const r = http("POST", url, headers, encodeUtf8("Grüße"));
  const none = r.header("X-None");
  return `${r.status} ${r.header("X-Test")!} ${none === null} ${r.text}`;
}
export function refused_fetch(): string {
  const r = tryHttp("GET", "https://elsewhere.localhost/");
  return `${r === null} ${lastStatus()} ${lastMessage()}`;
}

// ---- values and errors ----

export function any(v: Value): string {
  return v.type == ValueType.I64 ? "i64 " + v.i64.toString() : v.type == ValueType.F64 ? "f64 " + v.f64.toString()
    : v.type == ValueType.TEXT ? "text " + v.text : v.type == ValueType.BLOB ? "blob " + hex(v.bytes) : "?";
}
export function any_back(v: Value | null): Value | null {
  return v === null ? Value.of("it was NULL") : v.type == ValueType.I64 ? Value.of(v.i64 + 1) : v;
}
export function money(v: DecimalF64, exact: Decimal): Decimal {
  return new Decimal((v + exact.toF64()).toString());
}
export function days(v: DateDays): DateDays {
  return v + 1;
}
export function aliased(v: Name, times: i32 = 2): Name {
  return v.repeat(times);
}
export function fixed(v: StaticArray<u8>, b: ArrayBuffer): StaticArray<u8> {
  const out = new StaticArray<u8>(v.length + b.byteLength);
  memory.copy(changetype<usize>(out), changetype<usize>(v), v.length);
  memory.copy(changetype<usize>(out) + v.length, changetype<usize>(b), b.byteLength);
  return out;
}
export function small(v: f32): f32 {
  return v / 2;
}
export function throws(how: string): string {
  if (how == "own") throw new Missing("the thing");
  if (how == "plain") throw new Error("plain text");
  if (how == "index") return [1, 2][how.length].toString();
  if (how == "assert") assert(false, "must hold");
  if (how == "half") return String.fromCharCode(0xd83e);
  if (how == "value") {
    const e = new HeliosError(9, "from a variable");
    throw e;
  }
  return how;
}
export function json_round(text: string): string {
  return Json.parse(text).toString();
}
export function listed(upto: i64): void {
  for (let i: i64 = 0; i < upto; i++) {
    rows.put(i);
    rows.put(i % 2 == 0 ? "even" : null);
    rows.put(<f64>i / 2);
    rows.put(encodeUtf8("b"));
    rows.end();
  }
}
// Garbage of n * 1,000 bytes in one call.
export function garbage(n: i32): i64 {
  let sum: i64 = 0;
  for (let i = 0; i < n; i++) sum += "x".repeat(500).length + i.toString().length;
  return sum;
}
let calls: i64 = 0;
let last: string = "";
/** @helios state connection */
export function counter(v: string): i64 {
  last = v + "!" + last.substring(0, 100);
  return ++calls;
}
