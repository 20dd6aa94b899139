/* small_host.h - what the two hosts do alike that heliosc has beside the engine: a script's tryout
 * and a fuzzed module. Each maps the address space and ends in its own way. */
#ifndef SMALL_HOST_H
#define SMALL_HOST_H

#include <stddef.h>
#include <string.h>

#include "hsb_abi.h"
#include "hsb_check.h"

/* Elements that a table may grow by. */
#define SMALL_TABLE_GROWTH 1000u

static inline void *small_guest(const struct hsb_memory *m, uint64_t at, uint64_t n) {
  return m != NULL && hsb_in_range(at, n, m->size) ? m->data + at : NULL;
}

/* NULL: the module has none. Its pages are the caller's to open. */
static inline struct hsb_memory *small_memory(const struct helios_plugin *p, uint8_t *instance) {
  if ((p->flags & HSB_PLUGIN_HAS_MEMORY) == 0) {
    return NULL;
  }
  struct hsb_memory *m = (void *)(instance + p->memory_offset);
  *m = (struct hsb_memory){instance + HSB_SPAN, p->memory_min, p->memory_max,
                           (uint64_t)p->memory_min * HSB_PAGE};
  return m;
}

/* Pages before; UINT32_MAX: refused. */
static inline uint32_t small_grow(struct hsb_memory *m, uint32_t delta, uint32_t limit) {
  uint32_t before = m->pages, most = m->max_pages < limit ? m->max_pages : limit;
  if (before > most || delta > most - before) {
    return UINT32_MAX;
  }
  m->pages += delta;
  m->size = (uint64_t)m->pages * HSB_PAGE;
  return before;
}

/* From tables, of which *used of `size` bytes are taken; NULL: no room. */
static inline void *small_table(uint8_t *tables, uint64_t *used, uint64_t size, uint32_t min,
                                uint32_t *max, uint32_t elem) {
  uint64_t most = (uint64_t)min + SMALL_TABLE_GROWTH;
  *max = *max < most ? *max : (uint32_t)most;
  uint64_t bytes = ((uint64_t)*max * elem + 63) & ~UINT64_C(63);
  if (bytes > size - *used) {
    return NULL;
  }
  *used += bytes;
  return tables + *used - bytes;
}

/* False: a data segment is out of the memory. */
static inline bool small_segments(const struct helios_plugin *p, const struct hsb_memory *m) {
  for (uint32_t i = 0; i < p->segment_count; i++) {
    const struct hsb_segment *s = &p->segments[i];
    void *to = small_guest(m, s->mem_off, s->len);
    if (to == NULL) {
      return false;
    }
    memcpy(to, p->blob + s->blob_off, s->len);
  }
  return true;
}

#endif
