/* heap.c - MicroPython's heap. Its collector looks for pointers in memory, and the locals of
 * WebAssembly are not in memory: a collection is safe only where every value that is alive has been
 * written there. That is so in the interpreter's loop at a jump back, if no C function stands
 * between it and the procedure's call: MICROPY_STACKLESS makes calls of Python functions from
 * Python functions frames of one loop, in the stack that the collector reads. It is safe between
 * calls, too. Under a C function that calls back (sorted with a key, sum of a generator) nothing is
 * collected until it returns.
 *
 * Invariant: gc_collect, which MicroPython calls in the middle of an allocation, only asks for a
 * collection. Memory grows by areas that double it, as far as the host allows. */
#include "engine.h"
#include "py/bc.h"
#include "py/cstack.h"
#include "py/gc.h"
#include "py/mpstate.h"

#define HEAP_BYTES (512u << 10)
#define PYSTACK_BYTES (128u << 10)
#define PAGE 65536u
#define SPARES 16
#define LEAST_AREA (32u << 10)

static char heap[HEAP_BYTES] __attribute__((aligned(16)));
static char pystack[PYSTACK_BYTES] __attribute__((aligned(16)));
int hp_collect_due;
static const void *outermost; /* where the frame of the procedure's call begins */
static size_t total = HEAP_BYTES;

/* Areas that a collection has emptied: WebAssembly's memory does not shrink. */
static struct {
  char *at;
  size_t size;
} spares[SPARES];

static void watch(void) {
  MP_STATE_MEM(gc_alloc_threshold) = total / 4 / MICROPY_BYTES_PER_GC_BLOCK;
  MP_STATE_MEM(gc_alloc_amount) = 0;
}

void hp_heap_begin(void) {
  gc_init(heap, heap + sizeof heap);
  mp_pystack_init(pystack, pystack + sizeof pystack);
  watch();
}

/* How much more memory there may be: as much as the host allows, which a try tells. */
size_t gc_get_max_new_split(void) {
  return SIZE_MAX / 2;
}

static char *take_spare(size_t *size, size_t needed) {
  for (int i = 0; i < SPARES; i++) {
    if (spares[i].size >= needed) {
      char *at = spares[i].at;
      *size = spares[i].size;
      spares[i].size = 0;
      return at;
    }
  }
  return NULL;
}

static char *grow(size_t size) {
  size_t pages = (size + PAGE - 1) / PAGE, before = __builtin_wasm_memory_grow(0, pages);
  return before == SIZE_MAX ? NULL : (char *)(before * PAGE);
}

void *hp_heap_alloc(size_t *size, size_t needed) {
  char *at = take_spare(size, needed);
  size_t wish = *size < LEAST_AREA ? LEAST_AREA : *size;
  for (; at == NULL && wish >= needed; wish /= 2) {
    at = grow(wish);
    *size = wish;
  }
  if (at == NULL) {
    at = grow(needed);
    *size = needed;
  }
  total += at == NULL ? 0 : *size;
  return at;
}

void hp_heap_free(void *area) {
  size_t size = (size_t)(((mp_state_mem_area_t *)area)->gc_pool_end - (byte *)area);
  int least = 0;
  for (int i = 1; i < SPARES; i++) {
    least = spares[i].size < spares[least].size ? i : least;
  }
  spares[least].at = area;
  spares[least].size = size;
  total -= size;
}

void gc_collect(void) {
  hp_collect_due = 1;
  MP_STATE_MEM(gc_alloc_amount) = 0;
}

/* From here up stands what C functions keep in memory, up to the stack's begin. */
static void collect(void) {
  void *here[1] = {0};
  gc_collect_start();
  gc_collect_root(here, (size_t)((void **)MP_STATE_THREAD(stack_top) - here));
  gc_collect_end();
  hp_collect_due = 0;
  watch();
}

void hp_heap_mark_call(void) {
  outermost = MP_STATE_THREAD(pystack_cur);
}

void hp_collect(const void *code_state) {
  const mp_code_state_t *frame = code_state;
  while (frame->prev != NULL) {
    frame = frame->prev;
  }
  if (frame == outermost) {
    collect();
  } else {
    hp_collect_due = 0; /* asked for again by the next allocations */
  }
}

void hp_heap_between_calls(void) {
  if (hp_collect_due) {
    collect();
  }
}

void hp_heap_settle(void) {
  mp_state_mem_area_t *first = &MP_STATE_MEM(area);
  collect();
  /* calls then write to few pages: what they allocate stands behind the script's own */
  first->gc_last_free_atb_index = first->gc_last_used_block / 4 + 1;
  watch();
}
