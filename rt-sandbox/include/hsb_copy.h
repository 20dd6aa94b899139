/* hsb_copy.h - places of any alignment, and copies of a few bytes. Must never touch anything
 * outside of the ranges that it is given: callers have checked those. */
#ifndef HSB_COPY_H
#define HSB_COPY_H

#include <stddef.h>
#include <stdint.h>

/* Eight bytes, four, two: at any address, aliasing anything. */
typedef uint64_t hsb_word64 __attribute__((aligned(1), may_alias));
typedef uint32_t hsb_word32 __attribute__((aligned(1), may_alias));
typedef uint16_t hsb_word16 __attribute__((aligned(1), may_alias));

#define HSB_PLACE_AT(type, p, i) (*(type *)((uint8_t *)(p) + (i)))
#define HSB_CONST_AT(type, p, i) (*(const type *)((const uint8_t *)(p) + (i)))

/* Copies at most 16 bytes; all are read before any is written, so that ranges may overlap. */
static inline __attribute__((always_inline)) void hsb_copy_small(void *to, const void *from,
                                                                 size_t n) {
#define HSB_COPY_ENDS(type)                                                                        \
  {                                                                                                \
    type head = HSB_CONST_AT(type, from, 0), tail = HSB_CONST_AT(type, from, n - sizeof(type));    \
    HSB_PLACE_AT(type, to, 0) = head;                                                              \
    HSB_PLACE_AT(type, to, n - sizeof(type)) = tail;                                               \
  }
  if (n >= 8)
    HSB_COPY_ENDS(hsb_word64)
  else if (n >= 4)
    HSB_COPY_ENDS(hsb_word32)
  else if (n >= 2)
    HSB_COPY_ENDS(hsb_word16)
  else if (n)
    HSB_PLACE_AT(uint8_t, to, 0) = HSB_CONST_AT(uint8_t, from, 0);
#undef HSB_COPY_ENDS
}

/* 17 bytes and more, upwards: right if `to` is not inside (from, from + n). In hsb_lib.c. Blocks,
 * since x86's string instructions are slow where the two lie nearly a multiple of 4 KiB apart
 * (measured). */
void hsb_copy_up(void *to, const void *from, size_t n);

#endif
