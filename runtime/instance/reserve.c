/* reserve.c - address space of an instance: one reservation with the tables, the guard before,
 * ctx, the instance struct and linear memory (picture in hsb_abi.h); growing memory; room for
 * tables. Nothing moves, ever.
 *
 * Invariant: pages are opened before the size that covers them is published; what is not opened
 * faults. Explicit-bounds plugins get a reservation of just their limit. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hsb_check.h"
#include "instance/inst.h"
#include "plugin/alloc.h"

static uint64_t track_pages_up(uint64_t bytes) {
  return (bytes + HRT_TRACK_PAGE - 1) & ~(uint64_t)(HRT_TRACK_PAGE - 1);
}

static uint64_t memory_reserve(const hrt_instance *i) {
  if (!(i->abi->flags & HSB_PLUGIN_HAS_MEMORY)) {
    return HSB_PAGE;
  }
  return i->abi->flags & HSB_PLUGIN_EXPLICIT_BOUNDS ? ((uint64_t)i->limit_pages + 1) * HSB_PAGE
                                                    : HSB_MEMORY_RESERVE;
}

struct hsb_memory *hrt_instance_memory(const hrt_instance *i) {
  return i->abi->flags & HSB_PLUGIN_HAS_MEMORY
             ? (struct hsb_memory *)(void *)(i->instance + i->abi->memory_offset)
             : NULL;
}

static void publish_pages(hrt_instance *i, uint32_t pages) {
  struct hsb_memory *m = hrt_instance_memory(i);
  i->pages = pages;
  i->peak_pages = pages > i->peak_pages ? pages : i->peak_pages;
  m->pages = pages;
  m->size = (uint64_t)pages * HSB_PAGE;
}

/* Closes memory that was just mapped, if faults are to tell us which pages are written. One is
 * written first: the kernel then takes what becomes of this mapping for one thing, and joins its
 * parts again when all of it is opened. */
bool hrt_memory_close(hrt_instance *i, uint64_t size) {
  volatile uint8_t *first = i->memory;
  *first = *first;
  return i->tracking == HRT_TRACK_NEVER || mprotect(i->memory, size, PROT_READ) == 0;
}

int hrt_memory_open(hrt_instance *i, uint32_t pages, helios_error *err) {
  uint64_t size = (uint64_t)pages * HSB_PAGE;
  return size == 0 || mprotect(i->memory, size, PROT_READ | PROT_WRITE) == 0
             ? 0
             : hrt_fail(err, HELIOS_E_MEMORY, "no memory for %u pages of a guest", pages);
}

static void describe_memory(hrt_instance *i) {
  struct hsb_memory *m = hrt_instance_memory(i);
  if (m) {
    m->data = i->memory;
    m->max_pages = i->abi->memory_max;
    i->base_pages = i->abi->memory_min;
    publish_pages(i, i->abi->memory_min);
  }
}

/* What is set aside takes address space too. */
static uint8_t *reserve(uint64_t size) {
  uint8_t *pages = hrt_reserve(size);
  if (pages == NULL && hrt_aside_bytes() > 0) {
    hrt_aside_all();
    pages = hrt_reserve(size);
  }
  return pages;
}

int hrt_instance_map(hrt_instance *i, helios_error *err) {
  uint64_t front = HRT_TABLES_RESERVE + HSB_FRONT_GUARD;
  uint64_t state = HSB_CTX_BYTES + track_pages_up(i->abi->instance_size);
  if (sysconf(_SC_PAGESIZE) != HRT_TRACK_PAGE) {
    return hrt_fail(err, HELIOS_E_LIMIT, "this engine needs pages of %u bytes", HRT_TRACK_PAGE);
  }
  i->reservation_size = front + HSB_CTX_BYTES + HSB_SPAN + memory_reserve(i);
  i->reservation = reserve(i->reservation_size);
  if (i->reservation == NULL) {
    int status = hrt_fail(err, HELIOS_E_MEMORY, "no address space for an instance (%llu MiB)",
                          (unsigned long long)(i->reservation_size >> 20));
    hrt_hint(err, "see ulimit -v; plugins built with --bounds=explicit need less");
    return status;
  }
  i->ctx = (struct hsb_ctx *)(void *)(i->reservation + front);
  i->instance = (uint8_t *)i->ctx + HSB_CTX_BYTES;
  i->memory = i->instance + HSB_SPAN;
  if (mprotect(i->ctx, state, PROT_READ | PROT_WRITE) != 0) {
    return hrt_fail(err, HELIOS_E_MEMORY, "no memory for an instance");
  }
  describe_memory(i);
  return 0;
}

void hrt_instance_unmap(hrt_instance *i) {
  if (i->reservation && !i->holed) {
    hrt_aside(i->reservation, i->reservation_size, (uint64_t)(i->memory - i->reservation),
              (uint64_t)i->pages * HSB_PAGE);
  }
  i->reservation = NULL;
}

bool hrt_memory_can_grow(const hrt_instance *i, uint32_t delta) {
  uint64_t pages = (uint64_t)i->pages + delta;
  return hrt_instance_memory(i) != NULL && pages <= i->limit_pages;
}

uint32_t hrt_memory_add(hrt_instance *i, uint32_t delta) {
  uint32_t old = i->pages;
  uint64_t pages = (uint64_t)old + delta;
  if (!hrt_memory_can_grow(i, delta)) {
    return UINT32_MAX;
  }
  bool watched = !i->ready && i->tracking == HRT_TRACK_FAULTS; /* as the first pages are */
  if (delta > 0 && mprotect(i->memory + (uint64_t)old * HSB_PAGE, (uint64_t)delta * HSB_PAGE,
                            watched ? PROT_READ : PROT_READ | PROT_WRITE) != 0) {
    return UINT32_MAX;
  }
  if (watched) {
    i->base_pages = (uint32_t)pages;
  }
  i->dirty = true;
  publish_pages(i, (uint32_t)pages);
  return old;
}

/* Makes room as hrt_aside_room does, in a loop of its own: poll ends a guest's call by its trap and
 * does not return, so to share that one would take a trap of each of its errors. */
uint32_t hrt_memory_grow(struct hsb_ctx *ctx, uint32_t delta) {
  hrt_instance *i = hrt_instance_of(ctx);
  uint64_t bytes = hrt_memory_can_grow(i, delta) ? (uint64_t)delta * HSB_PAGE : 0;
  while (bytes > 0 && hrt_aside_bytes() > 0) {
    hrt_poll(ctx, 0);
    bytes -= hrt_aside_give(bytes);
  }
  return hrt_memory_add(i, delta);
}

/* Elements to grant: min for certain, growth as far as there is room, but never so much that the
 * tables after it have none. False: refused. */
static bool grant_elements(const hrt_instance *i, uint32_t *max, uint32_t min, uint32_t elem) {
  uint64_t room = (HRT_TABLES_RESERVE - i->tables_used) / elem, growth = room / HRT_TABLE_SHARE;
  uint64_t want = min + (growth < HRT_TABLE_GROWTH ? growth : HRT_TABLE_GROWTH);
  want = want < *max ? want : *max;
  want = want < room ? want : room;
  *max = (uint32_t)want;
  return want >= min;
}

/* Before the checkpoint only the first `min` elements are open: a fault opens the rest, and so
 * the checkpoint knows whether it must look there. */
void *hrt_table_reserve(struct hsb_ctx *ctx, uint32_t index, uint32_t min, uint32_t *max,
                        uint32_t elem) {
  hrt_instance *i = hrt_instance_of(ctx);
  struct hrt_table t = {.data = i->reservation + i->tables_used};
  if (i->ready || index != i->table_count || index >= HRT_TABLES || elem == 0 || min > *max ||
      !grant_elements(i, max, min, elem)) {
    return NULL;
  }
  t.size = track_pages_up((uint64_t)*max * elem); /* fits: the reserve is whole pages */
  t.open = i->tracking == HRT_TRACK_NEVER ? t.size : track_pages_up((uint64_t)min * elem);
  if (mprotect(t.data, t.size, PROT_READ) != 0 ||
      mprotect(t.data, t.open, PROT_READ | PROT_WRITE) != 0) {
    return NULL;
  }
  i->tables_used += t.size;
  i->tables[i->table_count++] = t;
  return t.data;
}
