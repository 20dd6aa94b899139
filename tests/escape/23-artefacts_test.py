"""23-artefacts_test.py - a compiled artefact in the catalog is swapped: for one with a byte changed, for another
procedure's, for one sealed with another key, for a foreign .so. None runs: without a compiler the procedure fails by name, with one
it is built again from its module; others go on."""
import os
import shutil
import sqlite3
import subprocess
import sys
import unittest
from pathlib import Path

from sql_kit import Case, connect, one, rows

MODULE = '(module (func (export "f") (result i64) (i64.const {})))'


class Artefacts(Case):
    def setUp(self):
        super().setUp()
        self.create("a() RETURNS BIGINT", MODULE.format(1), rest="EXPORT 'f'")
        self.create("b() RETURNS BIGINT", MODULE.format(2), rest="EXPORT 'f'")
        self.assertEqual((one(self.db, "SELECT a()"), one(self.db, "SELECT b()")), (1, 2))
        self.columns = [r[1] for r in rows(self.db, "PRAGMA table_info(helios_plugin)")]
        self.blob = next(c for c in self.columns if c in ("so", "plugin", "bytes", "code", "image"))
        self.of = {name: one(self.db, "SELECT module_hash FROM helios_version v JOIN helios_procedure p "
                                      f"ON p.id = v.procedure_id WHERE p.name = '{name}'") for name in "ab"}

    def plugin(self, name):
        return self.db.execute(f"SELECT {self.blob} FROM helios_plugin WHERE module_hash = ?", [self.of[name]]).fetchone()[0]

    def swap(self, name, content, so_hash=None):
        self.db.execute(f"UPDATE helios_plugin SET {self.blob} = ? WHERE module_hash = ?", [content, self.of[name]])
        if so_hash is not None:
            self.db.execute("UPDATE helios_plugin SET so_hash = ? WHERE module_hash = ?", [so_hash, self.of[name]])

    def outcome(self, compiler="/nonexistent"):
        """What a connection that has nothing mapped gets from a(): a value, or the error. b() must be well."""
        script = ("import sqlite3, sys; sys.path.insert(0, {!r}); from python_test import connect\n"
                  "db = connect({!r})\nassert db.execute('SELECT b()').fetchone() == (2,)\n"
                  "try:\n    print(db.execute('SELECT a()').fetchone()[0])\nexcept sqlite3.Error as e:\n    print('error:', e)\n")
        sql = str(Path(__file__).resolve().parents[1] / "sql")
        done = subprocess.run([sys.executable, "-c", script.format(sql, self.path)], capture_output=True, text=True,
                              env=dict(os.environ, HELIOS_HELIOSC=compiler))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def refused(self, content, so_hash=None):
        self.swap("a", content, so_hash)
        self.assertRegex(self.outcome(), "^error: .*(procedure a|plugin)")
        self.assertEqual(self.outcome(os.environ["HELIOS_HELIOSC"]), "1")

    def test_a_byte_changed(self):
        good = self.plugin("a")
        for at in (0, 100, len(good) // 2, len(good) - 1):
            changed = bytearray(good)
            changed[at] ^= 1
            self.refused(bytes(changed))
        self.swap("a", good)
        self.assertEqual(self.outcome(), "1")

    def test_cut_and_emptied(self):
        good = self.plugin("a")
        for content in (b"", b"x", good[:-1], good[:len(good) // 2], good + b"\0"):
            self.refused(content)

    def test_of_another_procedure(self):
        self.refused(self.plugin("b"))
        other = one(self.db, "SELECT so_hash FROM helios_plugin ORDER BY module_hash = (SELECT module_hash FROM helios_version v "
                             "JOIN helios_procedure p ON p.id = v.procedure_id WHERE p.name = 'b') DESC LIMIT 1")
        self.refused(self.plugin("b"), other)

    def test_sealed_with_another_key(self):
        Path("other.key").write_bytes(os.urandom(32))
        os.chmod("other.key", 0o600)
        Path("x.wat").write_text(MODULE.format(9))
        done = subprocess.run([os.environ["HELIOS_HELIOSC"], "build", "x.wat", "-o", "x.so"], capture_output=True,
                              env=dict(os.environ, HELIOS_KEY=os.path.abspath("other.key")))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.refused(Path("x.so").read_bytes())

    def test_of_a_compiler_that_is_not_ours(self):
        Path("x.c").write_text("int helios_plugin; __attribute__((constructor)) static void x(void) { _Exit(9); }\n"
                               "extern void _Exit(int);\n".replace("int helios", "extern void _Exit(int); int helios", 1))
        if not shutil.which("gcc"):
            self.skipTest("no gcc")
        subprocess.run(["gcc", "-shared", "-fPIC", "x.c", "-o", "alien.so"], check=True)
        self.refused(Path("alien.so").read_bytes())

    def test_key_that_others_can_read(self):
        os.chmod(os.environ["HELIOS_KEY"], 0o644)
        try:
            db = connect(self.path)
            with self.assertRaises(sqlite3.Error):
                Path("m.wat").write_text(MODULE.format(3))
                db.execute("SELECT helios_ddl('CREATE PROCEDURE c() RETURNS BIGINT LANGUAGE wasm EXPORT ''f'' AS ''m.wat''')")
            db.close()
        finally:
            os.chmod(os.environ["HELIOS_KEY"], 0o600)


if __name__ == "__main__":
    unittest.main()
