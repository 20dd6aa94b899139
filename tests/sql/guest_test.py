"""guest_test.py - compiled modules through SQL: host functions, grants, types, traps, the schema's places for
functions. Run by run.py in a folder that holds the modules and helios_sqlite.so."""
import math
import os
import re
import sqlite3
import subprocess
import sys
import time
import unittest
from pathlib import Path

from python_test import connect, ddl, one, rows

GRANTS = ["read:*", "write:t", "log", "transaction", "clock"]
EXPORTS = {"run": "(x TEXT) RETURNS TEXT", "second": "(x BIGINT, y TEXT) RETURNS TEXT", "note": "() RETURNS INTEGER",
           "undone": "(x TEXT) RETURNS INTEGER", "kept": "(x TEXT) RETURNS INTEGER", "now": "() RETURNS BIGINT",
           "sorry": "() RETURNS INTEGER"}


def create(db, name, signature, module, *grants, rest=""):
    listed = ", ".join(f"'{g}'" for g in grants)
    ddl(db, f"CREATE OR REPLACE PROCEDURE {name}{signature} LANGUAGE wasm "
            f"{f'CAPABILITIES ({listed})' if grants else ''} {rest} AS '{module}'")


class Case(unittest.TestCase):
    def setUp(self):
        self.db = connect(f"{self.id()}.db")
        self.addCleanup(self.db.close)

    def fails(self, pattern, sql, *values):
        with self.assertRaisesRegex(sqlite3.Error, pattern, msg=sql) as caught:
            self.db.execute(sql, values).fetchall()
        return str(caught.exception)


class Nine(Case):
    def setUp(self):
        super().setUp()
        self.db.executescript("CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, 'x'), (2, NULL);")

    def each(self, module):
        path = f"nine_{module}.wat"
        Path(path).write_text(Path("nine.wat").read_text().replace("MODULE", module))
        for name, signature in EXPORTS.items():
            create(self.db, name, signature, path, *GRANTS)
        self.assertEqual(one(self.db, "SELECT run('SELECT a, b FROM t ORDER BY a')"),
                         '[{"a":1,"b":"x"},{"a":2,"b":null}]')
        self.assertEqual(rows(self.db, "SELECT second(1, 'zwölf'), second(1, '')"), [("zwölf", "")])
        create(self.db, "second", EXPORTS["second"], path, *GRANTS, rest="CALLED ON NULL INPUT")
        self.assertEqual(one(self.db, "SELECT second(1, NULL)"), None)
        self.assertEqual(one(self.db, "SELECT note()"), 0)
        self.assertEqual(one(self.db, "SELECT undone('INSERT INTO t VALUES (3, 3)')"), 0)
        self.assertEqual(one(self.db, "SELECT count(*) FROM t"), 2)
        self.assertEqual(one(self.db, "SELECT kept('INSERT INTO t VALUES (3, 3)')"), 0)
        self.assertEqual(one(self.db, "SELECT count(*) FROM t"), 3)
        self.assertLess(abs(one(self.db, "SELECT now()") / 1e6 - time.time()), 60)
        self.fails("^procedure sorry: .*out of stock", "SELECT sorry()")
        log = subprocess.run([Path(os.environ["HELIOS_BIN"], "helios"), f"{self.id()}.db", "-c",
                              "SELECT note()"], capture_output=True, text=True)
        self.assertEqual((log.stdout, "warn: note: careful" in log.stderr), ("0\n", True), log.stderr)
        for grant, function in (("log", "log"), ("transaction", "begin_tx"), ("clock", "now")):
            without = [g for g in GRANTS if g != grant]
            with self.assertRaisesRegex(sqlite3.Error, f"{module}.heliosdb_{function} needs the capability '{grant}'"):
                create(self.db, "p", EXPORTS["run"], path, *without, rest="EXPORT 'run'")
        with self.assertRaisesRegex(sqlite3.Error, f"{module}.heliosdb_query needs the capability 'query'"):
            create(self.db, "p", EXPORTS["run"], path, *GRANTS[2:], rest="EXPORT 'run'")
        self.assertEqual(rows(self.db, "SELECT 1 FROM helios_procedure WHERE name = 'p'"), [])

    def test_env(self):
        self.each("env")

    def test_heliosdb(self):
        self.each("heliosdb")


class Grants(Case):
    def setUp(self):
        super().setUp()
        self.db.executescript("""
            CREATE TABLE open(a, b); INSERT INTO open VALUES (1, 2);
            CREATE TABLE secret(a, b); INSERT INTO secret VALUES (7, 8);
            CREATE TABLE log(a);
            CREATE VIEW window AS SELECT a FROM secret;
            CREATE TABLE hooked(a);
            CREATE TRIGGER hook AFTER INSERT ON hooked BEGIN INSERT INTO log VALUES (new.a); END;
            CREATE TABLE kept(a); CREATE TRIGGER peek AFTER INSERT ON kept BEGIN
              UPDATE kept SET a = (SELECT b FROM secret) WHERE a = new.a; END;""")
        Path("nine_env.wat").write_text(Path("nine.wat").read_text().replace("MODULE", "env"))

    def grant(self, *grants):
        create(self.db, "run", EXPORTS["run"], "nine_env.wat", "log", "transaction", "clock", *grants)

    def dump(self):
        return [line for line in self.db.iterdump() if "helios_" not in line]

    def judge(self, allowed, refused):
        for sql, result in allowed.items():
            self.assertEqual(one(self.db, "SELECT run(?)".replace("?", "'" + sql.replace("'", "''") + "'")), result, sql)
        before = self.dump()
        for sql in refused:
            self.fails("procedure run: ", "SELECT run(?)", sql)
        self.assertEqual(self.dump(), before)

    def test_query_alone(self):
        self.grant("query")
        self.judge({"SELECT 1 AS x": '[{"x":1}]', "SELECT value FROM json_each('[5]')": '[{"value":5}]'},
                   ["SELECT a FROM open", "SELECT count(*) FROM open", "INSERT INTO open VALUES (1, 1)", "SELECT * FROM window",
                    "SELECT name FROM sqlite_schema", "SELECT name FROM sqlite_master", "SELECT * FROM helios_version",
                    "SELECT * FROM pragma_table_info('open')", "PRAGMA user_version", "PRAGMA user_version = 5",
                    "ATTACH 'x.db' AS x", "BEGIN", "COMMIT", "SAVEPOINT s", "VACUUM", "CREATE TABLE n(a)",
                    "CREATE TEMP TABLE n(a)", "DROP TABLE open", "ALTER TABLE open RENAME TO o", "SELECT load_extension('x')",
                    "SELECT helios_ddl('DROP PROCEDURE run')", "SELECT 1; SELECT 2", "", "nonsense",
                    "EXPLAIN SELECT a FROM secret", "ANALYZE", "REINDEX"])

    def test_read_a_table(self):
        self.grant("read:open")
        self.judge({"SELECT a + b AS s FROM open": '[{"s":3}]', "SELECT count(*) AS n FROM open": '[{"n":1}]',
                    "WITH w AS (SELECT a FROM open) SELECT a FROM w": '[{"a":1}]'},
                   ["SELECT a FROM secret", "SELECT open.a FROM open JOIN secret", "SELECT (SELECT a FROM secret) FROM open",
                    "SELECT a FROM window", "UPDATE open SET a = 2", "DELETE FROM open", "INSERT INTO open VALUES (1, 1)",
                    "REPLACE INTO open VALUES (1, 1)", "SELECT 1 FROM open WHERE EXISTS (SELECT 1 FROM secret)",
                    "WITH open AS (SELECT a FROM secret) SELECT a FROM open"])

    def test_read_a_column(self):
        self.grant("read:secret.a")
        self.judge({"SELECT a FROM secret": '[{"a":7}]'},
                   ["SELECT b FROM secret", "SELECT * FROM secret", "SELECT a FROM secret ORDER BY b",
                    "SELECT a FROM secret WHERE b = 8", "SELECT a FROM open"])

    def test_views_lend_nothing(self):
        self.grant("read:window")
        self.judge({}, ["SELECT a FROM window", "SELECT a FROM secret"])
        self.grant("read:window", "read:secret.a")
        self.judge({"SELECT a FROM window": '[{"a":7}]'}, ["SELECT b FROM secret"])

    def test_write(self):
        self.grant("write:open")
        self.judge({"INSERT INTO open VALUES (3, 4)": "[]"},
                   ["INSERT INTO secret VALUES (1, 2)", "INSERT INTO open SELECT a, b FROM secret",
                    "UPDATE open SET a = (SELECT a FROM secret)", "INSERT INTO window VALUES (1)", "SELECT a FROM open",
                    "DELETE FROM secret", "DROP TABLE open", "INSERT INTO open VALUES (1, 2) RETURNING a"])
        self.assertEqual(one(self.db, "SELECT count(*) FROM open"), 2)
        self.grant("write:open", "read:open")
        self.judge({"UPDATE open SET a = 9 WHERE a = 3": "[]", "DELETE FROM open WHERE a = 9": "[]"}, [])

    def test_triggers_lend_nothing(self):
        self.grant("write:hooked")
        self.judge({}, ["INSERT INTO hooked VALUES (1)"])
        self.grant("write:kept", "read:kept")
        self.judge({}, ["INSERT INTO kept VALUES (1)"])
        self.grant("write:hooked", "write:log", "read:hooked")
        self.judge({"INSERT INTO hooked VALUES (5)": "[]"}, ["INSERT INTO kept VALUES (1)"])
        self.assertEqual(one(self.db, "SELECT a FROM log"), 5)

    def test_a_check_lends_nothing(self):
        """What a procedure leaves in the schema is called later, by the application with all its rights."""
        ddl(self.db, "CREATE PROCEDURE wipe() RETURNS BIGINT LANGUAGE sql AS $$ DELETE FROM secret; SELECT 0 $$")
        create(self.db, "peek", EXPORTS["run"], "nine_env.wat", *GRANTS, rest="EXPORT 'run'")
        Path("twice.wat").write_text('(module (func (export "twice") (param i64) (result i64) (local.get 0)))')
        ddl(self.db, "CREATE FUNCTION twice(a BIGINT) RETURNS BIGINT LANGUAGE wasm DETERMINISTIC AS 'twice.wat'")
        self.grant("ddl:trap", "write:trap")
        self.judge({}, ["CREATE TABLE trap(x CHECK (wipe() = 0))", "CREATE TABLE trap(x, CHECK (peek(x) IS NULL))",
                        "CREATE TABLE trap(x CHECK (twice(x) = wipe()))"])
        self.db.execute("CREATE TABLE IF NOT EXISTS trap(x)")
        self.db.execute("INSERT INTO trap VALUES (1)")
        self.assertEqual(one(self.db, "SELECT count(*) FROM secret"), 1)
        self.judge({"DROP TABLE trap": "[]", "CREATE TABLE trap(x CHECK (twice(x) = x))": "[]"}, [])

    def test_revoked(self):
        self.grant("read:open", "read:secret")
        self.judge({"SELECT a FROM secret": '[{"a":7}]'}, [])
        ddl(self.db, "ALTER PROCEDURE run REVOKE CAPABILITY DATABASE_READ('secret')")
        self.judge({"SELECT a FROM open": '[{"a":1}]'}, ["SELECT a FROM secret"])


class Types(Case):
    def both_ways(self, declared, export, same, refused=(), changed={}):
        create(self.db, "f", f"(x {declared}) RETURNS {declared}", "types.wat", rest=f"EXPORT '{export}'")
        for value in (None, *same):
            result = one_value(self.db, value)
            self.assertEqual((result, type(result)), (value, type(value)), declared)
        for value, wanted in changed.items():
            result = one_value(self.db, value)
            self.assertEqual((result, type(result)), (wanted, type(wanted)), f"{declared} {value!r}")
        for value in refused:
            self.fails(f"^procedure f: .*{declared}|does not fit", "SELECT f(?)", value)

    def test_each_type(self):
        low, high = -2**63, 2**63 - 1
        self.both_ways("BIGINT", "int", (0, 1, -1, low, high), (1.5, 1e19, "12a", "", b"1"), {3.0: 3, "12": 12})
        self.both_ways("INTEGER", "small", (0, -2**31, 2**31 - 1), (2**31, -2**31 - 1, low, high, 0.5, "x", b""))
        self.both_ways("REAL", "real", (0.0, 1.5, -1e308, 5e-324, math.inf, -math.inf), ("x", "", b"1"),
                       {3: 3.0, "1.5": 1.5, high: 9223372036854775808.0})
        self.assertEqual(math.copysign(1, one_value(self.db, -0.0)), -1)
        self.both_ways("BOOLEAN", "small", (0, 1), (1.5, "maybe", b"1"), {2: 1, -1: 1, low: 1, "true": 1, "false": 0})
        self.both_ways("TEXT", "bytes", ("", "a", "a\0b", "é😀\U0010ffff", "x" * 65536), (b"x",), {5: "5", 1.5: "1.5"})
        self.both_ways("BLOB", "bytes", (b"", b"\0\xff", bytes(range(256)) * 1000), (5, 1.5))
        self.both_ways("JSON", "bytes", ('{"a": [1, null]}', "null", "[]", '"é"'), ("", "{bad", "1 2", b"1"))
        self.both_ways("DECIMAL", "bytes", (0, 12, -0.5, 1.25, "123456789012345678901234567890.12"),
                       ("", "abc", "1.2.3", b"1", math.inf), {"12.50": 12.5, "+7": 7, "-.5": -0.5})
        self.both_ways("DECIMAL", "real", (0.0, -2.5), ("", "x", b"1"), {4: 4.0, "1.5": 1.5})
        self.both_ways("ANY", "cell", (0, high, low, 1.5, "", "é", b"", b"\0"))

    def test_large_and_broken_text(self):
        create(self.db, "f", "(x TEXT) RETURNS TEXT", "types.wat", rest="EXPORT 'bytes' WITH (memory_limit = '64MB')")
        self.assertEqual(rows(self.db, "SELECT length(f(x)), f(x) = x FROM (SELECT replace(hex(zeroblob(2500000)), '0', 'é') AS x)"),
                         [(5000000, 1)])
        self.fails("do not fit the memory limit", "SELECT f(hex(zeroblob(40000000)))")
        for broken in ("c328", "eda080", "ff", "c0af", "f4908080", "e282"):
            self.fails("not UTF-8", f"SELECT f(CAST(X'{broken}' AS TEXT))")
        self.assertEqual(one(self.db, "SELECT f('well')"), "well")

    def test_json_stays_json(self):
        create(self.db, "f", "(x JSON) RETURNS JSON", "types.wat", rest="EXPORT 'bytes'")
        self.assertEqual(one(self.db, "SELECT json_array(f('[1]'))"), "[[1]]")
        self.fails("not JSON", "SELECT json_array(f('1], [2'))")


def one_value(db, value):
    return db.execute("SELECT f(?)", [value]).fetchone()[0]


class Traps(Case):
    KINDS = [("load", "INTEGER", "-4", "out of bounds memory access", "inner"),
             ("fill", "INTEGER", "100", "out of bounds memory access", "fill"),
             ("stop", "INTEGER", "0", "unreachable instruction executed", "stop"),
             ("quotient", "INTEGER", "0", "integer divide by zero", "quotient"),
             ("quotient", "INTEGER", "-1", "integer overflow", "quotient"),
             ("whole", "REAL", "1e10", "integer overflow", "whole"),
             ("via", "INTEGER", "1", "uninitialized element in indirect call", "via"),
             ("via", "INTEGER", "2", "undefined element in indirect call", "via"),
             ("mismatch", "INTEGER", "0", "indirect call type mismatch", "mismatch"),
             ("set", "INTEGER", "99", "out of bounds table access", "set"),
             ("deep", "INTEGER", "0", "call stack exhausted", "deep"),
             ("spin", "INTEGER", "0", "fuel exhausted", "spin")]

    def test_each_kind(self):
        offsets = set()
        for name, declared, value, text, function in self.KINDS:
            returns = "BIGINT" if name == "mismatch" else "INTEGER"
            fuel = 1000000000 if name == "deep" else 1000000
            create(self.db, f"my_{name}", f"(x {declared}) RETURNS {returns}", "traps.wat",
                   rest=f"EXPORT '{name}' WITH (fuel_limit = {fuel})")
            message = self.fails(f'^procedure my_{name}: {text} in "{function}" at wasm offset 0x[0-9a-f]+$',
                                 f"SELECT my_{name}({value})")
            offsets.add((function, re.search("0x[0-9a-f]+", message)[0]))
            self.assertEqual(one(self.db, "SELECT my_via(0)") if name == "via" else 7, 7)
        self.assertEqual(len({at for _, at in offsets}), len({f for f, _ in offsets}))
        self.assertEqual(one(self.db, "SELECT my_load(65532)"), 0)

    def test_place_is_the_instruction(self):
        """The offset is that of the opcode in the module that the catalog holds."""
        create(self.db, "stop", "(x INTEGER) RETURNS INTEGER", "traps.wat")
        at = int(re.search("0x([0-9a-f]+)$", self.fails("unreachable", "SELECT stop(1)"))[1], 16)
        self.assertEqual(one(self.db, "SELECT wasm FROM helios_module")[at], 0)

    def test_recursion_through_sql(self):
        create(self.db, "down", "(n BIGINT) RETURNS BIGINT", "self.wat", "query")
        self.assertEqual(one(self.db, "SELECT down(10)"), 55)
        self.fails("nested more than 16 deep", "SELECT down(100)")
        self.assertEqual(one(self.db, "SELECT down(3)"), 6)

    def test_time_limit_whatever_the_programs_progress_handler(self):
        """There is one handler a connection: the program's own, or none, must not let a procedure's SQL run on."""
        count = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 20000000) SELECT count(*) FROM c"
        Path("nine_env.wat").write_text(Path("nine.wat").read_text().replace("MODULE", "env"))
        create(self.db, "run", EXPORTS["run"], "nine_env.wat", *GRANTS, rest="WITH (timeout = '200ms')")
        ddl(self.db, f"CREATE PROCEDURE counted() RETURNS BIGINT LANGUAGE sql WITH (timeout = '200ms') AS $$ {count} $$")
        for handler in (lambda: 0, None):
            for sql, values in (("SELECT run(?)", [count]), ("SELECT counted()", [])):
                self.db.set_progress_handler(handler, 1000000 if handler else 0)
                self.fails("time limit exceeded", sql, *values)


SMALL_FILES = """
import resource, signal, sys
from python_test import connect, ddl, one
db, folder = connect(sys.argv[1]), sys.argv[2]
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))
print(one(db, f"SELECT put('{folder}/put')"), one(db, "SELECT widen()"))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
print(one(db, f"SELECT put('{folder}/none')"))
try:
    ddl(db, "CREATE PROCEDURE other(p TEXT) RETURNS BIGINT LANGUAGE wasm AS 'large.wat'")
except Exception as e:
    print(e)
db.close()
print("closed")
"""


class Program(Case):
    def test_files_beyond_the_programs_limit(self):
        """An error, not a signal that ends the program: the image of an instance, files of a guest, what was observed."""
        folder = Path(self.id()).resolve()
        folder.mkdir()
        for name, signature in (("put", "(p TEXT)"), ("widen", "()")):
            create(self.db, name, signature + " RETURNS BIGINT", "large.wat", f"filesystem:{folder}:rw")
        done = subprocess.run([sys.executable, "-c", SMALL_FILES, f"{self.id()}.db", folder], text=True, capture_output=True,
                              env=dict(os.environ, PYTHONPATH=str(Path(__file__).parent)))
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual((lines[0], lines[1], lines[-1]), ("65536 22", "-9", "closed"))
        self.assertIn("can't write a temporary file: File too large", lines[2])


class Schema(Case):
    def test_pure_in_every_place(self):
        ddl(self.db, "CREATE FUNCTION pure(x BIGINT) RETURNS BIGINT LANGUAGE wasm DETERMINISTIC EXPORT 'mark' AS 'v1.wat'")
        self.db.executescript("""
            CREATE TABLE t(a CHECK (pure(a) > 11), g AS (pure(a))); CREATE INDEX i ON t(pure(a)) WHERE pure(a) > 0;
            CREATE VIEW v AS SELECT pure(a) AS p FROM t; CREATE TABLE u(a);
            CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO u VALUES (pure(new.a)); END;""")
        self.db.execute("INSERT INTO t(a) VALUES (7)")
        self.fails("CHECK constraint failed", "INSERT INTO t(a) VALUES (0)")
        self.assertEqual(rows(self.db, "SELECT a, g, (SELECT p FROM v), (SELECT a FROM u) FROM t WHERE pure(a) = 71"),
                         [(7, 71, 71, 71)])
        self.assertEqual(one(self.db, "PRAGMA integrity_check"), "ok")
        with self.assertRaisesRegex(sqlite3.Error, "uses it"):
            ddl(self.db, "DROP FUNCTION pure CASCADE")
        self.assertEqual(one(self.db, "SELECT count(*) FROM v"), 1)

    def test_others_in_none(self):
        ddl(self.db, "CREATE FUNCTION other(x BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'mark' AS 'v1.wat'")
        self.db.executescript("CREATE TABLE t(a); CREATE VIEW v AS SELECT other(1);"
                              "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT other(new.a); END;")
        self.fails("non-deterministic", "CREATE INDEX i ON t(other(a))")
        self.fails("non-deterministic", "CREATE TABLE g(a, b AS (other(a)))")
        for sql in ("INSERT INTO t VALUES (1)", "SELECT * FROM v"):
            self.fails("unsafe use of other", sql)

    def test_vacuum_attach_temp(self):
        ddl(self.db, "CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS 'v1.wat'")
        for sql in ("VACUUM", "PRAGMA journal_mode = WAL", "VACUUM", f"ATTACH '{self.id()}-2.db' AS o",
                    "CREATE TABLE o.helios_procedure(x)", "CREATE TEMP TABLE helios_meta(key, value)",
                    "CREATE TEMP TABLE helios_version(x)", "VACUUM INTO 'copy.db'", "PRAGMA journal_mode = DELETE"):
            self.db.execute(sql)
            self.assertEqual(one(self.db, "SELECT answer()"), 1, sql)
        ddl(self.db, "ALTER PROCEDURE answer VERSION 2 AS 'v2.wat'")
        self.assertEqual(one(self.db, "SELECT answer()"), 2)
        copy = connect("copy.db")
        self.addCleanup(copy.close)
        self.assertEqual(one(copy, "SELECT answer()"), 1)

    def test_drop_and_replace_while_a_statement_runs(self):
        ddl(self.db, "CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS 'v1.wat'")
        five = "SELECT answer() FROM json_each('[1,2,3,4,5]')"
        running = self.db.execute(five)
        self.assertEqual(next(running), (1,))
        ddl(self.db, "CREATE OR REPLACE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS 'v2.wat'")
        self.assertEqual(one(self.db, "SELECT answer()"), 2)
        self.assertEqual(running.fetchall(), [(1,)] * 4)
        running = self.db.execute(five)
        self.assertEqual(next(running), (2,))
        ddl(self.db, "DROP PROCEDURE answer")
        self.assertEqual(running.fetchall(), [(2,)] * 4)
        self.fails("no such procedure: answer", "SELECT answer()")

    def test_names(self):
        for name in ('"select"', '"größe"', '"日本"', '"a b"', '"a""b"', "[x y]", "`tick`", '"%s%n"', '"' + "n" * 127 + '"'):
            ddl(self.db, f"CREATE PROCEDURE {name}() RETURNS BIGINT LANGUAGE wasm EXPORT 'answer' AS 'v1.wat'")
            self.assertEqual(one(self.db, f"SELECT {name}()"), 1, name)
            ddl(self.db, f"DROP PROCEDURE {name}")
        for name in ("abs", '"count"', "json", "helios_x", "sqlite_x", '""', '"' + "n" * 128 + '"', "1a", "'s'", "main.f", '"a\nb"'):
            with self.assertRaises(sqlite3.Error, msg=name):
                ddl(self.db, f"CREATE PROCEDURE {name}() RETURNS BIGINT LANGUAGE wasm EXPORT 'answer' AS 'v1.wat'")
        self.assertEqual(one(self.db, "SELECT abs(-1)"), 1)


if __name__ == "__main__":
    unittest.main()
