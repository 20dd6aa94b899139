"""wasi_kit.py - for tests of WASI guests: procedures of one compiled module, log lines of a statement."""
import os
import re
import subprocess
import unittest
from pathlib import Path

from guest_test import Case as Base, create

SOURCES = Path(__file__).resolve().parents[1] / "wasi"
# A sanitizer that is loaded for the engine's sake is not for compilers.
COMPILER_ENV = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
SDK = Path(__file__).resolve().parents[2] / "sdk"


def build(command, module):
    """module.so, built once a run; a compiler that is missing or without its library ends the run as skipped."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=COMPILER_ENV)
    except FileNotFoundError as e:
        done = None
        print(f"skipped: {e}", flush=True)
    if done is None or done.returncode != 0:
        print("skipped:", " ".join(map(str, command)), done.stderr if done else "", sep="\n", flush=True)
        os._exit(77)
    subprocess.run([os.environ["HELIOS_HELIOSC"], "build", f"{module}.wasm", "-o", f"{module}.so"], check=True)


class Case(Base):
    module = None

    def setUp(self):
        super().setUp()
        self.data = Path(self.id()).resolve()
        for name in ("in", "out", "secret"):
            (self.data / name).mkdir(parents=True)
        (self.data / "in/a.txt").write_text("hello")
        (self.data / "secret/s.txt").write_text("secret")

    def make(self, signature, *grants, rest=""):
        name, _, args = signature.partition("(")
        create(self.db, name, f"({args}", f"{self.module}.so", *grants, rest=rest)

    def log(self, sql):
        """Lines on stderr of a helios that runs the statement."""
        done = subprocess.run([Path(os.environ["HELIOS_BIN"], "helios"), f"{self.id()}.db", "-c", sql],
                              capture_output=True, text=True)
        return [re.sub(r"^([a-z]+: \w+: )", r"\1", line) for line in done.stderr.splitlines()]
