"""state_test.py - what lasts beyond a call, from SQL: kept values with statements, transactions, versions and DROP;
session variables as SQL sees them. Run by run.py. tests/unit/host_state_test.c has every refusal."""
import os
import sqlite3
import unittest
from pathlib import Path

from python_test import connect, ddl, one, rows

GRANTS = ["query", "write:t", "transaction", "log", "read:mine", "read:t"]
TWO = "(k TEXT, v TEXT) RETURNS INTEGER"
EXPORTS = {"put": TWO, "take": "(k TEXT) RETURNS ANY", "remove": "(k TEXT) RETURNS INTEGER",
           "next": "(prefix TEXT, k TEXT) RETURNS ANY", "put_undone": TWO, "put_trap": TWO,
           "count_up": "(k TEXT) RETURNS BIGINT", "tell": "(k TEXT) RETURNS ANY", "say": TWO,
           "metric": "(k TEXT, v REAL) RETURNS INTEGER", "ask": "(k TEXT) RETURNS ANY"}


def create(db, name, export, *grants, module="keeper.wat", kind="CREATE OR REPLACE PROCEDURE"):
    listed = ", ".join(f"'{g}'" for g in grants)
    capabilities = f"CAPABILITIES ({listed})" if grants else ""
    ddl(db, f"{kind} {name}{EXPORTS[export]} LANGUAGE wasm EXPORT '{export}' {capabilities} AS '{module}'")


class Case(unittest.TestCase):
    def setUp(self):
        self.path = f"{self.id()}.db"
        self.db = connect(self.path)
        self.addCleanup(self.db.close)
        self.db.isolation_level = None
        self.db.executescript("CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'z');")

    def fails(self, pattern, sql, *values):
        with self.assertRaisesRegex(sqlite3.Error, pattern, msg=sql):
            self.db.execute(sql, values).fetchall()

    def made(self, *exports):
        for export in exports:
            create(self.db, export, export, *GRANTS)


class Kept(Case):
    """Each procedure has a namespace of its own, so one export does all here: `count_up`."""

    def count(self, db=None):
        return one(db or self.db, "SELECT count_up('n')")

    def setUp(self):
        super().setUp()
        self.made("count_up")

    def test_lasts_and_is_undone_with_the_callers_transaction(self):
        self.assertEqual([self.count(), self.count()], [1, 2])
        self.db.execute("BEGIN")
        self.assertEqual([self.count(), self.count()], [3, 4])
        self.db.execute("ROLLBACK")
        self.assertEqual(self.count(), 3)
        self.db.execute("SAVEPOINT s")
        self.count()
        self.db.execute("ROLLBACK TO s")
        self.db.execute("RELEASE s")
        self.assertEqual(self.count(), 4)
        other = connect(self.path)
        self.addCleanup(other.close)
        self.assertEqual(self.count(other), 5)
        self.assertEqual(self.count(), 6)

    def test_survives_versions(self):
        self.count()
        ddl(self.db, "ALTER PROCEDURE count_up SET SOURCE 'keeper.wat'")
        self.assertEqual(self.count(), 2)
        ddl(self.db, "ALTER PROCEDURE count_up USE VERSION 1")
        self.assertEqual(self.count(), 3)

    def test_goes_with_the_procedure(self):
        self.count()
        ddl(self.db, "DROP PROCEDURE count_up")
        self.assertEqual(one(self.db, "SELECT count(*) FROM helios_kv"), 0)
        self.made("count_up")
        self.assertEqual(self.count(), 1)

    def test_a_dropped_ones_comes_back_with_rollback(self):
        self.count()
        self.db.execute("BEGIN")
        ddl(self.db, "DROP PROCEDURE count_up")
        self.db.execute("ROLLBACK")
        self.assertEqual(self.count(), 2)

    def test_namespaces(self):
        create(self.db, "other", "count_up", *GRANTS)
        self.assertEqual([self.count(), one(self.db, "SELECT other('n')"), self.count()], [1, 1, 2])

    def test_inside_a_select_over_rows(self):
        self.assertEqual(rows(self.db, "SELECT count_up('n') FROM t"), [(1,), (2,), (3,)])
        self.assertEqual(self.count(), 4)

    def test_inside_an_update(self):
        """Kept with the statement, and undone with it when it fails."""
        self.db.execute("UPDATE t SET b = count_up('n')")
        self.assertEqual(rows(self.db, "SELECT b FROM t"), [(1,), (2,), (3,)])
        self.db.execute("CREATE UNIQUE INDEX u ON t(b)")
        self.fails("UNIQUE", "UPDATE t SET b = count_up('n') * 0")
        self.assertEqual(self.count(), 4)

    def test_inside_insert_and_delete(self):
        self.db.execute("INSERT INTO t SELECT a + 10, count_up('n') FROM t")
        self.db.execute("DELETE FROM t WHERE count_up('n') > 5")
        self.assertEqual(rows(self.db, "SELECT a, b FROM t WHERE a > 9 OR typeof(b) = 'text'"),
                         [(1, "x"), (2, "y")])

    def test_not_from_a_trigger(self):
        """Procedures that are not deterministic can't be called from a schema at all."""
        self.db.execute("CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT count_up('n'); END")
        self.fails("unsafe use of count_up", "INSERT INTO t VALUES (9, 9)")

    def test_read_only_and_locked(self):
        reader = connect(self.path)
        self.addCleanup(reader.close)
        reader.execute("PRAGMA query_only = 1")
        self.assertEqual(one(reader, "SELECT count_up('n')"), -1)
        reader.execute("PRAGMA query_only = 0")
        reader.execute("PRAGMA busy_timeout = 0")
        self.db.execute("BEGIN IMMEDIATE")
        self.assertEqual(one(reader, "SELECT count_up('n')"), -1)
        self.db.execute("ROLLBACK")
        self.assertEqual(one(reader, "SELECT count_up('n')"), 1)


class Statuses(Case):
    def test_savepoints(self):
        """begin opens a savepoint, which SQLite refuses within a statement that writes."""
        self.made("put_undone")
        self.assertEqual(one(self.db, "SELECT put_undone('k', 'v')"), 0)
        self.db.execute("UPDATE t SET b = put_undone('k', 'v')")
        self.assertEqual(one(self.db, "SELECT max(b) FROM t"), -12)  # BUSY
        self.assertEqual(one(self.db, "SELECT count(*) FROM helios_kv"), 0)

    def test_trap(self):
        """As any SQL of a procedure: what it did before it trapped stays, unless the transaction is undone."""
        self.made("put_trap")
        self.db.execute("BEGIN")
        self.fails("unreachable", "SELECT put_trap('k', 'v')")
        self.db.execute("ROLLBACK")
        self.assertEqual(one(self.db, "SELECT count(*) FROM helios_kv"), 0)
        self.fails("unreachable", "UPDATE t SET b = put_trap('k', 'v')")
        self.assertEqual(one(self.db, "SELECT count(*) FROM helios_kv"), 0)

    def test_guest_sql_does_not_reach_the_table(self):
        for grants in ("read:*", "read:helios_kv"):
            create(self.db, "ask", "ask", "query", "write:*", "transaction", "log", grants)
            self.assertEqual(one(self.db, "SELECT ask('SELECT value FROM helios_kv')"), -2)
            self.assertEqual(one(self.db, "SELECT ask('DELETE FROM helios_kv')"), -2)

    def test_grants(self):
        path = Path("reader.wat")
        text = Path("keeper.wat").read_text()
        for needs, hint, functions in (("write", "write:<table>", ("kv_set", "kv_delete", "session_set")),
                                       ("query", "query", ("kv_get", "kv_list", "session_get"))):
            for function in functions:
                line = next(x for x in text.split("\n") if f'"{function}"' in x)
                path.write_text(f"(module {line} (memory (export \"memory\") 1)"
                                f" (func (export \"put\") (param i32 i32 i32 i32) (result i32) (i32.const 0)))")
                with self.assertRaisesRegex(sqlite3.Error, f"{function} needs the capability '{needs}'.*{hint}"):
                    create(self.db, "p", "put", "log", module="reader.wat")
                create(self.db, "p", "put", "write:t" if needs == "write" else "ddl:x", module="reader.wat")


class Schema(Case):
    """ddl:<table>: where in the caller's statements it works."""

    def setUp(self):
        super().setUp()
        create(self.db, "ask", "ask", "ddl:work", "write:work", "read:work", "ddl:t", "transaction", "log")

    def ask(self, sql):
        return self.db.execute("SELECT ask(?)", (sql,)).fetchone()[0]

    def within(self, sql):
        """While a statement reads a table."""
        return self.db.execute("SELECT ask(?) FROM t WHERE a = 1", (sql,)).fetchall()

    def test_in_call_and_select(self):
        self.assertEqual(self.ask("CREATE TABLE work(a, b)"), "[]")
        self.assertEqual(self.ask("INSERT INTO work VALUES (1, 2)"), "[]")
        self.assertEqual(self.ask("CREATE INDEX work_a ON work(a)"), "[]")
        self.assertEqual(self.ask("ALTER TABLE work ADD COLUMN c DEFAULT 3"), "[]")
        self.assertEqual(self.ask("SELECT * FROM work"), '[{"a":1,"b":2,"c":3}]')
        self.assertEqual(self.ask("DROP TABLE work"), "[]")
        self.assertEqual(self.ask("SELECT * FROM work"), -1)
        self.assertEqual(self.ask("DROP TABLE helios_procedure"), -2)

    def test_within_a_statement_that_reads(self):
        """CREATE and ADD COLUMN do; SQLite drops nothing while a statement reads."""
        self.assertEqual(self.within("CREATE TABLE work(a)"), [("[]",)])
        self.assertEqual(self.within("ALTER TABLE work ADD COLUMN b"), [("[]",)])
        self.assertEqual(self.within("CREATE INDEX work_a ON work(a)"), [("[]",)])
        self.assertEqual(self.within("DROP INDEX work_a"), [(-12,)])  # BUSY
        self.assertEqual(self.within("DROP TABLE work"), [(-12,)])
        self.assertEqual(self.ask("DROP TABLE work"), "[]")

    def test_within_a_statement_that_writes(self):
        self.db.execute("UPDATE t SET b = ask('CREATE TABLE work(a)') WHERE a = 1")
        self.assertEqual(one(self.db, "SELECT b FROM t WHERE a = 1"), "[]")
        self.db.execute("UPDATE t SET b = ask('DROP TABLE work') WHERE a = 1")
        self.assertEqual(one(self.db, "SELECT b FROM t WHERE a = 1"), -12)

    def test_undone_with_the_callers_transaction(self):
        self.db.execute("BEGIN")
        self.assertEqual(self.ask("CREATE TABLE work(a)"), "[]")
        self.assertEqual(self.ask("ALTER TABLE t DROP COLUMN b"), "[]")
        self.db.execute("ROLLBACK")
        self.assertEqual(rows(self.db, "SELECT count(*) FROM sqlite_schema WHERE name = 'work'"), [(0,)])
        self.assertEqual(one(self.db, "SELECT b FROM t WHERE a = 1"), "x")

    def test_grant_is_spelled_out(self):
        self.assertEqual(self.ask("CREATE TABLE other(a)"), -2)
        self.assertEqual(rows(self.db, "SELECT count(*) FROM sqlite_schema WHERE name = 'other'"), [(0,)])

    def test_profile(self):
        """elevated has ddl:*, which reaches no table of the engine's."""
        ddl(self.db, "CREATE OR REPLACE PROCEDURE ask(k TEXT) RETURNS ANY LANGUAGE wasm EXPORT 'ask' "
                     "SECURITY PROFILE 'elevated' AS 'keeper.wat'")
        self.assertEqual(self.ask("CREATE TABLE anything(a)"), "[]")
        self.assertEqual(self.ask("DROP TABLE t"), "[]")
        for sql in ("DROP TABLE helios_kv", "ALTER TABLE helios_procedure ADD COLUMN x", "CREATE TABLE helios_x(a)",
                    "CREATE INDEX i ON helios_meta(key)", "ALTER TABLE anything RENAME TO helios_x"):
            self.assertEqual(self.ask(sql), -2, sql)


class Session(Case):
    def test_sql_and_procedures_see_the_same(self):
        self.made("tell", "say")
        self.assertEqual(one(self.db, "SELECT helios_session('app.tenant')"), None)
        self.assertEqual(one(self.db, "SELECT helios_session_set('app.tenant', 'acme')"), "acme")
        self.assertEqual(rows(self.db, "SELECT helios_session('app.tenant'), tell('APP.TENANT')"), [("acme", "acme")])
        self.assertEqual(one(self.db, "SELECT say('app.who', 'zwölf')"), 0)
        self.assertEqual(one(self.db, "SELECT helios_session('app.who')"), "zwölf")
        self.assertEqual(one(self.db, "SELECT say('helios.region', 'x')"), -2)
        self.assertEqual(one(self.db, "SELECT helios_session_set('helios.region', 7)"), 7)
        self.assertEqual(one(self.db, "SELECT tell('helios.region')"), "7")
        one(self.db, "SELECT helios_session_set('app.tenant', NULL)")
        self.assertEqual(rows(self.db, "SELECT helios_session('app.tenant'), tell('app.tenant')"), [(None, None)])

    def test_of_the_connection(self):
        one(self.db, "SELECT helios_session_set('app.tenant', 'acme')")
        other = connect(self.path)
        self.addCleanup(other.close)
        self.assertEqual(one(other, "SELECT helios_session('app.tenant')"), None)
        self.db.execute("BEGIN")
        one(self.db, "SELECT helios_session_set('app.tenant', 'other')")
        self.db.execute("ROLLBACK")
        self.assertEqual(one(self.db, "SELECT helios_session('app.tenant')"), "other")

    def test_in_a_view(self):
        """Row level security: a tenant sees his rows, and so does a procedure that may read the view."""
        self.made("ask")
        self.db.execute("CREATE VIEW mine AS SELECT a FROM t WHERE b = helios_session('app.tenant')")
        one(self.db, "SELECT helios_session_set('app.tenant', 'y')")
        self.assertEqual(rows(self.db, "SELECT a FROM mine"), [(2,)])
        self.assertEqual(one(self.db, "SELECT ask('SELECT a FROM mine')"), '[{"a":2}]')
        self.assertEqual(one(self.db, "SELECT ask('SELECT helios_session_set(''app.tenant'', ''x'')')"), -2)
        self.db.execute("CREATE VIEW change AS SELECT helios_session_set('app.tenant', 'x')")
        self.fails("unsafe use of helios_session_set", "SELECT * FROM change")

    def test_refused(self):
        for name in ("", "tenant", "a..b", "a b.c"):
            self.fails(f'"{name}" is no name of a session variable', "SELECT helios_session_set(?, 1)", name)
        self.fails("has a name", "SELECT helios_session_set(NULL, 1)")
        self.fails("at most 65536 bytes", "SELECT helios_session_set('a.b', ?)", "x" * 65537)
        self.fails("is text", "SELECT helios_session_set('a.b', ?)", "x\0y")

    def test_by_helios_ddl(self):
        ddl(self.db, "SET app.tenant = 'acme'")
        self.assertEqual(one(self.db, "SELECT helios_session('app.tenant')"), "acme")
        ddl(self.db, "RESET app.tenant")
        self.assertEqual(one(self.db, "SELECT helios_session('app.tenant')"), None)
        self.fails("SHOW is not for helios_ddl", "SELECT helios_ddl('SHOW ALL')")


class Metrics(Case):
    def test_shown(self):
        self.made("metric")
        self.assertEqual(rows(self.db, "SELECT metric('orders', 2), metric('orders', 0.5)"), [(0, 0)])
        self.assertEqual(one(self.db, "SELECT metric('a b', 1)"), -22)
        self.assertEqual(rows(self.db, "SELECT procedure, name, kind, value FROM helios_custom_metrics"),
                         [("metric", "orders", "counter", 2.5)])
        self.assertRegex(one(self.db, "SELECT helios_prometheus()"), r'(?m)^[^#]*procedure="metric".*orders.* 2\.5$')


class Audit(Case):
    """A use that is refused leaves a record, with the capability that it lacks."""

    def refused(self):
        return rows(self.db, "SELECT procedure, capability, object, granted FROM helios_audit_log WHERE event = 'use'")

    def test_session(self):
        self.made("say")
        self.assertEqual(one(self.db, "SELECT say('helios.who', 'me')"), -2)
        self.assertEqual(self.refused(), [("say", None, "helios.who", 0)])

    def test_ddl(self):
        create(self.db, "ask", "ask", "ddl:work", "write:work", "transaction", "log")
        for sql, object in (("CREATE TABLE other(a)", "other"), ("CREATE TABLE work(a REFERENCES t)", "t"),
                            ("CREATE TABLE work(a DEFAULT (1))", None)):
            self.assertEqual(one(self.db, f"SELECT ask('{sql}')"), -2, sql)
            self.assertEqual(self.refused()[-1], ("ask", "ddl", object, 0))

    def test_environment(self):
        Path("env.wat").write_text("""(module (import "helios_v1" "env_get" (func $get (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 2)
          (func (export "remove") (param i32 i32) (result i32)
            (call $get (local.get 0) (local.get 1) (i32.const 65536) (i32.const 100))))""")
        create(self.db, "look", "remove", "env:HOME", module="env.wat")
        self.assertGreaterEqual(one(self.db, "SELECT look('HOME')"), 0)
        self.assertEqual(one(self.db, "SELECT look('PATH')"), -2)
        self.assertEqual(self.refused(), [("look", "env", "PATH", 0)])


class Begin(Case):
    """Instances of two connections begin alike, unless they are told something of their own while they are initialised."""

    def both(self, *grants):
        os.environ["BEGIN"] = "a text"
        capabilities = "CAPABILITIES (" + ", ".join(f"'{g}'" for g in grants) + ")" if grants else ""
        for name in ("told", "drawn", "begun"):
            ddl(self.db, f"CREATE OR REPLACE PROCEDURE {name}() RETURNS BIGINT LANGUAGE wasm {capabilities} AS 'begin.wat'")
        other = connect(self.path)
        self.addCleanup(other.close)
        mine = rows(self.db, "SELECT told(), drawn(), begun()")[0]
        os.environ["BEGIN"] = "another text"
        return mine, rows(other, "SELECT told(), drawn(), begun()")[0]

    def write(self, imports):
        Path("begin.wat").write_text(f"""(module
          (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
          {imports}
          (memory (export "memory") 1) (data (i32.const 8) "BEGIN")
          (global $time (mut i64) (i64.const 0))
          (func (export "_initialize")
            (i32.store (i32.const 56) (call $get (i32.const 8) (i32.const 5) (i32.const 64) (i32.const 8)))
            (drop (call $random (i32.const 32) (i32.const 8)))
            (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 40)))
            (global.set $time (i64.load (i32.const 40))))
          (func (export "told") (result i64) (i64.load32_u (i32.const 56)))
          (func (export "drawn") (result i64) (i64.load (i32.const 32)))
          (func (export "begun") (result i64) (global.get $time)))""")

    def test_by_what_they_are_told(self):
        self.write('(import "helios_v1" "env_get" (func $get (param i32 i32 i32 i32) (result i32)))')
        mine, theirs = self.both("env:BEGIN")
        self.assertEqual((mine[0], theirs[0]), (len("a text"), len("another text")))
        self.assertEqual(mine[1:], theirs[1:])

    def test_by_what_they_may(self):
        self.write("(func $get (param i32 i32 i32 i32) (result i32) (i32.const 3))")
        mine, theirs = self.both()
        self.assertEqual(mine, theirs)
        mine, theirs = self.both("random")
        self.assertNotEqual(mine[1], theirs[1])
        self.assertEqual(mine[2], theirs[2])
        mine, theirs = self.both("clock")
        self.assertEqual(mine[1], theirs[1])
        self.assertLess(mine[2], theirs[2])


if __name__ == "__main__":
    unittest.main()
