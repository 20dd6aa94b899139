#!/usr/bin/env python3
"""binaries.py - escape classes 7, 17 and 18 as binary modules that no assembler would write: tail calls of every
shape, counts and sizes near 2^32, more of everything than a narrow field holds.

Each must be refused with a named error, or build; heliosc must neither crash, hang nor fill the memory (its limit
here is 2 GiB), and says where the problem is.

usage: binaries.py BIN_DIR
"""
import os
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from wasm import *  # noqa: E402,F403

SECONDS = 60
VOID = functype()


def tail(body, **more):
    """Two functions and a table; the second has the body."""
    return module(types=[VOID], funcs=[leb(0)] * 2, tables=[b"\x70\x00\x02"], bodies=[code(b""), code(body)],
                  elems=[b"\x00\x41\x00\x0b\x02\x00\x01"], **more)


def huge(n, number, rest=b""):
    """A section whose vector says it has n items."""
    return HEADER + section(number, leb(n) + rest)


def raw_section(number, size, body=b""):
    return HEADER + bytes([number]) + leb(size) + body


def many(kind, n):
    body = code(b"")
    return {"types": lambda: module(types=[VOID] * n),
            "types in two groups": lambda: module(types=[VOID] * (n // 2) + [functype([I32])] * (n - n // 2)),
            "functions": lambda: HEADER + section(1, vec([VOID])) + section(3, leb(n) + b"\0" * n)
            + section(10, leb(n) + body * n),
            "locals in one group": lambda: module(types=[VOID], funcs=[leb(0)], bodies=[code(b"", [(n, I32)])]),
            "locals in groups": lambda: module(types=[VOID], funcs=[leb(0)], bodies=[code(b"", [(1, I32)] * n)]),
            "locals in groups of 2^31": lambda: module(types=[VOID], funcs=[leb(0)],
                                                       bodies=[code(b"", [(2**31, I32)] * n)]),
            "parameters": lambda: module(types=[functype([I32] * n)]),
            "results": lambda: module(types=[functype((), [I32] * n)]),
            "globals": lambda: module(globals_=[b"\x7f\0\x41\0\x0b"] * n),
            "exports": lambda: module(types=[VOID], funcs=[leb(0)], bodies=[body],
                                      exports=[export_func(f"e{i}", 0) for i in range(n)]),
            "imports": lambda: module(types=[VOID], imports=[import_func("m", f"i{i}", 0) for i in range(n)]),
            "data segments": lambda: module(memories=[b"\0\x01"], datas=[b"\0\x41\0\x0b\0"] * n),
            "element segments": lambda: module(tables=[b"\x70\0\0"], elems=[b"\0\x41\0\x0b\0"] * n),
            "tables": lambda: module(tables=[b"\x70\0\0"] * n),
            "nested blocks": lambda: module(types=[VOID], funcs=[leb(0)], bodies=[code(b"\x02\x40" * n + b"\x0b" * n)]),
            "nested ifs": lambda: module(types=[VOID], funcs=[leb(0)],
                                         bodies=[code(b"\x41\0\x04\x40" * n + b"\x0b" * n)]),
            "br_table targets": lambda: module(types=[VOID], funcs=[leb(0)],
                                               bodies=[code(b"\x41\0\x0e" + leb(n) + b"\0" * (n + 1))]),
            "operands": lambda: module(types=[VOID], funcs=[leb(0)], bodies=[code(b"\x41\0" * n + b"\x1a" * n)]),
            }[kind]()


# (class, title, binary, error code or None if it must build, text of the message)
CASES = [
    # 7: tail calls
    (7, "return_call of a local function", lambda: tail(b"\x12\x00"), "H0103", "tail call"),
    (7, "return_call of itself", lambda: tail(b"\x12\x01"), "H0103", "tail call"),
    (7, "return_call_indirect", lambda: tail(b"\x41\x00\x13\x00\x00"), "H0103", "tail call"),
    (7, "return_call of an import", lambda: module(types=[VOID], imports=[import_func("test", "h", 0)], funcs=[leb(0)],
                                                   bodies=[code(b"\x12\x00")]), "H0103", "tail call"),
    (7, "return_call of each other", lambda: module(types=[VOID], funcs=[leb(0)] * 2,
                                                    bodies=[code(b"\x12\x01"), code(b"\x12\x00")]), "H0103", "tail call"),
    (7, "return_call behind unreachable", lambda: tail(b"\x00\x12\x00"), "H0103", "tail call"),
    (7, "return_call_ref", lambda: tail(b"\xd2\x00\x15\x00"), "H0103", ""),
    (7, "call_ref", lambda: tail(b"\xd2\x00\x14\x00"), "H0103", ""),
    (7, "ref.as_non_null", lambda: tail(b"\xd2\x00\xd4\x1a"), "H0103", ""),
    (7, "memory64 table", lambda: module(tables=[b"\x70\x04\x01"]), "H010[03]", ""),
    (7, "custom page size", lambda: module(memories=[b"\x08\x01\x00"]), "H010[03]", ""),
    # 17: counts and sizes
    *[(17, f"{title} says it has 2^32-{less}", lambda n=number, k=less: huge(2**32 - k, n), "H010[02]", "")
      for title, number in (("type section", 1), ("import section", 2), ("function section", 3), ("table section", 4),
                            ("memory section", 5), ("global section", 6), ("export section", 7),
                            ("element section", 9), ("code section", 10), ("data section", 11))
      for less in (1, 2, 3, 4)],
    *[(17, f"section {n} of 2^32-{k} bytes", lambda n=n, k=k: raw_section(n, 2**32 - k), "H010[02]", "")
      for n in (0, 1, 10, 11) for k in (1, 2, 8, 9, 10)],
    *[(17, f"br_table with 2^32-{k} targets", lambda k=k: simple(body=b"\x41\0\x0e" + leb(2**32 - k) + b"\0", results=()),
       "H010[02]", "") for k in (1, 2, 3, 4, 5)],
    *[(17, f"a body of 2^32-{k} bytes", lambda k=k: HEADER + section(1, vec([VOID])) + section(3, b"\x01\x00")
       + section(10, b"\x01" + leb(2**32 - k)), "H010[02]", "") for k in (1, 2, 5)],
    *[(17, f"a name of 2^32-{k} bytes", lambda k=k: HEADER + section(7, b"\x01" + leb(2**32 - k) + b"ab"), "H010[02]", "")
      for k in (1, 2, 5)],
    *[(17, f"a data segment of 2^32-{k} bytes", lambda k=k: module(memories=[b"\0\x01"],
                                                                 datas=[b"\x01" + leb(2**32 - k) + b"x"]),
       "H010[02]", "") for k in (1, 4)],
    *[(17, f"2^32-{k} parameters", lambda k=k: HEADER + section(1, b"\x01\x60" + leb(2**32 - k)), "H010[02]", "")
      for k in (1, 4)],
    *[(17, f"2^32-{k} locals in a group", lambda k=k: module(types=[VOID], funcs=[leb(0)],
                                                           bodies=[code(b"", [(2**32 - k, I32)])]), "H0102", "local")
      for k in (1, 2, 49999)],
    (17, "locals whose sum is 2^32", lambda: many("locals in groups of 2^31", 2), "H0102", "local"),
    (17, "locals whose sum is 2^32 and one", lambda: module(types=[VOID], funcs=[leb(0)], bodies=[
        code(b"", [(2**31, I32), (2**31, I64), (1, I32)])]), "H0102", "local"),
    *[(17, f"a LEB128 of {n} bytes", lambda n=n: HEADER + section(1, b"\x80" * n + b"\0"), "H0100", "")
      for n in (5, 6, 9, 10, 100)],
    (17, "a LEB128 with bits above 32", lambda: HEADER + section(1, b"\xff\xff\xff\xff\x7f"), "H0100", ""),
    (17, "a signed LEB128 with bits above 32", lambda: simple(body=b"\x41\xff\xff\xff\xff\x4f"), "H0100", ""),
    (17, "a signed LEB128 of 64 bits and more", lambda: simple(body=b"\x42" + b"\xff" * 9 + b"\x3f", results=(I64,)),
     "H0100", ""),
    (17, "16,384 nested blocks", lambda: many("nested blocks", 16384), "H0102", "nest"),
    (17, "a million nested blocks", lambda: many("nested blocks", 1 << 20), "H0102", ""),
    (17, "16,384 nested ifs", lambda: many("nested ifs", 16384), "H0102", "nest"),
    (17, "a br_table of 2^20 targets", lambda: many("br_table targets", 1 << 20), "H0102", "br_table"),
    (17, "a million types in two groups", lambda: many("types in two groups", 1000000), "H0102", "type"),
    (17, "two million operands", lambda: many("operands", 2000000), "H0102", ""),
    (17, "a memory offset of 2^32", lambda: simple(body=b"\x41\0\x28\x02" + leb(2**32), memories=[b"\0\x01"]), "H0100", ""),
    # 18: just over what a narrow field holds: allowed up to the limit, refused above it, never taken for less
    *[(18, f"{n} {kind}", lambda n=n, kind=kind: many(kind, n), code_, "")
      for kind, top in (("types", 100000), ("functions", 200000), ("locals in one group", 50000),
                        ("locals in groups", 50000), ("parameters", 1000), ("results", 1000), ("globals", 10000),
                        ("exports", 10000), ("imports", 1000), ("data segments", 100000), ("tables", 100),
                        ("element segments", 100000), ("nested blocks", 10000), ("br_table targets", 65520))
      for n in (2**8 + 1, 2**16 + 1, 2**20 + 1)
      for code_ in ["H0102" if n > top else None]],
]


def limits():
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(heliosc, folder, case):
    _, title, make, code_, text = case
    path, out = folder / "m.wasm", folder / "out.wasm"
    path.write_bytes(make())
    out.unlink(missing_ok=True)
    # What must build is taken through the front end and the rewriting: clang has limits of its own.
    done = subprocess.run([heliosc, "build", path, "--emit=wasm", "-o", out], capture_output=True, timeout=SECONDS,
                          preexec_fn=None if os.environ.get("HELIOS_SANITIZED") else limits)
    said = done.stderr.decode(errors="replace")
    if code_ is None:
        return None if done.returncode == 0 and out.exists() else f"{title}: {done.returncode} {said}"
    good = done.returncode == 1 and re.search(rf"error\[{code_}\]", said) and text in said and not out.exists()
    return None if good else f"{title}: wanted {code_} {text}, got {done.returncode} {said}"


def main():
    heliosc = Path(sys.argv[1]).resolve() / "heliosc"
    counts, failed = {}, 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(HELIOS_KEY=f"{folder}/local.key", HELIOS_CACHE=f"{folder}/cache", NO_COLOR="1")
        for case in CASES:
            try:
                why = run(heliosc, Path(folder), case)
            except subprocess.TimeoutExpired:
                why = f"{case[1]}: not done in {SECONDS} s"
            counts[case[0]] = counts.get(case[0], 0) + 1
            if why:
                failed += 1
                print("FAILED", why[:400])
    print(", ".join(f"class {number}: {n}" for number, n in sorted(counts.items())), f"- {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
