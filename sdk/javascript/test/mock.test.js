// mock.test.js - a procedure's logic on Node, with the mock host. `node --test test/`
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import * as db from "../index.js";
import { mock } from "../mock.js";

/** @param {number} id @param {number} total */
export function discount(id, total) {
  const tier = db.queryValue("SELECT tier FROM customers WHERE id = ?1", [id]);
  if (tier === undefined) {
    db.fail(404, "no such customer");
  }
  db.log.info(`customer ${id} is ${tier}`);
  return tier === "gold" ? total * 0.15 : 0;
}

beforeEach(() => mock.reset());

test("rows by the statement's text, what was bound and logged", () => {
  mock.sql("SELECT tier FROM customers WHERE id = ?1", [{ tier: "gold" }]);
  assert.equal(discount(7, 100), 15);
  assert.deepEqual(mock.ran, [{ sql: "SELECT tier FROM customers WHERE id = ?1", values: [7] }]);
  assert.deepEqual(mock.logged, [{ level: "info", text: "customer 7 is gold" }]);
});

test("rows by the values; errors of the procedure's own", () => {
  mock.sql("SELECT tier FROM customers WHERE id = ?1", (id) => (id === 1 ? [{ tier: "none" }] : []));
  assert.equal(discount(1, 100), 0);
  assert.throws(() => discount(2, 100), { name: "HeliosError", message: "no such customer", code: 404 });
});

test("a statement nobody spoke of, and refusals", () => {
  assert.throws(() => db.query("SELECT 1"), { status: "SQL", code: -1 });
  mock.sql("SELECT 1", [{ one: 1 }]);
  mock.refuse("DENIED");
  assert.throws(() => db.query("SELECT 1"), { status: "DENIED", code: -2, message: /\(DENIED\)$/ });
  assert.deepEqual(db.query("SELECT 1"), [{ one: 1 }]);
  mock.refuse("BUSY", "kvSet");
  assert.deepEqual(db.query("SELECT 1"), [{ one: 1 }]);
  assert.throws(() => db.kv.set("a", "b"), { status: "BUSY" });
});

test("statements", () => {
  mock.sql("SELECT n FROM t WHERE n > ?", [{ n: 1 }, { n: 2 }, { n: 3 }]);
  const s = db.prepare("SELECT n FROM t WHERE n > ?");
  assert.deepEqual(s.columns, ["n"]);
  assert.deepEqual(s.get(0), { n: 1 });
  assert.deepEqual([...s.iterate(0)].map((r) => r.n), [1, 2, 3]);
  assert.equal(s.all(5).length, 3);
  s.finalize();
  mock.sql("DELETE FROM t", 3);
  assert.equal(db.exec("DELETE FROM t"), 3);
  assert.deepEqual(mock.ran.at(-1), { sql: "DELETE FROM t", values: [] });
});

test("transactions undo kept values", () => {
  db.kv.set("a", "1");
  assert.throws(() => db.tx(() => {
    db.kv.set("a", "2");
    throw new Error("no");
  }), /^Error: no$/);
  assert.equal(db.kv.get("a"), "1");
  assert.equal(db.tx(() => db.kv.set("a", "3") ?? "done"), "done");
  assert.equal(db.kv.get("a"), "3");
  db.savepoint("s", () => db.kv.set("b", "4"));
  assert.throws(() => db.savepoint("s", () => {
    db.kv.delete("b");
    throw new Error("no");
  }));
  assert.deepEqual([...db.kv.keys()], ["a", "b"]);
  assert.equal(mock.openTransactions, 0);
});

test("clock, randomness, session, environment, metrics, rows", () => {
  assert.equal(db.now().toISOString(), "2026-01-01T00:00:00.000Z");
  mock.nowMicros = 1500000;
  assert.equal(db.nowMicros(), 1500000);
  assert.equal(db.randomBytes(4).length, 4);
  assert.ok(db.random() < 1);
  db.session.set("app.User", "ann");
  assert.equal(db.session.get("APP.user"), "ann");
  mock.env.set("REGION", "eu");
  assert.equal(db.env.get("REGION"), "eu");
  db.metrics.add("calls");
  db.metrics.add("calls", 2);
  assert.equal(mock.metrics.get("calls"), 3);
  db.row(1, "a");
  assert.deepEqual(mock.rows, [[1, "a"]]);
  assert.throws(() => db.log("loud", "x"), TypeError);
});

test("cryptography", () => {
  assert.equal(db.toHex(db.hash("sha256", "abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(db.hmac("sha256", "key", "data").length, 32);
  const secret = db.fromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const open = db.fromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const signature = db.sign("ed25519", secret, "");
  assert.equal(db.toHex(signature).slice(0, 16), "e5564300c360ac72");
  assert.ok(db.verify("ed25519", open, "", signature));
  assert.ok(!db.verify("ed25519", open, "x", signature));
  assert.throws(() => db.hash("md5", ""), /unknown algorithm md5/);
  assert.throws(() => db.fromHex("abc"), TypeError);
});

test("files and http", () => {
  db.files.write("/data/a.txt", "one");
  db.files.append("/data/a.txt", " two");
  assert.equal(db.files.read("/data/a.txt"), "one two");
  assert.throws(() => db.files.write("/data/a.txt", "", { exclusive: true }), { status: "EXISTS" });
  assert.deepEqual(db.files.list("/data"), ["a.txt"]);
  db.files.remove("/data/a.txt");
  assert.throws(() => db.files.read("/data/a.txt"), { status: "ABSENT" });
  mock.respond("GET", "https://api.example.com/x", { status: 200, headers: { etag: "1" }, body: '{"a": 1}' });
  const response = db.http.get("https://api.example.com/x", { Accept: "application/json" });
  assert.ok(response.ok && response.header("ETag") === "1");
  assert.deepEqual(response.json(), { a: 1 });
  assert.equal(mock.requests[0].headers, "Accept: application/json\n");
  assert.throws(() => db.http.get("https://other.example.com/"), { status: "NETWORK" });
});

test("the names of the HeliosDB design", () => {
  mock.sql("SELECT 1", [{ one: 1 }]);
  assert.deepEqual(db.heliosdbQuery("SELECT 1"), [{ one: 1 }]);
  db.heliosdbLog("info", "line");
  assert.equal(mock.logged[0].text, "line");
  assert.throws(() => db.heliosdbError(5, "no"), { code: 5 });
});
