/* meter.c - the second pass over a body: writes it with new indices, without dead code, with fuel
 * and marks. It never changes what the body computes. Invariants: what it inserts leaves the
 * operand stack as it was and opens no label around the guest's code but the one block that
 * stands for the function's own label; nothing stands between a mark and what it marks. */
#include "rewrite_parts.h"

typedef struct body {
  hcc_buf *out;
  hcc__rw *rw;
  const hcc_func *func;
  uint32_t params;  /* the fuel's local, if metered: it follows the parameters */
  uint32_t scratch; /* first i32 local of ours */
  size_t next_cost; /* index in rw->costs */
} body;

static void op(body *b, uint32_t code) {
  hcc_buf_byte(b->out, (uint8_t)code);
}

static void op_index(body *b, uint32_t code, uint32_t index) {
  op(b, code);
  hcc_buf_u32(b->out, index);
}

static void op_i64(body *b, int64_t value) {
  op(b, HCC_OP_I64_CONST);
  hcc_buf_s64(b->out, value);
}

static void get_fuel(body *b) {
  op_index(b, HCC_OP_LOCAL_GET, b->params);
}

static void set_fuel(body *b) {
  op_index(b, HCC_OP_LOCAL_SET, b->params);
}

/* The line mark for what is written next. */
static void mark(body *b, uint32_t offset) {
  if (b->rw->options.marks) {
    op(b, HCC_OP_I32_CONST);
    hcc_buf_s32(b->out, (int32_t)offset);
    op_index(b, HCC_OP_CALL, b->rw->mark_func);
  }
}

static void mark_trap(body *b, const hcc_instr *i) {
  if (i->info->flags & HCC_OPF_TRAPS) {
    mark(b, i->begin);
  }
}

/* The new fuel is on the stack. Keeps it, and asks for more if there is none left. */
static void keep_checked(body *b) {
  op_index(b, HCC_OP_LOCAL_TEE, b->params);
  op_i64(b, 0);
  op(b, HCC_OP_I64_LT_S);
  op(b, HCC_OP_IF);
  hcc_buf_byte(b->out, 0x40);
  get_fuel(b);
  op_index(b, HCC_OP_CALL, b->rw->fuel_func);
  set_fuel(b);
  op(b, HCC_OP_END);
}

/* The block that begins here. */
static hcc__rw_cost next_cost(body *b) {
  const hcc__rw_cost *costs = (const hcc__rw_cost *)(const void *)b->rw->costs.data;
  size_t count = b->rw->costs.size / sizeof *costs;
  return b->next_cost < count ? costs[b->next_cost++] : (hcc__rw_cost){.fuel = 0};
}

static void subtract(body *b, uint32_t fuel) {
  get_fuel(b);
  if (fuel != 0) {
    op_i64(b, fuel);
    op(b, HCC_OP_I64_SUB);
  }
}

static void charge_block(body *b, hcc__rw_cost cost) {
  if (cost.fuel != 0) {
    subtract(b, cost.fuel);
    set_fuel(b);
  }
}

/* Checked even if it costs nothing: loops rely on the entry of what they call. */
static void charge_entry(body *b) {
  subtract(b, next_cost(b).fuel);
  keep_checked(b);
}

/* A turn of a loop has a checkpoint: here, unless it calls a function of the module. */
static void charge_loop(body *b, const hcc_instr *i) {
  hcc__rw_cost cost = next_cost(b);
  if (cost.calls || cost.fuel == 0) {
    charge_block(b, cost);
  } else {
    mark(b, i->begin);
    subtract(b, cost.fuel);
    keep_checked(b);
  }
}

/* Charges the length in the first scratch local. */
static void charge_length(body *b, const hcc__rw_length *length) {
  get_fuel(b);
  op_index(b, HCC_OP_LOCAL_GET, b->scratch);
  op(b, HCC_OP_I64_EXTEND_I32_U);
  if (length->shift != 0) {
    op_i64(b, length->shift);
    op(b, length->grow ? HCC_OP_I64_SHL : HCC_OP_I64_SHR_U);
  }
  op(b, HCC_OP_I64_SUB);
  keep_checked(b);
}

static void put_copy(body *b, const hcc_instr *i) {
  mark_trap(b, i);
  hcc_buf_add(b->out, b->rw->m->bytes + i->begin, i->end - i->begin);
}

static void put_block(body *b, const hcc_instr *i) {
  if (i->block < 0) {
    put_copy(b, i);
  } else {
    op(b, i->code);
    hcc_buf_s64(b->out, hcc__rw_type(b->rw, HCC_RW_BLOCK, (uint32_t)i->block));
  }
}

static void put_local(body *b, const hcc_instr *i) {
  op_index(b, i->code, i->a + (b->rw->options.meter && i->a >= b->params ? 1 : 0));
}

static void put_func(body *b, const hcc_instr *i) {
  bool metered = i->code == HCC_OP_CALL && b->rw->options.meter;
  if (metered) {
    get_fuel(b);
  }
  op_index(b, i->code, hcc__rw_func(b->rw, i->a));
  if (metered) {
    set_fuel(b);
  }
}

static void put_call_indirect(body *b, const hcc_instr *i) {
  bool metered = b->rw->options.meter;
  if (metered) { /* the fuel goes below the table index */
    op_index(b, HCC_OP_LOCAL_SET, b->scratch);
    get_fuel(b);
    op_index(b, HCC_OP_LOCAL_GET, b->scratch);
  }
  mark_trap(b, i);
  op_index(b, i->code, hcc__rw_type(b->rw, HCC_RW_FUNC, i->a));
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

/* Where an instruction can't stay as it is. */
static void (*const writers[])(body *b, const hcc_instr *i) = {
    [HCC_IMM_BLOCK] = put_block, [HCC_IMM_LOCAL] = put_local,
    [HCC_IMM_FUNC] = put_func,   [HCC_IMM_CALL_INDIRECT] = put_call_indirect,
    [HCC_IMM_DATA] = put_data,   [HCC_IMM_MEMORY_INIT] = put_data,
};

static void put_plain(body *b, const hcc_instr *i) {
  if (i->code == HCC_OP_RETURN && b->rw->options.meter) {
    /* the flow has seen it but no block has closed: the last frame is the function's */
    op_index(b, HCC_OP_BR, b->rw->flow.depth - 1);
  } else if (i->info->imm < sizeof writers / sizeof *writers && writers[i->info->imm] != NULL) {
    writers[i->info->imm](b, i);
  } else {
    put_copy(b, i);
  }
}

static void put_bulk(body *b, const hcc_instr *i, const hcc__rw_length *length) {
  mark(b, i->begin); /* of the check */
  op_index(b, HCC_OP_LOCAL_TEE, b->scratch);
  if (!length->grow) {
    charge_length(b, length);
    put_plain(b, i);
    return;
  }
  put_plain(b, i);
  op_index(b, HCC_OP_LOCAL_TEE, b->scratch + 1);
  op(b, HCC_OP_I32_CONST);
  hcc_buf_s32(b->out, -1);
  op(b, HCC_OP_I32_NE);
  op(b, HCC_OP_IF);
  hcc_buf_byte(b->out, 0x40);
  charge_length(b, length);
  op(b, HCC_OP_END);
  op_index(b, HCC_OP_LOCAL_GET, b->scratch + 1);
}

static void put_instr(body *b, const hcc_instr *i, enum hcc__flow_point point) {
  bool meter = b->rw->options.meter;
  const hcc__rw_length *length = meter ? hcc__rw_length_of(i) : NULL;
  if (length != NULL) {
    put_bulk(b, i, length);
  } else {
    put_plain(b, i);
  }
  if (meter && point == HCC_FLOW_LOOP) {
    charge_loop(b, i);
  } else if (meter && (point == HCC_FLOW_NEW || point == HCC_FLOW_NEW_BEFORE)) {
    charge_block(b, next_cost(b));
  }
}

/* The guest's declarations, and one group more for ours. */
static int put_locals(body *b, uint32_t scratch) {
  hcc_reader r = {b->rw->m->bytes, b->func->body.begin, b->func->code.begin};
  uint32_t groups = 0;
  int status = hcc_read_u32(&groups, &r, b->rw->err);
  if (status == 0) {
    hcc_buf_u32(b->out, groups + (scratch != 0 ? 1 : 0));
    hcc_buf_add(b->out, r.bytes + r.pos, r.end - r.pos);
  }
  if (status == 0 && scratch != 0) {
    hcc_buf_u32(b->out, scratch);
    hcc_buf_byte(b->out, HCC_I32);
  }
  return status;
}

/* Type of the block around a metered body. */
static void put_results_block(body *b) {
  const hcc_functype *type = &b->rw->m->types[b->func->type];
  op(b, HCC_OP_BLOCK);
  if (type->result_count > 1) {
    hcc_buf_s64(b->out, hcc__rw_type(b->rw, HCC_RW_RESULTS, b->func->type));
  } else {
    hcc_buf_byte(b->out, type->result_count == 1 ? type->results[0] : 0x40);
  }
}

static int put_code(body *b) {
  hcc__rw *rw = b->rw;
  hcc_reader r = {rw->m->bytes, b->func->code.begin, b->func->code.end};
  int status = 0;
  hcc__flow_begin(&rw->flow);
  while (rw->flow.depth != 0) {
    hcc_instr instr;
    enum hcc__flow_point point;
    HCC_TRY(hcc_instr_next(&instr, &r, rw->err));
    HCC_TRY(hcc__flow_step(&point, &rw->flow, &instr, 0, rw->m->bytes, rw->err));
    if (point != HCC_FLOW_DEAD) {
      put_instr(b, &instr, point);
    }
  }
out:
  return status;
}

int hcc__rw_body(hcc_buf *out, hcc__rw *rw, const hcc_func *func) {
  body b = {.out = out, .rw = rw, .func = func, .params = rw->m->types[func->type].param_count};
  uint32_t scratch = 0;
  int status;
  b.scratch = b.params + 1 + func->local_count;
  if (rw->options.meter) {
    HCC_TRY(hcc__rw_costs(&scratch, rw, func));
  }
  HCC_TRY(put_locals(&b, scratch));
  mark(&b, func->code.begin);
  if (rw->options.meter) {
    charge_entry(&b);
    put_results_block(&b);
  }
  HCC_TRY(put_code(&b));
  if (rw->options.meter) {
    get_fuel(&b);
    op(&b, HCC_OP_END);
  }
out:
  return status;
}
