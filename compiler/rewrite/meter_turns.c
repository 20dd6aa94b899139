/* meter_turns.c - finds loops of which is known, where they begin, how often they turn. It never
 * writes code.
 *
 * Such a loop is straight-line code without calls and charges by length. It ends with
 *
 *     Y  br_if 0  end        or        Y  N  i32.ne  br_if 0  end        or with Y and N exchanged
 *
 * or, in the usual form, with i32.lt_u, lt_s, le_u or le_s in place of i32.ne, if Y moves up, or gt
 * or ge if it moves down.
 *
 * Y is local.get or local.tee, N local.get or i32.const, and 0 if there is none. Y is what each
 * turn makes, with an addition or subtraction of a constant, of X: of itself, or of a local that
 * moves by such a step. In the usual form the step may be a local, too, that nothing in the loop
 * sets, if it is not compared by i32.ne. Nothing else in the loop sets X or Y, and nothing sets N.
 * It turns until Y is N, Y being counted modulo 2^32. The usual form is that in which X is Y, set
 * where it is compared, and N stands behind it.
 *
 * Invariant: what is found is exact. A loop that turned more often than said would run unmetered.
 */
#include <string.h>

#include "rewrite_parts.h"

#define LAST 7 /* instructions that say how a loop ends, br_if included */

/* Goes on to the next instruction in all cases. Where ways part and meet, see `inside`. */
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

uint32_t hcc__rw_depth(uint32_t depth, const hcc_instr *i) {
  return depth + (i->info->imm == HCC_IMM_BLOCK) - (i->code == HCC_OP_END && depth != 0);
}

/* Of the loop's instructions, the youngest first: is the end of a turn still to come? Blocks and
 * branches that stay in the turn do not end it. What stands behind a branch belongs to no way. */
static bool inside(bool *branches, uint32_t depth, const hcc_instr *i) {
  bool opens = is(i, HCC_OP_BLOCK) || is(i, HCC_OP_IF);
  bool leads = (is(i, HCC_OP_BR) || is(i, HCC_OP_BR_IF)) && i->a < depth;
  bool closes = is(i, HCC_OP_END) || is(i, HCC_OP_ELSE);
  *branches |= opens;
  if ((closes && depth == 0) || (is(i + 1, HCC_OP_BR) && !closes)) {
    return false;
  }
  return opens || leads || goes_on(i);
}

/* How a local is set in a loop: how often, and the last time to another, or itself, plus that. */
typedef struct set_to {
  uint32_t sets;
  bool sum;      /* in each turn */
  bool by_local; /* by is one */
  uint32_t of, by;
  uint32_t at; /* where */
} set_to;

/* As hcc__rw_step, of another local. */
static bool adds_local(uint32_t *by, uint32_t local, const hcc_instr *i) {
  *by = i[1].a;
  return is(&i[0], HCC_OP_I32_ADD) && is(&i[1], HCC_OP_LOCAL_GET) && is(&i[2], HCC_OP_LOCAL_GET) &&
         i[2].a == local;
}

static int find_sets(set_to *out, uint32_t local, const hcc__rw *rw, hcc_range body) {
  hcc_reader r = {rw->m->bytes, body.begin, body.end};
  hcc_instr last[3] = {{.info = NULL}}, i;
  uint32_t depth = 0;
  int status = 0;
  *out = (set_to){.sets = 0};
  while (r.pos < r.end) {
    HCC_TRY(hcc_instr_next(&i, &r, rw->err));
    depth = hcc__rw_depth(depth, &i);
    if (hcc__rw_sets_local(&i) && i.a == local) {
      out->sets++;
      out->of = last[2].a;
      out->by_local = adds_local(&out->by, out->of, last);
      out->sum = (out->by_local || hcc__rw_step(&out->by, out->of, last)) && depth == 0;
      out->at = i.begin;
    }
    memmove(last + 1, last, sizeof last - sizeof *last);
    last[0] = i;
  }
out:
  return status;
}

static bool take_step(hcc__rw_turns *out, uint32_t by) {
  out->down = by >> 31 != 0;
  out->step = out->down ? 0 - by : by;
  return by != 0;
}

/* Does what is compared, a local, move by a step each turn, itself or with another one? */
static int moves(bool *found, hcc__rw_turns *out, uint32_t compared, const hcc__rw *rw,
                 hcc_range body) {
  set_to its, other;
  int status = find_sets(&its, compared, rw, body);
  *found = status == 0 && its.sets == 1 && its.sum;
  if (!*found) {
    return status;
  }
  if (its.by_local) {
    HCC_TRY(find_sets(&other, its.by, rw, body));
    *found = other.sets == 0 && its.of == compared;
    out->local = its.of;
    out->by_local = true;
    out->down = false;
    out->step = its.by;
    return 0;
  }
  out->set_at = its.at;
  out->local = its.of;
  out->above = its.by;
  other = its;
  if (its.of != compared) {
    HCC_TRY(find_sets(&other, its.of, rw, body));
    out->above += other.at < its.at ? other.by : 0; /* it has moved already */
  }
  *found = other.sets == 1 && other.sum && !other.by_local && other.of == its.of &&
           take_step(out, other.by);
out:
  return status;
}

/* What ends a loop, before the br_if: the youngest first. */
typedef struct ending {
  uint32_t compared; /* a local */
  bool behind;       /* nothing stands before it, and there it is set */
  hcc_instr until;   /* info is NULL: 0 */
  uint32_t compare;
} ending;

static bool is_until(const hcc_instr *i) {
  return is(i, HCC_OP_LOCAL_GET) || is(i, HCC_OP_I32_CONST);
}

static bool is_value(const hcc_instr *i) {
  return is(i, HCC_OP_LOCAL_GET) || is(i, HCC_OP_LOCAL_TEE);
}

/* Does it compare which is less, and is that so while the local moves up, or down? */
static bool is_order(uint32_t code, bool down) {
  switch (code) {
  case HCC_OP_I32_LT_S:
  case HCC_OP_I32_LT_U:
  case HCC_OP_I32_LE_S:
  case HCC_OP_I32_LE_U:
    return !down;
  case HCC_OP_I32_GT_S:
  case HCC_OP_I32_GT_U:
  case HCC_OP_I32_GE_S:
  case HCC_OP_I32_GE_U:
    return down;
  default:
    return false;
  }
}

/* Returns how many ways there are to see it: x != y may count either. */
static uint32_t endings(ending out[2], const hcc_instr *i) {
  uint32_t count = 0;
  if (!is(&i[0], HCC_OP_BR_IF) || i[0].a != 0) {
    return 0;
  }
  if (is_value(&i[1])) {
    out[count++] = (ending){.compared = i[1].a, .behind = is(&i[1], HCC_OP_LOCAL_TEE)};
  } else if ((is_order(i[1].code, false) || is_order(i[1].code, true)) &&
             is(&i[3], HCC_OP_LOCAL_TEE) && is_until(&i[2])) {
    out[count++] =
        (ending){.compared = i[3].a, .behind = true, .until = i[2], .compare = i[1].code};
  } else if (is(&i[1], HCC_OP_I32_NE)) {
    /* behind a sum that is kept stands what has three instructions before it */
    const hcc_instr *before = is(&i[2], HCC_OP_LOCAL_TEE) ? &i[6] : &i[3];
    if (is_value(&i[3]) && is_until(&i[2])) {
      out[count++] =
          (ending){.compared = i[3].a, .behind = is(&i[3], HCC_OP_LOCAL_TEE), .until = i[2]};
    }
    if (is_value(&i[2]) && is_until(before)) {
      out[count++] = (ending){.compared = i[2].a, .until = *before};
    }
  }
  return count;
}

static int try_ending(bool *found, hcc__rw_turns *out, const ending *e, const hcc__rw *rw,
                      hcc_range body) {
  set_to until = {.sets = 0};
  int status = 0;
  out->until_local = is(&e->until, HCC_OP_LOCAL_GET);
  out->until_at = e->until.begin;
  out->until = out->until_local ? e->until.a : e->until.info != NULL ? (uint32_t)e->until.value : 0;
  if (out->until_local) {
    HCC_TRY(find_sets(&until, out->until, rw, body));
  }
  out->by_local = false;
  out->compare = e->compare != 0 ? e->compare : HCC_OP_I32_NE;
  HCC_TRY(moves(found, out, e->compared, rw, body));
  out->usual = e->behind && out->local == e->compared;
  bool order = is_order(out->compare, out->down) && out->usual;
  *found = *found && until.sets == 0 && (order || (e->compare == 0 && !out->by_local));
out:
  return status;
}

int hcc__rw_turns_of(bool *found, hcc__rw_turns *out, const hcc__rw *rw, hcc_reader r) {
  hcc_instr last[LAST] = {{.info = NULL}}, end = {.info = NULL}; /* the youngest first */
  hcc_range body = {.begin = r.pos};
  ending seen[2];
  uint32_t depth = 0;
  bool goes = true;
  int status = 0;
  *found = false;
  *out = (hcc__rw_turns){.branches = false};
  while (goes) {
    memmove(last + 1, last, sizeof last - sizeof *last);
    HCC_TRY(hcc_instr_next(&last[0], &r, rw->err));
    goes = inside(&out->branches, depth, last);
    depth = hcc__rw_depth(depth, &last[0]);
  }
  if (is(&last[0], HCC_OP_BR_IF) && depth == 0) {
    HCC_TRY(hcc_instr_next(&end, &r, rw->err));
  }
  body.end = r.pos;
  uint32_t count = is(&end, HCC_OP_END) ? endings(seen, last) : 0;
  for (uint32_t i = 0; i < count && !*found; i++) {
    HCC_TRY(try_ending(found, out, &seen[i], rw, body));
  }
out:
  return status;
}
