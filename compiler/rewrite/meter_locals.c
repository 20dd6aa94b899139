/* meter_locals.c - where the locals of ours are that metering a body needs, and their declaration.
 *
 * Invariant: they follow the guest's, in the order in which they are declared; every local of the
 * guest's but its parameters is one further than it was, if the fuel is counted. */
#include "rewrite_parts.h"

static void put_group(hcc_buf *out, uint32_t count, uint8_t type) {
  if (count != 0) {
    hcc_buf_u32(out, count);
    hcc_buf_byte(out, type);
  }
}

int hcc__rw_put_locals(hcc_buf *out, const hcc__rw *rw, const hcc_func *func,
                       const hcc__rw_locals *ours) {
  hcc_reader r = {rw->m->bytes, func->body.begin, func->code.begin};
  static const uint8_t types[] = HCC_RW_VALUE_TYPES;
  uint32_t groups = 0, values = 0;
  int status = hcc_read_u32(&groups, &r, rw->err);
  for (uint32_t i = 0; i < sizeof types; i++) {
    values += ours->values >> i & 1;
  }
  if (status == 0) {
    hcc_buf_u32(out, groups + (ours->scratch != 0) + (ours->turns != 0) + values);
    hcc_buf_add(out, r.bytes + r.pos, r.end - r.pos);
    put_group(out, ours->scratch, HCC_I32);
    put_group(out, ours->turns, HCC_I64);
    for (uint32_t i = 0; i < sizeof types; i++) {
      put_group(out, ours->values >> i & 1, types[i]);
    }
  }
  return status;
}

hcc__rw_places hcc__rw_place_locals(const hcc__rw *rw, const hcc_func *func,
                                    const hcc__rw_locals *ours) {
  uint32_t params = rw->m->types[func->type].param_count;
  hcc__rw_places at = {.fuel = params};
  at.scratch = params + (rw->options.meter ? 1 : 0) + func->local_count;
  at.turns = at.scratch + ours->scratch;
  uint32_t next = at.turns + ours->turns;
  for (uint32_t i = 0; i < sizeof at.values / sizeof *at.values; i++) {
    at.values[i] = next;
    next += ours->values >> i & 1;
  }
  return at;
}
