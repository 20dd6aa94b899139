"""vectors_test.py - one language's procedures against vectors.jsonl, through the extension; then its limits of fuel and
time, and rows of varied text against SQLite's own functions with the memory of the process beside it.
Run by tests/sql/run.py; exit 77: this machine lacks the language's toolchain.

usage: vectors_test.py LANGUAGE [ROWS]     ROWS: 10,000; with more only the rows are tested
"""
import ctypes
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import polyglot

# Text of every kind that UTF-8 has, empty, short and long, none twice.
TEXTS = """
CREATE TABLE texts AS
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}),
kind(k, s) AS (VALUES (0, ''), (1, 'plain text '), (2, 'naïve café '), (3, '日本語テキスト'), (4, '🦀🐘 mixed é ß'),
                      (5, 'tab' || char(9) || 'and' || char(127) || 'end'), (6, '{{"json": ["\\n", 1]}}'), (7, char(0x10ffff, 0x7ff, 0x800)))
SELECT i, CASE WHEN k = 0 THEN '' ELSE replace(printf('%.*c', i % 7 + 1, '#'), '#', s) || i END AS t FROM n JOIN kind ON k = i % 8
"""
CHECKS = {  # what must hold for every row; the first three also for many
    "text_length": "text_length(t) IS length(t)",
    "shout": "shout(t) IS upper(t)",
    "text_reverse": "substr(text_reverse(t), 1, 1) IS substr(t, -1)",
    "text_reverse twice": "text_reverse(text_reverse(t)) IS t",
    "blob_sum": "blob_sum(CAST(printf('%.*c', i % 50 + 1, 'x') AS BLOB)) IS (i % 50 + 1) * 120",
}
FEW = 10000
FLAT = 16 << 20  # bytes that the process may grow by between a first tenth of the rows and all of them


class Text(bytes):
    """TEXT as the database has it, which need not be UTF-8."""

    def __repr__(self):
        return "TEXT " + bytes.__repr__(self)


def vectors(language):
    for line in (polyglot.HERE / "vectors.jsonl").read_text().splitlines():
        if line and not line.startswith("#"):
            row = json.loads(line)
            if not set(row.get("but", {})) <= set(polyglot.LANGUAGES) or any("why" not in b for b in row.get("but", {}).values()):
                sys.exit(f"vectors.jsonl: an exception of no language or without a why: {line}")
            yield {**row, "is": None, "error": None, "code": None, **row.get("but", {}).get(language, row), "call": row.get("call"),
                   "procedure": row.get("procedure")}


def answer(db, expression):
    """(value as text that shows its type and every bit, None) or (None, message)."""
    try:
        return repr(db.execute(f"SELECT {expression}").fetchone()[0]), None
    except sqlite3.Error as e:
        return None, str(e)


def judge(db, row):
    value, message = answer(db, row["call"])
    if row["error"] is not None:
        return message is not None and row["error"] in message, message or value
    wanted, _ = answer(db, row["is"])
    return message is None and value == wanted, message or value


def check_vectors(language, db, found):
    """How many rows hold and do not."""
    good, bad, wanted = 0, 0, set()
    for row in vectors(language):
        if row["procedure"]:
            wanted.add(row["procedure"])
            continue
        ok, got = judge(db, row)
        good, bad = good + ok, bad + (not ok)
        if not ok:
            print(f"{row['call'][:150]}\n  wanted {str(row['is'] or 'error: ' + str(row['error']))[:200]}\n  got    {str(got)[:300]}")
    for signature in wanted ^ set(found.values()):
        print(f"signature {'missing' if signature in wanted else 'not in the table'}: {signature}")
        bad += 1
    return good, bad


class Error(ctypes.Structure):
    """helios_error of runtime/include/helios/error.h."""
    _fields_ = [("code", ctypes.c_int), ("trap", ctypes.c_uint32), ("offset", ctypes.c_uint32), ("guest_code", ctypes.c_int32),
                ("text", ctypes.c_char * 512), ("hint", ctypes.c_char * 256)]


def check_codes(language, path):
    """Rows with a code: SQLite has one code for all errors, so the library's own interface is asked for them."""
    lib = ctypes.CDLL(os.path.join(os.environ["HELIOS_BIN"], "libhelios.so"))
    handle, error, good = ctypes.c_void_p(), Error(), True
    if lib.helios_open(ctypes.byref(handle), path.encode(), None, ctypes.byref(error)) != 0:
        sys.exit(error.text.decode())
    for row in vectors(language):
        if row.get("code") is None:
            continue
        error = Error()
        lib.helios_exec(handle, f"SELECT {row['call']}".encode(), None, None, ctypes.byref(error))
        got = [error.code, error.guest_code][:len(row["code"])]
        if got != row["code"]:
            print(f"{row['call']}: code {got}, not {row['code']}: {error.text.decode()}")
            good = False
    lib.helios_close(handle, ctypes.byref(error))
    return good


def check_spin(db):
    """An endless loop ends by fuel, and by time; the connection goes on."""
    for option, text in (("fuel_limit = 50000000", "fuel exhausted"), ("timeout = '50ms'", "time limit exceeded")):
        db.execute("SELECT helios_ddl(?)", [f"ALTER PROCEDURE spin SET {option}"])
        _, message = answer(db, "spin()")
        if text not in str(message) or answer(db, "plus(1, 1)") != ("2", None):
            print(f"spin with {option}: {message}")
            return False
        db.execute("SELECT helios_ddl('ALTER PROCEDURE spin SET fuel_limit = 10000000000')")
    return True


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def check_rows(db, rows):
    """Every row right, and memory flat from the first tenth on."""
    db.execute("DROP TABLE IF EXISTS texts")
    db.execute(TEXTS.format(rows=rows))
    good = True
    for name, holds in list(CHECKS.items())[:3 if rows > FEW else None]:
        count = f"SELECT count(*), sum(NOT ({holds})) FROM texts"
        db.execute(f"{count} WHERE i <= {rows // 10}").fetchall()
        before = resident()
        result = db.execute(count).fetchone()
        grown = resident() - before
        ok = result == (rows, 0) and grown < FLAT
        good &= ok
        print(f"{name}: {result[0]} rows, {result[1]} wrong, {grown >> 10} KiB more resident{'' if ok else ': WRONG'}")
    return good


def main():
    language, rows = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else FEW
    heliosc = os.environ["HELIOS_HELIOSC"]
    if language not in polyglot.SOURCES:
        print(f"SKIPPED: {language} has no SDK in this tree yet")
        return 77
    try:
        polyglot.build(heliosc, polyglot.HERE / polyglot.SOURCES[language], "p.so")
    except polyglot.Missing as e:
        print(f"SKIPPED: {e}")
        return 77
    found = polyglot.signatures(heliosc, "p.so")
    if len(sys.argv) > 3:
        return not check_codes(language, "v.db")
    db = polyglot.connect("./helios_sqlite", "v.db")
    db.executescript(polyglot.SCHEMA)
    db.text_factory = Text
    polyglot.create(db, "p.so", found)
    if rows > FEW:
        return not check_rows(db, rows)
    good, bad = check_vectors(language, db, found)
    print(f"{language}: {good} vectors hold, {bad} do not")
    fine = check_spin(db) & check_rows(db, rows)
    db.close()
    # In a process of its own: the library and the extension are two engines.
    codes = subprocess.run([sys.executable, __file__, language, str(rows), "codes"]).returncode == 0
    return not (fine and codes and bad == 0 and good > 150)


sys.exit(main())
