#!/usr/bin/env python3
"""proposals.py - `heliosc build` refuses modules of proposals that are not enabled, by the proposal's name.

usage: proposals.py HELIOSC PROPOSALS.md
The modules are whole, and right by their proposal: wat2wasm writes them, or they are given in hex where it
can't. Every proposal that the page (docs/proposals.md) lists as refused must have one.
Exit: 0 all pass, 1 a failure, 77 wat2wasm is missing.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from suite import Missing, tool

HEAD = "0061736d01000000"
EMPTY_TYPE, ONE_FUNC = "010401600000", "03020100"


def code(body):
    """A module with one function () -> () of this body, in hex."""
    size = len(body) // 2
    return HEAD + EMPTY_TYPE + ONE_FUNC + f"0a{size + 4:02x}01{size + 2:02x}00{body}0b"


# name: modules, as text with the feature that wat2wasm wants for it, or as hex
CASES = {
    "memory64": [("memory64", "(memory i64 1) (func (result i32) (i32.load (i64.const 0)))"),
                 ("memory64", '(import "a" "m" (memory i64 1))')],
    "threads": [("threads", "(memory 1 1 shared)"),
                ("threads", "(memory 1 1) (func (result i32) (i32.atomic.load (i32.const 0)))")],
    "exceptions": [("exceptions", "(tag (param i32)) (func (throw 0 (i32.const 1)))"),
                   ("exceptions", '(import "a" "t" (tag))'),
                   ("exceptions", "(func (try (do) (catch_all)))")],
    "tail calls": [("tail-call", "(func return_call 0)"),
                   ("tail-call", "(table 1 funcref) (func (return_call_indirect (i32.const 0)))")],
    "multi-memory": [("multi-memory", "(memory 1) (memory 1)"),
                     ("multi-memory", '(import "a" "m" (memory 1)) (memory 1)')],
    "GC": [HEAD + "0104015f0000", HEAD + "01050160016e00"],  # a struct type; a parameter that is anyref
    "function references": [HEAD + "0106016001647000",  # a parameter that is (ref func)
                            code("d0701400")],  # call_ref
    "relaxed SIMD": [("relaxed-simd", "(func (param v128) (result v128)"
                                      " (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))")],
    "custom page sizes": [HEAD + "050401080100"],  # pages of one byte
    "wide arithmetic": [code("42004200420042" + "00fc131a1a")],  # i64.add128
    "stringref": [HEAD + "01050160016700"],
    "stack switching": [HEAD + "0104015d0000"],
    "memory control": [HEAD + EMPTY_TYPE + ONE_FUNC + "05030100010a0b010900410041" + "00fc12000b"],  # memory.discard
    "component model": ["0061736d0d000100"],
}


def refused(page):
    """The names in the first column of the page's table, "GC, function references" being two."""
    names = set()
    for row in re.findall(r"^\| ([^|]+) \| [^|]+ \|$", page, re.M):
        names |= {n.strip() for n in row.split(",")}
    return names - {"proposal", "---"}


def module(case, folder):
    wasm = folder / "m.wasm"
    if isinstance(case, str):
        wasm.write_bytes(bytes.fromhex(case))
    else:
        feature, text = case
        (folder / "m.wat").write_text(f"(module {text})")
        subprocess.run([tool("wat2wasm"), f"--enable-{feature}", folder / "m.wat", "-o", wasm], check=True)
    return wasm


def main():
    heliosc, page = sys.argv[1:3]
    failed = [f"no module for {n}" for n in sorted(refused(Path(page).read_text()) - set(CASES))]
    with tempfile.TemporaryDirectory() as name:
        for proposal, cases in CASES.items():
            for case in cases:
                done = subprocess.run([heliosc, "build", "--no-cache", module(case, Path(name)), "-o", Path(name) / "m.so"],
                                      text=True, capture_output=True)
                if done.returncode == 0 or "[H0103]" not in done.stderr or proposal not in done.stderr:
                    failed.append(f"{proposal}: {case}: {done.returncode} {done.stderr}")
    print("\n".join(failed))
    print(f"{len(CASES)} proposals, {sum(map(len, CASES.values()))} modules, {len(failed)} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Missing as missing:
        print(f"skipped: {missing} not found")
        sys.exit(77)
