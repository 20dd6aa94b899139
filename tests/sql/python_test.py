"""python_test.py - the extension in Python's sqlite3: connections, transactions, failures, interruption, threads.
Run by run.py in a folder that holds the modules and helios_sqlite.so."""
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import unittest

ANSWER = "CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS 'v1.wat'"
MARK = "CREATE FUNCTION mark(a BIGINT) RETURNS BIGINT LANGUAGE wasm AS '{}'"


def connect(path):
    db = sqlite3.connect(path, isolation_level=None, timeout=20, check_same_thread=False)
    db.enable_load_extension(True)
    db.load_extension("./helios_sqlite")
    db.enable_load_extension(False)
    return db


def ddl(db, text):
    db.execute("SELECT helios_ddl(?)", [text])


def one(db, sql):
    return db.execute(sql).fetchone()[0]


def rows(db, sql):
    return db.execute(sql).fetchall()


@contextlib.contextmanager
def interrupted(db, after=0.05):
    """Interrupts db after so many seconds, and again until the block ends: what comes before the statement runs is lost.
    Gives a list, of the time of each."""
    at, over = [], threading.Event()

    def work():
        while not over.wait(0.5 if at else after):
            at.append(time.monotonic())
            db.interrupt()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield at
    finally:
        over.set()
        thread.join()


class Extension(unittest.TestCase):
    def setUp(self):
        self.path = f"{self.id()}.db"
        self.db = connect(self.path)
        self.addCleanup(self.db.close)

    def other(self):
        db = connect(self.path)
        self.addCleanup(db.close)
        return db

    def test_reopen(self):
        ddl(self.db, ANSWER)
        self.assertEqual(one(self.db, "SELECT answer()"), 1)
        self.db.close()
        self.assertEqual(one(self.other(), "SELECT answer()"), 1)

    def test_sources(self):
        import base64
        ddl(self.db, ANSWER)
        wasm = one(self.db, "SELECT wasm FROM helios_module")
        so = one(self.db, "SELECT so FROM helios_plugin")
        text = base64.encodebytes(wasm).decode()
        for n, source in enumerate((f"X'{wasm.hex()}'", f"'{text}'", f"$wasm$\n-- the module\n{text}$wasm$",
                                    f"$$ {base64.b64encode(so).decode()} $$", f"x'{so.hex().upper()}'"), 2):
            ddl(self.db, f"ALTER PROCEDURE answer VERSION {n} AS {source}")
            self.assertEqual(one(self.db, "SELECT answer()"), 1)
        self.assertEqual(one(self.db, "SELECT count(*) FROM helios_module"), 1)
        self.assertEqual(one(self.db, "SELECT count(*) FROM helios_version"), 6)
        with open("x.so", "wb") as f:
            f.write(so)
        ddl(self.db, "CREATE FUNCTION again() RETURNS BIGINT LANGUAGE wasm EXPORT 'answer' AS 'x.so'")
        self.assertEqual(one(self.db, "SELECT again()"), 1)

    def test_failed_create_changes_nothing(self):
        self.db.execute("CREATE TABLE t(a)")
        ddl(self.db, ANSWER)
        ddl(self.db, "ALTER PROCEDURE answer VERSION 2 AS 'v2.wat'")
        with open(self.path, "rb") as f:
            before = f.read()
        for text in (ANSWER, "CREATE PROCEDURE f() LANGUAGE wasm AS 'broken.wasm'",
                     "CREATE PROCEDURE f() LANGUAGE wasm AS 'missing.wasm'",
                     "CREATE PROCEDURE f() RETURNS BIGINT LANGUAGE wasm AS 'v1.wat'",
                     "CREATE OR REPLACE PROCEDURE answer() RETURNS REAL LANGUAGE wasm EXPORT 'half' AS 'v1.wat'",
                     "CREATE PROCEDURE note() RETURNS BIGINT LANGUAGE wasm AS 'audit.wat'",
                     "ALTER PROCEDURE answer VERSION 1 AS 'v1.wat'", "ALTER PROCEDURE answer VERSION 3 AS 'audit.wat'",
                     "ALTER PROCEDURE answer USE VERSION 3", "ALTER PROCEDURE answer GRANT CAPABILITY 'everything'",
                     "DROP PROCEDURE nobody", "CREATE PROCEDURE t() LANGUAGE wasm", "nonsense", ""):
            with self.assertRaises(sqlite3.OperationalError, msg=text) as caught:
                ddl(self.db, text)
            self.assertNotEqual(str(caught.exception), "")
            with open(self.path, "rb") as f:
                self.assertEqual(f.read(), before, text)
            self.assertEqual(one(self.db, "SELECT answer()"), 2)

    def test_transaction(self):
        self.db.execute("PRAGMA journal_mode = WAL")
        ddl(self.db, ANSWER)
        other = self.other()
        self.assertEqual(one(other, "SELECT answer()"), 1)
        self.db.execute("BEGIN")
        ddl(self.db, "ALTER PROCEDURE answer VERSION 2 AS 'v2.wat'")
        ddl(self.db, MARK.format("v2.wat"))
        self.assertEqual(one(self.db, "SELECT answer()"), 2)
        self.assertEqual(one(other, "SELECT answer()"), 1)
        self.assertEqual(rows(other, "SELECT name FROM helios_procedure"), [("answer",)])
        self.db.execute("ROLLBACK")
        self.assertEqual(one(self.db, "SELECT answer()"), 1)
        with self.assertRaisesRegex(sqlite3.OperationalError, "no such procedure: mark"):
            self.db.execute("SELECT mark(1)")
        self.db.execute("BEGIN")
        ddl(self.db, "ALTER PROCEDURE answer VERSION 2 AS 'v2.wat'")
        self.db.execute("COMMIT")
        self.assertEqual(one(other, "SELECT answer()"), 2)

    def test_locked(self):
        self.db.execute("PRAGMA journal_mode = WAL")
        ddl(self.db, ANSWER)
        other = self.other()
        other.execute("PRAGMA busy_timeout = 0")
        self.db.execute("BEGIN IMMEDIATE")
        with self.assertRaisesRegex(sqlite3.OperationalError, "locked"):
            ddl(other, "ALTER PROCEDURE answer USE VERSION 1")
        self.assertEqual(one(other, "SELECT answer()"), 1)
        self.db.execute("ROLLBACK")
        ddl(other, "ALTER PROCEDURE answer USE VERSION 1")

    def test_waits_for_the_lock(self):
        ddl(self.db, ANSWER)
        other = self.other()
        for mode in ("DELETE", "WAL"):
            self.db.execute(f"PRAGMA journal_mode = {mode}")
            for k, text in enumerate(("ALTER PROCEDURE answer USE VERSION 1",
                                      "CREATE OR REPLACE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS 'v1.wat'")):
                other.execute("BEGIN IMMEDIATE")
                other.execute(f"CREATE TABLE {mode}_{k}(a)")
                timer = threading.Timer(0.3, other.execute, ["COMMIT"])
                timer.start()
                ddl(self.db, text)
                timer.join()

    def test_no_lost_update(self):
        """An ALTER that waited for another connection's REVOKE must not bring the grant back."""
        self.db.execute("PRAGMA journal_mode = WAL")
        ddl(self.db, ANSWER.replace("AS", "CAPABILITIES ('log', 'clock') AS"))
        other = self.other()
        for k, text in enumerate(("SET timeout = '1s'", "GRANT CAPABILITY 'random'", "VERSION 2 AS 'v2.wat'")):
            other.execute("BEGIN IMMEDIATE")
            ddl(other, f"ALTER PROCEDURE answer {('REVOKE', 'GRANT', 'REVOKE')[k]} CAPABILITY 'log'")
            timer = threading.Timer(0.3, other.execute, ["COMMIT"])
            timer.start()
            with self.assertRaisesRegex(sqlite3.OperationalError, "another connection changed it meanwhile"):
                ddl(self.db, f"ALTER PROCEDURE answer {text}")
            timer.join()
            ddl(self.db, f"ALTER PROCEDURE answer {text}")
        self.assertEqual(rows(self.db, "SELECT version, capabilities FROM helios_version ORDER BY version"),
                         [(1, '["clock","random"]'), (2, '["clock","random"]')])

    def test_dropped_while_it_is_altered(self):
        """Between two reads of an ALTER; the version is no broken one then."""
        self.db.execute("PRAGMA journal_mode = WAL")
        other = self.other()
        for then, said in (([], "no such procedure: answer"), ([ANSWER], "another connection changed it meanwhile")):
            todo = ["DROP PROCEDURE answer", *then]

            def traced(sql):
                while "so_hash FROM" in sql and todo:
                    ddl(other, todo.pop(0))

            ddl(self.db, ANSWER)
            self.db.set_trace_callback(traced)
            with self.assertRaisesRegex(sqlite3.OperationalError, said):
                ddl(self.db, "ALTER PROCEDURE answer SET timeout = '1s'")
            self.db.set_trace_callback(None)
            self.assertEqual(todo, [])

    def test_killed_while_it_compiles(self):
        """Nothing of it stays in the temporary folder beyond the next build."""
        folder = f"{self.id()}.tmp"
        os.mkdir(folder)
        with open("sleeps.sh", "w") as f:
            f.write("#!/bin/sh\necho $$ >started\nexec sleep 60\n")
        os.chmod("sleeps.sh", 0o755)
        env = dict(os.environ, TMPDIR=os.path.abspath(folder), PYTHONPATH=os.path.dirname(os.path.abspath(__file__)))
        code = f"from python_test import *; ddl(connect(':memory:'), {ANSWER!r})"
        child = subprocess.Popen([sys.executable, "-c", code], env=dict(env, HELIOS_HELIOSC=os.path.abspath("sleeps.sh")))
        while not os.path.exists("started") or not open("started").read().endswith("\n"):
            time.sleep(0.01)
        child.kill()
        child.wait()
        os.kill(int(open("started").read()), signal.SIGKILL)
        self.assertNotEqual(os.listdir(folder), [])
        subprocess.run([os.environ["HELIOS_HELIOSC"], "-q", "build", "--no-cache", "v1.wat"], env=env, check=True)
        self.assertEqual(os.listdir(folder), [])

    def test_interrupt(self):
        ddl(self.db, "CREATE PROCEDURE spin() RETURNS BIGINT LANGUAGE wasm WITH (fuel_limit = 1000000000000000) "
                     "AS 'v1.wat'")
        with interrupted(self.db) as at:
            with self.assertRaisesRegex(sqlite3.OperationalError, "cancelled|interrupted"):
                self.db.execute("SELECT spin()")
            self.assertLess(time.monotonic() - at[0], 5)
        self.assertEqual(one(self.db, "SELECT 1"), 1)

    def test_trap_undoes_the_statement_only(self):
        ddl(self.db, "CREATE PROCEDURE divide(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm AS 'v1.wat'")
        self.db.execute("CREATE TABLE t(a)")
        self.db.execute("BEGIN")
        self.db.execute("INSERT INTO t VALUES (divide(8, 2))")
        with self.assertRaisesRegex(sqlite3.OperationalError, 'procedure divide: integer divide by zero in "divide"'):
            self.db.execute("INSERT INTO t SELECT divide(1, value) FROM json_each('[1,2,0]')")
        self.db.execute("COMMIT")
        self.assertEqual(rows(self.db, "SELECT a FROM t"), [(4,)])

    def test_readonly(self):
        ddl(self.db, ANSWER)
        self.db.close()
        db = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        db.enable_load_extension(True)
        db.load_extension("./helios_sqlite")
        self.assertEqual(one(db, "SELECT answer()"), 1)
        with self.assertRaisesRegex(sqlite3.OperationalError, "readonly"):
            ddl(db, "ALTER PROCEDURE answer USE VERSION 1")
        db.close()

    def test_swaps_beside_threads(self):
        self.db.execute("PRAGMA journal_mode = WAL")
        ddl(self.db, MARK.format("v1.wat"))
        ddl(self.db, "ALTER FUNCTION mark VERSION 2 AS 'v2.wat'")
        errors, stop = [], threading.Event()

        def read():
            db = connect(self.path)
            while not stop.is_set() and not errors:
                last = {m % 10 for (m,) in db.execute("SELECT mark(value) FROM json_each('[1,2,3,4,5,6,7,8,9]')")}
                if len(last) != 1:
                    errors.append(last)
            db.close()

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        for n in range(200):
            ddl(self.db, f"ALTER FUNCTION mark USE VERSION {n % 2 + 1}")
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])


if __name__ == "__main__":
    unittest.main()
