#!/usr/bin/env python3
"""check.py - the tree's own rules, as a test: folder order, banned functions, sizes, file headers.

usage: check.py top|order|banned|limits|headers|names|docs|format [SOURCE_DIR]
Prints each breach as file:line and exits 1 if there is one. The rules are those of docs/architecture.md.
"""
import re
import subprocess
import sys
from pathlib import Path

TOP = {"compiler", "runtime", "rt-sandbox", "sdk", "examples", "fuzz", "tests", "docs", ".ci", ".clang-format", ".gitignore",
       "CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md"}
# Each folder may include from itself and from what stands above it in this list.
ORDER = ["rt-sandbox", "runtime/include", "runtime/plugin", "runtime/instance", "runtime/capability",
         "runtime/observe", "runtime/host", "runtime/registry", "runtime/ddl", "runtime/sqlite",
         "compiler/cmdline", "runtime/cli"]
COMPILER = ["rt-sandbox", "compiler/verify", "compiler/cmdline", "compiler/base", "compiler/module", "compiler/tools", "compiler/rewrite",
            "compiler/seal", "compiler/languages", "compiler/native", "compiler/fuzz", "compiler/cli"]  # never the runtime
VERIFY = "compiler/verify/"  # judges what the rest of the compiler made: includes nothing but itself and libc
LIBRARY = ["compiler", "runtime", "rt-sandbox"]  # no prints, no exits in here
FRONT = re.compile(r"compiler/cli/|compiler/tools/(jail|run)\.c$|compiler/rewrite/lower_main\.c$|compiler/fuzz/|runtime/cli/")  # programs, children may
BANNED = re.compile(
    r"(?<![\w.>])(abort|exit|_exit|assert|printf|puts|putchar|perror|gets|strcpy|strcat|sprintf|vsprintf"
    r"|strtok|atoi|atol|atof|alloca|system|popen|tmpnam|mktemp|setjmp|longjmp|sigsetjmp|siglongjmp)\s*\(")
FILE_LINES, FUNCTION_LINES = 800, 80
# Longer for a reason: FILE:FUNCTION -> why.
EXCEPTIONS = {}


def listed(root, *options):
    return subprocess.run(["git", "ls-files", *options], cwd=root, text=True, capture_output=True, check=True).stdout.split("\n")


def files(root, *suffixes):
    out = listed(root, "-co", "--exclude-standard")
    return sorted(p for p in out if p.endswith(suffixes) and (root / p).is_file())


def code_lines(text):
    """Lines with comments and string contents blanked, so that prose is never taken for code."""
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', text).split("\n")


def layer(path, order):
    best = None
    for i, folder in enumerate(order):
        if path.startswith(folder + "/") and (best is None or len(folder) > len(order[best])):
            best = i
    return best


def resolve(root, path, name):
    """The file in the tree that `#include "name"` in path means, or None for one from outside."""
    for base in (Path(path).parent, Path("rt-sandbox/include"), *map(Path, COMPILER), Path("runtime"), Path("runtime/include")):
        if (root / base / name).is_file():
            return (base / name).as_posix()
    return None


def check_top(root):
    """What the README's session leaves here is not to be committed."""
    for name in sorted({p.split("/")[0] for p in listed(root) if p} - TOP):
        yield f"{name}: is in the top folder"


def check_order(root):
    for path in files(root, ".c", ".h", ".def", ".S"):
        order = ORDER if path.startswith("runtime/") else COMPILER
        mine = layer(path, order)
        if mine is None:
            continue
        for n, line in enumerate((root / path).read_text(errors="replace").split("\n"), 1):
            m = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
            target = m and resolve(root, path, m.group(1))
            if not target:
                continue
            if path.startswith(VERIFY) and '"' in line and not target.startswith(VERIFY):
                yield f"{path}:{n}: includes {target}; the link check shares nothing with what it judges"
            theirs = layer(target, order)
            if theirs is None or theirs > mine:
                yield f"{path}:{n}: includes {target}, which stands below it"


def check_banned(root):
    for path in files(root, ".c", ".h"):
        if path.split("/")[0] not in LIBRARY or FRONT.search(path):
            continue
        for n, line in enumerate(code_lines((root / path).read_text(errors="replace")), 1):
            m = BANNED.search(line)
            if m:
                yield f"{path}:{n}: {m.group(1)} has no place in a library that runs inside a database"
    for path in files(root, ".c"):
        engine = path.startswith("runtime/") and not path.startswith("runtime/cli/")
        if engine and not path.endswith("plugin/alloc.c"):
            for n, line in enumerate(code_lines((root / path).read_text(errors="replace")), 1):
                if re.search(r"(?<![\w.>])(malloc|calloc|realloc|free|strdup|strndup|asprintf)\s*\(", line):
                    yield f"{path}:{n}: allocate through runtime/plugin/alloc.h"


def functions(lines):
    """(name, first line, last line) of functions, by braces in column 0."""
    start = None
    for n, line in enumerate(lines, 1):
        if start is None and re.match(r"[A-Za-z_].*\)\s*\{\s*$", line):
            start = n
        elif start is None and line == "{":
            start = n - 1
        elif start is not None and line.startswith("}"):
            m = re.search(r"([A-Za-z_]\w*)\s*\(", lines[start - 1])
            yield (m.group(1) if m else "?", start, n)
            start = None


def check_limits(root):
    for path in files(root, ".c", ".h"):
        if path.startswith(("tests/", "examples/", "fuzz/")):
            continue
        lines = code_lines((root / path).read_text(errors="replace"))
        if len(lines) > FILE_LINES + 1:
            yield f"{path}:1: {len(lines)} lines; {FILE_LINES} are enough for one idea"
        for name, first, last in functions(lines):
            if last - first + 1 > FUNCTION_LINES and f"{path}:{name}" not in EXCEPTIONS:
                yield f"{path}:{first}: {name} has {last - first + 1} lines; {FUNCTION_LINES} is the limit"


def check_headers(root):
    for path in files(root, ".c", ".h", ".def", ".S", ".rs"):
        text = (root / path).read_text(errors="replace").lstrip()
        name = re.escape(Path(path).name)
        if not re.match(r"(/\*|//!?|//)\s*[^\n]*" + name, text):
            yield f"{path}:1: opens without a comment that says what {Path(path).name} is for"


def check_names(root):
    """No open ends, no address of the workplace."""
    marks = re.compile("TO" + r"DO|FIX" + r"ME|(?<!X)XX" + r"X\b|://[a-z]*(deb|registry|proxy|pypi|static)\.|/wor" + "k/|/tm" + "p/tc")
    for path in files(root, ".c", ".h", ".def", ".S", ".py", ".sh", ".rs", ".md", ".txt", ".cmake", ".mjs"):
        if path.startswith("tests/spec/core/"):
            continue
        for n, line in enumerate((root / path).read_text(errors="replace").split("\n"), 1):
            if marks.search(line):
                yield f"{path}:{n}: {line.strip()[:80]}"


def table_rows(root):
    """The rows that docs/observability.md has of runtime/observe/tables.def."""
    text = (root / "runtime/observe/tables.def").read_text()
    for m in re.finditer(r'^HRT_(TABLE|COLUMN)\((\w+), "?(\w+)"?,\s+"?(\w*)"?,\s+"([^"]*)"\)', text, re.M):
        kind, _, name, second, doc = m.groups()
        yield f"| **{name}** | {f'`{second}`' if second else ''} | {doc} |" if kind == "TABLE" \
            else f"| `{name}` | {second} | {doc} |"


def check_tables(root):
    want = "\n".join(table_rows(root))
    if want.count("\n") < 100 or want not in (root / "docs/observability.md").read_text():
        yield "docs/observability.md: its tables are not those of runtime/observe/tables.def, which are:\n" + want


def check_docs(root):
    """docs/limits.md gives the compiler's limits; links of every page lead somewhere."""
    yield from check_tables(root)
    page = (root / "docs/limits.md").read_text()
    for m in re.finditer(r"#define (HCC_MAX_\w+) +\(?(\d+)u?(?: << (\d+)\))?", (root / "compiler/base/limits.h").read_text()):
        value = int(m.group(2)) << int(m.group(3) or 0)
        if not re.search(rf"`{m.group(1)}`\) \| {value:,} \|", page):
            yield f"docs/limits.md: no row with `{m.group(1)}` and {value:,}"
    for path in files(root, ".md"):
        for target in re.findall(r"\]\(([^)#\s]+)", (root / path).read_text()):
            if "://" not in target and not (root / path).parent.joinpath(target).exists():
                yield f"{path}: link to {target}, which is not there"


def check_format(root):
    """clang-format decides layout."""
    names = [p for p in files(root, ".c", ".h") if not p.startswith("examples/")]
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *names], cwd=root, text=True, capture_output=True)
    for line in done.stderr.split("\n"):
        if "clang-format-violations" in line:
            yield line


def main():
    rule = sys.argv[1] if len(sys.argv) > 1 else ""
    root = Path(sys.argv[2] if len(sys.argv) > 2 else ".").resolve()
    check = globals().get("check_" + rule)
    if check is None:
        sys.exit(__doc__)
    breaches = list(check(root))
    print("\n".join(breaches))
    print(f"{rule}: {len(breaches)} breaches")
    sys.exit(1 if breaches else 0)


main()
