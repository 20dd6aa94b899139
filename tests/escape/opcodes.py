#!/usr/bin/env python3
"""opcodes.py - escape classes 4, 5 and 10 over every memory opcode of compiler/module/opcodes.def.

Each load and store is tried with constant offsets {0, 1, 2^31-1, 2^31, 2^32-1}, with indexes at the edges, fed by
nothing, shl, add, a sign extension and a cut to 32 bits, with more live values than there are registers, and with its
result dropped; in a memory of one page and in one of 4 GiB. What it must read, or that it must trap, is computed here.
The files it writes are corpus files like the others; escape_run runs them.

Opcodes that trap or write without being a load or store must be in COVERED with corpus files that name them, so that
a new opcode fails this test until somebody has thought of it.

usage: opcodes.py ESCAPE_RUN OPCODES_DEF [ESCAPE_RUN OPTIONS]
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = 65536
MOST = 65520 * PAGE  # the greatest memory, HSB_PAGES_MAX
M32, M64 = 2**32 - 1, 2**64 - 1
OFFSETS = (0, 1, 2**31 - 1, 2**31, 2**32 - 1)
PER_FILE = 6  # opcodes
WASM = {"i": "i32", "j": "i64", "f": "f32", "d": "f64", "v": "v128"}
LIVE = 24  # values that live across the access: more than there are registers

# Not loads or stores: the class of corpus files in which their edges are.
COVERED = {
    "unreachable": "10", "call_indirect": "06", "table.get": "06", "table.set": "06", "global.set": "13",
    "memory.grow": "03", "memory.init": "08", "data.drop": "08", "memory.copy": "08", "memory.fill": "08",
    "table.init": "08", "elem.drop": "08", "table.copy": "08", "table.grow": "03", "table.fill": "08",
    "i32.div_s": "10", "i32.div_u": "10", "i32.rem_s": "10", "i32.rem_u": "10",
    "i64.div_s": "10", "i64.div_u": "10", "i64.rem_s": "10", "i64.rem_u": "10",
    **{f"{i}.trunc_{f}_{s}": "10" for i in ("i32", "i64") for f in ("f32", "f64") for s in "su"},
}


class Op:
    def __init__(self, text, lane, sig, align):
        self.text, self.lane, self.size = text, lane, 1 << align
        params, self.result = sig.split(":")
        self.operand = params[1:]  # behind the index
        self.store = not self.result

    def access(self, index, offset):
        value = {"": "", "i": "(i32.const -1)", "j": "(i64.const -1)", "f": "(f32.const -1)", "d": "(f64.const -1)",
                 "v": "(v128.const i64x2 -1 -1)"}[self.operand]
        at = f" {16 // self.size - 1}" if self.lane else ""  # the highest there is
        return f"({self.text} offset={offset:#x}{at} {index} {value})"

    def stored(self):
        """The bytes that a store of access() leaves."""
        if self.operand in "fd":
            return (0xbf800000).to_bytes(4, "little") if self.operand == "f" else (0xbff0 << 48).to_bytes(8, "little")
        return b"\xff" * self.size

    def loaded(self, raw):
        """Slots of the result of a load of these bytes."""
        bits = int.from_bytes(raw, "little")
        if self.result != "v":
            signed = self.text.endswith("_s")
            return [extend(bits, 8 * self.size, signed) & (M32 if self.result in "if" else M64)]
        return halves(vector(self.text, raw, bits))


def extend(bits, width, signed):
    return bits - (1 << width) if signed and bits >> (width - 1) else bits


def halves(v):
    return [v & M64, v >> 64]


def vector(text, raw, bits):
    wide = re.match(r"v128\.load(\d+)x(\d+)_([su])", text)
    if wide:
        width, lanes = int(wide.group(1)), int(wide.group(2))
        return sum((extend(bits >> (n * width) & ((1 << width) - 1), width, wide.group(3) == "s")
                    & ((1 << 2 * width) - 1)) << (n * 2 * width) for n in range(lanes))
    if text.endswith("_splat"):
        return sum(bits << (n * 8 * len(raw)) for n in range(16 // len(raw)))
    if text.endswith("_lane"):
        high = 8 * (16 - len(raw))
        return (1 << high) - 1 | bits << high
    return bits  # whole, or with zeros above


# How the index comes to be: name -> parameters, expression, its value, parameters for a wanted value.
FEEDS = {
    "plain": ("i32", "(local.get 0)", lambda a: a & M32, lambda e: [(e,)]),
    "shl": ("i32", "(i32.shl (local.get 0) (i32.const 3))", lambda a: a << 3 & M32,
            lambda e: [(e >> 3,), (e >> 3 | 0xe0000000,)]),
    "add": ("i32 i32", "(i32.add (local.get 0) (local.get 1))", lambda a, b: a + b & M32,
            lambda e: [(e, 0), (e + 1 & M32, M32), (2**31, e - 2**31 & M32)]),
    "extend": ("i32", "(i32.extend16_s (local.get 0))", lambda a: extend(a & 0xffff, 16, True) & M32,
               lambda e: [(e,), (e | 0x12340000,)]),
    "wrap": ("i64", "(i32.wrap_i64 (local.get 0))", lambda a: a & M32, lambda e: [(e,), (e | 0xffffffff00000000,)]),
}


def byte(at):
    return (at * 167 + 13) & 255


PATTERN = bytes(byte(n) for n in range(PAGE))
WEIGHT = 2654435761
START_SUM = sum(PATTERN[n] * ((n * WEIGHT + 1) & M32) for n in range(PAGE)) & M32

MEMORY = """  (memory 1 65536)
  (func $start
    (local $i i32)
    (loop $l
      (i32.store8 (local.get $i)
        (i32.add (i32.mul (local.get $i) (i32.const 167)) (i32.const 13)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 65536)))))
  (start $start)
  (func (export "sum") (result i32)
    (local $i i32) (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (i32.mul (i32.load8_u (local.get $i))
        (i32.add (i32.mul (local.get $i) (i32.const 2654435761)) (i32.const 1)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 65536))))
    (local.get $sum))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func $opaque (param i64) (result i64) (i64.rotl (local.get 0) (i64.const 7)))
  (table funcref (elem $opaque))
  (type $o (func (param i64) (result i64)))
"""


class Page:
    """Expectations in a memory of one page, in the order in which they are written."""

    def __init__(self):
        self.lines, self.sum, self.memory = [], START_SUM, bytearray(PATTERN)

    def trapped(self):
        self.sum, self.memory = START_SUM, bytearray(PATTERN)  # the next step meets a new instance

    def invoke(self, op, name, args, at, dropped=False):
        call = f"invoke {name} {' '.join(hex(a) for a in args)} ->"
        if at + op.size > PAGE:
            self.lines.append(f"{call} trap OOB")
            self.trapped()
        elif op.store:
            self.lines.append(call)
            for n, new in enumerate(op.stored()[:op.size]):
                self.sum = self.sum + (new - self.memory[at + n]) * ((at + n) * WEIGHT + 1) & M32
                self.memory[at + n] = new
            self.lines.append(f"invoke sum -> {self.sum}")
        else:
            got = [] if dropped else op.loaded(bytes(self.memory[at:at + op.size]))
            self.lines.append(f"{call} {' '.join(map(hex, got))}".rstrip())


def edges(op, offset):
    last = PAGE - op.size - offset
    return sorted({e & M32 for e in (0, 1, 7, last, last + 1, PAGE - op.size, PAGE - op.size + 1, PAGE, 2**31 - 1, 2**31,
                                     2**32 - 1, 2**32 - offset, 2**32 - offset - 1, 2**32 - op.size)})


def function(name, params, op, body, results=None):
    result = WASM[op.result] if op.result and results is None else ""
    return f'  (func (export "{name}") (param {params}){f" (result {result})" if result else ""}\n    {body})\n'


def pressed(name, op, offset):
    """LIVE values from calls that clang can't see through, used after the access; the index among them."""
    locs = "(local " + " ".join(["i64"] * LIVE) + ")" + (f" (local $r {WASM[op.result]})" if op.result else "")
    opaque = "(call_indirect (type $o) {} (i32.const 0))"
    lines = [f"(local.set {n + 1} " + opaque.format(f"(i64.const {n + 1})") + ")" for n in range(LIVE)]
    access = op.access("(local.get 0)", offset)
    lines.append(f"(local.set $r {access})" if op.result else access)
    total = "(i64.const 0)"
    for n in range(LIVE):
        total = f"(i64.add {total} (local.get {n + 1}))"
    wanted = sum((n + 1) << 7 for n in range(LIVE))
    lines.append(f"(if (i64.ne {total} (i64.const {wanted})) (then (unreachable)))")
    lines.append("(local.get $r)" if op.result else "")
    return function(name, "i32", op, locs + "\n    " + "\n    ".join(lines))


def cases(op, tag, page):
    """Functions of one opcode; page gets what they must do."""
    out = []
    for o, offset in enumerate(OFFSETS):
        for feed, (params, index, value, wanted) in FEEDS.items():
            if feed != "plain" and offset not in (0, 1, M32):
                continue
            name = f"{tag}_{feed}_{o}"
            out.append(function(name, params, op, op.access(index, offset)))
            tried = {args for e in edges(op, offset) for args in wanted(e)}
            for args in sorted(tried):
                page.invoke(op, name, args, value(*args) + offset)
        if offset in (0, M32):
            out.append(pressed(f"{tag}_live_{o}", op, offset))
            for e in edges(op, offset):
                page.invoke(op, f"{tag}_live_{o}", (e,), e + offset)
        if not op.store:
            out.append(function(f"{tag}_drop_{o}", "i32", op, f"(drop {op.access('(local.get 0)', offset)})", ""))
            for e in edges(op, offset)[:8]:
                page.invoke(op, f"{tag}_drop_{o}", (e,), e + offset, dropped=True)
    return out


def wide(op, tag):
    """The same places in the greatest memory, and behind it up to 2^32-1. Contents there are zero or written before."""
    lines, grown = [], False
    for o, offset in enumerate(OFFSETS):
        last = MOST - op.size - offset
        around = 2**32 - op.size - offset  # the last that ends below 2^32
        tried = {last - 1, last, last + 1, last + op.size, around, around + 1, around + op.size, 2**32 - 1}
        for at in sorted({e for e in tried if 0 <= e < 2**32}):
            if not grown:
                lines.append(f"invoke grow {MOST // PAGE - 1} -> 1")
            grown = at + offset + op.size <= MOST
            call = f"invoke {tag}_{'plain' if op.store else 'drop'}_{o} {at:#x} ->"
            lines.append(call if grown else f"{call} trap OOB")
    return lines


def read_table(path):
    rows = []
    for m in re.finditer(r'^HCC_OP\(\w+, "([^"]+)", 0x\w+, (\w+), ("[^"]*"|NULL), (\d+), \d+, (.*)\)$',
                         path.read_text(), re.M):
        rows.append((m.group(1), m.group(2), m.group(3).strip('"'), int(m.group(4)), m.group(5)))
    return rows


def uncovered(rows, here):
    for text, imm, _, _, flags in rows:
        if imm.startswith("MEMARG") or not re.search("TRAPS|WRITES", flags):
            continue
        files = here.glob(f"{COVERED.get(text, 'none')}-*.wat")
        if not any(f"({text}" in f.read_text() for f in files):
            yield text


def write(folder, ops):
    for n in range(0, len(ops), PER_FILE):
        page, functions, far = Page(), [], []
        for k, op in enumerate(ops[n:n + PER_FILE]):
            functions += cases(op, f"o{k}", page)
            far += wide(op, f"o{k}")
        # The greatest memory comes last: "sum" would be of its first page still, but the model has moved on.
        lines = ["limit memory 65536"] + page.lines + ["new ->"] + far
        titles = ", ".join(op.text for op in ops[n:n + PER_FILE])
        text = f";; {titles}\n" + "".join(f";; {line}\n" for line in lines)
        (folder / f"04-opcodes-{n // PER_FILE:02}.wat").write_text(
            text + "(module\n" + MEMORY + "".join(functions) + ")\n")
        yield len(lines)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    rows = read_table(Path(sys.argv[2]))
    ops = [Op(text, imm == "MEMARG_LANE", sig, align) for text, imm, sig, align, _ in rows if imm.startswith("MEMARG")]
    missing = list(uncovered(rows, Path(__file__).parent))
    for text in missing:
        print(f"FAILED {text} traps or writes, and no corpus file tries it: add one, and a row to COVERED")
    if len(ops) < 45 or len(rows) < 400:
        sys.exit(f"FAILED only {len(rows)} rows and {len(ops)} loads and stores in {sys.argv[2]}")
    with tempfile.TemporaryDirectory() as folder:
        steps = sum(write(Path(folder), ops))
        print(f"{len(ops)} loads and stores, {steps} steps", flush=True)
        done = subprocess.run([sys.argv[1], *sys.argv[3:], *sorted(map(str, Path(folder).glob("*.wat")))])
    sys.exit(done.returncode or bool(missing))


if __name__ == "__main__":
    main()
