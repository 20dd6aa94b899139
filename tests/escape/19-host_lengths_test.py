"""19-host_lengths_test.py - host calls and what a guest says of its memory: every function of the tables with
every two neighbouring arguments at the edges. Each is refused by a status or ends the call by name, the process lives
and the engine goes on. tests/unit/host_test.c has the exact statuses; this is the same from SQL, over all functions."""
import itertools
import re
import sqlite3
import unittest
from pathlib import Path

from sql_kit import Case, one

TABLES = [Path(__file__).resolve().parents[2] / "rt-sandbox" / name for name in ("hsb_hostcalls.def", "hsb_wasi.def")]
EDGES = (0, 1, 16, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1)
WASM = {"i": "i32", "j": "i64", "d": "f64"}
GRANTS = ["query", "read:*", "write:*", "log", "transaction", "clock", "random", "crypto", "env:HOME", "filesystem:/nowhere:rw",
          "network:127.0.0.1"]


def functions():
    text = "".join(table.read_text() for table in TABLES)
    for m in re.finditer(r'^HSB_HOSTCALL\((\w+), (\w+), "(\w*):(\w*)"', text, re.M):
        yield m.groups()


def guest(module, name, params, result):
    """f(BIGINT ...): the host call, then the pages of memory: one."""
    take = {"i": "(i32.wrap_i64 (local.get {}))", "j": "(local.get {})", "d": "(f64.convert_i64_s (local.get {}))"}
    arguments = " ".join(take[p].format(n) for n, p in enumerate(params))
    call = f"(call $h {arguments})"
    return f"""
(module
  (import "{module}" "{name}" (func $h (param {" ".join(WASM[p] for p in params)}) {f"(result {WASM[result]})" if result else ""}))
  (memory (export "memory") 1 1)
  (data (i32.const 0) "SELECT 1")
  (func (export "f") (param {" ".join(["i64"] * len(params))}) (result i64)
    {f"(drop {call})" if result else call}
    (i64.extend_i32_u (memory.size))))"""


class HostCalls(Case):
    def test_every_function(self):
        tried = 0
        for module, name, params, result in functions():
            if params.count("i") < 2:
                continue
            listed = ", ".join(f"a{n} BIGINT" for n in range(len(params)))
            self.create(f"f{len(params)}({listed}) RETURNS BIGINT", guest(module, name, params, result), *GRANTS,
                        rest="EXPORT 'f'")
            for at in range(len(params) - 1):
                for a, b in itertools.product(EDGES, repeat=2):
                    values = [0] * len(params)
                    values[at:at + 2] = a, b
                    try:
                        got = one(self.db, f"SELECT f{len(params)}({', '.join(map(str, values))})")
                        self.assertIn(got, (1, None, "", b"", 0), (name, values))
                    except sqlite3.Error as e:
                        self.assertRegex(str(e), r"^procedure f\d: ", (name, values))
                    tried += 1
        self.assertGreater(tried, 4000)
        self.assertEqual(one(self.db, "PRAGMA integrity_check"), "ok")


if __name__ == "__main__":
    unittest.main()
