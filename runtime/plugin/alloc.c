/* alloc.c - malloc and mmap behind one counter. Owns the count of live blocks and the test-only
 * failure plan; both are process-wide atomics, so any thread may allocate. */
#include "plugin/alloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hsb_check.h"

static atomic_long live;
static atomic_bool failing; /* the fast path reads only this */
static atomic_long fail_after, fail_count;

void hrt_alloc_fail(long after, long count) {
  atomic_store(&fail_after, after);
  atomic_store(&fail_count, count);
  atomic_store(&failing, after >= 0 && count > 0);
}

long hrt_alloc_live(void) {
  return atomic_load(&live);
}

static bool must_fail(void) {
  if (!atomic_load_explicit(&failing, memory_order_relaxed)) {
    return false;
  }
  if (atomic_fetch_sub(&fail_after, 1) > 0) {
    return false;
  }
  if (atomic_fetch_sub(&fail_count, 1) > 0) {
    return true;
  }
  atomic_store(&failing, false);
  return false;
}

static void *counted(void *block) {
  if (block) {
    atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
  }
  return block;
}

void *hrt_calloc(size_t count, size_t size) {
  uint64_t bytes;
  if (must_fail() || !hsb_mul64(&bytes, count, size) || bytes > PTRDIFF_MAX) {
    return NULL;
  }
  return counted(calloc(1, bytes ? bytes : 1));
}

void *hrt_alloc(size_t size) {
  return hrt_calloc(1, size);
}

void *hrt_realloc(void *block, size_t size) {
  if (must_fail()) {
    return NULL;
  }
  void *grown = realloc(block, size ? size : 1);
  return block ? grown : counted(grown);
}

void *hrt_memdup(const void *bytes, size_t size) {
  if (size == SIZE_MAX || must_fail()) {
    return NULL;
  }
  char *copy = counted(malloc(size + 1));
  if (copy) {
    if (size > 0) {
      memcpy(copy, bytes, size);
    }
    copy[size] = '\0';
  }
  return copy;
}

char *hrt_strdup(const char *text) {
  return hrt_memdup(text, strlen(text));
}

void hrt_free(void *block) {
  if (block) {
    atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
    free(block);
  }
}

static void *map(size_t size, int protection, int flags, int fd) {
  if (size == 0 || must_fail()) {
    return NULL;
  }
  void *pages = mmap(NULL, size, protection, flags | MAP_NORESERVE, fd, 0);
  return pages == MAP_FAILED ? NULL : counted(pages);
}

void *hrt_pages(size_t size) {
  return map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

void *hrt_reserve(size_t size) {
  return map(size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

void *hrt_pages_of(int fd, size_t size) {
  return map(size, PROT_READ, MAP_PRIVATE, fd);
}

/* Where a mapping can't be divided any more, as the process has too many, it stays, but empty. */
static void give_back(void *pages, size_t size) {
  if (munmap(pages, size) != 0) {
    (void)madvise(pages, size, MADV_DONTNEED);
  }
}

void hrt_unmap(void *pages, size_t size) {
  if (pages) {
    atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
    give_back(pages, size);
  }
}

void hrt_unmap_end(void *pages, size_t keep, size_t size) {
  give_back((char *)pages + keep, size - keep);
}
