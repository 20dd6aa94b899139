// run.mjs - calls every export of a module with some numbers and prints what comes back, a line a call.
// usage: node run.mjs MODULE. Imports of Emscripten's setjmp are offered as its JavaScript has them;
// a module that was lowered takes none of them.
import { readFileSync } from "node:fs";

class Thrown extends Error {}
let exports;

function invoke(zero, index, ...args) {
  const before = exports.stackSave(), table = exports.__indirect_function_table;
  const target = index >>> 0 < table.length ? table.get(index) : null;
  if (target === null || target.length !== args.length) throw new WebAssembly.RuntimeError();
  try {
    return target(...args);
  } catch (e) {
    if (!(e instanceof Thrown)) throw e;
    exports.stackRestore(before);
    exports.setThrew(1, 0);
    return zero;
  }
}

const host = {
  _emscripten_throw_longjmp() {
    throw new Thrown();
  },
};
const module = new WebAssembly.Module(readFileSync(process.argv[2]));
for (const { module: from, name } of WebAssembly.Module.imports(module)) {
  if (from === "env" && name.startsWith("invoke_")) host[name] = invoke.bind(null, name === "invoke_two" ? [0, 0n] : 0);
}
const HELPERS = ["stackSave", "stackRestore", "setThrew"];
const names = WebAssembly.Module.exports(module)
  .filter((e) => e.kind === "function" && !HELPERS.includes(e.name))
  .map((e) => e.name);
for (const name of names) {
  for (let n = -3; n < 60; n++) {
    exports = new WebAssembly.Instance(module, { env: host }).exports;
    let line;
    try {
      line = [exports[name](n), exports[name](n + 1)].join(" ");
    } catch (e) {
      line = e instanceof Thrown || e instanceof WebAssembly.RuntimeError ? "trap" : String(e);
    }
    console.log(`${name}(${n}) ${line}`);
  }
}
