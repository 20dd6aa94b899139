/* memory.c - where QuickJS's memory comes from. A call begins with the state after the start and
 * what it wrote is undone page by page, so what calls allocate lies together: blocks of up to SMALL
 * bytes are cut from chunks, one size a free list, and after the start a new chunk begins
 * (je_memory_seal). Blocks of the start are not used again when a call frees them: that would write
 * to a page for each; there are only so many. Larger blocks are the C library's.
 *
 * The procedure's memory limit is the host's: a memory that can't grow is an InternalError "out of
 * memory" in the script. Invariant: before each block stand its bytes, a multiple of STEP, and the
 * marks OWN and LATE. */
#include <stdlib.h>

#include "engine.h"

#define STEP 16u
#define SMALL 1024u
#define CHUNK 65536u
#define HEAD 8u /* keeps blocks at multiples of 8 */
#define OWN 1u  /* the C library's */
#define LATE 2u /* taken after the start */
#define MARKS (STEP - 1)

struct block { /* a free one */
  struct block *next;
};

static struct {
  char *at, *end; /* of the chunk */
  char *reserve;  /* a chunk for the error that says so when all else is full; NULL: in use */
  unsigned late;  /* LATE after the start */
  struct block *lists[SMALL / STEP + 1];
} heap __attribute__((aligned(64)));

static unsigned *head_of(const void *block) {
  return (unsigned *)((char *)block - HEAD);
}

static size_t size_of(const void *block) {
  return *head_of(block) & ~MARKS;
}

static void *take_large(size_t size) {
  char *at = size > UINT32_MAX - 64 ? NULL : malloc(size + HEAD);
  if (at == NULL) {
    return NULL;
  }
  *(unsigned *)at = (unsigned)size | OWN;
  return at + HEAD;
}

/* What is left of the old chunk is lost. */
static bool new_chunk(void) {
  char *chunk = malloc(CHUNK);
  bool full = chunk == NULL;
  if (full) {
    chunk = heap.reserve;
    heap.reserve = NULL;
  }
  if (chunk == NULL) {
    return false;
  }
  heap.at = chunk;
  heap.end = chunk + CHUNK;
  return !full; /* this block is refused, the next ones are not */
}

static void *take_small(unsigned size) {
  struct block **list = &heap.lists[size / STEP];
  if (*list != NULL) {
    struct block *first = *list;
    *list = first->next;
    return first;
  }
  if ((size_t)(heap.end - heap.at) < size + HEAD && !new_chunk()) {
    return NULL;
  }
  char *at = heap.at;
  heap.at += size + HEAD;
  *(unsigned *)at = size | heap.late;
  return at + HEAD;
}

static void *take(JSMallocState *s, size_t size) {
  size_t whole = (size + STEP - 1) / STEP * STEP;
  void *block = whole < size     ? NULL
                : whole <= SMALL ? take_small((unsigned)whole)
                                 : take_large(whole);
  if (block != NULL) {
    s->malloc_count++;
    s->malloc_size += size_of(block);
  }
  return block;
}

static void give(JSMallocState *s, void *block) {
  if (block == NULL) {
    return;
  }
  s->malloc_count--;
  s->malloc_size -= size_of(block);
  if (*head_of(block) & OWN) {
    free(head_of(block));
  } else if ((*head_of(block) & LATE) == heap.late) {
    struct block *b = block, **list = &heap.lists[size_of(block) / STEP];
    b->next = *list;
    *list = b;
  }
}

static void *resize(JSMallocState *s, void *block, size_t size) {
  if (block == NULL) {
    return size == 0 ? NULL : take(s, size);
  }
  size_t before = size_of(block);
  if (size == 0) {
    give(s, block);
    return NULL;
  }
  if (size <= before && before - size < SMALL) {
    return block;
  }
  void *moved = take(s, size);
  if (moved != NULL) {
    memcpy(moved, block, size < before ? size : before);
    give(s, block);
  }
  return moved;
}

void je_memory_seal(void) {
  memset(heap.lists, 0, sizeof heap.lists);
  heap.at = heap.end = NULL;
  heap.late = LATE;
  heap.reserve = malloc(CHUNK);
  if (new_chunk()) { /* at a page: what calls write is found by pages */
    heap.at += (4096 - (uintptr_t)heap.at % 4096) % 4096;
  }
}

const JSMallocFunctions je_memory = {take, give, resize, size_of};
