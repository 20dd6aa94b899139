#!/usr/bin/env python3
"""languages.py - the six languages measured by one command: sizes, compile times, calls, memory, and time against the same
algorithm in native C, in PL/pgSQL and in SQLite's own SQL. Prints markdown tables; nothing is asserted but answers.

usage: languages.py BIN_DIR [--rounds N] [--rows N] [--languages NAME,...] [--docs PAGE]
       --docs: writes the tables into the page, between its two marks

The sides of a comparison run in turn, within one process where they can; times are medians. A language whose toolchain is
not here is left out, and said. All times are processor time, as the machine may have other work.
"""
import argparse
import ctypes
import gzip
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import postgres

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "polyglot"))
import polyglot  # noqa: E402

BEGIN, END = "<!-- written by tests/bench/languages.py -->", "<!-- end -->"
CLAIMED = {"rust": "5-10 %", "go": "10-15 %", "javascript": "15-25 %", "python": "20-30 %"}  # the reference's, over native
DATA = """
CREATE TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
  SELECT i, printf('%0100d', i * 7919) AS t, json_object('id', i, 'items', json('[{{"price":2.5,"count":4}},{{"price":0.25,"count":2}}]')) AS j,
         printf('%04d %04d %04d %04d', i * 7 % 10000, i * 31 % 10000, i * 911 % 10000, i * 3571 % 10000) AS card FROM n;
"""
# heading: what a row costs with the call, and without
CALLS = {
    "number": ("sum(plus(i, 1))", "sum(i + 1)"),
    "100 bytes of text": ("sum(text_length(t))", "sum(length(t))"),
    "JSON": ("sum(json_total(j))", "sum(length(j))"),
    "with a query": ("count(tier_of(i % 2 + 1))", "count(i % 2 + 1)"),
}
KERNELS = {  # heading: the call in SQL, the same natively
    "100,000 card numbers: text made and checked": ("cards(100000)", lambda lib: lib.native_cards(100000)),
    "moving mean of 200,000 numbers": ("moving(200000, 50)", lambda lib: lib.native_moving(200000, 50)),
}
SQL_LUHN = """(WITH RECURSIVE d(p, k, s) AS (SELECT length(card), 0, 0 UNION ALL
  SELECT p - 1, k + (substr(card, p, 1) <> ' '), s + CASE WHEN substr(card, p, 1) = ' ' THEN 0 WHEN k % 2 = 0 THEN substr(card, p, 1) + 0
    WHEN substr(card, p, 1) > '4' THEN substr(card, p, 1) * 2 - 9 ELSE substr(card, p, 1) * 2 END FROM d WHERE p > 0)
  SELECT k > 1 AND s % 10 = 0 FROM d WHERE p = 0)"""
PG_SETUP = """
CREATE TABLE customers(id bigint PRIMARY KEY, tier text);
INSERT INTO customers VALUES (1, 'gold'), (2, 'silver'), (3, NULL);
CREATE TABLE n AS SELECT i, lpad((i * 7 % 10000)::text, 4, '0') || ' ' || lpad((i * 31 % 10000)::text, 4, '0') || ' ' ||
  lpad((i * 911 % 10000)::text, 4, '0') || ' ' || lpad((i * 3571 % 10000)::text, 4, '0') AS card
  FROM (SELECT generate_series(1, {rows})::bigint AS i) AS s;
CREATE FUNCTION tier_of(wanted bigint) RETURNS text LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE found_tier text;
BEGIN
  SELECT tier INTO found_tier FROM customers WHERE id = wanted;
  RETURN found_tier;
END $$;
CREATE FUNCTION luhn(v text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE total int := 0; digits int := 0; d int; c text;
BEGIN
  FOR i IN REVERSE length(v)..1 LOOP
    c := substr(v, i, 1);
    CONTINUE WHEN c = ' ';
    IF c < '0' OR c > '9' THEN RETURN false; END IF;
    d := ascii(c) - 48;
    IF digits % 2 = 1 THEN
      d := d * 2;
      IF d > 9 THEN d := d - 9; END IF;
    END IF;
    total := total + d;
    digits := digits + 1;
  END LOOP;
  RETURN digits > 1 AND total % 10 = 0;
END $$;
ANALYZE;
"""
PEERS = {  # heading: with the procedure, in SQLite's SQL, in PostgreSQL
    "luhn, a card number": ("sum(luhn(card))", f"sum({SQL_LUHN})", "count(*) FILTER (WHERE luhn(card))"),
    "lookup by key": ("count(tier_of(i % 2 + 1))", "count((SELECT tier FROM customers WHERE id = i % 2 + 1))", "count(tier_of(i % 2 + 1))"),
}


def heliosc(binaries, cache, *arguments):
    """(result line, peak KiB of the process and its children, their processor time in ms) of one build."""
    process = subprocess.Popen([str(binaries / "heliosc"), "build", "--json", *map(str, arguments)], stdout=subprocess.PIPE, text=True,
                               env=dict(os.environ, HELIOS_CACHE=str(cache)))
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    lines = [json.loads(line) for line in out.splitlines()]
    if status != 0:
        text = "; ".join(line["text"] for line in lines)
        raise polyglot.Missing(text) if '"code":"H0300"' in out else RuntimeError(text)
    return lines[-1], usage.ru_maxrss, (usage.ru_utime + usage.ru_stime) * 1e3


def builds(binaries, work, language):
    """Sizes and times of one language's builds; leaves work/LANGUAGE.so."""
    source = polyglot.HERE / polyglot.SOURCES[language]
    folder, cache = work / language, work / f"{language}.cache"
    shutil.copytree(source.parent, folder)
    copy, plugin = folder / source.name, work / f"{language}.so"
    row = {}
    result, row["peak"], row["cold"] = heliosc(binaries, cache, copy, "-o", plugin)
    row["module"], row["plugin"] = result["input_bytes"], plugin.stat().st_size
    row["again"] = statistics.median(heliosc(binaries, cache, copy, "-o", plugin)[2] for _ in range(5))
    copy.write_text(copy.read_text().replace("was NULL", "was  NULL"))
    row["changed"] = heliosc(binaries, cache, copy, "-o", work / "changed.so")[2]
    row["optimised"] = None
    if shutil.which("wasm-opt"):
        row["optimised"] = heliosc(binaries, cache, "--wasm-opt", copy, "-o", work / "optimised.so")[0].get("module_after")
    return row


def sizes(binaries, work):
    """Bytes of a Rust procedure's module by the steps of the reference, whose own example it is."""
    root, found = HERE.parents[1], {}
    project = work / "discount"
    shutil.copytree(root / "examples/ci/procedures/discount", project, ignore=shutil.ignore_patterns("target"))
    toml = (project / "Cargo.toml").read_text().replace("../../../..", str(root))
    for step, text in (("cargo's release profile", toml.partition("[profile")[0]), ("opt-level z, LTO, one codegen unit, strip, abort", toml)):
        (project / "Cargo.toml").write_text(text)
        heliosc(binaries, work / "sizes.cache", "--emit=module", project / "Cargo.toml", "-o", work / "discount.wasm")
        found[step] = (work / "discount.wasm").stat().st_size
    if shutil.which("wasm-opt"):
        flags = ["-Oz", "--strip-debug", "--strip-producers", "--enable-bulk-memory", "--enable-sign-ext", "--enable-mutable-globals"]
        subprocess.run(["wasm-opt", *flags, work / "discount.wasm", "-o", work / "small.wasm"], check=True)
        found["wasm-opt -Oz"] = (work / "small.wasm").stat().st_size
        found["the same, gzip"] = len(gzip.compress((work / "small.wasm").read_bytes(), 9))
    return found


def database(binaries, work, language, rows, state="call"):
    db = polyglot.connect(binaries / "helios_sqlite", str(work / f"{language}.{state}.db"))
    db.executescript(polyglot.SCHEMA + DATA.format(rows=rows))
    plugin = work / f"{language}.so"
    polyglot.create(db, plugin, polyglot.signatures(binaries / "heliosc", plugin), f"WITH (state = '{state}')")
    return db


def timed(db, query):
    begin = time.process_time()
    value = db.execute(f"SELECT {query}").fetchone()[0]
    return value, time.process_time() - begin


def in_turn(rounds, sides):
    """Medians of the seconds of each side, which gives (value, seconds) when called, in turn."""
    times = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            times[name].append(side()[1])
    return {name: statistics.median(t) for name, t in times.items()}


def calls(dbs, rounds, rows):
    """Nanoseconds that a call adds to a row, by heading and language. What is read was read just before by both sides: else the one
    that comes first pays for the rows' way into the caches, 50 ns a row of few rows."""
    found = {}
    for heading, (query, without) in CALLS.items():
        sides = {}
        for language, db in dbs.items():
            sides[language] = lambda db=db: (timed(db, f"{without} FROM n"), timed(db, f"{query} FROM n"))[1]
            sides[language, 0] = lambda db=db: timed(db, f"{without} FROM n")
        for side in sides.values():  # a connection's first call is not among them
            side()
        medians = in_turn(rounds, sides)
        found[heading] = {l: (medians[l] - medians[l, 0]) / rows * 1e9 for l in dbs}
    return found


def native(work):
    library = work / "native.so"
    flags = ["-O3", "-fPIC", "-shared", "-w", "-fvisibility=hidden", "-ffunction-sections", "-Wl,--gc-sections"]
    subprocess.run(["clang", *flags, "-I", HERE.parents[1] / "sdk/c", HERE / "native.c", "-o", library], check=True)
    lib = ctypes.CDLL(str(library))
    lib.native_cards.argtypes, lib.native_cards.restype = [ctypes.c_longlong], ctypes.c_longlong
    lib.native_moving.argtypes, lib.native_moving.restype = [ctypes.c_longlong] * 2, ctypes.c_double
    return lib


def kernels(work, dbs, rounds):
    """Milliseconds natively and times of it, by heading and language."""
    lib, found = native(work), {}
    for heading, (query, plain) in KERNELS.items():
        wanted = plain(lib)

        def natively():
            begin = time.process_time()
            return plain(lib), time.process_time() - begin

        def guest(db):
            value, seconds = timed(db, query)
            if value != wanted:
                sys.exit(f"{query}: {value}, not {wanted}")
            return value, seconds

        sides = {"native": natively, **{l: lambda db=db: guest(db) for l, db in dbs.items()}}
        medians = in_turn(rounds, sides)
        found[heading] = (medians["native"] * 1e3, {l: medians[l] / medians["native"] for l in dbs})
    return found


def private():
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty"):
            return int(line.split()[1])
    return 0


def instances(binaries, work, language, count=16):
    """(KiB of memory that a called procedure adds to a connection, microseconds of the first call, of the second)"""
    open_one = lambda: polyglot.connect(binaries / "helios_sqlite", str(work / f"{language}.call.db"))
    with_none = [open_one() for _ in range(count)]
    for db in with_none:
        db.execute("SELECT count(*) FROM n WHERE i < 3").fetchall()
    first, second, before = [], [], private()
    for db in with_none:
        first.append(timed(db, "text_length('a')")[1])
        second.append(timed(db, "text_length('b')")[1])
    kib = (private() - before) / count
    for db in with_none:
        db.close()
    return kib, statistics.median(first) * 1e6, statistics.median(second) * 1e6


def peers(dbs, rounds, rows):
    """Microseconds a row, by heading and side; the sides agree."""
    found = {}
    try:
        server = postgres.Postgres()
    except FileNotFoundError as e:
        print(f"SKIPPED: {e}", file=sys.stderr)
        server = None
    try:
        if server:
            server.sql(PG_SETUP.format(rows=rows))
        for heading, (query, in_sql, in_postgres) in PEERS.items():
            sides = {l: lambda db=db: timed(db, f"{query} FROM n") for l, db in dbs.items()}
            some = next(iter(dbs.values()))
            sides["SQLite's SQL"] = lambda: timed(some, f"{in_sql} FROM n")
            if server:
                sides["PL/pgSQL"] = lambda: server.timed(f"SELECT {in_postgres} FROM n")
            answers = {str(side()[0]) for side in sides.values()}
            if len(answers) != 1:
                sys.exit(f"{heading}: {answers}")
            found[heading] = {side: s / rows * 1e6 for side, s in in_turn(rounds, sides).items()}
    finally:
        if server:
            server.close()
    return found


def size(n):
    return "–" if n is None else f"{n / 1024:,.0f} KB" if n < 10 << 20 else f"{n / (1 << 20):,.1f} MB"


def duration(ms):
    return f"{ms / 1e3:.1f} s" if ms >= 1000 else f"{ms:.0f} ms"


def nanoseconds(ns):
    return f"{ns / 1e3:.1f} µs" if ns >= 1000 else f"{ns:.0f} ns"


def table(heading, lines):
    yield "| " + " | ".join(heading) + " |"
    yield "| --- " + "| ---: " * (len(heading) - 1) + "|"
    yield from ("| " + " | ".join(line) + " |" for line in lines)
    yield ""


def page(m):
    yield f"Processor time, medians of {m['rounds']} rounds, {m['rows']:,} rows a query; {os.cpu_count()} processors, {m['load']:.1f} other runnable threads on average."
    yield ""
    names = list(m["builds"])
    yield from table(["the same 40 procedures", "module", "after wasm-opt", "plugin", "first build", "peak memory", "after a change", "unchanged"],
                     ([l, size(b["module"]), size(b["optimised"]), size(b["plugin"]), duration(b["cold"]), f"{b['peak'] / 1024:.0f} MB",
                       duration(b["changed"]), duration(b["again"])] for l, b in m["builds"].items()))
    yield from table(["a call, over the same row without it", *m["calls"]],
                     ([l, *(nanoseconds(m["calls"][h][l]) for h in m["calls"])] for l in names))
    yield from table(["the same with state `connection`", *m["kept"]],
                     ([l, *(nanoseconds(m["kept"][h][l]) for h in m["kept"])] for l in names))
    yield from table(["an instance", "memory", "first call of a connection", "second"],
                     ([l, f"{k:,.0f} KB", f"{f:,.0f} µs", f"{s:,.1f} µs"] for l, (k, f, s) in m["instances"].items()))
    yield from table(["time, native C is 1", *(f"{h} ({n:.2f} ms)" for h, (n, _) in m["kernels"].items()), "the reference claims, over native"],
                     ([l, *(f"{r[l]:.2f}" for _, r in m["kernels"].values()), CLAIMED.get(l, "–")] for l in names))
    sides = list(next(iter(m["peers"].values())))
    yield from table(["a row, with all of the query", *m["peers"]], ([s, *(nanoseconds(m["peers"][h][s] * 1e3) for h in m["peers"])] for s in sides))
    if m["sizes"]:
        claims = [234, 156, 89, 31]
        yield from table(["calculate_discount in Rust, the module", "size", "the reference claims"],
                         ([step, size(n), f"{c} KB"] for (step, n), c in zip(m["sizes"].items(), claims)))
    for language, why in m["missing"].items():
        yield f"Not measured: {language} ({why})."


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--languages", type=lambda s: s.split(","), default=list(polyglot.LANGUAGES))
    parser.add_argument("--docs", type=Path)
    o = parser.parse_args()
    if not hasattr(sqlite3.Connection, "enable_load_extension"):
        sys.exit("languages.py: this Python's sqlite3 loads no extensions; Debian's /usr/bin/python3 does")
    binaries = o.bin.resolve()
    os.environ["HELIOS_HELIOSC"] = str(binaries / "heliosc")
    m = {"rounds": o.rounds, "rows": o.rows, "builds": {}, "missing": {}, "load": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory(prefix="helios-languages-") as folder:
        work = Path(folder)
        os.environ["HELIOS_KEY"] = str(work / "key")
        for language in o.languages:
            try:
                if language not in polyglot.SOURCES:
                    raise polyglot.Missing("no SDK in this tree yet")
                m["builds"][language] = builds(binaries, work, language)
            except polyglot.Missing as e:
                m["missing"][language] = str(e)
                print(f"SKIPPED: {language}: {e}", file=sys.stderr)
        if not m["builds"]:
            return 77
        m["sizes"] = sizes(binaries, work) if "rust" in m["builds"] else {}
        dbs = {language: database(binaries, work, language, o.rows) for language in m["builds"]}
        m["calls"] = calls(dbs, o.rounds, o.rows)
        m["kept"] = calls({language: database(binaries, work, language, o.rows, "connection") for language in dbs}, o.rounds, o.rows)
        m["kernels"] = kernels(work, dbs, o.rounds)
        m["instances"] = {language: instances(binaries, work, language) for language in dbs}
        m["peers"] = peers(dbs, o.rounds, o.rows)
    text = "\n".join(page(m))
    print(text)
    if o.docs:
        before, _, rest = o.docs.read_text().partition(BEGIN)
        o.docs.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}")
    return 0


sys.exit(main())
