/* meter_range.c - with explicit bounds: finds loops that may end early, of which the last question
 * of each turn is whether a count is below an end that stays where it is; and writes what stands
 * before them: is all in bounds that turns below that end can access?
 *
 *     count  end  i32.lt_u  br_if 0  end       or with i32.gt_u, exchanged; or with i32.ne
 *
 * The count is a sum of locals as they are then, the end of what the loop does not set. If each
 * turn moves the count by the same step, i32.ne says how many turns there are at most, and these
 * are counted instead. Else the locals may be set to anything.
 *
 * The copy that looks asks the question where a turn begins, not where it ends, so the count is
 * below the end in each of its turns. What they access at a place made of the count and of what the
 * loop does not set is then one of so many places, a stride apart, and these are looked at. A turn
 * that does not come to its end accesses no others.
 *
 * What is found is no wall of the sandbox: hsb_look.h compares the places that it is told of, and
 * which of them a turn asks for. Invariant: an access that is counted so has the address that its
 * series says, else it would go elsewhere, or trap. */
#include <string.h>

#include "emit.h"
#include "rewrite_parts.h"

#define TURNS_MIN 8

typedef hcc__rw_series series;
typedef hcc__rw_ways ways;

static bool is_set(const ways *w, uint32_t local) {
  uint32_t s = 0;
  while (s < w->sets && w->set[s].local != local) {
    s++;
  }
  return s != w->sets || local >= HCC_RW_NAMED;
}

/* Takes equal terms together. Returns false if there are too many. */
static bool add_term(series *s, uint32_t term, uint32_t factor) {
  uint32_t t = 0;
  while (t < s->terms && s->term[t] != term) {
    t++;
  }
  if (t == HCC_RW_TERMS) {
    return false;
  }
  if (t == s->terms) {
    s->term[s->terms++] = term;
    s->factor[t] = 0;
  }
  s->factor[t] += factor;
  if (s->factor[t] == 0) {
    s->terms--;
    s->term[t] = s->term[s->terms];
    s->factor[t] = s->factor[s->terms];
  }
  return true;
}

/* Adds factor * y. */
static bool add_series(series *s, const series *y, uint32_t factor) {
  bool room = y->known;
  s->add += factor * y->add;
  for (uint32_t t = 0; t < y->terms && room; t++) {
    room = add_term(s, y->term[t], factor * y->factor[t]);
  }
  return room;
}

static uint32_t factor_of(const series *s, uint32_t local) {
  uint32_t factor = 0;
  for (uint32_t t = 0; t < s->terms; t++) {
    factor = s->term[t] == local ? s->factor[t] : factor;
  }
  return factor;
}

/* --- the question --- */

/* A local that holds the term, and something more, where the turn ends; w->sets if there is none.
 */
static uint32_t holder_of(const ways *w, uint32_t term) {
  uint32_t s = 0;
  while (s < w->sets && !(w->set[s].value.known && w->set[s].value.terms == 1 &&
                          w->set[s].value.term[0] == term && w->set[s].value.factor[0] == 1)) {
    s++;
  }
  return s;
}

/* A local that holds that, and a constant more. */
static bool held(series *out, const ways *w, const series *s) {
  bool found = false;
  *out = (series){.known = false};
  for (uint32_t i = 0; i < w->sets && !found; i++) {
    found = s->known && w->set[i].value.known && hcc__rw_alike(&w->set[i].value, s);
    *out = (series){.known = true,
                    .add = s->add - w->set[i].value.add,
                    .terms = 1,
                    .term = {w->set[i].local},
                    .factor = {1}};
  }
  return found;
}

/* What stands there by locals where the turn ends, and so where the next one begins. */
static bool at_end(series *out, const ways *w, const series *s) {
  bool found = s->known;
  *out = (series){.known = true, .add = s->add};
  for (uint32_t t = 0; t < s->terms && found; t++) {
    uint32_t holder = is_set(w, s->term[t]) ? holder_of(w, s->term[t]) : w->sets;
    if (holder == w->sets) {
      found = !is_set(w, s->term[t]) && add_term(out, s->term[t], s->factor[t]);
    } else {
      out->add -= s->factor[t] * w->set[holder].value.add;
      found = add_term(out, w->set[holder].local, s->factor[t]);
    }
  }
  return found;
}

/* Does it move? Any of the locals in it that do will do: what is told by the count has as many of
 * each. */
static bool has_local(hcc__rw_range *out, const ways *w) {
  bool has = false;
  for (uint32_t t = 0; t < out->count.terms && !has; t++) {
    has = is_set(w, out->count.term[t]);
    out->local = out->count.term[t];
  }
  return has;
}

static bool is_fixed(const ways *w, const series *s) {
  bool fixed = true;
  for (uint32_t t = 0; t < s->terms; t++) {
    fixed &= !is_set(w, s->term[t]);
  }
  return fixed;
}

/* How far the local moves in each turn. Returns false if that is not known. */
static bool moves(uint32_t *by, const ways *w, uint32_t local) {
  bool known = local < HCC_RW_NAMED;
  *by = 0;
  for (uint32_t s = 0; s < w->sets && known; s++) {
    const series *v = &w->set[s].value;
    if (w->set[s].local == local) {
      known = v->known && v->terms == 1 && v->term[0] == local && v->factor[0] == 1;
      *by = v->add;
    }
  }
  return known;
}

/* How far what is made of locals where a turn begins moves in each turn. */
static bool stride_of(uint32_t *out, const ways *w, const series *s) {
  bool known = s->known;
  uint32_t by = 0;
  *out = 0;
  for (uint32_t t = 0; t < s->terms && known; t++) {
    known = moves(&by, w, s->term[t]);
    *out += s->factor[t] * by;
  }
  return known;
}

/* Does the loop go on while x, which moves, is not y? */
static bool differs(hcc__rw_range *out, const ways *w, const series *x, const series *y) {
  uint32_t step = 0;
  bool known = stride_of(&step, w, x) && y->known && is_fixed(w, y);
  out->count = *x;
  out->until = *y;
  out->down = step >> 31 != 0;
  out->step = out->down ? 0 - step : step;
  return known && out->step != 0;
}

/* Does it while x is below y? x may be what some local holds as a whole. */
static bool is_below(hcc__rw_range *out, const ways *w, const series *x, const series *y,
                     bool whole) {
  bool found = whole ? held(&out->count, w, x) : at_end(&out->count, w, x);
  out->step = 0;
  out->until = *y;
  return found && w->last && has_local(out, w) && y->known && is_fixed(w, y);
}

/* Does it while x, which each turn moves by 1, is not a number? Until then it is below that, if it
 * was. */
static bool is_below_number(hcc__rw_range *out, const ways *w, const series *x, const series *y,
                            bool whole) {
  uint32_t step = 0;
  return stride_of(&step, w, x) && step == 1 && y->terms == 0 && is_below(out, w, x, y, whole);
}

/* Either may be what moves. With a number the places are known here, and one comparison is enough
 * to look at them. */
static bool is_different(hcc__rw_range *out, const ways *w, bool whole) {
  return is_below_number(out, w, &w->x, &w->y, whole) ||
         is_below_number(out, w, &w->y, &w->x, whole) || differs(out, w, &w->x, &w->y) ||
         differs(out, w, &w->y, &w->x);
}

static bool has_question(hcc__rw_range *out, const ways *w, bool whole) {
  switch (w->followed ? w->op : 0) {
  case HCC_OP_I32_LT_U:
    return is_below(out, w, &w->x, &w->y, whole);
  case HCC_OP_I32_GT_U:
    return is_below(out, w, &w->y, &w->x, whole);
  case HCC_OP_I32_NE:
    return is_different(out, w, whole);
  default:
    return false;
  }
}

/* --- what it accesses --- */

/* The address as a series of turns that the count counts. */
static bool over_count(series *out, const hcc__rw_range *range, const ways *w, const series *s) {
  uint32_t stride;
  *out = (series){.known = true};
  if (!add_series(out, s, 1)) {
    return false;
  }
  stride = factor_of(out, range->local);
  bool known = add_series(out, &range->count, 0 - stride) && is_fixed(w, out);
  out->stride = stride;
  return known;
}

/* As a series of turns from 0 on. */
static bool over_turns(series *out, const ways *w, const series *s) {
  *out = *s;
  return stride_of(&out->stride, w, s);
}

/* Is there an access that moves with the turns? */
static bool counts(hcc__rw_sure *out, const hcc__rw_range *range, const ways *w) {
  series address;
  bool does = false;
  for (uint32_t a = 0; a < w->accesses; a++) {
    const series *s = &w->access[a].address;
    if (range->step != 0 ? over_turns(&address, w, s) : over_count(&address, range, w, s)) {
      hcc__rw_sure_add(out, &w->access[a].instr, &address);
      does |= address.stride != 0;
    }
  }
  return does && out->reaches != 0;
}

int hcc__rw_range_of(hcc__rw_range *out, hcc__rw_sure *sure, const hcc__rw *rw, hcc_reader r) {
  hcc__rw_bound bound;
  ways w;
  int status = 0;
  *out = (hcc__rw_range){.found = false};
  HCC_TRY(hcc__rw_bound_of(&bound, &w, rw, r));
  for (uint32_t whole = 0; whole < 2 && !out->found; whole++) {
    memset(sure, 0, sizeof *sure);
    sure->first = HCC_RW_RUN_LOOKS;
    out->found = has_question(out, &w, whole != 0) && counts(sure, out, &w);
  }
out:
  return status;
}

/* --- what stands before the loop, and where a turn begins --- */

/* To our second local, and onto the stack. */
static void count_turns(hcc_buf *out, const hcc__rw *rw, uint32_t params, uint32_t turns,
                        const hcc__rw_range *range) {
  hcc__rw_get_series(out, rw, params, &range->count);
  emit(out, HCC_OP_I64_EXTEND_I32_U);
  emit_index(out, HCC_OP_LOCAL_TEE, turns + 1);
}

/* "h"."below" compares as "h"."seen" does, and the branch is on what it says: clang then sees early
 * that the two are the same. */
void hcc__rw_range_test(hcc_buf *out, const hcc__rw *rw, const hcc__rw_places *at,
                        const hcc__rw_range *range, uint32_t look, uint32_t blocks) {
  emit_open(out, HCC_OP_BLOCK);
  emit_i32(out, look);
  count_turns(out, rw, at->fuel, at->turns, range);
  emit_index(out, HCC_OP_CALL, rw->below_func);
  emit_index(out, HCC_OP_BR_IF, 0);
  emit_index(out, HCC_OP_BR, 1 + blocks);
  emit(out, HCC_OP_END);
}

/* The end to our first local, unless the count is not below it already. */
static void put_end(const hcc__rw_ahead *a, const hcc__rw_range *range) {
  hcc__rw_get_series(a->out, a->rw, a->params, &range->until);
  emit(a->out, HCC_OP_I64_EXTEND_I32_U);
  emit_index(a->out, HCC_OP_LOCAL_SET, a->turns);
  count_turns(a->out, a->rw, a->params, a->turns, range);
  emit_index(a->out, HCC_OP_LOCAL_GET, a->turns);
  emit(a->out, HCC_OP_I64_GE_U);
  emit_index(a->out, HCC_OP_BR_IF, 0);
}

/* How many turns there are if none ends early, unless the count passes the end, or they are few. In
 * fewer turns the count moves by less than that, so it is elsewhere. */
static void put_turns(const hcc__rw_ahead *a, const hcc__rw_range *range) {
  hcc__rw_get_series(a->out, a->rw, a->params, range->down ? &range->count : &range->until);
  hcc__rw_get_series(a->out, a->rw, a->params, range->down ? &range->until : &range->count);
  emit(a->out, HCC_OP_I32_SUB);
  hcc__rw_count_steps(a, range->step);
  emit_index(a->out, HCC_OP_LOCAL_TEE, a->turns);
  emit_by(a->out, HCC_OP_I64_LT_U, TURNS_MIN);
  emit_index(a->out, HCC_OP_BR_IF, 0);
}

void hcc__rw_range_ahead(const hcc__rw_ahead *a, const hcc__rw_range *range) {
  if (range->step != 0) {
    put_turns(a, range);
    hcc__rw_look_at_reaches(a, true);
    emit_i64(a->out, 0);
    emit_index(a->out, HCC_OP_LOCAL_SET, a->turns + 1);
  } else {
    put_end(a, range);
    hcc__rw_look_at_reaches(a, true);
  }
  if (!a->cost->bound.found) {
    hcc__rw_ask_if_low(a);
  }
}
