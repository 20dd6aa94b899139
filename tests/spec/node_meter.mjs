// node_meter.mjs - runs the specification's tests on Node twice, as they are and metered, and wants the
// metered module to return what the specification says and to trap as the original traps.
//
// usage: node node_meter.mjs REWRITE_TOOL SUITE [--fuel=FILE] [NAME...]
// With --fuel what each metered call used is written there, "NAME:LINE FUEL", for suite.py.
// Left out: modules that import anything but functions, exported globals (a rewritten module exports
// functions only), and assertions that Node itself does not meet.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { FUEL, build, matches } from "./harness.mjs";
import { scratch, tool } from "./tools.mjs";

const words = process.argv.slice(2), fuelFile = words.find((w) => w.startsWith("--fuel="))?.slice(7);
const [rewriteTool, suite, ...only] = words.filter((w) => !w.startsWith("--"));
const fuelUsed = []; // lines
const wast2json = tool("wast2json");
const folder = scratch();
const INPUT_MAX_LISTED = 20;
const count = { passed: 0, failed: 0, skipped: 0, modules: 0 };
const skips = new Map();

function fail(where, what) {
  count.failed++;
  if (count.failed <= INPUT_MAX_LISTED) {
    console.log(`FAILED ${where}: ${what}`);
  }
}

function skip(why) {
  count.skipped++;
  skips.set(why, (skips.get(why) ?? 0) + 1);
}

const isRef = ({ type }) => type === "externref" || type === "funcref";
const hex = (name) => Buffer.from(name, "utf8").toString("hex");

const original = (module, name) => module.original.value.exports[name];
const metered = (module, name) => module.metered.value.exports["e" + module.plan.exports[hex(name)]];

// What an import of the original is, for both: [original, metered], or null if there is none.
function resolve(registered, { module, name, kind }) {
  if (kind === "function" && module === "spectest" && name.startsWith("print")) {
    return [() => {}, (...args) => args.at(-1)];
  }
  const from = registered.get(module);
  return kind === "function" && from?.plan.exports[hex(name)] !== undefined
    ? [original(from, name), metered(from, name)]
    : null;
}

function noteFuel(where, left) {
  if (left !== FUEL) {
    fuelUsed.push(`${where} ${FUEL - left}\n`);
  }
}

// A module under test: the instance as it is, the metered one, and where its functions are.
function instantiate(where, file, plan, wanted, functions) {
  const imports = {}, h = {
    fuel() {
      throw new Error("out of fuel");
    },
  };
  wanted.forEach(({ module, name }, k) => {
    (imports[module] ??= {})[name] = functions[k][0];
    h["i" + k] = functions[k][1];
  });
  const compile = (path) => new WebAssembly.Module(readFileSync(path));
  return {
    plan, calls: [],
    original: attempt(() => new WebAssembly.Instance(compile(file), imports)),
    metered: attempt(() => {
      const instance = new WebAssembly.Instance(compile(file + ".metered"), { h });
      if (instance.exports.start) {
        noteFuel(where, instance.exports.start(FUEL));
      }
      return instance;
    }),
  };
}

function attempt(action) {
  try {
    return { value: action() };
  } catch (error) {
    return { error };
  }
}

const kind = ({ error }) => (error ? `${error.constructor.name}: ${error.message}` : "no trap");

// One harness for all calls into a module that need no reference.
function link(module) {
  const calls = module.calls.map((c) => ({ args: c.action.args, results: c.expected.map((e) => e.type) }));
  const bind = (metered, functionOf) => {
    const m = {};
    module.calls.forEach((c, k) => (m["f" + k] = functionOf(c.action.field)));
    const compiled = new WebAssembly.Module(build(calls, metered));
    return new WebAssembly.Instance(compiled, { m }).exports;
  };
  module.run = bind(false, (name) => original(module, name));
  module.runMetered = bind(true, (name) => metered(module, name));
  module.calls.forEach((c, k) => (c.harness = k));
}

function fromJson({ type, value }) {
  return value === "null" ? null : type === "i32" ? Number(value) | 0 : type === "i64" ? BigInt(value) : `ref ${value}`;
}

function sameRef(actual, { type, value }) {
  if (type === "funcref") {
    return value === "null" ? actual === null : typeof actual === "function";
  }
  return actual === fromJson({ type, value });
}

// Calls through JavaScript, for references only: [original, metered] as { ok, error }.
function callRefs(where, command, module) {
  const args = command.action.args.map(fromJson), name = command.action.field;
  const judge = (results) => results.length >= command.expected.length && command.expected.every((e, i) =>
    isRef(e) ? e.value === undefined || sameRef(results[i], e) : String(BigInt.asUintN(e.type === "i32" ? 32 : 64, BigInt(results[i]))) === e.value);
  return [
    attempt(() => judge([original(module, name)(...args)].flat())),
    attempt(() => {
      const results = [metered(module, name)(...args, FUEL)].flat();
      noteFuel(where, results.at(-1));
      return judge(results);
    }),
  ];
}

function callHarness(where, command, module) {
  const judge = (exports, isMetered) => {
    exports["t" + command.harness]();
    const view = new DataView(exports.m.buffer);
    if (isMetered) {
      noteFuel(where, view.getBigInt64(16 * command.expected.length, true));
    }
    return command.expected.every((e, i) => e.value === undefined || matches(view, 16 * i, e));
  };
  return [attempt(() => judge(module.run)), attempt(() => judge(module.runMetered, true))];
}

function check(where, command, module) {
  const byRefs = command.harness === undefined;
  const [plain, fueled] = (byRefs ? callRefs : callHarness)(where, command, module);
  if (command.type === "assert_trap" || command.type === "assert_exhaustion") {
    if (!plain.error) {
      skip("Node itself does not trap");
    } else if (kind(plain) !== kind(fueled)) {
      fail(where, `${kind(plain)}, metered: ${kind(fueled)}`);
    } else {
      count.passed++;
    }
  } else if (plain.error || !plain.value) {
    skip("Node itself differs");
  } else if (fueled.error || !fueled.value) {
    fail(where, fueled.error ? kind(fueled) : "wrong result");
  } else {
    count.passed++;
  }
}

// wast2json's files of one script, rewritten; the tool's answers by file name.
function prepare(script) {
  const json = join(folder, basename(script, ".wast") + ".json");
  execFileSync(wast2json, ["--enable-extended-const", script, "-o", json]);
  const { commands } = JSON.parse(readFileSync(json, "utf8"));
  const files = commands.filter((c) => c.filename?.endsWith(".wasm") && /^(module|assert_uninstantiable)$/.test(c.type))
    .map((c) => join(folder, c.filename));
  const input = files.map((f) => `${f} ${f}.metered\n`).join("");
  const lines = execFileSync(rewriteTool, { input, maxBuffer: 1 << 28, stdio: ["pipe", "pipe", "pipe"] });
  const answers = lines.toString().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return { commands, plans: new Map(files.map((f, i) => [f, answers[i]])) };
}

// The module of a command, or null with the reason counted when it can't be run alone.
function open(where, command, plan, registered) {
  const file = join(folder, command.filename);
  count.modules++;
  const imports = attempt(() => WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(file))));
  if (imports.error) {
    skip("Node refuses the module");
    return null;
  }
  const functions = imports.value.map((i) => resolve(registered, i));
  if (functions.includes(null)) {
    skip("module imports what is not a function, or is not there");
  } else if (!plan?.ok) {
    fail(where, `the rewrite failed, code ${plan?.code}`);
  } else {
    return instantiate(where, file, plan, imports.value, functions);
  }
  return null;
}

function checkBroken(where, command, plan, registered) {
  const module = open(where, command, plan, registered);
  if (module && kind(module.original) !== kind(module.metered)) {
    fail(where, `${kind(module.original)}, metered: ${kind(module.metered)}`);
  } else if (module) {
    count.passed++;
  }
}

const RUNNABLE = /^(action|assert_return|assert_trap|assert_exhaustion)$/;

function setUp(script, commands, plans) {
  const named = new Map(), registered = new Map(), modules = [];
  let current = null;
  for (const command of commands) {
    const where = `${basename(script)}:${command.line}`;
    const plan = plans.get(join(folder, command.filename ?? ""));
    if (command.type === "module") {
      current = open(where, command, plan, registered);
      if (current?.original.error || current?.metered.error) {
        fail(where, `${kind(current.original)}, metered: ${kind(current.metered)}`);
        current = null;
      }
      named.set(command.name, current);
      modules.push(current);
    } else if (command.type === "register") {
      registered.set(command.as, command.name ? named.get(command.name) : current);
    } else if (command.type === "assert_uninstantiable") {
      checkBroken(where, command, plan, registered);
    } else if (RUNNABLE.test(command.type)) {
      assign(command, command.action.module ? named.get(command.action.module) : current);
    }
  }
  modules.filter(Boolean).forEach(link);
}

// Notes which module a call means.
function assign(command, module) {
  command.expected ??= [];
  command.module = module;
  if (module && command.action.type === "invoke" && ![...command.action.args, ...command.expected].some(isRef)) {
    module.calls.push(command);
  }
}

function runScript(script) {
  const { commands, plans } = prepare(script);
  setUp(script, commands, plans);
  for (const command of commands.filter((c) => RUNNABLE.test(c.type))) {
    if (!command.module) {
      skip("its module is left out");
    } else if (command.action.type !== "invoke") {
      skip("reads an exported global");
    } else {
      check(`${basename(script)}:${command.line}`, command, command.module);
    }
  }
}

const scripts = readdirSync(suite).filter((f) => f.endsWith(".wast") && (!only.length || only.includes(f))).sort();
for (const script of scripts) {
  runScript(join(suite, script));
}
if (fuelFile) {
  writeFileSync(fuelFile, fuelUsed.join(""));
}
for (const [why, times] of skips) {
  console.log(`skipped ${times}: ${why}`);
}
console.log(`${scripts.length} scripts, ${count.modules} modules: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exit(count.failed || !count.passed ? 1 : 0);
