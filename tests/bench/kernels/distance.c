/* distance.c - nearest of many vectors of floats: squared distance and dot product, four lanes at a
 * time by the vector type of gcc and clang. A module without SIMD has to take the lanes one by one.
 */
#include "kernel.h"
#include "random.h"

#define VECTORS 512
#define WIDTH 128
typedef float lanes __attribute__((vector_size(16)));
static lanes vectors[VECTORS][WIDTH / 4], query[WIDTH / 4];

static float distance(const lanes *a, const lanes *b) {
  lanes s = {0}, dot = {0};
  for (u32 i = 0; i < WIDTH / 4; i++) {
    lanes d = a[i] - b[i];
    s += d * d;
    dot += a[i] * b[i];
  }
  return s[0] + s[1] + s[2] + s[3] - 0.001f * (dot[0] + dot[1] + dot[2] + dot[3]);
}

static void make(lanes *vector, u32 *state) {
  for (u32 i = 0; i < WIDTH; i++) {
    vector[i / 4][i % 4] = (float)(next_random(state) % 1024) * 0.25f;
  }
}

KERNEL(distance) {
  u32 state = 17, hash = 0;
  for (u32 v = 0; v < VECTORS; v++) {
    make(vectors[v], &state);
  }
  for (u32 q = 0; q < n; q++) {
    u32 best = 0;
    float least = 1e30f;
    make(query, &state);
    for (u32 v = 0; v < VECTORS; v++) {
      float d = distance(vectors[v], query);
      if (d < least) {
        least = d;
        best = v;
      }
    }
    hash = hash * 31 + best;
  }
  return hash;
}
