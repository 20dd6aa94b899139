#!/usr/bin/env python3
"""docs_run.py - runs the sessions of a page and compares what they print.

A fenced block ```console holds commands after "$ " and their output; ```LANG NAME holds a file that the session
needs, and <!-- run: COMMAND --> what a reader has in another way, as by npm install. All blocks of a page share one
folder. Times and sizes may differ; all else is compared to the letter. A toolchain that is not there skips the page
(exit code 77). ENGINES: a folder with the key and cache of engines that are compiled already.

usage: docs_run.py BIN_DIR SOURCE_DIR PAGE...
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def blocks(text):
    for m in re.finditer(r"^<!-- run: (?P<run>.*) -->$|^```(\S+)(?: (\S+))?\n(.*?)^```$", text, re.M | re.S):
        yield ("run", None, m["run"]) if m["run"] else m.groups()[1:]


def commands(body):
    for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def same(got, want):
    def shape(text):
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", "TIME", text)
        return re.sub(r"[\d.]+ (ms|KiB)", r"N \1", text.replace("\n\n", "\n")).strip()
    return shape(got) == shape(want)


def run_page(page, environment):
    ran = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        engines = os.environ.get("ENGINES", folder)
        environment = dict(environment, HELIOS_KEY=f"{engines}/key", HELIOS_CACHE=f"{engines}/cache")
        for language, name, body in blocks(page.read_text()):
            if language == "run":
                subprocess.run(["sh", "-c", body], cwd=folder, env=environment, check=True)
            if name:
                (Path(folder) / name).write_text(body)
            if language != "console":
                continue
            for command, want in commands(body):
                done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, text=True, timeout=300,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                ran += 1
                if re.search(r"is not here \(package|npm install assemblyscript|has wasm32-unknown-unknown", done.stdout):
                    print(done.stdout)
                    sys.exit(77)
                if not same(done.stdout, want):
                    failed += 1
                    print(f"{page.name}: $ {command}\nwanted:\n{want}\ngot:\n{done.stdout}")
    return ran, failed


def main():
    binaries, source = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    path = f"{binaries}:{os.environ['PATH']}:{source}/toolchain/bin"  # the last has go where the system has none
    environment = dict(os.environ, PATH=path, BIN=str(binaries), SDK=f"{source}/sdk", NO_COLOR="1")
    totals = [run_page(source / page, environment) for page in sys.argv[3:]]
    ran, failed = sum(t[0] for t in totals), sum(t[1] for t in totals)
    print(f"docs: {ran} commands, {failed} failed")
    return failed or ran == 0


sys.exit(main())
