/* meter_bound.c - finds loops that may end early, but of which is known where they begin how often
 * they turn at most; and writes the question that stands before them: is there fuel for as many of
 * the dearest turns? If so, a copy without checkpoints runs, none of which could have ended the
 * call; what its turns pay, and where, is what they pay in any loop.
 *
 * Such a loop has no loop, call and charge by length in it, and one branch back. A local moves by
 * the same step in each turn that comes to that branch. On the way there each turn passes a branch
 * that leaves the loop, or it is the branch back itself, where what the local was or will be is
 * compared with a number:
 *
 *     it ends where the two are equal; or, if the step is 1, where it is no longer less
 *
 * A number, for where a local is the end it is mostly the end of a buffer, far away: of the fuel
 * that would take there is never enough, and the question costs more than it gains.
 *
 * Ways in a turn are followed to where they meet. What they have not in common there, values of
 * locals and branches passed, is unknown from there on.
 *
 * Invariant: no loop turns more often than said, for it would run without checkpoints. */
#include <string.h>

#include "emit.h"
#include "hsb_abi.h"
#include "rewrite_parts.h"

#define LOCALS HCC_RW_SETS
#define TESTS 4
#define DEPTH 8   /* blocks open at a time */
#define CODE 1024 /* bytes of a loop that is written twice */

typedef hcc__rw_series series;

/* x op y */
typedef struct test {
  uint32_t op; /* 0: none */
  series x, y; /* terms are locals where the turn begins */
} test;

typedef struct set_local {
  uint32_t local, at; /* where it was set last */
  series value;
  test result; /* or it holds that */
} set_local;

/* What is known on a way. */
typedef struct state {
  set_local set[LOCALS];
  uint32_t sets;
  uint32_t passed; /* bits: tests */
} state;

typedef struct walk {
  state now;
  state end[DEPTH];    /* of the block at that depth: of the ways so far that lead there */
  bool reached[DEPTH]; /* does one? */
  test test[TESTS];    /* the loop is left, or not gone on with, where it holds */
  uint32_t tests;
  hcc__rw_stack stack;
  test top; /* what is on the stack above all */
  uint32_t depth, dead, backs;
  bool failed, closed;
  hcc__rw_ways *ways;
  uint32_t named; /* terms; with options.looks */
  bool names;
  size_t back_end; /* offset behind the branch back */
} walk;

static set_local *find(state *s, uint32_t local) {
  set_local *found = NULL;
  for (uint32_t i = 0; i < s->sets && found == NULL; i++) {
    found = s->set[i].local == local ? &s->set[i] : NULL;
  }
  return found;
}

static series term(uint32_t of) {
  return (series){.known = true, .terms = 1, .term = {of}, .factor = {1}};
}

static series value_of(walk *w, uint32_t local) {
  set_local *l = find(&w->now, local);
  if (l != NULL && !l->value.known && w->names) {
    l->value = term(HCC_RW_NAMED + w->named++);
  }
  return l != NULL ? l->value : term(local);
}

/* Returns false if there are too many. */
static bool add_set(state *s, const set_local *set) {
  set_local *l = find(s, set->local);
  if (l == NULL && s->sets < LOCALS) {
    l = &s->set[s->sets++];
  }
  if (l != NULL) {
    *l = *set;
  }
  return l != NULL;
}

static void set(walk *w, const hcc_instr *i, const series *value) {
  set_local l = {.local = i->a, .at = i->begin, .value = *value, .result = w->top};
  w->failed |= !add_set(&w->now, &l);
}

/* --- ways --- */

static bool same(const series *x, const series *y) {
  return x->known && y->known && x->add == y->add && hcc__rw_alike(x, y);
}

/* What a local holds on one of two ways, of which the other has `there`. */
static void meet_local(set_local *here, const set_local *there) {
  here->value.known = there != NULL && same(&here->value, &there->value);
  here->result.op = 0;
}

/* A way leads to the end of the block at that depth. */
static void arrive(walk *w, uint32_t depth) {
  state *end = &w->end[depth];
  if (!w->reached[depth]) {
    *end = w->now;
    w->reached[depth] = true;
    return;
  }
  end->passed &= w->now.passed;
  for (uint32_t i = 0; i < end->sets; i++) {
    meet_local(&end->set[i], find(&w->now, end->set[i].local));
  }
  for (uint32_t i = 0; i < w->now.sets; i++) {
    set_local l = w->now.set[i];
    l.value.known = false;
    l.result.op = 0;
    w->failed |= find(end, l.local) == NULL && !add_set(end, &l);
  }
}

/* A block begins. Behind an if's condition a way leads past its first arm. */
static void open_block(walk *w, const hcc_instr *i) {
  w->depth++;
  w->failed |= w->depth == DEPTH;
  if (!w->failed) {
    w->reached[w->depth] = false;
    if (i->code == HCC_OP_IF) {
      arrive(w, w->depth);
    }
  }
}

/* A block, or the first arm of an if, ends. What stands behind is met on all ways that lead to the
 * end; the second arm knows no more than that. */
static void close_block(walk *w, const hcc_instr *i, bool live) {
  if (live) {
    arrive(w, w->depth);
  }
  if (w->reached[w->depth]) {
    w->now = w->end[w->depth];
  }
  w->depth -= i->code == HCC_OP_END;
}

/* --- comparisons --- */

static bool compares(uint32_t code) {
  return code >= HCC_OP_I32_EQ && code <= HCC_OP_I32_GE_U;
}

/* The opcode that says the contrary. */
static uint32_t contrary(uint32_t op) {
  static const uint32_t of[] = {HCC_OP_I32_NE,   HCC_OP_I32_EQ,   HCC_OP_I32_GE_S, HCC_OP_I32_GE_U,
                                HCC_OP_I32_LE_S, HCC_OP_I32_LE_U, HCC_OP_I32_GT_S, HCC_OP_I32_GT_U,
                                HCC_OP_I32_LT_S, HCC_OP_I32_LT_U};
  return of[op - HCC_OP_I32_EQ];
}

/* The opcode that says the same with operands exchanged. */
static uint32_t exchanged(uint32_t op) {
  static const uint32_t of[] = {HCC_OP_I32_EQ,   HCC_OP_I32_NE,   HCC_OP_I32_GT_S, HCC_OP_I32_GT_U,
                                HCC_OP_I32_LT_S, HCC_OP_I32_LT_U, HCC_OP_I32_GE_S, HCC_OP_I32_GE_U,
                                HCC_OP_I32_LE_S, HCC_OP_I32_LE_U};
  return of[op - HCC_OP_I32_EQ];
}

/* Before the instruction does what it does to the stack. */
static void note_comparison(walk *w, const hcc_instr *i) {
  static const series zero = {.known = true};
  uint32_t height = w->stack.height;
  const set_local *l = i->code == HCC_OP_LOCAL_GET ? find(&w->now, i->a) : NULL;
  test t = {.op = 0};
  if (compares(i->code) && height >= 2) {
    t = (test){i->code, w->stack.value[height - 2], w->stack.value[height - 1]};
  } else if (i->code == HCC_OP_I32_EQZ && height >= 1) {
    t = (test){HCC_OP_I32_EQ, w->stack.value[height - 1], zero};
  } else if (l != NULL) {
    t = l->result;
  }
  w->top = t;
}

/* A br_if that leaves the loop, or leads back. */
static void note_test(walk *w, bool back) {
  static const series zero = {.known = true};
  test t = w->top;
  if (t.op == 0 && w->stack.height != 0) { /* the value itself: is it not 0? */
    t = (test){HCC_OP_I32_NE, w->stack.value[w->stack.height - 1], zero};
  }
  if (back) {
    w->ways->op = t.op;
    w->ways->x = t.x;
    w->ways->y = t.y;
  }
  if (t.op != 0 && t.x.known && t.y.known && w->tests < TESTS) {
    t.op = back ? contrary(t.op) : t.op;
    w->now.passed |= 1u << w->tests;
    w->test[w->tests++] = t;
  }
}

/* --- what the walk has found --- */

/* Is it a local that each turn sets, once or last, to what it was plus a constant? */
static bool moves(const set_local *l) {
  const series *v = &l->value;
  return v->known && v->terms == 1 && v->factor[0] == 1 && v->term[0] == l->local && v->add != 0;
}

/* Does the loop end where x op number? */
static void take(hcc__rw_bound *out, walk *w, uint32_t op, const series *x, uint32_t number) {
  bool sign = op == HCC_OP_I32_GE_S || op == HCC_OP_I32_GT_S;
  bool over = op == HCC_OP_I32_GT_S || op == HCC_OP_I32_GT_U;
  bool least = over || op == HCC_OP_I32_GE_S || op == HCC_OP_I32_GE_U;
  bool last = number == (sign ? (uint32_t)INT32_MAX : UINT32_MAX);
  const set_local *l = x->terms == 1 && x->factor[0] == 1 ? find(&w->now, x->term[0]) : NULL;
  if ((op != HCC_OP_I32_EQ && !least) || l == NULL || !moves(l) || (least && l->value.add != 1) ||
      (over && last)) {
    return;
  }
  bool down = l->value.add >> 31 != 0;
  *out = (hcc__rw_bound){
      .found = true,
      .local = l->local,
      .above = x->add,
      .until = number + over,
      .down = down,
      .step = down ? 0 - l->value.add : l->value.add,
      .beyond = !least ? 0
                : sign ? HCC_OP_I32_GT_S
                       : HCC_OP_I32_GT_U,
      .set_at = l->at,
  };
}

/* At the branch back. */
static void conclude(hcc__rw_bound *out, walk *w) {
  for (uint32_t i = 0; i < w->tests && !out->found; i++) {
    const test *t = &w->test[i];
    bool passed = w->now.passed >> i & 1;
    if (passed && t->y.terms == 0) {
      take(out, w, t->op, &t->x, t->y.add);
    } else if (passed && t->x.terms == 0) {
      take(out, w, exchanged(t->op), &t->y, t->x.add);
    }
  }
}

/* --- what meter_range.c asks for --- */

static void note_access(hcc__rw_ways *out, const hcc_instr *i, const series *address) {
  if (address->known && out->accesses < HCC_RW_ACCESSES) {
    out->access[out->accesses].instr = *i;
    out->access[out->accesses++].address = *address;
  }
}

/* At the branch back. */
static void note_back(walk *w, const hcc_instr *i) {
  w->ways->sets = w->now.sets;
  for (uint32_t s = 0; s < w->now.sets; s++) {
    w->ways->set[s].local = w->now.set[s].local;
    w->ways->set[s].value = w->now.set[s].value;
  }
  w->back_end = i->end;
}

/* --- the walk --- */

static void branch(hcc__rw_bound *out, walk *w, const hcc_instr *i) {
  bool back = i->a == w->depth;
  if (i->code == HCC_OP_BR_IF && i->a >= w->depth) {
    note_test(w, back);
  }
  if (back) {
    w->backs++;
    conclude(out, w);
    note_back(w, i);
  } else if (i->a < w->depth) {
    arrive(w, w->depth - i->a);
  }
}

static bool may_stand(const hcc_instr *i) {
  return i->code != HCC_OP_LOOP && i->code != HCC_OP_CALL && i->code != HCC_OP_CALL_INDIRECT &&
         i->code != HCC_OP_BR_TABLE && (i->info->flags & HCC_OPF_BULK) == 0;
}

/* Behind a branch nothing runs up to the end of its block, or the other arm. */
static void step_dead(walk *w, const hcc_instr *i) {
  if (i->info->imm == HCC_IMM_BLOCK) {
    w->dead++;
  } else if (i->code == HCC_OP_END || (i->code == HCC_OP_ELSE && w->dead == 1)) {
    w->dead--;
  }
}

static void step_locals(walk *w, const hcc_instr *i) {
  series top;
  if (i->code == HCC_OP_LOCAL_GET) {
    hcc__rw_push(&w->stack, value_of(w, i->a));
  } else if (hcc__rw_sets_local(i)) {
    top = hcc__rw_pop(&w->stack);
    set(w, i, &top);
    if (i->code == HCC_OP_LOCAL_TEE) {
      hcc__rw_push(&w->stack, value_of(w, i->a));
    } else {
      w->top.op = 0;
    }
  } else if (hcc__rw_operands(&top, &w->stack, i)) {
    note_access(w->ways, i, &top);
  }
}

static void step(hcc__rw_bound *out, walk *w, const hcc_instr *i) {
  bool was_dead = w->dead != 0;
  w->failed |= !may_stand(i);
  if (was_dead) {
    step_dead(w, i);
  }
  if (w->dead != 0 || w->failed) {
    return;
  }
  w->closed = i->code == HCC_OP_END && w->depth == 0;
  w->ways->last = w->closed && i->begin == w->back_end;
  if (i->code == HCC_OP_BR || i->code == HCC_OP_BR_IF) {
    branch(out, w, i);
  }
  w->dead = i->code == HCC_OP_BR || i->code == HCC_OP_RETURN || i->code == HCC_OP_UNREACHABLE;
  if (!w->closed && (i->code == HCC_OP_END || i->code == HCC_OP_ELSE)) {
    close_block(w, i, !was_dead);
  }
  if (!hcc__rw_sets_local(i)) {
    note_comparison(w, i);
  }
  step_locals(w, i);
  if (i->info->imm == HCC_IMM_BLOCK) {
    open_block(w, i);
  }
}

int hcc__rw_bound_of(hcc__rw_bound *out, hcc__rw_ways *ways, const hcc__rw *rw, hcc_reader r) {
  walk w = {.ways = ways, .names = rw->options.looks, .stack.products = rw->options.looks};
  hcc_instr i;
  size_t begin = r.pos;
  int status = 0;
  *out = (hcc__rw_bound){.found = false};
  ways->op = ways->sets = ways->accesses = 0;
  ways->last = false;
  while (!w.failed && !w.closed) {
    HCC_TRY(hcc_instr_next(&i, &r, rw->err));
    step(out, &w, &i);
    w.failed |= r.pos - begin > CODE;
  }
  ways->followed = !w.failed && w.backs == 1;
  out->found = out->found && ways->followed;
out:
  return status;
}

/* Counting up mostly begins near 0. If it needs more than a slice the copy would never run. */
bool hcc__rw_bound_gains(const hcc__rw_cost *cost) {
  const hcc__rw_bound *b = &cost->bound;
  return b->found && (b->down || b->until / b->step < HSB_FUEL_SLICE / cost->most);
}

/* --- what stands before the loop --- */

/* What the guest compares in the first turn. The local may be held with something added
 * (meter_shift.c), as all of its web is: what the loop reads of it where it begins, and sets. */
static void get_first(hcc_buf *out, const hcc__rw *rw, const hcc__rw_places *at,
                      const hcc__rw_bound *b) {
  uint32_t by = hcc__rw_shift_at(rw, &(hcc_instr){.begin = b->set_at});
  emit_index(out, HCC_OP_LOCAL_GET, hcc__rw_local(rw, at->fuel, b->local));
  emit_i32(out, b->above - by);
  emit(out, HCC_OP_I32_ADD);
}

/* How far it has to move, modulo 2^32, to an i64. */
static void get_distance(hcc_buf *out, const hcc__rw *rw, const hcc__rw_places *at,
                         const hcc__rw_bound *b) {
  if (b->down) {
    get_first(out, rw, at, b);
    emit_i32(out, b->until);
  } else {
    emit_i32(out, b->until);
    get_first(out, rw, at, b);
  }
  emit(out, HCC_OP_I32_SUB);
  emit(out, HCC_OP_I64_EXTEND_I32_U);
}

void hcc__rw_bound_ahead(hcc_buf *out, const hcc__rw *rw, const hcc__rw_places *at,
                         const hcc__rw_cost *cost) {
  const hcc__rw_bound *b = &cost->bound;
  emit_index(out, HCC_OP_LOCAL_GET, at->fuel);
  get_distance(out, rw, at, b);
  if (b->step != 1) {
    emit_by(out, HCC_OP_I64_DIV_U, b->step);
  }
  emit_by(out, HCC_OP_I64_ADD, 1);
  emit_by(out, HCC_OP_I64_MUL, (int64_t)cost->most);
  emit(out, HCC_OP_I64_GE_S);
  if (b->step != 1) { /* else it goes past it, and around */
    get_distance(out, rw, at, b);
    emit_by(out, HCC_OP_I64_REM_U, b->step);
    emit(out, HCC_OP_I64_EQZ);
    emit(out, HCC_OP_I32_AND);
  }
  if (b->beyond != 0) {
    get_first(out, rw, at, b);
    emit_i32(out, b->until);
    emit(out, b->beyond);
    emit(out, HCC_OP_I32_EQZ);
    emit(out, HCC_OP_I32_AND);
  }
}
