// procedure_name.test.mjs - the procedure without a database: npm test.
import assert from "node:assert/strict";
import test from "node:test";
import { Host, load } from "heliosdb-as/mock";

const module = await load(new URL("./procedure_name.ts", import.meta.url));

test("a total with tax", () => {
  const host = new Host(module);
  assert.equal(host.call("procedure_name", 100, 0.25), 125);
  assert.equal(host.call("procedure_name", 100), 119);
});

test("a rate is not negative", () => {
  assert.throws(() => new Host(module).call("procedure_name", 100, -1), { code: 1, message: /not negative/ });
});
