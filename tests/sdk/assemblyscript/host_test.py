"""host_test.py - host.ts through the engine: each function of the AssemblyScript SDK that asks the host, values, errors,
memory. Run by tests/sql/run.py; exit 77: this machine lacks node or asc."""
import json
import os
import random
import re
import sqlite3
import struct
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "sql"), str(Path(__file__).resolve().parents[2] / "polyglot")]
import http_test  # noqa: E402
import polyglot  # noqa: E402
from guest_test import Case  # noqa: E402
from python_test import one, rows  # noqa: E402

HERE = Path(__file__).resolve().parent
GRANTS = ["query", "read:*", "write:t", "transaction", "log", "clock", "random", "crypto", "env:AS_TEST", "network:a.localhost:private"]


def setUpModule():
    http_test.setUpModule()


class Host(Case):
    def setUp(self):
        super().setUp()
        self.db.executescript("CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, 'x'), (2, NULL);")
        self.folder = Path(f"{self.id()}.d").resolve()
        self.folder.mkdir()
        grants = ", ".join(f"'{g}'" for g in [*GRANTS, f"filesystem:{self.folder}:rw"])
        for name in polyglot.signatures(os.environ["HELIOS_HELIOSC"], "host.so"):
            rest = "RETURNS TABLE (n BIGINT, kind TEXT, half REAL, b BLOB)" if name == "listed" else ""
            sql = f'CREATE PROCEDURE "{name}" {rest} LANGUAGE wasm CAPABILITIES ({grants}) AS \'host.so\''
            self.db.execute("SELECT helios_ddl(?)", [sql])

    def gives(self, value, call, *arguments):
        self.assertEqual(self.db.execute(f"SELECT {call}", arguments).fetchone()[0], value, call)

    def test_sql(self):
        self.gives("6 9007199254740993 0.5 zwölf true 62 true zwölf", "all_types()")
        self.gives("who Ann integer again", "by_bind('Ann', 7)")
        self.gives("who Ann null again", "by_bind('Ann', NULL)")
        self.fails("a column is NULL: number 0", "SELECT null_column()")
        self.fails("beyond i32", "SELECT wide_column()")
        self.fails("a column is not valid UTF-8", "SELECT bad_text()")
        self.gives("true -1 no such column: nonsense; -11 UNIQUE constraint failed: t.a", "statuses()")
        self.assertEqual(json.loads(one(self.db, "SELECT as_json()")), [{"a": 1, "b": "x"}, {"a": 2, "b": None}])
        self.gives(499500, "many_statements()")

    def test_transactions(self):
        self.gives(1, "scoped(10)")
        self.gives(0, "scoped(11)")
        self.gives(1, "points()")
        self.assertEqual(rows(self.db, "SELECT a FROM t WHERE a > 2"), [(10,), (22,)])

    def test_host(self):
        self.gives(None, "logs()")
        self.assertLess(abs(one(self.db, "SELECT unixepoch(moment())") - time.time()), 60)
        self.gives(1, "chance()")
        self.gives("a9993e364706816aba3e25717850c26c9cd0d89d 9c196e32", "digests(x'616263')")
        os.environ["AS_TEST"] = "vàlue"
        self.gives("vàlue", "variable('AS_TEST')")
        del os.environ["AS_TEST"]
        self.gives(None, "variable('AS_TEST')")
        self.fails("no grant", "SELECT variable('HOME')")
        self.gives("a/1 a/2 eins zwei true false true true", "kept()")
        self.gives("true wér", "variables()")
        self.gives('one two ["f.txt"] true -16', "files(?)", str(self.folder))
        self.fails("no grant", "SELECT files('/etc')")
        port = http_test.PORTS["good"]
        self.gives("200 yes true POST Grüße", f"fetch('https://a.localhost:{port}/echo')")
        self.assertRegex(one(self.db, "SELECT refused_fetch()"), "^true -2 .*may not reach elsewhere.localhost")

    def test_signatures(self):
        # RFC 8032, test 1
        seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
        public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        self.gives("64 true false", f"signed(x'{seed}', x'{public}')")

    def test_values(self):
        self.gives("i64 -5", "any(-5)")
        self.gives("f64 0.5", "any(0.5)")
        self.gives("text é", "any('é')")
        self.gives("blob 00ff", "any(x'00ff')")
        self.gives(None, "any(NULL)")
        self.gives("it was NULL", "any_back(NULL)")
        self.gives(9007199254740994, "any_back(9007199254740993)")
        self.gives(b"\x01", "any_back(x'01')")
        self.gives(1.5, "any_back(1.5)")
        self.gives(3.75, "money(1.25, '2.5')")
        self.gives("2024-03-01", "days('2024-02-29')")
        self.gives("abab", "aliased('ab')")
        self.gives("ab", "aliased('ab', 1)")
        self.gives(b"\x01\x02\x03", "fixed(x'01', x'0203')")
        self.gives(0.25, "small(0.5)")
        self.assertEqual(rows(self.db, "SELECT n, kind, half, b FROM listed(3)"),
                         [(0, "even", 0.0, b"b"), (1, None, 0.5, b"b"), (2, "even", 1.0, b"b")])

    def test_errors(self):
        text = self.fails("procedure throws: the thing is missing \\(host.ts:", "SELECT throws('own')")
        line = int(re.search(r"host\.ts:(\d+):\d+\)", text).group(1))
        self.assertIn('throw new Missing("the thing")', (HERE / "host.ts").read_text().splitlines()[line - 1])
        self.fails("plain text \\(host.ts:", "SELECT throws('plain')")
        self.fails("from a variable \\(host.ts:", "SELECT throws('value')")
        self.fails("must hold \\(host.ts:", "SELECT throws('assert')")
        self.fails("Index out of range \\(~lib/", "SELECT throws('index')")
        self.fails("half a surrogate pair", "SELECT throws('half')")
        self.fails("parameter how is not valid UTF-8", "SELECT throws(CAST(x'80' AS TEXT))")
        self.gives("well", "throws('well')")

    def test_json(self):
        for text in ('{"a":[1,-2,9223372036854775807,-9223372036854775808],"b":{"":null,"t":true,"f":false}}', '[]', '{}', '"é🦀\\n\\u0001\\\\"',
                     '[[],[{}],1.5,-0.25,1e+300]', '0', '123456789012345680000', '{"a":1,"a":2}'):
            self.gives(text, "json_round(?)", text)
        self.gives('["/é🦀",10,true]', "json_round(?)", ' [ "\\/\\u00e9\\uD83E\\udd80" , 1e1\t, true ] ')
        for text in ('', '{', '[1,]', '{"a"}', '{"a":1,}', '01', '1.', '.5', '+1', '1e', '-', 'tru', 'nul', 'falsey', '"', '"\\x"', '"\\ud800"', '"\\udc00"',
                     '"\\ud800\\u0041"', '"a\nb"', '[1] 2', "'a'", '\ufeff1', '[' * 501 + ']' * 501, 'NaN', '"\\u12g4"'):
            self.fails("is not JSON at byte|nested too deep", "SELECT json_round(?)", text)

    def test_doubles_in_json(self):
        source = random.Random(1)
        values = [struct.unpack("<d", source.randbytes(8))[0] for _ in range(2000)]
        values = [v for v in values if v == v and abs(v) != float("inf")] + [0.1, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308]
        # halfway between two doubles, a digit far behind that decides, and the borders
        texts = ["9007199254740993", "9007199254740993.0", "9007199254740995.0", "9007199254740993." + "0" * 800 + "1", "2.4703282292062327e-324",
                 "2.4703282292062328e-324", "1e-400", "0." + "0" * 400 + "1", "1" * 400 + "e-390", "179769313486231580793e288", "4.35", "1e23"]
        back = self.db.execute("SELECT json_round(?)", ["[" + ",".join(texts) + "]"]).fetchone()[0]
        self.assertEqual([float(t) for t in texts], [float(v) for v in json.loads(back)])
        back = json.loads(self.db.execute("SELECT json_round(?)", [json.dumps(values)]).fetchone()[0])
        wrong = [(a, b) for a, b in zip(values, back) if a != float(b)]
        self.assertEqual(wrong[:5], [], f"{len(wrong)} of {len(values)}")

    def test_memory(self):
        self.gives(200 * 1000 * 500 + 988890 + 100000, "garbage(200000)")
        self.db.execute("SELECT helios_ddl(?)", ["ALTER PROCEDURE counter SET memory_limit = '4MB'"])
        self.assertEqual(one(self.db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) "
                                      "SELECT max(counter('text number ' || i)) FROM n"), 1000000)

    def test_mock(self):
        heliosc = os.environ["HELIOS_HELIOSC"]
        subprocess.run([heliosc, "build", "-q", "--emit=module", HERE / "host.ts", "-o", "mocked.wasm"], check=True)
        node("--test", HERE / "mock.test.mjs", HOST_WASM=str(Path("mocked.wasm").resolve()))

    def test_project(self):
        """A project as npm leaves it: its own tests by the mock host, and asc with the transform by hand."""
        packages = Path(os.environ["HELIOS_HELIOSC"]).resolve().parents[3] / "toolchain/node_modules"
        if not (packages / "assemblyscript").exists():
            self.skipTest("asc is not in toolchain/")
        subprocess.run([os.environ["HELIOS_HELIOSC"], "new", "-q", "--lang", "typescript", "mine"], check=True)
        Path("mine/node_modules").mkdir()
        for package in ("assemblyscript", "binaryen", "long"):
            Path("mine/node_modules", package).symlink_to(packages / package)
        Path("mine/node_modules/heliosdb-as").symlink_to("../heliosdb-as")
        node("--test", "--preserve-symlinks", "mine.test.mjs", cwd="mine")
        node("node_modules/assemblyscript/bin/asc.js", "mine.ts", "-O", "--transform", "heliosdb-as/transform", "-o", "by_hand.wasm", cwd="mine")
        self.assertEqual(polyglot.signatures(os.environ["HELIOS_HELIOSC"], "mine/by_hand.wasm"), {"mine": "mine(total REAL, rate REAL) RETURNS REAL"})


def node(*arguments, cwd=None, **environment):
    done = subprocess.run(["node", *arguments], env={**os.environ, **environment}, cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stdout[-3000:] + done.stderr[-3000:])


if __name__ == "__main__":
    try:
        polyglot.build(os.environ["HELIOS_HELIOSC"], HERE / "host.ts", "host.so")
    except polyglot.Missing as e:
        print(f"SKIPPED: {e}")
        sys.exit(77)
    unittest.main()
