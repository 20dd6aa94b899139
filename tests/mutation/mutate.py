#!/usr/bin/env python3
"""mutate.py - does the suite notice when a safety check is gone? One check at a time is taken out of a copy of the
tree, which is built and tested; a mutant that passes everything has survived.

Mutants: every `if` of the files in SCOPE with its condition made false, every check macro dropped, and the rows of
mutants.py (masks, limits, comparisons, what is not an `if`). mutants.py also lists those that change nothing that can
be seen, each with its reason; they are not run.

usage: mutate.py SOURCE_DIR [--work DIR] [--only TEXT] [--corpus | --units] [--resume] [--sample N] [--list] [--record FILE]
  --work: where the copy lives; kept if named, so that a second run builds less
  --only: mutants whose key contains TEXT; may be given more than once
  --corpus: the corpus alone, a quick first round; --units: the tests in C alone, for what it left
  --record: add to FILE who killed what; the last line of a mutant counts
  --resume: leave out what the record says is killed; --nobase: believe that all is well without a mutation
  --sample: N of the mutants that tests/mutation/record.txt says are killed, evenly spread, each against its killer only
Exit: 0 if none survived.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mutants import CHECKS, EQUIVALENT, ROWS, SCOPE

# By folder or file: the tests in C beside the corpus, quick ones first.
UNIT = {"rt-sandbox": ["unit_recursion_test", "unit_sandbox_memory_test", "unit_sandbox_test", "unit_copies_test", "unit_compiled_test"],
        "compiler": ["unit_cc_test", "unit_rewrite_callees_test", "fault_front_alloc_test", "unit_callees_test",
                     "unit_compiled_test"],
        "compiler/native/recursion.c": ["unit_recursion_test"],
        "compiler/rewrite/meter_": ["unit_rewrite_loops_test", "unit_rewrite_range_test", "unit_meter_arms_test",
                                    "unit_rewrite_meter_test", "unit_meter_test", "unit_stop_test"],
        "compiler/rewrite/meter_bound.c": ["unit_rewrite_bound_test", "unit_meter_bound_test", "unit_rewrite_range_test",
                                           "unit_meter_range_test"],
        "compiler/rewrite/meter_range.c": ["unit_rewrite_range_test", "unit_meter_range_test"],
        "compiler/rewrite/meter_skip.c": ["unit_rewrite_skip_test", "unit_meter_skip_test"],
        "compiler/rewrite/meter.c": ["unit_rewrite_meter_test", "unit_meter_arms_test", "unit_rewrite_range_test", "unit_meter_range_test", "unit_stop_test"],
        "compiler/native/recursion_fuel.c": ["unit_recursion_test"], "compiler/native/glue.c": ["unit_stop_test"],
        "compiler/native/lines.c": ["unit_lines_test"], "compiler/native/places.c": ["unit_lines_test"],
        "runtime/plugin": ["unit_plugin_test"], "runtime/plugin/alloc.c": ["unit_aside_test"],
        "runtime/host": ["unit_sql_count_test", "fault_locks_test", "unit_linear_test", "unit_host_files_test",
                         "unit_sql_copies_test", "unit_deep_sql_test", "unit_attach_test"],
        "runtime/host/shadow.c": ["unit_shadow_test", "unit_shadow_stale_test", "fault_engine_test:UTF-16"],
        "runtime/host/ctes.c": ["unit_ctes_test", "unit_authorize_test", "unit_body_test", "fault_engine_test:UTF-16"],
        "runtime/sqlite": ["unit_short_test", "unit_short_random_test", "unit_versions_test", "unit_state_test",
                           "unit_default_test", "unit_table_test", "unit_stop_test", "fault_engine_test:short_calls_that_take_the_system_to_forget"],
        "runtime/sqlite/attach.c": ["unit_stop_sql_test"], "runtime/sqlite/lookup.c": ["unit_stop_sql_test"],
        "runtime/instance": ["escape_landing_test", "escape_memory_test", "unit_instance_test", "unit_instance_memory_test", "unit_aside_test", "unit_reset_test", "unit_image_test", "unit_birth_test",
                    "unit_budget_test", "unit_signal_test", "unit_compiled_test", "unit_meter_test", "unit_stop_test",
                    "unit_lines_test"]}
# Classes of the corpus to try first, by file.
FIRST = {"hsb_table.h": "06 08 03 13", "hsb_memory.h": "04 08 05 10 03", "hsb_simd_memory.h": "05 04 10",
         "hsb_cold.c": "06 02 11 09", "hsb_cold.h": "11 09", "hsb_override.h": "11 10", "hsb_lib.c": "08", "hsb_copy.h": "08",
         "hsb_check.h": "19 08", "cow.c": "13 02 03", "cc_flags.def": "11 04 10", "hsb_abi.h": "04 14", "reserve.c": "14 02 03",
         "image.c": "13 08", "birth.c": "13 02", "strips.c": "13 08", "guest.c": "19 13", "signal.c": "12 04", "track.c": "13 19 09",
         "budget.c": "12 14 09 11", "charge.h": "14 12",
         "call.c": "12 11 13", "canon_callees.c": "06 08", "outermost.h": "11 14 12", "guard_x86_64.S": "12"}
# A file's own test in C, which is tried before the others.
OWN = {"linear.c": "unit_linear_test", "rewrite_sql.c": "unit_linear_test", "internal.h": "unit_linear_test",
       "copies.c": "unit_sql_count_test", "flatten.c": "unit_sql_count_test", "compile_bounds.c": "unit_sql_copies_test",
       "compile_bounds.h": "unit_sql_copies_test", "stmt.c": "unit_sql_copies_test", "conn.c": "unit_sql_copies_test",
       "env.c": "unit_sql_copies_test", "custom.c": "unit_sql_copies_test", "log.c": "unit_sql_copies_test",
       "expand.c": "unit_sql_count_test", "fs_locks.c": "unit_host_files_test", "canon_callees.c": "unit_rewrite_callees_test",
       "birth.c": "unit_birth_test", "aside.c": "unit_aside_test", "strips.c": "unit_reset_test", "outermost.h": "unit_instance_test"}
SECONDS = 200  # of one suite
TIME_IS_UP = 124


class Mutant:
    def __init__(self, path, old, new, at):
        self.path, self.old, self.new, self.at = path, old, new, at
        self.line = 0

    def key(self):
        return f"{self.path}: {' '.join(self.old.split())} => {' '.join(self.new.split()) or 'nothing'}"


def balanced(text, begin):
    """Index behind the parenthesis that closes the one at begin."""
    depth = 0
    for n in range(begin, len(text)):
        depth += {"(": 1, ")": -1}.get(text[n], 0)
        if depth == 0:
            return n + 1
    raise ValueError("unbalanced")


def mutants_of(path, text):
    seen = {}

    def made(old, new, at):
        # The same text twice in a file: numbered, so that each has a key of its own.
        seen[old] = seen.get(old, 0) + 1
        m = Mutant(path, old, new, at)
        m.line = text.count("\n", 0, at) + 1
        m.number = seen[old]
        return m

    # Comments, strings and characters hide what looks like code; in this order, for an apostrophe may stand in each.
    blank = text
    for hides in (r"/\*.*?\*/", r'"(?:\\.|[^"\\\n])*"', r"'(?:\\.|[^'\\\n])+'"):
        blank = re.sub(hides, lambda m: re.sub(r"[^\n]", " ", m.group()), blank, flags=re.S)
    for m in re.finditer(r"(?<![#\w])if \(", blank):
        end = balanced(blank, m.end() - 1)
        condition = text[m.end():end - 1]
        yield made(text[m.start():end], f"if (0 && ({condition}))", m.start())
    for name in CHECKS:
        for m in re.finditer(rf"(?<!define )\b{name}\(", blank):
            end = balanced(blank, m.end() - 1)
            if blank[end:end + 1] == ";":
                yield made(text[m.start():end + 1], "(void)0;", m.start())


def by_hand(path, text):
    for row_path, old, new in ROWS:
        if row_path == path:
            if text.count(old) != 1:
                sys.exit(f"mutants.py: {old!r} is {text.count(old)} times in {path}")
            m = Mutant(path, old, new, text.index(old))
            m.line, m.number = text.count("\n", 0, m.at) + 1, 1
            yield m


def collect(source):
    out = []
    for path in sorted(set(SCOPE) | {row[0] for row in ROWS}):
        text = (source / path).read_text()
        out += list(mutants_of(path, text)) if path in SCOPE else []
        out += list(by_hand(path, text))
    return out


def name_of(m):
    return m.key() + (f" #{m.number}" if m.number > 1 else "")


class Copy:
    """A copy of the tree, its build and its suites."""

    def __init__(self, source, folder):
        self.source, self.tree, self.build = source, folder / "tree", folder / "build"
        self.plugins = folder / "plugins"
        self.tree.mkdir(parents=True, exist_ok=True)
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=source, text=True,
                                capture_output=True, check=True).stdout.split("\n")
        for name in filter(None, listed):
            to = self.tree / name
            if (source / name).is_file() and not (to.is_file() and to.read_bytes() == (source / name).read_bytes()):
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source / name, to)
                for old in self.plugins.glob(f"{to.name}.*.so"):
                    old.unlink()
        # A mutant is to be tested, not to be refused for a variable that it leaves unused.
        top = self.tree / "CMakeLists.txt"
        top.write_text(top.read_text().replace(" -Werror", ""))
        (self.tree / "build").mkdir(exist_ok=True)
        for made in ("toolchain", "build/engines"):  # which take minutes to make
            if (source / made).is_dir() and not (self.tree / made).exists():
                (self.tree / made).symlink_to(source / made)
        self.env = dict(os.environ, HELIOS_SOURCE=str(self.tree), HELIOS_BIN=str(self.build / "bin"))
        launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        self.run(["cmake", "-S", self.tree, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=",
                  "-DCMAKE_C_FLAGS=-O0", *launcher], check=True)

    def run(self, command, check=False, seconds=1200, more=None):
        try:
            done = subprocess.run(list(map(str, command)), env=self.env | (more or {}), cwd=self.tree, text=True, errors="replace",
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds)
        except subprocess.TimeoutExpired as e:
            return TIME_IS_UP, (e.stdout or b"").decode(errors="replace")
        if check and done.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}")
        return done.returncode, done.stdout

    def make(self, *targets):
        return self.run(["cmake", "--build", self.build, "--", "-j1", *targets])

    def unit(self, target):
        """A test in C; after a colon, the only scenario of tests/fault that it is to try."""
        name, (target, _, scenario) = target, target.partition(":")
        faults = {"HELIOS_FAULT": scenario.replace("_", " ")} if scenario else {}
        status, said = self.make(target)
        if status != 0:
            sys.exit(f"{target} does not build: {said[-600:]}")
        status, said = self.run([self.build / "bin" / target], seconds=SECONDS, more=faults)
        failed = re.search(r"\[  FAILED  \] (\S+)", said)
        begun = re.findall(r"\[ RUN      \] (\S+)", said) or ["its beginning"]
        how = "time is up in " if status == TIME_IS_UP else "ends in "
        return f"{name} {failed.group(1) if failed else how + begun[-1]}" if status else None

    def escape(self, mode, files, plugins):
        keep = ["--reuse", plugins] if plugins else []
        status, said = self.run([self.build / "bin/escape_run", "--stop", "yes", *keep, "--modes", mode, *files],
                                seconds=SECONDS)
        failed = re.search(r"^FAILED (\S+ \(\S+\))", said, re.M)
        return f"escape {failed.group(1) if failed else said[-60:].strip()}" if status else None

    def opcodes(self, mode):
        status, said = self.run([sys.executable, "tests/escape/opcodes.py", self.build / "bin/escape_run",
                                 "compiler/module/opcodes.def", "--stop", "yes", "--modes", mode], seconds=SECONDS)
        failed = re.search(r"^FAILED (\S+ \(\S+\))", said, re.M)
        return f"opcodes {failed.group(1) if failed else said[-60:].strip()}" if status else None

    def files(self, classes=""):
        """The corpus; if classes are named, only those, in that order."""
        found = sorted((self.tree / "tests/escape").glob("[0-9][0-9]-*.wat"))
        return [f for c in classes.split() for f in found if f.name[:2] == c] if classes else found


def killer(copy, m, corpus, units):
    """Who notices; None if nobody does."""
    folder, name = max((f for f in UNIT if m.path.startswith(f)), key=len), Path(m.path).name
    status, said = copy.make("escape_run") if corpus else (0, "")
    if status != 0:
        sys.exit(f"{name_of(m)} does not compile: {said[-600:]}")
    plugins = copy.plugins if folder.startswith("runtime") else None  # else they are not what they would be
    near, all_of = copy.files(FIRST.get(name, "19")), copy.files()
    steps = []
    if corpus:
        steps += [lambda: copy.escape("explicit-O3", near, plugins), lambda: copy.escape("guard-O3", near, plugins)]
    if corpus and plugins:
        steps += [lambda: copy.escape("O3", all_of, plugins)]
    if units:
        steps += [lambda n=n: copy.unit(n) for n in sorted(UNIT[folder], key=lambda n: n != OWN.get(name))]
    if "memory" in name and corpus and units:
        steps += [lambda mode=mode: copy.opcodes(mode) for mode in ("explicit-O3", "guard-O3")]
    if not plugins and corpus and units:
        steps += [lambda: copy.escape("O3", all_of, None), lambda: copy.escape("O1", all_of, None)]
    for step in steps:
        found = step()
        if found:
            return found
    return None


def again(copy, m, by):
    """The one test that killed it before."""
    if by.startswith(("unit_", "escape_", "fault_")):
        return copy.unit(by.split()[0])
    copy.make("escape_run")
    found = re.match(r"(escape|opcodes) (\S+) \((\S+)\)", by)
    if not found or found.group(1) == "opcodes":
        return copy.opcodes(found.group(3) if found else "O3")
    return copy.escape(found.group(3), [copy.tree / "tests/escape" / found.group(2)], None)


def read_record(path):
    rows = [line.split("\t") for line in path.read_text().split("\n") if "\t" in line]
    return {key: by for by, key in rows}


def apply(copy, m):
    path = copy.tree / m.path
    text = (copy.source / m.path).read_text()
    path.write_text(text[:m.at] + m.new + text[m.at + len(m.old):])


def undo(copy, m):
    shutil.copyfile(copy.source / m.path, copy.tree / m.path)


def baseline(copy, o, runtime):
    """All is well without a mutation; and the plugins that mutants of the engine are tried with."""
    units = [] if o.sample or o.corpus else sorted({n for names in UNIT.values() for n in names})
    targets = ["escape_run", *sorted({n.partition(":")[0] for n in units})]
    copy.run(["cmake", "--build", copy.build, "--", f"-j{2 if o.sample else 1}", *targets], check=True)
    if o.sample or o.nobase or not runtime:
        return
    found = copy.escape("O3", copy.files(), copy.plugins)
    for name in units:
        found = found or copy.unit(name)
    if found:
        sys.exit(f"without any mutation: {found}")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("source", type=Path)
    p.add_argument("--work", type=Path)
    p.add_argument("--only", action="append", default=[])
    p.add_argument("--sample", type=int, default=0)
    p.add_argument("--list", action="store_true")
    p.add_argument("--corpus", action="store_true")
    p.add_argument("--units", action="store_true")
    p.add_argument("--resume", action="store_true")
    p.add_argument("--nobase", action="store_true")
    p.add_argument("--record", type=Path)
    o = p.parse_args()
    source = o.source.resolve()
    mutants = [m for m in collect(source) if not o.only or any(text in name_of(m) for text in o.only)]
    names = {name_of(m) for m in mutants}
    stale = [] if o.only else [key for key in EQUIVALENT if key not in names]
    for key in stale:
        print(f"mutants.py: no such mutant: {key}")
    wanted = [m for m in mutants if name_of(m) not in EQUIVALENT]
    if o.list or stale:
        print("\n".join(f"{m.path}:{m.line}: {name_of(m)}" for m in wanted))
        print(f"{len(wanted)} mutants, {len(mutants) - len(wanted)} equivalent")
        sys.exit(bool(stale))
    record = {}
    if o.sample:
        record = read_record(Path(__file__).parent / "record.txt")
        known = [m for m in wanted if record.get(name_of(m), "none").split()[0] in ("escape", "opcodes")]
        wanted = known[::max(1, len(known) // o.sample)][:o.sample]
    if o.resume and o.record.exists():
        record = read_record(o.record)
        wanted = [m for m in wanted if record.get(name_of(m), "SURVIVED") == "SURVIVED"]
    folder = o.work or Path(tempfile.mkdtemp(prefix="helios-mutation-"))
    folder.mkdir(parents=True, exist_ok=True)
    survived, begin = [], time.time()
    try:
        copy = Copy(source, folder.resolve())
        baseline(copy, o, any(m.path.startswith("runtime") for m in wanted))
        for n, m in enumerate(wanted, 1):
            apply(copy, m)
            by = again(copy, m, record[name_of(m)]) if o.sample else killer(copy, m, not o.units, not o.corpus)
            undo(copy, m)
            print(f"{n}/{len(wanted)} {m.path}:{m.line} {name_of(m)}\n    {by or 'SURVIVED'}", flush=True)
            survived += [] if by else [m]
            if o.record:
                with open(o.record, "a") as f:
                    f.write(f"{' '.join((by or 'SURVIVED').split())}\t{name_of(m)}\n")
    finally:
        if not o.work:
            shutil.rmtree(folder, ignore_errors=True)
    killed = len(wanted) - len(survived)
    print(f"{killed} of {len(wanted)} killed in {time.time() - begin:.0f} s")
    sys.exit(bool(survived) or not wanted)


if __name__ == "__main__":
    main()
