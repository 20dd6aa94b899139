"""wasi_test.py - a C program on wasi-libc through SQL (tests/wasi/guest.c): log lines, time, randomness, variables,
files, exit, each with and without its grant. Skipped where clang has no wasi-libc."""
import os
import time
import unittest

import wasi_kit
from python_test import one, rows


def setUpModule():
    wasi_kit.build(["clang", "--target=wasm32-wasi", "-mexec-model=reactor", "-O2", "-I", wasi_kit.SDK / "c",
                    wasi_kit.SOURCES / "guest.c", "-Wl,-s,--stack-first", "-o", "guest.wasm"], "guest")


class C(wasi_kit.Case):
    module = "guest"

    def test_start_and_log(self):
        self.make("initialized() RETURNS INTEGER")
        self.assertEqual(one(self.db, "SELECT initialized()"), 42)
        self.make("say(x TEXT) RETURNS TEXT", "log")
        self.assertEqual(one(self.db, "SELECT say('SQL')"), "Hello, SQL: 2.50")
        self.assertEqual(self.log("SELECT say('SQL')"),
                         ["info: say: to SQL", "warn: say: careful", "info: say: half a line"])
        self.make("say(x TEXT) RETURNS TEXT")
        self.assertEqual(one(self.db, "SELECT say('SQL')"), "Hello, SQL: 2.50")

    def test_no_log_without_the_grant(self):
        self.make("say(x TEXT) RETURNS TEXT")
        self.assertEqual(self.log("SELECT say('SQL')"), [])

    def test_time(self):
        self.make("now() RETURNS BIGINT", "clock")
        self.assertLess(abs(one(self.db, "SELECT now()") - time.time()), 5)
        self.make("nap(ms BIGINT) RETURNS BIGINT", "clock", rest="WITH (timeout = '3s')")
        begun = time.monotonic()
        self.assertIn(one(self.db, "SELECT nap(100)"), range(100, 3000))
        self.assertGreaterEqual(time.monotonic() - begun, 0.1)
        begun = time.monotonic()
        self.fails("time limit exceeded while the procedure waited", "SELECT nap(60000)")
        self.assertLess(time.monotonic() - begun, 20)

    def test_no_time_without_the_grant(self):
        self.make("now() RETURNS BIGINT")
        self.assertEqual(one(self.db, "SELECT now()"), 0)
        self.make("nap(ms BIGINT) RETURNS BIGINT")
        begun = time.monotonic()
        self.assertEqual(one(self.db, "SELECT nap(3600000)"), 3600000)
        self.assertLess(time.monotonic() - begun, 5)

    def test_randomness(self):
        self.make("dice() RETURNS TEXT")
        fixed = one(self.db, "SELECT dice()")
        self.assertEqual(rows(self.db, "SELECT dice(), dice()"), [(fixed, fixed)])
        self.make("dice() RETURNS TEXT", "random")
        drawn = {one(self.db, "SELECT dice()") for _ in range(4)}
        self.assertEqual(len(drawn | {fixed}), 5)

    def test_variables(self):
        os.environ["GUEST_ONE"], os.environ["GUEST_TWO"] = "eins", "zwei"
        self.make("variable(x TEXT) RETURNS TEXT", "env:GUEST_ONE", "env:GUEST_UNSET")
        self.assertEqual(rows(self.db, "SELECT variable('GUEST_ONE'), variable('GUEST_TWO'), variable('PATH')"),
                         [("eins", "(not set)", "(not set)")])
        self.make("variables() RETURNS INTEGER")
        self.assertEqual(one(self.db, "SELECT variables()"), 0)

    def test_exit_and_input(self):
        self.make("quit(code INTEGER) RETURNS INTEGER", "log")
        self.fails("^procedure quit: the procedure ended itself: exit code 3", "SELECT quit(3)")
        self.fails("exit code 0", "SELECT quit(0)")
        self.assertIn("info: quit: going", self.log("SELECT quit(1)"))
        self.make("input() RETURNS INTEGER")
        self.assertEqual(one(self.db, "SELECT input()"), 1)

    def test_files(self):
        (self.data / "in/link").symlink_to(self.data / "secret/s.txt")
        (self.data / "in/folder").symlink_to(self.data / "secret")
        os.mkfifo(self.data / "in/pipe")
        self.make("slurp(x TEXT) RETURNS TEXT", f"filesystem:{self.data}/in:ro", f"filesystem:{self.data}/out:rw")
        self.assertEqual(one(self.db, f"SELECT slurp('{self.data}/in/a.txt')"), "hello")
        for path in ("secret/s.txt", "in/link", "in/folder/s.txt", "in/../secret/s.txt", "in/pipe", "in/none",
                     "out/../secret/s.txt", "/etc/passwd", "/proc/self/environ", "in/\u00e4"):
            got = one(self.db, f"SELECT slurp('{self.data / path}')" if ".." not in path
                      else f"SELECT slurp('{self.data}/{path}')")
            self.assertRegex(got, "^error: ", path)
        self.make("work(x TEXT) RETURNS TEXT", f"filesystem:{self.data}/in:ro", f"filesystem:{self.data}/out:rw")
        self.assertEqual(one(self.db, f"SELECT work('{self.data}/out')"), "ok")
        self.assertEqual(list((self.data / "out").iterdir()), [])
        self.assertRegex(one(self.db, f"SELECT work('{self.data}/in')"), "f != NULL")
        self.assertRegex(one(self.db, f"SELECT work('{self.data}/secret')"), "f != NULL")
        self.make("slurp(x TEXT) RETURNS TEXT")
        self.assertRegex(one(self.db, f"SELECT slurp('{self.data}/in/a.txt')"), "^error: ")
        self.assertRegex(one(self.db, "SELECT slurp('a.txt')"), "^error: ")

    def test_own_database(self):
        here = os.getcwd()
        self.make("slurp(x TEXT) RETURNS TEXT", f"filesystem:{here}:rw")
        self.assertRegex(one(self.db, f"SELECT slurp('{here}/{self.id()}.db')"), "^error: ")
        self.assertRegex(one(self.db, f"SELECT slurp('{here}/key')"), "^error: ")
        self.assertEqual(one(self.db, f"SELECT slurp('{self.data}/in/a.txt')"), "hello")

    def test_impure(self):
        with self.assertRaisesRegex(Exception, "deterministic"):
            self.make("now() RETURNS BIGINT", rest="DETERMINISTIC")


if __name__ == "__main__":
    unittest.main()
