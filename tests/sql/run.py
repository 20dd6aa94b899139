#!/usr/bin/env python3
"""run.py - SQL scripts through stock programs and the loadable extension.

usage: run.py BIN_DIR shell NAME [--update]   tests/sql/shell/NAME.sql in the sqlite3 shell against NAME.out
       run.py BIN_DIR python NAME [ARGUMENT...]   NAME_test.py in a Python whose sqlite3 can load extensions

Each runs in a folder of its own with the modules of tests/sql and a key of its own. Exit 77: can't be run here.
"""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def prepare(folder, binaries):
    for module in HERE.glob("*.wat"):
        shutil.copy(module, folder)
    (folder / "broken.wasm").write_bytes(b"\0asm\x01\0\0\0\x01\x03")
    shutil.copy(binaries / "helios_sqlite.so", folder)
    env = dict(os.environ, HELIOS_KEY=str(folder / "key"), HELIOS_HELIOSC=str(binaries / "heliosc"), LC_ALL="C.UTF-8",
               HELIOS_BIN=str(binaries), PYTHONDONTWRITEBYTECODE="1")
    if "ENGINES" in env:  # engines of scripts that one test has compiled for all
        env.update(HELIOS_KEY=env["ENGINES"] + "/key", HELIOS_CACHE=env["ENGINES"] + "/cache")
    return env


def shell(binaries, folder, env, name, update):
    program = shutil.which("sqlite3")
    if program is None:
        print("no sqlite3 shell here")
        return 77
    script = (HERE / "shell" / f"{name}.sql").read_text()
    done = subprocess.run([program, "-batch", "test.db"], input=script, text=True, cwd=folder, env=env, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = done.stdout.replace(str(folder), "%D")
    expected = HERE / "shell" / f"{name}.out"
    if update:
        expected.write_text(out)
        return 0
    if out == expected.read_text():
        return 0
    actual = folder / "actual"
    actual.write_text(out)
    subprocess.run(["diff", "-u", expected, actual])
    return 1


def python(folder, env, name, arguments):
    for program in (sys.executable, "/usr/bin/python3"):
        can = "import sqlite3, sys; sys.exit(not hasattr(sqlite3.Connection, 'enable_load_extension'))"
        if Path(program).exists() and subprocess.run([program, "-c", can]).returncode == 0:
            return subprocess.run([program, HERE / f"{name}_test.py", *arguments], cwd=folder, env=env, timeout=600).returncode
    print("no Python here whose sqlite3 can load extensions")
    return 77


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    binaries = Path(sys.argv[1]).resolve()
    folder = Path(tempfile.mkdtemp(prefix="helios-sql-"))
    try:
        env = prepare(folder, binaries)
        if sys.argv[2] == "shell":
            return shell(binaries, folder, env, sys.argv[3], "--update" in sys.argv)
        return python(folder, env, sys.argv[3], sys.argv[4:] or ["-v"])
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
