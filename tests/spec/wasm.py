"""wasm.py - reads what native.py must know of a wasm module, and writes it in the form that heliosc
gives wasm2c: no custom section, imports "h"."i<N>", exports "e<N>", no start section (it becomes the
export "start"), active data segments taken out. Trusts its input: valid modules of wast2json.
"""
from collections import namedtuple

TYPES = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", 0x7B: "v128", 0x70: "funcref",
         0x6F: "externref"}
KINDS = ("func", "table", "memory", "global")
Export = namedtuple("Export", "name kind index")
Import = namedtuple("Import", "module name type")  # of a function


class Unsupported(Exception):
    """A module that can't be a plugin. modules: those it imports from, as far as they were read."""

    def __init__(self, why, modules=()):
        super().__init__(why)
        self.modules = set(modules)


def leb(n):
    out = b""
    while True:
        n, low = n >> 7, n & 0x7F
        if not n:
            return out + bytes([low])
        out += bytes([low | 0x80])


def text(name):
    return leb(len(name)) + name.encode()


def section(number, body):
    return bytes([number]) + leb(len(body)) + body


class Reader:
    def __init__(self, code):
        self.code, self.at = code, 0

    def byte(self):
        self.at += 1
        return self.code[self.at - 1]

    def u(self):
        value = shift = 0
        while True:
            b = self.byte()
            value |= (b & 0x7F) << shift
            shift += 7
            if not b & 0x80:
                return value

    def s(self):
        value = shift = 0
        while True:
            b = self.byte()
            value |= (b & 0x7F) << shift
            shift += 7
            if not b & 0x80:
                return value - (1 << shift) if b & 0x40 else value

    def bytes(self):
        n = self.u()
        self.at += n
        return self.code[self.at - n:self.at]

    def limits(self):
        flags = self.byte()
        low = self.u()
        return low, self.u() if flags & 1 else None

    def types(self):
        return [TYPES[self.byte()] for _ in range(self.u())]


class Module:
    def __init__(self, code):
        self.sections = []  # (number, body), custom ones left out
        self.func_types, self.funcs, self.globals = [], [], []
        self.imports, self.exports, self.segments = [], [], []
        self.memory, self.start = None, None
        reader = Reader(code)
        reader.at = 8
        while reader.at < len(code):
            number, body = reader.byte(), reader.bytes()
            if number:
                self.sections.append((number, self.read(number, Reader(body), body)))

    def read(self, number, r, body):
        """Notes what the section says; returns it as it shall be, or None if it shall not be."""
        part = {1: self.read_types, 2: self.read_imports, 3: self.read_funcs, 5: self.read_memory,
                6: self.read_globals, 7: self.read_exports, 8: self.read_start, 11: self.read_data}
        return part[number](r) if number in part else body

    def read_types(self, r):
        for _ in range(r.u()):
            r.byte()
            self.func_types.append((r.types(), r.types()))
        return r.code

    def read_imports(self, r):
        names, other = set(), False
        for _ in range(r.u()):
            module, name, kind = r.bytes().decode(), r.bytes().decode(), KINDS[r.byte()]
            names.add(module)
            other |= kind != "func"
            if kind == "func":
                self.funcs.append(r.u())
                self.imports.append(Import(module, name, self.func_types[self.funcs[-1]]))
            elif kind == "global":
                r.at += 2
            else:
                r.at += kind == "table"
                r.limits()
        if other:
            raise Unsupported("imports more than functions", names)
        return "imports"

    def read_funcs(self, r):
        self.funcs += [r.u() for _ in range(r.u())]
        return r.code

    def read_memory(self, r):
        if r.u():
            low, high = r.limits()
            self.memory = (low, 65536 if high is None else high)
        return r.code

    def read_globals(self, r):
        # Only the types are wanted; an initialiser is skipped by the operators it may have.
        for _ in range(r.u()):
            self.globals.append(TYPES[r.byte()])
            r.byte()
            self.constant(r)
        return r.code

    def constant(self, r):
        """Skips a constant expression; its value if it is a single i32.const."""
        value = None
        while True:
            op = r.byte()
            if op == 0x0B:
                return value
            if op in (0x41, 0x42):
                value = r.s()
            elif op in (0x43, 0x44):
                r.at += 4 if op == 0x43 else 8
            elif op in (0x23, 0xD2):
                r.u()
                value = None
            elif op == 0xD0:
                r.byte()
            elif op == 0xFD:
                r.u()
                r.at += 16
            else:
                raise Unsupported(f"operator {op:#x} in a constant expression")

    def read_exports(self, r):
        for _ in range(r.u()):
            name, kind, index = r.bytes(), KINDS[r.byte()], r.u()
            if kind in ("func", "global"):
                self.exports.append(Export(name.decode(), kind, index))
        return "exports"

    def read_start(self, r):
        self.start = r.u()

    def read_data(self, r):
        count = r.u()
        out = leb(count)
        for _ in range(count):
            passive = r.u() == 1
            offset = 0 if passive else self.constant(r)
            data = r.bytes()
            if offset is None:
                raise Unsupported("data segment at a global")
            if not passive:
                self.segments.append((offset & 0xFFFFFFFF, data))
            out += b"\x01" + (leb(len(data)) + data if passive else b"\x00")
        return out

    def func_type(self, index):
        return self.func_types[self.funcs[index]]

    def export_number(self, name):
        return next((i for i, e in enumerate(self.exports) if e.name == name), None)

    def import_section(self, module):
        out = leb(len(self.imports))
        for i in range(len(self.imports)):
            out += text(module) + text(f"i{i}") + b"\x00" + leb(self.funcs[i])
        return out

    def export_section(self):
        entries = [text(f"e{i}") + bytes([KINDS.index(e.kind)]) + leb(e.index)
                   for i, e in enumerate(self.exports)]
        if self.start is not None:
            entries.append(text("start") + b"\x00" + leb(self.start))
        return leb(len(entries)) + b"".join(entries)

    def encode(self, import_module):
        """The module, its imports coming from `import_module`."""
        out, exported = b"\x00asm\x01\x00\x00\x00", False
        for number, body in self.sections:
            if number > 7 and not exported:
                out += section(7, self.export_section())
                exported = True
            if body == "imports":
                out += section(2, self.import_section(import_module))
            elif body == "exports":
                out += section(7, self.export_section())
                exported = True
            elif body is not None:
                out += section(number, body)
        return out


# (module) and (module (global v128 ...)): no more than wasm2c's prelude, without and with SIMD.
PRELUDE_MODULES = (b"\x00asm\x01\x00\x00\x00",
                   b"\x00asm\x01\x00\x00\x00" +
                   section(6, b"\x01\x7b\x00\xfd\x0c" + bytes(16) + b"\x0b"))
