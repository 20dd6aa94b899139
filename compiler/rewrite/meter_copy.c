/* meter_copy.c - finds counted loops that do nothing but copy: in each turn as many bytes as both
 * addresses move, upwards and without a gap. Such a loop is one copy, unless it reads what it has
 * written. It never writes code.
 *
 * Invariant: what is found is exact: the bytes, and what the loop's locals are behind it. */
#include "rewrite_parts.h"

typedef hcc__rw_copy copy;
typedef hcc__rw_place place;

/* Bytes that are loaded or stored as they are; 0: it is no such instruction. Vectors are left
 * alone: their loops are as quick as a copy (measured), and there are more of them. */
static uint32_t bytes_of(uint32_t code, bool *stores) {
  static const struct {
    uint32_t code;
    uint8_t bytes;
    bool stores;
  } known[] = {
      {HCC_OP_I32_LOAD8_U, 1, false},  {HCC_OP_I32_LOAD8_S, 1, false},
      {HCC_OP_I32_STORE8, 1, true},    {HCC_OP_I32_LOAD16_U, 2, false},
      {HCC_OP_I32_LOAD16_S, 2, false}, {HCC_OP_I32_STORE16, 2, true},
      {HCC_OP_I32_LOAD, 4, false},     {HCC_OP_I32_STORE, 4, true},
      {HCC_OP_F32_LOAD, 4, false},     {HCC_OP_F32_STORE, 4, true},
      {HCC_OP_I64_LOAD, 8, false},     {HCC_OP_I64_STORE, 8, true},
      {HCC_OP_F64_LOAD, 8, false},     {HCC_OP_F64_STORE, 8, true},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (known[i].code == code) {
      *stores = known[i].stores;
      return known[i].bytes;
    }
  }
  return 0;
}

/* Changes nothing but locals and the stack, and does not trap. */
static bool computes(uint32_t code) {
  static const uint32_t known[] = {HCC_OP_LOCAL_GET, HCC_OP_LOCAL_SET, HCC_OP_LOCAL_TEE,
                                   HCC_OP_I32_CONST, HCC_OP_I32_ADD,   HCC_OP_I32_SUB,
                                   HCC_OP_I32_SHL,   HCC_OP_I32_MUL,   HCC_OP_I32_NE,
                                   HCC_OP_BR_IF,     HCC_OP_END};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (known[i] == code) {
      return true;
    }
  }
  return false;
}

/* Is it that many bytes behind the first one in all turns in which none of both is out of bounds?
 */
static bool behind(const place *first, const place *p, uint32_t bytes) {
  uint32_t add = p->series.add - first->series.add;
  uint64_t offset = p->offset - first->offset;
  return hcc__rw_alike(&first->series, &p->series) &&
         ((offset == 0 && add == bytes) || (add == 0 && offset == bytes));
}

/* What was loaded goes to a place. */
static bool store(copy *c, const place *to, uint32_t bytes) {
  if (c->loaded != bytes || !to->series.known || !c->load.series.known) {
    return false;
  }
  if (c->bytes == 0) {
    c->to = *to;
    c->from = c->load;
  }
  bool next = behind(&c->to, to, c->bytes) && behind(&c->from, &c->load, c->bytes);
  c->bytes += bytes;
  c->loaded = 0;
  return next;
}

void hcc__rw_copy_step(copy *c, const hcc_instr *i, const hcc__rw_series *address) {
  bool stores = false;
  uint32_t bytes = bytes_of(i->code, &stores);
  if (bytes == 0 || address == NULL) {
    c->other |= !computes(i->code) || c->loaded != 0;
    return;
  }
  place p = {*address, i->offset};
  if (stores) {
    c->other |= !store(c, &p, bytes);
    return;
  }
  c->other |= c->loaded != 0;
  c->loaded = bytes;
  c->load = p;
}

void hcc__rw_copy_local(copy *c, uint32_t local, const hcc__rw_series *value) {
  if (value->known && c->locals < HCC_RW_SETS) {
    c->left[c->locals].local = local;
    c->left[c->locals++].value = *value;
  } else {
    c->other = true;
  }
}

void hcc__rw_copy_end(copy *c) {
  c->found = !c->other && c->bytes != 0 && c->loaded == 0 && c->to.series.stride == c->bytes &&
             c->from.series.stride == c->bytes;
}
