/* aside.c - what is set aside: reservations of instances that have ended and had much memory. The
 * system takes up to a quarter of a second to take back what a guest wrote, and who stops a call
 * waits for it; so a piece is given back at once, and the rest by who comes after: each statement
 * that calls a procedure gives a piece, memory that an instance is to have is given back first, and
 * helios_release_memory gives back all. Nobody uses what is set aside again.
 *
 * Invariant: what is set aside and what instances have is together never more than instances had:
 * as much as is opened has left the list before (but for a piece that another thread is giving back
 * just now). Where something can't be set aside it is given back at once. */
#include <pthread.h>

#include "instance/inst.h"
#include "plugin/alloc.h"

struct aside {
  struct aside *next;
  uint8_t *pages;
  uint64_t size;      /* of the mapping */
  uint64_t from, end; /* of what may have been written there */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct aside *first;
static _Atomic uint64_t pending; /* bytes; changes with the lock held */

uint64_t hrt_aside_bytes(void) {
  return atomic_load_explicit(&pending, memory_order_relaxed);
}

static void add(struct aside *a) {
  pthread_mutex_lock(&lock);
  a->next = first;
  first = a;
  pending += a->end - a->from;
  pthread_mutex_unlock(&lock);
}

/* Cuts so much off the end of a, which is the first. The mapping ends there then. */
static void cut_locked(struct aside *a, uint64_t bytes) {
  a->end -= bytes;
  a->size = a->end;
  pending -= bytes;
  if (a->end == a->from) {
    first = a->next;
  }
}

uint64_t hrt_aside_give(uint64_t bytes) {
  struct aside was = {0};
  bytes = bytes < HRT_ASIDE_PIECE ? bytes : HRT_ASIDE_PIECE;
  pthread_mutex_lock(&lock);
  struct aside *a = first;
  if (a) {
    was = *a;
    bytes = bytes < was.end - was.from ? bytes : was.end - was.from;
    cut_locked(a, bytes);
  }
  pthread_mutex_unlock(&lock);
  if (a == NULL) {
    return 0;
  }
  if (was.end - bytes > was.from) {
    hrt_unmap_end(was.pages, was.end - bytes, was.size);
  } else {
    hrt_unmap(was.pages, was.size);
    hrt_free(a);
  }
  return bytes;
}

void hrt_aside(void *pages, uint64_t size, uint64_t from, uint64_t written) {
  struct aside *a = written > HRT_ASIDE_PIECE ? hrt_alloc(sizeof *a) : NULL;
  if (a == NULL) {
    hrt_unmap(pages, size);
    return;
  }
  *a = (struct aside){.pages = pages, .size = size, .from = from, .end = from + written};
  add(a);
  hrt_aside_step();
}

/* Not inside of a call, where others may end as well: only the outermost one's end waits. */
void hrt_aside_step(void) {
  if (hrt_aside_bytes() > 0 && hrt_thread.current == NULL) {
    hrt_aside_give(HRT_ASIDE_PIECE);
  }
}

uint64_t hrt_aside_all(void) {
  uint64_t bytes, all = 0;
  while ((bytes = hrt_aside_give(HRT_ASIDE_PIECE)) > 0) {
    all += bytes;
  }
  return all;
}

int hrt_aside_room(uint64_t bytes, const hrt_budget *budget, helios_error *err) {
  int status = 0;
  while (bytes > 0 && hrt_aside_bytes() > 0 && status == 0) {
    status = budget ? hrt_budget_ends(budget, err) : 0;
    bytes -= status == 0 ? hrt_aside_give(bytes) : 0;
  }
  return status;
}
