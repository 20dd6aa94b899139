/* canary.c - patterns and checksums around a sandbox. Invariants: canary.h. */
#include "canary.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCKS 16
#define REGIONS 96
#define BESIDE 65536u /* bytes before and after a reservation */
#define CONTENTS_MAX (4u * HSB_PAGE)
#define PATTERN UINT64_C(0x5ca1ab1e0ddba11d)

struct region {
  const char *name;
  const uint8_t *at;
  size_t size;
  uint64_t sum;
};

static struct region regions[REGIONS];
static unsigned region_count, target_first;
static hrt_instance *target;
static struct hsb_ctx target_ctx;
static uint8_t host_data[4096];

static uint64_t sum_of(const uint8_t *at, size_t size) {
  uint64_t sum = size, word = 0;
  for (; size >= sizeof word; at += sizeof word, size -= sizeof word) {
    memcpy(&word, at, sizeof word);
    sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    sum ^= sum >> 29;
  }
  for (; size > 0; at++, size--) {
    sum = (sum ^ *at) * UINT64_C(0x100000001b3);
  }
  return sum;
}

static void fill(uint8_t *at, size_t size) {
  for (size_t n = 0; n < size; n++) {
    at[n] = (uint8_t)(PATTERN >> (n % 8 * 8));
  }
}

static void watch(const char *name, const void *at, size_t size) {
  if (size > 0 && region_count < REGIONS) {
    regions[region_count++] = (struct region){name, at, size, sum_of(at, size)};
  }
}

void canary_begin(void) {
  fill(host_data, sizeof host_data);
  watch("host data", host_data, sizeof host_data);
  for (unsigned n = 0; n < BLOCKS; n++) {
    size_t size = (size_t)48 << (n % 8);
    uint8_t *block = malloc(size);
    if (block != NULL) {
      fill(block, size);
      watch("host heap", block, size);
    }
  }
  target_first = region_count;
}

static size_t pages_up(size_t size) {
  return (size + HRT_TRACK_PAGE - 1) & ~(size_t)(HRT_TRACK_PAGE - 1);
}

/* Pages next to a reservation, where nothing else is. */
static void watch_beside(const char *name, const uint8_t *at) {
  void *wanted = (void *)(uintptr_t)at;
  uint8_t *pages = mmap(wanted, BESIDE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (pages == wanted) {
    fill(pages, BESIDE);
    watch(name, pages, BESIDE);
  }
}

void canary_watch_neighbour(const hrt_instance *i) {
  uint64_t size = (uint64_t)i->pages * HSB_PAGE;
  watch("a neighbour's ctx", i->ctx, HSB_CTX_BYTES);
  watch("a neighbour's instance", i->instance, pages_up(i->abi->instance_size));
  watch("a neighbour's memory", i->memory, size < CONTENTS_MAX ? size : CONTENTS_MAX);
  for (uint32_t n = 0; n < i->table_count; n++) {
    uint64_t table = i->tables[n].size;
    watch("a neighbour's table", i->tables[n].data, table < CONTENTS_MAX ? table : CONTENTS_MAX);
  }
  watch_beside("below a neighbour", i->reservation - BESIDE);
  watch_beside("above a neighbour", i->reservation + i->reservation_size);
  target_first = region_count;
}

void canary_watch_target(hrt_instance *i) {
  for (; region_count > target_first; region_count--) {
    const struct region *last = &regions[region_count - 1];
    if (strstr(last->name, "the instance's reservation") != NULL) {
      munmap((void *)(uintptr_t)last->at, last->size);
    }
  }
  target = i;
  if (i == NULL) {
    return;
  }
  uint8_t *tail = (uint8_t *)i->ctx + sizeof *i->ctx;
  fill(tail, HSB_CTX_BYTES - sizeof *i->ctx);
  watch("the instance's ctx page", tail, HSB_CTX_BYTES - sizeof *i->ctx);
  size_t used = i->abi->instance_size;
  fill(i->instance + used, pages_up(used) - used);
  watch("behind the instance", i->instance + used, pages_up(used) - used);
  watch_beside("below the instance's reservation", i->reservation - BESIDE);
  watch_beside("above the instance's reservation", i->reservation + i->reservation_size);
  target_ctx = *i->ctx;
}

/* Fuel and stack limit change with every call; nothing else does. */
static const char *target_broken(void) {
  const struct hsb_ctx *c = target->ctx;
  const struct hsb_memory *m = hrt_instance_memory(target);
  if (c->size != target_ctx.size || c->host != target_ctx.host || c->owner != target_ctx.owner ||
      c->imports != target_ctx.imports || c->wanted != target_ctx.wanted) {
    return "the instance's ctx";
  }
  if (m != NULL && (m->data != target->memory || m->pages != target->pages ||
                    m->size != (uint64_t)m->pages * HSB_PAGE || m->pages > target->limit_pages)) {
    return "what the instance knows of its memory";
  }
  return NULL;
}

const char *canary_broken(void) {
  for (unsigned n = 0; n < region_count; n++) {
    if (sum_of(regions[n].at, regions[n].size) != regions[n].sum) {
      return regions[n].name;
    }
  }
  return target != NULL ? target_broken() : NULL;
}
