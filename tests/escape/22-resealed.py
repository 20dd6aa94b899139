#!/usr/bin/env python3
"""22-resealed.py - the verifier accepts no more than heliosc emits: a real plugin is changed and sealed again with the
right key, so that only the link check of `heliosc verify` stands between it and a database. One change for each rule
that can be broken by changing bytes; tests/unit/linkcheck_test.c has those that take a linker.

usage: 22-resealed.py BIN_DIR
"""
import hashlib
import hmac
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

FOOTER = struct.Struct("<IHHQQII32s8sQ")  # hsb_file.h
MODULE = '(module (memory 1) (table 1 funcref) (func (export "f") (param i32) (result i32) (i32.load (local.get 0))))'
# Written over code, all of them whole instructions; NOPs fill up.
CODE = {"syscall": "0f05", "sysenter": "0f34", "int 0x80": "cd80", "int3": "cc", "hlt": "f4", "in": "ec", "out": "ee",
        "far return": "cb", "far jump": "ff28", "wrfsbase": "f3480faed0", "wrgsbase": "f3480faed8", "rdfsbase": "f3480faec0",
        "wrpkru": "0f01ef", "rdpkru": "0f01ee", "xrstor": "0fae28", "xsave": "0fae20", "ldmxcsr": "0fae10",
        "rdtsc": "0f31", "rdtscp": "0f01f9", "cpuid": "0fa2", "rdrand": "0fc7f0", "mov ds": "8ed8", "mov fs": "8ee0",
        "pop fs": "0fa1", "mov cr3": "0f22d8", "mov dr7": "0f23f8", "lgdt": "0f0110", "fs load": "64488b0425000000",
        "gs store": "6548890425000000", "absolute load": "a10000000000000000", "iret": "cf", "into": "0f0b0f0bce",
        "x87": "d9e8", "mmx": "0f77", "lock cmpxchg": "f00fb108", "std": "fd", "cli": "fa", "sti": "fb",
        "popf": "9d", "pushf": "9c", "jump out of the text": "e9ffffff7f", "call out of the text": "e8ffffff7f",
        "jump into an instruction": "eb01b800000000", "sgdt": "0f0100", "invlpg": "0f0138", "vmcall": "0f01c1",
        "enclu": "0f01d7", "monitor": "0f01c8", "clflush": "0fae38", "enter": "c8000000"}


class Plugin:
    def __init__(self, data, key):
        self.data, self.key = bytearray(data), key
        self.elf_size = FOOTER.unpack(data[-FOOTER.size:])[3]
        self.phoff, = struct.unpack_from("<Q", data, 32)
        self.phnum, = struct.unpack_from("<H", data, 56)
        self.shoff, = struct.unpack_from("<Q", data, 40)

    def segments(self):
        for n in range(self.phnum):
            at = self.phoff + n * 56
            yield at, struct.unpack_from("<IIQQQQQQ", self.data, at)

    def code(self):
        return next((s[2], s[5]) for _, s in self.segments() if s[0] == 1 and s[1] & 1)

    def dynamic(self):
        return next((s[2], s[5]) for _, s in self.segments() if s[0] == 2)

    def sealed(self):
        covered = len(self.data) - FOOTER.size + 32
        mac = hmac.new(self.key, self.data[:covered], hashlib.sha256).digest()
        return bytes(self.data[:covered]) + mac + bytes(self.data[covered + 32:])


def changes(plugin):
    """(title, offset, bytes): one each."""
    text, size = plugin.code()
    # A stretch of code that is long enough and begins with an instruction: the first function.
    for title, code in CODE.items():
        raw = bytes.fromhex(code)
        yield f"code: {title}", text, raw + b"\x90" * (24 - len(raw))
    yield "code: ends in the middle of an instruction", text + size - 1, b"\xe8"
    for at, s in plugin.segments():
        if s[0] == 1:
            yield f"segment at {s[2]:#x} writable and executable", at + 4, struct.pack("<I", 7)
        if s[0] == 1 and s[1] & 2 == 0:
            yield f"segment at {s[2]:#x} overlaps the next", at + 40, struct.pack("<Q", s[6] + 0x100000)
        if s[0] == 0x6474e551:
            yield "executable stack", at + 4, struct.pack("<I", 7)
        if s[0] == 0x6474e552:
            yield "nothing read-only after relocation", at, struct.pack("<I", 0)
            yield "an interpreter", at, struct.pack("<I", 3)
            yield "thread-local storage", at, struct.pack("<I", 7)
    begin, size = plugin.dynamic()
    end = next(at for at in range(begin, begin + size, 16) if plugin.data[at:at + 8] == b"\0" * 8)
    for name, tag in (("NEEDED", 1), ("INIT", 12), ("FINI", 13), ("SONAME", 14), ("RPATH", 15), ("TEXTREL", 22),
                      ("JMPREL", 23), ("INIT_ARRAY", 25), ("FINI_ARRAY", 26), ("RUNPATH", 29), ("AUDIT", 0x6ffffefc)):
        yield f"dynamic entry {name}", end, struct.pack("<QQQQ", tag, 1, 0, 0)[:16]
    yield "entry point", 24, struct.pack("<Q", text)
    yield "32 bits", 4, b"\x01"
    yield "big-endian", 5, b"\x02"
    yield "an executable, not a shared object", 16, struct.pack("<H", 2)
    yield "another machine", 18, struct.pack("<H", 3)
    yield "program headers outside", 32, struct.pack("<Q", 1 << 40)
    yield "section headers outside", 40, struct.pack("<Q", 1 << 40)
    yield "too many program headers", 56, struct.pack("<H", 0xffff)


def main():
    heliosc = Path(sys.argv[1]).resolve() / "heliosc"
    if os.uname().machine != "x86_64":
        print("skipped: the changes are x86-64's")
        return 77
    failed = count = 0
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        key = here / "key"
        os.environ.update(HELIOS_KEY=str(key), HELIOS_CACHE=f"{folder}/cache", NO_COLOR="1")
        (here / "m.wat").write_text(MODULE)
        subprocess.run([heliosc, "build", here / "m.wat", "-o", here / "m.so"], check=True, capture_output=True)
        good, secret = (here / "m.so").read_bytes(), key.read_bytes()

        def verify(data):
            (here / "x.so").write_bytes(data)
            return subprocess.run([heliosc, "verify", here / "x.so"], capture_output=True, text=True, errors="replace")

        same = Plugin(good, secret).sealed()
        if same != good or verify(same).returncode != 0:
            print("FAILED the seal made here is not heliosc's")
            return 1
        for title, at, raw in changes(Plugin(good, secret)):
            changed = Plugin(good, secret)
            changed.data[at:at + len(raw)] = raw
            done = verify(changed.sealed())
            count += 1
            if done.returncode != 4 or "H0400" not in done.stderr:
                failed += 1
                print(f"FAILED {title}: {done.returncode} {(done.stdout + done.stderr).strip()[:200]}")
    print(f"class 22: {count} changes, {failed} not refused")
    return int(failed != 0)


sys.exit(main())
