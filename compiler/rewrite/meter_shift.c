/* meter_shift.c - finds the variables of a body that shall be held with a constant added. Code that
 * steps through a static array by an index reads at `index + array`: a sum of 32 bits, which may
 * wrap, so that it costs an instruction before each access, of which the next one may have to wait.
 * If the local holds that sum all along the access needs none, and who wants the index itself takes
 * the constant away again. Nothing has to be known of the values: arithmetic modulo 2^32 is the
 * same either way. It never writes code.
 *
 * A variable is a web (meter_web.c); those that are copied to one another are shifted by the same.
 * Each use counts as often as it may run: more for each loop around it in which the variable is
 * set, for what others do clang does before them. A sum that is there already is a gain, a use that
 * needs one more instruction a loss; additions and comparisons for equality cost nothing.
 *
 * Invariant: what is quicker is a guess, what is computed is not: either all reads and writes of a
 * variable are shifted by the same, or none. What has its value when the function begins is not,
 * nor what straight counted loops use, before which other code of ours reads locals
 * (meter_ahead.c). */
#include <stdlib.h>
#include <string.h>

#include "hsb_abi.h"
#include "rewrite_parts.h"

#define WINDOW 4     /* instructions that tell what becomes of a value */
#define STATIC 1024u /* below that a constant is a step, not the place of an array */
#define STEP 8u      /* steps to the next element that count */
#define DEEP 6u      /* loops that count */
#define GAIN_MIN 8   /* that of one sum in a loop */
#define SUMS 64u     /* constants of a body that are looked at */
#define COPIES 256u  /* of a body that are looked at */
#define NEAREST 64u  /* open blocks */
#define NEAR 8u
#define RECENT 16u
#define NO_LOOP UINT32_MAX
#define NO_VALUE UINT32_MAX

typedef struct sum { /* some value of a variable is wanted with this added */
  uint32_t value, by;
  int64_t gain;
} sum;

typedef struct use { /* an instruction that reads or writes a value */
  uint32_t begin, value;
  bool writes;
} use;

typedef struct copy { /* of a value to another variable */
  uint32_t from, to;
} copy;

typedef struct walk {
  hcc__rw *rw;
  hcc__rw_webs webs;
  hcc_buf uses;      /* use[], in the order of the code */
  hcc_buf writes;    /* use[], by web, for the second walk */
  hcc_buf loops;     /* hcc_range[], as they begin */
  hcc_buf open;      /* uint32_t[]: the loop that each open block is, or NO_LOOP */
  uint32_t loop;     /* the next one */
  uint32_t depth;    /* loops that are open */
  size_t cost;       /* in rw->costs */
  uint32_t fixed;    /* loops around that must not be touched */
  uint32_t pushed;   /* the value that the last instruction has read or written and left */
  hcc_instr last[3]; /* instructions, the youngest first */
  struct {
    uint32_t local, at;
  } set[RECENT]; /* the last ones */
  uint32_t set_count;
  sum sums[SUMS];
  uint32_t sum_count;
  copy copies[COPIES];
  uint32_t copy_count;
  sum near[NEAR]; /* the last sums since ways have met */
  uint32_t near_count;
} walk;

static bool is(const hcc_instr *i, uint32_t code) {
  return i->info != NULL && i->code == code;
}

static bool reads(const hcc_instr *i) {
  return is(i, HCC_OP_LOCAL_GET) || is(i, HCC_OP_LOCAL_TEE);
}

static bool sets(const hcc_instr *i) {
  return i->info != NULL && hcc__rw_sets_local(i);
}

static bool compares_equal(const hcc_instr *i) {
  return is(i, HCC_OP_I32_EQ) || is(i, HCC_OP_I32_NE);
}

/* What is added to what is below it on the stack. */
static bool adds(uint32_t *by, const hcc_instr *i) {
  bool sub = is(&i[1], HCC_OP_I32_SUB);
  *by = sub ? 0 - (uint32_t)i[0].value : (uint32_t)i[0].value;
  return is(&i[0], HCC_OP_I32_CONST) && (sub || is(&i[1], HCC_OP_I32_ADD));
}

/* Is the place of something static added? */
static bool adds_place(uint32_t *by, const walk *w, const hcc_instr *i) {
  const hcc_module *m = w->rw->m;
  return adds(by, i) && m->memory_count != 0 && *by >= STATIC &&
         *by < (uint64_t)m->memories[0].min * HSB_PAGE;
}

static hcc__rw_value *web_at(const walk *w, uint32_t value) {
  return hcc__rw_value_at(&w->webs, hcc__rw_web(&w->webs, value));
}

/* --- where the walk is --- */

static hcc_range *loop_at(const walk *w, uint32_t loop) {
  return loop != NO_LOOP && !w->loops.failed ? (hcc_range *)(void *)w->loops.data + loop : NULL;
}

/* Does code of ours before the loop read locals as they are? Loops are asked for in the order of
 * the code, which costs are in. */
static bool is_fixed(walk *w, uint32_t begin) {
  const hcc__rw_cost *costs = (const hcc__rw_cost *)(const void *)w->rw->costs.data;
  size_t count = w->rw->costs.size / sizeof *costs;
  while (w->cost < count && (!costs[w->cost].counted || costs[w->cost].begin < begin)) {
    w->cost++;
  }
  return w->cost < count && costs[w->cost].begin == begin && hcc__rw_fixes(&costs[w->cost].turns);
}

static void open_block(walk *w, const hcc_instr *i) {
  uint32_t loop = is(i, HCC_OP_LOOP) ? w->loop++ : NO_LOOP;
  hcc_range range = {i->begin, i->end};
  if (loop != NO_LOOP && !w->webs.again) {
    hcc_buf_add(&w->loops, &range, sizeof range);
  }
  hcc_buf_add(&w->open, &loop, sizeof loop);
  w->depth += loop != NO_LOOP;
  w->fixed += w->fixed != 0 || (loop != NO_LOOP && is_fixed(w, i->begin));
}

static void close_block(walk *w, const hcc_instr *i) {
  uint32_t loop = NO_LOOP;
  if (w->open.size >= sizeof loop) { /* else it is the body's end */
    w->open.size -= sizeof loop;
    memcpy(&loop, w->open.data + w->open.size, sizeof loop);
  }
  if (loop_at(w, loop) != NULL) {
    loop_at(w, loop)->end = i->begin;
  }
  w->depth -= loop != NO_LOOP;
  w->fixed -= w->fixed != 0;
}

static int by_web(const void *x, const void *y) {
  const use *a = x, *b = y;
  int order = (a->value > b->value) - (a->value < b->value);
  return order != 0 ? order : (a->begin > b->begin) - (a->begin < b->begin);
}

/* Is the variable set in the loop? */
static bool is_set(const walk *w, uint32_t web, const hcc_range *loop) {
  const use *all = (const use *)(const void *)w->writes.data, from = {loop->begin, web, true};
  size_t low = 0, high = w->writes.size / sizeof *all, count = high;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (by_web(&all[middle], &from) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < count && all[low].value == web && all[low].begin < loop->end;
}

/* The n'th open block from the innermost one on, if it is a loop. Further out nobody looks. */
static hcc_range *open_loop(const walk *w, size_t n) {
  const uint32_t *open = (const uint32_t *)(const void *)w->open.data;
  size_t count = w->open.size / sizeof *open;
  return loop_at(w, n < count && n < NEAREST ? open[count - 1 - n] : NO_LOOP);
}

/* How often what is done with the variable here may run, each loop eight times: those around the
 * innermost one in which it is set. */
static int64_t weight(const walk *w, uint32_t web) {
  uint32_t depth = w->depth;
  bool found = false;
  for (size_t n = 0; n < NEAREST && !found; n++) {
    const hcc_range *loop = open_loop(w, n);
    found = loop != NULL && is_set(w, web, loop);
    depth -= loop != NULL && !found;
  }
  return !found ? 1 : INT64_C(1) << 3 * (depth < DEEP ? depth : DEEP);
}

/* --- what becomes of a value --- */

/* Is the next value that is written in this web? Not asked for behind the last one. */
static bool goes_to(const walk *w, uint32_t web, const hcc_instr *i) {
  return sets(i) && hcc__rw_web_slot(&w->webs, i->a) < w->webs.locals &&
         (size_t)w->webs.next < w->webs.values.size / sizeof(hcc__rw_value) &&
         hcc__rw_web(&w->webs, w->webs.next) == web;
}

/* The value is on the stack and i comes next: is it all the same whether it is shifted? */
static bool is_free(const walk *w, uint32_t web, const hcc_instr *i) {
  bool pushes = is(&i[0], HCC_OP_LOCAL_GET) || is(&i[0], HCC_OP_I32_CONST);
  bool second = is(&i[0], HCC_OP_I32_ADD) && goes_to(w, web, &i[1]);
  bool first = is(&i[0], HCC_OP_LOCAL_GET) && is(&i[1], HCC_OP_I32_ADD) && goes_to(w, web, &i[2]);
  bool zero = is(&i[0], HCC_OP_I32_EQZ) || is(&i[0], HCC_OP_BR_IF) || is(&i[0], HCC_OP_IF);
  uint32_t by;
  return first || second || zero || is(&i[0], HCC_OP_DROP) || adds(&by, i) ||
         compares_equal(&i[0]) || (pushes && compares_equal(&i[1])) || sets(&i[0]);
}

static void add_sum(walk *w, uint32_t web, uint32_t by, int64_t gain) {
  uint32_t s = 0;
  while (s < w->sum_count && (w->sums[s].value != web || w->sums[s].by != by)) {
    s++;
  }
  if (s == w->sum_count && s < SUMS) {
    w->sums[w->sum_count++] = (sum){.value = web, .by = by};
  }
  if (s < w->sum_count) {
    w->sums[s].gain += gain;
  }
}

/* A sum of the value. Of several that lie near each other the lowest is a gain: the address of its
 * access, most likely the first one, serves the others (meter_near.c). */
static void count_sum(walk *w, uint32_t value, uint32_t web, uint32_t by) {
  int64_t gain = weight(w, web) << web_at(w, web)->computed;
  for (uint32_t n = 0; n < NEAR && n < w->near_count; n++) {
    sum *near = &w->near[n];
    if (near->value == value && by - near->by < HCC_RW_WIDE) {
      return;
    }
    if (near->value == value && near->by - by < HCC_RW_WIDE) {
      add_sum(w, web, near->by, -gain);
      add_sum(w, web, by, gain);
      near->by = by;
      return;
    }
  }
  w->near[w->near_count++ % NEAR] = (sum){.value = value, .by = by};
  add_sum(w, web, by, gain);
}

/* The value is on the stack, and these instructions come next. */
static void count_use(walk *w, uint32_t value, const hcc_instr *next) {
  uint32_t by, web = hcc__rw_web(&w->webs, value);
  if (adds_place(&by, w, next)) {
    count_sum(w, value, web, by);
  } else if (!is_free(w, web, next)) {
    web_at(w, web)->loss += weight(w, web);
  } else if (adds(&by, next) && by <= STEP && sets(&next[2])) {
    web_at(w, web)->steps |= 1u << by;
  }
}

/* --- the walks --- */

/* Has the local been set since the innermost loop began? As far as is remembered. */
static bool is_fresh(const walk *w, const hcc_instr *get) {
  const hcc_range *loop = NULL;
  bool fresh = false;
  for (size_t n = 0; n < NEAREST && loop == NULL; n++) {
    loop = open_loop(w, n);
  }
  for (uint32_t s = 0; s < RECENT && s < w->set_count && loop != NULL && !fresh; s++) {
    fresh = w->set[s].local == get->a && w->set[s].at > loop->begin;
  }
  return fresh;
}

/* Does the local go on by what the turn has found out? By what it has read, perhaps, so that each
 * access has to wait for the one before. */
static bool is_computed(const walk *w, const hcc_instr *set) {
  const hcc_instr *last = w->last;
  bool right = is(&last[1], HCC_OP_LOCAL_GET) && last[1].a == set->a;
  bool left = is(&last[1], HCC_OP_LOCAL_GET) && reads(&last[2]) && last[2].a == set->a;
  const hcc_instr *by = right ? &last[2] : &last[1];
  bool itself = is(&last[0], HCC_OP_I32_ADD) && (left || right);
  return itself && !is(by, HCC_OP_I32_CONST) && (!reads(by) || is_fresh(w, by));
}

/* Does it cost nothing to write another number more? It is a number, a copy, or a sum of one and of
 * a number, or it is the local itself that goes on. */
static bool is_free_to_write(const walk *w, const hcc_instr *set) {
  const hcc_instr *last = w->last;
  bool added = is(&last[0], HCC_OP_I32_ADD) || is(&last[0], HCC_OP_I32_SUB);
  bool itself = (is(&last[1], HCC_OP_LOCAL_GET) && last[1].a == set->a) ||
                (reads(&last[2]) && last[2].a == set->a);
  return is(&last[0], HCC_OP_I32_CONST) || reads(&last[0]) ||
         (added && (is(&last[1], HCC_OP_I32_CONST) || itself));
}

static void count_write(walk *w, const hcc_instr *set, uint32_t value) {
  uint32_t web = hcc__rw_web(&w->webs, value);
  if (!is_free_to_write(w, set)) {
    web_at(w, web)->loss += weight(w, web);
  }
}

static void note_value(walk *w, const hcc_instr *i, uint32_t value) {
  hcc__rw_value *v = hcc__rw_value_at(&w->webs, value);
  use found = {i->begin, value, sets(i)};
  v->read |= reads(i);
  v->fixed |= w->fixed != 0;
  v->computed |= sets(i) && is_computed(w, i);
  hcc_buf_add(&w->uses, &found, sizeof found);
  if (sets(i) && w->pushed != NO_VALUE && w->copy_count < COPIES) {
    w->copies[w->copy_count++] = (copy){w->pushed, value};
  }
}

static int step(walk *w, const hcc_instr *i) {
  uint32_t pushed = NO_VALUE;
  int status = 0;
  if (i->info->imm == HCC_IMM_BLOCK) {
    open_block(w, i);
  } else if (i->code == HCC_OP_END) {
    close_block(w, i);
  }
  if (i->code == HCC_OP_LOOP || i->code == HCC_OP_ELSE || i->code == HCC_OP_END) {
    w->near_count = 0;
  }
  HCC_TRY(hcc__rw_web_step(&w->webs, i));
  if ((reads(i) || sets(i)) && w->webs.live && !w->webs.lost && !hcc__rw_web_failed(&w->webs)) {
    uint32_t slot = hcc__rw_web_slot(&w->webs, i->a);
    uint32_t value = slot < w->webs.locals ? w->webs.now[slot] : NO_VALUE;
    pushed = reads(i) ? value : NO_VALUE;
    if (value != NO_VALUE && !w->webs.again) {
      note_value(w, i, value);
    } else if (value != NO_VALUE && sets(i)) {
      count_write(w, i, value);
    }
    if (pushed != NO_VALUE && w->webs.again) {
      count_use(w, value, i + 1);
    }
  }
  w->pushed = pushed;
  if (sets(i)) {
    w->set[w->set_count % RECENT].local = i->a;
    w->set[w->set_count++ % RECENT].at = i->begin;
  }
  memmove(w->last + 1, w->last, sizeof w->last - sizeof *w->last);
  w->last[0] = *i;
out:
  return status;
}

/* Locals to which the place of something static is added. */
static void find_local(walk *w, const hcc_instr *i) {
  hcc__rw_webs *webs = &w->webs;
  uint32_t by;
  if (reads(i) && adds_place(&by, w, i + 1) && webs->locals < HCC_RW_WEB_LOCALS &&
      hcc__rw_web_slot(webs, i->a) == webs->locals) {
    webs->local[webs->locals++] = i->a;
  }
}

/* Hands each instruction of the body on, with those behind it. */
static int walk_body(walk *w, const hcc_func *func, bool find) {
  hcc_reader r = {w->rw->m->bytes, func->code.begin, func->code.end};
  hcc_instr at[WINDOW + 1]; /* behind the last instruction info is NULL */
  uint32_t filled = 0;
  int status = 0;
  memset(at, 0, sizeof at);
  memset(w->last, 0, sizeof w->last);
  w->loop = w->depth = w->fixed = w->set_count = 0;
  w->cost = 0;
  w->pushed = NO_VALUE;
  w->open.size = 0;
  while (filled <= WINDOW || at[0].info != NULL) {
    memmove(at, at + 1, sizeof at - sizeof *at);
    at[WINDOW].info = NULL;
    filled += filled <= WINDOW;
    if (r.pos < r.end) {
      HCC_TRY(hcc_instr_next(&at[WINDOW], &r, w->rw->err));
    }
    if (at[0].info != NULL && find) {
      find_local(w, at);
    } else if (at[0].info != NULL) {
      HCC_TRY(step(w, at));
    }
  }
out:
  return status;
}

/* What is known of a variable goes to its web; where it is written is sorted. */
static void gather(walk *w) {
  const use *all = (const use *)(const void *)w->uses.data;
  for (uint32_t v = 0; v < w->webs.values.size / sizeof(hcc__rw_value); v++) {
    web_at(w, v)->fixed |= hcc__rw_value_at(&w->webs, v)->fixed || v < w->webs.locals;
    web_at(w, v)->computed |= hcc__rw_value_at(&w->webs, v)->computed;
  }
  for (size_t i = 0; i < w->uses.size / sizeof *all; i++) {
    use written = {all[i].begin, hcc__rw_web(&w->webs, all[i].value), true};
    hcc_buf_add(&w->writes, &written, all[i].writes ? sizeof written : 0);
  }
  if (!w->writes.failed && w->writes.size != 0) {
    qsort(w->writes.data, w->writes.size / sizeof(use), sizeof(use), by_web);
  }
}

/* What it gains that two webs, or one, are held with that added. */
static int64_t gain_by(const walk *w, uint32_t x, uint32_t y, uint32_t by) {
  const hcc__rw_value *a = hcc__rw_value_at(&w->webs, x), *b = hcc__rw_value_at(&w->webs, y);
  int64_t gain = -a->loss - (x != y ? b->loss : 0);
  for (uint32_t s = 0; s < w->sum_count; s++) {
    const sum *wanted = &w->sums[s];
    uint32_t above = wanted->by - by, web = hcc__rw_web(&w->webs, wanted->value);
    bool next = above <= STEP && ((a->steps | b->steps) >> above & 1) != 0;
    gain += (web == x || web == y) && (above == 0 || next) ? wanted->gain : 0;
  }
  return gain;
}

/* The same with the best constant, which goes to *by; 0 if none gains. */
static int64_t best_gain(uint32_t *by, const walk *w, uint32_t x, uint32_t y) {
  bool fixed = hcc__rw_value_at(&w->webs, x)->fixed || hcc__rw_value_at(&w->webs, y)->fixed;
  int64_t best = GAIN_MIN - 1;
  *by = 0;
  for (uint32_t s = 0; s < w->sum_count && !fixed; s++) {
    uint32_t web = hcc__rw_web(&w->webs, w->sums[s].value);
    int64_t gain = web == x || web == y ? gain_by(w, x, y, w->sums[s].by) : 0;
    if (gain > best) {
      best = gain;
      *by = w->sums[s].by;
    }
  }
  return *by != 0 ? best : 0;
}

/* Variables that are copied to one another are one if that is no worse. */
static void join_copies(const walk *w) {
  for (uint32_t c = 0; c < w->copy_count; c++) {
    uint32_t x = hcc__rw_web(&w->webs, w->copies[c].from), by;
    uint32_t y = hcc__rw_web(&w->webs, w->copies[c].to);
    int64_t both = best_gain(&by, w, x, y);
    if (x != y && both > 0 && both >= best_gain(&by, w, x, x) + best_gain(&by, w, y, y)) {
      hcc__rw_value *a = hcc__rw_value_at(&w->webs, x), *b = hcc__rw_value_at(&w->webs, y);
      b->loss += a->loss;
      b->steps |= a->steps;
      hcc__rw_web_join(&w->webs, x, y);
    }
  }
}

static void choose(walk *w) {
  join_copies(w);
  for (uint32_t s = 0; s < w->sum_count; s++) {
    uint32_t web = hcc__rw_web(&w->webs, w->sums[s].value);
    best_gain(&hcc__rw_value_at(&w->webs, web)->by, w, web, web);
  }
}

static void put_shifts(walk *w) {
  const use *all = (const use *)(const void *)w->uses.data;
  for (size_t i = 0; i < w->uses.size / sizeof *all && w->sum_count != 0; i++) {
    hcc__rw_shift shift = {all[i].begin, web_at(w, all[i].value)->by};
    if (shift.by != 0) {
      hcc_buf_add(&w->rw->shifts, &shift, sizeof shift);
    }
  }
}

static bool failed(const walk *w) {
  return hcc__rw_web_failed(&w->webs) || w->uses.failed || w->writes.failed || w->loops.failed ||
         w->open.failed;
}

static void open_walk(walk *w) {
  hcc_buf_init(&w->uses, SIZE_MAX);
  hcc_buf_init(&w->writes, SIZE_MAX);
  hcc_buf_init(&w->loops, SIZE_MAX);
  hcc_buf_init(&w->open, SIZE_MAX);
  hcc__rw_web_begin(&w->webs);
}

static void close_walk(walk *w) {
  hcc__rw_web_free(&w->webs);
  hcc_buf_free(&w->uses);
  hcc_buf_free(&w->writes);
  hcc_buf_free(&w->loops);
  hcc_buf_free(&w->open);
}

static int find_shifts(walk *w, const hcc_func *func) {
  int status = 0;
  HCC_TRY(walk_body(w, func, false));
  HCC_TRY(failed(w) ? hcc__rw_no_memory(w->rw) : 0);
  hcc__rw_web_again(&w->webs);
  if (w->webs.lost) {
    goto out;
  }
  gather(w);
  HCC_TRY(failed(w) ? hcc__rw_no_memory(w->rw) : 0);
  HCC_TRY(walk_body(w, func, false));
  choose(w);
  put_shifts(w);
  status = failed(w) || w->rw->shifts.failed ? hcc__rw_no_memory(w->rw) : 0;
out:
  return status;
}

int hcc__rw_shifts_of(hcc__rw *rw, const hcc_func *func) {
  walk w = {.rw = rw, .webs.rw = rw};
  int status = walk_body(&w, func, true);
  rw->shifts.size = 0;
  if (status == 0 && w.webs.locals != 0) {
    open_walk(&w);
    status = find_shifts(&w, func);
    close_walk(&w);
  }
  return status;
}

uint32_t hcc__rw_shift_at(const hcc__rw *rw, const hcc_instr *i) {
  const hcc__rw_shift *shift = hcc__rw_record_at(&rw->shifts, sizeof *shift, i);
  return shift != NULL ? shift->by : 0;
}
