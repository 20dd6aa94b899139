#!/usr/bin/env python3
"""peers.py - the kernels of run.py on other engines: what is installed is used, what is not is named.

usage: peers.py BIN_DIR [--rounds N] [--kernel NAME,...] [--json FILE]

Peers: Node (V8), and Wasmtime by the Python package `wasmtime` of the Python that runs this, without and with
fuel. Each engine times its own calls in processor time (its compilation is not counted; V8 compiles with its
optimising compiler only) and takes the median; native code and ours are timed by bench_kernels right before. Ratios to native code, so 1 is native and more is slower.
"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import run

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


def node(wasm, n, answer, rounds):
    command = ["node", "--no-liftoff", "-e", NODE, "--", str(rounds), str(n), str(answer), str(wasm)]
    return float(subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout)


def wasmtime_with(fuel):
    import wasmtime

    config = wasmtime.Config()
    config.consume_fuel = fuel
    engine = wasmtime.Engine(config)

    def measure(wasm, n, answer, rounds):
        store = wasmtime.Store(engine)
        if fuel:
            store.set_fuel(2**62)
        module = wasmtime.Module(engine, wasm.read_bytes())
        call = wasmtime.Instance(store, module, []).exports(store)["run"]
        times = []
        for _ in range(rounds + 1):
            begin = time.thread_time()
            if call(store, n) & 0xFFFFFFFF != answer:
                sys.exit(f"{wasm.name}: wasmtime gives a wrong answer")
            times.append((time.thread_time() - begin) * 1e3)
        return statistics.median(times[1:])

    return measure


def find_peers():
    peers = {}
    try:
        version = subprocess.run(["node", "--version"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
        print(f"Node {version}")
        peers["node"] = node
    except (OSError, subprocess.CalledProcessError):
        print("no Node here")
    try:
        print("Wasmtime", metadata.version("wasmtime"))
        peers["wasmtime"] = wasmtime_with(False)
        peers["wasmtime-fuel"] = wasmtime_with(True)
    except metadata.PackageNotFoundError:
        print("no Wasmtime here: this Python has no package wasmtime")
    return peers


def kernel(options, work, peers, name):
    row = run.kernel(options.bin, work, options, name)
    n, answer = run.KERNELS[name]
    for variant, suffix in (("scalar", ""), ("simd", ".simd")):
        for peer, measure in peers.items():
            row[f"{peer}-{variant}"] = measure(work / f"{name}{suffix}.wasm", n, answer, options.rounds)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--kernel", type=lambda s: s.split(","))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    options.bin = options.bin.resolve()
    options.kinds = ["native", "scalar", "simd"]
    peers = find_peers()
    names = [f"{p}-{v}" for v in ("scalar", "simd") for p in peers]
    columns = ["scalar", *names[:len(peers)], "simd", *names[len(peers):]]
    print(f"{'':12}" + "".join(f"{c:>22}" for c in columns))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.kernel or run.KERNELS:
            rows.append(kernel(options, Path(folder), peers, name))
            print(f"{name:12}" + "".join(f"{rows[-1][c] / rows[-1]['native']:22.3f}" for c in columns), flush=True)
    means = (statistics.geometric_mean(r[c] / r["native"] for r in rows) for c in columns)
    print(f"{'mean':12}" + "".join(f"{m:22.3f}" for m in means))
    if options.json:
        options.json.write_text("".join(json.dumps(r) + "\n" for r in rows))


if __name__ == "__main__":
    sys.exit(main())
