#!/usr/bin/env python3
"""differential.py - generated programs as machine code, against two other engines that share no code with heliosc.

usage: differential.py FUZZ_DIFFERENTIAL [--first SEED] [--modules N] [--programs P] [--mutate]
       differential.py --judge FOLDER < LINES

`fuzz_differential` generates a module a seed, builds it as `heliosc build` does (tier, bounds, processor by seed) and runs each
program twice with other arguments. The same calls are made by Node (V8), by Node on the metered module, where the fuel
used must be the same too, and by wabt's spectest-interp. What must agree: results bit for bit (NaNs are NaNs), the kind of
trap, and after each call that did not trap a sum of memory, globals and tables. Filtered: nothing; the generator leaves
no NaN bits open and runs out of no stack. --mutate falsifies one native answer, which must be noticed.
Exits 77 without Node or spectest-interp.

--judge: for compile_fuzz.c: says "ready" or "skipped ...", then "same" or "differs" to each line of standard input.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
TRAPS = {"unreachable": "UNREACHABLE", "out of bounds memory access": "OOB", "out of bounds table access": "TABLE_OOB",
         "integer divide by zero": "DIV_BY_ZERO", "integer overflow": "INT_OVERFLOW", "undefined table index": "CALL_UNDEFINED",
         "invalid conversion to integer": "INVALID_CONVERSION", "uninitialized table element": "CALL_NULL",
         "indirect call signature mismatch": "CALL_SIGNATURE"}  # spectest-interp's words
TYPES = {"i": "i32", "j": "i64", "f": "f32", "d": "f64"}
BATCH = 4  # modules at a time: bounds what a folder holds


def tool(name):
    places = [os.environ.get("HELIOS_" + name.upper().replace("-", "_")), SOURCE / "toolchain/bin" / name, shutil.which(name)]
    return next((str(p) for p in places if p and os.access(p, os.X_OK)), None)


def value(letter, bits):
    return {"type": TYPES[letter], "value": bits}


def commands(module):
    """A script of wast2json's kind: a new instance for each run."""
    for run in module["runs"]:
        yield {"type": "module", "line": 1, "filename": f"m{module['seed']}.wasm"}
        args = [value(t, a) for t, a in zip(run["params"], run["args"])]
        action = {"type": "invoke", "field": run["name"], "args": args}
        results = [{"type": TYPES[t]} for t in run["results"]]
        if "trap" in run:
            yield {"type": "assert_trap", "line": 1, "action": action, "text": run["trap"], "expected": results}
            continue
        yield {"type": "assert_return", "line": 1, "action": action,
               "expected": [value(t, v) for t, v in zip(run["results"], run["values"])]}
        if "values" in run["sum"]:
            yield {"type": "assert_return", "line": 1, "action": {"type": "invoke", "field": "sum", "args": []},
                   "expected": [value("j", run["sum"]["values"][0])]}


def on_interpreter(interpreter, folder, module):
    """Differences on spectest-interp, and how many assertions there were."""
    lines = list(commands(module))
    for n, command in enumerate(lines, 1):
        command["line"] = n
    script = folder / f"m{module['seed']}.json"
    script.write_text(json.dumps({"source_filename": "m", "commands": lines}))
    done = subprocess.run([interpreter, "--enable-extended-const", str(script)], text=True, capture_output=True)
    asserted = sum(c["type"].startswith("assert") for c in lines)
    passed = re.search(r"(\d+)/(\d+) tests passed", done.stdout)
    wrong = [line for line in done.stdout.splitlines() if is_wrong(line, lines)]
    if not passed or int(passed.group(2)) < asserted or done.returncode != 0 or wrong:
        print(f"seed {module['seed']} ({module['mode']}) on spectest-interp: {chr(10).join(wrong)}{done.stderr[-500:]}", file=sys.stderr)
        return 1, asserted
    return 0, asserted


def is_wrong(line, lines):
    """Is this line of spectest-interp's a failure, or a trap of another kind than the native one?"""
    trap = re.match(r"m:(\d+): assert_trap passed: (.*)", line)
    if trap is None:
        return "tests passed" not in line
    kind = next((kind for text, kind in TRAPS.items() if trap.group(2).startswith(text)), trap.group(2))
    return kind != lines[int(trap.group(1)) - 1]["text"]


def falsify(module):
    run = next(r for r in module["runs"] if "sum" in r)
    run["sum"]["values"] = [str(int(run["sum"]["values"][0]) ^ 1)]


def node_command(tools, folder, *options):
    return [tools["node"], "--experimental-wasm-extended-const", str(Path(__file__).with_suffix(".mjs")), str(folder), *options]


def answer(lines):
    """What Node says of a module, up to "done"."""
    for line in iter(lines.readline, "done\n"):
        if line == "":
            sys.exit("node has ended")
        yield line


def judge(tools, folder):
    """One module after the other, each as soon as it is here; Node stays."""
    node = subprocess.Popen(node_command(tools, folder, "--each"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    print("ready", flush=True)
    for line in sys.stdin:
        module = json.loads(line)
        node.stdin.write(line)
        node.stdin.flush()
        differences = list(answer(node.stdout))
        sys.stderr.write("".join(differences))
        differs = bool(differences) or on_interpreter(tools["spectest-interp"], folder, module)[0] != 0
        for path in folder.glob("m*"):
            path.unlink()
        print("differs" if differs else "same", flush=True)  # now the next module may come
    node.stdin.close()


def batch(options, tools, folder, first, count, total):
    env = dict(os.environ, HELIOS_KEY=str(folder / "key"), HELIOS_TOOLCHAIN=os.environ.get("HELIOS_TOOLCHAIN", str(SOURCE / "toolchain")))
    native = subprocess.run([options.native, str(first), str(count), str(options.programs), str(folder)],
                            text=True, stdout=subprocess.PIPE, env=env)
    bad = native.returncode != 0
    modules = []
    for line in native.stdout.splitlines():
        try:
            modules.append(json.loads(line))
        except ValueError:
            print(f"the native half broke off: {line[-200:]}")
            bad = True
    if options.mutate:
        falsify(modules[0])
    text = "".join(json.dumps(m) + "\n" for m in modules)
    node = subprocess.run(node_command(tools, folder), input=text, text=True, capture_output=True)
    lines = node.stdout.splitlines()
    counts = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    if node.returncode != 0:
        print("\n".join(lines[:-1]) or node.stderr)
    bad |= node.returncode != 0 or counts.get("modules") != len(modules)
    for module in modules:
        differences, asserted = on_interpreter(tools["spectest-interp"], folder, module)
        bad |= differences != 0
        total["asserted"] += asserted
    for key in ("modules", "runs", "traps"):
        total[key] += counts.get(key, 0)
    total["bad"] += bad
    for path in folder.glob("m*"):
        path.unlink()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("native", nargs="?")
    parser.add_argument("--judge", type=Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--modules", type=int, default=4)
    parser.add_argument("--programs", type=int, default=64)
    parser.add_argument("--mutate", action="store_true")
    options = parser.parse_args()
    tools = {name: tool(name) for name in ("node", "spectest-interp")}
    missing = [name for name, path in tools.items() if path is None]
    if missing:
        print(f"skipped: no {', no '.join(missing)}")
        sys.exit(77)
    if options.judge:
        return judge(tools, options.judge)
    total = dict.fromkeys(("modules", "runs", "traps", "asserted", "bad"), 0)
    with tempfile.TemporaryDirectory(prefix="helios-differential-") as folder:
        for first in range(options.first, options.first + options.modules, BATCH):
            count = min(BATCH, options.first + options.modules - first)
            batch(options, tools, Path(folder), first, count, total)
            if first // 100 != (first + count) // 100:
                print(f"at seed {first + count}: {total}", flush=True)
    print(f"{total['modules'] * options.programs} programs of {total['modules']} modules, {total['runs']} runs of which {total['traps']} trapped, "
          f"on machine code, Node, Node metered and spectest-interp ({total['asserted']} assertions): "
          f"{total['bad']} batches with differences")
    sys.exit((total["bad"] == 0) if options.mutate else (total["bad"] != 0))


main()
