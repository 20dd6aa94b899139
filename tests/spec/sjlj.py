#!/usr/bin/env python3
"""sjlj.py - setjmp as heliosc lowers it against the same module with Emscripten's JavaScript.

usage: sjlj.py HELIOSC WAT2WASM SDK_FOLDER
Each program of sjlj/ is compiled at three levels; both modules run on Node and must print the same. 77: no clang or
node."""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent / "sjlj"
FLAGS = ["--target=wasm32", "-nostdlib", "-mllvm", "-enable-emscripten-sjlj", "-DHELIOS_NO_LIBC", "-mbulk-memory",
         "-Wl,--no-entry", "-Wl,--export-table", "-Wl,--allow-undefined", "-Wl,--stack-first"]


def run(*argv):
    return subprocess.run([str(a) for a in argv], check=True, text=True, stdout=subprocess.PIPE).stdout


def calls(module):
    return run("node", HERE / "run.mjs", module)


def compile_c(sdk, program, level, wasm):
    run("clang", *FLAGS, level, "-I", sdk, "-o", wasm, program, sdk / "setjmp.c")


def compare(heliosc, name, wasm):
    """Prints and counts a difference."""
    lowered = wasm.with_name("after.wasm")
    run(heliosc, "build", "-q", "--emit=module", "-o", lowered, wasm)
    if b"invoke_" in lowered.read_bytes() or b"invoke_" not in wasm.read_bytes():
        print(name, "has kept imports, or had none")
        return 1
    before, after = calls(wasm), calls(lowered)
    if before != after:
        pairs = zip(before.split("\n"), after.split("\n"))
        print(name, next((p for p in pairs if p[0] != p[1]), "lengths"))
        return 1
    if "trap" not in before or len(before) < 5000:
        print(name, "has said too little")
        return 1
    print(name, before.count("\n"), "calls alike")
    return 0


def main():
    heliosc, wat2wasm, sdk = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if not shutil.which("clang") or not shutil.which("node"):
        print("sjlj: needs clang and node")
        return 77
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        wasm = Path(folder) / "before.wasm"
        for program in sorted(HERE.glob("*.c")):
            for level in ("-O0", "-O2", "-Os"):
                compile_c(sdk, program, level, wasm)
                bad += compare(heliosc, f"{program.name} {level}", wasm)
        text = (HERE / "edges.wat").read_text()
        fixed = Path(folder) / "fixed.wat" # what an invoke calls is known only if the table never changes
        fixed.write_text("\n".join(line for line in text.split("\n") if "table.set" not in line))
        for program in (HERE / "edges.wat", fixed):
            run(wat2wasm, "--debug-names", "-o", wasm, program)
            bad += compare(heliosc, program.name, wasm)
    return 1 if bad else 0


sys.exit(main())
