#!/usr/bin/env python3
"""run.py - runs one shell test of the programs: run.py [--update] TEST.sh

The test runs under `sh` in an empty folder, which is also its HOME, with the programs of HELIOS_BIN first
in PATH and $FILES naming tests/cli/files; lib.sh is loaded first. What it prints (stdout and stderr
together, the folder's name shown as $T) must be TEST.sh.exact, or fit TEST.sh.glob line by line ('...' alone
stands for any lines), if there is one; its exit code must be that of TEST.sh.exit, else 0; 77 skips it.
--update writes TEST.sh.exact anew.
"""
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DROPPED = re.compile(r"(HELIOS|XDG|CLICOLOR|NO_COLOR|TMPDIR|CARGO_BUILD_TARGET|LC_|LANG|COLUMNS)")


def environment(test, folder):
    source = Path(os.environ.get("HELIOS_SOURCE", test.parents[2]))
    env = {k: v for k, v in os.environ.items() if not DROPPED.match(k)}
    toolchain = os.environ.get("HELIOS_TOOLCHAIN") or str(source / "toolchain")
    if Path(toolchain).is_dir():
        env["HELIOS_TOOLCHAIN"] = toolchain
    if "ENGINES" in os.environ:  # engines of scripts that one test has compiled for all
        env.update(HELIOS_KEY=os.environ["ENGINES"] + "/key", HELIOS_CACHE=os.environ["ENGINES"] + "/cache")
    env.update(HOME=str(folder), PATH=os.environ["HELIOS_BIN"] + ":" + env["PATH"], TERM="xterm", LC_ALL="C.UTF-8",
               FILES=str(test.parent / "files"), SOURCE=str(source), T=str(folder), PYTHONDONTWRITEBYTECODE="1")
    return env


def fits(lines, patterns):
    """Do the lines fit the patterns? '...' stands for any number of lines."""
    if not patterns:
        return not lines
    if patterns[0] == "...":
        return any(fits(lines[n:], patterns[1:]) for n in range(len(lines) + 1))
    return bool(lines) and fnmatch.fnmatchcase(lines[0], patterns[0]) and fits(lines[1:], patterns[1:])


def beside(test, suffix):
    path = test.with_name(test.name + suffix)
    return path.read_text() if path.exists() else None


def judge(test, text, code):
    exact, glob = beside(test, ".exact"), beside(test, ".glob")
    wanted = int(beside(test, ".exit") or 0)
    if code != wanted:
        return f"exit code {code}, not {wanted}"
    if exact is not None and text != exact:
        return "the output differs from .exact:\n" + exact
    if glob is not None and not fits(text.splitlines(), glob.splitlines()):
        return "the output does not fit .glob:\n" + glob
    return None


def main():
    update = sys.argv[1] == "--update"
    test = Path(sys.argv[-1]).resolve()
    folder = Path(tempfile.mkdtemp(prefix="helios-cli-")).resolve()
    try:
        command = ["sh", "-c", '. "$0"; . "$1"', str(test.parent / "lib.sh"), str(test)]
        done = subprocess.run(command, cwd=folder, env=environment(test, folder), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=280)
        text = done.stdout.decode("utf-8", "backslashreplace").replace(str(folder), "$T")
    finally:
        subprocess.run(["chmod", "-R", "u+rwx", str(folder)], check=False)
        shutil.rmtree(folder, ignore_errors=True)
    if done.returncode == 77: # the test says that this machine can't run it, and why
        print(text)
        sys.exit(77)
    if update:
        test.with_name(test.name + ".exact").write_text(text)
    error = judge(test, text, done.returncode)
    if error:
        print(f"{test.name}: {error}\n--- output:\n{text}")
    sys.exit(error is not None)


main()
