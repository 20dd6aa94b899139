"""observe_test.py - what was observed, as any client reads it: every virtual table, records that outlive a rollback and a
process, counters by version, the cost of a statement, profiles, Prometheus. Run by run.py."""
import re
import sqlite3
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

import prometheus
from guest_test import Case, create
from python_test import connect, ddl, one, rows

TABLES = {}
for line in (Path(__file__).resolve().parents[2] / "runtime/observe/tables.def").read_text().split("\n"):
    m = re.match(r'HRT_TABLE\((\w+), "(\w+)", "(\w*)"', line) or re.match(r"HRT_COLUMN\((\w+), (\w+), (\w+)", line)
    if m and line.startswith("HRT_TABLE"):
        TABLES[m.group(1)] = (m.group(2), m.group(3), [])
    elif m:
        TABLES[m.group(1)][2].append((m.group(2), m.group(3)))


def nine(name="nine.wat.env"):
    Path(name).write_text(Path("nine.wat").read_text().replace("MODULE", "env"))
    return name


def plain(path):
    """A connection of a program that has never heard of us."""
    return sqlite3.connect(path, isolation_level=None, timeout=20)


class Tables(Case):
    def setUp(self):
        super().setUp()
        create(self.db, "answer", "() RETURNS BIGINT", "v1.wat")

    def test_every_table(self):
        self.assertEqual(len(TABLES), 11)
        for name, stored, columns in TABLES.values():
            listed = rows(self.db, f"SELECT name, type, hidden FROM pragma_table_xinfo('{name}')")
            self.assertEqual(listed, [(c, t, 0) for c, t in columns], name)
            rows(self.db, f"SELECT * FROM {name} AS a JOIN {name} AS b LIMIT 3")
            self.fails("may not be modified|read-only", f"DELETE FROM {name}")
            self.fails("no such module|eponymous|not an|no such", f"CREATE VIRTUAL TABLE x USING {name}")
            if stored:
                have = [r[0] for r in rows(self.db, f"SELECT name FROM pragma_table_info('{stored}')")]
                wanted = [c for c, _ in columns]
                if name == "helios_metrics":
                    wanted = ["source"] + wanted[:wanted.index("buckets") + 1]
                else:
                    wanted = ["id"] + wanted
                self.assertEqual(have, wanted, stored)

    def test_without_a_catalog(self):
        db = connect("empty.db")
        self.addCleanup(db.close)
        for name, _, _ in TABLES.values():
            self.assertEqual(rows(db, f"SELECT * FROM {name}"), [], name)
        prometheus.parse(one(db, "SELECT helios_prometheus()"))
        self.assertIsNone(one(db, "SELECT helios_flush()"))
        self.assertEqual(rows(db, "SELECT * FROM sqlite_schema"), [])

    def test_views_and_guests(self):
        self.db.execute("CREATE VIEW v AS SELECT sum(calls) FROM helios_metrics")
        self.db.execute("CREATE VIEW w AS SELECT * FROM helios_versions")
        self.db.execute("PRAGMA trusted_schema = OFF")
        self.assertEqual(rows(self.db, "SELECT answer() UNION ALL SELECT answer()"), [(1,), (1,)])
        self.assertEqual(one(self.db, "SELECT * FROM v"), 2)
        self.fails("unsafe use", "SELECT * FROM w")
        create(self.db, "run", "(x TEXT) RETURNS TEXT", nine(), "read:*", "write:t", "log", "transaction", "clock")
        for name, stored, _ in TABLES.values():
            rows(self.db, f"SELECT * FROM {name}")  # connected: else it is the connecting that is refused
            for table in filter(None, (name, stored)):
                self.fails("refused", "SELECT run(?)", f"SELECT * FROM {table}")
        refused = "SELECT object, granted FROM helios_audit_log WHERE procedure = 'run' AND event = 'use'"
        self.assertEqual(rows(self.db, refused)[:2], [("helios_logs", 0), ("helios_log", 0)])

    def test_catalog(self):
        ddl(self.db, "ALTER PROCEDURE answer VERSION 2 AS 'v2.wat'")
        create(self.db, "run", "(x TEXT) RETURNS TEXT", nine(), "read:t", "write:t", "log",
               rest="SECURITY PROFILE 'standard'")
        self.assertEqual(rows(self.db, "SELECT name, kind, current_version, versions, returns FROM helios_procedures"),
                         [("answer", "procedure", 2, 2, '{"type":"BIGINT"}'), ("run", "procedure", 1, 1,
                                                                               '{"type":"TEXT"}')])
        self.assertEqual(rows(self.db, "SELECT procedure, version, role, status, reason FROM helios_versions"),
                         [("answer", 1, "ready", "ready", None), ("answer", 2, "current", "current", None),
                          ("run", 1, "current", "current", None)])
        grants = dict(rows(self.db, "SELECT capability, source FROM helios_grants WHERE procedure = 'run'"))
        self.assertEqual((grants["read:t"], grants["log"], grants["clock"]),
                         ("capabilities", "capabilities", "standard"))
        modules = rows(self.db, "SELECT bytes, versions, length(plugin_hash) FROM helios_modules")
        self.assertEqual([m[1:] for m in modules], [(1, 64)] * 3)

    def test_broken(self):
        self.db.execute("UPDATE helios_plugin SET so = x'00'")
        self.db.execute("UPDATE helios_module SET wasm = x'00'")
        self.db.close()
        db = connect(f"{self.id()}.db")
        self.addCleanup(db.close)
        status, reason = rows(db, "SELECT status, reason FROM helios_versions")[0]
        self.assertEqual(status, "broken")
        self.assertTrue(reason)
        with self.assertRaisesRegex(sqlite3.Error, "^procedure answer: "):
            db.execute("SELECT answer()").fetchall()
        self.assertEqual(rows(db, "SELECT event, procedure, granted FROM helios_audit_log WHERE event = 'load'"),
                         [("load", "answer", 0)])


class Records(Case):
    def setUp(self):
        super().setUp()
        create(self.db, "never", "() RETURNS BIGINT", "v1.wat")
        create(self.db, "spin", "() RETURNS BIGINT", "v1.wat", rest="WITH (timeout = '20ms')")
        create(self.db, "note", "() RETURNS INTEGER", nine(), "read:*", "write:t", "log", "transaction", "clock")

    def test_a_trap_outlives_its_transaction(self):
        self.db.executescript("CREATE TABLE t(a); BEGIN; INSERT INTO t VALUES (1);")
        self.fails("unreachable", "SELECT never() FROM t")
        self.db.execute("ROLLBACK")
        trap = ("never", 1, "trap", "never", "unreachable")
        query = "SELECT procedure, version, code, function, substr(text, 1, 11) FROM helios_traps"
        self.assertEqual(rows(self.db, query), [trap])
        self.assertEqual(one(self.db, "SELECT helios_flush()"), 5)  # three CREATEs, the trap, its audit record
        self.assertEqual(rows(self.db, query), [trap])
        self.assertEqual(one(self.db, "SELECT helios_flush()"), 0)
        self.db.close()
        self.assertEqual(rows(plain(f"{self.id()}.db"), query.replace("helios_traps", "helios_trap")), [trap])

    def test_logs(self):
        self.db.execute("CREATE TABLE t(a)")
        self.db.execute("INSERT INTO t VALUES (1), (2)")
        self.assertEqual(rows(self.db, "SELECT note() FROM t"), [(0,), (0,)])
        got = rows(self.db, "SELECT level, procedure, version, call, text, statement, time_us FROM helios_logs")
        self.assertEqual([r[:5] for r in got], [("warn", "note", 1, 1, "careful"), ("warn", "note", 1, 2, "careful")])
        self.assertEqual(got[0][5], got[1][5])
        self.assertLess(abs(got[0][6] / 1e6 - time.time()), 60)

    def test_audit(self):
        ddl(self.db, "ALTER PROCEDURE note GRANT CAPABILITY 'random'")
        ddl(self.db, "ALTER PROCEDURE note REVOKE CAPABILITY 'random'")
        ddl(self.db, "ALTER PROCEDURE never SET timeout = '1s'")
        ddl(self.db, "ALTER PROCEDURE never VERSION 2 AS 'v1.wat'")
        ddl(self.db, "ALTER PROCEDURE never USE VERSION 1")
        self.fails("no such version|no version", "SELECT helios_ddl('ALTER PROCEDURE never USE VERSION 9')")
        ddl(self.db, "DROP PROCEDURE never")
        self.fails("time limit", "SELECT spin()")
        got = rows(self.db, "SELECT event, procedure, granted, capability, object FROM helios_audit_log "
                            "WHERE event <> 'create'")
        self.assertEqual(got, [("grant", "note", 1, "random", None), ("revoke", "note", 1, "random", None),
                               ("set", "never", 1, None, "timeout"), ("add version", "never", 1, None, None),
                               ("use version", "never", 1, None, None), ("use version", "never", 0, None, None),
                               ("drop", "never", 1, None, None), ("limit", "spin", 0, None, None)])
        hashes = rows(self.db, "SELECT DISTINCT length(module_hash) FROM helios_audit_log WHERE granted")
        self.assertEqual(set(hashes), {(64,), (None,)})

    def test_another_process_reads_after_close(self):
        other = f"""
import sqlite3, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from python_test import connect
db = connect({f"{self.id()}.db"!r})
for i in range(5):
    db.execute("SELECT note()").fetchall()
try:
    db.execute("SELECT spin()").fetchall()
except sqlite3.Error as e:
    assert "time limit" in str(e), e
db.close()
"""
        before = one(self.db, "SELECT count(*) FROM helios_metrics")
        self.assertEqual(before, 0)
        subprocess.run([sys.executable, "-c", other], check=True)
        self.assertEqual(one(self.db, "SELECT count(*) FROM helios_logs"), 5)
        self.assertEqual(rows(self.db, "SELECT procedure, calls, errors, deadline_errors FROM helios_metrics"),
                         [("note", 5, 0, 0), ("spin", 1, 1, 1)])
        self.db.execute("SELECT note()").fetchall()  # ours are added to theirs
        query = "SELECT calls FROM helios_metrics WHERE procedure = 'note'"
        self.assertEqual(one(self.db, query), 6)
        self.db.execute("SELECT helios_flush()")
        self.assertEqual(one(self.db, query), 6)
        self.db.close()
        self.assertEqual(rows(plain(f"{self.id()}.db"), "SELECT source, procedure, calls FROM helios_metric"),
                         [(0, "note", 6), (0, "spin", 1)])

    def test_each_record_once_in_an_old_snapshot(self):
        self.db.execute("PRAGMA journal_mode = WAL")
        reader = connect(f"{self.id()}.db")
        self.addCleanup(reader.close)
        self.db.execute("SELECT note()").fetchall()
        self.db.execute("SELECT helios_flush()")
        reader.execute("BEGIN")
        self.assertEqual(one(reader, "SELECT count(*) FROM helios_logs"), 1)
        self.db.execute("SELECT note()").fetchall()
        self.assertEqual(one(reader, "SELECT count(*) FROM helios_logs"), 2)
        self.assertGreater(one(self.db, "SELECT helios_flush()"), 0)
        self.assertEqual(one(reader, "SELECT count(*) FROM helios_log"), 1)
        self.assertEqual(one(reader, "SELECT count(*) FROM helios_logs"), 2)
        reader.execute("COMMIT")
        self.assertEqual(one(reader, "SELECT count(*) FROM helios_log"), 2)
        self.assertEqual(one(reader, "SELECT count(*) FROM helios_logs"), 2)
        reader.execute("DELETE FROM helios_log")
        self.assertEqual(one(reader, "SELECT count(*) FROM helios_logs"), 0)

    def test_the_newest_rows_stay(self):
        self.db.execute("SELECT helios_flush()")
        self.db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10050) "
                        "INSERT INTO helios_log(text) SELECT i FROM n")
        self.db.execute("SELECT note()").fetchall()
        self.db.execute("SELECT helios_flush()")
        self.assertEqual(rows(self.db, "SELECT count(*), min(CAST(text AS INTEGER) + 0) FILTER (WHERE procedure IS NULL)"
                                       " FROM helios_log"), [(10000, 52)])

    def test_triggers_of_the_schema_do_not_run(self):
        self.db.executescript("CREATE TABLE t(a); CREATE TRIGGER x AFTER INSERT ON helios_log BEGIN "
                              "INSERT INTO t VALUES (new.text); END; CREATE TRIGGER y BEFORE INSERT ON helios_audit "
                              "BEGIN SELECT raise(ABORT, 'no'); END;")
        self.db.execute("SELECT note()").fetchall()
        self.assertGreater(one(self.db, "SELECT helios_flush()"), 0)
        self.assertEqual(rows(self.db, "SELECT * FROM t"), [])

    def test_not_now(self):
        self.db.execute("SELECT note()").fetchall()
        self.db.execute("BEGIN")
        self.assertIsNone(one(self.db, "SELECT helios_flush()"))
        self.db.execute("COMMIT")
        other = plain(f"{self.id()}.db")
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        self.assertIsNone(one(self.db, "SELECT helios_flush()"))
        self.assertLess(time.monotonic() - began, 5)
        other.execute("COMMIT")
        self.assertEqual(one(self.db, "SELECT count(*) FROM helios_logs"), 1)
        self.assertEqual(one(self.db, "SELECT helios_flush()"), 4)

    def test_read_only(self):
        self.db.execute("SELECT note()").fetchall()
        self.db.close()
        db = sqlite3.connect(f"file:{self.id()}.db?mode=ro", uri=True, isolation_level=None)
        self.addCleanup(db.close)
        db.enable_load_extension(True)
        db.load_extension("./helios_sqlite")
        db.execute("SELECT note()").fetchall()
        self.assertIsNone(one(db, "SELECT helios_flush()"))
        self.assertEqual(one(db, "SELECT count(*) FROM helios_logs"), 2)
        self.assertEqual(one(db, "SELECT calls FROM helios_metrics"), 2)

    def test_a_memory_database(self):
        db = connect(":memory:")
        self.addCleanup(db.close)
        create(db, "note", "() RETURNS INTEGER", nine(), "read:*", "write:t", "log", "transaction", "clock")
        db.execute("SELECT note()").fetchall()
        self.assertIsNone(one(db, "SELECT helios_flush()"))
        self.assertEqual(rows(db, "SELECT text FROM helios_logs"), [("careful",)])
        self.assertEqual(one(self.db, "SELECT count(*) FROM helios_logs"), 0)  # each has its own


class Counters(Case):
    def setUp(self):
        super().setUp()
        create(self.db, "answer", "() RETURNS BIGINT", "v1.wat")
        self.db.executescript("CREATE TABLE t(a); INSERT INTO t SELECT value FROM json_each('[" +
                              ",".join(map(str, range(1000))) + "]');")

    def counted(self, db=None):
        return dict(rows(db or self.db, "SELECT version, calls FROM helios_metrics WHERE procedure = 'answer'"))

    def test_by_version(self):
        for i in range(5):
            self.db.execute("SELECT answer() FROM t").fetchall()
        ddl(self.db, "ALTER PROCEDURE answer VERSION 2 AS 'v2.wat'")
        for i in range(7):
            self.db.execute("SELECT answer()").fetchall()
        ddl(self.db, "ALTER PROCEDURE answer USE VERSION 1")
        self.db.execute("SELECT answer(), answer()").fetchall()
        self.assertEqual(self.counted(), {1: 5002, 2: 7})

    def test_swaps_under_threads(self):
        """What statements saw, by their result, is what the counters say."""
        ddl(self.db, "ALTER PROCEDURE answer VERSION 2 AS 'v2.wat'")
        self.db.execute("PRAGMA journal_mode = WAL")  # readers that never pause would keep a writer out
        seen, over = [], threading.Event()

        def call():
            db = connect(f"{self.id()}.db")
            mine = {1: 0, 2: 0}
            while not over.is_set():
                for (version,) in db.execute("SELECT answer() FROM t LIMIT 50").fetchall():
                    mine[version] += 1
            seen.append(mine)
            db.close()

        threads = [threading.Thread(target=call) for _ in range(3)]
        for t in threads:
            t.start()
        try:
            for i in range(40):
                ddl(self.db, f"ALTER PROCEDURE answer USE VERSION {1 + i % 2}")
                time.sleep(0.01)
        finally:
            over.set()
            for t in threads:
                t.join()
        total = {v: sum(m[v] for m in seen) for v in (1, 2)}
        self.assertGreater(min(total.values()), 0)
        self.assertEqual(self.counted(), total)
        self.db.close()
        self.assertEqual(dict(rows(plain(f"{self.id()}.db"), "SELECT version, calls FROM helios_metric")), total)

    def test_cost_of_a_statement(self):
        create(self.db, "mark", "(x BIGINT) RETURNS BIGINT", "v1.wat")
        create(self.db, "run", "(x TEXT) RETURNS TEXT", nine(), "read:*", "write:t", "log", "transaction", "clock")
        self.db.execute("SELECT mark(a), answer() FROM t").fetchall()
        query = "SELECT procedure, version, calls, errors, fuel > 0, time_ns > 0 FROM helios_statement ORDER BY 1"
        self.assertEqual(rows(self.db, query), [("answer", 1, 1000, 0, 1, 1), ("mark", 1, 1000, 0, 1, 1)])
        self.assertEqual(rows(self.db, query), [("answer", 1, 1000, 0, 1, 1), ("mark", 1, 1000, 0, 1, 1)])
        self.db.execute("SELECT run('SELECT sum(mark(a)) AS s FROM t')").fetchall()
        self.assertEqual(rows(self.db, query), [("mark", 1, 1000, 0, 1, 1), ("run", 1, 1, 0, 1, 1)])
        fuel = dict(rows(self.db, "SELECT procedure, fuel FROM helios_statement"))
        self.assertGreater(fuel["run"], fuel["mark"])  # with what it called
        create(self.db, "divide", "(x BIGINT, y BIGINT) RETURNS BIGINT", "v1.wat")
        self.fails("divide by zero", "SELECT divide(1, 999 - a) FROM t")
        self.assertEqual(rows(self.db, query), [("divide", 1, 1000, 1, 1, 1)])

    def test_of_an_earlier_engine(self):
        """A table that lacks counters is read as it is, by who may not change it too."""
        self.db.execute("SELECT answer() FROM t").fetchall()
        self.db.close()
        with plain(f"{self.id()}.db") as db:
            db.executescript("ALTER TABLE helios_metric DROP COLUMN rows; ALTER TABLE helios_metric DROP COLUMN time_max_ns;")
        db.close()
        query = "SELECT version, calls, rows FROM helios_metrics WHERE procedure = 'answer'"
        self.db = connect(f"{self.id()}.db")
        self.assertEqual(rows(self.db, query), [(1, 1000, 0)])
        self.assertIn('helios_procedure_rows_total{procedure="answer",version="1"} 0', one(self.db, "SELECT helios_prometheus()"))
        self.db.execute("SELECT answer()").fetchall()
        self.db.close()
        self.db = connect(f"{self.id()}.db")
        self.assertEqual(rows(self.db, query), [(1, 1001, 0)])

    def test_fuel_is_exact(self):
        self.db.execute("SELECT answer() FROM t").fetchall()
        calls, fuel, most, memory = rows(self.db, "SELECT calls, fuel, fuel_max, memory_max FROM helios_metrics")[0]
        self.assertEqual((calls, fuel, memory), (1000, 1000 * most, 65536))
        self.assertEqual(rows(self.db, "SELECT timed BETWEEN 4 AND 5, p50_ns <= p99_ns FROM helios_metrics"), [(1, 1)])

    def test_rows_and_sql(self):
        """Procedures that return tables, and those in SQL, with what they call."""
        create(self.db, "numbers", "(a BIGINT, b BIGINT) RETURNS TABLE (n BIGINT, half REAL, name TEXT)", "rows.wat")
        ddl(self.db, "CREATE FUNCTION twice(x BIGINT) RETURNS BIGINT LANGUAGE sql AS 'SELECT :x + answer()'")
        got = len(rows(self.db, "SELECT * FROM numbers(1, 7)"))
        self.assertGreater(got, 1)
        self.assertEqual(rows(self.db, "SELECT procedure, calls FROM helios_statement"), [("numbers", 1)])
        self.assertEqual(one(self.db, "SELECT sum(twice(a)) FROM t"), 499500 + 1000)
        self.assertEqual(rows(self.db, "SELECT procedure, calls FROM helios_statement ORDER BY 1"),
                         [("answer", 1000), ("twice", 1000)])
        self.assertEqual(rows(self.db, "SELECT procedure, calls, rows FROM helios_metrics ORDER BY 1"),
                         [("answer", 1000, 0), ("numbers", 1, got), ("twice", 1000, 0)])
        self.assertEqual(rows(self.db, "SELECT procedure, language, status, signer FROM helios_versions"),
                         [("answer", "wasm", "current", "this machine"), ("numbers", "wasm", "current", "this machine"),
                          ("twice", "sql", "current", "")])

    def test_profile(self):
        ddl(self.db, "CREATE OR REPLACE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm WITH (profiling = true) "
                     "AS 'v1.wat'")
        create(self.db, "note", "() RETURNS INTEGER", nine(), "read:*", "write:t", "log", "transaction", "clock",
               rest="WITH (profiling = true)")
        self.db.execute("SELECT answer(), note() FROM t LIMIT 100").fetchall()
        self.assertEqual(rows(self.db, "SELECT procedure, calls, timed FROM helios_metrics"),
                         [("answer", 100, 100), ("note", 100, 100)])
        self.assertEqual(rows(self.db, "SELECT procedure, host_function, calls, time_ns > time_max_ns "
                                       "FROM helios_profile"), [("note", "env.heliosdb_log", 100, 1)])

    def test_prometheus(self):
        odd = 'a"b\\c'
        ddl(self.db, f'CREATE PROCEDURE "{odd.replace(chr(34), chr(34) * 2)}"() RETURNS BIGINT LANGUAGE wasm '
                     "EXPORT 'never' AS 'v1.wat'")
        self.fails("unreachable", f'SELECT "{odd.replace(chr(34), chr(34) * 2)}"()')
        self.db.execute("SELECT answer() FROM t").fetchall()
        families = prometheus.parse(one(self.db, "SELECT helios_prometheus()"))
        calls = families["helios_procedure_calls_total"].samples
        name = "helios_procedure_calls_total"
        self.assertEqual(calls, {(name, (("procedure", odd), ("version", "1"))): 1,
                                 (name, (("procedure", "answer"), ("version", "1"))): 1000})
        errors = families["helios_procedure_errors_total"].samples
        self.assertEqual(sum(errors.values()), 1)
        self.assertEqual(errors["helios_procedure_errors_total",
                                (("procedure", odd), ("version", "1"), ("class", "trap"))], 1)
        times = families["helios_procedure_duration_seconds"].samples
        self.assertIn(times["helios_procedure_duration_seconds_count", (("procedure", "answer"), ("version", "1"))],
                      (4, 5))

    def test_the_reader_is_strict(self):
        good = '# HELP a_total A.\n# TYPE a_total counter\na_total{b="c"} 1\n'
        prometheus.parse(good)
        for bad in (good[:-1], good + good, good.replace("# HELP a_total A.\n", ""), good + 'a_total{b="c"} 2\n',
                    good.replace('"c"', '"c\\x"'), good.replace(" 1", " one"), good.replace(" 1", "  1"),
                    good.replace(" 1", " -1"), good.replace("counter", "count"), good + "b_total 1\n",
                    good.replace('"c"', "c"), good.replace("a_total{", "a_total {")):
            with self.assertRaises(ValueError, msg=bad):
                prometheus.parse(bad)


if __name__ == "__main__":
    unittest.main()
