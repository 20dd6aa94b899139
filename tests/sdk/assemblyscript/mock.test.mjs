// mock.test.mjs - the mock host of sdk/assemblyscript on host.ts: node --test, with the module that heliosc made
// named by HOST_WASM (else asc is asked for it, as a project's test does).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { Host, Status } from "../../../sdk/assemblyscript/mock.mjs";

const module = new WebAssembly.Module(readFileSync(process.env.HOST_WASM));

test("statements: rows, what was bound, what was run", () => {
  const host = new Host(module);
  host.sql("SELECT ?1 AS who, typeof(?2)").columns("who").row("Ann", "integer");
  assert.equal(host.call("by_bind", "Ann", 7n), "who Ann integer Ann");
  assert.equal(host.bound(1), "again");
  assert.equal(host.bound(2), 7n);
  assert.equal(host.runs("SELECT ?1 AS"), 2);
  host.sql("SELECT NULL").row(null);
  assert.throws(() => host.call("null_column"), { code: Status.TYPE, message: /column is NULL/ });
  assert.throws(() => host.call("wide_column"), { code: Status.SQL, message: /did not name/ });
  host.sql("SELECT count(*) FROM t WHERE a BETWEEN 20 AND 22").row(1n);
  host.sql("INSERT INTO t VALUES (?1, 'new')").changed(1);
  assert.equal(host.call("points"), 1n);
  assert.equal(host.depth, 0);
  host.sql("SELECT a, b FROM t WHERE a >= ?1 ORDER BY a").returns('[{"a":1}]');
  assert.equal(host.call("as_json"), '[{"a":1}]');
});

test("refusals", () => {
  const host = new Host(module);
  host.sql("SELECT NULL").row(1n);
  host.refuse(1, Status.DENIED);
  assert.throws(() => host.call("null_column"), { code: Status.DENIED, message: /refused/ });
  assert.equal(host.call("null_column"), 1n);
});

test("values of each type, NULL and defaults", () => {
  const host = new Host(module);
  assert.equal(host.call("any", 5n), "i64 5");
  assert.equal(host.call("any", 0.5), "f64 0.5");
  assert.equal(host.call("any", "é"), "text é");
  assert.equal(host.call("any", null), null);
  assert.equal(host.call("any_back", null), "it was NULL");
  assert.equal(host.call("any_back", 9007199254740993n), 9007199254740994n);
  assert.deepEqual(host.call("any_back", new Uint8Array([1])), new Uint8Array([1]));
  assert.equal(host.call("money", 1.25, "2.5"), "3.75");
  assert.equal(host.call("aliased", "ab"), "abab");
  assert.equal(host.call("aliased", "ab", 1), "ab");
  assert.equal(host.call("days", 1n), 2n);
  assert.equal(host.call("small", 0.5), 0.25);
  assert.equal(host.call("throws", "x".repeat(100000)).length, 100000);
  assert.equal(host.call("listed", 2n), undefined);
  assert.deepEqual(host.rows[1], [1n, null, 0.5, new Uint8Array([98])]);
});

test("errors", () => {
  const host = new Host(module);
  assert.throws(() => host.call("throws", "own"), { code: 404, message: /the thing is missing \(host\.ts:/ });
  assert.throws(() => host.call("throws", "plain"), { code: 1, message: /plain text/ });
});

test("log, values, session, clock, randomness, hashes, a function of the test's own", () => {
  const host = new Host(module);
  host.call("logs");
  assert.deepEqual(host.logged.map(l => l.text), ["d", "i", "wärn", "e", "traced 1.0, 2.5"]);
  assert.deepEqual([...host.metrics], [["calls", 1], ["gauge", 2.5]]);
  assert.equal(host.call("moment"), host.now);
  assert.equal(host.call("chance"), true);
  assert.equal(host.call("digests", new TextEncoder().encode("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d 9c196e32");
  assert.equal(host.call("kept"), "a/1 a/2 eins zwei true false true true");
  assert.equal(host.call("variables"), "true wér");
  host.env.X = "1";
  assert.equal(host.call("variable", "X"), "1");
  assert.throws(() => host.call("refused_fetch"), /has no http: set host.functions.http/);
  host.functions.http = () => Status.NETWORK;
  assert.match(host.call("refused_fetch"), /^true -21/);
});

test("state: a call begins anew, unless the procedure keeps it", () => {
  const host = new Host(module);
  assert.equal(host.call("counter", "a"), 1n);
  assert.equal(host.call("counter", "a"), 2n);
  assert.equal(new Host(module).call("counter", "a"), 1n);
});
