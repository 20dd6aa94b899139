// procedure_name.test.js - the procedure's logic on Node, without a database.
import assert from "node:assert/strict";
import { test } from "node:test";

import { procedure_name } from "../procedure_name.js";

test("with tax", () => assert.equal(procedure_name(100, 0.5), 150));
test("no negative rate", () => assert.throws(() => procedure_name(100, -1), /a rate is not negative/));
