/* meter.c - the second pass over a body: writes it with new indices, without dead code, with fuel
 * and marks. It never changes what the body computes. Invariants: what it inserts leaves the
 * operand stack as it was and opens no label around the guest's code but the one block that
 * stands for the function's own label; nothing stands between a mark and what it marks.
 *
 * What a block costs is not charged where it begins but owed, and paid in one subtraction with what
 * else is owed: before what reads the fuel (calls, checkpoints, the end), or where code meets that
 * owes less. How much is owed where a frame's label is, all branches to it must agree on: a body is
 * written RUNS times, and each run finds what the next one uses. The code before a loop adds what
 * its turns owe at their end. Whatever a run uses, the fuel is exact where it is read. */
#include "emit.h"
#include "hsb_abi.h"
#include "meter_body.h"
#include "rewrite_parts.h"

#define RUNS 3

typedef hcc__rw_label label;
typedef hcc__rw_writing body;

static void get_fuel(body *b) {
  emit_index(b->out, HCC_OP_LOCAL_GET, b->params);
}

static void set_fuel(body *b) {
  emit_index(b->out, HCC_OP_LOCAL_SET, b->params);
}

/* The line mark for what is written next. */
static void mark(body *b, uint32_t offset) {
  hcc__rw_mark(b->out, b->rw, offset);
}

/* Where a block begins behind i. */
static void mark_block(body *b, const hcc_instr *i) {
  if (b->rw->options.blocks) {
    mark(b, i->end);
  }
}

static bool is_sure(const body *b, const hcc_instr *i) {
  return b->sure != NULL && b->next_sure < b->sure->count &&
         b->sure->access[b->next_sure].begin == i->begin;
}

/* Are the accesses of the loop at hand looked at before it, or before each turn? */
static bool looks(const body *b) {
  return b->rw->options.looks && b->sure != NULL && b->sure->reaches != 0;
}

static void mark_trap(body *b, const hcc_instr *i) {
  if (i->info->flags & HCC_OPF_TRAPS) {
    bool sure = is_sure(b, i);
    mark(b, sure ? HSB_SURE : i->begin);
    b->next_sure += sure;
  }
}

/* The new fuel is on the stack. Keeps it, and asks for more if there is none left; in compiled
 * modules if there is less than that. */
static void keep_checked(body *b, int64_t low) {
  emit_index(b->out, HCC_OP_LOCAL_TEE, b->params);
  emit_by(b->out, HCC_OP_I64_LT_S, b->rw->options.marks ? low : 0);
  hcc__rw_ask(b->out, b->rw, b->params);
}

/* Of the block that begins next; NULL behind the last. */
const hcc__rw_cost *hcc__rw_cost_ahead(const body *b) {
  const hcc__rw_cost *costs = (const hcc__rw_cost *)(const void *)b->rw->costs.data;
  return b->next_cost < b->rw->costs.size / sizeof *costs ? costs + b->next_cost : NULL;
}

hcc__rw_cost hcc__rw_next_cost(body *b) {
  const hcc__rw_cost *ahead = hcc__rw_cost_ahead(b);
  b->next_cost += ahead != NULL;
  return ahead != NULL ? *ahead : (hcc__rw_cost){.fuel = 0};
}

static void subtract(body *b, int64_t fuel) {
  get_fuel(b);
  if (fuel != 0) {
    emit_by(b->out, HCC_OP_I64_SUB, fuel);
  }
}

/* All but that much of what is owed. */
void hcc__rw_pay_to(body *b, int64_t rest) {
  if (b->owed != rest) {
    subtract(b, b->owed - rest);
    set_fuel(b);
  }
  b->owed = rest;
}

/* A checkpoint, with what is owed and that much more. */
static void check(body *b, uint32_t offset, const hcc__rw_cost *cost) {
  mark(b, offset);
  subtract(b, b->owed + cost->fuel);
  keep_checked(b, cost->outer ? HSB_FUEL_LOW : 0);
}

/* Checked even if it costs nothing: loops rely on the entry of what they call. */
static void charge_entry(body *b) {
  hcc__rw_cost cost = hcc__rw_next_cost(b);
  subtract(b, cost.fuel);
  keep_checked(b, cost.outer ? HSB_FUEL_LOW : 0);
}

/* Charges the length in the first scratch local. Behind memory.grow the host looks in any case:
 * what it has given may be too much for a larger memory. */
static void charge_length(body *b, const hcc__rw_length *length) {
  get_fuel(b);
  emit_index(b->out, HCC_OP_LOCAL_GET, b->at.scratch);
  emit(b->out, HCC_OP_I64_EXTEND_I32_U);
  if (length->shift != 0) {
    emit_by(b->out, length->grow ? HCC_OP_I64_SHL : HCC_OP_I64_SHR_U, length->shift);
  }
  emit(b->out, HCC_OP_I64_SUB);
  keep_checked(b, length->grow ? INT64_MAX : 0);
}

static void put_copy(body *b, const hcc_instr *i) {
  mark_trap(b, i);
  hcc_buf_add(b->out, b->rw->m->bytes + i->begin, i->end - i->begin);
}

static void put_block(body *b, const hcc_instr *i) {
  if (i->block < 0) {
    put_copy(b, i);
  } else {
    emit(b->out, i->code);
    hcc_buf_s64(b->out, hcc__rw_type(b->rw, HCC_RW_BLOCK, (uint32_t)i->block));
  }
}

static void op_guest_local(body *b, uint32_t code, uint32_t local) {
  emit_index(b->out, code, hcc__rw_local(b->rw, b->params, local));
}

static void add_i32(body *b, uint32_t by) {
  emit_i32(b->out, by);
  emit(b->out, HCC_OP_I32_ADD);
}

/* The value on the stack is the guest's, whatever the local holds (meter_shift.c). */
static void put_local(body *b, const hcc_instr *i) {
  uint32_t by = hcc__rw_shift_at(b->rw, i);
  if (by != 0 && i->code != HCC_OP_LOCAL_GET) {
    add_i32(b, by);
  }
  op_guest_local(b, i->code, i->a);
  if (by != 0 && i->code != HCC_OP_LOCAL_SET) {
    add_i32(b, 0 - by);
  }
}

static void put_func(body *b, const hcc_instr *i) {
  bool metered = i->code == HCC_OP_CALL && b->rw->options.meter;
  if (metered) {
    get_fuel(b);
  }
  emit_index(b->out, i->code, hcc__rw_func(b->rw, i->a));
  if (metered) {
    set_fuel(b);
  }
}

static void put_call_indirect(body *b, const hcc_instr *i) {
  bool metered = b->rw->options.meter;
  if (metered) { /* the fuel goes below the table index */
    emit_index(b->out, HCC_OP_LOCAL_SET, b->at.scratch);
    get_fuel(b);
    emit_index(b->out, HCC_OP_LOCAL_GET, b->at.scratch);
  }
  mark_trap(b, i);
  emit_index(b->out, i->code, hcc__rw_type(b->rw, HCC_RW_FUNC, i->a));
  hcc_buf_u32(b->out, i->b);
  if (metered) {
    set_fuel(b);
  }
}

static void put_data(body *b, const hcc_instr *i) {
  mark_trap(b, i);
  hcc_buf_byte(b->out, 0xfc);
  hcc_buf_u32(b->out, i->code & 0xff);
  hcc_buf_u32(b->out, b->rw->data_ids[i->a]);
  if (i->code == HCC_OP_MEMORY_INIT) {
    hcc_buf_byte(b->out, 0);
  }
}

/* How far the access is above what it can take as its address: the lowest of its reach if it is
 * sure, an earlier access's. */
static uint32_t above(const body *b, const hcc_instr *i) {
  if (!is_sure(b, i)) {
    const hcc__rw_near *near = hcc__rw_near_at(b->rw, i);
    return near != NULL ? near->above : 0;
  }
  return hcc__rw_above(b->sure, b->next_sure);
}

static void lower_address(body *b, const hcc_instr *i, uint32_t by) {
  int value = hcc__rw_value_of(i);
  if (value >= 0) {
    emit_index(b->out, HCC_OP_LOCAL_SET, b->at.values[value]);
  }
  emit_i32(b->out, by);
  emit(b->out, HCC_OP_I32_SUB);
  if (value >= 0) {
    emit_index(b->out, HCC_OP_LOCAL_GET, b->at.values[value]);
  }
}

/* The access that comes, as one of look k, of one turn or of all: "h"."seen" has the place,
 * whatever the address is. */
static void put_seen(body *b, const hcc_instr *i, uint32_t k, uint32_t above, bool all) {
  emit_i32(b->out, k);
  if (all) {
    emit_index(b->out, HCC_OP_LOCAL_GET, b->at.turns + 1);
  } else {
    emit_i64(b->out, 0);
  }
  emit_i32(b->out, (uint32_t)i->offset + above);
  emit_index(b->out, HCC_OP_CALL, b->rw->seen_func);
  mark(b, HSB_SEEN);
  hcc_buf_add(b->out, b->rw->m->bytes + i->begin, i->end - i->begin);
}

/* clang sees which accesses lie side by side if they share an address that their offsets go from;
 * addresses of 32 bits, each of which might wrap, would hide it. */
static void put_memory(body *b, const hcc_instr *i) {
  const hcc__rw_run_place *place = b->seen != NULL ? hcc__rw_run_place_at(b->seen, i->begin) : NULL;
  if (looks(b) && is_sure(b, i)) {
    uint32_t reach = b->sure->access[b->next_sure].reach;
    put_seen(b, i, b->sure->first + reach, hcc__rw_above(b->sure, b->next_sure), !b->each);
    b->next_sure++;
    return;
  }
  if (place != NULL) {
    put_seen(b, i, place->look, place->add - b->seen->look[place->look].low, false);
    return;
  }
  uint32_t by = above(b, i);
  if (by == 0) {
    put_copy(b, i);
    return;
  }
  lower_address(b, i, by);
  mark_trap(b, i);
  if (i->code > 0xff) {
    hcc_buf_byte(b->out, (uint8_t)(i->code >> 8));
    hcc_buf_u32(b->out, i->code & 0xff);
  } else {
    emit(b->out, i->code);
  }
  hcc_buf_u32(b->out, i->a);
  hcc_buf_u32(b->out, (uint32_t)i->offset + by);
  if (i->info->imm == HCC_IMM_MEMARG_LANE) {
    hcc_buf_byte(b->out, i->lane);
  }
}

/* Where an instruction can't stay as it is. */
static void (*const writers[])(body *b, const hcc_instr *i) = {
    [HCC_IMM_BLOCK] = put_block,   [HCC_IMM_LOCAL] = put_local,
    [HCC_IMM_FUNC] = put_func,     [HCC_IMM_CALL_INDIRECT] = put_call_indirect,
    [HCC_IMM_DATA] = put_data,     [HCC_IMM_MEMORY_INIT] = put_data,
    [HCC_IMM_MEMARG] = put_memory, [HCC_IMM_MEMARG_LANE] = put_memory,
};

/* The condition is not needed where what it chooses from is handed to an import of ours. */
static void put_select(body *b, const hcc_instr *i) {
  const hcc__rw_near *near = b->rw->options.helpers ? hcc__rw_near_at(b->rw, i) : NULL;
  if (near == NULL) {
    put_copy(b, i);
    return;
  }
  emit(b->out, HCC_OP_DROP);
  emit_index(b->out, HCC_OP_CALL, b->rw->order_func + near->order);
}

/* Do the turns of the copy at hand begin with the question? */
static bool asks_first(const body *b) {
  return b->range != NULL && b->range->step == 0;
}

/* At the end of a copy of a loop that looks. The first one, in place of what the guest compares,
 * goes on by a count of ours that clang sees to be less than what was looked at; that of a ranged
 * loop in any case: its turns begin with the question. The second one has a block around the turn,
 * and leaves that of both copies at its end. */
static void put_loop_branch(body *b, const hcc_instr *i) {
  if (asks_first(b)) {
    emit(b->out, HCC_OP_DROP);
    emit_index(b->out, HCC_OP_BR, i->a);
    return;
  }
  if (b->each) {
    emit_index(b->out, HCC_OP_BR_IF, 1);
    hcc__rw_pay_to(b, 0);
    emit_index(b->out, HCC_OP_BR, 2);
    return;
  }
  emit(b->out, HCC_OP_DROP);
  emit_index(b->out, HCC_OP_LOCAL_GET, b->at.turns + 1);
  emit_by(b->out, HCC_OP_I64_ADD, 1);
  emit_index(b->out, HCC_OP_LOCAL_TEE, b->at.turns + 1);
  emit_index(b->out, HCC_OP_LOCAL_GET, b->at.turns);
  emit(b->out, HCC_OP_I64_LT_U);
  put_copy(b, i);
}

static label *label_of(body *b, uint32_t branch);

/* Does it lead back to the beginning of the loop at hand, which looks? */
static bool is_loop_branch(body *b, const hcc_instr *i) {
  return i->code == HCC_OP_BR_IF && looks(b) && label_of(b, i->a)->opener == HCC_OP_LOOP &&
         (b->outside == 0 || b->rw->flow.depth - 1 - i->a == b->outside);
}

/* The label that a branch names, as it is written: frames of ours may be in between. */
static uint32_t written(const body *b, uint32_t branch) {
  bool leaves = b->rw->flow.depth - 1 - branch < b->outside;
  return branch + (leaves ? b->frames : 0);
}

void hcc__rw_put_plain(body *b, const hcc_instr *i) {
  if (is_loop_branch(b, i)) {
    put_loop_branch(b, i);
  } else if (i->code == HCC_OP_SELECT) {
    put_select(b, i);
  } else if (i->code == HCC_OP_RETURN && b->rw->options.meter) {
    /* the flow has seen it but no block has closed: the last frame is the function's */
    emit_index(b->out, HCC_OP_BR, b->rw->flow.depth - 1 + b->frames);
  } else if (i->info->imm == HCC_IMM_LABEL && b->outside != 0) {
    emit_index(b->out, i->code, written(b, i->a));
  } else if (i->info->imm < sizeof writers / sizeof *writers && writers[i->info->imm] != NULL) {
    writers[i->info->imm](b, i);
  } else {
    put_copy(b, i);
  }
}

static void put_bulk(body *b, const hcc_instr *i, const hcc__rw_length *length) {
  mark(b, i->begin); /* of the check */
  emit_index(b->out, HCC_OP_LOCAL_TEE, b->at.scratch);
  if (!length->grow) {
    charge_length(b, length);
    hcc__rw_put_plain(b, i);
    return;
  }
  hcc__rw_put_plain(b, i);
  emit_index(b->out, HCC_OP_LOCAL_TEE, b->at.scratch + 1);
  emit_i32(b->out, UINT32_MAX);
  emit(b->out, HCC_OP_I32_NE);
  emit_open(b->out, HCC_OP_IF);
  charge_length(b, length);
  emit(b->out, HCC_OP_END);
  emit_index(b->out, HCC_OP_LOCAL_GET, b->at.scratch + 1);
}

/* --- labels --- */

static label *label_at(body *b, uint32_t index) {
  size_t count = b->rw->labels.failed ? 0 : b->rw->labels.size / sizeof(label);
  return index < count ? (label *)(void *)b->rw->labels.data + index : &b->no_room;
}

/* Of the frame that a branch names. */
static label *label_of(body *b, uint32_t branch) {
  const hcc__flow *flow = &b->rw->flow;
  return label_at(b, branch < flow->depth ? flow->frames[flow->depth - 1 - branch].label : 0);
}

int64_t hcc__rw_owed_back(body *b) {
  return label_of(b, 0)->agreed;
}

/* Of the frame that has just been opened, by a block of that type. */
static void new_label(body *b, uint32_t opener, int64_t type) {
  uint32_t index = b->next_label++;
  if (b->run == 0) {
    label fresh = {.opener = opener, .least = INT64_MAX, .zero = index == 0};
    fresh.inner = b->rw->flow.depth > 1 && label_of(b, 1)->inner;
    fresh.aside = fresh.inner && opener == HCC_OP_BLOCK && type == -1;
    hcc_buf_add(&b->rw->labels, &fresh, sizeof fresh);
  }
  b->rw->flow.frames[b->rw->flow.depth - 1].label = index;
}

/* What this run has found is for the next one to use. */
static void agree(body *b) {
  for (uint32_t i = 0; i < b->next_label; i++) {
    label *l = label_at(b, i);
    l->agreed = l->zero || l->least == INT64_MAX ? 0 : l->least;
    l->least = INT64_MAX;
  }
}

/* Something leads to the end of a frame. */
static void arrive(body *b, label *l) {
  l->least = b->owed < l->least ? b->owed : l->least;
  if (l->zero || b->run != 0) {
    hcc__rw_pay_to(b, l->agreed);
  }
}

/* A turn of a loop has a checkpoint unless it calls a function of the module. */
static void put_loop(body *b, const hcc_instr *i, label *l) {
  hcc__rw_cost cost = hcc__rw_next_cost(b);
  l->inner = !cost.outer;
  hcc__rw_pay_to(b, l->agreed);
  hcc__rw_put_plain(b, i);
  if (asks_first(b)) {
    hcc__rw_range_test(b->out, b->rw, &b->at, b->range, b->sure->first, 1);
  }
  if (cost.calls || cost.fuel == 0 || b->later) {
    b->owed += cost.fuel;
  } else if (b->unchecked) {
    b->owed += cost.fuel - b->prepaid;
    hcc__rw_pay_to(b, 0);
  } else {
    check(b, i->begin, &cost);
    b->owed = 0;
  }
}

static void put_branch(body *b, const hcc_instr *i) {
  arrive(b, label_of(b, i->a));
  hcc__rw_put_plain(b, i);
}

/* In a loop that no other is in, where code goes on to the end of the block that it is in,
 * whichever way it takes, only the way that leads there now pays before it. The other one pays the
 * same with what comes next, and clang sees two conditions with nothing in between. */
static void put_br_if(body *b, const hcc_instr *i) {
  label *l = label_of(b, i->a);
  int64_t owed = b->owed;
  if (i->a != 0 || !l->aside || owed == l->agreed || (b->run == 0 && !l->zero)) {
    put_branch(b, i);
    return;
  }
  emit_open(b->out, HCC_OP_IF);
  arrive(b, l);
  emit_index(b->out, HCC_OP_BR, written(b, 0) + 1);
  emit(b->out, HCC_OP_END);
  b->owed = owed;
}

static void put_br_table(body *b, const hcc_instr *i) {
  hcc_reader r = {b->rw->m->bytes, i->targets, i->end};
  uint32_t branch;
  for (uint32_t n = 0; n <= i->target_count && hcc_read_u32(&branch, &r, b->rw->err) == 0; n++) {
    label_of(b, branch)->zero = true;
  }
  hcc__rw_pay_to(b, 0);
  hcc__rw_put_plain(b, i);
}

/* Without an else the way around the if can't pay: what is owed before is what is owed behind. */
static void put_if(body *b, const hcc_instr *i, label *l) {
  if (!l->has_else && b->run != 0) {
    if (b->owed > l->agreed) {
      hcc__rw_pay_to(b, l->agreed);
    }
    l->agreed = b->owed;
  }
  l->open = b->owed;
  hcc__rw_put_plain(b, i);
}

static void put_else(body *b, const hcc_instr *i, bool live) {
  label *l = label_of(b, 0);
  l->has_else = true;
  if (live) {
    arrive(b, l);
  }
  hcc__rw_put_plain(b, i);
  b->owed = l->open;
}

static void put_end(body *b, const hcc_instr *i, bool live) {
  hcc__flow *flow = &b->rw->flow;
  label *l = label_at(b, flow->frames[flow->depth].label); /* it has just closed */
  if (l->opener == HCC_OP_LOOP) {
    hcc__rw_put_plain(b, i);
    b->owed = live ? b->owed : 0;
    return;
  }
  if (live) {
    arrive(b, l);
  }
  if (l->opener == HCC_OP_IF && !l->has_else && l->open < l->least) {
    l->least = l->open;
  }
  hcc__rw_put_plain(b, i);
  b->owed = b->run != 0 || l->zero ? l->agreed : l->least == INT64_MAX ? 0 : l->least;
}

static void put_metered(body *b, const hcc_instr *i, bool live) {
  switch (i->code) {
  case HCC_OP_LOOP:
    put_loop(b, i, label_of(b, 0));
    break;
  case HCC_OP_IF:
    put_if(b, i, label_of(b, 0));
    break;
  case HCC_OP_ELSE:
    put_else(b, i, live);
    break;
  case HCC_OP_END:
    put_end(b, i, live);
    break;
  case HCC_OP_BR:
    put_branch(b, i);
    break;
  case HCC_OP_BR_IF:
    put_br_if(b, i);
    break;
  case HCC_OP_BR_TABLE:
    put_br_table(b, i);
    break;
  case HCC_OP_RETURN:
  case HCC_OP_CALL:
  case HCC_OP_CALL_INDIRECT:
    hcc__rw_pay_to(b, 0);
    hcc__rw_put_plain(b, i);
    break;
  default:
    hcc__rw_put_plain(b, i);
    break;
  }
}

void hcc__rw_put_instr(body *b, const hcc_instr *i, enum hcc__flow_point point) {
  const hcc__rw_length *length = hcc__rw_length_of(i);
  bool begins = hcc__flow_begins(point);
  if (!b->rw->options.meter) {
    hcc__rw_put_plain(b, i);
    b->next_cost += begins;
    return;
  }
  if (length != NULL) {
    hcc__rw_pay_to(b, 0);
    put_bulk(b, i, length);
  } else {
    put_metered(b, i, point != HCC_FLOW_NEW_BEFORE);
  }
  if (point == HCC_FLOW_NEW || point == HCC_FLOW_NEW_BEFORE) {
    b->owed += hcc__rw_next_cost(b).fuel;
  }
  if (begins) {
    mark_block(b, i);
  }
}

static int put_straight(body *b, hcc_reader *r, const hcc_instr *first, const hcc__rw_run *run) {
  hcc_instr i;
  int status = 0;
  if (run->split) {
    op_guest_local(b, HCC_OP_LOCAL_GET, first->a);
  } else {
    hcc__rw_put_plain(b, first);
  }
  while (r->pos < run->end) {
    HCC_TRY(hcc_instr_next(&i, r, b->rw->err));
    hcc__rw_put_plain(b, &i);
  }
out:
  return status;
}

/* A run has begun; it is written twice, as meter_run.c has it. */
static int put_run(body *b, hcc_reader *r, const hcc_instr *first, const hcc__rw_run *run) {
  hcc_reader begin = *r;
  uint32_t next_sure = b->next_sure;
  int status = 0;
  if (run->split) {
    op_guest_local(b, HCC_OP_LOCAL_SET, first->a);
  }
  hcc__rw_run_look_at(b->out, b->rw, b->params, run);
  emit_open(b->out, HCC_OP_IF);
  b->seen = run;
  HCC_TRY(put_straight(b, r, first, run));
  b->seen = NULL;
  emit(b->out, HCC_OP_ELSE);
  *r = begin;
  b->next_sure = next_sure;
  HCC_TRY(put_straight(b, r, first, run));
  emit(b->out, HCC_OP_UNREACHABLE);
  emit(b->out, HCC_OP_END);
out:
  return status;
}

/* Has the loop at hand looked at an access of the run? */
static bool has_looked(const body *b, const hcc__rw_run *run) {
  bool has = false;
  for (uint32_t s = b->next_sure; looks(b) && s < b->sure->count && !has; s++) {
    has = hcc__rw_run_place_at(run, b->sure->access[s].begin) != NULL;
  }
  return has;
}

/* In a loop that looks, and whose turns are straight-line code, an access is compared before the
 * turn, or by itself. */
static const hcc__rw_run *run_at(const body *b, const hcc_instr *i) {
  bool may = b->rw->options.looks && (!looks(b) || b->sure->first != 0);
  const hcc__rw_run *run = may ? hcc__rw_run_at(b->rw, i) : NULL;
  return run != NULL && !has_looked(b, run) ? run : NULL;
}

static bool looks_at_loops(const hcc__rw *rw) {
  return rw->options.meter || rw->options.loops;
}

static bool is_counted(const body *b, enum hcc__flow_point point) {
  const hcc__rw_cost *ahead = hcc__rw_cost_ahead(b);
  return looks_at_loops(b->rw) && point == HCC_FLOW_LOOP && ahead != NULL && ahead->counted &&
         (b->rw->options.meter || ahead->turns.few == 0);
}

int hcc__rw_put_next(body *b, hcc_reader *r) {
  hcc__rw *rw = b->rw;
  hcc_instr instr;
  enum hcc__flow_point point;
  int status = 0;
  HCC_TRY(hcc_instr_next(&instr, r, rw->err));
  HCC_TRY(hcc__flow_step(&point, &rw->flow, &instr, 0, rw->m->bytes, rw->err));
  if (point != HCC_FLOW_DEAD &&
      (instr.code == HCC_OP_BLOCK || instr.code == HCC_OP_LOOP || instr.code == HCC_OP_IF)) {
    new_label(b, instr.code, instr.block);
  }
  const hcc__rw_run *run = point != HCC_FLOW_DEAD ? run_at(b, &instr) : NULL;
  const hcc__rw_cost *ahead = point == HCC_FLOW_LOOP ? hcc__rw_cost_ahead(b) : NULL;
  if (ahead != NULL && ahead->ranged) {
    HCC_TRY(hcc__rw_put_ranged(b, r, &instr));
  } else if (ahead != NULL && ahead->bound.found) {
    HCC_TRY(hcc__rw_put_bounded(b, r, &instr));
  } else if (ahead != NULL && ahead->skips) {
    HCC_TRY(hcc__rw_put_skips(b, r, &instr));
  } else if (is_counted(b, point)) {
    HCC_TRY(hcc__rw_put_counted(b, r, &instr));
  } else if (run != NULL) {
    HCC_TRY(put_run(b, r, &instr, run));
  } else if (point != HCC_FLOW_DEAD) {
    hcc__rw_put_instr(b, &instr, point);
  }
out:
  return status;
}

int hcc__rw_put_until(body *b, hcc_reader *r, uint32_t depth) {
  int status = 0;
  while (b->rw->flow.depth > depth) {
    HCC_TRY(hcc__rw_put_next(b, r));
  }
out:
  return status;
}

static int put_body(body *b, hcc__rw_locals ours) {
  hcc_reader r = {b->rw->m->bytes, b->func->code.begin, b->func->code.end};
  int status;
  b->next_cost = 0;
  b->next_label = 0;
  b->owed = 0;
  HCC_TRY(hcc__rw_put_locals(b->out, b->rw, b->func, &ours));
  mark(b, b->func->code.begin);
  if (b->rw->options.meter) {
    charge_entry(b);
    hcc__rw_open_results(b->out, b->rw, b->func->type);
  } else {
    b->next_cost = 1; /* the entry's */
  }
  hcc__flow_begin(&b->rw->flow);
  new_label(b, HCC_OP_NOP, -1);
  HCC_TRY(hcc__rw_put_until(b, &r, 0));
  if (b->rw->options.meter) {
    get_fuel(b);
    emit(b->out, HCC_OP_END);
  }
out:
  return status;
}

int hcc__rw_body(hcc_buf *out, hcc__rw *rw, const hcc_func *func) {
  body b = {.out = out, .rw = rw, .func = func, .params = rw->m->types[func->type].param_count};
  hcc__rw_locals ours = {.scratch = 0};
  size_t begin = out->size;
  uint32_t runs = rw->options.meter ? RUNS : 1;
  int status = 0;
  if (looks_at_loops(rw)) {
    HCC_TRY(hcc__rw_costs(&ours, rw, func));
  }
  HCC_TRY(hcc__rw_near_of(&ours.values, rw, func));
  rw->shifts.size = 0;
  if (rw->options.helpers && !rw->options.looks && !rw->options.blocks) {
    HCC_TRY(hcc__rw_shifts_of(rw, func));
  }
  b.at = hcc__rw_place_locals(rw, func, &ours);
  rw->labels.size = 0;
  for (b.run = 0; b.run < runs; b.run++) {
    out->size = out->failed ? 0 : begin;
    HCC_TRY(put_body(&b, ours));
    agree(&b);
  }
  status = rw->labels.failed ? hcc__rw_no_memory(rw) : 0;
out:
  return status;
}
