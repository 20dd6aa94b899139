/* track.c - which 4 KiB pages of memory were written. After a checkpoint memory is read-only; the
 * first write to a page faults once, the page becomes hot and stays writable across resets, which
 * restore the hot pages by copying. So the set of pages that calls write is learned, and a reset
 * needs no system call.
 *
 * Invariant: a page below base_pages differs from the image only if it is hot or tracking is not
 * FAULTS, or the instance is spoiled: a change of protection failed, maybe halfway. Then no page is
 * opened any more; else hot pages are open. The number of ranges, and so of mappings, is bounded,
 * in an instance (the closest are joined) and in the process. */
#include <sys/mman.h>

#include "instance/inst.h"

#define INITIAL_PAGES 16 /* opened by one fault before the first checkpoint: a wasm page */

static uint32_t gap(const struct hrt_range *r, uint32_t first, uint32_t end) {
  return r->end < first ? first - r->end : end < r->first ? r->first - end : 0;
}

/* The closest range, or count if there is none. */
static uint32_t closest(const struct hrt_ranges *r, uint32_t first, uint32_t end) {
  uint32_t best = r->count;
  for (uint32_t n = 0; n < r->count; n++) {
    if (best == r->count || gap(&r->at[n], first, end) < gap(&r->at[best], first, end)) {
      best = n;
    }
  }
  return best;
}

static void insert(struct hrt_ranges *r, struct hrt_range added) {
  uint32_t n = r->count++;
  for (; n > 0 && r->at[n - 1].first > added.first; n--) {
    r->at[n] = r->at[n - 1];
  }
  r->at[n] = added;
}

static void erase(struct hrt_ranges *r, uint32_t n) {
  r->count--;
  for (; n < r->count; n++) {
    r->at[n] = r->at[n + 1];
  }
}

struct hrt_range hrt_ranges_add(struct hrt_ranges *r, uint32_t first, uint32_t end) {
  for (;;) { /* takes out one range a turn, so at most HRT_RANGES turns */
    uint32_t n = closest(r, first, end);
    bool join =
        n < r->count && (r->count == HRT_RANGES || gap(&r->at[n], first, end) <= HRT_RANGE_GAP);
    if (!join) {
      break;
    }
    first = r->at[n].first < first ? r->at[n].first : first;
    end = r->at[n].end > end ? r->at[n].end : end;
    erase(r, n);
  }
  struct hrt_range added = {first, end};
  insert(r, added);
  return added;
}

bool hrt_ranges_hold(const struct hrt_ranges *r, uint32_t first, uint32_t end) {
  for (uint32_t n = 0; n < r->count; n++) {
    if (first >= r->at[n].first && end <= r->at[n].end) {
      return true;
    }
  }
  return false;
}

uint32_t hrt_ranges_pages(const struct hrt_ranges *r) {
  uint32_t pages = 0;
  for (uint32_t n = 0; n < r->count; n++) {
    pages += r->at[n].end - r->at[n].first;
  }
  return pages;
}

static bool open_range(void *begin, uint64_t size) {
  return mprotect(begin, size, PROT_READ | PROT_WRITE) == 0;
}

/* Some of it may be open, and nobody would see what is written there. */
static bool spoil(hrt_instance *i) {
  i->spoiled = true;
  return false;
}

static atomic_long ranges_in_use; /* of all instances */

/* False: the process has too many. */
static bool set_hot(hrt_instance *i, const struct hrt_ranges *hot) {
  long more = (long)hot->count - (long)i->hot.count;
  if (atomic_fetch_add(&ranges_in_use, more) + more > HRT_RANGES_ALL && more > 0 && i->ready) {
    atomic_fetch_sub(&ranges_in_use, more);
    return false;
  }
  i->hot = *hot;
  i->strips.known = false;
  return true;
}

void hrt_track_forget(hrt_instance *i) {
  static const struct hrt_ranges none;
  set_hot(i, &none);
  if (i->tracking == HRT_TRACK_OPEN) {
    i->tracking = HRT_TRACK_FAULTS;
  }
}

/* Gives up on ranges until the next relearn: all of memory is one writable mapping. */
static bool open_all(hrt_instance *i) {
  if (!open_range(i->memory, (uint64_t)i->base_pages * HSB_PAGE)) {
    return spoil(i);
  }
  hrt_track_forget(i);
  i->tracking = HRT_TRACK_OPEN;
  return true;
}

static bool open_pages(hrt_instance *i, uint32_t first, uint32_t end) {
  struct hrt_ranges hot = i->hot;
  struct hrt_range r = hrt_ranges_add(&hot, first, end);
  if (i->ready && hrt_ranges_pages(&hot) > HRT_HOT_MAX) {
    return open_all(i);
  }
  uint8_t *begin = i->memory + (uint64_t)r.first * HRT_TRACK_PAGE;
  uint64_t size = (uint64_t)(r.end - r.first) * HRT_TRACK_PAGE;
  return (set_hot(i, &hot) && open_range(begin, size)) || open_all(i);
}

bool hrt_track_open(hrt_instance *i, uint64_t at, uint64_t len) {
  uint64_t base = (uint64_t)i->base_pages * HSB_PAGE;
  if (i->spoiled) {
    return false;
  }
  if (i->tracking != HRT_TRACK_FAULTS || at >= base || len == 0) {
    return true;
  }
  uint64_t end = at + len < base ? at + len : base;
  uint32_t first_page = (uint32_t)(at / HRT_TRACK_PAGE);
  uint32_t end_page = (uint32_t)((end + HRT_TRACK_PAGE - 1) / HRT_TRACK_PAGE);
  return hrt_ranges_hold(&i->hot, first_page, end_page) || open_pages(i, first_page, end_page);
}

bool hrt_track_write(hrt_instance *i, uint64_t at, uint64_t len) {
  i->dirty = true;
  return hrt_track_open(i, at, len);
}

static uint32_t memory_fault(hrt_instance *i, uint64_t at) {
  uint32_t page = (uint32_t)(at / HRT_TRACK_PAGE), end = page + 1;
  if (i->spoiled || i->tracking != HRT_TRACK_FAULTS || hrt_ranges_hold(&i->hot, page, end)) {
    return HSB_TRAP_OUT_OF_MEMORY; /* it is open: the system could not give the page */
  }
  if (!i->ready) {
    page -= page % INITIAL_PAGES;
    end = page + INITIAL_PAGES;
  }
  return open_pages(i, page, end) ? 0 : HSB_TRAP_OUT_OF_MEMORY;
}

static uint32_t table_fault(hrt_instance *i, struct hrt_table *t, uint64_t at) {
  if (at < t->open) {
    return HSB_TRAP_OUT_OF_MEMORY;
  }
  if (!open_range(t->data, t->size)) {
    spoil(i);
    return HSB_TRAP_OUT_OF_MEMORY;
  }
  t->open = t->size;
  return 0;
}

uint32_t hrt_track_fault(hrt_instance *i, uintptr_t address) {
  uintptr_t memory = (uintptr_t)i->memory;
  if (address >= memory && address - memory < (uint64_t)i->base_pages * HSB_PAGE) {
    return memory_fault(i, address - memory);
  }
  for (uint32_t n = 0; n < i->table_count; n++) {
    struct hrt_table *t = &i->tables[n];
    if (address >= (uintptr_t)t->data && address - (uintptr_t)t->data < t->size) {
      return table_fault(i, t, address - (uintptr_t)t->data);
    }
  }
  return HSB_TRAP_OOB;
}

int hrt_track_begin(hrt_instance *i, helios_error *err) {
  if (i->tracking == HRT_TRACK_NEVER || i->base_pages == 0) {
    return 0;
  }
  if (mprotect(i->memory, (uint64_t)i->base_pages * HSB_PAGE, PROT_READ) != 0) {
    return hrt_fail(err, HELIOS_E_MEMORY, "can't protect a guest's memory");
  }
  hrt_track_forget(i);
  return 0;
}
