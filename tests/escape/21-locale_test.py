"""21-locale_test.py - a program that runs in German writes 1,5: constants, results, JSON and limits must not. The locale
is made here from the sources of Debian's package `locales`; without them this is skipped, loudly."""
import locale
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from sql_kit import Case, one

GUEST = """
(module
  (import "helios_v1" "query" (func $query (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "SELECT 1.5 AS x, ?1 * 2 AS y")
  (data (i32.const 64) "[0.25]")
  (func (export "half") (param f64) (result f64) (f64.add (local.get 0) (f64.const 1.0625)))
  (func (export "single") (result f64) (f64.promote_f32 (f32.const 0x1.8p-3)))
  (func (export "json") (result i64)
    (i64.or (i64.shl (i64.const 1024) (i64.const 32)) (i64.extend_i32_u
      (call $query (i32.const 16) (i32.const 28) (i32.const 64) (i32.const 6) (i32.const 1024) (i32.const 200))))))
"""


def german():
    """A locale whose decimal point is a comma, or None."""
    made = shutil.which("localedef") and Path("/usr/share/i18n/locales/de_DE").exists() and subprocess.run(
        ["localedef", "-i", "de_DE", "-f", "UTF-8", f"{os.getcwd()}/de_DE.UTF-8"], capture_output=True).returncode == 0
    return "de_DE.UTF-8" if made else None


class German(Case):
    def test_numbers(self):
        self.assertEqual(locale.localeconv()["decimal_point"], ",")
        self.create("half(a REAL) RETURNS REAL", GUEST, "query")
        self.create("single() RETURNS REAL", GUEST, "query")
        self.create("as_json() RETURNS TEXT", GUEST, "query", rest="EXPORT 'json' WITH (timeout = '1500ms')")
        self.assertEqual(one(self.db, "SELECT half(0.5)"), 1.5625)
        self.assertEqual(one(self.db, "SELECT half('0.5')"), 1.5625)
        self.assertEqual(one(self.db, "SELECT single()"), 0.1875)
        self.assertEqual(one(self.db, "SELECT as_json()"), '[{"x":1.5,"y":0.5}]')


if __name__ == "__main__":
    if os.environ.get("LOCPATH") is None:
        name = german()
        if name is None:
            print("skipped: no locale de_DE can be made here (package locales)")
            sys.exit(77)
        os.execve(sys.executable, [sys.executable, *sys.argv],
                  dict(os.environ, LOCPATH=os.getcwd(), LC_ALL=name, LANG=name))
    locale.setlocale(locale.LC_ALL, "")
    unittest.main()
