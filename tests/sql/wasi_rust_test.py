"""wasi_rust_test.py - a Rust program on std's WASI through SQL (tests/wasi/guest.rs). Skipped where no rustc has
wasm32-wasi (or wasm32-wasip1, as it is called from 1.78 on)."""
import os
import shutil
import subprocess
import time
import unittest

import wasi_kit
from python_test import one


def compiler():
    for program in dict.fromkeys((shutil.which("rustc"), "/usr/bin/rustc")):
        for target in ("wasm32-wasip1", "wasm32-wasi"):
            ask = [program, "--target", target, "--print", "target-libdir"]
            if program and os.path.exists(program):
                where = subprocess.run(ask, capture_output=True, text=True, env=wasi_kit.COMPILER_ENV).stdout.strip()
                if where and os.path.isdir(where):
                    return [program, "--target", target]
    return ["rustc", "--target", "wasm32-wasip1"]


def setUpModule():
    wasi_kit.build(compiler() + ["--crate-type", "cdylib", "--edition", "2021", "-C", "opt-level=s", "-C", "panic=abort",
                                 "-C", "strip=symbols", "-C", "linker=wasm-ld", "-o", "rust.wasm",
                                 wasi_kit.SOURCES / "guest.rs"], "rust")


class Rust(wasi_kit.Case):
    module = "rust"

    def test_map_and_log(self):
        self.make("keys(n BIGINT) RETURNS BIGINT", "log")
        self.assertEqual(one(self.db, "SELECT keys(20)"), 7)
        self.assertEqual(self.log("SELECT keys(20)"), ["info: keys: 7 keys"])
        self.make("keys(n BIGINT) RETURNS BIGINT")
        self.assertEqual(one(self.db, "SELECT keys(3)"), 3)

    def test_time(self):
        self.make("now() RETURNS BIGINT", "clock")
        self.assertLess(abs(one(self.db, "SELECT now()") - time.time()), 5)
        self.make("now() RETURNS BIGINT")
        self.assertEqual(one(self.db, "SELECT now()"), 0)
        self.make("nap(ms BIGINT) RETURNS BIGINT")
        self.assertEqual(one(self.db, "SELECT nap(2000)"), 2000)

    def test_panic(self):
        self.make("fails(i BIGINT) RETURNS BIGINT", "log")
        self.assertEqual(one(self.db, "SELECT fails(2)"), 3)
        self.fails("procedure fails: thread '<unnamed>' panicked at .*index out of bounds.*; unreachable", "SELECT fails(3)")
        self.assertIn("index out of bounds", " ".join(self.log("SELECT fails(3)")))

    def test_files(self):
        os.environ["GUEST_FOLDER"] = str(self.data / "out")
        self.make("files() RETURNS BIGINT", "env:GUEST_FOLDER", f"filesystem:{self.data}/out:rw", "log")
        self.assertEqual(one(self.db, "SELECT files()"), 15)
        self.make("files() RETURNS BIGINT", "env:GUEST_FOLDER", f"filesystem:{self.data}/out:ro", "log")
        self.assertEqual(one(self.db, "SELECT files()"), -3)
        self.make("files() RETURNS BIGINT")
        self.assertEqual(one(self.db, "SELECT files()"), -1)


if __name__ == "__main__":
    unittest.main()
