#!/usr/bin/env python3
"""run.py - all benchmarks by one command; nothing here is asserted, the numbers are for people.

usage: run.py BIN_DIR [--rounds N] [--rows N] [--only kernels|sql|build] [--json FILE]

Every comparison runs its sides in turn within one process and reports ratios of medians. Native code is
clang -O3 of the same C at the baseline instruction set.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
KERNELS = {"fib": 30, "sieve": 1 << 20, "matmul": 3, "json": 12000, "sha256": 8000}


def sh(*args, **kw):
    return subprocess.run([str(a) for a in args], check=True, text=True, **kw)


def build_wasm(source, out):
    sh("clang", "--target=wasm32", "-O3", "-nostdlib", "-mbulk-memory", "-Wl,--no-entry", "-Wl,--strip-all",
       f"-I{HERE.parent.parent / 'sdk/c'}", source, "-o", out)


def heliosc(binaries, *args):
    sh(binaries / "heliosc", "build", "-q", *args)


def kernels(binaries, work, options):
    words = []
    for name, n in KERNELS.items():
        source = HERE / "kernels" / f"{name}.c"
        wasm = work / f"{name}.wasm"
        build_wasm(source, wasm)
        heliosc(binaries, wasm, "-o", work / f"{name}.so")
        heliosc(binaries, wasm, "--no-fuel", "-o", work / f"{name}.nofuel.so")
        heliosc(binaries, wasm, "--bounds=explicit", "-o", work / f"{name}.explicit.so")
        sh("clang", "-O3", "-fPIC", "-shared", source, "-o", work / f"{name}.native.so")
        words += [name, n, work]
    out = sh(binaries / "bench_kernels", options.rounds, *words, capture_output=True).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    print(f"\n{'kernel':10} {'native ms':>10} {'metered':>8} {'no fuel':>8} {'explicit':>9} {'fuel cost':>10}")
    for r in rows:
        print(f"{r['name']:10} {r['native_ms']:10.2f} {r['metered']:8.3f} {r['unmetered']:8.3f} "
              f"{r['explicit']:9.3f} {r['fuel_cost']:10.3f}")
    for key in ("metered", "unmetered", "explicit", "fuel_cost"):
        print(f"geometric mean {key}: {statistics.geometric_mean(r[key] for r in rows):.3f}")
    return rows


def sql(binaries, work, options):
    build_wasm(HERE / "sql.c", work / "sql.wasm")
    heliosc(binaries, work / "sql.wasm", "-o", work / "sql.so")
    out = sh(binaries / "bench_sql", options.rounds, options.rows, work / "sql.so", capture_output=True).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    print()
    for r in rows:
        print("  ".join(f"{k}={v}" for k, v in r.items() if k != "bench"))
    return rows


def build(binaries, work, options):
    """Whole-process times of `heliosc build` of the example, cold and cached, interleaved."""
    wasm = work / "example.wasm"
    build_wasm(HERE.parent.parent / "examples/discount/discount.c", wasm)
    cache = work / "cache"
    env = dict(os.environ, HELIOS_CACHE=str(cache))
    cold, cached = [], []
    for _ in range(options.rounds):
        for times, args in ((cold, ["--no-cache"]), (cached, [])):
            begin = time.monotonic()
            sh(binaries / "heliosc", "build", "-q", *args, wasm, "-o", work / "example.so", env=env)
            times.append((time.monotonic() - begin) * 1e3)
    cached = cached[1:] or cached  # the first fills the cache
    row = {"bench": "build", "wasm_bytes": wasm.stat().st_size, "so_bytes": (work / "example.so").stat().st_size,
           "cold_ms": round(statistics.median(cold), 1), "cached_ms": round(statistics.median(cached), 1)}
    print()
    print("  ".join(f"{k}={v}" for k, v in row.items() if k != "bench"))
    return [row]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--only", choices=["kernels", "sql", "build"])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for part in (kernels, sql, build):
            if options.only in (None, part.__name__):
                rows += part(options.bin.resolve(), Path(folder), options)
    if options.json:
        options.json.write_text("".join(json.dumps(r) + "\n" for r in rows))


sys.exit(main())
