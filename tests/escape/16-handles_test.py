"""16-handles_test.py - stale handles: statements of a guest after finalize, in another call, in another instance, with
numbers made up; procedures that are dropped, replaced with another signature or rolled back while a statement runs."""
import sqlite3
import threading
import unittest

from sql_kit import Case, connect, ddl, one

HANDLE, GUEST = -5, """
(module
  (import "helios_v1" "prepare" (func $prepare (param i32 i32) (result i32)))
  (import "helios_v1" "step" (func $step (param i32) (result i32)))
  (import "helios_v1" "reset" (func $reset (param i32) (result i32)))
  (import "helios_v1" "finalize" (func $finalize (param i32) (result i32)))
  (import "helios_v1" "column_count" (func $columns (param i32) (result i32)))
  (import "helios_v1" "bind_i64" (func $bind (param i32 i32 i64) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "SELECT 7")
  (func (export "open") (result i64) (i64.extend_i32_s (call $prepare (i32.const 16) (i32.const 8))))
  (func (export "stale") (result i64)
    (local $s i32)
    (local.set $s (call $prepare (i32.const 16) (i32.const 8)))
    (drop (call $finalize (local.get $s)))
    (i64.extend_i32_s (call $step (local.get $s))))
  (func (export "twice") (result i64)
    (local $s i32)
    (local.set $s (call $prepare (i32.const 16) (i32.const 8)))
    (drop (call $finalize (local.get $s)))
    (i64.extend_i32_s (call $finalize (local.get $s))))
  (func (export "use") (param i64) (result i64)
    (local $s i32)
    (local.set $s (i32.wrap_i64 (local.get 0)))
    (if (i32.ne (call $step (local.get $s)) (i32.const -5)) (then (return (i64.const 1))))
    (if (i32.ne (call $reset (local.get $s)) (i32.const -5)) (then (return (i64.const 2))))
    (if (i32.ne (call $columns (local.get $s)) (i32.const -5)) (then (return (i64.const 3))))
    (if (i32.ne (call $bind (local.get $s) (i32.const 1) (i64.const 1)) (i32.const -5)) (then (return (i64.const 4))))
    (i64.extend_i32_s (call $finalize (local.get $s)))))
"""


class Statements(Case):
    def setUp(self):
        super().setUp()
        for signature in ("open() RETURNS BIGINT", "stale() RETURNS BIGINT", "twice() RETURNS BIGINT",
                          "use(h BIGINT) RETURNS BIGINT"):
            self.create(signature, GUEST, "query")

    def test_after_finalize(self):
        self.assertEqual(one(self.db, "SELECT stale()"), HANDLE)
        self.assertEqual(one(self.db, "SELECT twice()"), HANDLE)

    def test_of_another_call(self):
        handle = one(self.db, "SELECT open()")
        self.assertGreater(handle, 0)
        self.assertEqual(one(self.db, f"SELECT use({handle})"), HANDLE)
        self.assertEqual(one(self.db, "SELECT use(x) FROM (SELECT open() AS x)"), HANDLE)

    def test_made_up(self):
        for handle in (0, 1, 2, 63, 64, 65, 255, 256, 65536, 2**31 - 1, -2**31, -1):
            self.assertEqual(one(self.db, f"SELECT use({handle})"), HANDLE, handle)


ANSWER = '(module (memory (export "memory") 1) (func (export "f") (param i64) (result i64) (i64.const {})))'
OTHER = '(module (func (export "f") (param f64 f64) (result f64) (f64.add (local.get 0) (local.get 1))))'
ROWS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT f(i) FROM n"


class Procedures(Case):
    def setUp(self):
        super().setUp()
        self.create("f(a BIGINT) RETURNS BIGINT", ANSWER.format(1))

    def test_dropped_while_a_statement_runs(self):
        cursor = self.db.execute(ROWS)
        self.assertEqual(cursor.fetchone(), (1,))
        ddl(self.db, "DROP PROCEDURE f")
        self.assertEqual({r[0] for r in cursor.fetchall()}, {1})
        with self.assertRaisesRegex(sqlite3.Error, "no such procedure"):
            one(self.db, "SELECT f(1)")

    def test_replaced_while_a_statement_runs(self):
        cursor = self.db.execute(ROWS)
        self.assertEqual(cursor.fetchone(), (1,))
        self.create("f(a BIGINT) RETURNS BIGINT", ANSWER.format(2))
        self.assertEqual({r[0] for r in cursor.fetchall()}, {1})
        self.assertEqual(one(self.db, "SELECT f(1)"), 2)

    def test_another_signature(self):
        cursor = self.db.execute(ROWS)
        self.assertEqual(cursor.fetchone(), (1,))
        self.create("f(a REAL, b REAL) RETURNS REAL", OTHER)
        self.assertEqual({r[0] for r in cursor.fetchall()}, {1})
        self.assertEqual(one(self.db, "SELECT f(1.5, 2)"), 3.5)
        with self.assertRaises(sqlite3.Error):
            one(self.db, "SELECT f(1)")

    def test_rolled_back(self):
        self.db.execute("BEGIN")
        self.create("f(a BIGINT) RETURNS BIGINT", ANSWER.format(2))
        self.assertEqual(one(self.db, "SELECT f(1)"), 2)
        self.db.execute("ROLLBACK")
        self.assertEqual(one(self.db, "SELECT f(1)"), 1)

    def test_reloaded_by_another_connection(self):
        stop, seen, failed = threading.Event(), set(), []

        def read():
            db = connect(self.path)
            try:
                while not stop.is_set():
                    values = {r[0] for r in db.execute(ROWS)}
                    seen.update(values)
                    if len(values) != 1:
                        failed.append(values)
            except sqlite3.Error as e:
                failed.append(e)
            finally:
                db.close()

        thread = threading.Thread(target=read)
        thread.start()
        for n in range(2, 12):
            self.create("f(a BIGINT) RETURNS BIGINT", ANSWER.format(n % 3))
        stop.set()
        thread.join()
        self.assertEqual(failed, [])
        self.assertLessEqual(seen, {0, 1, 2})


if __name__ == "__main__":
    unittest.main()
