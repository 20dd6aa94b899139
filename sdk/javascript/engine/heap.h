/* heap.h - where QuickJS's memory comes from, in the middle of quickjs.c (edit.py), so that its
 * calls are inlined. A call begins with the state after the start, and what it wrote is undone page
 * by page; so what each call writes lies in one page, as far as it fits (hot.h), the rest of what
 * it allocates in chunks of its own.
 *
 * Blocks of up to SMALL bytes are cut from chunks, one size a free list; larger ones are the C
 * library's. What was made before je_freeze (inside.h) is never given back: counted() is false of
 * it, and a free block of that time is not used again.
 *
 * The procedure's memory limit is the host's: a memory that can't grow is an InternalError "out of
 * memory" in the script. Invariant: in the word before each block stand its bytes with that word, a
 * multiple of STEP, and the mark OWN; blocks are at multiples of STEP. */
#ifndef JE_HEAP_H
#define JE_HEAP_H

#include <stdbool.h>
#include <stdlib.h>

#define STEP 8u
#define HEAD 4u
#define SMALL 1024u
#define CHUNK 65536u /* a page of WebAssembly's */
#define OWN 1u       /* the C library's */

_Static_assert(JE_LISTS == (SMALL + HEAD) / STEP + 2, "a list for each size");

/* A block that is there for ever and that calls write: JSRuntime, JSContext, arguments. */
static void *je_room(size_t size) {
  char *at = je_hot.room + je_hot.taken;
  je_hot.taken += (size + 7) & ~(size_t)7;
  return je_hot.taken <= sizeof je_hot.room ? at : NULL;
}

static unsigned *je_head(const void *block) {
  return (unsigned *)((char *)block - HEAD);
}

static size_t je_heap_size(const void *block) {
  return *je_head(block) - (*je_head(block) & OWN) - HEAD;
}

/* Behind all memory there is, so that what calls allocate is. Not before malloc has run: it would
 * take all it finds. */
static char *je_chunk(void) {
  size_t page = __builtin_wasm_memory_grow(0, 1);
  return page == SIZE_MAX ? NULL : (char *)(page * CHUNK);
}

/* What is left of the old chunk is lost. */
static bool je_new_chunk(void) {
  char *chunk = je_hot.frozen == 0 ? malloc(CHUNK) : je_chunk();
  bool full = chunk == NULL;
  je_hot.used += full ? 0 : CHUNK;
  if (full) {
    chunk = je_hot.reserve;
    je_hot.reserve = NULL;
  }
  if (chunk == NULL) {
    return false;
  }
  je_hot.at = chunk + STEP - HEAD;
  je_hot.end = chunk + CHUNK;
  return !full; /* this block is refused, the next ones are not */
}

static no_inline void *je_heap_take_large(size_t size) {
  size_t whole = (size + HEAD + STEP - 1) & ~(size_t)(STEP - 1);
  char *at = whole < size ? NULL : malloc(whole + STEP - HEAD);
  if (at == NULL) {
    return NULL;
  }
  at += STEP - HEAD;
  *(unsigned *)at = (unsigned)whole | OWN;
  je_hot.used += whole;
  return at + HEAD;
}

static no_inline void *je_heap_take_new(unsigned whole) {
  if ((size_t)(je_hot.end - je_hot.at) < whole && !je_new_chunk()) {
    return NULL;
  }
  char *at = je_hot.at;
  je_hot.at += whole;
  *(unsigned *)at = whole;
  return at + HEAD;
}

static inline void *je_heap_take(size_t size) {
  unsigned whole = (unsigned)(size + HEAD + STEP - 1) & ~(STEP - 1);
  if (unlikely(size > SMALL)) {
    return je_heap_take_large(size);
  }
  struct je_block **list = &je_hot.lists[whole / STEP], *first = *list;
  if (first != NULL) {
    *list = first->next;
    return first;
  }
  char *at = je_hot.at;
  if (unlikely((size_t)(je_hot.end - at) < whole)) {
    return je_heap_take_new(whole);
  }
  je_hot.at = at + whole;
  *(unsigned *)at = whole;
  return at + HEAD;
}

static no_inline void je_heap_give_large(void *block) {
  je_hot.used -= je_heap_size(block) + HEAD;
  free((char *)block - STEP);
}

static inline void je_heap_give(void *block) {
  if (block == NULL) {
    return;
  }
  unsigned head = *je_head(block);
  if (unlikely(head & OWN)) {
    je_heap_give_large(block);
  } else if (je_counted(block)) {
    struct je_block *b = block, **list = &je_hot.lists[head / STEP];
    b->next = *list;
    *list = b;
  }
}

/* The last block of the chunk grows where it is. Not where a free one of that size waits: what
 * begins small each time and is given back long would take new room each time. */
static bool je_stretch(void *block, size_t size) {
  unsigned head = *je_head(block);
  char *begin = (char *)block - HEAD;
  unsigned whole = (unsigned)(size + HEAD + STEP - 1) & ~(STEP - 1);
  if (size > SMALL || head & OWN || begin + head != je_hot.at ||
      (size_t)(je_hot.end - begin) < whole || je_hot.lists[whole / STEP] != NULL) {
    return false;
  }
  je_hot.at = begin + whole;
  *je_head(block) = whole;
  return true;
}

static void *je_heap_resize(void *block, size_t size) {
  if (block == NULL) {
    return size == 0 ? NULL : je_heap_take(size);
  }
  size_t before = je_heap_size(block);
  if (size == 0) {
    je_heap_give(block);
    return NULL;
  }
  if ((size <= before && before - size < SMALL) || je_stretch(block, size)) {
    return block;
  }
  void *moved = je_heap_take(size);
  if (moved != NULL) {
    memcpy(moved, block, size < before ? size : before);
    je_heap_give(block);
  }
  return moved;
}

/* The start is over: what is allocated from here on lies in what is left of the hot page, then in
 * chunks behind everything. */
static void je_heap_freeze(void) {
  memset(je_hot.lists, 0, sizeof je_hot.lists);
  je_hot.at = je_hot.room + je_hot.taken + STEP - HEAD;
  je_hot.end = je_hot.room + sizeof je_hot.room;
  je_hot.frozen = __builtin_wasm_memory_size(0) * CHUNK - (uintptr_t)(&je_hot + 1);
  je_hot.reserve = je_chunk();
}

#endif
