"""host_test.py - host.go and compat.go through the engine: each function of the Go SDK that asks the host, with its grant; without it the
module is refused by name, and an object that is not granted is an error with its code and an audit record. Run by tests/sql/run.py;
exit 77: this machine lacks Go."""
import os
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "sql"), str(HERE.parents[1] / "polyglot")]
import http_test  # noqa: E402
import polyglot  # noqa: E402
from guest_test import Case  # noqa: E402
from python_test import ddl, one, rows  # noqa: E402

GRANTS = ["query", "read:t", "write:t", "transaction", "log", "clock", "random", "crypto", "env:GO_TEST", "network:a.localhost:private"]
PUBLIC = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"  # of the secret key 00 01 02 ... 1f


def setUpModule():
    http_test.setUpModule()


class Go(Case):
    def setUp(self):
        super().setUp()
        self.db.executescript("CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, 'x'), (2, NULL); CREATE TABLE secret(x);")
        self.folder = Path(f"{self.id()}.d").resolve()
        self.folder.mkdir()
        os.environ["GO_TEST"] = "välue"
        self.grants = [*GRANTS, f"filesystem:{self.folder}:rw"]

    def create(self, name, grants, module="host.so"):
        ddl(self.db, f"CREATE PROCEDURE {name} LANGUAGE wasm CAPABILITIES ({', '.join(repr(g) for g in grants)}) AS '{module}'")

    def test_granted(self):
        self.create("gives", self.grants)
        port = http_test.PORTS["good"]
        for name, argument, wanted in (
                ("sql", "", "1x 2"), ("changed", "", "1"), ("transactions", "", "3 2"), ("log", "", "done"), ("now", "", "true"), ("chance", "", "true"),
                ("hash", "", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
                ("hmac", "", "5031fe3d989c6d1537a013fa6e739da23463fdaec3b70137d828e36ace221bd0"), ("signed", PUBLIC, "true"),
                ("kept", "", "eins a/1 a/2"), ("variables", "", "wér"), ("metrics", "", "done"), ("env", "GO_TEST", "välue"),
                ("files", str(self.folder), 'eins zwei 9 ["f.txt"]'), ("list", str(self.folder), "[]"),
                ("fetch", f"https://a.localhost:{port}/echo", "200 POST Grüße yes")):
            self.assertEqual(self.db.execute("SELECT gives(?, ?)", [name, argument]).fetchone()[0], wanted, name)
        self.assertEqual(rows(self.db, "SELECT a FROM t"), [(1,), (2,)])
        self.assertEqual(rows(self.db, "SELECT level, text FROM helios_logs WHERE procedure = 'gives'"),
                         [("debug", "a debug"), ("info", "an info"), ("warn", "a warn"), ("error", "an error"), ("info", "by level")])

    def test_without_a_grant(self):
        """Such a module is not linked: the function and the capability are named."""
        for grant in self.grants[3:]:
            capability = grant.partition(":")[0]
            without = [g for g in self.grants if not g.startswith(capability)]
            with self.assertRaisesRegex(Exception, f"needs the capability '{capability}", msg=grant):
                self.create("gives", without)
        self.assertEqual(rows(self.db, "SELECT name FROM sqlite_schema WHERE name LIKE 'helios%'"), [])

    def test_another_object(self):
        self.create("refused", self.grants)
        self.create("gives", self.grants)
        for name, argument in (("secret", ""), ("env", "HOME"), ("open", "/etc/passwd"), ("remove", "/etc/passwd"), ("list", "/etc"), ("files", "/etc"),
                               ("fetch", "https://elsewhere.localhost/")):
            self.assertEqual(self.db.execute("SELECT refused(?, ?)", [name, argument]).fetchone()[0], "-2 true", name)
            self.fails("^procedure gives(: | may not )", "SELECT gives(?, ?)", name, argument)
        records = {c.partition(":")[0] for c, in rows(self.db, "SELECT capability FROM helios_audit_log WHERE procedure = 'refused' AND event = 'use' AND NOT granted")}
        self.assertLessEqual({"env", "filesystem", "network"}, records)

    def test_compat(self):
        grants = ["query", "read:t", "write:t", "transaction", "log"]
        for name in ("listed", "change", "wrong"):
            self.create(name, grants, "compat.so")
        self.assertEqual(one(self.db, "SELECT listed(2)"), "1x0.5 20.5 ")
        self.assertEqual([one(self.db, "SELECT change(0)"), one(self.db, "SELECT change(1)")], ["2", "3"])
        self.assertEqual(rows(self.db, "SELECT level, text FROM helios_logs"), [("warn", "changed")] * 2)
        self.fails('no log level "loud"', "SELECT wrong('level')")
        self.fails("no transaction", "SELECT wrong('commit')")
        self.fails("no such column", "SELECT wrong('SELECT nonsense FROM t')")
        self.fails("secret", "SELECT wrong('SELECT x FROM secret')")


if __name__ == "__main__":
    try:
        for name in ("host", "compat"):
            polyglot.build(os.environ["HELIOS_HELIOSC"], HERE / f"{name}.go", f"{name}.so")
    except polyglot.Missing as e:
        print(f"SKIPPED: {e}")
        sys.exit(77)
    unittest.main()
