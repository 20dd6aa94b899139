#!/usr/bin/env python3
"""measure.py - how much faster the sum is with SIMD: the procedures in turn, 16,384 floats a thousand times a call, medians
of their processor time. Prints a table; nothing is asserted.

usage: measure.py BIN [ROUNDS]      BIN: the folder of heliosc and helios_sqlite.so
"""
import array
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROCEDURES = ("sum_array", "sum_array_simd", "sum_array_simd16")
VALUES = array.array("f", (i % 100 for i in range(16384)))


def timed(db, procedure):
    begin = time.process_time()
    total = db.execute(f"SELECT {procedure}(?1, 1000)", [VALUES.tobytes()]).fetchone()[0]
    if total != sum(VALUES):
        sys.exit(f"{procedure}: {total}, not {sum(VALUES)}")
    return time.process_time() - begin


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    binaries, rounds = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 21
    os.environ["HELIOS_HELIOSC"] = str(binaries / "heliosc")
    with tempfile.TemporaryDirectory() as folder:
        plugin = f"{folder}/simd_sum.so"
        subprocess.run([binaries / "heliosc", "build", "-q", Path(__file__).with_name("simd_sum.c"), "-o", plugin], check=True)
        db = sqlite3.connect(":memory:")
        db.enable_load_extension(True)
        db.load_extension(str(binaries / "helios_sqlite"))
        for procedure in PROCEDURES:
            db.execute("SELECT helios_ddl(?)", [f"CREATE PROCEDURE {procedure} LANGUAGE wasm AS '{plugin}'"])
        times = {p: [] for p in PROCEDURES}
        for _ in range(rounds):
            for p in PROCEDURES:
                times[p].append(timed(db, p))
    plain = statistics.median(times["sum_array"])
    print("| 16.4 million floats | ms | times as fast |\n| --- | ---: | ---: |")
    for p in PROCEDURES:
        print(f"| `{p}` | {statistics.median(times[p]) * 1e3:.2f} | {plain / statistics.median(times[p]):.1f} |")


main()
