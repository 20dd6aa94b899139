#!/usr/bin/env python3
"""peers.py - the kernels of run.py on other engines: what is installed is used, what is not is named.

usage: peers.py BIN_DIR [--rounds N] [--kernel NAME,...] [--json FILE] [--docs FOLDER]

Peers:
  Node (V8, optimising compiler only), and Wasmtime by the Python package `wasmtime` of the Python that runs this,
  without and with fuel: each engine times its own calls in processor time and takes the median;
  wasm2c as it comes (Debian's package, unpacked in toolchain/): its output and its own runtime by clang -O3,
  timed by bench_kernels in turn with native code. SIMD modules need SIMDe's headers (libsimde-dev, or by CPATH).
Compilation is not counted. Ratios to native code, so 1 is native and more is slower: ours to native code timed in turn,
a peer's to native code timed right behind it. --docs writes benchmarks.md and benchmarks.svg.
"""
import argparse
import json
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from importlib import metadata
from pathlib import Path

import report
import run

TOOLCHAIN = run.HERE.parent.parent / "toolchain"
VARIANTS = {"simd": run.SIMD, "scalar": []}
OURS = [f"{v}{k}" for v in VARIANTS for k in ("", "-polls", "-free", "-bounds", "-host")]

NODE = """
const [rounds, n, answer] = process.argv.slice(1, 4).map(Number), wasm = require("fs").readFileSync(process.argv[4]);
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), {});
const times = [];
for (let i = -2; i < rounds; i++) {
  const begin = process.cpuUsage();
  if (exports.run(n) >>> 0 !== answer) throw new Error("a wrong answer");
  if (i >= 0) {
    const { user, system } = process.cpuUsage(begin);
    times.push((user + system) / 1e3);
  }
}
console.log(times.sort((a, b) => a - b)[rounds >> 1]);
"""

# The guest as a native library: bench_kernels calls kernel_NAME.
SHIM = """
#include "m.h"
u32 kernel_%s(u32 n) {
  static w2c_m m;
  static int ready;
  if (!ready) {
    wasm_rt_init();
    wasm2c_m_instantiate(&m);
    ready = 1;
  }
  return w2c_m_run(&m, n);
}
"""


TURNS = 5
# One engine; measure(name, wasm, variant) gives its time over native code's, taken beside it.
Peer = namedtuple("Peer", "key label metered measure")


def over_native(options, work, name, kinds):
    """A process is placed in memory in its own way and the machine's speed changes: of several
    processes, in each of which all kinds run in turn, the medians of the times over native code's."""
    rows = [run.timed(options.bin, work, options, name, ["native", *kinds]) for _ in range(TURNS)]
    return {k: statistics.median(row[k] / row["native"] for row in rows) for k in kinds}


def beside_native(options, work, measure):
    """For an engine that runs elsewhere: it and native code in turn."""

    def ratio(name, wasm, variant):
        native = lambda: run.timed(options.bin, work, options, name, ["native"])["native"]
        return statistics.median(measure(name, wasm) / native() for _ in range(TURNS))

    return ratio


def node(options):
    def measure(name, wasm):
        n, answer = run.KERNELS[name]
        command = ["node", "--no-liftoff", "-e", NODE, "--", options.rounds, n, answer, wasm]
        return float(run.sh(*command, stdout=subprocess.PIPE).stdout)

    return measure


def wasmtime_with(options, fuel):
    import wasmtime

    config = wasmtime.Config()
    config.consume_fuel = fuel
    engine = wasmtime.Engine(config)

    def measure(name, wasm):
        n, answer = run.KERNELS[name]
        store = wasmtime.Store(engine)
        if fuel:
            store.set_fuel(2**62)
        module = wasmtime.Module(engine, wasm.read_bytes())
        call = wasmtime.Instance(store, module, []).exports(store)["run"]
        times = []
        for _ in range(options.rounds + 1):
            begin = time.thread_time()
            if call(store, n) & 0xFFFFFFFF != answer:
                sys.exit(f"{wasm.name}: wasmtime gives a wrong answer")
            times.append((time.thread_time() - begin) * 1e3)
        return statistics.median(times[1:])

    return measure


def wasm2c(options, work):
    """Its runtime has one signal stack a thread, so each build gets a process of its own."""
    runtime = TOOLCHAIN / "root/usr/src/wasm2c"
    sources = [runtime / "wasm-rt-impl.c", runtime / "wasm-rt-mem-impl.c"]

    def ratio(name, wasm, variant):
        folder = work / "wasm2c"
        folder.mkdir(exist_ok=True)
        run.sh(TOOLCHAIN / "bin/wasm2c", "-n", "m", wasm, "-o", folder / "m.c")
        (folder / "shim.c").write_text(SHIM % name)
        kind = f"native-wasm2c-{variant}"
        run.sh("clang", "-O3", "-w", "-fPIC", "-shared", f"-I{folder}", f"-I{runtime}",
               folder / "shim.c", folder / "m.c", *sources, "-lm", "-o", work / f"{name}.{kind}.so")
        return over_native(options, work, name, [kind])[kind]

    return ratio


def has_simde():
    test = subprocess.run(["clang", "-fsyntax-only", "-x", "c", "-"], input="#include <simde/wasm/simd128.h>\n",
                          text=True, stderr=subprocess.DEVNULL)
    return test.returncode == 0


def find_peers(options, work):
    peers = []

    def add(key, label, metered, measure):
        peers.append(Peer(key, label, metered, beside_native(options, work, measure)))

    try:
        version = run.sh("node", "--version", stdout=subprocess.PIPE).stdout.strip().lstrip("v")
        add("node", f"Node {version} (V8)", False, node(options))
    except (OSError, subprocess.CalledProcessError):
        print("no Node here")
    try:
        version = metadata.version("wasmtime")
        add("wasmtime", f"Wasmtime {version}", False, wasmtime_with(options, False))
        add("wasmtime-fuel", f"Wasmtime {version}, fuel", True, wasmtime_with(options, True))
    except metadata.PackageNotFoundError:
        print("no Wasmtime here: this Python has no package wasmtime")
    if (TOOLCHAIN / "root/usr/src/wasm2c/wasm-rt-impl.c").exists():
        version = run.sh(TOOLCHAIN / "bin/wasm2c", "--version", stdout=subprocess.PIPE).stdout.strip()
        peers.append(Peer("wasm2c", f"wasm2c {version}, its own runtime", False, wasm2c(options, work)))
        if not has_simde():
            print("wasm2c: no SIMDe headers here (libsimde-dev), so no SIMD modules")
    else:
        print("no wasm2c with its runtime here: toolchain/ is empty")
    return peers


def kernel(options, work, peers, name):
    row = run.kernel(options.bin, work, options, name)
    kinds = [k for k in row if k in options.kinds and k != "native"]
    row.update((k, r * row["native"]) for k, r in over_native(options, work, name, kinds).items())
    for variant, flags in VARIANTS.items():
        wasm = run.kernel_wasm(work, name, flags)
        for peer in peers:
            if peer.key == "wasm2c" and variant == "simd" and not has_simde():
                continue
            row[f"{peer.key}-{variant}"] = peer.measure(name, wasm, variant) * row["native"]
    return row


def machine(options):
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    clang = run.sh("clang", "--version", stdout=subprocess.PIPE).stdout.splitlines()[0]
    return {"cpu": cpu.group(1) if cpu else platform.machine(), "clang": clang, "rounds": options.rounds, "turns": TURNS}


def print_row(name, row, columns):
    cells = (f"{row[c] / row['native']:22.3f}" if c in row else f"{'':22}" for c in columns)
    print(f"{name:12}" + "".join(cells), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--kernel", type=lambda s: s.split(","))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--docs", type=Path)
    options = parser.parse_args()
    options.bin = options.bin.resolve()
    options.kinds = ["native", "native-host", *OURS] if options.docs else ["native", "simd", "scalar"]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        peers = find_peers(options, Path(folder))
        columns = [c for v in VARIANTS for c in (v, *(f"{p.key}-{v}" for p in peers))]
        print(f"{'':12}" + "".join(f"{c:>22}" for c in columns))
        for name in options.kernel or run.KERNELS:
            rows.append(kernel(options, Path(folder), peers, name))
            print_row(name, rows[-1], columns)
    print_row("mean", {"native": 1, **report.means(rows, columns)}, columns)
    if options.json:
        options.json.write_text("".join(json.dumps(r) + "\n" for r in rows))
    if options.docs:
        report.write(options.docs, rows, [(p.key, p.label, p.metered) for p in peers], machine(options))


if __name__ == "__main__":
    sys.exit(main())
