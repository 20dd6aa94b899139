/* memory.c - where QuickJS's memory comes from: the C library's allocator, with the sizes that
 * QuickJS counts. The procedure's memory limit is the host's: a memory that can't grow is an
 * InternalError "out of memory" in the script. */
#include <stdlib.h>

#include "engine.h"

size_t malloc_usable_size(void *block);

static size_t size_of(const void *block) {
  return malloc_usable_size((void *)block);
}

static void *take(JSMallocState *s, size_t size) {
  void *block = s->malloc_size + size > s->malloc_limit ? NULL : malloc(size);
  if (block != NULL) {
    s->malloc_count++;
    s->malloc_size += size_of(block);
  }
  return block;
}

static void give(JSMallocState *s, void *block) {
  if (block != NULL) {
    s->malloc_count--;
    s->malloc_size -= size_of(block);
    free(block);
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
  void *moved = s->malloc_size - before + size > s->malloc_limit ? NULL : realloc(block, size);
  if (moved != NULL) {
    s->malloc_size += size_of(moved) - before;
  }
  return moved;
}

const JSMallocFunctions je_memory = {take, give, resize, size_of};
