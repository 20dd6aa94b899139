// differential.mjs - runs what `fuzz_differential` ran on Node: each module as it is and metered. Reads its JSON
// lines from standard input; prints each difference and, last, the counts as JSON.
//
// usage: node --experimental-wasm-extended-const differential.mjs FOLDER [--each] < LINES
// --each: says "done" after each module, when its files are needed no more.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const folder = process.argv[2];
const each = process.argv[3] === "--each";
const FUEL = 1n << 60n;
const count = { modules: 0, runs: 0, traps: 0, differences: 0 };

// What V8 says, in the words of hsb_traps.def. It does not tell a null element from a wrong type.
const TRAPS = [
  [/unreachable/, "UNREACHABLE"], [/memory access out of bounds|data segment/, "OOB"],
  [/table (index|access|element)|element segment/, "TABLE_OOB"], [/(divide|remainder) by zero/, "DIV_BY_ZERO"],
  [/unrepresentable in integer/, "INVALID_CONVERSION"], [/divide result/, "INT_OVERFLOW"],
  [/null function or function signature/, "CALL_TYPE"], [/call stack/, "STACK"],
];
const CLASSES = {
  CALL_NULL: "CALL_TYPE", CALL_SIGNATURE: "CALL_TYPE", CALL_UNDEFINED: "TABLE_OOB",
  // A float too large for an integer: V8 and the specification's text differ in the word only.
  INT_OVERFLOW: "INT_OVERFLOW",
};

const bits = new DataView(new ArrayBuffer(8));

function fromBits(type, text) {
  const v = BigInt(text);
  bits.setBigUint64(0, v, true);
  return { i: () => Number(BigInt.asIntN(32, v)), j: () => BigInt.asIntN(64, v), f: () => bits.getFloat32(0, true), d: () => bits.getFloat64(0, true) }[type]();
}

function toBits(type, value) {
  if (type === "i" || type === "j") {
    return String(BigInt.asUintN(type === "i" ? 32 : 64, BigInt(value)));
  }
  bits.setBigUint64(0, 0n, true);
  type === "f" ? bits.setFloat32(0, value, true) : bits.setFloat64(0, value, true);
  return Number.isNaN(value) ? "nan" : String(bits.getBigUint64(0, true));
}

function isNan(type, text) {
  const v = BigInt(text);
  return type === "f" ? (v & 0x7fffffffn) > 0x7f800000n : type === "d" && (v & 0x7fffffffffffffffn) > 0x7ff0000000000000n;
}

function guarded(action) {
  try {
    return action();
  } catch (error) {
    const known = TRAPS.find(([pattern]) => pattern.test(error.message));
    return { trap: known ? known[1] : `${error.constructor.name}: ${error.message}` };
  }
}

const list = (result) => (result === undefined ? [] : Array.isArray(result) ? result : [result]);

function plain(instance, name, run) {
  return guarded(() => {
    const results = list(instance.exports[name](...run.args.map((a, i) => fromBits(run.params[i], a))));
    return { values: results.map((v, i) => toBits(run.results[i], v)) };
  });
}

function metered(instance, index, run) {
  return guarded(() => {
    const results = list(instance.exports["e" + index](...run.args.map((a, i) => fromBits(run.params[i], a)), FUEL));
    return { fuel: String(FUEL - results.pop()), values: results.map((v, i) => toBits(run.results[i], v)) };
  });
}

function same(native, other, types) {
  if (native.trap || other.trap) {
    const kind = (t) => CLASSES[t] ?? t;
    // A float-to-integer conversion out of range is INT_OVERFLOW in the engine, one word in V8.
    const conversion = native.trap === "INT_OVERFLOW" && other.trap === "INVALID_CONVERSION";
    return native.trap !== undefined && other.trap !== undefined && (conversion || kind(native.trap) === kind(other.trap));
  }
  return native.values.every((v, i) => (isNan(types[i], v) ? "nan" : v) === other.values[i]) &&
    (other.fuel === undefined || other.fuel === native.fuel);
}

function differs(seed, mode, run, engine, native, other) {
  count.differences++;
  console.log(`seed ${seed} (${mode}) ${run.name}(${run.args}) on ${engine}: ${JSON.stringify(other)}, native: ${JSON.stringify(native)}`);
}

const SUM = { args: [], params: "", results: "j" };

function check(seed, mode, run, engine, call, sum) {
  const result = call(run.name, run);
  if (!same(run, result, run.results)) {
    differs(seed, mode, run, engine, { values: run.values, trap: run.trap, fuel: run.fuel }, result);
  } else if (!run.trap) {
    const total = sum(SUM);
    if (!same(run.sum, total, "j")) {
      differs(seed, mode, run, engine + " (sum)", run.sum, total);
    }
  }
}

function checkModule({ seed, mode, runs }) {
  const compile = (suffix) => new WebAssembly.Module(readFileSync(`${folder}/m${seed}${suffix}`));
  const original = compile(".wasm"), rewritten = compile(".metered.wasm");
  const h = { fuel: () => { throw new Error("out of fuel"); } };
  // Exports of the metered module go by the order of functions: sum, then p0, p1 ...
  for (const run of runs) {
    const i = new WebAssembly.Instance(original);
    check(seed, mode, run, "Node", (name, r) => plain(i, name, r), (r) => plain(i, "sum", r));
    const m = new WebAssembly.Instance(rewritten, { h });
    m.exports.start(FUEL);
    check(seed, mode, run, "Node, metered", (name, r) => metered(m, 1 + Number(name.slice(1)), r), (r) => metered(m, 0, r));
    count.runs++;
    count.traps += run.trap !== undefined;
  }
  count.modules++;
}

for await (const line of createInterface({ input: process.stdin })) {
  checkModule(JSON.parse(line));
  if (each) {
    console.log("done");
  }
}
console.log(JSON.stringify(count));
process.exit(count.differences === 0 ? 0 : 1);
