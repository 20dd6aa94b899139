"""polyglot.py - builds procedures.* and makes them in a database, a language at a time. Shared by the tests here and by
tests/bench/languages.py."""
import json
import os
import sqlite3
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
LANGUAGES = ("c", "rust", "go", "assemblyscript", "javascript", "python")
# The sources of those whose SDK is in this tree; the tests of the others say that it is not.
SOURCES = {"c": "procedures.c", "rust": "procedures.rs", "go": "procedures.go", "assemblyscript": "procedures.ts",
           "javascript": "procedures.js", "python": "procedures.py"}
SCHEMA = """
CREATE TABLE customers(id INTEGER PRIMARY KEY, tier TEXT);
INSERT INTO customers VALUES (1, 'gold'), (2, 'silver'), (3, NULL);
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer_id INTEGER, total REAL);
INSERT INTO orders(customer_id, total) VALUES (1, 10.5), (1, 20.25), (1, NULL), (3, 1.0);
"""
GRANTS = ["query", "read:*", "write:customers", "transaction", "crypto", "log"]
EXTRA = {"squares": "RETURNS TABLE (n BIGINT, square BIGINT)"}  # what no source says


class Missing(Exception):
    """This machine can't build the language; the text says what it lacks."""


def build(heliosc, source, out):
    """Raises Missing only for a tool that is not there (H0300)."""
    done = subprocess.run([str(heliosc), "build", "--json", str(source), "-o", str(out)], capture_output=True, text=True,
                          env={k: v for k, v in os.environ.items() if k != "LD_PRELOAD"})
    if done.returncode != 0:
        kind = Missing if '"code":"H0300"' in done.stdout else RuntimeError
        raise kind(f"{source.name}: " + "\n".join(json.loads(line)["text"] for line in done.stdout.splitlines()))


def signatures(heliosc, plugin):
    """SQL signatures by name, as `heliosc inspect` gives them."""
    done = subprocess.run([str(heliosc), "inspect", "--json", str(plugin)], capture_output=True, text=True, check=True)
    found = [p["sql"].split(" RETURNS TABLE")[0] for p in json.loads(done.stdout)["procedures"]]
    return {sql.split("(")[0]: sql for sql in found}


def connect(extension, path=":memory:"):
    db = sqlite3.connect(path, isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension(str(extension))
    db.enable_load_extension(False)
    return db


def create(db, plugin, names, options=""):
    grants = ", ".join(f"'{g}'" for g in GRANTS)
    for name in names:
        db.execute("SELECT helios_ddl(?)", [f"CREATE PROCEDURE {name} {EXTRA.get(name, '')} LANGUAGE wasm "
                                            f"CAPABILITIES ({grants}) {options} AS '{plugin}'"])
