#!/usr/bin/env python3
"""run.py - the steps of wasm-procedures.yml on this machine: each `run` in its order, in a copy of the repository, against a
new database, as the runner of the workflow does it. Stops at the first that fails.

usage: run.py BIN [VALUE]      BIN: the folder of heliosc and helios
                               VALUE: what the last step must print
Exit code: 0 all steps passed, 1 not, 77 this machine lacks a tool, as it says.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def steps(text):
    """(name, commands) of each step with a `run`, which is one line or an indented block."""
    for part in re.split(r"^      - ", text, flags=re.M)[1:]:
        name = re.match(r"name: (.*)", part)
        block = re.search(r"^        run: \|\n((?:          .*\n|\n)+)", part, re.M)
        line = re.search(r"^        run: (?!\|)(.*)$", part, re.M)
        if block:
            yield name.group(1), re.sub(r"^          ", "", block.group(1), flags=re.M)
        elif line:
            yield name.group(1), line.group(1)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    binaries = Path(sys.argv[1]).resolve()
    found = list(steps((HERE / "wasm-procedures.yml").read_text()))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "examples/ci"  # where the path to the SDK in Cargo.toml leads to sdk/rust
        shutil.copytree(HERE, copy, ignore=shutil.ignore_patterns("target"))
        shutil.copytree(HERE.parents[1] / "sdk/rust", Path(folder) / "sdk/rust", ignore=shutil.ignore_patterns("target"))
        env = dict(os.environ, PATH=f"{binaries}:{os.environ['PATH']}", DATABASE=f"{folder}/app.db")
        for name, commands in found:
            print(f"-- {name}", flush=True)
            done = subprocess.run(["bash", "-e", "-c", commands], cwd=copy, env=env, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            print(done.stdout, end="", flush=True)
            if done.returncode != 0:
                return 77 if "H0300" in done.stdout or done.returncode == 127 else 1
    if len(sys.argv) > 2 and done.stdout.strip() != sys.argv[2]:
        print(f"the last step printed {done.stdout.strip()!r}, not {sys.argv[2]!r}")
        return 1
    return 0


sys.exit(main())
