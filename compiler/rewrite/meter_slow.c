/* meter_slow.c - how long the turn of a counted loop may take at worst, and how long a unit of
 * fuel. A loop that is paid for at once can't be stopped before its end, so it must have a time:
 * one that takes 8 ms at most may have more fuel than a slice has. Slices are as large as the
 * slowest basic block of the module lets them be. It never writes code.
 *
 * The numbers are quarters of a nanosecond, of a processor of 3 GHz that finds nothing to do
 * meanwhile: instructions that wait for each other, memory that is touched for the first time.
 *
 * Invariant: no instruction takes less than 1, so that time is no less than fuel. What is not
 * listed is slow. */
#include "rewrite_parts.h"

#define SLOW 192 /* divisions, roots, products of floats that are nearly 0; what is not listed */
#define BYTE 2   /* of memory: a page that the system has to find first takes 2 us */
#define PAGE (4096 * BYTE)
#define NEAR 32
#define LOAD                                                                                       \
  150 /* a load that waits for another one, in a small memory: thrice what was measured */
#define RANDOM 600 /* a load that waits for another one, from memory, while others want it too */

static const struct {
  uint16_t first, last; /* opcodes */
  uint8_t time;
} known[] = {
    {HCC_OP_NOP, HCC_OP_END, 1},
    {HCC_OP_BR, HCC_OP_BR_IF, 1},
    {HCC_OP_DROP, HCC_OP_SELECT_T, 1},
    {HCC_OP_LOCAL_GET, HCC_OP_GLOBAL_SET, 1},
    {HCC_OP_I32_CONST, HCC_OP_I64_GE_U, 1}, /* with constants and comparisons of integers */
    {HCC_OP_F32_EQ, HCC_OP_F64_GE, 8},
    {HCC_OP_I32_CLZ, HCC_OP_I32_POPCNT, 16}, /* a dozen instructions, on older processors */
    {HCC_OP_I32_ADD, HCC_OP_I32_SUB, 1},
    {HCC_OP_I32_MUL, HCC_OP_I32_MUL, 4},
    {HCC_OP_I32_AND, HCC_OP_I32_ROTR, 1},
    {HCC_OP_I64_CLZ, HCC_OP_I64_POPCNT, 16},
    {HCC_OP_I64_ADD, HCC_OP_I64_SUB, 1},
    {HCC_OP_I64_MUL, HCC_OP_I64_MUL, 4},
    {HCC_OP_I64_AND, HCC_OP_I64_ROTR, 1},
    {HCC_OP_F32_ABS, HCC_OP_F32_NEG, 4},
    {HCC_OP_F32_ADD, HCC_OP_F32_SUB, 8}, /* of products see SLOW */
    {HCC_OP_F64_ABS, HCC_OP_F64_NEG, 4},
    {HCC_OP_F64_ADD, HCC_OP_F64_SUB, 8},
    {HCC_OP_I32_WRAP_I64, HCC_OP_I32_WRAP_I64, 1},
    {HCC_OP_I64_EXTEND_I32_S, HCC_OP_I64_EXTEND_I32_U, 1},
    {HCC_OP_F32_CONVERT_I32_S, HCC_OP_F32_CONVERT_I32_U, 16},
    {HCC_OP_F64_CONVERT_I32_S, HCC_OP_F64_PROMOTE_F32, 16},
    {HCC_OP_I32_REINTERPRET_F32, HCC_OP_I64_EXTEND32_S, 4},
    {HCC_OP_V128_CONST, HCC_OP_I8X16_SHUFFLE, 4},
    {HCC_OP_I8X16_SPLAT, HCC_OP_F64X2_REPLACE_LANE, 12}, /* between two kinds of registers */
    {HCC_OP_V128_NOT, HCC_OP_V128_BITSELECT, 4},
    {HCC_OP_I8X16_ADD, HCC_OP_I8X16_SUB_SAT_U, 4},
    {HCC_OP_I16X8_ADD, HCC_OP_I16X8_SUB_SAT_U, 4},
    {HCC_OP_I32X4_ADD, HCC_OP_I32X4_SUB, 4},
    {HCC_OP_I64X2_ADD, HCC_OP_I64X2_SUB, 4},
    {HCC_OP_F32X4_ADD, HCC_OP_F32X4_SUB, 8},
    {HCC_OP_F64X2_ADD, HCC_OP_F64X2_SUB, 8},
};

/* One that moves by a local is in what the caches have: see meter_ahead.c. */
static uint32_t of_access(const hcc__rw_series *address) {
  uint32_t up = address->stride, down = 0 - up, moves = up < down ? up : down;
  if (address->known && address->times != 0) {
    return NEAR;
  }
  return 2 + (address->known && moves < PAGE / BYTE ? moves * BYTE : PAGE);
}

uint32_t hcc__rw_time_of(const hcc_instr *i, const hcc__rw_series *address) {
  if (address != NULL) {
    return of_access(address);
  }
  for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
    if (i->code >= known[k].first && i->code <= known[k].last) {
      return known[k].time;
    }
  }
  return SLOW;
}

/* An access near an earlier one does not wait for another address. */
uint32_t hcc__rw_time_in_small(const hcc__rw *rw, const hcc_instr *i,
                               const hcc__rw_series *address) {
  bool unknown = address != NULL && hcc__rw_time_of(i, address) > PAGE;
  if (unknown) {
    return hcc__rw_near_at(rw, i) != NULL ? NEAR : RANDOM;
  }
  return hcc__rw_time_of(i, address);
}

/* Where control goes: what the processor does that has foreseen another way. A grow that the host
 * refuses; behind any other it looks at the clock. */
static const struct {
  uint16_t code;
  uint8_t time;
} others[] = {{HCC_OP_IF, 24},
              {HCC_OP_BR_IF, 24},
              {HCC_OP_RETURN, 48},
              {HCC_OP_CALL, 64},
              {HCC_OP_MEMORY_GROW, 255}};

uint32_t hcc__rw_time_anywhere(const hcc_instr *i) {
  if (i->info->imm == HCC_IMM_MEMARG || i->info->imm == HCC_IMM_MEMARG_LANE) {
    return LOAD;
  }
  for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
    if (i->code == others[k].code) {
      return others[k].time;
    }
  }
  return hcc__rw_time_of(i, NULL);
}
