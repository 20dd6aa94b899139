"""sql_kit.py - for the classes that need the whole engine: a database with the extension loaded, modules from text.
The tests are run by tests/sql/run.py, in a folder of their own."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sql"))
from python_test import connect, ddl, one, rows  # noqa: E402,F401


class Case(unittest.TestCase):
    def setUp(self):
        self.path = f"{self.id()}.db"
        self.db = connect(self.path)
        self.addCleanup(self.db.close)

    def create(self, signature, text, *grants, rest="", kind="PROCEDURE", db=None):
        """CREATE OR REPLACE from the text of a module."""
        Path("m.wat").write_text(text)
        listed = ", ".join(f"'{g}'" for g in grants)
        ddl(db or self.db, f"CREATE OR REPLACE {kind} {signature} LANGUAGE wasm {f'CAPABILITIES ({listed})' if grants else ''}"
                           f" {rest} AS 'm.wat'")
