/* meter_cost.c - the first pass over a body: what each basic block costs, and which loops are
 * charged as a whole. It never writes code. Owns: rw->costs; the meaning of the fuel column of
 * opcodes.def. */
#include "fuel.h"
#include "hsb_abi.h"
#include "rewrite_parts.h"

/* Of a turn: times 2^32 turns it is no more than fuel can be. */
#define MOST_MAX (UINT64_C(1) << 30)

static const hcc__rw_length lengths[] = {
#define BULK(op, shift) {HCC_OP_##op, shift, false},
#define GROW(op, shift) {HCC_OP_##op, shift, true},
    HCC_FUEL_BY_LENGTH(BULK, GROW)
#undef BULK
#undef GROW
};

const hcc__rw_length *hcc__rw_length_of(const hcc_instr *instr) {
  if ((instr->info->flags & HCC_OPF_BULK) == 0) {
    return NULL;
  }
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    if (lengths[i].code == instr->code) {
      return &lengths[i];
    }
  }
  return NULL;
}

static uint32_t scratch_of(const hcc_instr *instr) {
  const hcc__rw_length *length = hcc__rw_length_of(instr);
  uint32_t scratch = instr->code == HCC_OP_CALL_INDIRECT ? 1 : 0;
  if (length != NULL) {
    scratch = length->grow ? 2 : 1;
  }
  return scratch;
}

static uint32_t cost_of(const hcc__rw *rw, const hcc_instr *instr) {
  bool host = instr->code == HCC_OP_CALL && instr->a < rw->m->imported_funcs;
  return instr->info->fuel + (host ? HCC_FUEL_HOST_CALL : 0);
}

static bool calls_own(const hcc__rw *rw, const hcc_instr *instr) {
  return instr->code == HCC_OP_CALL && instr->a >= rw->m->imported_funcs;
}

static hcc__rw_cost *cost_at(const hcc__rw *rw, uint32_t block) {
  return (hcc__rw_cost *)(void *)rw->costs.data + block;
}

static uint32_t cost_count(const hcc__rw *rw) {
  return rw->costs.failed ? 0 : (uint32_t)(rw->costs.size / sizeof(hcc__rw_cost));
}

/* Adds to a block of the function. */
static void count(hcc__rw *rw, const hcc_func *func, uint32_t block, const hcc_instr *instr) {
  if (block < cost_count(rw)) {
    bool own = calls_own(rw, instr);
    uint32_t fuel = cost_of(rw, instr);
    cost_at(rw, block)->fuel += fuel;
    cost_at(rw, block)->time += fuel != 0 ? hcc__rw_time_anywhere(instr) : 0;
    cost_at(rw, block)->calls |= own;
    cost_at(rw, block)->recurses |= own && rw->m->funcs + instr->a == func;
  }
}

/* Returns the new block; of a loop, its header. */
static uint32_t begin_block(hcc__rw *rw, bool loop) {
  uint32_t block = cost_count(rw);
  hcc__flow_frame *frame = &rw->flow.frames[rw->flow.depth != 0 ? rw->flow.depth - 1 : 0];
  uint32_t around = frame->header;
  frame->header = loop ? block : around;
  hcc__rw_cost cost = {.header = frame->header, .around = around};
  hcc_buf_add(&rw->costs, &cost, sizeof cost);
  return block;
}

/* No unit of the body takes longer than those of its slowest block do. */
static void find_slowest(hcc__rw *rw) {
  for (uint32_t i = 0; i < cost_count(rw); i++) {
    const hcc__rw_cost *cost = cost_at(rw, i);
    uint64_t each = cost->fuel == 0 ? 0 : (cost->time + cost->fuel - 1) / cost->fuel;
    rw->unit_time = each > rw->unit_time ? each : rw->unit_time;
  }
}

/* Each block's cost goes to its header: the checkpoint that is met once a turn. */
static void gather(hcc__rw *rw) {
  for (uint32_t i = 0; i < cost_count(rw); i++) {
    hcc__rw_cost *cost = cost_at(rw, i);
    if (cost->header < i) {
      cost_at(rw, cost->header)->fuel += cost->fuel;
      cost->fuel = 0;
    }
  }
}

/* Types of stores that take the address of their reach. */
static uint32_t values_of(const hcc__rw_sure *sure) {
  uint32_t values = 0;
  for (uint32_t i = 0; i < sure->count; i++) {
    bool lowered = hcc__rw_above(sure, i) != 0;
    values |= sure->access[i].stored >= 0 && lowered ? 1u << sure->access[i].stored : 0;
  }
  return values;
}

static bool loads(const hcc__rw_sure *sure) {
  bool does = false;
  for (uint32_t i = 0; i < sure->count && !does; i++) {
    does = sure->access[i].stored < 0;
  }
  return does;
}

/* Is it worth a second copy? With explicit bounds, where a turn has branches, for its looks alone.
 * Measured: that loops in other forms are charged at once makes them no quicker, nor loops with any
 * step that do nothing but store. With explicit bounds a step is a number. */
static bool is_counted(const hcc__rw *rw, const hcc__rw_turns *t, const hcc__rw_sure *sure) {
  bool usual = t->usual && (!t->by_local || (!rw->options.looks && loads(sure)));
  if (t->branches) {
    return usual && t->few == 0 && (!rw->options.looks || sure->reaches != 0);
  }
  return usual || (sure->copy.found && rw->options.helpers);
}

/* The same, of a loop that is not charged for all its turns at once: it may end early. */
static int look_at_ways(hcc__rw_cost *cost, bool bound, hcc__rw *rw, const hcc_reader *r) {
  hcc__rw_range range = {.found = false};
  hcc__rw_sure sure;
  hcc__rw_ways ways;
  int status = 0;
  if (bound) {
    HCC_TRY(hcc__rw_bound_of(&cost->bound, &ways, rw, *r));
  }
  if (rw->options.looks) {
    HCC_TRY(hcc__rw_range_of(&range, &sure, rw, *r));
  }
  cost->ranged = range.found;
out:
  return status;
}

/* With explicit bounds a loop's accesses are looked at otherwise. */
static int look_at_skips(hcc__rw_cost *cost, const hcc__rw *rw, const hcc_reader *r) {
  hcc__rw_skip skip;
  return rw->options.marks && !rw->options.looks && !rw->options.blocks
             ? hcc__rw_skip_of(&cost->skips, &skip, rw, *r)
             : 0;
}

/* The block that has just begun is the header of a loop whose body is at the reader. */
static int look_at_loop(hcc__rw_locals *locals, hcc__rw *rw, uint32_t header, const hcc_instr *loop,
                        const hcc_reader *r, const hcc__rw_few *few) {
  hcc__rw_turns turns;
  bool found = false;
  int status = 0;
  if (loop->block == -1) {
    HCC_TRY(hcc__rw_turns_of(&found, &turns, rw, *r));
  }
  if (found && header < cost_count(rw)) {
    hcc__rw_sure sure;
    HCC_TRY(hcc__rw_sure_of(&sure, rw, &turns, *r));
    turns.few = hcc__rw_few_of(few, &turns);
    locals->values |=
        turns.few == 0 && !rw->options.looks && !turns.branches ? values_of(&sure) : 0;
    cost_at(rw, header)->counted = is_counted(rw, &turns, &sure);
    cost_at(rw, header)->turns = turns;
    cost_at(rw, header)->begin = loop->begin;
  }
  if (loop->block == -1 && rw->options.meter && header < cost_count(rw) &&
      !cost_at(rw, header)->counted) {
    HCC_TRY(look_at_ways(cost_at(rw, header), !found, rw, r));
    HCC_TRY(look_at_skips(cost_at(rw, header), rw, r));
  }
out:
  return status;
}

/* Inner loops come later. One whose turns all begin with a call of the function has no checkpoint
 * but that at its entry, and the fuel there is as low in the next activation. */
static void find_outer(hcc__rw *rw) {
  for (uint32_t i = cost_count(rw); i-- > 1;) {
    const hcc__rw_cost *cost = cost_at(rw, i);
    if (cost->header == i && (cost->outer || !cost->recurses)) {
      cost_at(rw, cost->around)->outer = true;
    }
  }
}

/* What the blocks of a loop cost together is more than any turn costs. */
static void plan_loops(hcc__rw_locals *locals, hcc__rw *rw) {
  for (uint32_t i = 0; i < cost_count(rw); i++) {
    cost_at(rw, cost_at(rw, i)->header)->most += cost_at(rw, i)->fuel;
  }
  for (uint32_t i = 0; i < cost_count(rw); i++) {
    hcc__rw_cost *cost = cost_at(rw, i);
    cost->counted = cost->counted && cost->fuel != 0 && cost->most < MOST_MAX;
    cost->bound.found = cost->fuel != 0 && cost->most < MOST_MAX && hcc__rw_bound_gains(cost);
    cost->skips &= cost->outer && !cost->calls && cost->fuel != 0 &&
                   cost->fuel <= HSB_FUEL_LOW / HCC_RW_SKIPPED;
    if (cost->counted || cost->ranged) {
      locals->turns = rw->options.looks ? 2 : 1;
    }
  }
}

int hcc__rw_costs(hcc__rw_locals *locals, hcc__rw *rw, const hcc_func *func) {
  hcc_reader r = {rw->m->bytes, func->code.begin, func->code.end};
  hcc__rw_few few = {.number = 0};
  int status = 0;
  *locals = (hcc__rw_locals){.scratch = 0};
  rw->costs.size = 0;
  hcc__flow_begin(&rw->flow);
  uint32_t block = begin_block(rw, false); /* that which is charged for what comes next */
  while (rw->flow.depth != 0) {
    hcc_instr instr;
    enum hcc__flow_point point;
    HCC_TRY(hcc_instr_next(&instr, &r, rw->err));
    HCC_TRY(hcc__flow_step(&point, &rw->flow, &instr, block, rw->m->bytes, rw->err));
    if (point == HCC_FLOW_DEAD) {
      continue;
    }
    hcc__rw_few_note(&few, &instr);
    uint32_t need = scratch_of(&instr);
    locals->scratch = need > locals->scratch ? need : locals->scratch;
    if (point != HCC_FLOW_NEW_BEFORE) {
      count(rw, func, block, &instr);
    }
    if (hcc__flow_begins(point)) {
      block = begin_block(rw, point == HCC_FLOW_LOOP);
    }
    if (point == HCC_FLOW_LOOP) {
      HCC_TRY(look_at_loop(locals, rw, block, &instr, &r, &few));
    }
    block = rw->flow.whole ? rw->flow.note : block;
  }
  find_slowest(rw);
  if (rw->options.polls) {
    gather(rw);
  }
  find_outer(rw);
  plan_loops(locals, rw);
  status = rw->costs.failed ? hcc__rw_no_memory(rw) : 0;
out:
  return status;
}
