"""hostile_code_test.py - plugins whose machine code or image does what none of heliosc's does, given to the engine by
CREATE FUNCTION, through stock SQLite's extension and through helios, and put into a database's own tables and into the
build cache. What must hold: it is refused at load, the catalog is byte for byte as before, nothing of it is mapped, and
the connection goes on.

Code is refused by who vouches for it: `heliosc sign` and `heliosc verify` run the link check, the engine itself does
not look at instructions (docs/trust.md). Images are refused by the engine even with the right seal or signature.
Run by run.py in a folder that holds the modules and helios_sqlite.so."""
import base64
import hashlib
import hmac
import os
import platform
import shutil
import sqlite3
import struct
import subprocess
import unittest
from pathlib import Path

BIN = Path(os.environ["HELIOS_BIN"])
COMPILER = os.environ["HELIOS_HELIOSC"]
ADD = """(module (memory 1) (table 4 funcref) (table 4 funcref) (func (export "add") (param i64 i64) (result i64)
  (i64.store (i32.const 8) (local.get 0)) (i64.add (local.get 0) (local.get 1))))"""
CREATE = "CREATE FUNCTION evil(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'add' AS '{}'"
FOOTER = 80
MAC = 48 # bytes from the end of the file to the MAC: itself, magic, size

# The export's function: the instance is in rdi, arguments and results at rsi. (what, code, what the link check says)
CODE = [
    ("return address overwritten", "mov (%rsi), %rax\nmov %rax, (%rsp)\nret", "store to the return address"),
    ("host's table written", "mov -4072(%rdi), %rax\nmov %rsi, 8(%rax)\nret", "store to what code must not write"),
    ("host's table replaced", "mov %rsi, -4072(%rdi)\nret", "store to the context"),
    ("imports replaced", "mov %rsi, -4064(%rdi)\nret", "store to the context"),
    ("size of the memory written", "movq $-1, 24(%rdi)\nret", "what the host tells of the memory"),
    ("call past the table", "push %rbx\nmov (%rsi), %eax\nshl $5, %rax\nadd 32(%rdi), %rax\ncall *8(%rax)\npop %rbx\nret",
     "neither a checked element nor the host"),
    ("call of a number", "push %rbx\ncall *(%rsi)\npop %rbx\nret", "neither a checked element nor the host"),
    ("jump to a number", "jmp *(%rsi)", "no bounded jump table"),
    ("call with the stack not aligned", "7: call 7b\nret", "stack that is not aligned"),
    ("system call", "mov $39, %eax\nsyscall\nmov %rax, (%rsi)\nret", "system call"),
    ("system call of 32 bits", "mov $20, %eax\nint $0x80\nret", "interrupt"),
    ("sysenter", "sysenter", "system call"),
    ("jump into an instruction", "jmp 7f + 1\n7: mov $0xc3050f, %eax\nret", "middle of an instruction"),
    ("stack elsewhere", "mov %rsi, %rsp\nret", "stack pointer that can't be followed"),
    ("return to a number", "push (%rsi)\nret", "something left on the stack"),
    ("far return", "lretq", "far return"),
    ("the host's register kept", "xor %ebx, %ebx\nret", "without restoring a register"),
    ("thread's base", "wrfsbase %rsi\nret", "processor state"),
    ("protection keys", "xor %eax, %eax\nxor %ecx, %ecx\nxor %edx, %edx\nwrpkru\nret", "protection keys"),
    ("rounding mode", "ldmxcsr (%rsi)\nret", "processor state"),
    ("clock", "rdtsc\nmov %rax, (%rsi)\nret", "time stamp"),
    ("code read as data", "7: mov 7b(%rip), %rax\nmov %rax, (%rsi)\nret", "access to data"),
    ("image written", "lea -0x1000(%rip), %rax\nmov %rsi, (%rax)\nret", "store to what code must not write"),
    ("jump table without bounds", "mov (%rsi), %eax\nlea -0x1000(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\nadd %rcx, %rax\njmp *%rax",
     "no bounded jump table"),
    ("two tables that overlap", "push %rbx\nmov %rdi, %rbx\n" + "".join(
        f"mov %rbx, %rdi\nmov %ebx, %eax\ncmp {at + 12}(%rdi), %eax\njae 9f\nshl $5, %rax\nadd {at}(%rdi), %rax\n"
        "lea -0x1000(%rip), %rcx\ncmp %rcx, (%rax)\njne 9f\ncall *8(%rax)\n" for at in (32, 40)) + "9: ud2", "two tables that overlap"),
]
NOTES = ("helios_audit", "helios_metric", "sqlite_sequence") # what happened, and how often: no part of what is installed
HARMLESS = "movq $42, (%rsi)\nret"


def connect(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension("./helios_sqlite")
    db.enable_load_extension(False)
    return db


def attempt(db, sql, *parameters):
    try:
        return db.execute(sql, *parameters).fetchall()
    except sqlite3.Error as e:
        return str(e)


def helios(path, sql):
    done = subprocess.run([BIN / "helios", path, "-c", sql], stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert done.returncode in (0, 1, 2) and "AddressSanitizer" not in text and "runtime error" not in text, text
    return text


def heliosc(*arguments):
    done = subprocess.run([COMPILER, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


class Plugin:
    """add.so, opened for changes; every offset is one in the file."""
    EXPORTS, INIT = 48, 120

    def __init__(self):
        self.bytes = bytearray(Path("add.so").read_bytes())
        self.headers = {}
        offset, = self.get("<Q", 32)
        for n in range(self.get("<H", 56)[0]):
            kind, flags = self.get("<II", offset + 56 * n)
            self.headers[kind, flags & 1 if kind == 1 else 0] = offset + 56 * n
            if kind == 1:
                self.headers["writable" if flags & 2 else "text" if flags & 1 else "read-only"] = offset + 56 * n
        self.text, _, _, self.text_size = self.get("<QQQQ", self.headers["text"] + 8)
        self.data, self.data_at = self.get("<QQ", self.headers["writable"] + 8)
        self.dynamic, _, _, self.dynamic_size = self.get("<QQQQ", self.headers[2, 0] + 8)
        tags = dict(self.get("<qQ", self.dynamic + at) for at in range(0, self.dynamic_size, 16))
        self.rela = {self.get("<Q", at)[0]: at for at in range(tags[7], tags[7] + tags[8], 24)} # by place; the first load is at 0
        self.symbol = tags[6] + 24
        self.plugin = self.get("<Q", self.symbol + 8)[0]

    def get(self, form, at):
        return struct.unpack_from(form, self.bytes, at)

    def put(self, form, at, *values):
        struct.pack_into(form, self.bytes, at, *values)
        return self

    def addend(self, place):
        return self.rela[place] + 16

    def export(self):
        """Where the word with the address of the first export's function is."""
        return self.get("<Q", self.addend(self.plugin + self.EXPORTS))[0] + 32

    def field(self, at):
        return self.data + self.plugin - self.data_at + at

    def code(self, code):
        """These bytes in the place of the export's function, which ends where the trap's begins. The call of the one that asks
        for fuel stays, since where functions begin is known by calls."""
        entry = self.get("<Q", self.addend(self.export()))[0] - self.get("<Q", self.headers["text"] + 16)[0] + self.text
        end = self.bytes.index(bytes.fromhex("50488b8718f0ffff"), entry) # push %rax; mov -4072(%rdi), %rax
        refuel = self.bytes.index(bytes.fromhex("4152415141505756"), entry) # push %r10, %r9, %r8, %rdi, %rsi
        call = b"\xe8" + struct.pack("<i", refuel - end)
        assert len(code) + len(call) <= end - entry, "too long"
        self.bytes[entry:end] = code + b"\xcc" * (end - entry - len(code) - len(call)) + call
        return self

    def seal(self, key="key"):
        at = len(self.bytes) - MAC
        self.bytes[at:at + 32] = hmac.new(Path(key).read_bytes(), self.bytes[:at], hashlib.sha256).digest()
        return self

    def sign(self, name):
        """By hand, as someone would who does not use heliosc."""
        message = b"HELIOS-PLUGIN-1\0" + hashlib.sha256(self.bytes).digest()
        Path("message").write_bytes(message)
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", f"{name}.pem", "-in", "message"],
                                   check=True, capture_output=True).stdout
        size = len(self.bytes)
        self.bytes += public(name) + signature + struct.pack("<IIQ", 1, 0, size) + b"HELIOSG1" + struct.pack("<Q", size + 128)
        return self

    def write(self, name="evil.so"):
        Path(name).write_bytes(self.bytes)
        return name


def public(name):
    return subprocess.run(["openssl", "pkey", "-in", f"{name}.pem", "-pubout", "-outform", "DER"], check=True,
                          capture_output=True).stdout[-32:]


# What the engine refuses by itself, whoever vouches. (what, change of a Plugin, what the engine says)
def tag(number):
    """The first dynamic entry becomes another."""
    return lambda p: p.put("<q", p.dynamic, number)


def kind(number):
    """The header of the stack becomes another."""
    return lambda p: p.put("<I", p.headers[0x6474e551, 0], number)


IMAGES = [
    ("writable code", lambda p: p.put("<I", p.headers["text"] + 4, 7), "both writable and executable"),
    ("executable data", lambda p: p.put("<I", p.headers["writable"] + 4, 7), "both writable and executable"),
    ("second code", lambda p: p.put("<I", p.headers["read-only"] + 4, 5), "one executable segment"),
    ("no code", lambda p: p.put("<I", p.headers["text"] + 4, 4), "one executable segment"),
    ("executable stack", lambda p: p.put("<I", p.headers[0x6474e551, 0] + 4, 7), "executable stack"),
    ("interpreter", kind(3), "unknown kind"),
    ("thread-local storage", kind(7), "unknown kind"),
    ("variable", lambda p: p.put("<I", p.headers[0x6474e552, 0], 0), "writable variable"),
    ("segment past the file", lambda p: p.put("<QQ", p.headers["text"] + 32, 1 << 20, 1 << 20), "out of range"),
    ("segment larger than it says", lambda p: p.put("<Q", p.headers["text"] + 40, 1 << 20), "overlap"),
    ("overlap", lambda p: p.put("<Q", p.headers["text"] + 16, 0), "overlap"),
    *((name, tag(number), "dynamic") for name, number in (
        ("needed library", 1), ("init function", 12), ("fini function", 13), ("constructors", 25), ("text relocations", 22),
        ("run path", 29), ("library path", 15), ("lazy relocations", 23), ("audit", 0x6ffffefc))),
    ("resolver", lambda p: p.put("<Q", p.addend(p.export()) - 8, 37), "other than RELATIVE"),
    ("absolute relocation", lambda p: p.put("<Q", p.addend(p.export()) - 8, 1), "other than RELATIVE"),
    ("relocation to outside", lambda p: p.put("<Q", p.addend(p.export()), 1 << 31), "outside of the image"),
    ("relocation of code", lambda p: p.put("<Q", p.addend(p.export()) - 16, 0x1000), "outside of the writable"),
    ("export in data", lambda p: p.put("<Q", p.addend(p.export()), p.plugin), "an export"),
    ("init in data", lambda p: p.put("<Q", p.addend(p.plugin + p.INIT), p.plugin), "init or start"),
    ("exports in the code", lambda p: p.put("<Q", p.addend(p.plugin + p.EXPORTS), 0x1000), "an export"),
    ("entry point", lambda p: p.put("<Q", 24, 0x1000), "no plain shared object"),
    ("program", lambda p: p.put("<H", 16, 2), "no plain shared object"),
    ("another processor", lambda p: p.put("<H", 18, 20), "another processor"),
    ("another symbol", lambda p: p.put("<I", p.symbol, 3), "symbol other"),
    ("function as helios_plugin", lambda p: p.put("<B", p.symbol + 4, 0x12), "no global data object"),
    ("size of helios_plugin", lambda p: p.put("<I", p.field(0), 0xffffffff), "helios_plugin"),
    ("another ABI", lambda p: p.put("<H", p.field(4), 9), "ABI 9"),
    ("unknown flags", lambda p: p.put("<I", p.field(8), 0xffffffff), "unknown flags"),
    ("size of an instance", lambda p: p.put("<I", p.field(12), 0xffffffff), "size of an instance"),
    ("place of the memory", lambda p: p.put("<I", p.field(16), 0xfffffff0), "place of the memory"),
    ("place of the memory before", lambda p: p.put("<I", p.field(16), 0x100000), "place of the memory"),
    ("size of the memory", lambda p: p.put("<I", p.field(20), 0xffffffff), "size of the memory"),
    ("number of exports", lambda p: p.put("<I", p.field(28), 0x10000000), "table of exports"),
    ("number of imports", lambda p: p.put("<I", p.field(32), 0x10000000), "table of imports"),
    ("number of segments", lambda p: p.put("<I", p.field(36), 0x10000000), "table of data segments"),
]


def assemble(cases):
    """The bytes of each."""
    source = "".join(f".section .c{n},\"ax\"\n{code}\n" for n, code in enumerate(cases))
    subprocess.run(["clang", "--target=x86_64-linux-gnu", "-c", "-x", "assembler", "-", "-o", "codes.o"], input=source.encode(), check=True)
    made = []
    for n in range(len(cases)):
        subprocess.run(["objcopy", "-O", "binary", "-j", f".c{n}", "codes.o", "code"], check=True)
        made.append(Path("code").read_bytes())
    return made


@unittest.skipUnless(platform.machine() == "x86_64" and all(map(shutil.which, ("clang", "objcopy", "openssl"))), "not here")
class HostileCode(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Path("add.wat").write_text(ADD)
        heliosc("-q", "add.wat")
        Path("trust.d").mkdir(mode=0o755)
        heliosc("keygen", "--out", "acme")
        shutil.copy("acme.pub", "trust.d")
        for name in ("vendor", "stranger"):
            subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", f"{name}.pem"], check=True)
        Path("trust.d/vendor.pub").write_text(base64.b64encode(public("vendor")).decode() + "\n")
        Path("foreign.key").write_bytes(bytes(range(32)))
        os.environ["HELIOS_TRUST_ROOT"] = str(Path("trust.d").resolve())
        db = connect("good.db")
        db.execute("SELECT helios_ddl(?)", ["CREATE FUNCTION good(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT 'add' AS 'add.so'"])
        db.close()
        os.environ["HELIOS_HELIOSC"] = "/none" # what nobody vouches for stays broken
        made = assemble([code for _, code, _ in CODE] + [HARMLESS])
        cls.codes, cls.harmless = made[:-1], made[-1]

    @classmethod
    def tearDownClass(cls):
        os.environ["HELIOS_HELIOSC"] = COMPILER

    def setUp(self):
        shutil.copy("good.db", "x.db")

    @staticmethod
    def catalog():
        db = sqlite3.connect("x.db")
        db.text_factory = bytes
        names = [name.decode() for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        rows = {name: db.execute(f'SELECT * FROM "{name}"').fetchall() for name in names if name not in NOTES}
        db.close()
        return rows

    def refused(self, what, file, part):
        """CREATE FUNCTION of this file fails for this reason, and that is all it does."""
        before = self.catalog()
        db = connect("x.db")
        self.assertIn(part, str(attempt(db, "SELECT helios_ddl(?)", [CREATE.format(file)])), what)
        self.assertIn("no such function", str(attempt(db, "SELECT evil(1, 2)")), what)
        self.assertEqual(attempt(db, "SELECT plugins FROM helios_connection"), [(0,)], what)
        self.assertEqual(attempt(db, "SELECT good(40, 2)"), [(42,)], what)
        db.close()
        self.assertEqual(self.catalog(), before, what)
        self.assertIn(part, helios("x.db", CREATE.format(file)), what)
        self.assertEqual(self.catalog(), before, what)

    def test_the_way_is_right(self):
        """Code put in place by the means of this test runs, and the link check accepts it: the refusals are of what it does."""
        Plugin().code(self.harmless).seal().write()
        self.assertEqual(heliosc("verify", "evil.so")[0], 0)
        self.assertEqual(heliosc("sign", "--key", "acme.key", "evil.so")[0], 0)
        Plugin().code(self.harmless).sign("vendor").write("signed.so")
        os.environ["HELIOS_KEY"], key = str(Path("foreign.key").resolve()), os.environ["HELIOS_KEY"]
        os.chmod("foreign.key", 0o600)
        for file in ("evil.so", "signed.so"):
            shutil.copy("good.db", "x.db")
            db = connect("x.db")
            db.execute("SELECT helios_ddl(?)", [CREATE.format(file)])
            self.assertEqual(attempt(db, "SELECT evil(1, 2)"), [(42,)])
            db.close()
        os.environ["HELIOS_KEY"] = key

    def test_code_of_nobody(self):
        """Unsigned: behind the seal of this machine, under another's, signed by a stranger, and with a trusted signature of what
        it was before."""
        before = Plugin().sign("vendor").bytes[-128:]
        for (what, _, _), code in zip(CODE, self.codes):
            evil = Plugin().code(code)
            for file, part in ((evil.write("u.so"), "seal does not match"),
                               (Plugin().code(code).seal("foreign.key").write("f.so"), "seal does not match"),
                               (Plugin().code(code).sign("stranger").write("s.so"), "no key of the trust root signed it")):
                self.refused(what, file, part)
            Path("t.so").write_bytes(bytes(evil.bytes) + before)
            self.refused(what, "t.so", "no key of the trust root signed it")

    def test_code_is_not_signed(self):
        """heliosc puts no name to it, though its seal is right; the file stays as it was. One who looks sees it behind a
        signature that was made by hand."""
        for (what, _, text), code in zip(CODE, self.codes):
            Plugin().code(code).seal().write()
            before = Path("evil.so").read_bytes()
            for command in (["sign", "--key", "acme.key"], ["verify"]):
                status, said = heliosc(*command, "evil.so")
                self.assertEqual(status, 4, f"{what}: {said}")
                self.assertIn(text, said, what)
            self.assertEqual(Path("evil.so").read_bytes(), before, what)
            status, said = heliosc("verify", Plugin().code(code).sign("vendor").write("signed.so"))
            self.assertEqual(status, 4, f"{what}: {said}")
            self.assertIn("by vendor, which is trusted", said, what)

    def test_images(self):
        """Refused by the engine, whoever vouches: this machine, or a vendor that it trusts."""
        for what, change, part in IMAGES:
            sealed, signed = (Plugin() for _ in range(2))
            change(sealed)
            change(signed)
            self.refused(what, sealed.seal().write("sealed.so"), part)
            self.refused(what, signed.sign("vendor").write("signed.so"), part)

    def test_in_the_tables(self):
        """Each behind the engine's back in the place of a plugin that the database holds, with a hash that fits."""
        changes = [(what, lambda p, code=code: p.code(code), "seal") for (what, _, _), code in zip(CODE, self.codes)]
        for what, change, part in changes + [(what, lambda p, change=change: change(p).seal(), part) for what, change, part in IMAGES]:
            shutil.copy("good.db", "x.db")
            evil = Plugin()
            change(evil)
            with sqlite3.connect("x.db") as db:
                db.execute("UPDATE helios_plugin SET so = ?, so_hash = ?", [bytes(evil.bytes), hashlib.sha256(evil.bytes).digest()])
            before = self.catalog()
            db = connect("x.db")
            self.assertIn(part, str(attempt(db, "SELECT good(40, 2)")), what)
            self.assertEqual(attempt(db, "SELECT plugins FROM helios_connection"), [(0,)], what)
            self.assertEqual(attempt(db, "SELECT 6 * 7"), [(42,)], what)
            db.close()
            self.assertIn(part, helios("x.db", "SELECT good(40, 2)"), what)
            self.assertEqual(self.catalog(), before, what)

    def test_in_the_cache(self):
        """A changed entry of the build cache is no plugin: the module is compiled again."""
        os.environ.update(HELIOS_HELIOSC=COMPILER, HELIOS_CACHE=str(Path("cache").resolve()))
        heliosc("-q", "build", "add.wat", "-o", "again.so")
        good = Path("again.so").read_bytes()
        for n, code in enumerate(self.codes[:12]):
            entry, = (f for f in Path("cache/plugins").rglob("*") if f.is_file())
            kept = entry.read_bytes()
            self.assertIn(good[:64], kept)
            evil = Plugin().code(code)
            if n % 2: # sealed as a plugin, but not as an entry
                evil.seal()
            entry.write_bytes(bytes(evil.bytes) + kept[len(good):])
            shutil.copy("good.db", "x.db")
            db = connect("x.db")
            db.execute("SELECT helios_ddl(?)", [CREATE.format("add.wat")])
            self.assertEqual(attempt(db, "SELECT evil(40, 2)"), [(42,)], CODE[n][0])
            self.assertNotIn((bytes(evil.bytes),), attempt(db, "SELECT so FROM helios_plugin"), CODE[n][0])
            db.close()
        os.environ["HELIOS_HELIOSC"] = "/none"
        del os.environ["HELIOS_CACHE"]


if __name__ == "__main__":
    unittest.main()
