#!/usr/bin/env python3
"""accept.py - the link check must accept whatever heliosc makes: builds modules of the specification's suite,
the bench kernels and programs full of switches, in each tier, with each kind of bounds, for several instruction sets.

usage: accept.py HELIOSC SUITE KERNELS SDK [--all]
heliosc runs the check itself and refuses to hand out what does not pass it. By default the largest modules of
the suite are built, which have the most functions, each in two of the modes; --all builds every one in all. Modules
that can't be plugins, by what they import or need, are counted and left out. None may have been compiled without jump
tables because the check could not follow one.
Exit: 0 all accepted, 1 one was refused or is without jump tables, 77 a tool or the suite is missing.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import switches

MODES = [
    ("optimizing", "guard", "x86_64"),
    ("baseline", "explicit", "x86_64"),
    ("optimizing", "explicit", "x86_64_v4"),
    ("baseline", "guard", "x86_64_v3"),
]
LARGEST, SWITCHES = 20, 4
REFUSED = "H0400"  # the link check's code


def tool(name):
    given = os.environ.get("HELIOS_" + name.upper())
    local = Path(__file__).resolve().parents[2] / "toolchain" / "bin" / name
    return given or (str(local) if local.is_file() else shutil.which(name))


def suite_modules(suite, folder, every):
    """Binary modules that scripts instantiate, the largest first; one of each size of a script."""
    found = {}
    for script in sorted(suite.glob("*.wast")):
        out = folder / f"{script.stem}.json"
        if subprocess.run([tool("wast2json"), script, "-o", out], capture_output=True).returncode != 0:
            continue
        for command in json.loads(out.read_text())["commands"]:
            path = folder / command.get("filename", "")
            if command["type"] == "module" and path.suffix == ".wasm":
                found[script.stem, path.stat().st_size] = path
    modules = sorted(found.values(), key=lambda p: p.stat().st_size, reverse=True)
    return modules if every else modules[:LARGEST]


def to_wasm(source, out, *flags):
    """Linked without -O: with it clang runs whatever wasm-opt there is, which knows no bulk memory by default."""
    part = out.with_suffix(".o")
    subprocess.run(["clang", "--target=wasm32", "-w", "-c", "-mbulk-memory", *flags, source, "-o", part], check=True)
    subprocess.run(["clang", "--target=wasm32", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all", part, "-o", out],
                   check=True)
    return out


def kernel_modules(kernels, sdk, folder):
    for source in sorted(kernels.glob("*.c")):
        for name, flags in (("", []), (".simd", ["-msimd128"])):
            yield to_wasm(source, folder / f"{source.stem}{name}.wasm", "-O3", f"-I{sdk}", *flags)


def switch_modules(folder):
    for seed in range(SWITCHES):
        source = folder / f"switches{seed}.c"
        source.write_text(switches.program(seed))
        yield to_wasm(source, source.with_suffix(".wasm"), f"-O{seed % 4}")


def build(heliosc, module, mode):
    tier, bounds, target = mode
    out = module.parent / f"{module.stem}.{tier}.{bounds}.{target}.so"
    done = subprocess.run([heliosc, "build", "-q", "--no-cache", "-j1", f"--tier={tier}", f"--bounds={bounds}",
                           f"--target={target}", "-o", out, module], capture_output=True, text=True)
    tables = not out.exists() or b"-fno-jump-tables" not in out.read_bytes()
    out.unlink(missing_ok=True)
    return module, mode, done.returncode, done.stderr, tables


def main():
    heliosc, suite, kernels, sdk = sys.argv[1], *map(Path, sys.argv[2:5])
    missing = [t for t in ("wast2json", "wasm2c") if tool(t) is None]
    missing += [t for t in ("clang", "wasm-ld") if shutil.which(t) is None]
    if missing or not suite.is_dir():
        print("skipped: no", *missing, *([] if suite.is_dir() else [suite]))
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.setdefault("HELIOS_KEY", str(folder / "key"))
        os.environ.setdefault("HELIOS_WASM2C", tool("wasm2c"))
        modules = suite_modules(suite, folder, "--all" in sys.argv)
        modules += [*kernel_modules(kernels, sdk, folder), *switch_modules(folder)]
        accepted = refused = left_out = without_tables = 0
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [pool.submit(build, heliosc, m, mode) for i, m in enumerate(modules)
                    for mode in (MODES if "--all" in sys.argv else MODES[i & 2:][:2])]
            for job in jobs:
                module, mode, code, errors, tables = job.result()
                without_tables += not tables
                if REFUSED in errors:
                    refused += 1
                    print("refused:", module.name, *mode, errors.split("\n")[0])
                elif code != 0:
                    left_out += 1
                else:
                    accepted += 1
    print(f"{len(modules)} modules: {accepted} images accepted ({without_tables} without jump tables), {refused} refused,"
          f" {left_out} can't be plugins")
    sys.exit(refused > 0 or without_tables > 0 or accepted < len(modules))


main()
