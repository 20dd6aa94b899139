"""20-filesystem_test.py - no file is reachable: the imports by which other sandboxes gave files away are refused without
a grant, when the procedure is made, and the catalog stays as it was."""
import sqlite3
import unittest

from sql_kit import Case, rows

WASI = {"path_open": "i32 i32 i32 i32 i32 i64 i64 i32 i32", "path_readlink": "i32 i32 i32 i32 i32 i32",
        "path_symlink": "i32 i32 i32 i32 i32", "path_link": "i32 i32 i32 i32 i32 i32 i32",
        "path_rename": "i32 i32 i32 i32 i32 i32", "path_unlink_file": "i32 i32 i32",
        "path_create_directory": "i32 i32 i32", "path_remove_directory": "i32 i32 i32",
        "path_filestat_get": "i32 i32 i32 i32 i32", "fd_readdir": "i32 i32 i32 i64 i32", "fd_prestat_get": "i32 i32",
        "fd_pread": "i32 i32 i32 i64 i32", "fd_pwrite": "i32 i32 i32 i64 i32"}
OTHERS = [("env", "open"), ("env", "__syscall_openat"), ("env", "system"), ("wasi_unstable", "path_open"),
          ("helios_v1", "file_open"), ("env", "heliosdb_open"), ("env", "dlopen"), ("", ""), ("env", "../../etc/passwd")]


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
        for name, params in WASI.items():
            self.refused("wasi_snapshot_preview1", name, params)

    def test_others(self):
        for module, name in OTHERS:
            self.refused(module, name, "i32 i32")


if __name__ == "__main__":
    unittest.main()
