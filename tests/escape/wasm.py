"""wasm.py - writes WebAssembly binaries piece by piece, so that tests can make the ones no assembler would."""

I32, I64, F32, F64, V128, FUNCREF = 0x7F, 0x7E, 0x7D, 0x7C, 0x7B, 0x70
HEADER = b"\0asm\x01\0\0\0"


def leb(n, signed=False):
    out = bytearray()
    while True:
        byte = n & 0x7F
        n >>= 7
        done = (n == 0 and not (signed and byte & 0x40)) or (signed and n == -1 and byte & 0x40)
        out.append(byte if done else byte | 0x80)
        if done:
            return bytes(out)


def vec(items):
    return leb(len(items)) + b"".join(items)


def name(text):
    raw = text if isinstance(text, bytes) else text.encode()
    return leb(len(raw)) + raw


def section(number, body):
    return bytes([number]) + leb(len(body)) + body


def functype(params=(), results=()):
    return b"\x60" + leb(len(params)) + bytes(params) + leb(len(results)) + bytes(results)


def code(body, local_groups=()):
    raw = vec([leb(n) + bytes([t]) for n, t in local_groups]) + body + b"\x0b"
    return leb(len(raw)) + raw


def module(types=(), imports=(), funcs=(), tables=(), memories=(), globals_=(), exports=(), start=None, elems=(),
           datas=(), bodies=(), customs=()):
    """All arguments are encoded items. customs: (name, bytes), put at the end."""
    out = HEADER
    for number, items in ((1, types), (2, imports), (3, funcs), (4, tables), (5, memories), (6, globals_),
                          (7, exports)):
        if items:
            out += section(number, vec(list(items)))
    if start is not None:
        out += section(8, leb(start))
    for number, items in ((9, elems), (10, bodies), (11, datas)):
        if items:
            out += section(number, vec(list(items)))
    for title, body in customs:
        out += section(0, name(title) + body)
    return out


def import_func(mod, field, type_index):
    return name(mod) + name(field) + b"\0" + leb(type_index)


def export_func(field, index):
    return name(field) + b"\0" + leb(index)


def simple(export="f", body=b"\x41\x2a", results=(I32,), params=(), **more):
    """One exported function; body is its instructions without the end."""
    return module(types=[functype(params, results)] + list(more.pop("types", [])), funcs=[leb(0)],
                  exports=[export_func(export, 0)] + list(more.pop("exports", [])), bodies=[code(body)], **more)
