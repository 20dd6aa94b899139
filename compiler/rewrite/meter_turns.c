/* meter_turns.c - finds loops of which is known, where they begin, how often they turn. It never
 * writes code.
 *
 * Such a loop is straight-line code without calls and charges by length. It ends with
 *
 *     local.get X  i32.const step  i32.add  local.tee X  br_if 0  end
 *
 * or, before the br_if, with local.get N or i32.const N and i32.ne. step is plus or minus a power
 * of two, nothing else in it sets X, and nothing sets N, which is 0 if there is no i32.ne. It turns
 * until X is N, X being counted modulo 2^32.
 *
 * Invariant: what is found is exact. A loop that turned more often than said would run unmetered.
 */
#include <string.h>

#include "rewrite_parts.h"

#define LAST 7 /* instructions that say how a loop ends, br_if included */

/* Goes on to the next instruction in all cases. */
static bool goes_on(const hcc_instr *i) {
  bool branches = i->info->imm == HCC_IMM_BLOCK || i->info->imm == HCC_IMM_LABEL ||
                  i->info->imm == HCC_IMM_BR_TABLE || i->code == HCC_OP_RETURN ||
                  i->code == HCC_OP_UNREACHABLE;
  bool calls = i->code == HCC_OP_CALL || i->code == HCC_OP_CALL_INDIRECT;
  return !branches && !calls && (i->info->flags & HCC_OPF_BULK) == 0;
}

static bool is(const hcc_instr *i, uint32_t code) {
  return i->info != NULL && i->code == code;
}

bool hcc__rw_sets_local(const hcc_instr *i) {
  return i->code == HCC_OP_LOCAL_SET || i->code == HCC_OP_LOCAL_TEE;
}

bool hcc__rw_step(uint32_t *by, uint32_t local, const hcc_instr *i) {
  bool adds = is(&i[0], HCC_OP_I32_ADD);
  *by = adds ? (uint32_t)i[1].value : 0 - (uint32_t)i[1].value;
  return (adds || is(&i[0], HCC_OP_I32_SUB)) && is(&i[1], HCC_OP_I32_CONST) &&
         is(&i[2], HCC_OP_LOCAL_GET) && i[2].a == local;
}

/* local.get X, i32.const step, i32.add or i32.sub, local.tee X, the youngest first. */
static bool match_step(hcc__rw_turns *out, const hcc_instr *i) {
  uint32_t by;
  if (!is(&i[0], HCC_OP_LOCAL_TEE) || !hcc__rw_step(&by, i[0].a, &i[1])) {
    return false;
  }
  out->local = i[0].a;
  out->down = by >> 31 != 0;
  uint32_t size = out->down ? 0 - by : by;
  for (out->shift = 0; out->shift < 31 && size >> out->shift > 1; out->shift++) {
  }
  return size == 1u << out->shift;
}

/* The last instructions before the loop's end, the youngest first. */
static bool match(hcc__rw_turns *out, const hcc_instr *i) {
  bool found = is(&i[0], HCC_OP_BR_IF) && i[0].a == 0;
  out->until_local = false;
  out->until = 0;
  if (found && is(&i[1], HCC_OP_I32_NE)) {
    out->until_local = is(&i[2], HCC_OP_LOCAL_GET);
    out->until = out->until_local ? i[2].a : (uint32_t)i[2].value;
    return (out->until_local || is(&i[2], HCC_OP_I32_CONST)) && match_step(out, &i[3]);
  }
  return found && match_step(out, &i[1]);
}

/* How often a local is set in the range. */
static int count_sets(uint32_t *out, uint32_t local, const hcc__rw *rw, hcc_range body) {
  hcc_reader r = {rw->m->bytes, body.begin, body.end};
  int status = 0;
  for (*out = 0; status == 0 && r.pos < r.end;) {
    hcc_instr i;
    HCC_TRY(hcc_instr_next(&i, &r, rw->err));
    *out += hcc__rw_sets_local(&i) && i.a == local;
  }
out:
  return status;
}

int hcc__rw_turns_of(bool *found, hcc__rw_turns *out, const hcc__rw *rw, hcc_reader r) {
  hcc_instr last[LAST] = {{.info = NULL}}, end = {.info = NULL}; /* the youngest first */
  hcc_range body = {.begin = r.pos};
  uint32_t sets = 0, until_sets = 0;
  int status = 0;
  *found = false;
  do {
    memmove(last + 1, last, sizeof last - sizeof *last);
    HCC_TRY(hcc_instr_next(&last[0], &r, rw->err));
  } while (goes_on(&last[0]) && last[0].code != HCC_OP_END);
  if (is(&last[0], HCC_OP_BR_IF)) {
    HCC_TRY(hcc_instr_next(&end, &r, rw->err));
  }
  body.end = r.pos;
  if (!is(&end, HCC_OP_END) || !match(out, last)) {
    goto out;
  }
  HCC_TRY(count_sets(&sets, out->local, rw, body));
  if (out->until_local) {
    HCC_TRY(count_sets(&until_sets, out->until, rw, body));
  }
  *found = sets == 1 && until_sets == 0;
out:
  return status;
}
