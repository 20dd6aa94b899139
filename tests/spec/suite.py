#!/usr/bin/env python3
"""suite.py - runs every assertion of the specification's tests as machine code made by heliosc's stages.

usage: suite.py BIN SUITE [--modes MODE,...] [--scripts FILE.wast,...] [--node NODE | --aarch64]
spec_build (BIN) compiles the modules of many scripts into one shared object a mode, spec_run calls what
the assertions say. A mode is BOUNDS-TIER-FUEL; scripts about floats and vectors run on other instruction
sets too. The kernels of tests/bench run as one script more each. What each call consumed must be the same
in all metered modes, with --node on Node too, which runs the metered modules (node_meter.mjs).
With --aarch64 a sample of the scripts, and the kernels, run compiled for that processor, under qemu-user;
results and fuel must be those of this machine.

Not run here: assertions that a module is refused; spec/validate has them, once for all modes.
Exit: 0 all pass, 1 a failure, 77 a tool or the suite is missing.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ALL = [f"{b}-{t}-{f}" for f in ("metered", "polls") for b in ("guard", "explicit")
       for t in ("optimizing", "baseline")]
# For scripts about floats and vectors, so that each #if of rt-sandbox is used: other instruction sets (by
# the flag of /proc/cpuinfo they need), and the code for targets that have none of their own.
VECTOR_SCRIPT = re.compile(r"simd_|f32|f64|float_|conversions")
SETS = {"ssse3": "ssse3", "sse4.1": "sse4_1", "v3": "avx2", "v4": "avx512vl", "portable": "sse2"}
# Scripts whose modules may share tables are compiled apart from the others: see spec_link.h.
SHARES = re.compile(rb"\(table[^()]*\(import|\(import[^()]*\(table")
BATCHES = 12
# On aarch64: what has instructions of its own there, what links, what traps.
SAMPLE = """address call_indirect conversions f32 f32_cmp f64 fac float_exprs i32 i64 imports linking loop memory_copy
memory_grow simd_conversions simd_f32x4 simd_f64x2_rounding simd_i16x8_sat_arith simd_i32x4_trunc_sat_f32x4 simd_lane
simd_load simd_splat simd_store8_lane start table_grow traps""".split()
ARM_MODES = ["explicit-optimizing-metered-aarch64", "guard-baseline-metered-aarch64"]
ARM_ROOT = Path("/usr/aarch64-linux-gnu")  # Debian's libc6-dev-arm64-cross
ROOT = Path(__file__).resolve().parents[2]
INSTANCES = ("module", "assert_uninstantiable", "assert_unlinkable")
REFUSALS = ("assert_malformed", "assert_invalid")
WIDTH = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "f32": 32, "f64": 64}


class Missing(Exception):
    pass


def tool(name):
    given = os.environ.get("HELIOS_" + name.upper())
    local = ROOT / "toolchain" / "bin" / name
    path = given or (str(local) if local.is_file() else shutil.which(name))
    if not path:
        raise Missing(name)
    return path


def hexed(name):
    return name.encode().hex() or "-"


# --- values, as spec_run wants them ---

def argument_slots(args):
    out = []
    for a in args:
        if a["type"] == "v128":
            width, value = WIDTH[a["lane_type"]], 0
            for lane in reversed(a["value"]):
                value = value << width | int(lane) & (1 << width) - 1
            out += [value & (1 << 64) - 1, value >> 64]
        elif a["value"] == "null":
            out.append(0)
        else:
            out.append(int(a["value"]) + (a["type"] == "externref"))
    return out


def pattern(value, lane):
    """What a lane may be: its bits, or a kind of NaN."""
    if value.startswith("nan:"):
        return {"nan:canonical": "c", "nan:arithmetic": "a"}[value] + str(WIDTH[lane])
    return f"={int(value) & (1 << WIDTH[lane]) - 1:x}"


def expected(results):
    """Each result as WIDTH:LANE,..."""
    for r in results:
        if r["type"] == "v128":
            lane = r["lane_type"]
            yield f"{WIDTH[lane]}:" + ",".join(pattern(v, lane) for v in r["value"])
        elif r["type"] in ("funcref", "externref"):
            value = r.get("value")
            yield "64:" + ("!" if value is None else "=0" if value == "null" else f"={int(value) + 1:x}")
        else:
            yield f"{WIDTH[r['type']]}:{pattern(r['value'], r['type'])}"


# --- scripts ---

class Script:
    """One .wast: its modules for spec_build, its assertions as lines for spec_run."""

    def __init__(self, path, folder):
        self.name, self.modules, self.lines, self.registers = path.name, [], [], []
        self.refusals = Counter()
        self.shares = bool(SHARES.search(path.read_bytes()))
        self.current, self.named = None, {}
        json_file = folder / (path.stem + ".json")
        subprocess.run([tool("wast2json"), "--enable-extended-const", str(path), "-o", json_file], check=True,
                       capture_output=True)
        commands = json.loads(json_file.read_text())["commands"]
        if any(b"spectest" in (folder / c["filename"]).read_bytes() for c in commands if c["type"] in INSTANCES):
            self.modules.append(folder / "spectest.wasm")
            self.lines.append(("module", 0, 0, "host"))
            self.register(0, "spectest")
        for c in commands:
            self.command(c, folder)

    def command(self, c, folder):
        kind = c["type"]
        if kind == "module":
            self.current = self.open(c, folder, "ok")
            if "name" in c:
                self.named[c["name"]] = self.current
        elif kind == "assert_uninstantiable":
            self.open(c, folder, "trap " + c["text"].replace(" ", "_"))
        elif kind == "assert_unlinkable":
            self.open(c, folder, "unlinkable")
        elif kind == "register":
            self.register(self.named[c["name"]] if "name" in c else self.current, c["as"])
        elif kind in REFUSALS:
            self.refusals["text" if c["module_type"] == "text" else "binary"] += 1
        else:
            self.action(c)

    def open(self, c, folder, outcome):
        self.modules.append(folder / c["filename"])
        number = len(self.modules) - 1
        self.lines.append(("module", c["line"], number, outcome))
        return number

    def register(self, number, name):
        self.registers.append((number, len(self.modules), hexed(name)))
        self.lines.append(("register", None, number, hexed(name)))

    def action(self, c):
        action, kind = c["action"], c["type"]
        number = self.named[action["module"]] if "module" in action else self.current
        words = [hexed(action["field"])]
        if action["type"] == "invoke":
            args = argument_slots(action["args"])
            words += [str(len(args))] + [f"{a:x}" for a in args]
        if kind == "assert_return":
            words += ["return", *expected(c["expected"])]
        elif kind == "action":
            words.append("any")
        else:
            words += ["trap", c["text"].replace(" ", "_")]
        self.lines.append(("call" if action["type"] == "invoke" else "get", c["line"], number, " ".join(words)))

    def for_build(self, first):
        """Its lines for spec_build; modules count from `first`. A name is known to those behind it."""
        out, registers = ["script"], list(self.registers)
        for n, path in enumerate(self.modules):
            while registers and registers[0][1] <= n:
                number, _, name = registers.pop(0)
                out.append(f"register {first + number} {name}")
            out.append(f"module {path}")
        return out

    def for_run(self, first):
        out = [f"script {self.name}"]
        for verb, line, number, words in self.lines:
            at = "" if line is None else f"{line} "
            out.append(f"{verb} {at}{first + number} {words}")
        return out

    def weight(self):
        return sum(p.stat().st_size + 200 for p in self.modules)


class Result:
    def __init__(self):
        self.passed, self.failed, self.failures, self.fuel = Counter(), Counter(), [], {}


class Batch:
    """Scripts whose modules are compiled together."""

    def __init__(self, scripts, modes):
        self.scripts, self.modes = scripts, modes  # one for aarch64 ends with its name

    def lines(self, of):
        out, first = [], 0
        for s in self.scripts:
            out += of(s, first)
            first += len(s.modules)
        return "\n".join(out) + "\n"

    def run(self, binaries, folder, arm_host):
        result = Result()
        folder.mkdir()
        built = subprocess.run([binaries / "spec_build", folder, *self.modes], text=True, capture_output=True,
                               input=self.lines(Script.for_build))
        if built.returncode == 77:
            raise Missing(built.stdout)
        if built.returncode:
            result.failures.append(f"{self.scripts[0].name} ...: {built.stderr[-2000:]}")
            return result
        for mode in self.modes:
            host = arm_host if mode.endswith("aarch64") else [binaries / "spec_run"]
            self.run_mode(result, host, folder, mode)
        shutil.rmtree(folder)
        return result

    def run_mode(self, result, command, folder, mode):
        fuel = folder / f"{mode}.fuel"
        done = subprocess.run([*command, folder / f"{mode}.so", fuel], text=True, capture_output=True,
                              input=self.lines(Script.for_run))
        seen = 0
        for line in done.stdout.splitlines():
            if line.startswith("FAIL "):
                result.failures.append(f"{mode}: {line[5:]}")
            else:
                passed, failed, _ = line.split(" ", 2)
                result.passed[mode] += int(passed)
                result.failed[mode] += int(failed)
                seen += 1
        if done.returncode not in (0, 1) or seen != len(self.scripts):
            result.failures.append(f"{mode}: spec_run ended with {done.returncode} behind {done.stdout[-200:]}"
                                   f"{done.stderr[-500:]}")
        if "-metered" in mode:
            result.fuel[mode] = fuel.read_text() if fuel.exists() else ""


def batches(scripts, modes, count):
    """Even by weight; the heaviest first."""
    apart = [s for s in scripts if s.shares and s.modules]
    scripts = [s for s in scripts if not s.shares]
    groups = [[] for _ in range(count)]
    weights = [0] * count
    for s in sorted((s for s in scripts if s.modules), key=Script.weight, reverse=True):
        at = weights.index(min(weights))
        groups[at].append(s)
        weights[at] += s.weight()
    return [Batch(g, modes) for g in (*groups, apart) if g]


def processor_sets():
    flags = set(Path("/proc/cpuinfo").read_text().split())
    return [s for s, needs in SETS.items() if needs in flags] if os.uname().machine == "x86_64" else []


def kernel_scripts(folder):
    """tests/bench's kernels as scripts, without and with SIMD."""
    sys.path.insert(0, str(ROOT / "tests" / "bench"))
    import run as bench
    folder.mkdir()
    for name, (n, answer) in bench.KERNELS.items():
        for suffix, flags in (("", []), (".simd", bench.SIMD)):
            wasm = folder / "kernel.wasm"
            bench.build_wasm(ROOT / "tests" / "bench" / "kernels" / f"{name}.c", wasm, *flags)
            text = "".join(f"\\{b:02x}" for b in wasm.read_bytes())
            (folder / f"kernel_{name}{suffix}.wast").write_text(
                f'(module binary "{text}")\n(assert_return (invoke "run" (i32.const {n})) (i32.const {answer}))\n')
    return sorted(folder.glob("*.wast"))


def arm_host(folder):
    """spec_run for aarch64, and what runs it."""
    qemu = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if not qemu:
        raise Missing("qemu-aarch64-static (qemu-user-static)")
    if not (ARM_ROOT / "lib" / "crt1.o").exists():
        raise Missing(f"{ARM_ROOT} (libc6-dev-arm64-cross)")
    here = Path(__file__).parent
    subprocess.run(["clang", "--target=aarch64-linux-gnu", "-O1", "-D_GNU_SOURCE", f"-I{ROOT / 'rt-sandbox'}", f"-I{here}",
                    "-isystem", ARM_ROOT / "include", "-nostdlib", "-fuse-ld=lld", "-no-pie", f"-L{ARM_ROOT / 'lib'}",
                    "-Wl,--dynamic-linker=/lib/ld-linux-aarch64.so.1", ARM_ROOT / "lib" / "crt1.o",
                    *(here / f for f in ("spec_run.c", "spec_store.c", "sandbox_host.c")), "-lc",
                    "-o", folder / "spec_run_arm"], check=True)
    return [qemu, "-L", ARM_ROOT, folder / "spec_run_arm"]


def by_place(lines):
    """NAME:LINE -> what the calls there used."""
    out = {}
    for line in lines:
        place, used = line.split()
        out.setdefault(place, []).append(used)
    return out


def compare_node(results, node, binaries, suites, folder, least):
    """Runs the metered modules on Node; the fuel of the calls that it can make is the same?"""
    mode = next((m for r in results for m in r.fuel), None)  # one: scripts about vectors run in others once more
    ours = by_place(line for r in results for line in r.fuel.get(mode, "").splitlines())
    theirs, bad = {}, []
    for suite in suites:
        fuel = folder / "node.fuel"
        done = subprocess.run([node, Path(__file__).parent / "node_meter.mjs", binaries / "rewrite_tool", suite,
                               f"--fuel={fuel}"], text=True, capture_output=True)
        if done.returncode:
            bad.append(f"Node: {done.stdout[-500:]}{done.stderr[-500:]}")
        theirs |= by_place(fuel.read_text().splitlines()) if fuel.exists() else {}
    shared = [p for p in theirs if len(theirs[p]) == len(ours.get(p, ()))]
    bad += [f"fuel at {p}: {' '.join(ours[p])}, on Node {' '.join(theirs[p])}" for p in shared if ours[p] != theirs[p]]
    calls = sum(len(ours[p]) for p in shared)
    if calls < least * sum(map(len, ours.values())):
        bad.append(f"Node: only {calls} calls to compare")
    print(f"fuel on Node: {calls} of these calls, {'the same' if not bad else 'FAILED'}")
    return bad


def compare_fuel(results):
    """Prints and judges: the same in all metered modes?"""
    calls, bad = 0, []
    for r in results:
        texts = list(r.fuel.items())
        for mode, text in texts[1:]:
            if text != texts[0][1]:
                pairs = zip(texts[0][1].splitlines(), text.splitlines())
                first = next((f"{a} in {texts[0][0]}, {b} in {mode}" for a, b in pairs if a != b), "length")
                bad.append(f"fuel differs: {first}")
        calls += texts[0][1].count("\n") if texts else 0
    modes = sorted({m for r in results for m in r.fuel})
    print(f"fuel: {calls} calls that end, the same in {len(modes)} metered modes" if not bad else "fuel: FAILED")
    return bad


def prepare(paths, folder):
    subprocess.run([tool("wat2wasm"), Path(__file__).parent / "spectest.wat", "-o", folder / "spectest.wasm"], check=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda p: Script(p, folder), paths))


def plan(options, scripts):
    """What is compiled and run together."""
    if options.aarch64:
        return batches(scripts, ["guard-optimizing-metered", *ARM_MODES], 4)
    if options.modes:
        return batches(scripts, options.modes.split(","), BATCHES)
    vector = [s for s in scripts if VECTOR_SCRIPT.match(s.name)]
    sets = [f"guard-optimizing-metered-{s}" for s in processor_sets()]
    return batches(scripts, ALL, BATCHES) + (batches(vector, sets, BATCHES // 2) if sets else [])


def report(work, results):
    for mode in dict.fromkeys(m for b in work for m in b.modes):
        passed, failed = (sum(c[mode] for c in counts) for counts in
                          ([r.passed for r in results], [r.failed for r in results]))
        print(f"{mode}: {passed} passed, {failed} failed, 0 skipped")


def judge(options, folder):
    """Runs all; returns what failed."""
    binaries, suite = options.bin.resolve(), options.suite.resolve()
    names = [f"{n}.wast" for n in SAMPLE] if options.aarch64 else options.scripts.split(",") if options.scripts else None
    paths = [suite / n for n in names] if names else sorted(suite.glob("*.wast"))
    if not paths:
        raise Missing("the specification's test suite")
    host = arm_host(folder) if options.aarch64 or "aarch64" in (options.modes or "") else None
    kernels = [] if options.scripts else kernel_scripts(folder / "kernels")
    scripts = prepare(paths + kernels, folder)
    work = plan(options, scripts)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(b.run, binaries, folder / f"b{n}", host) for n, b in enumerate(work)]
        results = [j.result() for j in jobs]
    report(work, results)
    failures = [f for r in results for f in r.failures] + compare_fuel([r for r in results if r.fuel])
    if options.node:
        suites, least = [suite] + [folder / "kernels"] * bool(kernels), 0 if options.scripts else 0.9
        failures += compare_node(results, options.node, binaries, suites, folder, least)
    refusals = sum((s.refusals for s in scripts), Counter())
    print(f"{len(paths)} scripts and {len(kernels)} kernels, {sum(len(s.modules) for s in scripts)} modules,"
          f" {sum(sum(r.passed.values()) for r in results)} assertions passed, {len(failures)} failures")
    print(f"not run here: {refusals['binary']} assertions that a binary module is refused, {refusals['text']} that a text"
          f" is (spec/validate)")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin", type=Path)
    parser.add_argument("suite", type=Path)
    parser.add_argument("--modes", help="default: all, and the instruction sets")
    parser.add_argument("--scripts")
    parser.add_argument("--node")
    parser.add_argument("--aarch64", action="store_true")
    options, begin = parser.parse_args(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        failures = judge(options, Path(folder))
    print("\n".join(failures[:40]))
    print(f"{'FAILED' if failures else 'passed'}, {time.monotonic() - begin:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Missing as missing:
        print(f"skipped: {missing} not found")
        sys.exit(77)
