#!/usr/bin/env python3
"""bad_input.py - bad input gets a clear error and loses nothing.

Every module of the tables below goes through `heliosc build` and through CREATE PROCEDURE. For a bad one heliosc
must exit with 1, name the error, write no file; the SQL must fail and leave the database's dump as it was. For a
hostile but valid one the build must succeed, no byte of its name may reach a file that clang reads, and the
procedure must work.

usage: bad_input.py BIN_DIR
"""
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from wasm import *  # noqa: E402,F403

GOOD = simple()
MEMORY = [b"\0\x01"]


def refused(proposal, binary):
    return (f"refused proposal {proposal}", binary, "H0103", proposal)


def limit(title, binary):
    return (title, binary, "H0102", "")


# (title, bytes, error code, text that the message must have)
BAD = [
    ("empty file", b"", "H0100", ""),
    ("text that is not a module", b"hello\n", "H0100", ""),
    ("text module with an error", b"(module (func (export \"f\") (result i32) i32.cons 1))", "H0109", ""),
    ("only the magic", GOOD[:4], "H0100", ""),
    ("wrong version", b"\0asm\x02\0\0\0", "H0100", ""),
    ("unknown section", GOOD + section(77, b""), "H0100", ""),
    ("sections out of order", GOOD + section(1, b"\0"), "H0100", ""),
    ("section longer than the file", HEADER + b"\x01\xff\xff\xff\xff\x0f", "H010[02]", ""),
    ("count that wraps", HEADER + section(1, b"\xfe\xff\xff\xff\x0f"), "H010[02]", ""),
    ("overlong LEB128", HEADER + section(1, b"\x80\x80\x80\x80\x80\x00"), "H0100", ""),
    ("name that is not UTF-8", simple(export=b"\xff\xfe"), "H0100", "UTF-8"),
    ("function without body", module(types=[functype()], funcs=[leb(0)]), "H0100", ""),
    ("type mismatch", simple(body=b"\x42\x01"), "H0101", "mismatch"),
    ("stack underflow", simple(body=b"\x6a"), "H0101", ""),
    ("unknown local", simple(body=b"\x20\x07"), "H0101", "local"),
    ("unknown function", simple(body=b"\x10\x63"), "H0101", "function"),
    ("duplicate export", simple(exports=[export_func("f", 0)]), "H0101", "duplicate"),
    ("memory over 4 GiB", module(memories=[b"\0" + leb(65537)]), "H010[12]", "65536"),
    ("load without memory", simple(body=b"\x41\0\x28\x02\0"), "H0101", "memory"),
    ("misaligned load", simple(body=b"\x41\0\x28\x03\0", memories=MEMORY), "H0101", "align"),
    ("start with parameters", module(types=[functype([I32])], funcs=[leb(0)], start=0, bodies=[code(b"")]), "H0101",
     "start"),
    refused("memory64", module(memories=[b"\x04\x01"])),
    refused("threads", module(memories=[b"\x03\x01\x01"])),
    refused("threads", simple(body=b"\xfe\x03\x00")),
    refused("tail call", module(types=[functype()], funcs=[leb(0)], bodies=[code(b"\x12\0")])),
    refused("exception", simple(body=b"\x06\x7f\x41\0\x0b")),
    refused("exception", HEADER + section(13, b"\0")),
    refused("multi-memory", module(memories=MEMORY * 2)),
    refused("gc", HEADER + section(1, b"\x01\x5f\x01\x7f\0")),
    refused("relaxed", simple(body=b"\xfd\x80\x02")),
    limit("too many locals", module(types=[functype((), (I32,))], funcs=[leb(0)],
                                   bodies=[code(b"\x41\0", [(50001, I32)])])),
    limit("far too many types", HEADER + section(1, leb(200000) + functype() * 200000)),
    limit("name too long", simple(export="n" * 65537)),
    ("imports a memory", module(imports=[name("env") + name("memory") + b"\x02\0\x01"]), "H0104", ""),
    ("imports a global", module(imports=[name("env") + name("g") + b"\x03\x7f\0"]), "H0104", ""),
    ("imports a table", module(imports=[name("env") + name("t") + b"\x01\x70\0\x01"]), "H0104", ""),
    ("unknown import", module(types=[functype()], imports=[import_func("helios_v1", "lgo", 0)]), "H0105", "lgo"),
    ("import of a wrong type", module(types=[functype()], imports=[import_func("helios_v1", "log", 0)]), "H0106", "log"),
    ("manifest is not JSON", simple(customs=[("helios.manifest", b"{")]), "H0107", ""),
    ("manifest has an unknown field", simple(customs=[("helios.manifest", b'{"v":1,"procdures":[]}')]), "H0107",
     "procdures"),
    ("manifest disagrees", simple(customs=[("helios.manifest", b'{"v":1,"procedures":[{"name":"f","export":"f",'
                                            b'"params":[],"returns":"TEXT"}]}')]), "H0108", ""),
]

MARK = "Zq7Jx"  # a rare piece of each hostile name: it must be nowhere in what clang reads
HOSTILE = {
    "comment end": f"{MARK}*/ int evil; /*",
    "constructor": f"{MARK}*/\n__attribute__((constructor)) static void x(void) {{ *(int *)0 = 1; }}\n/*",
    "quotes": f"{MARK}\"'\\",
    "line splice": f"{MARK}\\\n??/\n#include \"/etc/passwd\"",
    "NUL": f"{MARK}\0end",
    "terminal escape": f"{MARK}\x1b[31m\x1b]0;x\x07",
    "bidirectional": f"{MARK}\u202etxt.\u2066",
    "SQL": f"{MARK}'); DROP TABLE t; --",
    "65536 bytes": MARK + "n" * (65536 - len(MARK)),
    "path": f"../../{MARK}/x",
}


class Check:
    def __init__(self, binaries, folder):
        self.bin, self.dir, self.failed, self.passed = binaries, folder, 0, 0
        self.db = folder / "t.db"
        db = sqlite3.connect(self.db)
        db.executescript("CREATE TABLE t(a); INSERT INTO t VALUES (1);")
        db.close()
        good = folder / "good.wasm"
        good.write_bytes(simple())
        done = self.sql(f"CREATE PROCEDURE f() RETURNS INTEGER LANGUAGE wasm AS '{good}'")
        self.expect(done.returncode == 0, "good module", done.stderr)

    def sql(self, text):
        return subprocess.run([self.bin / "helios", self.db, "-c", text], capture_output=True, timeout=120)

    def dump(self):
        """The database but for what is observed: a refused statement leaves its audit record."""
        db = sqlite3.connect(self.db)
        observed = re.compile(r'INSERT INTO "(helios_(audit|log|trap|metric)|sqlite_sequence)"')
        text = "\n".join(line for line in db.iterdump() if not observed.match(line))
        db.close()
        return text

    def expect(self, ok, title, detail=""):
        self.passed += bool(ok)
        self.failed += not ok
        if not ok:
            print(f"FAILED {title}: {detail}"[:600])

    def build(self, path, *options):
        out = self.dir / "out.so"
        out.unlink(missing_ok=True)
        done = subprocess.run([self.bin / "heliosc", "build", path, "-o", out, *options], capture_output=True,
                              timeout=300)
        return done, out

    def leftovers(self):
        return sorted(p.name for p in self.dir.iterdir() if re.search(r"\.tmp|~$|^out", p.name))

    def bad(self, title, path, code, text):
        done, out = self.build(path)
        message = done.stderr.decode(errors="replace")
        self.expect(done.returncode == 1, f"{title}: exit status", f"{done.returncode} {message}")
        self.expect(re.search(rf"error\[{code}\]", message), f"{title}: error code {code}", message)
        self.expect(text.lower() in message.lower(), f"{title}: message says {text}", message)
        self.expect("hint:" in message, f"{title}: hint", message)
        self.expect(not re.search(rb"[^\n\t\x20-\x7e]", done.stderr), f"{title}: escaped", repr(message))
        self.expect(not out.exists() and not self.leftovers(), f"{title}: nothing written", self.leftovers())
        self.refused_by_sql(title, path)

    def refused_by_sql(self, title, path):
        before = self.dump()
        for statement in ("CREATE PROCEDURE g() RETURNS INTEGER LANGUAGE wasm AS", "ALTER PROCEDURE f VERSION 2 AS"):
            done = self.sql(f"{statement} '{path}'")
            self.expect(done.returncode == 1 and done.stderr, f"{title}: {statement}", done.stderr)
        self.expect(self.dump() == before, f"{title}: catalog unchanged")
        done = self.sql("SELECT f()")
        self.expect(b"42" in done.stdout, f"{title}: the old version still answers", done.stdout + done.stderr)

    def hostile(self, title, text):
        path = self.dir / "hostile.wasm"
        path.write_bytes(module(types=[functype((), (I32,))], imports=[import_func(text[:60000], text, 0)],
                                funcs=[leb(0)], exports=[export_func(text, 1)], bodies=[code(b"\x41\x07")],
                                customs=[("name", section(1, vec([leb(1) + name(text)]))), (text[:6000], b"x")]))
        done = subprocess.run([self.bin / "heliosc", "build", path, "--emit=c", "-o", self.dir / "c"],
                              capture_output=True, timeout=300)
        self.expect(done.returncode == 0, f"{title}: --emit=c", done.stderr)
        if done.returncode == 0:
            c = (self.dir / "c").read_bytes()
            self.expect(b"w2c_m" in c and MARK.encode() not in c, f"{title}: no name in C")
            (self.dir / "c").unlink()
        done, out = self.build(path)
        self.expect(done.returncode == 0 and out.exists(), f"{title}: builds", done.stderr)
        for command in ("inspect", "verify"):
            shown = subprocess.run([self.bin / "heliosc", command, out], capture_output=True)
            self.expect(shown.returncode == 0 and not re.search(rb"[\0\x1b\x07]", shown.stdout),
                        f"{title}: {command}", shown.stdout[:200] + shown.stderr)
        done = self.sql(f"CREATE PROCEDURE g() RETURNS INTEGER LANGUAGE wasm AS '{path}'")
        self.expect(done.returncode == 1, f"{title}: unknown import refused at CREATE", done.stdout)
        self.expect(not re.search(rb"[\0\x1b\x07]", done.stderr), f"{title}: escaped in SQL", done.stderr)

    def plugins(self):
        done, out = self.build(self.dir / "good.wasm")
        self.expect(done.returncode == 0, "plugin of the good module", done.stderr)
        good = out.read_bytes()
        alien = self.dir / "alien.so"
        source = self.dir / "alien.c"
        source.write_text("int helios_plugin; __attribute__((constructor)) static void x(void) { *(volatile int *)0; }")
        subprocess.run(["gcc", "-shared", "-fPIC", source, "-o", alien], check=True)
        self.refused_by_sql("a .so that we did not build", alien)
        for at in sorted({0, 4, 17, 64, len(good) // 3, len(good) // 2, len(good) - 100, len(good) - 40,
                          len(good) - 1}):
            changed = bytearray(good)
            changed[at] ^= 1
            alien.write_bytes(changed)
            self.refused_by_sql(f"a .so changed at byte {at}", alien)
            shown = subprocess.run([self.bin / "heliosc", "verify", alien], capture_output=True)
            self.expect(shown.returncode in (1, 4), f"verify of a .so changed at byte {at}", shown.stdout)
        for size in (0, 1, 63, len(good) // 2, len(good) - 1):
            alien.write_bytes(good[:size])
            self.refused_by_sql(f"a .so cut to {size} bytes", alien)
        alien.write_bytes(good)
        key = self.dir / "other.key"
        key.write_bytes(os.urandom(32))
        key.chmod(0o600)
        os.environ["HELIOS_KEY"], old = str(key), os.environ.get("HELIOS_KEY")
        done = self.sql(f"CREATE PROCEDURE g() RETURNS INTEGER LANGUAGE wasm AS '{alien}'")
        self.expect(done.returncode == 1, "a .so sealed with another key", done.stdout)
        os.environ.pop("HELIOS_KEY") if old is None else os.environ.update(HELIOS_KEY=old)

    def run(self):
        for title, binary, code_, text in BAD:
            path = self.dir / "bad.wasm"
            path.write_bytes(binary)
            self.bad(title, path, code_, text)
        for cut in range(0, len(GOOD), 3):
            path = self.dir / "bad.wasm"
            path.write_bytes(GOOD[:cut])
            done, out = self.build(path)
            # a module cut at a section's end may be a smaller valid module
            self.expect(done.returncode in (0, 1) and (done.returncode == 0) == out.exists(), f"cut to {cut}",
                        done.stderr)
            out.unlink(missing_ok=True)
        big = self.dir / "big.wasm"
        with open(big, "wb") as f:
            f.write(HEADER)
            f.truncate(80 << 20)
        self.bad("oversized file", big, "H0102", "")
        self.bad("a folder", self.dir, "H0002", "")
        self.bad("a file that is not there", self.dir / "nothing.wasm", "H0002", "")
        for title, text in HOSTILE.items():
            self.hostile(title, text)
        self.plugins()


def main():
    binaries = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(HELIOS_KEY=f"{folder}/local.key", HELIOS_CACHE=f"{folder}/cache", NO_COLOR="1",
                          HELIOS_HELIOSC=str(binaries / "heliosc"))
        work = Path(folder) / "work"
        work.mkdir()
        check = Check(binaries, work)
        check.run()
    print(f"bad input: {check.passed} passed, {check.failed} failed")
    return check.failed != 0


sys.exit(main())
