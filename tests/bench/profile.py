#!/usr/bin/env python3
"""profile.py - writes sdk/engine/*.profile: how often the blocks of the script engines run when procedures of
tests/polyglot do (compiler/native/profile.h). Counts are exact: Callgrind's, of the plugin as it is.

usage: profile.py BIN_DIR [LANGUAGE...]     javascript, python: all. Needs valgrind; build heliosc again afterwards.
"""
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "polyglot"))
import polyglot  # noqa: E402

OUT = HERE.parents[1] / "sdk/engine"
ENGINES = {"javascript": "quickjs", "python": "micropython"}
ROWS = 1500
DATA = f"""
CREATE TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
  SELECT i, printf('%0100d', i * 7919) AS t, json_object('id', i, 'name', 'n' || i, 'items', json('[{{"price":2.5,"count":4}},{{"price":0.25,"count":2}}]')) AS j,
         printf('%04d %04d %04d %04d', i * 7 % 10000, i * 31 % 10000, i * 911 % 10000, i * 3571 % 10000) AS card FROM n;
"""
# What is to be quick; the rest is there so that it is not taken for what never happens.
OFTEN = [f"SELECT count({call}) FROM n" for call in ("plus(i, 1)", "text_length(t)", "json_total(j)", "tier_of(i % 2 + 1)", "luhn(card)")]
OFTEN += ["SELECT cards(750)", "SELECT moving(3000, 50)"]
SELDOM = [f"SELECT count({call}) FROM n WHERE i <= 50" for call in (
    "divide(i, 7)", "scale(i)", "maybe_f64(i / 2.0)", "shout(card)", "text_reverse(card)", "maybe_text(card)", "choose(NULL, card)", "json_name(j)",
    "json_pair(card, i)", "echo_json(j)", "spent(1)", "blob_sum(zeroblob(99))", "recurse(9)", "echo_decimal('1.50')", "next_day('2024-02-28')",
    "later('2024-02-28 23:59:59')")]
SELDOM += [f"SELECT {call}" for call in ("sha256(x'00ff')", "visits('a')", "session_swap('a', 'b')", "named()", "refuse(7, 'no')")]


def counts(path):
    """Executed machine instructions that belong to no file, by address."""
    found, names, own, call, address = Counter(), {}, True, False, 0
    for line in path.open():
        if line.startswith("ob="):
            number, name = re.match(r"ob=\((\d+)\) ?(.*)", line).groups()
            names[number] = name or names.get(number, "")
            own = names[number] in ("", "???")
        elif line.startswith("cob="):
            number, name = re.match(r"cob=\((\d+)\) ?(.*)", line).groups()
            names[number] = name or names.get(number, "")
        elif line.startswith("calls="):
            call = True
        elif line[0] in "0+-*":
            place, _, count = line.split()
            if place[0] in "+-":
                address += int(place[0] + str(int(place[1:], 0)))
            elif place != "*":
                address = int(place, 16)
            if own and not call:  # the line behind a call is what the callee cost
                found[address] += int(count)
            call = False
    return found


def profile(binaries, work, language):
    source = polyglot.HERE / polyglot.SOURCES[language]
    module, plugin, database = work / f"{language}.wasm", work / f"{language}.so", work / f"{language}.db"
    subprocess.run([binaries / "heliosc", "build", "-q", "--emit=module", source, "-o", module], check=True)
    polyglot.build(binaries / "heliosc", source, plugin)
    db = polyglot.connect(binaries / "helios_sqlite", str(database))
    db.executescript(polyglot.SCHEMA + DATA)
    polyglot.create(db, plugin, polyglot.signatures(binaries / "heliosc", plugin))
    db.close()
    # the engine looks at registers in its handler of SIGSEGV, so they must be right at each instruction
    subprocess.run(["valgrind", "-q", "--tool=callgrind", "--dump-instr=yes", "--vex-iropt-register-updates=allregs-at-each-insn",
                    f"--callgrind-out-file={work}/{language}.out", binaries / "helios", database],
                   input="".join(f"{sql};\n" for sql in OFTEN + SELDOM), text=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    text = "".join(f"{address:x} {count}\n" for address, count in sorted(counts(work / f"{language}.out").items()))
    made = subprocess.run([binaries / "bench_profile", module, plugin], input=text, text=True, stdout=subprocess.PIPE, check=True).stdout
    head = "# written by tests/bench/profile.py; docs/script-engines.md\n"
    (OUT / f"{ENGINES[language]}.profile").write_text(head + made)


def main():
    if len(sys.argv) < 2 or not set(sys.argv[2:]) <= set(ENGINES):
        sys.exit(__doc__)
    binaries = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="helios-profile-") as folder:
        os.environ["HELIOS_KEY"] = str(Path(folder) / "key")
        for language in sys.argv[2:] or ENGINES:
            profile(binaries, Path(folder), language)


main()
