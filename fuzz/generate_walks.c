/* generate_walks.c - walks through static arrays, as compilers write them: bytes at an index plus
 * the place of an array, and the index goes on by a number or by what was read. What metering makes
 * of it (compiler/rewrite/meter_shift.c) depends on which writes of a local reach which reads, so
 * that few locals are used for many variables, with all kinds of ways between: arms, tables of
 * branches, code that can't run, loops in loops, and such that are counted.
 *
 * Invariant: each ends, since each turn of whichever of its loops takes one of `left`. */
#include "generate_words.h"

#define INDICES 4u
#define DEEP 4u

typedef struct walk {
  gen *g;
  uint32_t index[INDICES], left, count, mixed; /* locals */
  uint32_t label;                              /* how many are not its own */
  uint32_t rest;                               /* statements to come */
  uint32_t depth;
  int32_t array[2]; /* most accesses are to these */
} walk;

static void statements(walk *w);

/* Most often the first one. */
static uint32_t any_index(const walk *w) {
  return w->index[pick(w->g, 2) == 0 ? 0 : pick(w->g, INDICES)];
}

static void open_block(gen *g, uint32_t code) {
  gen_op(g, code);
  hcc_buf_byte(&g->code, 0x40);
  gen_label_push(g, NULL, 0);
}

static void close_block(gen *g) {
  gen_op(g, HCC_OP_END);
  g->label_count--;
}

/* Its own ones; the outermost is left by nothing else. */
static uint32_t any_label(const walk *w) {
  return pick(w->g, w->g->label_count - w->label);
}

/* The place of an array, a field of one, or what is none. */
static int32_t any_place(const walk *w) {
  static const int32_t others[] = {1023, 1024, 1025, 0x2000, 0, 8, -1024, 0xfff0, 0x10000};
  uint32_t kind = pick(w->g, 8);
  int32_t array = w->array[kind & 1];
  return kind == 7   ? others[pick(w->g, sizeof others / sizeof *others)]
         : kind == 6 ? array + (int32_t)pick(w->g, 9)
                     : array;
}

static void put_element(const walk *w, uint32_t index) {
  gen *g = w->g;
  static const uint16_t loads[] = {HCC_OP_I32_LOAD8_U, HCC_OP_I32_LOAD8_U, HCC_OP_I32_LOAD8_S,
                                   HCC_OP_I32_LOAD16_U, HCC_OP_I32_LOAD};
  get(g, index);
  int32_t place = any_place(w);
  bool minus = pick(g, 8) == 1;
  by(g, minus ? HCC_OP_I32_SUB : HCC_OP_I32_ADD, minus ? -place : place);
  gen_op(g, loads[pick(g, sizeof loads / sizeof *loads)]);
  hcc_buf_u32(&g->code, 0);
  hcc_buf_u32(&g->code, pick(g, 4) == 1 ? pick(g, 64) : 0);
}

/* What is on the stack. */
static void mix_in(const walk *w) {
  gen *g = w->g;
  get(g, w->mixed);
  by(g, HCC_OP_I32_MUL, 31);
  gen_op(g, HCC_OP_I32_ADD);
  set(g, w->mixed);
}

static void read_element(walk *w) {
  put_element(w, any_index(w));
  mix_in(w);
}

static void write_element(walk *w) {
  gen *g = w->g;
  get(g, any_index(w));
  by(g, HCC_OP_I32_ADD, any_place(w));
  get(g, pick(g, 4) == 1 ? any_index(w) : w->mixed);
  gen_op(g, HCC_OP_I32_STORE8);
  hcc_buf_u32(&g->code, 0);
  hcc_buf_u32(&g->code, 0);
}

static void go_on(walk *w) {
  gen *g = w->g;
  uint32_t index = any_index(w);
  get(g, index);
  by(g, pick(g, 4) == 1 ? HCC_OP_I32_SUB : HCC_OP_I32_ADD, 1 + (int32_t)pick(g, 8));
  if (pick(g, 3) == 1) {
    op_index(g, HCC_OP_LOCAL_TEE, any_index(w));
  }
  set(g, index);
}

static void go_on_by_what_is_read(walk *w) {
  gen *g = w->g;
  uint32_t index = any_index(w);
  bool first = pick(g, 2) == 0;
  if (first) {
    get(g, index);
  }
  put_element(w, pick(g, 4) == 1 ? any_index(w) : index);
  by(g, HCC_OP_I32_AND, 63);
  if (!first) {
    get(g, index);
  }
  gen_op(g, HCC_OP_I32_ADD);
  set(g, index);
}

static void copy_index(walk *w) {
  gen *g = w->g;
  get(g, any_index(w));
  if (pick(g, 2) == 0) {
    op_index(g, HCC_OP_LOCAL_TEE, any_index(w));
  }
  if (pick(g, 3) == 1) {
    by(g, HCC_OP_I32_ADD, (int32_t)pick(g, 16));
  }
  set(g, any_index(w));
}

static void begin_anew(walk *w) {
  gen_i32(w->g, (int32_t)pick(w->g, 256));
  set(w->g, any_index(w));
}

static void use_number(walk *w) {
  gen *g = w->g;
  get(g, any_index(w));
  if (pick(g, 2) == 0) {
    by(g, HCC_OP_I32_MUL, 3);
  }
  mix_in(w);
}

/* A condition. */
static void compare(const walk *w) {
  static const uint16_t compares[] = {HCC_OP_I32_NE, HCC_OP_I32_EQ, HCC_OP_I32_LT_U,
                                      HCC_OP_I32_GT_S};
  gen *g = w->g;
  switch (pick(g, 4)) {
  case 0:
    get(g, any_index(w));
    gen_i32(g, (int32_t)pick(g, 512));
    break;
  case 1:
    get(g, any_index(w));
    get(g, any_index(w));
    break;
  case 2:
    get(g, any_index(w));
    gen_op(g, HCC_OP_I32_EQZ);
    return;
  default:
    get(g, w->mixed);
    by(g, HCC_OP_I32_AND, 1 << pick(g, 6));
    return;
  }
  gen_op(g, compares[pick(g, sizeof compares / sizeof *compares)]);
}

/* The lesser or greater, and any other choice. */
static void choose(walk *w) {
  gen *g = w->g;
  uint32_t x = any_index(w), y = any_index(w);
  get(g, x);
  get(g, y);
  get(g, x);
  get(g, y);
  gen_op(g, pick(g, 2) == 0 ? HCC_OP_I32_LT_U : HCC_OP_I32_GT_S);
  gen_op(g, HCC_OP_SELECT);
  pick(g, 2) == 0 ? set(g, any_index(w)) : mix_in(w);
}

static void put_if(walk *w) {
  gen *g = w->g;
  compare(w);
  open_block(g, HCC_OP_IF);
  statements(w);
  if (pick(g, 2) == 0) {
    gen_op(g, HCC_OP_ELSE);
    statements(w);
  }
  close_block(g);
}

static void put_block(walk *w) {
  open_block(w->g, HCC_OP_BLOCK);
  statements(w);
  statements(w);
  close_block(w->g);
}

/* Behind br and br_table comes code that can't run. */
static void leave(walk *w) {
  gen *g = w->g;
  uint32_t kind = pick(g, 6);
  if (kind == 0) {
    op_index(g, HCC_OP_BR, any_label(w));
  } else if (kind == 1) {
    get(g, pick(g, 2) == 0 ? any_index(w) : w->mixed);
    by(g, HCC_OP_I32_AND, 3);
    gen_op(g, HCC_OP_BR_TABLE);
    hcc_buf_u32(&g->code, 3);
    for (int i = 0; i < 4; i++) {
      hcc_buf_u32(&g->code, any_label(w));
    }
  } else {
    compare(w);
    op_index(g, HCC_OP_BR_IF, any_label(w));
  }
}

static void put_loop(walk *w) {
  gen *g = w->g;
  open_block(g, HCC_OP_BLOCK);
  open_block(g, HCC_OP_LOOP);
  get(g, w->left);
  by(g, HCC_OP_I32_SUB, 1);
  op_index(g, HCC_OP_LOCAL_TEE, w->left);
  by(g, HCC_OP_I32_LT_S, 0);
  op_index(g, HCC_OP_BR_IF, 1);
  pick(g, 2) == 0 ? read_element(w) : go_on_by_what_is_read(w);
  statements(w);
  pick(g, 2) == 0 ? go_on(w) : go_on_by_what_is_read(w);
  statements(w);
  pick(g, 2) == 0 ? get(g, w->left) : compare(w);
  op_index(g, HCC_OP_BR_IF, 0);
  close_block(g);
  close_block(g);
}

/* One whose turns are known. */
static void put_counted(walk *w) {
  gen *g = w->g;
  gen_i32(g, 1 + (int32_t)pick(g, 20));
  set(g, w->count);
  open_block(g, HCC_OP_LOOP);
  read_element(w);
  go_on(w);
  if (pick(g, 2) == 0) {
    copy_index(w);
  }
  get(g, w->count);
  by(g, HCC_OP_I32_SUB, 1);
  op_index(g, HCC_OP_LOCAL_TEE, w->count);
  op_index(g, HCC_OP_BR_IF, 0);
  close_block(g);
}

static void statement(walk *w) {
  static void (*const straight[])(walk *) = {
      read_element, read_element, read_element, write_element, go_on,      go_on,
      copy_index,   copy_index,   use_number,   begin_anew,    begin_anew, go_on_by_what_is_read,
      choose};
  static void (*const control[])(walk *) = {put_if, put_if,      put_block, leave,
                                            leave,  put_counted, put_loop};
  bool room = w->depth < DEEP && w->g->label_count < GEN_LABELS - 4;
  w->rest--;
  w->depth++;
  if (room && pick(w->g, 3) == 0) {
    control[pick(w->g, sizeof control / sizeof *control)](w);
  } else {
    straight[pick(w->g, sizeof straight / sizeof *straight)](w);
  }
  w->depth--;
}

static void statements(walk *w) {
  for (uint32_t n = pick(w->g, 4); n > 0 && w->rest > 0; n--) {
    statement(w);
  }
}

static walk begin(gen *g) {
  uint32_t at = (uint32_t)g->loops;
  walk w = {.g = g,
            .index = {at + 1, at + 3, at + 4, at + 5},
            .left = at + 2,
            .mixed = at + 6,
            .count = at + 7,
            .label = g->label_count,
            .rest = 8 + pick(g, 24)};
  for (size_t i = 0; i < sizeof w.array / sizeof *w.array; i++) {
    w.array[i] = 1024 + (int32_t)pick(g, 0x6000);
  }
  return w;
}

/* Some locals keep what they have. */
bool gen_walk(gen *g) {
  if (g->counted || g->label_count > GEN_LABELS - 8 || !gen_loop_locals(g)) {
    return false;
  }
  walk w = begin(g);
  for (uint32_t i = 0; i < INDICES; i++) {
    if (pick(g, 8) != 1) {
      pick(g, 3) == 1 ? gen_masked(g, 0x3ff) : gen_i32(g, (int32_t)pick(g, 64));
      set(g, w.index[i]);
    }
  }
  gen_i32(g, 2 + (int32_t)pick(g, 40));
  set(g, w.left);
  open_block(g, HCC_OP_BLOCK);
  put_loop(&w);
  statements(&w);
  close_block(g);
  gen_show_loop(g);
  return true;
}
