"""host_test.py - host.py through the engine: each function with its grant, without it (an exception of the right class and an audit
record), the same by the mock host; JSON against the machine's own json; pages that a call writes. Run by tests/sql/run.py; exit 77: no engine of Python."""
import importlib.util
import json
import os
import random
import re
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT / "tests/sql"), str(ROOT / "tests/polyglot"), str(ROOT / "sdk/python/src")]
import heliosdb  # noqa: E402
import heliosdb.mock  # noqa: E402
import http_test  # noqa: E402
import polyglot  # noqa: E402
from guest_test import Case  # noqa: E402
from python_test import one, rows  # noqa: E402

GRANTS = ["query", "read:*", "write:t", "transaction", "log", "clock", "random", "crypto", "env:PY_TEST", "network:a.localhost:private"]
# what a function needs, by the beginning of its grant: the audit record names it
NEEDS = {"now_us": "clock", "random_bytes": "random", "hash": "crypto", "hmac": "crypto", "sign": "crypto", "verify": "crypto", "log": "log",
         "metric_add": "log", "metric_set": "log", "begin": "transaction", "transaction": "transaction", "savepoint": "transaction",
         "kv_set": "write", "kv_delete": "write", "session_set": "write", "env_get": "env", "read_file": "filesystem", "write_file": "filesystem",
         "remove_file": "filesystem", "list_files": "filesystem", "http": "network", "heliosdb_log": "log", "heliosdb_now": "clock",
         "heliosdb_begin_tx": "transaction"}
PUBLIC = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"  # of the secret key 00 01 02 ... 1f
TABLE = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


def setUpModule():
    http_test.setUpModule()


class Host(Case):
    def setUp(self):
        super().setUp()
        self.db.executescript("CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, 'x'), (2, NULL);")
        self.folder = Path(f"{self.id()}.d").resolve()
        self.folder.mkdir()
        os.environ["PY_TEST"] = "välue"
        self.create("gives", *GRANTS, f"filesystem:{self.folder}:rw")
        self.arguments = {"env_get": "PY_TEST", "verify": PUBLIC, "write_file": str(self.folder), "list_files": str(self.folder),
                          "read_file": str(self.folder / "none"), "remove_file": str(self.folder / "none"),
                          "http": f"https://a.localhost:{http_test.PORTS['good']}/echo"}

    def create(self, name, *grants, rest=""):
        caps = f"CAPABILITIES ({', '.join(repr(g) for g in grants)})" if grants else ""
        self.db.execute("SELECT helios_ddl(?)", [f"CREATE PROCEDURE {name} {rest} LANGUAGE wasm {caps} AS 'host.so'"])

    def call(self, procedure, name, argument=None):
        argument = self.arguments.get(name, "") if argument is None else argument
        return json.loads(self.db.execute(f"SELECT {procedure}(?, ?)", [name, argument]).fetchone()[0] or "null")

    def names(self):
        self.create("names")
        return json.loads(one(self.db, "SELECT names()"))

    def test_granted(self):
        (self.folder / "there").write_text("x")
        for name in self.names():
            if name in ("read_file", "remove_file"):
                self.arguments[name] = str(self.folder / "there")
            self.assertEqual(self.call("gives", name), self.expected(name), name)
        self.assertEqual(rows(self.db, "SELECT a, b FROM t"), [(1, "x"), (2, None)])
        self.assertFalse((self.folder / "there").exists())
        lines = [(level, text) for level, text in rows(self.db, "SELECT level, text FROM helios_logs WHERE procedure = 'gives'")]
        self.assertEqual(lines, [*[(l, f"by {l}") for l in ("debug", "info", "warn", "error")], ("warn", "by warning"), ("info", "by 1"),
                                 *[(l, f"as {l}") for l in ("debug", "info", "warn", "error")], ("info", "{'a': [1, None]}"), ("info", "printed 1"), ("info", "old")])

    def expected(self, name):
        digests = [heliosdb.hash(a, "abc").hex() for a in ("sha256", "sha384", "sha512", "sha3_256", "blake2b", "sha1")]
        return {"query": TABLE, "heliosdb_query": TABLE, "query_one": [TABLE[0], None], "query_value": ["x", None], "rows": [1, 2], "execute": [2, 1],
                "begin": [None, None, heliosdb.STATE], "transaction": ["kept", "undone"], "savepoint": ["kept", "undone"], "log": ["ValueError", 0],
                "now_us": [True] * 3, "random_bytes": [16, True, True, True, "x", True, True], "hash": [*digests, digests[0], "ValueError"],
                "hmac": heliosdb.hmac("sha256", b"key", "data").hex(), "sign": 64, "verify": [True, False],
                "kv_set": ["eins", "ff", None, [True, False], ["a/1", "a/2"], 2], "kv_delete": False, "kv_keys": [], "session_set": ["wér", None],
                "env_get": "välue", "read_file": "x", "write_file": ["eins zwei", ["f.txt", "there"], heliosdb.ABSENT, heliosdb.ABSENT], "list_files": [],
                "http": [200, "POST Grüße", "yes", None], "heliosdb_now": True, "heliosdb_begin_tx": [None] * 4}.get(name)

    def test_refused(self):
        """Without any grant each is a HeliosError DENIED that can be caught, and a record; nobody catches it: the call's error."""
        self.create("refused")
        self.create("ends")
        names = self.names()
        for name in names:
            self.assertEqual(self.call("refused", name), ["HeliosError", heliosdb.DENIED], name)
            with self.subTest(name):
                self.fails("^procedure ends: .*needs the capability '", "SELECT ends(?, ?)", name, self.arguments.get(name, ""))
        records = rows(self.db, "SELECT procedure, capability, granted FROM helios_audit_log WHERE event = 'use'")
        for procedure in ("refused", "ends"):
            refused = [capability.partition(":")[0] for by, capability, granted in records if by == procedure and not granted]
            self.assertLessEqual({NEEDS.get(name, "query") for name in names}, set(refused))
        self.assertEqual(rows(self.db, "SELECT a, b FROM t"), [(1, "x"), (2, None)])

    def test_one_grant_is_not_another(self):
        """An object beside the granted one."""
        (self.folder / "f").write_text("x")
        self.db.execute("SELECT helios_ddl(?)", [f"CREATE PROCEDURE refused LANGUAGE wasm CAPABILITIES ('query', 'read:t.a', 'env:OTHER', 'filesystem:{self.folder}:ro', "
                        "'network:b.localhost') AS 'host.so'"])
        for name, argument in (("query", ""), ("execute", ""), ("env_get", "PY_TEST"), ("write_file", str(self.folder)), ("read_file", "/etc/passwd"),
                               ("remove_file", str(self.folder / "f")), ("http", "https://a.localhost/")):
            self.assertEqual(self.call("refused", name, argument), ["HeliosError", heliosdb.DENIED], name)
        self.assertEqual(self.call("refused", "list_files"), ["", ["f"]])
        self.assertTrue((self.folder / "f").exists())

    def test_error_of_host(self):
        self.create("error_of_host", *GRANTS)
        self.assertEqual(json.loads(one(self.db, "SELECT error_of_host()")), [True] * 4)

    def test_mock(self):
        """The same script in this Python: the mock host gives what the engine gives."""
        host = heliosdb.mock.install()
        spec = importlib.util.spec_from_file_location("host", HERE / "host.py")
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        host.answer("SELECT a, b FROM t WHERE a < ?1", TABLE)
        host.answer("SELECT a, b FROM t ORDER", TABLE)
        host.answer("SELECT a, b FROM t WHERE a = ?1", TABLE[:1])
        host.answer("SELECT b FROM t WHERE a = ?1", [{"b": "x"}])
        host.answer("SELECT a FROM t WHERE a = ?1", [])
        host.changes("UPDATE t SET b = b", 2)
        host.changes("UPDATE t SET b = ?1", 1)
        host.environment["PY_TEST"] = "välue"
        host.files[str(self.folder / "there")] = b"x"
        host.on("http", lambda method, url, headers, body: heliosdb.Response(200, f"{method} {body}".encode(), {"X-Test": "yes"}))
        host.on("sign", lambda key, data: (data.encode() * 64)[:64])
        host.on("verify", lambda key, data, signature: signature.startswith(data.encode()))
        for name in script.CALLS:
            argument = str(self.folder / "there") if name in ("read_file", "remove_file") else self.arguments.get(name, "")
            self.assertEqual(json.loads(json.dumps(script.gives(name, argument))), self.expected(name), name)
            host.refuse(1, heliosdb.DENIED)
            self.assertEqual(script.refused(name, argument), ["HeliosError", heliosdb.DENIED], name)

    def test_json(self):
        """What json.loads and json.dumps of this Python give, with the keys in their order."""
        self.create("json_round")
        source = random.Random(1)

        def value(depth):
            kind = source.randrange(8 if depth < 4 else 6)
            if kind == 0:
                return source.choice([None, True, False])
            if kind == 1:
                return source.randrange(-10 ** source.randrange(1, 30), 10 ** source.randrange(1, 30))
            if kind in (2, 3):
                return float(f"{source.randrange(-10 ** 12, 10 ** 12)}e{source.randrange(-30, 15)}")
            if kind in (4, 5):
                return "".join(source.choice('ab"\\/\n\u0001é日🦀') for _ in range(source.randrange(12)))
            if kind == 6:
                return [value(depth + 1) for _ in range(source.randrange(6))]
            return {"".join(source.choices("abcdefgé", k=3)): value(depth + 1) for _ in range(source.randrange(40))}

        for _ in range(150):
            v = value(0)
            text = json.dumps(v, ensure_ascii=source.random() < 0.5, indent=source.choice([None, 1]))
            back = self.db.execute("SELECT json_round(?)", [text]).fetchone()[0]
            if v is None:
                self.assertIn(back, (None, "null"))
                continue
            self.assertTrue(json.dumps(json.loads(back)) == json.dumps(v), text[:2000])
        for text in ('{"z":1,"a":2,"z":3}', '{"a":0.1,"b":1e22,"c":-1.5e-7,"d":123456789012345678,"e":-0.0}'):
            self.assertEqual(json.loads(self.db.execute("SELECT json_round(?)", [text]).fetchone()[0], object_pairs_hook=list),
                             list(json.loads(text).items()))

    def test_names_change(self):
        self.create("names_change")
        for _ in range(2):  # the second call begins as the first did
            self.assertEqual(json.loads(one(self.db, "SELECT names_change()")), [3, "before", 1, -1, "after", True, 2, 3, 299, 3, 7, "after", 2, 97])

    def test_values(self):
        """Of all lengths around what is read at once, NULL, what is nothing, and zeros."""
        self.create("json_round")
        self.create("kinds")
        for n in (0, 1, 255, 256, 257, 5000):
            self.assertEqual(self.db.execute("SELECT kinds(?, ?, ?, ?)", ["é" * (n // 2) + "x" * (n % 2), b"a" * n, 0, 0.0]).fetchone()[0],
                             f"str {(n + 1) // 2}, bytes {n}, int 0, float 0.0")
            self.assertEqual(self.db.execute("SELECT json_round(?)", [json.dumps("a" * n)]).fetchone()[0], json.dumps("a" * n))
        self.assertEqual(one(self.db, "SELECT kinds(NULL, NULL, NULL, NULL)"), "NoneType None, NoneType None, NoneType None, NoneType None")
        self.assertEqual(self.db.execute("SELECT kinds('', x'', -0.0, -0.0)").fetchone()[0], "str 0, bytes 0, int 0, float -0.0")

    def test_json_of_bytes(self):
        """As CPython's json: a TypeError, no text."""
        self.create("json_of_bytes")
        with self.assertRaises(TypeError):
            json.dumps({"v": [b"a"]})
        self.fails("TypeError: object of type bytes is not JSON serializable", "SELECT json_of_bytes(x'61')")

    def test_traceback(self):
        self.create("trace", "log")
        text = (HERE / "host.py").read_text().split("\n")
        line = lambda what: next(i for i, l in enumerate(text, 1) if what in l)
        for n, name in ((1, "KeyError: key"), (2, "IndexError"), (3, "ValueError"), (4, "AttributeError"), (5, "NameError")):
            self.fails(f"procedure trace: host.py:{line('def _inner') + 1}: {name}", f"SELECT trace({n})")
        lines = one(self.db, "SELECT text FROM helios_logs WHERE procedure = 'trace'").split("\\x0a")
        wanted = [f'File "host.py", line {line("return middle(n)")}, in trace', f'File "host.py", line {line("return _inner(k)")}, in middle',
                  f'File "host.py", line {line("def _inner") + 1}, in _inner']
        self.assertEqual([t.strip() for t in lines if "File" in t][:3], wanted)

    def test_pages(self):
        """A call writes to one page (sdk/python/engine/near.c); few more if it needs them."""
        self.create("json_round")
        self.db.execute("SELECT json_round('[1, 2]') FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) SELECT i FROM n)").fetchall()
        written = [(int(m[2], 16) - int(m[1], 16)) // 4096 for m in re.finditer(r"^(\w+)-(\w+) rw\S+ .*helios image", Path("/proc/self/maps").read_text(), re.M)]
        self.assertTrue(written and written[0] == 1, written)


if __name__ == "__main__":
    try:
        polyglot.build(os.environ["HELIOS_HELIOSC"], HERE / "host.py", "host.so")
    except polyglot.Missing as e:
        print(f"SKIPPED: {e}")
        sys.exit(77)
    unittest.main()
