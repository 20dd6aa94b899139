/* generate_bounded.c - loops that may end early and turn no more often than to a number
 * (compiler/rewrite/meter_bound.c), or what may be a local, and that access memory by their counter
 * (meter_range.c); and such that look much like them: what is compared may be passed over in some
 * turns, or the counter may move in another way then.
 *
 * Invariant: each ends after 127 turns at most, for where nothing else would end it a counter of
 * its own does. */
#include "generate_words.h"

typedef struct bounded {
  gen *g;
  uint32_t x, kept, left, small, until, base, also; /* locals */
  int32_t step, begin, end;
  bool at_least; /* it ends where x is no longer less; the step is 1 */
  bool sign;
  bool top;   /* it is compared before the step */
  bool keeps; /* what is compared, in a local */
  bool wild;
  bool local;     /* its end is one */
  bool hops;      /* the step is what was read */
  int32_t factor; /* of what is accessed; 0: nothing is, or by a local of its own */
  uint32_t depth; /* blocks in the loop */
} bounded;

static void open_block(bounded *l, uint32_t code) {
  gen_op(l->g, code);
  hcc_buf_byte(&l->g->code, 0x40);
  gen_label_push(l->g, NULL, 0);
  l->depth++;
}

static void close_block(bounded *l) {
  gen_op(l->g, HCC_OP_END);
  l->g->label_count--;
  l->depth--;
}

/* A bit of what has been computed. */
static void put_bit(const bounded *l) {
  get(l->g, pick(l->g, 2) == 0 ? l->small : l->x);
  by(l->g, HCC_OP_I32_AND, 1 << pick(l->g, 5));
}

static void put_end(const bounded *l, int32_t add) {
  if (!l->local) {
    gen_i32(l->g, l->end + add);
    return;
  }
  get(l->g, l->until);
  if (add != 0) {
    by(l->g, HCC_OP_I32_ADD, add);
  }
}

/* Is it at its end, or, the other way round, not? Onto the stack. */
static void put_comparison(const bounded *l, bool at_end) {
  gen *g = l->g;
  bool swapped = pick(g, 3) == 0;
  int32_t add = pick(g, 4) == 1 ? 5 : 0;
  uint32_t code = at_end ? HCC_OP_I32_EQ : HCC_OP_I32_NE;
  if (l->at_least) {
    static const uint32_t codes[2][2][2] = {
        {{HCC_OP_I32_LT_U, HCC_OP_I32_GT_U}, {HCC_OP_I32_GE_U, HCC_OP_I32_LE_U}},
        {{HCC_OP_I32_LT_S, HCC_OP_I32_GT_S}, {HCC_OP_I32_GE_S, HCC_OP_I32_LE_S}}};
    code = codes[l->sign][at_end][swapped];
  }
  if (swapped) {
    put_end(l, add);
  }
  get(g, l->x);
  if (add != 0) {
    by(g, HCC_OP_I32_ADD, add);
  }
  if (!swapped) {
    put_end(l, add);
  }
  gen_op(g, code);
  if (l->keeps) {
    set(g, l->kept);
    get(g, l->small);
    by(g, HCC_OP_I32_ADD, 3);
    set(g, l->small);
    get(g, l->kept);
  }
}

static void leave_if_at_end(bounded *l) {
  bool skips = l->wild && pick(l->g, 2) == 0;
  if (skips) {
    open_block(l, HCC_OP_BLOCK);
    put_bit(l);
    op_index(l->g, HCC_OP_BR_IF, 0);
  }
  put_comparison(l, true);
  op_index(l->g, HCC_OP_BR_IF, l->depth + 1);
  if (skips) {
    close_block(l);
  }
}

/* Ends it for certain, in a form that nobody knows for that. */
static void count_wild(const bounded *l) {
  if (l->wild) {
    get(l->g, l->left);
    by(l->g, HCC_OP_I32_ADD, -1);
    op_index(l->g, HCC_OP_LOCAL_TEE, l->left);
    by(l->g, HCC_OP_I32_LT_S, 0);
    op_index(l->g, HCC_OP_BR_IF, l->depth + 1);
  }
}

static void put_access(gen *g, uint32_t code) {
  gen_op(g, code);
  hcc_buf_u32(&g->code, 0);
  hcc_buf_u32(&g->code, pick(g, 3) == 0 ? pick(g, 40) : 0);
}

static void put_address(const bounded *l) {
  gen *g = l->g;
  get(g, l->factor != 0 ? l->base : l->also);
  if (l->factor != 0) {
    get(g, l->x);
    by(g, HCC_OP_I32_MUL, l->factor);
    gen_op(g, HCC_OP_I32_ADD);
  }
}

/* What the counter counts in memory: is read, or written. */
static void access(const bounded *l) {
  static const uint32_t loads[] = {HCC_OP_I32_LOAD8_U, HCC_OP_I32_LOAD16_S, HCC_OP_I32_LOAD};
  static const uint32_t stores[] = {HCC_OP_I32_STORE8, HCC_OP_I32_STORE16, HCC_OP_I32_STORE};
  gen *g = l->g;
  put_address(l);
  if (pick(g, 3) == 0) {
    get(g, l->small);
    put_access(g, stores[pick(g, 3)]);
    return;
  }
  put_access(g, loads[pick(g, 3)]);
  get(g, l->small);
  gen_op(g, HCC_OP_I32_ADD);
  set(g, l->small);
}

static void work(bounded *l) {
  gen *g = l->g;
  for (uint32_t n = pick(g, 3); n-- != 0;) {
    access(l);
  }
  get(g, l->small);
  by(g, HCC_OP_I32_MUL, 31);
  get(g, l->x);
  gen_op(g, HCC_OP_I32_XOR);
  if (pick(g, 2) == 0) {
    get(g, l->x);
    by(g, HCC_OP_I32_AND, 0xff);
    gen_op(g, HCC_OP_I32_LOAD8_U);
    hcc_buf_u32(&g->code, 0);
    hcc_buf_u32(&g->code, pick(g, 64));
    gen_op(g, HCC_OP_I32_ADD);
  }
  set(g, l->small);
}

/* A way out that the data decides, in one of the forms that compilers write. */
static void leave_early(bounded *l) {
  gen *g = l->g;
  uint32_t form = pick(g, 3);
  if (form == 0) {
    put_bit(l);
    op_index(g, HCC_OP_BR_IF, l->depth + 1);
    return;
  }
  open_block(l, HCC_OP_BLOCK);
  put_bit(l);
  op_index(g, HCC_OP_BR_IF, 0);
  if (form == 1) { /* what is set on the way out is nobody's here */
    get(g, l->x);
    by(g, HCC_OP_I32_ADD, 7);
    set(g, l->x);
  }
  op_index(g, HCC_OP_BR, l->depth + 1);
  close_block(l);
}

static void step(bounded *l) {
  gen *g = l->g;
  bool sometimes = l->wild && pick(g, 2) == 0;
  if (sometimes) {
    put_bit(l);
    open_block(l, HCC_OP_IF);
  }
  get(g, l->x);
  if (l->hops) {
    get(g, l->small);
    by(g, HCC_OP_I32_AND, 3);
    gen_op(g, HCC_OP_I32_ADD);
  }
  by(g, HCC_OP_I32_ADD, l->step);
  set(g, l->x);
  if (l->factor == 0) {
    get(g, l->also);
    by(g, HCC_OP_I32_ADD, 4 * l->step);
    set(g, l->also);
  }
  if (sometimes) {
    close_block(l);
  }
}

/* The branch back. What decides is data if the end was compared before. */
static void go_on(bounded *l) {
  gen *g = l->g;
  if (!l->top) {
    put_comparison(l, false);
  } else if (pick(g, 2) == 0) {
    op_index(g, HCC_OP_BR, l->depth);
    return;
  } else {
    get(g, l->small);
    by(g, HCC_OP_I32_AND, 0x3f0);
  }
  op_index(g, HCC_OP_BR_IF, l->depth);
}

/* Leaves the loop by its end, or by a branch behind the one back. */
static void turns(bounded *l) {
  gen *g = l->g;
  bool inner = pick(g, 3) == 0;
  gen_op(g, HCC_OP_LOOP);
  hcc_buf_byte(&g->code, 0x40);
  gen_label_push(g, NULL, 0);
  count_wild(l);
  if (l->top) {
    leave_if_at_end(l);
  }
  if (inner) {
    open_block(l, HCC_OP_BLOCK);
  }
  if (pick(g, 2) == 0) {
    leave_early(l);
  }
  work(l);
  if (pick(g, 3) == 0) {
    leave_early(l);
  }
  step(l);
  go_on(l);
  if (inner) {
    close_block(l);
  }
  gen_op(g, HCC_OP_END);
  g->label_count--;
}

/* All in the first page, or some behind its end, or before its beginning. */
static void begin_places(bounded *l) {
  static const int8_t factors[] = {1, 1, 1, 2, 4, 8, -1, 0, 0};
  gen *g = l->g;
  bool risks = g->risk != 0 && pick(g, 3) == 0;
  int32_t far = pick(g, 3) == 0 ? (int32_t)pick(g, 100) : 0x10000 - (int32_t)pick(g, 200);
  int32_t base = risks ? far : 0x3000 + (int32_t)pick(g, 0x8000);
  l->factor = factors[pick(g, sizeof factors)];
  gen_i32(g, base);
  set(g, l->base);
  gen_i32(g, base);
  set(g, l->also);
  gen_i32(g, l->end);
  set(g, l->until);
}

void gen_bounded(gen *g) {
  static const int8_t steps[] = {1, 1, 1, 2, 4, 3, -1, -1, -2, -5};
  uint32_t at = (uint32_t)g->loops;
  bounded l = {.g = g,
               .x = at + 1,
               .kept = at + 2,
               .left = at + 3,
               .small = at + 6,
               .until = at + 4,
               .base = at + 5,
               .also = at + 7};
  int32_t count = 1 + (int32_t)pick(g, 40);
  l.step = steps[pick(g, sizeof steps)];
  l.at_least = l.step == 1 && pick(g, 5) != 0;
  l.sign = pick(g, 2) == 0;
  l.top = pick(g, 2) == 0;
  l.keeps = pick(g, 4) == 0;
  l.wild = pick(g, 4) == 0;
  l.local = pick(g, 3) == 0;
  l.hops = l.at_least && !l.sign && !l.top && pick(g, 4) == 0;
  l.begin = (int32_t)pick(g, 50) - 25 * (l.sign && l.at_least);
  l.end = l.begin + l.step * count;
  if (l.at_least && pick(g, 6) == 0) { /* it is beyond at once */
    l.end = l.sign ? l.begin - count : 0;
  }
  begin_places(&l);
  gen_i32(g, 100);
  set(g, l.left);
  gen_i32(g, l.begin);
  set(g, l.x);
  open_block(&l, HCC_OP_BLOCK);
  l.depth = 0;
  turns(&l);
  l.depth = 1;
  close_block(&l);
}
