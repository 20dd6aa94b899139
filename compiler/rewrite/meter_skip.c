/* meter_skip.c - loops with an inner loop in them, whose turns can be short: a question comes first
 * that leads to the loop's end, past all else.
 *
 *     loop  block  what the question reads  br_if (the block)  ...  end  steps, question  br_if
 * (loop)
 *
 * Where the checkpoint finds that fuel is not low, which it asks there anyway, up to TURNS turns
 * are looked at in a row with no other checkpoint: if they are short they cost no more than what is
 * left. The first one that is not short, or is the loop's last, goes on as ever.
 *
 * Invariant: what a short turn does and costs is what it would have; no checkpoint that is left out
 * could have ended the call. */
#include <string.h>

#include "emit.h"
#include "hsb_abi.h"
#include "meter_body.h"
#include "rewrite_parts.h"

#define TURNS HCC_RW_SKIPPED
#define MOST 16    /* instructions of the question, and of the steps */
#define BYTES 4096 /* of the loop, which is read once more to find its end */

_Static_assert(TURNS * 2 * (MOST + 1) <= HSB_FUEL_LOW,
               "fuel that is not low must do for all turns, of a unit an instruction");

typedef hcc__rw_writing body;
typedef hcc__rw_skip skip;

/* Changes nothing but locals and the stack, and whether it traps is told by these. */
static bool computes(uint32_t code) {
  return (code >= HCC_OP_LOCAL_GET && code <= HCC_OP_LOCAL_TEE) ||
         (code >= HCC_OP_I32_LOAD && code <= HCC_OP_I64_LOAD32_U) ||
         (code >= HCC_OP_I32_CONST && code <= HCC_OP_F64_CONST) ||
         (code >= HCC_OP_I32_EQZ && code <= HCC_OP_I64_EXTEND32_S);
}

/* Values that the instruction leaves on the stack, less those that it takes. */
static int rise_of(const hcc_instr *i) {
  const char *results = i->info->sig != NULL ? strchr(i->info->sig, ':') : NULL;
  int rise = results != NULL ? (int)strlen(results + 1) - (int)(results - i->info->sig) : 0;
  return i->code == HCC_OP_LOCAL_GET ? 1 : i->code == HCC_OP_LOCAL_SET ? -1 : rise;
}

/* Straight-line code at the reader, up to a branch that has the only value there is: where it ends;
 * false if it is anything else. */
static int find_straight(bool *found, uint32_t *end, uint32_t *fuel, hcc_instr *branch,
                         const hcc__rw *rw, hcc_reader *r) {
  uint32_t count = 0;
  int height = 0, status = 0;
  HCC_TRY(hcc_instr_next(branch, r, rw->err));
  while (computes(branch->code) && ++count <= MOST) {
    *fuel += branch->info->fuel;
    height += rise_of(branch);
    HCC_TRY(hcc_instr_next(branch, r, rw->err));
  }
  *fuel += branch->info->fuel;
  *end = (uint32_t)branch->begin;
  *found = branch->code == HCC_OP_BR_IF && height == 1;
out:
  return status;
}

/* The blocks that begin right where the loop does; the reader is behind them. */
static int find_blocks(uint32_t *blocks, const hcc__rw *rw, hcc_reader *r) {
  hcc_reader next = *r;
  hcc_instr i;
  int status = 0;
  HCC_TRY(hcc_instr_next(&i, &next, rw->err));
  while (i.code == HCC_OP_BLOCK && i.block == -1) {
    ++*blocks;
    *r = next;
    HCC_TRY(hcc_instr_next(&i, &next, rw->err));
  }
out:
  return status;
}

/* Moves the reader behind the end of so many blocks; false if that is too far. */
static int find_end(bool *found, const hcc__rw *rw, hcc_reader *r, uint32_t blocks) {
  size_t begin = r->pos;
  int status = 0;
  while (blocks != 0 && r->pos - begin < BYTES) {
    hcc_instr i;
    HCC_TRY(hcc_instr_next(&i, r, rw->err));
    bool opens = i.code == HCC_OP_BLOCK || i.code == HCC_OP_LOOP || i.code == HCC_OP_IF;
    blocks += opens;
    blocks -= i.code == HCC_OP_END;
  }
  *found = blocks == 0;
out:
  return status;
}

static bool add_step(skip *s, uint32_t local, uint32_t by) {
  bool room = s->steps < HCC_RW_STEPS;
  for (uint32_t k = 0; k < s->steps; k++) {
    room = room && s->step[k].local != local;
  }
  if (room) {
    s->step[s->steps].local = local;
    s->step[s->steps++].by = by;
  }
  return room;
}

/* Each local that the steps set is one of its own plus a number, so that a step can be undone. */
static int find_steps(bool *found, skip *s, const hcc__rw *rw) {
  hcc_reader r = {rw->m->bytes, s->steps_begin, s->steps_end};
  hcc_instr last[3] = {{.code = HCC_OP_NOP}, {.code = HCC_OP_NOP}, {.code = HCC_OP_NOP}};
  int status = 0;
  *found = true;
  while (r.pos < s->steps_end) {
    hcc_instr i;
    HCC_TRY(hcc_instr_next(&i, &r, rw->err));
    if (hcc__rw_sets_local(&i)) {
      bool own = last[0].code == HCC_OP_LOCAL_GET && last[0].a == i.a &&
                 last[1].code == HCC_OP_I32_CONST && last[2].code == HCC_OP_I32_ADD;
      uint32_t by =
          (uint32_t)last[1].value + hcc__rw_shift_at(rw, &i) - hcc__rw_shift_at(rw, &last[0]);
      *found = *found && own && add_step(s, i.a, by);
    }
    last[0] = last[1];
    last[1] = last[2];
    last[2] = i;
  }
out:
  return status;
}

int hcc__rw_skip_of(bool *found, skip *s, const hcc__rw *rw, hcc_reader r) {
  hcc_instr i;
  int status = 0;
  *s = (skip){.blocks = 0};
  HCC_TRY(find_blocks(&s->blocks, rw, &r));
  s->begin = (uint32_t)r.pos;
  HCC_TRY(find_straight(found, &s->end, &s->fuel, &i, rw, &r));
  *found = *found && s->blocks != 0 && i.a == s->blocks - 1;
  if (*found) {
    HCC_TRY(find_end(found, rw, &r, s->blocks));
  }
  if (*found) {
    s->steps_begin = (uint32_t)r.pos;
    HCC_TRY(find_straight(found, &s->steps_end, &s->fuel, &i, rw, &r));
    *found = *found && i.a == 0;
  }
  if (*found) {
    HCC_TRY(hcc_instr_next(&i, &r, rw->err));
    HCC_TRY(find_steps(found, s, rw));
    *found = *found && i.code == HCC_OP_END;
  }
out:
  return status;
}

static int put_straight(body *b, uint32_t begin, uint32_t end) {
  hcc_reader r = {b->rw->m->bytes, begin, end};
  int status = 0;
  while (r.pos < end) {
    hcc_instr i;
    HCC_TRY(hcc_instr_next(&i, &r, b->rw->err));
    hcc__rw_put_plain(b, &i);
  }
out:
  return status;
}

static void pay(const body *b, int64_t fuel) {
  if (fuel != 0) {
    emit_index(b->out, HCC_OP_LOCAL_GET, b->params);
    emit_by(b->out, HCC_OP_I64_SUB, fuel);
    emit_index(b->out, HCC_OP_LOCAL_SET, b->params);
  }
}

static void undo(const body *b, const skip *s) {
  for (uint32_t k = 0; k < s->steps; k++) {
    uint32_t local = hcc__rw_local(b->rw, b->params, s->step[k].local);
    emit_index(b->out, HCC_OP_LOCAL_GET, local);
    emit_i32(b->out, s->step[k].by);
    emit(b->out, HCC_OP_I32_SUB);
    emit_index(b->out, HCC_OP_LOCAL_SET, local);
  }
}

/* A turn, behind such turns that have cost as much and not paid. If it is not short the block
 * around the next one is left; if it is the loop's last, its steps are made again at the end. */
static int put_short(body *b, const skip *s, int64_t owed) {
  int status = 0;
  HCC_TRY(put_straight(b, s->begin, s->end));
  emit(b->out, HCC_OP_I32_EQZ);
  emit_open(b->out, HCC_OP_IF);
  pay(b, owed);
  emit_index(b->out, HCC_OP_BR, 2);
  emit(b->out, HCC_OP_END);
  HCC_TRY(put_straight(b, s->steps_begin, s->steps_end));
  emit(b->out, HCC_OP_I32_EQZ);
  emit_open(b->out, HCC_OP_IF);
  undo(b, s);
  pay(b, owed);
  emit_index(b->out, HCC_OP_BR, s->blocks + 2);
  emit(b->out, HCC_OP_END);
out:
  return status;
}

/* The checkpoint. If fuel is low, or was, the turn is as any other. */
static void check(body *b, const hcc_instr *loop, int64_t fuel) {
  hcc__rw_mark(b->out, b->rw, loop->begin);
  emit_index(b->out, HCC_OP_LOCAL_GET, b->params);
  emit_by(b->out, HCC_OP_I64_SUB, fuel);
  emit_index(b->out, HCC_OP_LOCAL_TEE, b->params);
  emit_by(b->out, HCC_OP_I64_LT_S, HSB_FUEL_LOW);
  emit_open(b->out, HCC_OP_IF);
  emit_index(b->out, HCC_OP_LOCAL_GET, b->params);
  emit_index(b->out, HCC_OP_CALL, b->rw->fuel_func);
  emit_index(b->out, HCC_OP_LOCAL_SET, b->params);
  emit_index(b->out, HCC_OP_BR, 1);
  emit(b->out, HCC_OP_END);
}

/* A loop has begun; behind it stands all up to the question. Two blocks of ours are in the guest's:
 * that which a turn leaves that is not short, and in it that of the turns in a row. */
int hcc__rw_put_skips(body *b, hcc_reader *r, const hcc_instr *loop) {
  uint32_t depth = b->rw->flow.depth;
  const hcc__rw_cost *cost = hcc__rw_cost_ahead(b);
  bool found;
  skip s;
  int status = 0;
  HCC_TRY(hcc__rw_skip_of(&found, &s, b->rw, *r));
  int64_t each = b->rw->options.polls ? cost->fuel : s.fuel;
  b->later = true;
  hcc__rw_put_instr(b, loop, HCC_FLOW_LOOP);
  b->later = false;
  for (uint32_t i = 0; i < s.blocks; i++) {
    HCC_TRY(hcc__rw_put_next(b, r));
  }
  emit_open(b->out, HCC_OP_BLOCK);
  emit_open(b->out, HCC_OP_BLOCK);
  int64_t first = b->owed;
  check(b, loop, first);
  b->owed = 0;
  for (uint32_t turn = 0; turn < TURNS; turn++) {
    HCC_TRY(put_short(b, &s, turn * each));
  }
  pay(b, TURNS * each - first);
  emit_index(b->out, HCC_OP_BR, s.blocks + 2);
  emit(b->out, HCC_OP_END);
  b->outside = depth + 1;
  b->frames = 1;
  while (r->pos <= s.end) {
    HCC_TRY(hcc__rw_put_next(b, r));
  }
  b->outside = b->frames = 0;
  emit(b->out, HCC_OP_END);
out:
  return status;
}
