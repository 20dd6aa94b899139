"""20-filesystem_test.py - no file is reachable without a grant: imports by which other sandboxes gave files away are
refused when the procedure is made, and the catalog stays as it was; WASI's, which link, answer that there is no such
descriptor or no such right, whatever descriptor they are given. tests/unit/host_files_test.c has what grants allow."""
import re
import sqlite3
import unittest
from pathlib import Path

from sql_kit import Case, one, rows

TABLE = Path(__file__).resolve().parents[2] / "rt-sandbox/hsb_wasi.def"
WASM = {"i": "i32", "j": "i64"}
BADF, INVAL, NOSYS, NOTDIR, SPIPE, NOTCAPABLE = 8, 28, 52, 54, 70, 76
OTHERS = [("env", "open"), ("env", "__syscall_openat"), ("env", "system"), ("wasi_unstable", "path_open"),
          ("helios_v1", "file_open"), ("helios_v1", "file_list"), ("env", "heliosdb_open"), ("env", "dlopen"), ("", ""),
          ("wasi_snapshot_preview1", "path_opened"), ("env", "../../etc/passwd")]


def file_calls():
    for m in re.finditer(r'preview1, ((?:path|fd)_\w+), "(\w+):i"', TABLE.read_text()):
        yield m.groups()


class Files(Case):
    def refused(self, module, name, params, results="(result i32)"):
        text = (f'(module (import "{module}" "{name}" (func (param {params}) {results})) '
                f'(memory (export "memory") 1) (func (export "f") (result i64) (i64.const 1)))')
        with self.assertRaises(sqlite3.Error, msg=name) as caught:
            self.create("f() RETURNS BIGINT", text)
        self.assertRegex(str(caught.exception), "import|host function|capability", name)
        if rows(self.db, "SELECT 1 FROM sqlite_schema WHERE name = 'helios_procedure'"):
            self.assertEqual(rows(self.db, "SELECT name FROM helios_procedure"), [], name)

    def test_wasi(self):
        tried = 0
        for name, params in file_calls():
            first, rest = params[0], params[1:]
            zeros = " ".join(f"({WASM[p]}.const {1 if p == 'i' else 0})" for p in rest)
            text = (f'(module (import "wasi_snapshot_preview1" "{name}" (func $h (param {" ".join(WASM[p] for p in params)}) '
                    f'(result i32))) (memory (export "memory") 1) (data (i32.const 0) "etc/passwd") '
                    f'(func (export "f") (param i64) (result i64) '
                    f'(i64.extend_i32_u (call $h (i32.wrap_i64 (local.get 0)) {zeros}))))')
            self.create("f(fd BIGINT) RETURNS BIGINT", text)
            for fd in (3, 4, 13, 255, 2**31 - 1, -1, -2**31):
                got = one(self.db, f"SELECT f({fd})")
                self.assertIn(got, (BADF, INVAL, NOSYS, NOTDIR, SPIPE, NOTCAPABLE), (name, fd))
                tried += 1
            if name.startswith("path_"):
                for fd in (0, 1, 2):
                    self.assertIn(one(self.db, f"SELECT f({fd})"), (INVAL, NOSYS, NOTDIR, NOTCAPABLE), (name, fd))
        self.assertGreater(tried, 200)

    def test_others(self):
        for module, name in OTHERS:
            self.refused(module, name, "i32 i32")


if __name__ == "__main__":
    unittest.main()
