/* hash.c - an open-addressing hash table as a join builds and probes it: multiplications and cache
 * misses. */
#include "kernel.h"
#include "random.h"

#define SLOTS (1u << 18)
static u32 keys[SLOTS], values[SLOTS];

static u32 slot_of(u32 key) {
  u32 slot = (u32)(((u64)key * 0x9e3779b97f4a7c15u) >> 46);
  while (keys[slot] != 0 && keys[slot] != key) {
    slot = (slot + 1) & (SLOTS - 1);
  }
  return slot;
}

KERNEL(hash) {
  u32 state = 99, found = 0, sum = 0;
  for (u32 i = 0; i < SLOTS; i++) {
    keys[i] = values[i] = 0;
  }
  n = n < SLOTS / 2 ? n : SLOTS / 2;
  for (u32 i = 0; i < n; i++) {
    u32 key = next_random(&state) >> 12 | 1, slot = slot_of(key);
    keys[slot] = key;
    values[slot] += i;
  }
  for (u32 i = 0; i < 4 * n; i++) {
    u32 slot = slot_of(next_random(&state) >> 12 | 1);
    if (keys[slot] != 0) {
      found++;
      sum += values[slot];
    }
  }
  return found ^ sum;
}
