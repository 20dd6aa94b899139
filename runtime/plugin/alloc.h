/* alloc.h - every allocation of the engine goes through here, so that tests can make any one of
 * them fail and can see what leaks.
 *
 * Invariant: a function returns NULL or a block that the matching free takes back; sizes of arrays
 * are multiplied with a check; nothing here prints or ends the process. */
#ifndef HRT_ALLOC_H
#define HRT_ALLOC_H

#include <stddef.h>

/* All return NULL when out of memory or when a test asked for it. */
void *hrt_alloc(size_t size);                     /* zeroed */
void *hrt_calloc(size_t count, size_t size);      /* zeroed; NULL if count * size overflows */
void *hrt_realloc(void *block, size_t size);      /* takes NULL; on failure the old block stays */
void *hrt_memdup(const void *bytes, size_t size); /* a copy, with a NUL after it */
char *hrt_strdup(const char *text);
void hrt_free(void *block); /* takes NULL */

/* Zeroed pages of their own, readable and writable, not committed before they are touched. */
void *hrt_pages(size_t size);
/* Address space only: no access, no commit. */
void *hrt_reserve(size_t size);
/* The bytes of a file that nobody changes, to read only. */
void *hrt_pages_of(int fd, size_t size);
void hrt_unmap(void *pages, size_t size); /* takes NULL */
/* Gives back what is behind the first `keep` bytes; those are a block still. */
void hrt_unmap_end(void *pages, size_t keep, size_t size);

/* Tests only. From now on allocation number `after` (0: the next one) fails, and the count - 1
 * after it; a negative `after` ends it. Not for use while other threads allocate. */
void hrt_alloc_fail(long after, long count);
/* Blocks and mappings that are allocated now. */
long hrt_alloc_live(void);

#endif
