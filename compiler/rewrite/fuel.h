/* fuel.h - every number of the fuel table that is not a column of opcodes.def. docs/metering.md
 * publishes them; changing one changes what every metered module consumes.
 *
 * Invariant: a charge is below 2^42 units, and at function entry, in each turn of a loop and after
 * each charge by length the counter is checked; so this signed 64-bit integer can't wrap. */
#ifndef HCC_FUEL_H
#define HCC_FUEL_H

/* A direct call of an import, on top of the call instruction. */
#define HCC_FUEL_HOST_CALL 64u

/* Instructions that are also charged by their top operand, an unsigned 32-bit length n:
 *   BULK(OP, shift): n >> shift units, before the instruction, whether it traps or not
 *   GROW(OP, shift): n << shift units, after it, only if it succeeded (its result is not -1) */
#define HCC_FUEL_BY_LENGTH(BULK, GROW)                                                             \
  BULK(MEMORY_COPY, 5) /* a unit for 32 bytes */                                                   \
  BULK(MEMORY_FILL, 5)                                                                             \
  BULK(MEMORY_INIT, 5)                                                                             \
  BULK(TABLE_COPY, 0) /* a unit an element */                                                      \
  BULK(TABLE_FILL, 0)                                                                              \
  BULK(TABLE_INIT, 0)                                                                              \
  GROW(MEMORY_GROW, 10) /* 1024 units a page */                                                    \
  GROW(TABLE_GROW, 0)

#endif
