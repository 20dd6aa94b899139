/* simd_sum.c - the sum of an array of floats: one at a time, four at a time, and four times four at a time, which do
 * not wait for each other. Floats may not be added in another
 * order behind the programmer's back, so a compiler leaves the plain loop as it is. */
#include <heliosdb.h>
#include <wasm_simd128.h>

typedef struct floats {
  const float *at;
  unsigned count;
} floats;

/* The argument's bytes as floats; they are copied by the host to a place of their own, 16-aligned. */
static floats of(helios_blob values) {
  if (values.length % sizeof(float) != 0) {
    helios_fail(1, "values: not whole floats");
  }
  return (floats){values.at, values.length / sizeof(float)};
}

static float sum_one(floats v) {
  float sum = 0;
  for (unsigned i = 0; i < v.count; i++) {
    sum += v.at[i];
  }
  return sum;
}

static float sum_lanes(v128_t v) {
  return wasm_f32x4_extract_lane(v, 0) + wasm_f32x4_extract_lane(v, 1) + wasm_f32x4_extract_lane(v, 2) +
         wasm_f32x4_extract_lane(v, 3);
}

static float sum_four(floats v) {
  v128_t sums = wasm_f32x4_splat(0);
  unsigned whole = v.count / 4 * 4; /* a loop to `i + 4 <= v.count` may not end, so no compiler unrolls it */
  for (unsigned i = 0; i < whole; i += 4) {
    sums = wasm_f32x4_add(sums, wasm_v128_load(v.at + i));
  }
  return sum_lanes(sums) + sum_one((floats){v.at + whole, v.count - whole});
}

static float sum_sixteen(floats v) {
  v128_t a = wasm_f32x4_splat(0), b = a, c = a, d = a;
  unsigned i = 0;
  for (; i + 16 <= v.count; i += 16) {
    a = wasm_f32x4_add(a, wasm_v128_load(v.at + i));
    b = wasm_f32x4_add(b, wasm_v128_load(v.at + i + 4));
    c = wasm_f32x4_add(c, wasm_v128_load(v.at + i + 8));
    d = wasm_f32x4_add(d, wasm_v128_load(v.at + i + 12));
  }
  return sum_lanes(wasm_f32x4_add(wasm_f32x4_add(a, b), wasm_f32x4_add(c, d))) +
         sum_four((floats){v.at + i, v.count - i});
}

/* Again and again, for who measures: only the last sum counts, but the compiler can't know that each is the same. */
#define REPEAT(sum, function, v, passes)                                                                               \
  for (long long pass = 0; pass < (passes); pass++) {                                                                  \
    __asm__ volatile("" : : "r"((v).at) : "memory");                                                                   \
    sum = function(v);                                                                                                 \
  }

/** @helios default passes 1
 * @helios deterministic */
float sum_array(helios_blob values, long long passes) {
  floats v = of(values);
  float sum = 0;
  REPEAT(sum, sum_one, v, passes);
  return sum;
}

/** @helios default passes 1
 * @helios deterministic */
float sum_array_simd(helios_blob values, long long passes) {
  floats v = of(values);
  float sum = 0;
  REPEAT(sum, sum_four, v, passes);
  return sum;
}

/** @helios default passes 1
 * @helios deterministic */
float sum_array_simd16(helios_blob values, long long passes) {
  floats v = of(values);
  float sum = 0;
  REPEAT(sum, sum_sixteen, v, passes);
  return sum;
}
