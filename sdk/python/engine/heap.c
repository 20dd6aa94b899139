/* heap.c - MicroPython's heap. Its collector looks for pointers in memory, and the locals of
 * WebAssembly are not in memory: a collection is safe only where every value that is alive has been
 * written there. That is so in the interpreter's loop at a jump back, if no C function stands
 * between it and the procedure's call: MICROPY_STACKLESS makes calls of Python functions from
 * Python functions frames of one loop, in the stack that the collector reads. It is safe between
 * calls, too. Under a C function that calls back (sorted with a key, sum of a generator) nothing is
 * collected until it returns.
 *
 * What a call allocates begins in an area of its own, the nursery, near all else that a call writes
 * (near.c): most calls need no more of the heap. Others go on in a second one, a page. An
 * allocation takes what stands behind the last one; only where no area has that MicroPython
 * searches (gc.c's gc_alloc, which the build renames).
 *
 * Invariant: gc_collect, which MicroPython calls in the middle of an allocation, only asks for a
 * collection. Memory grows by areas that double it, as far as the host allows. */
#include "engine.h"
#include "py/bc.h"
#include "py/cstack.h"
#include "py/gc.h"
#include "py/mpstate.h"
#include "quick.h"

#define HEAP_BYTES (512u << 10)
#define PAGE 65536u
#define SPARES 16
#define LEAST_AREA (32u << 10)
#define FEW_BLOCKS 8u
#define WORD_BLOCKS 32u /* whose marks are one word of the table; the last may end behind it */
#define BLOCK MICROPY_BYTES_PER_GC_BLOCK
#define NURSERY_MOST (HP_SECOND_NURSERY_BYTES / BLOCK / 4) /* bytes of its table */

static bool collect_later; /* between calls at the latest */
static size_t total = HEAP_BYTES;
static char heap[HEAP_BYTES] __attribute__((aligned(16)));
static mp_state_mem_area_t settled; /* the first area, which has what the script made */

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
  mp_pystack_init(hp_pystack, hp_pystack + HP_PYSTACK_BYTES);
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
  spares[least].at = area == &settled ? heap : area;
  spares[least].size = area == &settled ? sizeof heap : size;
  total -= size;
}

void *hp_search_heap(size_t bytes, unsigned flags);

/* Blocks first to end - 1 become one object: 01 is its first block, 10 are the others. */
static void mark_taken(byte *table, size_t first, size_t end) {
  table[first / 4] |= (byte)(1u << 2 * (first % 4));
  for (size_t i = first + 1; i < end;) {
    if (i % 4 == 0 && end - i >= 4) {
      table[i / 4] = 0xaa;
      i += 4;
    } else {
      table[i / 4] |= (byte)(2u << 2 * (i % 4));
      i++;
    }
  }
}

/* An area whose only object is its first block would be swept as empty: that block is given away.
 */
static void *search(size_t bytes, unsigned flags) {
  char *at = hp_search_heap(bytes, flags);
  bool first = at != NULL && at == (char *)MP_STATE_MEM(gc_last_free_area)->gc_pool_start;
  return first ? hp_search_heap(bytes, flags) : at;
}

static inline bool has_room(const mp_state_mem_area_t *area, size_t blocks) {
  return area->gc_last_used_block + 1 + blocks <= area->gc_alloc_table_byte_len * 4;
}

/* The area that is taken from. A nursery that is too small is left for the next area: what is free
 * in it waits for a collection. */
static mp_state_mem_area_t *area_for(size_t blocks) {
  mp_state_mem_area_t *area = MP_STATE_MEM(gc_last_free_area);
  while (area->gc_alloc_table_byte_len <= NURSERY_MOST && area->next != NULL &&
         !has_room(area, blocks)) {
    area = area->next;
  }
  MP_STATE_MEM(gc_last_free_area) = area;
  return area;
}

/* A few blocks behind all that the area has ever had since it was last swept; NULL: another way
 * must be taken. Their marks are in one word, always the same for the same blocks: a load that is
 * not of the bytes of the store before it waits for that. */
static inline void *take_few(size_t bytes) {
  mp_state_mem_area_t *area = MP_STATE_MEM(gc_last_free_area);
  size_t blocks = (bytes + BLOCK - 1) / BLOCK, first = area->gc_last_used_block + 1;
  if (blocks - 1 >= FEW_BLOCKS || first % WORD_BLOCKS + blocks > WORD_BLOCKS ||
      !has_room(area, blocks) || MP_STATE_THREAD(gc_lock_depth) != 0 ||
      MP_STATE_MEM(gc_alloc_amount) >= MP_STATE_MEM(gc_alloc_threshold)) {
    return NULL;
  }
  uint64_t *marks = (uint64_t *)(void *)area->gc_alloc_table_start + first / WORD_BLOCKS;
  *marks |= (uint64_t)((0xaaaaaaaau & ((1u << 2 * blocks) - 1)) ^ 3) << 2 * (first % WORD_BLOCKS);
  area->gc_last_used_block = first + blocks - 1;
  MP_STATE_MEM(gc_alloc_amount) += blocks;
  char *at = (char *)area->gc_pool_start + first * BLOCK;
  memset(at + (blocks - 1) * BLOCK, 0, BLOCK);
  return at;
}

/* As take_few, of any size. */
void *gc_alloc(size_t bytes, unsigned flags) {
  void *few = take_few(bytes);
  if (few != NULL) {
    return few;
  }
  size_t blocks = bytes / BLOCK + (bytes % BLOCK != 0);
  mp_state_mem_area_t *area = area_for(blocks);
  if (blocks == 0 || MP_STATE_THREAD(gc_lock_depth) != 0 ||
      MP_STATE_MEM(gc_alloc_amount) >= MP_STATE_MEM(gc_alloc_threshold) ||
      !has_room(area, blocks)) {
    return search(bytes, flags);
  }
  size_t first = area->gc_last_used_block + 1;
  char *at = (char *)area->gc_pool_start + first * BLOCK;
  mark_taken(area->gc_alloc_table_start, first, first + blocks);
  area->gc_last_used_block = first + blocks - 1;
  MP_STATE_MEM(gc_alloc_amount) += blocks;
  memset(at + bytes, 0, blocks * BLOCK - bytes);
  return at;
}

void *hp_old_m_malloc(size_t bytes);

void *m_malloc(size_t bytes) {
  void *few = take_few(bytes);
  return few != NULL ? few : hp_old_m_malloc(bytes);
}

mp_obj_t mp_obj_new_float(mp_float_t value) {
  hp_float *o = take_few(sizeof *o);
  o = o != NULL ? o : hp_old_m_malloc(sizeof *o);
  o->base.type = &mp_type_float;
  o->value = value;
  return MP_OBJ_FROM_PTR(o);
}

void gc_collect(void) {
  hp_collect_due = 1;
  MP_STATE_MEM(gc_alloc_amount) = 0;
}

/* From here up stands what C functions keep in memory, up to the stack's begin. Never inlined:
 * between calls it would have its frame where the stack was before engine_call set it, and all in
 * between would be looked through. */
static __attribute__((noinline)) void collect(void) {
  void *here[1] = {0};
  gc_collect_start();
  gc_collect_root(here, (size_t)((void **)MP_STATE_THREAD(stack_top) - here));
  gc_collect_end();
  hp_collect_due = 0;
  collect_later = false;
  watch();
}

void hp_heap_mark_call(void) {
  hp_outermost = MP_STATE_THREAD(pystack_cur);
}

void hp_collect(const void *code_state) {
  const mp_code_state_t *frame = code_state;
  while (frame->prev != NULL) {
    frame = frame->prev;
  }
  if (frame == hp_outermost) {
    collect();
  } else {
    hp_collect_due = 0; /* asked for again by the next allocations */
    collect_later = true;
  }
}

void hp_heap_between_calls(void) {
  if (hp_collect_due || collect_later) {
    collect();
  }
}

/* What the script has made stays where it is; from now on the nurseries come first. */
void hp_heap_settle(void) {
  collect();
  settled = MP_STATE_MEM(area);
  gc_init(hp_nursery, hp_nursery + HP_NURSERY_BYTES);
  gc_add(hp_second_nursery, hp_second_nursery + HP_SECOND_NURSERY_BYTES);
  MP_STATE_MEM(area).next->next = &settled;
  watch();
}
