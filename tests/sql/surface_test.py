"""surface_test.py - the larger things of the SQL surface, by compiled modules and the extension in Python's sqlite3:
tables. Run by run.py in a folder that holds the modules and helios_sqlite.so."""
import resource
import sqlite3
import time
import unittest

from guest_test import Case
from python_test import connect, ddl, interrupted, one, rows


def create(db, text, module, rest=""):
    ddl(db, f"CREATE OR REPLACE FUNCTION {text} LANGUAGE wasm {rest} AS '{module}'")


class Tables(Case):
    def test_rows(self):
        create(self.db, "numbers(a BIGINT, b BIGINT DEFAULT 3) RETURNS TABLE (n BIGINT, half REAL, name TEXT)", "rows.wat")
        self.assertEqual(rows(self.db, "SELECT * FROM numbers(1)"), [(1, .5, "odd"), (2, 1., "even"), (3, 1.5, "odd")])
        self.assertEqual(rows(self.db, "SELECT name, count(*) FROM numbers(1, 100) GROUP BY 1"), [("even", 50), ("odd", 50)])
        self.assertEqual(rows(self.db, "SELECT x.n, y.n FROM numbers(1, 3) x JOIN numbers(x.n, 3) y ON y.n > x.n"),
                         [(1, 2), (1, 3), (2, 3)])
        self.assertEqual(one(self.db, "SELECT count(*) FROM numbers WHERE b = 5 AND a = 2"), 4)
        self.assertEqual(one(self.db, "SELECT sum(n) FROM json_each('[1,2,9]') j, numbers(j.value, 3)"), 11)
        self.assertEqual(one(self.db, "SELECT sum(n) FROM numbers WHERE a IN (1, 2)"), 11)
        self.assertEqual(rows(self.db, "SELECT * FROM numbers(5, 4)"), [])
        self.assertEqual(rows(self.db, "SELECT * FROM numbers(NULL, 4)"), [])
        self.db.execute("CREATE TABLE kept AS SELECT * FROM numbers(1, 1000)")
        self.assertEqual(one(self.db, "SELECT sum(n) FROM kept"), 500500)
        self.fails("parameter a has no value and no DEFAULT", "SELECT * FROM numbers")
        self.fails("parameter a: expected BIGINT, got TEXT", "SELECT * FROM numbers('x')")

    def test_what_does_not_fit(self):
        create(self.db, "short() RETURNS TABLE (a BIGINT, b BIGINT)", "rows.wat")
        self.fails("^procedure short: row 1 has 1 of the 2 columns declared", "SELECT * FROM short()")
        create(self.db, "open() RETURNS TABLE (a BIGINT, b BIGINT)", "rows.wat")
        self.fails("row 1 was begun and not ended", "SELECT * FROM open()")
        create(self.db, "wrong() RETURNS TABLE (a BIGINT)", "rows.wat")
        self.fails("row 1, column a: expected BIGINT, got TEXT", "SELECT * FROM wrong()")
        create(self.db, "many() RETURNS TABLE (a BLOB)", "rows.wat")
        self.fails("the rows take more than 67108864 bytes", "SELECT * FROM many()")
        create(self.db, "status() RETURNS BIGINT", "rows.wat")
        self.assertEqual(one(self.db, "SELECT status()"), -10)
        create(self.db, "trap() RETURNS TABLE (a BIGINT)", "rows.wat")
        self.fails("unreachable", "SELECT * FROM trap()")
        create(self.db, "endless(a BIGINT, b BIGINT) RETURNS TABLE (n BIGINT, h REAL, t TEXT)", "rows.wat",
               "EXPORT 'numbers' WITH (fuel_limit = 100000)")
        self.fails("fuel", "SELECT * FROM endless(1, 1000000)")
        self.assertEqual(one(self.db, "SELECT count(*) FROM endless(1, 10)"), 10)

    def test_cancelled(self):
        create(self.db, "endless(a BIGINT, b BIGINT) RETURNS TABLE (n BIGINT, h REAL, t TEXT)", "rows.wat",
               "EXPORT 'numbers'")
        with interrupted(self.db) as at:
            with self.assertRaises(sqlite3.OperationalError):
                self.db.execute("SELECT count(*) FROM json_each('[1,2,3,4,5,6,7,8,9]'), json_each('[1,2,3,4,5,6,7,8,9]'), "
                                "endless(1, 100000)").fetchall()
            self.assertLess(time.monotonic() - at[0], 2)
        self.assertEqual(one(self.db, "SELECT count(*) FROM endless(1, 3)"), 3)

    def test_guest_calls_a_table(self):
        create(self.db, "numbers(a BIGINT, b BIGINT) RETURNS TABLE (n BIGINT, half REAL, name TEXT)", "rows.wat")
        create(self.db, "run(x TEXT) RETURNS TEXT", "nine_env.wat", "CAPABILITIES ('query', 'log', 'transaction', 'clock')")
        self.assertEqual(one(self.db, "SELECT run('SELECT n FROM numbers(1, 2)')"), '[{"n":1},{"n":2}]')
        self.assertEqual(one(self.db, "SELECT run('SELECT count(*) AS c FROM numbers(1, 2)')"), '[{"c":2}]')
        # A table of that name is another thing, and not granted.
        self.db.execute("CREATE TABLE numbers(n)")
        self.fails("refused", "SELECT run('SELECT n FROM numbers')")
        self.fails("refused", "SELECT run('SELECT count(*) FROM numbers')")


class InSql(Case):
    def test_pipeline(self):
        self.db.execute("CREATE TABLE t(a INTEGER PRIMARY KEY)")
        create(self.db, "numbers(a BIGINT, b BIGINT) RETURNS TABLE (n BIGINT, half REAL, name TEXT)", "rows.wat")
        create(self.db, "mark(a BIGINT) RETURNS BIGINT", "v1.wat")
        ddl(self.db, """CREATE PROCEDURE fill(least BIGINT, most BIGINT = 5) RETURNS BIGINT LANGUAGE sql AS $$
                          INSERT INTO t SELECT mark(n) FROM numbers(:least, most);
                          CALL mark(1);
                          SELECT count(*) FROM t; $$""")
        self.assertEqual(one(self.db, "SELECT fill(1)"), 5)
        self.fails("UNIQUE constraint failed", "SELECT fill(0)")
        self.assertFalse(self.db.in_transaction)
        self.assertEqual(rows(self.db, "SELECT * FROM t"), [(11,), (21,), (31,), (41,), (51,)])
        ddl(self.db, "CREATE FUNCTION above(least BIGINT) RETURNS TABLE (a BIGINT) LANGUAGE sql AS 'SELECT a FROM t WHERE a > least'")
        self.assertEqual(rows(self.db, "SELECT a FROM above(30)"), [(31,), (41,), (51,)])
        self.db.close()
        self.db = connect(f"{self.id()}.db")
        self.assertEqual(one(self.db, "SELECT sum(a) FROM above(30)"), 123)

    def test_interrupted(self):
        self.db.execute("CREATE TABLE t(a)")
        ddl(self.db, """CREATE PROCEDURE slow() RETURNS BIGINT LANGUAGE sql AS $$ INSERT INTO t VALUES (1);
                          WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c $$""")
        with interrupted(self.db) as at:
            self.fails("cancelled|interrupted", "SELECT slow()")
            self.assertLess(time.monotonic() - at[0], 2)
        self.assertFalse(self.db.in_transaction)
        self.assertEqual(one(self.db, "SELECT count(*) FROM t"), 0)
        # As SQLite does for an INSERT: the transaction is gone.
        self.db.execute("BEGIN")
        self.db.execute("INSERT INTO t VALUES (7)")
        with interrupted(self.db):
            self.fails("cancelled|interrupted", "SELECT slow()")
        self.assertFalse(self.db.in_transaction)
        self.assertEqual(one(self.db, "SELECT count(*) FROM t"), 0)


class Aggregates(Case):
    def aggregate(self, text, rest=""):
        ddl(self.db, f"CREATE OR REPLACE AGGREGATE {text} LANGUAGE wasm {rest} AS 'agg.wat'")

    def test_groups(self):
        self.aggregate("total_of(x BIGINT) RETURNS BIGINT", "EXPORT 'total'")
        self.db.execute("CREATE TABLE t(k, x)")
        self.db.executemany("INSERT INTO t VALUES (?, ?)", [(i % 3, i) for i in range(100)] + [(1, None)])
        self.assertEqual(rows(self.db, "SELECT k, total_of(x) FROM t GROUP BY k"), [(k, sum(range(k, 100, 3))) for k in range(3)])
        self.assertEqual(rows(self.db, "SELECT total_of(x), total_of(x) FILTER (WHERE k = 1), total_of(DISTINCT k) FROM t"),
                         [(4950, sum(range(1, 100, 3)), 3)])
        self.assertEqual(one(self.db, "SELECT total_of(x) FROM t WHERE 0"), 0)
        self.assertEqual(rows(self.db, "SELECT total_of(x) FROM t WHERE 0 GROUP BY k"), [])
        self.assertEqual(one(self.db, "SELECT total_of('7') + total_of(2.0)"), 9)
        self.fails("parameter x: expected BIGINT, got TEXT", "SELECT total_of('x')")
        self.assertEqual(one(self.db, "SELECT kind FROM helios_procedure"), "aggregate")
        self.db.close()
        self.db = connect(f"{self.id()}.db")
        self.assertEqual(one(self.db, "SELECT total_of(x) FROM t"), 4950)

    def test_memory_and_text(self):  # the state is an address; init makes it
        self.aggregate("longest(x TEXT) RETURNS TEXT")
        self.assertEqual(rows(self.db, """SELECT key % 2, longest(value) FROM json_each('["a","bcd","ef","x"]') GROUP BY 1"""),
                         [(0, "ef"), (1, "bcd")])
        self.assertEqual(one(self.db, "SELECT longest('x') WHERE 0"), "")

    def test_windows(self):
        self.aggregate("total_of(x BIGINT) RETURNS BIGINT", "EXPORT 'total'")
        sql = "SELECT {}(value) OVER (ORDER BY value ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM json_each('[1,2,3,4,5]')"
        self.assertEqual(rows(self.db, sql.format("total_of")), rows(self.db, sql.format("sum")))
        sql = "SELECT {}(value) OVER (PARTITION BY value % 2 ORDER BY value) FROM json_each('[1,2,3,4,5]')"
        self.assertEqual(rows(self.db, sql.format("total_of")), rows(self.db, sql.format("sum")))
        self.aggregate("longest(x TEXT) RETURNS TEXT")
        self.fails("no window function: the module exports no ..._value",
                   """SELECT longest(value) OVER (ORDER BY key) FROM json_each('["a"]')""")

    def test_a_step_that_traps(self):
        self.aggregate("odd(x BIGINT) RETURNS BIGINT")
        self.fails("^procedure odd: .*unreachable", "SELECT value % 2, odd(value) FROM json_each('[1,3,2]') GROUP BY 1")
        self.fails("unreachable", "SELECT odd(value), odd(value + 1) FROM json_each('[1,3]')")
        self.assertEqual(one(self.db, "SELECT odd(value) FROM json_each('[1,3]')"), 4)
        self.aggregate("odd(x BIGINT) RETURNS BIGINT", "WITH (fuel_limit = 1)")
        self.fails("fuel", "SELECT odd(value) FROM json_each('[1,1]')")

    def test_kinds_do_not_mix(self):
        self.aggregate("total_of(x BIGINT) RETURNS BIGINT", "EXPORT 'total'")
        with self.assertRaisesRegex(sqlite3.Error, "it exists and is an aggregate"):
            create(self.db, "total_of(x BIGINT) RETURNS BIGINT", "v1.wat", "EXPORT 'mark'")
        ddl(self.db, "DROP AGGREGATE total_of")
        create(self.db, "total_of(x BIGINT) RETURNS BIGINT", "v1.wat", "EXPORT 'mark'")
        self.fails("it was an aggregate when this connection met it", "SELECT total_of(1)")
        self.db.close()
        self.db = connect(f"{self.id()}.db")
        self.assertEqual(one(self.db, "SELECT total_of(1)"), 11)
        for text, error in (("none(x BIGINT) RETURNS BIGINT", 'no exported function "none_step"'),
                            ("total2(x TEXT) RETURNS BIGINT", "parameter x TEXT: expected"),
                            ("total2(x BIGINT) RETURNS REAL", "result"),
                            ("bad(x BIGINT) RETURNS BIGINT", "must be .i64 state")):
            with self.assertRaisesRegex(sqlite3.Error, error):
                self.aggregate(text, "EXPORT 'total'" if "total" in text else "")


class Options(Case):
    def forms(self):
        return sorted(r[0] for r in rows(self.db, "SELECT options FROM helios_plugin"))

    def test_fuel_metering(self):
        create(self.db, "spin() RETURNS BIGINT", "v1.wat", "WITH (fuel_metering = false, timeout = '50ms')")
        self.assertEqual(self.forms(), ["tier=optimizing,fuel=off"])
        began = time.monotonic()
        self.fails("time limit exceeded", "SELECT spin()")
        self.assertLess(time.monotonic() - began, 2)
        ddl(self.db, "ALTER FUNCTION spin SET timeout = '1h'")
        with interrupted(self.db):
            self.fails("cancelled|interrupted", "SELECT spin()")
        with self.assertRaisesRegex(sqlite3.Error, "fuel_limit needs fuel_metering"):
            ddl(self.db, "ALTER FUNCTION spin SET fuel_limit = 5")
        ddl(self.db, "ALTER FUNCTION spin SET fuel_metering = true")
        ddl(self.db, "ALTER FUNCTION spin SET fuel_limit = 100000")
        self.fails("fuel exhausted", "SELECT spin()")
        self.assertEqual(self.forms(), ["tier=optimizing", "tier=optimizing,fuel=off"])
        so = one(self.db, "SELECT so FROM helios_plugin WHERE options = 'tier=optimizing'").hex()
        with self.assertRaisesRegex(sqlite3.Error, "the plugin counts fuel"):
            ddl(self.db, f"CREATE FUNCTION again() RETURNS BIGINT LANGUAGE wasm EXPORT 'spin' WITH (fuel_metering = off) AS X'{so}'")

    def test_tiers(self):
        for tier, form in (("interpreter", "baseline"), ("baseline", "baseline"), ("optimizing", "optimizing")):
            create(self.db, "answer() RETURNS BIGINT", "v1.wat", f"WITH (compilation_tier = {tier})")
            self.assertEqual(one(self.db, "SELECT plugin_options FROM helios_version ORDER BY version DESC"), f"tier={form}")
        self.assertEqual(one(self.db, "SELECT answer()"), 1)
        ddl(self.db, "ALTER FUNCTION answer SET compilation_tier = 'baseline'")
        self.assertEqual(one(self.db, "SELECT answer()"), 1)
        self.assertEqual(self.forms(), ["tier=baseline", "tier=optimizing"])
        self.assertEqual(one(self.db, "SELECT plugin_options FROM helios_version WHERE version = 3"), "tier=baseline")

    def test_debug_mode(self):
        debug = "WITH (debug_mode = true)"
        create(self.db, "load(at INTEGER) RETURNS INTEGER", "traps.wat", debug)
        self.fails(r"^procedure load: out of bounds .*; version 1 called with \(70000000\)$", "SELECT load(70000000)")
        self.fails(r"called with \('a\\x01'\)$", "SELECT load('a' || char(1))")
        self.fails(r"called with \('x{40}\.\.\.'\)$", "SELECT load(printf('%.*c', 500, 'x'))")
        self.fails(r"called with \(X'00FF'\)$", "SELECT load(X'00FF')")
        self.fails(r"called with \(0\.5\)$", "SELECT load(0.5)")
        self.assertEqual(rows(self.db, "SELECT count(*) FROM helios_traps WHERE text LIKE '%called with (70000000)'"), [(1,)])
        create(self.db, "trap() RETURNS TABLE (a BIGINT)", "rows.wat", debug)
        self.fails(r"unreachable.*; version 1 called with \(\)$", "SELECT * FROM trap()")
        ddl(self.db, f"CREATE AGGREGATE odd(x BIGINT) RETURNS BIGINT LANGUAGE wasm {debug} AS 'agg.wat'")
        self.fails(r"called with \(2\)$", "SELECT odd(value) FROM json_each('[1,3,2]')")
        ddl(self.db, "ALTER FUNCTION load SET debug_mode = false")
        self.fails(r"out of bounds[^;]*$", "SELECT load(70000000)")

    def test_precompile(self):
        create(self.db, "answer() RETURNS BIGINT", "v1.wat")
        wasm = one(self.db, "SELECT wasm FROM helios_module").hex()
        ddl(self.db, "DROP FUNCTION answer")
        late = f"CREATE FUNCTION {{}} LANGUAGE wasm WITH (precompile = false) {{}} AS X'{wasm}'"
        ddl(self.db, late.format("answer() RETURNS BIGINT", ""))
        self.assertEqual(self.forms(), [])
        self.assertEqual(one(self.db, "SELECT answer()"), 1)
        self.assertEqual(self.forms(), ["tier=optimizing"])
        ddl(self.db, late.format("never() RETURNS REAL", ""))  # known at the first call only
        self.fails("result", "SELECT never()")
        ddl(self.db, "DROP FUNCTION answer")
        ddl(self.db, "DROP FUNCTION never")
        self.assertEqual(one(self.db, "SELECT count(*) FROM helios_module"), 0)
        ddl(self.db, late.format("half(x REAL) RETURNS REAL", ""))
        self.db.execute("BEGIN IMMEDIATE")  # it can't be written as a statement of its own
        self.assertEqual(one(self.db, "SELECT half(3)"), 1.5)
        self.db.execute("ROLLBACK")
        self.assertEqual(one(self.db, "SELECT half(5)"), 2.5)
        self.assertEqual(self.forms(), [])
        with self.assertRaisesRegex(sqlite3.Error, "the module is not read"):
            ddl(self.db, late.format("answer", ""))
        with self.assertRaisesRegex(sqlite3.Error, "the module is not read"):
            ddl(self.db, late.format("answer() RETURNS BIGINT", "DETERMINISTIC"))
        with self.assertRaisesRegex(sqlite3.Error, "unknown type FROB"):
            ddl(self.db, late.format("answer(a FROB) RETURNS BIGINT", ""))
        with self.assertRaisesRegex(sqlite3.Error, "takes a binary module"):
            create(self.db, "answer() RETURNS BIGINT", "v1.wat", "WITH (precompile = false)")


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


class Memory(Case):
    def test_given_back_when_asked(self):
        """What a call that ended early has written stays with the process while nobody calls procedures."""
        create(self.db, "filler(pages BIGINT) RETURNS BIGINT", "filler.wat", "WITH (memory_limit = '256MB')")
        before = resident()
        self.fails("unreachable", "SELECT filler(3072)")
        self.assertGreater(resident(), before + (128 << 20))
        self.assertEqual(one(self.db, "SELECT 1"), 1)
        self.assertGreater(resident(), before + (128 << 20))
        other = connect(":memory:")
        self.assertEqual(one(other, "SELECT helios_release_memory()"), (160 << 20) + 65536)
        self.assertLess(resident(), before + (16 << 20))
        self.assertEqual(one(self.db, "SELECT helios_release_memory()"), 0)
        self.db.execute("CREATE VIEW v AS SELECT helios_release_memory() AS a")
        self.fails("unsafe use", "SELECT a FROM v")
        other.close()


class Extensions(Case):
    CREATE = "CREATE EXTENSION shop LANGUAGE wasm CAPABILITIES ('log') AS 'shop.wat'"

    def counts(self):
        return tuple(one(self.db, f"SELECT count(*) FROM helios_{t}") for t in ("extension", "procedure", "version", "module"))

    def refused(self, pattern, text):
        with self.assertRaisesRegex(sqlite3.Error, pattern, msg=text):
            ddl(self.db, text)

    def test_all_of_it(self):
        ddl(self.db, self.CREATE)
        self.assertEqual(rows(self.db, "SELECT shop_twice(21), shop_say()"), [(42, 0)])
        self.assertEqual(self.counts(), (1, 2, 2, 1))
        self.refused("^extension shop: it exists already", self.CREATE)
        self.refused("it belongs to the extension shop .DROP EXTENSION shop", "DROP PROCEDURE shop_say")
        self.db.execute("CREATE VIEW v AS SELECT shop_twice(1)")
        self.refused("the view v uses it", "DROP EXTENSION shop")
        self.refused(r"^no such extension: shpo \(did you mean shop\?\)$", "DROP EXTENSION shpo")
        self.refused("^no such extension: shop_say$", "DROP EXTENSION shop_say")
        self.assertEqual(self.counts(), (1, 2, 2, 1))
        ddl(self.db, "DROP EXTENSION shop CASCADE")
        self.assertEqual(self.counts(), (0, 0, 0, 0))
        self.fails("no such procedure: shop_twice", "SELECT shop_twice(1)")
        self.refused("^no such extension: shop$", "DROP EXTENSION shop")
        ddl(self.db, "DROP EXTENSION IF EXISTS shop")
        ddl(self.db, self.CREATE)
        self.db.close()
        self.db = connect(f"{self.id()}.db")
        self.assertEqual(one(self.db, "SELECT shop_twice(4)"), 8)

    def test_tables_and_aggregates_of_a_manifest(self):
        ddl(self.db, "CREATE EXTENSION stats LANGUAGE wasm AS 'stats.wat'")
        self.assertEqual(rows(self.db, "SELECT stats_twice(4), (SELECT group_concat(square) FROM stats_upto),"
                                       " (SELECT stats_total(i) FROM stats_upto(4))"), [(8, "1,4,9", 10)])
        self.assertEqual(rows(self.db, "SELECT name, kind FROM helios_procedures ORDER BY 1"),
                         [("stats_total", "aggregate"), ("stats_twice", "procedure"), ("stats_upto", "procedure")])
        self.fails("too many arguments", "SELECT * FROM stats_upto(1, 2)")
        ddl(self.db, "DROP EXTENSION stats")
        self.assertEqual(rows(self.db, "SELECT count(*) FROM helios_procedures"), [(0,)])
        ddl(self.db, "CREATE FUNCTION stats_upto LANGUAGE wasm AS 'stats.wat'")
        ddl(self.db, "CREATE AGGREGATE stats_total LANGUAGE wasm AS 'stats.wat'")
        self.assertEqual(rows(self.db, "SELECT stats_total(square) FROM stats_upto(2)"), [(5,)])
        self.refused("says that it is an aggregate.*CREATE AGGREGATE summed",
                     "CREATE FUNCTION summed LANGUAGE wasm EXPORT 'sum' AS 'stats.wat'")
        self.refused("no manifest that names it.*CREATE AGGREGATE other", "CREATE AGGREGATE other LANGUAGE wasm AS 'stats.wat'")
        self.refused("says that it is no aggregate", "CREATE AGGREGATE t LANGUAGE wasm EXPORT 'twice' AS 'stats.wat'")
        for says in ("t RETURNS BIGINT", "t(n BIGINT) RETURNS BIGINT", "t(n BIGINT)"):
            self.refused("says that it returns a table.*RETURNS TABLE",
                         f"CREATE FUNCTION {says} LANGUAGE wasm EXPORT 'upto' AS 'stats.wat'")
        ddl(self.db, "CREATE FUNCTION t(a BIGINT) RETURNS TABLE (x REAL, y BIGINT) LANGUAGE wasm EXPORT 'upto' AS 'stats.wat'")
        self.assertEqual(rows(self.db, "SELECT * FROM t(2)"), [(1.0, 1), (2.0, 4)])
        ddl(self.db, "DROP FUNCTION t")
        self.db.execute("CREATE TABLE stats_upto2(a)")
        self.refused("has a table or view of this name",
                     "CREATE FUNCTION stats_upto2 LANGUAGE wasm EXPORT 'upto' AS 'stats.wat'")

    def test_or_nothing(self):
        create(self.db, "shop_say() RETURNS BIGINT", "v1.wat", "EXPORT 'answer'")
        self.refused("procedure shop_say: it exists already", self.CREATE)
        self.assertEqual(self.counts(), (0, 1, 1, 1))
        self.fails("no such function: shop_twice|no such procedure: shop_twice", "SELECT shop_twice(1)")
        ddl(self.db, "DROP PROCEDURE shop_say")
        self.refused("needs the capability 'log'", "CREATE EXTENSION shop LANGUAGE wasm AS 'shop.wat'")
        self.refused("^extension shop: .*names 0 procedures", "CREATE EXTENSION shop LANGUAGE wasm AS 'v1.wat'")
        self.db.execute("BEGIN")
        ddl(self.db, self.CREATE)
        self.assertEqual(one(self.db, "SELECT shop_twice(1)"), 2)
        self.db.execute("ROLLBACK")
        self.fails("no such procedure", "SELECT shop_twice(1)")
        self.assertEqual(self.counts(), (0, 0, 0, 0))
        # Another connection's, seen when it is committed.
        other = connect(f"{self.id()}.db")
        self.addCleanup(other.close)
        ddl(other, self.CREATE)
        self.assertEqual(one(self.db, "SELECT shop_twice(3)"), 6)

    def test_words(self):
        for text, error in (("CREATE OR REPLACE EXTENSION e LANGUAGE wasm AS 'x'", "expected PROCEDURE, FUNCTION or AGGREGATE"),
                            ("CREATE EXTENSION e RETURNS INT LANGUAGE wasm AS 'x'", "this clause is not for an extension"),
                            ("CREATE EXTENSION e(a INT) LANGUAGE wasm AS 'x'", "expected an extension's name"),
                            ("CREATE EXTENSION e LANGUAGE sql AS 'SELECT 1'", "expected an extension's name"),
                            ("ALTER EXTENSION e USE VERSION 1", "expected PROCEDURE, FUNCTION or AGGREGATE")):
            self.refused(error, text)


def setUpModule():
    with open("nine.wat") as source, open("nine_env.wat", "w") as out:
        out.write(source.read().replace("MODULE", "env"))


if __name__ == "__main__":
    unittest.main()
