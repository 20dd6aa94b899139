#!/usr/bin/env python3
"""run.py - all benchmarks by one command; nothing here is asserted, the numbers are for people.

usage: run.py BIN_DIR [--rounds N] [--rows N] [--only kernels|sql|build] [--json FILE]
       [--kernel NAME,...] [--kinds KIND,...]

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
# name: n, answer (counted once by gcc -O0 with sanitizers)
KERNELS = {
    "fib": (30, 832040),
    "sieve": (1 << 20, 82025),
    "matmul": (3, 357820),
    "nbody": (50000, 3794756157),
    "mandelbrot": (256, 3662821),
    "sort": (100000, 865100473),
    "sortby": (30000, 276291330),
    "sha256": (8000, 2817709289),
    "hash": (50000, 480682904),
    "json": (12000, 2644425134),
    "mask": (40, 3336590335),
    "agg": (150, 487990616),
    "distance": (300, 2908641527),
    "search": (40, 828063207),
    "lz": (60, 3955265766),
    "decimal": (60000, 3620791375),
}
# How a kernel is built. "native": flags of clang; a plugin: flags of the guest's clang, words of heliosc, or
# BARE: by bench_bare, so that nothing can stop it.
BARE = None
SIMD = ["-msimd128"]
NATIVE = {"native": [], "native-host": ["-march=native"]}
PLUGINS = {
    "scalar": ([], []),
    "scalar-free": ([], BARE),
    "scalar-polls": ([], ["--no-fuel"]),
    "scalar-bounds": ([], ["--bounds=explicit"]),
    "scalar-host": ([], ["--target=native"]),
    "simd": (SIMD, []),
    "simd-free": (SIMD, BARE),
    "simd-polls": (SIMD, ["--no-fuel"]),
    "simd-bounds": (SIMD, ["--bounds=explicit"]),
    "simd-host": (SIMD, ["--target=native"]),
}
# Columns of the table: heading, numerator, denominator
RATIOS = [(kind, kind, "native") for kind in PLUGINS]
RATIOS += [("simd both host", "simd-host", "native-host"), ("fuel", "scalar", "scalar-free"),
           ("fuel simd", "simd", "simd-free"), ("over polls", "scalar", "scalar-polls"),
           ("over polls simd", "simd", "simd-polls"), ("polls", "scalar-polls", "scalar-free"),
           ("polls simd", "simd-polls", "simd-free"),
           ("bounds", "scalar-bounds", "scalar"), ("bounds simd", "simd-bounds", "simd")]


def sh(*args, **kw):
    return subprocess.run([str(a) for a in args], check=True, text=True, **kw)


def build_wasm(source, out, *flags):
    """Linked without -O: with it clang runs whatever wasm-opt there is, which knows no bulk memory by default."""
    sh("clang", "--target=wasm32", "-O3", "-c", "-mbulk-memory", *[f for f in flags if not f.startswith("-Wl,")],
       f"-I{HERE.parent.parent / 'sdk/c'}", source, "-o", f"{out}.o")
    sh("clang", "--target=wasm32", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all",
       *[f for f in flags if f.startswith("-Wl,")], f"{out}.o", "-o", out)


def heliosc(binaries, *args):
    """Warnings (--no-fuel has one) are of no interest here; errors are."""
    command = [str(a) for a in (binaries / "heliosc", "build", "-q", *args)]
    done = subprocess.run(command, text=True, stderr=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(done.stderr)


def kernel_wasm(work, name, flags):
    """The module of a kernel, plain or with SIMD; built once."""
    wasm = work / f"{name}{'.simd' if flags else ''}.wasm"
    if not wasm.exists():
        build_wasm(HERE / "kernels" / f"{name}.c", wasm, *flags)
    return wasm


def timed(binaries, work, options, name, kinds):
    out = sh(binaries / "bench_kernels", options.rounds, name, *KERNELS[name], work, *kinds, stdout=subprocess.PIPE)
    return json.loads(out.stdout)


def kernel(binaries, work, options, name):
    """Builds one kernel in every kind asked for and times them in turn."""
    source = HERE / "kernels" / f"{name}.c"
    kinds = [k for k in (*NATIVE, *PLUGINS) if not options.kinds or k in options.kinds]
    for kind in kinds:
        out = work / f"{name}.{kind}.so"
        if kind in NATIVE:
            sh("clang", "-O3", *NATIVE[kind], "-fPIC", "-shared", source, "-lm", "-o", out)
        else:
            flags, words = PLUGINS[kind]
            wasm = kernel_wasm(work, name, flags)
            if words is BARE:
                sh(binaries / "bench_bare", wasm, out)
            else:
                heliosc(binaries, wasm, *words, "-o", out)
    return timed(binaries, work, options, name, kinds)


def kernels(binaries, work, options):
    rows, ratios = [], {}
    for name in options.kernel or KERNELS:
        row = kernel(binaries, work, options, name)
        columns = [r for r in RATIOS if r[1] in row and r[2] in row]
        if not rows:
            print(f"\n{'kernel':14}{'native ms':>10}" + "".join(f"{heading:>15}" for heading, _, _ in columns))
        for heading, above, below in columns:
            ratios.setdefault(heading, []).append(row[above] / row[below])
        print(f"{name:14}{row.get('native', 0):10.3f}" + "".join(f"{ratios[h][-1]:15.3f}" for h, _, _ in columns),
              flush=True)
        rows.append(row)
    print(f"{'geometric mean':24}" + "".join(f"{statistics.geometric_mean(r):15.3f}" for r in ratios.values()))
    print(f"{'greatest':24}" + "".join(f"{max(r):15.3f}" for r in ratios.values()))
    return rows


def sql(binaries, work, options):
    for name in ("sql", "checked"):
        build_wasm(HERE / f"{name}.c", work / f"{name}.wasm")
        heliosc(binaries, work / f"{name}.wasm", "-o", work / f"{name}.so")
    out = sh(binaries / "bench_sql", options.rounds, options.rows, work / "sql.so", work / "checked.so",
             stdout=subprocess.PIPE).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    print()
    for r in rows:
        print("  ".join(f"{k}={v}" for k, v in r.items() if k != "bench"))
    return rows


def host(binaries, work, options):
    build_wasm(HERE / "query.c", work / "query.wasm")
    heliosc(binaries, work / "query.wasm", "-o", work / "query.so")
    out = sh(binaries / "bench_host", options.rounds, options.rows, work / "query.so", stdout=subprocess.PIPE).stdout
    print(out, end="")
    return [json.loads(line) for line in out.splitlines()]


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
    parser.add_argument("--only", choices=["kernels", "sql", "host", "build"])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--kernel", type=lambda s: s.split(","))
    parser.add_argument("--kinds", type=lambda s: s.split(","))
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for part in (kernels, sql, host, build):
            if options.only in (None, part.__name__):
                rows += part(options.bin.resolve(), Path(folder), options)
    if options.json:
        options.json.write_text("".join(json.dumps(r) + "\n" for r in rows))


if __name__ == "__main__":
    sys.exit(main())
