#!/usr/bin/env python3
"""native.py - runs the specification's tests as machine code, with rt-sandbox and wasm2c alone.

usage: native.py HOST_PROGRAM RT_SANDBOX SUITE [FILE.wast ...]
Every module of a script is translated and compiled, all into one shared object; HOST_PROGRAM
(spec_run.c) calls what the assertions say. Each script runs with guard pages and with explicit bounds,
those about floats and vectors with other instruction sets too. No fuel, no engine, no rewriting by
heliosc: a small one here, after the same plan (wasm.py).

Left out, and counted: modules that import what a plugin can't (memories, tables, globals, functions
of other modules) with the assertions on them, and assertions on text and validation.
Exit: 0 all pass, 1 a failure, 77 a tool or the suite is missing.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import wasm

FLAGS = ("-O3 -w -ffreestanding -fno-builtin -nostdlib -nostdlibinc -fPIC -shared -fvisibility=hidden"
         " -fno-optimize-sibling-calls -fno-strict-aliasing -fno-math-errno -ffp-contract=off"
         " -fno-stack-protector -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections"
         " -fuse-ld=lld -Wl,-z,defs -Wl,-z,now -Wl,--gc-sections").split()
if os.uname().machine == "x86_64":
    FLAGS += ["-mllvm", "-x86-cmov-converter=false", "-fcf-protection=none"]
MODES = {"guard": [], "explicit": ["-DHSB_EXPLICIT_BOUNDS"]}
# For scripts about floats and vectors, so that each #if of rt-sandbox is used: other instruction sets
# (by the flag of /proc/cpuinfo they need), and the code for targets that have none of their own.
VECTOR_SCRIPT = re.compile(r"simd_|f32|f64|float_|conversions")
VECTOR_MODES = {
    "ssse3": ("ssse3", ["-mssse3"]),
    "sse4.1": ("sse4_1", ["-msse4.1"]),
    "v3": ("avx2", ["-march=x86-64-v3"]),
    "portable": ("sse2", ["-U__SSE2__", "-U__SSSE3__", "-U__SSE4_1__"]),
}

# Assertions that fail on purpose: FILE -> (lines, why).
KNOWN = {"float_exprs.wast": (
    {75, 76, 106, 107, 136, 137, 148, 149, 160, 161, 172, 173, *range(2349, 2361)},
    "x * 1, x / 1, x - 0 and the like of a signalling NaN: clang makes them x, which is not quiet; the"
    " flag against it, -frounding-math, costs 14 to 22 %")}

# The names in wasm2c's output that are the same for every module.
STATICS = ("init_globals", "init_memories", "init_tables", "init_data_instances", "init_elem_instances",
           "init_instance_import")
LETTER = {"i32": "i", "i64": "j", "f32": "f", "f64": "d", "v128": "o", "funcref": "r", "externref": "e"}
WIDTH = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "f32": 32, "f64": 64}

GLUE = """
#define GET_i(s) ((u32)*(s))
#define GET_j(s) (*(s))
#define GET_f(s) f32_reinterpret_i32((u32)*(s))
#define GET_d(s) f64_reinterpret_i64(*(s))
#define GET_o(s) simde_wasm_v128_load(s)
#define GET_e(s) ((wasm_rt_externref_t)*(s))
#define GET_r(s) wasm_rt_funcref_null_value
#define PUT_i(s, x) (*(s) = (x))
#define PUT_j(s, x) (*(s) = (x))
#define PUT_f(s, x) (*(s) = i32_reinterpret_f32(x))
#define PUT_d(s, x) (*(s) = i64_reinterpret_f64(x))
#define PUT_o(s, x) simde_wasm_v128_store(s, x)
#define PUT_e(s, x) (*(s) = (hsb_slot)(x))
#define PUT_r(s, x) (*(s) = (hsb_slot)(x).func)
"""


class Missing(Exception):
    pass


def tool(name):
    given = os.environ.get("HELIOS_" + name.upper())
    local = Path(__file__).resolve().parents[2] / "toolchain" / "bin" / name
    path = given or (str(local) if local.is_file() else shutil.which(name))
    if not path:
        raise Missing(name)
    return path


def c_type(t):
    return {"funcref": "wasm_rt_funcref_t", "externref": "wasm_rt_externref_t", "v128": "v128",
            "i32": "u32", "i64": "u64", "f32": "f32", "f64": "f64"}[t]


def slots(types):
    return sum(2 if t == "v128" else 1 for t in types)


def offsets(types):
    at = 0
    for t in types:
        yield at
        at += 2 if t == "v128" else 1


def wrapper(name, target, params, results):
    """A function like hsb_export.call around `target`."""
    args = "".join(f", GET_{LETTER[t]}(s + {at})" for t, at in zip(params, offsets(params)))
    call = f"{target}(instance{args})"
    if not results:
        body = f"  {call};\n"
    elif len(results) == 1:
        body = f"  {c_type(results[0])} r = {call};\n  PUT_{LETTER[results[0]]}(s, r);\n"
    else:
        body = f"  __typeof__({call}) r = {call};\n" + "".join(
            f"  PUT_{LETTER[t]}(s + {at}, r.{LETTER[t]}{i});\n"
            for i, (t, at) in enumerate(zip(results, offsets(results))))
    return f"static void {name}(void *instance, hsb_slot *s) {{\n{body}}}\n"


def import_stub(module, index, func_type):
    """The body of an import: what heliosc's glue does, through ctx->imports."""
    params, results = func_type
    args = "".join(f", {c_type(t)} p{i}" for i, t in enumerate(params))
    out = f"w2c_h{module}_i{index}(struct w2c_h{module} *h{args}) {{\n"
    out += f"  struct hsb_ctx *ctx = hsb_ctx_of(h);\n  hsb_slot s[{max(slots(params), slots(results), 1)}];\n"
    out += "".join(f"  PUT_{LETTER[t]}(s + {at}, p{i});\n"
                   for i, (t, at) in enumerate(zip(params, offsets(params))))
    out += f"  ctx->imports[{index}].fn(ctx, s, ctx->imports[{index}].env);\n"
    if len(results) == 1:
        out += f"  return GET_{LETTER[results[0]]}(s);\n"
    elif results:
        raise wasm.Unsupported("import with several results")
    return (c_type(results[0]) if results else "void") + " " + out + "}\n"


def glue(number, m):
    """The C that makes a helios_plugin of module `number`."""
    name, out, calls = f"m{number}", "", []
    for i, export in enumerate(m.exports):
        if export.kind == "func":
            params, results = m.func_type(export.index)
            target = f"w2c_{name}_e{i}"
        else:
            params, results = [], [m.globals[export.index]]
            target = f"*w2c_{name}_e{i}"
        calls.append(f"{name}_call{i}")
        out += wrapper(calls[-1], target, params, results)
    if m.start is not None:
        out += wrapper(f"{name}_start", f"w2c_{name}_start", [], [])
    self = f", (struct w2c_h{number} *)instance" if m.imports else ""
    out += f"static void {name}_init(void *instance) {{ wasm2c_{name}_instantiate(instance{self}); }}\n"
    out += f"static const struct hsb_export {name}_exports[] = {{\n"
    out += "".join(f"  {{.call = {c}}},\n" for c in calls) + "  {0}};\n"
    blob = b"".join(data for _, data in m.segments)
    out += f"static const u8 {name}_blob[] = {{{','.join(map(str, blob))}}};\n"
    out += f"static const struct hsb_segment {name}_segments[] = {{\n"
    at = 0
    for offset, data in m.segments:
        out += f"  {{{offset}u, {at}, {len(data)}}},\n"
        at += len(data)
    out += "  {0}};\n"
    out += f"static const struct helios_plugin {name}_plugin = {{\n"
    out += f"  .size = sizeof(struct helios_plugin), .instance_size = sizeof(w2c_{name}),\n"
    if m.memory:
        out += (f"  .flags = HSB_PLUGIN_HAS_MEMORY, .memory_offset = offsetof(w2c_{name}, w2c_M0),\n"
                f"  .memory_min = {m.memory[0]}, .memory_max = {m.memory[1]},\n")
    out += f"  .export_count = {len(calls)}, .exports = {name}_exports, .init = {name}_init,\n"
    out += f"  .segments = {name}_segments, .segment_count = {len(m.segments)}, .blob = {name}_blob,\n"
    if m.start is not None:
        out += f"  .start = {name}_start,\n"
    return out + "};\n"


class Translator:
    """wasm2c, and what its output has in front of each module: the prelude."""

    def __init__(self, folder):
        self.wasm2c, self.folder = tool("wasm2c"), folder
        plain, simd = (self.translate(f"p{i}", code)[0] for i, code in enumerate(wasm.PRELUDE_MODULES))
        self.prelude, self.simd_prelude = plain, simd[len(plain):].strip()

    def translate(self, name, code):
        (self.folder / f"{name}.wasm").write_bytes(code)
        done = subprocess.run([self.wasm2c, f"{name}.wasm", "-n", name, "--num-outputs=2", "-o", f"{name}.c"],
                              cwd=self.folder, text=True, capture_output=True)
        if done.returncode:
            raise wasm.Unsupported("wasm2c: " + done.stderr)
        impl = (self.folder / f"{name}-impl.h").read_text()
        impl = impl.split(f'#include "{name}.h"\n', 1)[1]
        impl = re.sub(r"^#define IS_SINGLE_UNSHARED_MEMORY .*\n", "", impl, flags=re.M)
        body = "".join((self.folder / f"{name}_{i}.c").read_text() for i in (0, 1))
        return impl, body.replace(f'#include "{name}-impl.h"\n', "")

    def module(self, number, m):
        """C of the module without the prelude."""
        name = f"m{number}"
        impl, body = self.translate(name, m.encode(f"h{number}"))
        impl = impl.replace(self.prelude, "", 1).replace(self.simd_prelude, "", 1)
        renames = "".join(f"#undef {s}\n#define {s} {name}_{s}\n" for s in STATICS)
        stubs = "".join(import_stub(number, i, imported.type) for i, imported in enumerate(m.imports))
        return f'#include "{name}.h"\n{renames}{impl}{body}{stubs}' + glue(number, m)

    def head(self):
        prelude = (self.folder / "p1-impl.h").read_text()
        prelude = re.sub(r"^#define IS_SINGLE_UNSHARED_MEMORY .*\n", "", prelude, flags=re.M)
        return prelude + '#include "hsb_override.h"\n' + GLUE


def argument_slots(args):
    out = []
    for a in args:
        if a["type"] == "v128":
            width, value = WIDTH[a["lane_type"]], 0
            for lane in reversed(a["value"]):
                value = value << width | int(lane) & (1 << width) - 1
            out += [value & (1 << 64) - 1, value >> 64]
        elif a["value"] == "null":
            out.append(0)
        else:
            out.append(int(a["value"]) + (a["type"] == "externref"))
    return out


def pattern(value, lane):
    """What a lane may be: its bits, or a kind of NaN."""
    if value.startswith("nan:"):
        return {"nan:canonical": "c", "nan:arithmetic": "a"}[value] + str(WIDTH[lane])
    return f"={int(value) & (1 << WIDTH[lane]) - 1:x}"


def expected(results):
    """Each result as KIND:PATTERN,..., with KIND the width of a lane."""
    out = []
    for r in results:
        if r["type"] == "v128":
            lane = r["lane_type"]
            out.append(f"{WIDTH[lane]}:" + ",".join(pattern(v, lane) for v in r["value"]))
        elif r["type"] in ("funcref", "externref"):
            value = r.get("value")
            if value is None:
                out.append("64:!")
            else:
                out.append("64:=" + ("0" if value == "null" else f"{int(value) + 1:x}"))
        else:
            out.append(f"{WIDTH[r['type']]}:{pattern(r['value'], r['type'])}")
    return out


class Script:
    """One .wast: its modules as C, its assertions as lines for the host program."""

    def __init__(self, path, folder):
        self.path, self.folder = path, folder
        self.modules, self.lines, self.skipped = [], [], 0
        self.current, self.named, self.registered = None, {}, {}
        self.bound = {}  # module -> those whose functions it imports

    def prepare(self):
        subprocess.run([tool("wast2json"), str(self.path), "-o", str(self.folder / "t.json")], check=True,
                       capture_output=True)
        translator = Translator(self.folder)
        source = translator.head()
        for command in json.loads((self.folder / "t.json").read_text())["commands"]:
            source += self.command(command, translator)
        source += "const struct helios_plugin *const spec_plugins[]"
        source += " __attribute__((visibility(\"default\"))) = {\n"
        source += "".join(f"  &m{n}_plugin,\n" for n in range(len(self.modules))) + "  0};\n"
        (self.folder / "all.c").write_text(source)

    def command(self, c, translator):
        """Adds the command's line; returns the C it needs."""
        kind = c["type"]
        if kind in ("module", "assert_uninstantiable"):
            return self.module(c, translator)
        if kind == "register":
            self.registered[c["as"]] = self.named[c["name"]] if "name" in c else self.current
        if kind in ("assert_return", "assert_trap", "assert_exhaustion", "action"):
            self.action(c)
        return ""

    def module(self, c, translator):
        number, code = None, ""
        try:
            m = wasm.Module((self.folder / c["filename"]).read_bytes())
            bindings = self.bindings(m)
            code = translator.module(len(self.modules), m)
            number = len(self.modules)
            self.modules.append(m)
            self.bound[number] = {self.registered.get(i.module) for i in m.imports}
            trap = c["text"].replace(" ", "_") if c["type"] != "module" else "-"
            self.lines.append(" ".join([f"open {c['line']} {number} {trap} {len(bindings)}", *bindings]))
        except wasm.Unsupported as why:
            self.skipped += 1
            self.forget(why.modules)
        if c["type"] == "module":
            self.current = number
            if "name" in c:
                self.named[c["name"]] = number
        return code

    def bindings(self, m):
        """PLUGIN EXPORT for each import; - - for a function that does nothing."""
        out = []
        for i in m.imports:
            number = self.registered.get(i.module)
            export = None if number is None else self.modules[number].export_number(i.name)
            if export is not None:
                out.append(f"{number} {export}")
            elif i.module == "spectest" and not i.type[1]:
                out.append("- -")
            else:
                raise wasm.Unsupported(f"imports {i.module}.{i.name}", {i.module})
        return out

    def forget(self, modules):
        """These may have been changed by a module that is left out: so is what is said of them."""
        gone = {self.registered.get(name) for name in modules}
        gone |= {number for number, others in self.bound.items() if others & gone}
        self.registered = {k: v for k, v in self.registered.items() if v not in gone}
        self.named = {k: None if v in gone else v for k, v in self.named.items()}
        self.current = None if self.current in gone else self.current

    def action(self, c):
        action, kind = c["action"], c["type"]
        number = self.named[action["module"]] if "module" in action else self.current
        if number is None:
            self.skipped += 1
            return
        export = self.modules[number].export_number(action["field"])
        args = argument_slots(action.get("args", []))
        words = [str(len(args))] + [f"{a:x}" for a in args]
        if kind == "assert_return":
            words += ["return"] + expected(c["expected"])
        elif kind == "action":
            words += ["any"]
        else:
            words += ["trap", c["text"].replace(" ", "_")]
        self.lines.append(f"call {c['line']} {number} {export} " + " ".join(words))

    def run(self, host, sandbox, mode, flags):
        """Returns (assertions passed, list of failures)."""
        plugin = self.folder / f"{mode}.so"
        include = [f"-I{sandbox}/include", f"-I{sandbox}"]
        built = subprocess.run([tool("clang"), *FLAGS, *flags, *include, "all.c",
                                f"{sandbox}/hsb_cold.c", f"{sandbox}/hsb_lib.c", "-o", plugin],
                               cwd=self.folder, text=True, capture_output=True)
        if built.returncode:
            return 0, ["does not build: " + built.stderr[:600]]
        done = subprocess.run([host, plugin, mode], input="\n".join(self.lines) + "\n", text=True,
                              capture_output=True)
        if done.returncode not in (0, 1) or not done.stdout.endswith(" passed\n"):
            return 0, [f"host program ended with {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}"]
        *failures, summary = done.stdout.splitlines()
        return int(summary.split()[0]), failures


def modes(path):
    more = {}
    if VECTOR_SCRIPT.match(path.name) and os.uname().machine == "x86_64":
        cpu = set(Path("/proc/cpuinfo").read_text().split())
        more = {name: flags for name, (needs, flags) in VECTOR_MODES.items() if needs in cpu}
    return MODES | more


def run_script(path, host, sandbox):
    known, why = KNOWN.get(path.name, (set(), ""))
    report, failed, passed = [], False, 0
    with tempfile.TemporaryDirectory() as name:
        script = Script(path, Path(name))
        script.prepare()
        if not script.modules:
            return [f"{path.name}: nothing to run ({script.skipped} left out)"], False, 0
        for mode, flags in modes(path).items():
            count, failures = script.run(host, sandbox, mode, flags)
            lines = {int(f.split(":")[0]) for f in failures if f[0].isdigit()}
            bad = [f for f in failures if not (f[0].isdigit() and int(f.split(":")[0]) in known)]
            bad += [f"{line}: passes, but is listed as known to fail" for line in sorted(known - lines)]
            failed |= bool(bad)
            passed += count
            report.append(f"{path.name} {mode}: {count} passed, {len(bad)} failed, {len(lines & known)}"
                          f" known to fail, {script.skipped} left out")
            report += [f"  {path.name}:{b}" for b in bad[:10]] + [f"  known to fail: {why}"] * bool(known)
    return report, failed, passed


def main():
    host, sandbox, suite = (Path(a).resolve() for a in sys.argv[1:4])
    paths = [suite / f for f in sys.argv[4:]] or sorted(suite.glob("*.wast"))
    if not paths:
        raise Missing("the specification's test suite")
    for name in ("clang", "wasm2c", "wast2json"):
        tool(name)
    failed, passed = False, 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for report, bad, count in pool.map(lambda p: run_script(p, host, sandbox), paths):
            print("\n".join(report), flush=True)
            failed |= bad
            passed += count
    print(f"{passed} assertions passed")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Missing as missing:
        print(f"skipped: {missing} not found")
        sys.exit(77)
