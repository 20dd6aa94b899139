/* agg.c - GROUP BY over columns: count, sum, least and greatest of filtered rows, and totals of
 * whole columns. */
#include "kernel.h"
#include "random.h"

#define ROWS (1u << 14)
#define GROUPS 64
static u32 group[ROWS];
static int amount[ROWS];
static float price[ROWS];
static struct {
  u32 count;
  int least, greatest;
  long long sum;
} groups[GROUPS];

static __attribute__((noinline)) void by_group(int floor) {
  for (u32 i = 0; i < ROWS; i++) {
    int v = amount[i];
    u32 g = group[i];
    if (v < floor) {
      continue;
    }
    groups[g].count++;
    groups[g].sum += v;
    groups[g].least = v < groups[g].least ? v : groups[g].least;
    groups[g].greatest = v > groups[g].greatest ? v : groups[g].greatest;
  }
}

static __attribute__((noinline)) u32 totals(int floor) {
  int sum = 0, count = 0, greatest = 0;
  for (u32 i = 0; i < ROWS; i++) {
    int v = amount[i];
    sum += v > floor ? v : 0;
    count += v > floor;
    greatest = v > greatest ? v : greatest;
  }
  for (u32 i = 0; i < ROWS; i++) {
    price[i] = price[i] * 0.5f + 3.0f;
  }
  return (u32)(sum ^ count ^ greatest);
}

KERNEL(agg) {
  u32 state = 3, hash = 0;
  for (u32 i = 0; i < ROWS; i++) {
    group[i] = next_random(&state) % GROUPS;
    amount[i] = (int)(next_random(&state) % 100000);
    price[i] = (float)(state % 1000);
  }
  for (u32 g = 0; g < GROUPS; g++) {
    groups[g].count = 0;
    groups[g].sum = 0;
    groups[g].least = 1 << 30;
    groups[g].greatest = 0;
  }
  for (u32 i = 0; i < n; i++) {
    by_group((int)(i % 7) * 5000);
    hash = hash * 31 + totals((int)(i % 11) * 5000);
  }
  for (u32 g = 0; g < GROUPS; g++) {
    hash = hash * 31 + (u32)groups[g].sum + groups[g].count +
           (u32)(groups[g].least ^ groups[g].greatest);
  }
  return hash + (u32)price[ROWS / 2];
}
