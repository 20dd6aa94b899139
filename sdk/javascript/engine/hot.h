/* hot.h - what every call writes, in one page of memory, as the reset after a call copies back page
 * by page: the top of the stack (build.sh), this struct, and in what is left of the page the first
 * blocks that a call allocates (heap.h). */
#ifndef JE_HOT_H
#define JE_HOT_H

#include <stddef.h>
#include <stdint.h>

#define JE_LISTS 130 /* sizes of blocks */
#define JE_PAGE 4096u
#define JE_STACK 1984u /* of the page: the rest of build.sh's stack size */

struct je_block { /* a free one */
  struct je_block *next;
};

extern struct je_hot {
  char *at, *end; /* of the chunk */
  size_t used;    /* bytes of chunks and of large blocks */
  size_t frozen;  /* bytes from the end of this struct on that are from before the first call; 0: it
                     is not over */
  char *reserve;  /* a chunk for the error that says so when all else is full; NULL: in use */
  struct je_block *lists[JE_LISTS];
  size_t taken; /* of the room */
  char room[JE_PAGE - JE_STACK - (JE_LISTS + 6) * sizeof(void *)] __attribute__((aligned(8)));
} je_hot;

/* Is it of a call, so that its references are counted? */
#define je_counted(p) ((uintptr_t)(p) - (uintptr_t)(&je_hot + 1) >= je_hot.frozen)

#endif
