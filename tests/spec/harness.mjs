// harness.mjs - builds small wasm modules that call exported functions with constants and store what
// comes back in memory, since JavaScript can neither pass a v128 nor keep the bits of a NaN.

const TYPES = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };
const STORES = { i32: [0x36], i64: [0x37], f32: [0x38], f64: [0x39], v128: [0xfd, 0x0b] };
const LANES = { i8: 1, i16: 2, i32: 4, i64: 8, f32: 4, f64: 8 };
export const FUEL = 1n << 60n;

function u32(n) {
  const out = [];
  do {
    const low = n & 0x7f;
    n >>>= 7;
    out.push(n ? low | 0x80 : low);
  } while (n);
  return out;
}

function s64(v) {
  const out = [];
  for (;;) {
    const low = Number(v & 0x7fn);
    v >>= 7n;
    if ((v === 0n && !(low & 0x40)) || (v === -1n && low & 0x40)) {
      out.push(low);
      return out;
    }
    out.push(low | 0x80);
  }
}

function little(value, size) {
  const out = [];
  for (let v = BigInt.asUintN(size * 8, BigInt(value)), i = 0; i < size; i++, v >>= 8n) {
    out.push(Number(v & 0xffn));
  }
  return out;
}

// The bytes of a value as wast2json gives it.
function bytesOf({ type, lane_type, value }) {
  if (type === "v128") {
    return value.flatMap((lane) => little(lane, LANES[lane_type]));
  }
  return little(value, LANES[type]);
}

function constant(value) {
  switch (value.type) {
    case "i32":
      return [0x41, ...s64(BigInt.asIntN(32, BigInt(value.value)))];
    case "i64":
      return [0x42, ...s64(BigInt.asIntN(64, BigInt(value.value)))];
    case "f32":
      return [0x43, ...bytesOf(value)];
    case "f64":
      return [0x44, ...bytesOf(value)];
    default:
      return [0xfd, 0x0c, ...bytesOf(value)];
  }
}

const vector = (items) => [...u32(items.length), ...items.flat()];
const section = (id, body) => [id, ...u32(body.length), ...body];
const funcType = (params, results) => [
  0x60, ...vector(params.map((t) => [TYPES[t]])), ...vector(results.map((t) => [TYPES[t]])),
];

// calls: [{ args: [value], results: [type] }]; call k imports "m"."f<k>" and is exported as "t<k>",
// ()->(); result j lands at 16 * j of the exported memory "m". metered: one more i64 each way; what
// is left of it lands behind the results.
export function build(calls, metered) {
  const types = [funcType([], [])];
  const imports = [], functions = [], exports = [[1, 0x6d, 2, 0]], bodies = [];
  calls.forEach(({ args, results }, k) => {
    const params = args.map((a) => a.type), all = metered ? [...results, "i64"] : results;
    types.push(funcType(metered ? [...params, "i64"] : params, all));
    const name = [...Buffer.from("f" + k)], test = [...Buffer.from("t" + k)];
    imports.push([1, 0x6d, ...u32(name.length), ...name, 0, ...u32(k + 1)]);
    functions.push([0]);
    exports.push([...u32(test.length), ...test, 0, ...u32(calls.length + k)]);
    const body = [...vector(all.map((t) => [1, TYPES[t]])), ...args.flatMap(constant)];
    if (metered) {
      body.push(0x42, ...s64(FUEL));
    }
    body.push(0x10, ...u32(k));
    for (let j = all.length - 1; j >= 0; j--) {
      body.push(0x21, ...u32(j));
    }
    all.forEach((t, j) => {
      body.push(0x41, ...s64(BigInt(16 * j)), 0x20, ...u32(j), ...STORES[t], 0, 0);
    });
    body.push(0x0b);
    bodies.push([...u32(body.length), ...body]);
  });
  return new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, vector(types)), ...section(2, vector(imports)), ...section(3, vector(functions)),
    ...section(5, [1, 0, 1]), ...section(7, vector(exports)), ...section(10, vector(bodies)),
  ]);
}

function isNan(view, at, size, canonical) {
  const bits = size === 4 ? BigInt(view.getUint32(at, true)) : view.getBigUint64(at, true);
  const quiet = size === 4 ? 0x7fc00000n : 0x7ff8000000000000n;
  const magnitude = bits & (size === 4 ? 0x7fffffffn : 0x7fffffffffffffffn);
  return canonical ? magnitude === quiet : (magnitude & quiet) === quiet;
}

// Does memory at `at` hold what wast2json expects?
export function matches(view, at, { type, lane_type, value }) {
  const size = LANES[type === "v128" ? lane_type : type];
  return (type === "v128" ? value : [value]).every((lane, i) => {
    const place = at + i * size;
    if (typeof lane === "string" && lane.startsWith("nan:")) {
      return isNan(view, place, size, lane === "nan:canonical");
    }
    return little(lane, size).every((byte, j) => view.getUint8(place + j) === byte);
  });
}
