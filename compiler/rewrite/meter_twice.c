/* meter_twice.c - writes loops twice. It never says which: meter_cost.c has.
 *
 * One whose number of turns is known where it begins (meter_turns.c): if there is fuel for all
 * turns, they are charged at once, but for what an arm costs more, and run in a copy without
 * checkpoints, none of which could have ended the call (hcc__rw_prepays says which loops are not
 * charged so). If not, each turn is charged as it begins. One that may end early but is known to
 * turn no more often than that (meter_bound.c): each turn pays in both copies. With explicit
 * bounds, one of which is known what it may access (meter_range.c): if that is in bounds, a copy
 * runs whose accesses are not compared; its turns pay, and have their checkpoints unless it is
 * bounded too.
 *
 * Invariant: whichever copy runs, fuel, results, traps and what leads out of the loop are those of
 * the loop as it was. */
#include "emit.h"
#include "meter_body.h"
#include "rewrite_parts.h"

typedef hcc__rw_writing body;

/* The body of the second copy in a loop that looks. If all of a turn's accesses are in bounds they
 * are those of "h"."seen". If not, one of them will trap, none goes on to the next turn, and so the
 * turn is written once more, each access with its own comparison. */
static int put_looked_turns(body *b, hcc_reader *r, const hcc__rw_ahead *ahead) {
  uint32_t depth = b->rw->flow.depth - 1;
  hcc_reader again = *r;
  hcc_instr i = {.code = HCC_OP_NOP};
  int status = 0;
  emit_open(b->out, HCC_OP_BLOCK);
  hcc__rw_look_at_reaches(ahead, false);
  b->sure = &ahead->sure;
  b->next_sure = 0;
  b->each = true;
  HCC_TRY(hcc__rw_put_until(b, r, depth)); /* its end is that of our block */
  b->sure = NULL;
  b->each = false;
  HCC_TRY(hcc_instr_next(&i, &again, b->rw->err));
  while (i.code != HCC_OP_BR_IF) {
    hcc__rw_put_plain(b, &i);
    HCC_TRY(hcc_instr_next(&i, &again, b->rw->err));
  }
  emit(b->out, HCC_OP_UNREACHABLE);
  emit(b->out, HCC_OP_END);
out:
  return status;
}

/* Where the body of a loop begins that is written twice. */
typedef struct beginning {
  hcc_reader r;
  hcc__flow_frame frame;
  size_t header;
  uint32_t depth;
} beginning;

static beginning begin_at(const body *b, const hcc_reader *r) {
  uint32_t depth = b->rw->flow.depth - 1;
  return (beginning){*r, b->rw->flow.frames[depth], b->next_cost, depth};
}

static void begin_again(body *b, hcc_reader *r, const beginning *at) {
  *r = at->r;
  b->rw->flow.depth = at->depth + 1;
  b->rw->flow.dead = 0;
  b->rw->flow.frames[at->depth] = at->frame;
  b->next_cost = at->header;
}

/* A loop has begun; it is written twice. */
int hcc__rw_put_counted(body *b, hcc_reader *r, const hcc_instr *loop) {
  const beginning begin = begin_at(b, r);
  hcc__rw_cost cost = hcc__rw_next_cost(b);
  hcc__rw_ahead ahead = {b->out,      b->rw, b->params,    b->at.turns,
                         loop->begin, &cost, {.count = 0}, 0};
  int status = 0;
  HCC_TRY(hcc__rw_sure_of(&ahead.sure, b->rw, &cost.turns, *r));
  if (cost.turns.few != 0 || (cost.turns.branches && !b->rw->options.looks)) {
    ahead.sure.count = ahead.sure.reaches = 0; /* their addresses are not looked at */
  }
  ahead.sure.copy.found &= b->rw->options.helpers;
  ahead.each = hcc__rw_each(&cost, hcc__rw_owed_back(b));
  hcc__rw_pay_to(b, 0);
  emit_open(b->out, HCC_OP_BLOCK);
  emit_open(b->out, HCC_OP_BLOCK);
  hcc__rw_look_ahead(&ahead);
  b->sure = &ahead.sure;
  b->next_sure = 0;
  b->next_cost = begin.header;
  b->unchecked = hcc__rw_prepays(&ahead);
  b->prepaid = ahead.each;
  hcc__rw_put_instr(b, loop, HCC_FLOW_LOOP);
  HCC_TRY(hcc__rw_put_until(b, r, begin.depth));
  b->sure = NULL;
  b->unchecked = false;
  b->prepaid = 0;
  hcc__rw_pay_to(b, 0);
  emit_index(b->out, HCC_OP_BR, 1);
  emit(b->out, HCC_OP_END);
  begin_again(b, r, &begin);
  hcc__rw_put_instr(b, loop, HCC_FLOW_LOOP);
  if (hcc__rw_looks_at_turns(&ahead)) {
    HCC_TRY(put_looked_turns(b, r, &ahead));
  } else {
    HCC_TRY(hcc__rw_put_until(b, r, begin.depth));
  }
  hcc__rw_pay_to(b, 0);
  emit(b->out, HCC_OP_END);
out:
  return status;
}

/* The second copy of one that may end early, charged at its header like any other, and the end of
 * the block around it. */
static int put_as_ever(body *b, hcc_reader *r, const hcc_instr *loop, const beginning *begin) {
  int status = 0;
  begin_again(b, r, begin);
  b->frames = 1;
  hcc__rw_put_instr(b, loop, HCC_FLOW_LOOP);
  HCC_TRY(hcc__rw_put_until(b, r, begin->depth));
  b->outside = b->frames = 0;
  hcc__rw_pay_to(b, 0);
  emit(b->out, HCC_OP_END);
out:
  return status;
}

/* A loop has begun that may end early; it is written twice. */
int hcc__rw_put_bounded(body *b, hcc_reader *r, const hcc_instr *loop) {
  const beginning begin = begin_at(b, r);
  int status = 0;
  hcc__rw_pay_to(b, 0);
  hcc__rw_bound_ahead(b->out, b->rw, &b->at, hcc__rw_cost_ahead(b));
  emit_open(b->out, HCC_OP_IF);
  b->outside = begin.depth;
  b->frames = 1; /* the if, or its other arm */
  b->unchecked = true;
  hcc__rw_put_instr(b, loop, HCC_FLOW_LOOP);
  HCC_TRY(hcc__rw_put_until(b, r, begin.depth));
  b->unchecked = false;
  hcc__rw_pay_to(b, 0);
  emit(b->out, HCC_OP_ELSE);
  HCC_TRY(put_as_ever(b, r, loop, &begin));
out:
  return status;
}

/* The copy of a ranged loop that looks, in a block that it leaves where a turn would begin. What is
 * owed there is what the branch back owes; the code behind the loop adds its own. */
static int put_seen_loop(body *b, hcc_reader *r, const hcc_instr *loop, const hcc__rw_ahead *ahead,
                         const hcc__rw_range *range) {
  int status = 0;
  emit_open(b->out, HCC_OP_BLOCK);
  b->frames = 3;
  b->sure = &ahead->sure;
  b->next_sure = 0;
  b->range = range;
  b->unchecked = ahead->cost->bound.found;
  hcc__rw_put_instr(b, loop, HCC_FLOW_LOOP);
  HCC_TRY(hcc__rw_put_until(b, r, b->outside));
  emit(b->out, HCC_OP_END);
out:
  b->sure = NULL;
  b->range = NULL;
  b->unchecked = false;
  return status;
}

/* A loop has begun that goes on while a local is below a number; it is written twice. */
int hcc__rw_put_ranged(body *b, hcc_reader *r, const hcc_instr *loop) {
  const beginning begin = begin_at(b, r);
  const hcc__rw_cost *cost = hcc__rw_cost_ahead(b);
  hcc__rw_ahead ahead = {b->out, b->rw, b->params, b->at.turns, loop->begin, cost, {.count = 0}, 0};
  hcc__rw_range range;
  int status = 0;
  HCC_TRY(hcc__rw_range_of(&range, &ahead.sure, b->rw, *r));
  hcc__rw_pay_to(b, 0);
  emit_open(b->out, HCC_OP_BLOCK);
  emit_open(b->out, HCC_OP_BLOCK);
  if (cost->bound.found) {
    hcc__rw_bound_ahead(b->out, b->rw, &b->at, cost);
    emit(b->out, HCC_OP_I32_EQZ);
    emit_index(b->out, HCC_OP_BR_IF, 0);
  }
  hcc__rw_range_ahead(&ahead, &range);
  b->outside = begin.depth;
  HCC_TRY(put_seen_loop(b, r, loop, &ahead, &range));
  hcc__rw_pay_to(b, 0);
  emit_index(b->out, HCC_OP_BR, 1);
  emit(b->out, HCC_OP_END);
  HCC_TRY(put_as_ever(b, r, loop, &begin));
out:
  return status;
}
