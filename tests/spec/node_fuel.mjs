// node_fuel.mjs - runs metered modules on Node and compares the fuel they use with numbers counted by
// hand from docs/metering.md. usage: node node_fuel.mjs REWRITE_TOOL
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch, tool } from "./tools.mjs";

const PLENTY = 10n ** 15n;

const upBy = (step) => `(func (export "f") (param $x i32) (param $n i32) (result i32) (local $s i32)
  loop $l local.get $s i32.const 3 i32.add local.set $s
    local.get $x i32.const ${step} i32.add local.tee $x local.get $n i32.ne br_if $l end local.get $s)`;

// The same with another comparison, and by a local; it reads memory, for loops that do not are not counted then.
const order = (compare, step) => `(memory 1) (func (export "f") (param $x i32) (param $n i32) (param $by i32) (result i32)
  (local $s i32) loop $l local.get $s i32.const 0 i32.load i32.const 3 i32.add i32.add local.set $s
    local.get $x ${step} i32.add local.tee $x local.get $n i32.${compare} br_if $l end local.get $s)`;

// name, module, then [arguments of "f", fuel] or [arguments, fuel, result]
const COUNTED = [
  ["straight line", `(func (export "f") (param i32 i32) (result i32)
      local.get 0 local.get 1 i32.add)`, [[2, 3], 3, 5]],
  ["empty", `(func (export "f"))`, [[], 0]],
  ["what costs nothing", `(func (export "f") nop block nop end loop end)`, [[], 0]],
  ["loop: 9 a turn, 1 behind it", `(func (export "f") (param $n i32) (result i32) (local $s i32)
      loop $l local.get $s local.get $n i32.add local.set $s
        local.get $n i32.const 1 i32.sub local.tee $n br_if $l end local.get $s)`,
    [[1], 10, 1], [[10], 91, 55]],
  ["loop with operands", `(func (export "f") (param i32) (result i32)
      i32.const 0 loop (param i32) (result i32) local.get 0 i32.add
        local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end)`,
    [[4], 29, 10]],
  ["counted loop, up by 4: 11 a turn, 1 behind it", upBy(4), [[0, 40], 111, 30], [[-8, 8], 45, 12], [[36, 40], 12, 3]],
  ["counted loop, up by 12", upBy(12), [[0, 120], 111, 30], [[-24, 24], 45, 12], [[1, 121], 111, 30], [[109, 121], 12, 3]],
  ["counted loop, down by 20", upBy(-20), [[200, 0], 111, 30], [[100, -100], 111, 30]],
  ["counted loop that comes to its end the second time around", upBy(0x60000000), [[0, 0x20000000], 34, 9]],
  ["counted loop, down to zero: 5 a turn", `(func (export "f") (param i32)
      loop local.get 0 i32.const -1 i32.add local.tee 0 br_if 0 end)`, [[1], 5], [[1000], 5000]],
  ["counted loop, down by 2 to a number", `(func (export "f") (param i32) (result i32) (local i32)
      loop local.get 1 i32.const 1 i32.add local.set 1
        local.get 0 i32.const -2 i32.add local.tee 0 i32.const 10 i32.ne br_if 0 end local.get 1)`,
    [[12], 12, 1], [[30], 111, 10]],
  ["not counted: a branch in it", `(func (export "f") (param i32) (result i32) (local i32)
      loop block local.get 0 i32.const 1 i32.and br_if 0 local.get 1 i32.const 1 i32.add local.set 1 end
        local.get 0 i32.const 1 i32.add local.tee 0 i32.const 100 i32.ne br_if 0 end local.get 1)`,
    [[99], 12, 0], [[90], 131, 5]],
  ["not counted: something else sets the local", `(func (export "f") (param i32)
      loop local.get 0 i32.const 2 i32.add local.set 0
        local.get 0 i32.const -4 i32.add local.tee 0 br_if 0 end)`, [[8], 36]],
  ["not counted: the end moves", `(func (export "f") (param i32 i32)
      loop local.get 1 i32.const 1 i32.sub local.set 1
        local.get 0 i32.const 1 i32.add local.tee 0 local.get 1 i32.ne br_if 0 end)`, [[0, 8], 44]],
  ["not counted: a way out", `(func (export "f") (param i32) (result i32)
      block loop local.get 0 i32.const 7 i32.eq br_if 1
        local.get 0 i32.const 1 i32.add local.tee 0 i32.const 9 i32.ne br_if 0 end end local.get 0)`,
    [[1], 71, 7], [[8], 12, 9]],
  ["if: 2, then 1 or 3", `(func (export "f") (param i32) (result i32)
      local.get 0 if (result i32) i32.const 1 else i32.const 2 i32.const 3 i32.add end)`,
    [[1], 3, 1], [[0], 5, 5]],
  ["if without else", `(func (export "f") (param i32) (result i32)
      local.get 0 if i32.const 1 drop end i32.const 9)`, [[1], 5, 9], [[0], 3, 9]],
  ["block left early", `(func (export "f") (param i32) (result i32)
      block local.get 0 br_if 0 i32.const 1 drop end i32.const 7)`, [[1], 3, 7], [[0], 5, 7]],
  ["block never left early", `(func (export "f") (result i32) block i32.const 1 drop end i32.const 7)`, [[], 3, 7]],
  ["br_table", `(func (export "f") (param i32) (result i32)
      block block block local.get 0 br_table 0 1 2 end i32.const 10 return end
      i32.const 20 return end i32.const 30)`, [[0], 4, 10], [[1], 4, 20], [[2], 3, 30], [[9], 3, 30]],
  ["return from inside", `(func (export "f") (result i32) block block i32.const 5 return end end i32.const 6)`,
    [[], 2, 5]],
  ["branch to the function's label", `(func (export "f") (param i32) (result i32)
      block i32.const 5 local.get 0 br_if 1 drop end i32.const 6)`, [[1], 3, 5], [[0], 5, 6]],
  ["behind a loop that is left: nothing is charged for what does not run", `(func (export "f") (param i32) (result i32)
      block loop local.get 0 br_if 1 i32.const 1 local.set 0 br 0 end end i32.const 4)`, [[1], 3, 4], [[0], 8, 4]],
  ["conditions in a loop that lead to one place: 13 a turn by the first, 17 by the second, 21 by none", `(func (export "f") (param i32) (result i32)
      loop block local.get 0 i32.const 1 i32.and br_if 0 local.get 0 i32.const 2 i32.and br_if 0
          nop local.get 0 i32.const 4 i32.add drop end
        local.get 0 i32.const 1 i32.sub local.tee 0 i32.const 0 i32.gt_s i32.const 1 i32.and br_if 0 end i32.const 4)`,
    [[1], 14, 4], [[2], 31, 4], [[4], 65, 4], [[9], 142, 4]],
  ["behind a block that returns", `(func (export "f") (param i32) (result i32)
      block local.get 0 br_if 0 i32.const 6 return end i32.const 7 i32.const 1 i32.add)`, [[1], 5, 8], [[0], 4, 6]],
  ["behind a block that goes round", `(func (export "f") (param i32) (result i32)
      loop block local.get 0 br_if 0 i32.const 1 local.set 0 br 1 end end i32.const 7)`, [[1], 3, 7], [[0], 8, 7]],
  ["behind blocks that br_table leaves", `(func (export "f") (param i32) (result i32)
      block block block local.get 0 br_table 0 1 2 end i32.const 1 drop end i32.const 2 drop end i32.const 3)`,
    [[0], 7, 3], [[1], 5, 3], [[2], 3, 3]],
  ["two results", `(func $g (result i32 i64) i32.const 5 i64.const 6 return)
    (func (export "f") (result i32) call $g i32.wrap_i64 i32.add)`, [[], 6, 11]],
  ["dead code", `(func (export "f") (result i32)
      i32.const 1 return i32.const 2 block i32.const 3 drop br 0 end i32.add)`, [[], 2, 1]],
  ["dead arm", `(func (export "f") (param i32) (result i32)
      local.get 0 if (result i32) i32.const 1 return else i32.const 2 end)`, [[1], 4, 1], [[0], 3, 2]],
  ["calls", `(func $g (result i32) i32.const 1)
    (func (export "f") (result i32) call $g call $g i32.add)`, [[], 5, 2]],
  ["recursion: 9 n + 4", `(func $f (export "f") (param i32) (result i32)
      local.get 0 i32.eqz if (result i32) i32.const 1 else
        local.get 0 local.get 0 i32.const 1 i32.sub call $f i32.mul end)`, [[0], 4, 1], [[5], 49, 120]],
  ["import call", `(import "env" "h" (func $h (param i32) (result i32)))
    (func (export "f") (result i32) i32.const 1 call $h)`, [[], 66, 1]],
  ["import by reference", `(import "env" "h" (func $h (param i32) (result i32)))
    (table funcref (elem $h)) (type $t (func (param i32) (result i32)))
    (func (export "f") (result i32) i32.const 1 i32.const 0 call_indirect (type $t))`, [[], 3, 1]],
  ["call_indirect", `(table funcref (elem $a $b)) (type $t (func (result i32)))
    (func $a (result i32) i32.const 1) (func $b (result i32) i32.const 1 i32.const 1 i32.add)
    (func (export "f") (param i32) (result i32) local.get 0 call_indirect (type $t))`, [[0], 3, 1], [[1], 5, 2]],
  ["memory.fill", `(memory 1) (func (export "f") (param i32)
      i32.const 0 i32.const 7 local.get 0 memory.fill)`, [[0], 4], [[31], 4], [[32], 5], [[65536], 2052]],
  ["memory.copy", `(memory 1) (func (export "f") (param i32)
      i32.const 0 i32.const 0 local.get 0 memory.copy)`, [[31], 4], [[100], 7]],
  ["memory.init", `(memory 1) (data "0123456789012345678901234567890123456789")
    (func (export "f") (param i32) i32.const 0 i32.const 0 local.get 0 memory.init 0)`, [[0], 4], [[40], 5]],
  ["table.fill", `(table 9 funcref) (func (export "f") (param i32)
      i32.const 0 ref.null func local.get 0 table.fill 0)`, [[0], 4], [[9], 13]],
  ["table.copy", `(table 9 funcref) (func (export "f") (param i32)
      i32.const 0 i32.const 0 local.get 0 table.copy)`, [[0], 4], [[9], 13]],
  ["table.init", `(table 9 funcref) (elem func 0 0) (func (export "f") (param i32)
      i32.const 0 i32.const 0 local.get 0 table.init 0)`, [[0], 4], [[2], 6]],
  ["memory.grow", `(memory 1 3) (func (export "f") (param i32) (result i32) local.get 0 memory.grow)`,
    [[0], 2, 1], [[1], 1026, 1], [[2], 2, -1], [[1], 1026, 2], [[-1], 2, -1]],
  ["table.grow", `(table 1 9 externref) (func (export "f") (param i32) (result i32)
      ref.null extern local.get 0 table.grow 0)`, [[8], 11, 1], [[1], 3, -1]],
];

// Each would run for ever; the fuel used when a limit of 1000 ends it.
const ENDLESS = [
  ["loop", `(func (export "f") loop br 0 end)`, 1001],
  ["loop around nothing but a loop", `(func (export "f") loop loop br 1 end end)`, 1001],
  ["loop by br_if", `(func (export "f") loop i32.const 1 br_if 0 end)`, 1002],
  ["loop by br_table", `(func (export "f") loop i32.const 5 br_table 0 0 end)`, 1002],
  ["loop behind a block", `(func (export "f") loop block i32.const 1 br_if 0 end br 0 end)`, 1002],
  ["loop of ifs", `(func (export "f") (local i32) loop local.get 0 if nop else i32.const 1 local.set 0 end br 0 end)`, 1001],
  ["counted loop that steps over its end", `(func (export "f") (local i32)
      loop local.get 0 i32.const 4 i32.add local.tee 0 i32.const 7 i32.ne br_if 0 end)`, 7 * 143],
  ["counted loop that steps over its end often", `(func (export "f") (local i32)
      loop local.get 0 i32.const 12 i32.add local.tee 0 i32.const 8 i32.ne br_if 0 end)`, 7 * 143],
  ["counted loop of 2^32 turns", `(func (export "f") (local i32)
      loop local.get 0 i32.const 1 i32.add local.tee 0 br_if 0 end)`, 1005],
  ["recursion", `(func $f (export "f") call $f)`, 1001],
  ["recursion from a loop", `(func $f (export "f") loop call $f br 0 end)`, 1002],
  ["loop of calls", `(func (export "f") loop call $g br 0 end) (func $g)`, 1002],
  ["loops of calls of each other", `(func $f (export "f") loop call $g br 0 end) (func $g loop call $f br 0 end)`, 1002],
  ["mutual recursion", `(func $f (export "f") (call $g)) (func $g (call $f))`, 1001],
  ["recursion through a table", `(table funcref (elem $f)) (type $t (func))
    (func $f (export "f") i32.const 0 call_indirect (type $t))`, 1002],
  ["memory.fill in a loop", `(memory 1) (func (export "f")
      loop i32.const 0 i32.const 0 i32.const 672 memory.fill br 0 end)`, 38 * 26 + 5 + 21],
];

const rewriteTool = process.argv[2], wat2wasm = tool("wat2wasm"), folder = scratch();
let failed = 0, passed = 0;

function compile(text) {
  const wat = join(folder, "m.wat"), wasm = join(folder, "m.wasm");
  writeFileSync(wat, `(module ${text})`);
  execFileSync(wat2wasm, [wat, "-o", wasm]);
  const plan = JSON.parse(execFileSync(rewriteTool, { input: `${wasm} ${wasm}.metered\n` }).toString());
  return { module: new WebAssembly.Module(readFileSync(wasm + ".metered")), export: "e" + plan.exports["66"] };
}

// A host that hands out slices of a size, the limit in all, and ends the call when that is used up.
function instance(compiled, limit, slice) {
  const host = { handed: 0n, used: null };
  const hand = () => {
    const rest = limit - host.handed, next = slice < rest ? slice : rest;
    host.handed += next;
    return next;
  };
  const fuel = (left) => {
    while (left < 0n && host.handed < limit) {
      left += hand();
    }
    if (left < 0n) {
      host.used = host.handed - left;
      throw new Error("out of fuel");
    }
    return left;
  };
  const { exports } = new WebAssembly.Instance(compiled.module, { h: { fuel, i0: (...args) => args } });
  return (args) => {
    host.handed = 0n;
    host.used = null;
    try {
      const results = [exports[compiled.export](...args, hand())].flat();
      return { used: host.handed - results.at(-1), result: results[0], ended: false };
    } catch (error) {
      return { used: host.used, ended: host.used !== null, error };
    }
  };
}

function expect(where, actual, used, result, ended) {
  const good = actual.used === BigInt(used) && actual.ended === ended && (result === undefined || actual.result === result);
  if (good) {
    passed++;
  } else {
    failed++;
    console.log(`FAILED ${where}: expected ${used} ${result ?? ""}, got`, actual);
  }
}

for (const [name, text, ...calls] of COUNTED) {
  const compiled = compile(text);
  for (const slice of [PLENTY, 1000n, 7n, 1n]) { // the same, however it is handed out
    const call = instance(compiled, PLENTY, slice);
    calls.forEach(([args, used, result]) => expect(`${name} (${args}) by ${slice}`, call(args), used, result, false));
  }
}
for (const [name, text, used] of ENDLESS) {
  const compiled = compile(text);
  for (const slice of [1000n, 999n, 64n, 1n]) {
    expect(`${name} by ${slice}`, instance(compiled, 1000n, slice)([]), used, undefined, true);
  }
}
{ // loops that go on while a local is less or greater: turns counted one by one, and where numbers end
  const compares = { lt: (x, n) => x < n, le: (x, n) => x <= n, gt: (x, n) => x > n, ge: (x, n) => x >= n };
  const edges = [0, 1, 7, 8, 9, 100, 1000, 0x7fffffff, 0x7ffffffe, 0x7fffff00, -0x80000000, -0x7fffff00, -1, -2, -9, -300];
  const steps = [1, 3, 20, 0x11000000, 0x7fffffff], TURN = 14, MOST = 400;
  const after = { u: (x) => x >>> 0, s: (x) => x | 0 };
  const turnsOf = (x, n, step, compare, as) => {
    let turns = 0;
    do {
      x = (x + step) | 0;
      turns++;
    } while (compare(as(x), as(n)) && turns < MOST);
    return turns;
  };
  for (const name of Object.keys(compares)) {
    for (const sign of ["u", "s"]) {
      const down = name[0] === "g", compare = compares[name], as = after[sign];
      const fixed = steps.map((step) => [`i32.const ${down ? -step : step}`, down ? -step : step]);
      const local = [...steps, 0, -1, -3, -0x80000000].map((step) => ["local.get $by", step]);
      for (const [text, step] of [...fixed, ...local]) {
        const compiled = compile(order(`${name}_${sign}`, text));
        const free = instance(compiled, PLENTY, PLENTY), limited = instance(compiled, 1000n, 300n);
        for (const x of edges) {
          for (const n of edges) {
            const turns = turnsOf(x, n, step, compare, as), where = `${x} ${name}_${sign} ${n} by ${text} ${step}`;
            if (turns < MOST) {
              expect(where, free([x, n, step]), TURN * turns + 1, 3 * turns, false);
            }
            if (TURN * turns >= 1000) {
              expect(where, limited([x, n, step]), 72 * TURN + 1, undefined, true);
            }
          }
        }
      }
    }
  }
}
{ // a counted loop ends where it would if each turn were charged as it begins
  const compiled = compile(upBy(4));
  for (const slice of [1000n, 64n, 1n]) {
    expect("counted at the limit", instance(compiled, 111n, slice)([0, 40]), 111, 30, false);
    expect("counted below the limit", instance(compiled, 95n, slice)([0, 40]), 100, undefined, true);
  }
}
{ // the exact limit: what follows the loop is charged before it, so its last checkpoint sees all 91
  const compiled = compile(COUNTED.find(([name]) => name.startsWith("loop: 9"))[1]);
  for (const slice of [5n, 50n]) {
    expect("at the limit", instance(compiled, 91n, slice)([10]), 91, 55, false);
    expect("below the limit", instance(compiled, 90n, slice)([10]), 91, undefined, true);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
