/* generate_loops.c - loops of the kinds that metering knows (compiler/rewrite/meter_turns.c and
 * what is named behind it), and such that look much like them: counted up or down to a number or a
 * local, by steps of a number or a local, with few turns, with addresses that form series, with
 * branches, loops that copy.
 *
 * Invariant: each ends after 2,541 turns at most, since where its counter ends is a whole number of
 * steps from where it begins, or it goes on while it is less or greater; or, if that is off by one,
 * with a trap, since its addresses move. */
#include "generate_words.h"

typedef struct loop {
  gen *g;
  uint32_t x, until, twin, to, from, small, step_local,
      large; /* locals: `large` is i64, all others i32 */
  uint32_t ending;
  uint32_t order; /* opcode, of the last two endings */
  int32_t step;
  enum { UNTIL_NOTHING, UNTIL_CONST, UNTIL_LOCAL } ends;
  int32_t end;   /* the constant */
  int32_t ahead; /* how far the twin is ahead of the counter */
  bool wild;     /* goes on until it traps */
} loop;

/* How the locals of an address move: by themselves, or by the counter. */
typedef struct place {
  uint32_t base;
  int32_t stride, factor; /* of the counter; 0: the base is a pointer */
  bool early;             /* a pointer that moves before it is used */
  bool first;             /* the counter stands before the base */
} place;

static void get_sum(gen *g, uint32_t local, int32_t add) {
  get(g, local);
  bool minus = pick(g, 4) == 1;
  by(g, minus ? HCC_OP_I32_SUB : HCC_OP_I32_ADD, minus ? -add : add);
}

static void open_if(gen *g) {
  gen_op(g, HCC_OP_IF);
  hcc_buf_byte(&g->code, 0x40);
  gen_label_push(g, NULL, 0);
}

static void close_block(gen *g) {
  gen_op(g, HCC_OP_END);
  g->label_count--;
}

/* --- how it is counted --- */

enum { USUAL, SWAPPED, KEPT, TWIN_EARLY, TWIN_LATE, LESS, BY_LOCAL, ENDINGS };

/* Where the counter begins and ends; n, a masked number, is in x or until. */
static const struct counting {
  bool down, less; /* less: it may end by i32.lt_u and the like */
  enum { N_DOWN, N_UP, CONSTS, MINUS_N, BASE_UP, BASE_DOWN } kind;
} countings[] = {
    {true, false, N_DOWN},                            /* n to 0 */
    {false, true, N_UP},                              /* 0 to n */
    {false, true, CONSTS},   {false, false, MINUS_N}, /* -n to 0 */
    {false, true, BASE_UP},                           /* a number to that plus n */
    {true, true, BASE_DOWN},
};

static bool is_power(int32_t x) {
  return x > 0 && (x & (x - 1)) == 0;
}

/* What is on the stack becomes a number of steps, no more than the mask. */
static void mask_steps(const loop *l, int32_t mask) {
  int32_t size = l->step < 0 ? -l->step : l->step;
  by(l->g, HCC_OP_I32_AND, is_power(size) ? mask * size : mask);
  if (!is_power(size)) {
    by(l->g, HCC_OP_I32_MUL, size);
  }
}

/* A number of steps; the mask may be the last thing seen of it, or that may be a wrong guess.
 * Leaves it on the stack as well. */
static void put_number(loop *l, uint32_t local) {
  static const uint8_t masks[] = {7, 127, 63, 15, 31, 3, 1, 24, 96};
  gen *g = l->g;
  gen_expr(g, HCC_I32);
  mask_steps(l, masks[pick(g, sizeof masks)]);
  op_index(g, HCC_OP_LOCAL_TEE, local);
  if (pick(g, 8) == 1) {
    gen_expr(g, HCC_I32);
    open_if(g);
    get(g, local);
    mask_steps(l, 7);
    set(g, local);
    close_block(g);
    gen_op(g, HCC_OP_DROP);
    get(g, local);
  }
}

static void add_to(gen *g, uint32_t local, uint32_t other) {
  get(g, local);
  get(g, other);
  gen_op(g, HCC_OP_I32_ADD);
  set(g, local);
}

/* Opens an if, in which the loop turns once at least. */
static void begin_counting(loop *l, const struct counting *how) {
  gen *g = l->g;
  int32_t begin = (int32_t)pick(g, 64);
  bool up = how->kind == N_UP || how->kind == BASE_UP;
  l->ends = up || how->kind == BASE_DOWN ? UNTIL_LOCAL : UNTIL_NOTHING;
  if (how->kind == CONSTS) {
    l->ends = UNTIL_CONST;
    l->end = begin + l->step * (1 + (int32_t)pick(g, 40));
    gen_i32(g, begin);
    set(g, l->x);
    gen_i32(g, 1);
  } else {
    put_number(l, up ? l->until : l->x);
  }
  open_if(g);
  switch (how->kind) {
  case N_UP:
    gen_i32(g, 0);
    set(g, l->x);
    break;
  case MINUS_N:
    gen_i32(g, 0);
    get(g, l->x);
    gen_op(g, HCC_OP_I32_SUB);
    set(g, l->x);
    break;
  case BASE_UP:
  case BASE_DOWN:
    gen_masked(g, 63);
    set(g, up ? l->x : l->until);
    add_to(g, up ? l->until : l->x, up ? l->x : l->until);
    break;
  default:
    break;
  }
}

static bool is_twin(const loop *l) {
  return l->ending == TWIN_EARLY || l->ending == TWIN_LATE;
}

/* Where it ends moves with what is compared. */
static void move_end(loop *l) {
  gen *g = l->g;
  int32_t level = l->ending == TWIN_EARLY ? l->step : 0;
  l->ahead = level + (is_twin(l) && l->ends != UNTIL_NOTHING ? (int32_t)pick(g, 9) - 4 : 0);
  int32_t add = l->ahead - level + l->wild;
  l->end += add;
  if (l->ends == UNTIL_LOCAL && add != 0) {
    get_sum(g, l->until, add);
    set(g, l->until);
  }
}

static void put_until(const loop *l) {
  if (l->ends == UNTIL_LOCAL) {
    get(l->g, l->until);
  } else if (l->ends == UNTIL_CONST) {
    gen_i32(l->g, l->end);
  }
}

/* Any number from 1 to 7. */
static void set_step(const loop *l) {
  if (l->ending == BY_LOCAL) {
    gen_expr(l->g, HCC_I32);
    by(l->g, HCC_OP_I32_AND, 7);
    by(l->g, HCC_OP_I32_OR, 1);
    set(l->g, l->step_local);
  }
}

static void begin_turn(const loop *l) {
  if (l->ending == TWIN_EARLY) {
    get_sum(l->g, l->x, l->ahead);
    set(l->g, l->twin);
  }
}

static void end_turn(const loop *l) {
  gen *g = l->g;
  bool swapped = l->ending == SWAPPED && l->ends != UNTIL_NOTHING;
  if (swapped) {
    put_until(l);
  }
  if (l->ending == BY_LOCAL) {
    get(g, l->x);
    get(g, l->step_local);
    gen_op(g, HCC_OP_I32_ADD);
  } else {
    get_sum(g, l->x, l->step);
  }
  switch (l->ending) {
  case KEPT:
    set(g, l->x);
    get(g, l->x);
    break;
  case TWIN_EARLY:
    set(g, l->x);
    get(g, l->twin);
    break;
  case TWIN_LATE:
    set(g, l->x);
    get_sum(g, l->x, l->ahead);
    op_index(g, HCC_OP_LOCAL_TEE, l->twin);
    break;
  default:
    op_index(g, HCC_OP_LOCAL_TEE, l->x);
    break;
  }
  if (!swapped) {
    put_until(l);
  }
  if (l->ends != UNTIL_NOTHING) {
    gen_op(g, l->ending >= LESS ? l->order : HCC_OP_I32_NE);
  }
  op_index(g, HCC_OP_BR_IF, 0);
}

/* --- addresses --- */

/* Nobody is out of bounds that begins in the middle of the first page; at its end some are. */
static void put_base(loop *l, uint32_t local) {
  gen *g = l->g;
  if (g->risk != 0 && pick(g, 6) == 1) {
    gen_i32(g, pick(g, 4) == 1 ? (int32_t)pick(g, 64) : 0x10000 - (int32_t)pick(g, 200));
  } else if (pick(g, 3) == 0) {
    gen_i32(g, 0x3000 + (int32_t)pick(g, 0x8000));
  } else {
    gen_masked(g, 0x7fff);
    by(g, HCC_OP_I32_ADD, 0x3000);
  }
  set(g, local);
}

static place place_of(loop *l, uint32_t base, int32_t stride) {
  gen *g = l->g;
  place p = {.base = base, .stride = stride, .early = pick(g, 4) == 1, .first = pick(g, 2) == 1};
  bool counter = stride % l->step == 0 && pick(g, 2) == 1;
  p.factor = counter ? stride / l->step : 0;
  return p;
}

static void put_counter(const loop *l, int32_t factor) {
  gen *g = l->g;
  get(g, l->x);
  if (factor > 1 && is_power(factor) && pick(g, 2) == 0) {
    by(g, HCC_OP_I32_SHL, __builtin_ctz((unsigned)factor));
  } else if (factor != 1) {
    by(g, HCC_OP_I32_MUL, factor);
  }
}

static void put_address(const loop *l, const place *p, int32_t add) {
  gen *g = l->g;
  if (p->factor == 0) {
    get(g, p->base);
  } else if (p->factor == -1) {
    get(g, p->base);
    get(g, l->x);
    gen_op(g, HCC_OP_I32_SUB);
  } else {
    p->first ? put_counter(l, p->factor) : get(g, p->base);
    p->first ? get(g, p->base) : put_counter(l, p->factor);
    gen_op(g, HCC_OP_I32_ADD);
  }
  if (add != 0) {
    by(g, HCC_OP_I32_ADD, add);
  }
}

static void move(const loop *l, const place *p, bool early) {
  if (p->factor == 0 && p->stride != 0 && p->early == early) {
    get_sum(l->g, p->base, p->stride);
    set(l->g, p->base);
  }
}

static void put_memory(gen *g, uint32_t code, uint32_t offset) {
  gen_op(g, code);
  hcc_buf_u32(&g->code, 0);
  hcc_buf_u32(&g->code, offset);
}

/* --- what it does --- */

static const struct access {
  uint16_t load, store;
  uint8_t bytes, type;
} accesses[] = {
    {HCC_OP_I32_LOAD8_U, HCC_OP_I32_STORE8, 1, HCC_I32},
    {HCC_OP_I32_LOAD8_S, HCC_OP_I32_STORE8, 1, HCC_I32},
    {HCC_OP_I32_LOAD16_U, HCC_OP_I32_STORE16, 2, HCC_I32},
    {HCC_OP_I32_LOAD16_S, HCC_OP_I32_STORE16, 2, HCC_I32},
    {HCC_OP_I32_LOAD, HCC_OP_I32_STORE, 4, HCC_I32},
    {HCC_OP_F32_LOAD, HCC_OP_F32_STORE, 4, HCC_F32},
    {HCC_OP_I64_LOAD, HCC_OP_I64_STORE, 8, HCC_I64},
    {HCC_OP_F64_LOAD, HCC_OP_F64_STORE, 8, HCC_F64},
    {HCC_OP_I64_LOAD32_U, HCC_OP_I64_STORE32, 4, HCC_I64}, /* no copy to meter_copy.c: */
    {HCC_OP_I64_LOAD8_S, HCC_OP_I64_STORE8, 1, HCC_I64},
    {HCC_OP_V128_LOAD, HCC_OP_V128_STORE, 16, HCC_V128},
};
#define ACCESSES (sizeof accesses / sizeof *accesses)
#define PIECES 4u

/* What makes a copy none: */
enum { IS_COPY, GAP, BACKWARDS, OTHER_STRIDE, READS_MORE, STATEMENT, NO_COPIES };

typedef struct copying {
  const struct access *piece[PIECES];
  int32_t at[PIECES];
  uint32_t pieces, offset;
  int32_t bytes;
  bool by_offset; /* pieces behind the first one differ in their offset, not in an addition */
  uint32_t but;
} copying;

static copying any_copy(loop *l) {
  gen *g = l->g;
  copying c = {.pieces = 1 + (pick(g, 3) == 1 ? pick(g, PIECES) : 0),
               .offset = pick(g, 3) == 1 ? pick(g, 256) : 0,
               .by_offset = pick(g, 2) == 1,
               .but = pick(g, 3) == 1 ? pick(g, NO_COPIES) : IS_COPY};
  uint32_t kind = pick(g, ACCESSES);
  for (uint32_t i = 0; i < c.pieces; i++) {
    c.piece[i] = &accesses[pick(g, 4) == 1 ? pick(g, ACCESSES) : kind];
    c.at[i] = c.bytes + (c.but == GAP && i == c.pieces - 1);
    c.bytes += c.piece[i]->bytes;
  }
  return c;
}

static void copy_piece(const loop *l, const copying *c, const place *to, const place *from,
                       uint32_t i) {
  int32_t add = c->by_offset ? 0 : c->at[i];
  uint32_t offset = c->offset + (c->by_offset ? (uint32_t)c->at[i] : 0);
  put_address(l, to, add);
  put_address(l, from, add);
  put_memory(l->g, c->piece[i]->load, offset);
  put_memory(l->g, c->piece[i]->store, offset);
}

/* The source is somewhere, or so near that some of what is read has been written. */
static void put_source(loop *l) {
  static const int16_t near[] = {1, -1, 0, 2, -2, 4, 8, -8, 16, 64, -64, 256, -256, 4093};
  if (pick(l->g, 2) == 0) {
    put_base(l, l->from);
  } else {
    get_sum(l->g, l->to, near[pick(l->g, sizeof near / sizeof *near)]);
    set(l->g, l->from);
  }
}

static void begin_loop(gen *g) {
  gen_op(g, HCC_OP_LOOP);
  hcc_buf_byte(&g->code, 0x40);
  gen_label_push(g, NULL, 0);
}

static void end_loop(const loop *l, const place *to, const place *from) {
  move(l, to, false);
  move(l, from, false);
  end_turn(l);
  close_block(l->g);
}

static void copy_loop(loop *l, const copying *c, int32_t stride) {
  gen *g = l->g;
  place to = place_of(l, l->to, stride), from = place_of(l, l->from, stride);
  begin_loop(g);
  begin_turn(l);
  move(l, &to, true);
  move(l, &from, true);
  for (uint32_t i = 0; i < c->pieces; i++) {
    copy_piece(l, c, &to, &from, i);
  }
  if (c->but == READS_MORE) {
    put_address(l, &from, 1);
    put_memory(g, HCC_OP_I32_LOAD8_U, 0);
    set(g, l->small);
  } else if (c->but == STATEMENT) {
    gen_statement(g);
  }
  end_loop(l, &to, &from);
}

/* v = v op what is on the stack, of a type. */
static void mix_in(const loop *l, uint8_t type) {
  static const uint16_t ops[] = {HCC_OP_I32_ADD, HCC_OP_I32_XOR, HCC_OP_I32_MUL, HCC_OP_I32_SUB};
  static const uint16_t compares[] = {HCC_OP_I32_LT_S, HCC_OP_I32_GT_U, HCC_OP_I32_LE_U,
                                      HCC_OP_I32_GE_S};
  gen *g = l->g;
  uint32_t kind = pick(g, 6);
  if (type == HCC_V128) {
    gen_op(g, HCC_OP_I64X2_EXTRACT_LANE);
    hcc_buf_byte(&g->code, 1);
  } else if (type == HCC_F64 || type == HCC_F32) {
    gen_op(g, type == HCC_F64 ? HCC_OP_I64_REINTERPRET_F64 : HCC_OP_I32_REINTERPRET_F32);
  }
  if (type != HCC_I32 && type != HCC_F32) {
    get(g, l->large);
    gen_op(g, pick(g, 2) == 0 ? HCC_OP_I64_ADD : HCC_OP_I64_XOR);
    set(g, l->large);
  } else if (kind < 4) {
    get(g, l->small);
    gen_op(g, ops[kind]);
    set(g, l->small);
  } else { /* the lesser or greater */
    op_index(g, HCC_OP_LOCAL_TEE, l->twin);
    get(g, l->small);
    get(g, l->twin);
    get(g, l->small);
    gen_op(g, compares[pick(g, 4)]);
    gen_op(g, HCC_OP_SELECT);
    set(g, l->small);
  }
}

/* A value of the type, no NaN. */
static void put_value(const loop *l, uint8_t type) {
  gen *g = l->g;
  if (type == HCC_I64) {
    get(g, l->large);
    return;
  }
  get(g, pick(g, 2) == 0 ? l->x : l->small);
  if (type != HCC_I32) {
    gen_op(g, type == HCC_V128  ? HCC_OP_I32X4_SPLAT
              : type == HCC_F64 ? HCC_OP_F64_CONVERT_I32_S
                                : HCC_OP_F32_CONVERT_I32_S);
  }
}

/* One load or store at a place and a little behind it. */
static void work(const loop *l, const place *p, bool stores) {
  gen *g = l->g;
  const struct access *a = &accesses[pick(g, ACCESSES)];
  uint32_t offset = pick(g, 3) == 1 ? pick(g, 64) : 0;
  put_address(l, p, pick(g, 2) == 1 ? (int32_t)pick(g, 32) : 0);
  if (stores) {
    put_value(l, a->type);
    put_memory(g, a->store, offset);
  } else {
    put_memory(g, a->load, offset);
    mix_in(l, a->type);
  }
}

/* The same in some turns only, or another one in the others; or the place moves with it. */
static void work_sometimes(const loop *l, const place *p, bool stores) {
  gen *g = l->g;
  uint32_t kind = pick(g, 4);
  if (kind == 0) {
    gen_op(g, HCC_OP_BLOCK);
    hcc_buf_byte(&g->code, 0x40);
    gen_label_push(g, NULL, 0);
  }
  get(g, pick(g, 2) == 0 ? l->x : l->small);
  by(g, HCC_OP_I32_AND, 1 << pick(g, 4));
  if (kind == 0) {
    op_index(g, HCC_OP_BR_IF, 0);
  } else {
    open_if(g);
  }
  work(l, p, stores);
  if (kind == 1) {
    gen_op(g, HCC_OP_ELSE);
    work(l, p, !stores);
  } else if (kind == 2 && pick(g, 4) == 0) {
    get_sum(g, p->base, 4);
    set(g, p->base);
  }
  close_block(g);
}

/* Reads and writes elements of the same stride, or of two. */
static void work_loop(loop *l) {
  static const int8_t strides[] = {1, 2, 4, 8, 16, -1, -4, -8, 3, 12, 0, 32, -16};
  gen *g = l->g;
  int32_t stride = strides[pick(g, sizeof strides)], other = strides[pick(g, sizeof strides)];
  place to = place_of(l, l->to, stride),
        from = place_of(l, l->from, pick(g, 2) == 0 ? stride : other);
  bool straight = pick(g, 3) != 0;
  begin_loop(g);
  move(l, &to, true);
  move(l, &from, true);
  for (uint32_t left = 1 + pick(g, 4); left > 0; left--) {
    bool stores = pick(g, 2) == 1;
    const place *p = stores ? &to : &from;
    if (straight || pick(g, 2) == 0) {
      work(l, p, stores);
    } else {
      work_sometimes(l, p, stores);
    }
  }
  end_loop(l, &to, &from);
}

void gen_show_loop(gen *g) {
  uint32_t at = (uint32_t)g->loops;
  for (uint32_t i = 1; i < GEN_LOOP_LOCALS; i++) {
    op_index(g, HCC_OP_GLOBAL_GET, 1);
    by(g, HCC_OP_I32_MUL, 31);
    get(g, at + i);
    gen_op(g, HCC_OP_I32_ADD);
    op_index(g, HCC_OP_GLOBAL_SET, 1);
  }
  op_index(g, HCC_OP_GLOBAL_GET, 2);
  get(g, at);
  gen_op(g, HCC_OP_I64_XOR);
  op_index(g, HCC_OP_GLOBAL_SET, 2);
}

bool gen_loop_locals(gen *g) {
  if (g->loops < 0 && g->local_count + GEN_LOOP_LOCALS <= GEN_LOCALS - 8) {
    g->loops = (int32_t)gen_local(g, HCC_I64, true);
    for (uint32_t i = 1; i < GEN_LOOP_LOCALS; i++) {
      gen_local(g, HCC_I32, true);
    }
  }
  return g->loops >= 0;
}

static loop begin(gen *g) {
  uint32_t at = (uint32_t)g->loops;
  return (loop){.g = g,
                .large = at,
                .x = at + 1,
                .until = at + 2,
                .twin = at + 3,
                .to = at + 4,
                .from = at + 5,
                .small = at + 6,
                .step_local = at + 8};
}

bool gen_loop(gen *g) {
  static const uint8_t steps[] = {1, 2, 4, 8, 1, 3, 12, 20};
  if (g->counted || !gen_loop_locals(g)) {
    return false;
  }
  if (pick(g, 6) == 1) {
    gen_bounded(g);
    gen_show_loop(g);
    return true;
  }
  loop l = begin(g);
  bool copies = pick(g, 2) == 0;
  const struct counting *how = &countings[pick(g, sizeof countings / sizeof *countings)];
  copying c = any_copy(&l);
  bool by_bytes = copies && is_power(c.bytes) && pick(g, 2) == 1;
  int32_t step = by_bytes ? c.bytes : steps[pick(g, sizeof steps)];
  l.step = how->down ? -step : step;
  l.ending = pick(g, ENDINGS);
  static const uint8_t ups[] = {HCC_OP_I32_LT_U, HCC_OP_I32_LT_S, HCC_OP_I32_LE_U, HCC_OP_I32_LE_S};
  static const uint8_t downs[] = {HCC_OP_I32_GT_U, HCC_OP_I32_GT_S, HCC_OP_I32_GE_S};
  if (l.ending >= LESS) {
    l.ending = !how->less ? USUAL : how->down ? LESS : l.ending;
    l.order = how->down ? downs[pick(g, sizeof downs)] : ups[pick(g, sizeof ups)];
  }
  g->counted = true;
  put_base(&l, l.to);
  put_source(&l);
  set_step(&l);
  begin_counting(&l, how);
  int32_t stride = c.but == BACKWARDS ? -c.bytes : c.but == OTHER_STRIDE ? c.bytes + 1 : c.bytes;
  l.wild = copies && c.bytes >= 4 && step > 1 && l.ends != UNTIL_NOTHING && l.ending < LESS &&
           fz_chance(g->c, g->risk);
  if (copies) {
    move_end(&l);
    copy_loop(&l, &c, stride);
  } else {
    l.ending = is_twin(&l) ? KEPT : l.ending; /* that local is wanted */
    work_loop(&l);
  }
  close_block(g);
  g->counted = false;
  gen_show_loop(g);
  return true;
}
