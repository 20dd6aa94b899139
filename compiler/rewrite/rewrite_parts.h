/* rewrite_parts.h - what the files of the rewrite share, for them and their tests only:
 *   canon.c        hcc_rewrite, sections
 *   canon_scan.c   one walk over all bodies: types and data segments in use, who calls whom
 *   canon_types.c  the type section
 *   canon_const.c  constant expressions
 *   canon_callees.c  what stands in tables that nobody writes
 *   meter_cost.c   what the basic blocks of a body cost
 *   meter_turns.c  how often a loop turns
 *   meter_bound.c  which loops that may end early turn no more often than that
 *   meter_range.c  which of them are looked at before they begin
 *   meter_few.c    which loops may well turn a few times only
 *   meter_stack.c  what is known of the operand stack, for the next two
 *   meter_sure.c   which of its memory accesses can be seen to be in bounds before it begins
 *   meter_copy.c   which loops do nothing but copy
 *   meter_slow.c   how long a turn may take
 *   meter_near.c   which accesses can take the address of an earlier one; which selects choose the
 *                  lesser or greater
 *   meter_run.c    which accesses in straight-line code can be compared together
 *   meter_web.c    which writes of a local reach which reads
 *   meter_shift.c  which variables are held with a constant added
 *   meter_ahead.c  what is looked at before a counted loop
 *   meter_locals.c  locals of ours
 *   meter.c        bodies; with meter_body.h
 *   meter_twice.c  loops that are written twice
 *   meter_skip.c   loops whose turns may be short
 *   emit.h         instructions of ours
 * flow.h serves meter_cost.c and meter.c.
 *
 * Invariant: the module is only read; every index from it is compared with the size of the array
 * it indexes, even though hcc_validate has done so. */
#ifndef HCC_REWRITE_PARTS_H
#define HCC_REWRITE_PARTS_H

#include <string.h>

#include "flow.h"
#include "limits.h"
#include "rewrite.h"

/* Forms in which a type of the input may be needed. */
enum hcc__rw_form {
  HCC_RW_BLOCK,   /* as it is, for block types */
  HCC_RW_FUNC,    /* of a function: with fuel, if metered */
  HCC_RW_RESULTS, /* () -> its results, for the block around a metered body */
  HCC_RW_FORMS,
};

#define HCC_RW_NONE UINT32_MAX
#define HCC_RW_PENDING (UINT32_MAX - 1) /* needed, not numbered yet */

/* The value of a constant expression, in one instruction. */
typedef struct hcc__rw_const {
  enum { HCC_RW_I32, HCC_RW_I64, HCC_RW_REF_FUNC, HCC_RW_RAW } kind;
  uint32_t func; /* REF_FUNC: original index */
  uint64_t bits; /* I32, I64 */
  hcc_range raw; /* RAW: an instruction of the input that stays as it is */
} hcc__rw_const;

typedef struct hcc__rw {
  const hcc_module *m;
  hcc_rewrite_options options;
  size_t max; /* bytes of any buffer */
  hcc_error *err;
  uint32_t extra; /* imports of ours, behind the guest's */
  uint32_t fuel_func, mark_func, order_func, copy_func, more_func, look_func, seen_func, below_func;
  uint32_t fuel_type, mark_type, order_type, copy_type, more_type, look_type, seen_type, below_type;
  uint32_t *type_ids;  /* [HCC_RW_FORMS][type_count]: new index, HCC_RW_NONE, HCC_RW_PENDING */
  uint32_t type_count; /* of the output */
  uint32_t *data_ids;  /* [data_count]: new index or HCC_RW_NONE; while scanning PENDING: in use */
  uint32_t data_count; /* of the output */
  bool *impure;        /* [func_count]: see hcc_plan_export.stateless */
  bool table_written[HCC_MAX_TABLES]; /* some instruction may */
  hcc__rw_const *globals;             /* values of those defined so far */
  uint32_t global_count;
  hcc_buf stack; /* of canon_const.c */
  hcc__flow flow;
  hcc_buf costs;      /* hcc__rw_cost[], of the body at hand */
  hcc_buf near;       /* hcc__rw_near[], of the body at hand */
  hcc_buf runs;       /* hcc__rw_run[], of the body at hand */
  hcc_buf shifts;     /* hcc__rw_shift[], of the body at hand */
  hcc_buf labels;     /* meter.c's own, of the body at hand */
  uint64_t unit_time; /* hcc_plan.unit_time, of the bodies so far */
} hcc__rw;

/* The module can't have been validated: INTERNAL at this offset. */
int hcc__rw_bug(const hcc__rw *rw, uint64_t offset);
int hcc__rw_no_memory(const hcc__rw *rw);
/* New index of an original function. */
uint32_t hcc__rw_func(const hcc__rw *rw, uint32_t func);

/* Marks a form of a type as needed; before hcc__rw_types. Errors: INTERNAL. */
int hcc__rw_need(hcc__rw *rw, enum hcc__rw_form form, uint32_t type, uint64_t offset);
/* Numbers all needed types, equal ones alike, and writes the type section's content. Their order is
 * that of their bytes. Errors: NO_MEMORY, LIMIT. */
int hcc__rw_types(hcc_buf *section, hcc__rw *rw);
/* New index of a needed type. */
uint32_t hcc__rw_type(const hcc__rw *rw, enum hcc__rw_form form, uint32_t type);
/* Opens the block around a metered body of that type. */
void hcc__rw_open_results(hcc_buf *out, const hcc__rw *rw, uint32_t type);

/* Needed types, data segments in use, rw->impure, rw->table_written. Errors: NO_MEMORY, LIMIT,
 * INTERNAL. */
int hcc__rw_scan(hcc__rw *rw);

/* rw->table_written, if the instruction may write one. Errors: INTERNAL. */
int hcc__rw_note_table(hcc__rw *rw, const hcc_instr *instr);
/* plan->callees; after the sections. Errors: NO_MEMORY, INTERNAL. */
int hcc__rw_callees(hcc_plan *plan, hcc__rw *rw);

/* Evaluates the expression at the reader and moves it behind its end; global.get may name one of
 * rw->globals. Errors: as hcc_instr_next, INTERNAL, NO_MEMORY. */
int hcc__rw_const_eval(hcc__rw_const *out, hcc__rw *rw, hcc_reader *r);
/* Writes the instruction and the end. */
void hcc__rw_const_put(hcc_buf *out, const hcc__rw *rw, const hcc__rw_const *value);

/* An instruction that is charged by a length; see fuel.h. */
typedef struct hcc__rw_length {
  uint32_t code;
  uint8_t shift;
  bool grow;
} hcc__rw_length;

/* NULL if it is charged by its opcode alone. */
const hcc__rw_length *hcc__rw_length_of(const hcc_instr *instr);

/* How often a loop turns: each turn moves `local` by `step`, up or down; the last one is that in
 * which it is, where the turn begins, `until` less `above`; or, if it goes on while it compares
 * otherwise than by i32.ne, that which leaves it where it does not. */
typedef struct hcc__rw_turns {
  uint32_t local, above;
  uint32_t until; /* a local, or the number itself */
  bool until_local;
  bool down;
  uint32_t step; /* not 0; a local that the loop does not set, if by_local: up */
  bool by_local;
  uint32_t compare;          /* opcode */
  bool usual;                /* how it is compared: see meter_turns.c */
  bool branches;             /* a turn is no straight-line code */
  uint32_t few;              /* may well be that it turns no more often; 0: not known */
  uint32_t set_at, until_at; /* offsets of instructions that set and read the two locals */
} hcc__rw_turns;

/* A loop of which the last turn, if it comes to that, is the one in which `local`, which each turn
 * moves by `step`, up or down, is `until` less `above` where it begins. */
typedef struct hcc__rw_bound {
  bool found;
  uint32_t local, above, until;
  bool down;
  uint32_t step;   /* not 0 */
  uint32_t beyond; /* 0, or the comparison with `until` that must not hold before the loop */
  uint32_t set_at; /* offset of an instruction that sets the local */
} hcc__rw_bound;

/* A basic block, and what runs exactly as often behind it. */
typedef struct hcc__rw_cost {
  uint32_t fuel;
  uint64_t time;   /* hcc__rw_time_anywhere of its instructions that cost fuel */
  uint32_t header; /* the block that begins the loop or body it is directly in; may be itself */
  bool calls;    /* calls a function of the module, whose entry is a checkpoint, whenever it runs */
  bool recurses; /* calls the function it is in, whenever it runs */
  /* of headers only: */
  uint32_t around; /* the header of what it is directly in; may be itself */
  bool outer;      /* a loop is directly in it, of which not each turn is such a call */
  bool counted;    /* a loop that may be charged for all its turns at once */
  uint32_t begin;  /* offset of the loop, if its turns are known */
  uint64_t most;   /* no turn costs more */
  hcc__rw_turns turns;
  hcc__rw_bound bound;
  bool ranged; /* a loop of which hcc__rw_range_of finds what it accesses */
  bool skips;  /* a loop of which hcc__rw_skip_of finds that its turns may be short */
} hcc__rw_cost;

/* Locals of ours that metering a body needs. */
typedef struct hcc__rw_locals {
  uint32_t scratch; /* i32: 0 to 2 */
  uint32_t turns;   /* i64: 1 if there are counted loops, 2 if they are looked at */
  uint32_t values;  /* one for each bit, of that type in HCC_RW_VALUES */
} hcc__rw_locals;

/* What each basic block of a body costs, in the order in which they begin, to rw->costs. Those of
 * dead code are not counted. Errors: as hcc_instr_next, INTERNAL, LIMIT. */
int hcc__rw_costs(hcc__rw_locals *locals, hcc__rw *rw, const hcc_func *func);
/* Looks at the loop whose first instruction is at the reader. Errors: as hcc_instr_next. */
int hcc__rw_turns_of(bool *found, hcc__rw_turns *out, const hcc__rw *rw, hcc_reader r);

#define HCC_RW_STEPS 4
#define HCC_RW_SKIPPED 4 /* turns in a row (measured: no better with 8) */

/* A loop that begins with blocks, of which a question leaves the outermost, behind which all locals
 * that are set are stepped. Offsets of code. */
typedef struct hcc__rw_skip {
  uint32_t blocks;
  uint32_t begin, end;             /* up to the branch that leaves the block */
  uint32_t steps_begin, steps_end; /* up to the branch back */
  uint32_t fuel;                   /* of a turn with nothing else */
  uint32_t steps;
  struct {
    uint32_t local, by; /* as it is held */
  } step[HCC_RW_STEPS];
} hcc__rw_skip;

/* Looks at the loop whose first instruction is at the reader. Errors: as hcc_instr_next. */
int hcc__rw_skip_of(bool *found, hcc__rw_skip *out, const hcc__rw *rw, hcc_reader r);

#define HCC_RW_FEW 15
#define HCC_RW_FEW_LOCALS 16

/* Locals that were masked where they were set last. All zero before a body. */
typedef struct hcc__rw_few {
  struct {
    uint32_t local, most;
  } known[HCC_RW_FEW_LOCALS]; /* a local has the place of its index modulo HCC_RW_FEW_LOCALS */
  uint32_t number, masked;    /* what the last instruction has left, if so; else 0 */
} hcc__rw_few;

/* The body's next instruction. */
void hcc__rw_few_note(hcc__rw_few *few, const hcc_instr *i);
/* What hcc__rw_turns.few is of a loop that comes next. */
uint32_t hcc__rw_few_of(const hcc__rw_few *few, const hcc__rw_turns *t);
/* Is it local.set or local.tee? */
bool hcc__rw_sets_local(const hcc_instr *i);
/* How many blocks are open behind the instruction, if so many were before it. */
uint32_t hcc__rw_depth(uint32_t depth, const hcc_instr *i);
/* Do the three instructions i[2], i[1], i[0], in that order, leave the local plus a constant? */
bool hcc__rw_step(uint32_t *by, uint32_t local, const hcc_instr *i);

#define HCC_RW_TERMS 3
#define HCC_RW_REACHES 8
#define HCC_RW_ACCESSES 64
#define HCC_RW_STRIDE (1 << 20)
#define HCC_RW_WIDE (1u << 20) /* bytes that the addresses of a reach may lie apart in one turn */

/* add + sum of factor * what the term stands for + (stride + times * the loop's step, if that is a
 * local) * turns so far, modulo 2^32. */
typedef struct hcc__rw_series {
  bool known;
  uint32_t add, stride, times, terms;
  uint32_t term[HCC_RW_TERMS], factor[HCC_RW_TERMS];
} hcc__rw_series;

/* Do the two differ by a constant only? Both are known. */
bool hcc__rw_alike(const hcc__rw_series *x, const hcc__rw_series *y);

#define HCC_RW_STACK 48
typedef struct hcc__rw_stack {
  hcc__rw_series value[HCC_RW_STACK];
  uint32_t height; /* of what is known of it */
  bool products;   /* are known; else sums only */
} hcc__rw_stack;

void hcc__rw_push(hcc__rw_stack *s, hcc__rw_series value);
hcc__rw_series hcc__rw_pop(hcc__rw_stack *s);
/* What the instruction, which is none of locals, does to the stack. Returns true, and the address,
 * if it accesses the memory. */
bool hcc__rw_operands(hcc__rw_series *address, hcc__rw_stack *s, const hcc_instr *i);

#define HCC_RW_HELD 64 /* locals that are known at a time */

/* What a local holds; it has the place of its index modulo HCC_RW_HELD. */
typedef struct hcc__rw_held {
  uint32_t local;
  bool known;
  hcc__rw_series value; /* a number, or a term and a constant */
  uint32_t since;       /* offset of an instruction; it held this behind that and all later ones */
} hcc__rw_held;

#define HCC_RW_RUNS 16384 /* of a body: a KiB each; accesses behind them are compared as ever */
#define HCC_RW_RUN_LOOKS 4
#define HCC_RW_RUN_PLACES 32

/* Places near what a local holds where the run begins: from the local plus `low` on, `end` bytes.
 */
/* Of records of that size, in the order of the code, each of which begins with the offset of its
 * instruction: that of the instruction, or NULL. */
static inline const void *hcc__rw_record_at(const hcc_buf *records, size_t size,
                                            const hcc_instr *i) {
  size_t count = records->size / size, low = 0, high = count;
  uint32_t begin;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    memcpy(&begin, records->data + middle * size, sizeof begin);
    if (begin < i->begin) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const uint8_t *found = low < count ? records->data + low * size : NULL;
  return found != NULL && memcmp(found, &i->begin, sizeof begin) == 0 ? found : NULL;
}

typedef struct hcc__rw_run_look {
  uint32_t local, low;
  uint64_t end;
  uint32_t ends; /* of accesses, that differ: so many comparisons; below 2 they stay as they are */
  uint32_t high; /* of the addresses, as low */
  hcc__rw_series held;
} hcc__rw_run_look;

typedef struct hcc__rw_run_place {
  uint32_t begin; /* offset of the access */
  uint32_t look, add;
  uint64_t end;
} hcc__rw_run_place;

/* Straight-line code between places where the operand stack is equally high. */
typedef struct hcc__rw_run {
  uint32_t begin, end; /* offsets of its first instruction and behind its last */
  bool split;          /* it begins in the middle of a local.tee, before the value is left */
  uint32_t looks, places;
  hcc__rw_run_look look[HCC_RW_RUN_LOOKS];
  hcc__rw_run_place place[HCC_RW_RUN_PLACES];
} hcc__rw_run;

/* All zero before a body, but for where runs go and what locals hold. */
typedef struct hcc__rw_run_walk {
  hcc_buf *out;
  const hcc__rw_held *held;
  uint32_t height; /* of the stack, above the lowest that it was since the code is straight */
  uint32_t begin;  /* where a run may begin */
  bool split;
  hcc__rw_run now, whole; /* up to here; up to where it can end. looks == 0: none */
} hcc__rw_run_walk;

/* The body's next instruction, after what it does to locals; its address, if it accesses the
 * memory. Runs go to out in the order of the code. */
void hcc__rw_run_step(hcc__rw_run_walk *w, const hcc_instr *i, const hcc__rw_series *address);
/* The run that begins with the instruction; NULL if none does. */
const hcc__rw_run *hcc__rw_run_at(const hcc__rw *rw, const hcc_instr *i);
/* The place of the access at that offset in the run; NULL if it is compared by itself. */
const hcc__rw_run_place *hcc__rw_run_place_at(const hcc__rw_run *run, uint32_t begin);
/* Writes the looks before the run: whether all of them have seen their places is on the stack. */
void hcc__rw_run_look_at(hcc_buf *out, const hcc__rw *rw, uint32_t params, const hcc__rw_run *run);

#define HCC_RW_SETS 24 /* locals that a loop sets */

/* Where an access is. */
typedef struct hcc__rw_place {
  hcc__rw_series series; /* terms are locals before the loop */
  uint64_t offset;
} hcc__rw_place;

/* A loop that does nothing but copy. */
typedef struct hcc__rw_copy {
  bool found;
  hcc__rw_place to, from; /* in the first turn */
  uint32_t bytes;         /* in each turn */
  uint32_t locals;
  struct {
    uint32_t local;
    hcc__rw_series value; /* behind a turn */
  } left[HCC_RW_SETS];
  /* while looking: */
  bool other;      /* it does something else */
  uint32_t loaded; /* bytes that the instruction before has loaded, from there */
  hcc__rw_place load;
} hcc__rw_copy;

/* The loop's next instruction; its address, if it accesses the memory. */
void hcc__rw_copy_step(hcc__rw_copy *c, const hcc_instr *i, const hcc__rw_series *address);
/* A local that it sets, when all instructions have been seen. */
void hcc__rw_copy_local(hcc__rw_copy *c, uint32_t local, const hcc__rw_series *value);
/* Behind all of them: sets c->found. */
void hcc__rw_copy_end(hcc__rw_copy *c);

/* Accesses of a loop that are in bounds in all turns if, for each reach, no address of the series
 * wraps and each plus `end` is no more than the size of the memory. */
typedef struct hcc__rw_sure {
  struct {
    hcc__rw_series series; /* its terms are locals before the loop; its stride is in -HCC_RW_STRIDE
                              .. HCC_RW_STRIDE, if taken as signed */
    uint64_t end;
    uint32_t wide; /* the highest address less the series', without offsets */
  } reach[HCC_RW_REACHES];
  uint32_t first; /* number of the first reach's look: the runs in a turn that has branches have
                     those before; else 0 */
  uint32_t reaches, count;
  struct {
    uint32_t begin; /* offset of the instruction; ascending */
    uint32_t reach;
    uint32_t add; /* of its address; less that of its reach's series, it is below HCC_RW_WIDE */
    int stored;   /* hcc__rw_value_of it */
  } access[HCC_RW_ACCESSES];
  hcc__rw_copy copy;
  uint64_t time;  /* that a turn may take: hcc__rw_time_of all its instructions */
  uint64_t small; /* the same, hcc__rw_time_in_small */
} hcc__rw_sure;

/* How long the instruction may take, in quarters of a nanosecond; its address if it accesses the
 * memory. No less than 1. */
uint32_t hcc__rw_time_of(const hcc_instr *i, const hcc__rw_series *address);
/* The same where the memory has no more than HSB_FUEL_SMALL bytes and all its pages have been
 * found; to find them all takes HCC_RW_SMALL_PAGES. After hcc__rw_near_of. */
uint32_t hcc__rw_time_in_small(const hcc__rw *rw, const hcc_instr *i,
                               const hcc__rw_series *address);
/* The same, in any code. */
uint32_t hcc__rw_time_anywhere(const hcc_instr *i);

/* Looks at the loop whose first instruction is at the reader; hcc__rw_turns_of has found it to be
 * counted. Errors: as hcc_instr_next. */
int hcc__rw_sure_of(hcc__rw_sure *out, const hcc__rw *rw, const hcc__rw_turns *turns, hcc_reader r);
/* Adds an access at that address, if it can be looked at and there is room. */
void hcc__rw_sure_add(hcc__rw_sure *out, const hcc_instr *i, const hcc__rw_series *address);
/* Bytes from the lowest address of its reach to that of the access. */
uint32_t hcc__rw_above(const hcc__rw_sure *sure, uint32_t access);

/* What stands before a counted loop is written from this. */
typedef struct hcc__rw_ahead {
  hcc_buf *out;
  hcc__rw *rw;
  uint32_t params;          /* of the function; the local of its fuel */
  uint32_t turns;           /* local of ours */
  uint32_t begin;           /* offset of the loop */
  const hcc__rw_cost *cost; /* of the loop's header */
  hcc__rw_sure sure;
  int64_t each; /* what is charged for each turn before the first one */
} hcc__rw_ahead;

/* What each turn pays before the first one, if so much is owed at the end of each: all it costs; if
 * it has branches, what all ways to its end cost at least. Where they cost more, there they pay. */
int64_t hcc__rw_each(const hcc__rw_cost *cost, int64_t owed);
/* Does what stands before the loop read locals of which it does not know what is added to them? */
bool hcc__rw_fixes(const hcc__rw_turns *turns);
/* Does the loop as charged look at each turn before it? */
bool hcc__rw_looks_at_turns(const hcc__rw_ahead *ahead);
/* Is it charged for all its turns at once? */
bool hcc__rw_prepays(const hcc__rw_ahead *ahead);
/* Two blocks have been opened. Behind it stands the loop as charged. */
void hcc__rw_look_ahead(const hcc__rw_ahead *ahead);
/* With options.looks: leaves the innermost block unless the accesses that are sure are in bounds,
 * in all turns or in the one that is about to begin. */
void hcc__rw_look_at_reaches(const hcc__rw_ahead *ahead, bool all);
/* What the series is in the first turn, onto the stack. */
void hcc__rw_get_series(hcc_buf *out, const hcc__rw *rw, uint32_t params,
                        const hcc__rw_series *series);
/* In place of the distance on the stack, an i32: how many steps it is, and one more, as i64. Leaves
 * the innermost block if the division has a rest. */
void hcc__rw_count_steps(const hcc__rw_ahead *ahead, uint32_t step);
/* Between the looks and a loop that is charged turn by turn. */
void hcc__rw_ask_if_low(const hcc__rw_ahead *ahead);
/* The line mark for what is written next. */
void hcc__rw_mark(hcc_buf *out, const hcc__rw *rw, uint32_t offset);
/* Asks for more fuel if what is on the stack is true. */
void hcc__rw_ask(hcc_buf *out, const hcc__rw *rw, uint32_t params);
/* New index of a local of the guest's: behind the parameters stands the fuel. */
uint32_t hcc__rw_local(const hcc__rw *rw, uint32_t params, uint32_t local);

/* Types that can be stored, as in signatures of opcodes and as in the binary format. */
#define HCC_RW_VALUES "ijfdv"
#define HCC_RW_VALUE_TYPES                                                                         \
  { HCC_I32, HCC_I64, HCC_F32, HCC_F64, HCC_V128 }

/* A select of two i32 that is one of these; as the imports are in order. */
enum hcc__rw_order {
  HCC_RW_MIN,
  HCC_RW_MAX,
  HCC_RW_UMIN,
  HCC_RW_UMAX,
  HCC_RW_ORDERS,
};
#define HCC_RW_HELPERS (HCC_RW_ORDERS + 2) /* imports: copy and more are behind them */

/* An access that can take its address less `above` and an offset greater by as much; or a select
 * that chooses by an order. */
typedef struct hcc__rw_near {
  uint32_t begin; /* of the instruction */
  uint32_t above; /* 1 .. HCC_RW_WIDE - 1; of an access */
  enum hcc__rw_order order;
} hcc__rw_near;

/* To rw->near and, with options.looks, rw->runs, in the order of the code; adds to *values, as in
 * hcc__rw_locals. Errors: as hcc_instr_next, NO_MEMORY. */
int hcc__rw_near_of(uint32_t *values, hcc__rw *rw, const hcc_func *func);
/* What is known of the instruction; NULL if nothing is. */
const hcc__rw_near *hcc__rw_near_at(const hcc__rw *rw, const hcc_instr *i);
/* Which of HCC_RW_VALUES the access stores; -1 if its address is its only operand. */
int hcc__rw_value_of(const hcc_instr *i);
#define HCC_RW_WEB_LOCALS 32

/* Of a local: what a write leaves, or what is there where ways meet. */
typedef struct hcc__rw_value {
  uint32_t parent; /* another one of its web; the web's first is its own */
  bool read;
  /* for meter_shift.c; of a web where its first is: */
  bool fixed;     /* can't be shifted */
  bool computed;  /* some write is of more than a copy or a step */
  uint32_t steps; /* bits: something is set to this plus that */
  uint32_t by;    /* is added to it */
  int64_t loss;
} hcc__rw_value;

/* All zero before hcc__rw_web_begin but for rw and the locals that are looked at. */
typedef struct hcc__rw_webs {
  hcc__rw *rw;
  uint32_t local[HCC_RW_WEB_LOCALS], locals;
  uint32_t now[HCC_RW_WEB_LOCALS]; /* their values behind the last instruction */
  hcc_buf values, meetings, frames;
  uint32_t next; /* value */
  uint32_t dead; /* blocks that have begun in code that can't run */
  bool live;     /* the code at hand can run; else now is of no use */
  bool again;    /* it is the second walk */
  bool lost;     /* the body is too large: nothing is known */
} hcc__rw_webs;

void hcc__rw_web_begin(hcc__rw_webs *w);
/* The body's next instruction. Errors: as hcc_read_u32. */
int hcc__rw_web_step(hcc__rw_webs *w, const hcc_instr *i);
/* Behind the first walk, in which the caller has said which values are read. Before the second one:
 * webs are known from here on. */
void hcc__rw_web_again(hcc__rw_webs *w);
bool hcc__rw_web_failed(const hcc__rw_webs *w);
void hcc__rw_web_free(hcc__rw_webs *w);
/* The place of a local in the arrays; w->locals if it is not looked at. */
uint32_t hcc__rw_web_slot(const hcc__rw_webs *w, uint32_t local);
hcc__rw_value *hcc__rw_value_at(const hcc__rw_webs *w, uint32_t value);
/* The value that stands for its web. */
uint32_t hcc__rw_web(const hcc__rw_webs *w, uint32_t value);
/* The two are one web from here on. */
void hcc__rw_web_join(const hcc__rw_webs *w, uint32_t x, uint32_t y);

/* local.get, local.set or local.tee of a local that holds that much more than the guest's value. */
typedef struct hcc__rw_shift {
  uint32_t begin; /* of the instruction */
  uint32_t by;
} hcc__rw_shift;

/* To rw->shifts, in the order of the code; after hcc__rw_costs. Errors: as hcc_instr_next,
 * NO_MEMORY. */
int hcc__rw_shifts_of(hcc__rw *rw, const hcc_func *func);
/* 0 if the local holds the guest's value. */
uint32_t hcc__rw_shift_at(const hcc__rw *rw, const hcc_instr *i);
/* Indices of our locals. */
typedef struct hcc__rw_places {
  uint32_t fuel;    /* it follows the parameters */
  uint32_t scratch; /* the first i32 */
  uint32_t turns;   /* i64: turns of the counted loop at hand; the next one: those before */
  uint32_t values[sizeof HCC_RW_VALUES - 1]; /* hold what is stored */
} hcc__rw_places;

hcc__rw_places hcc__rw_place_locals(const hcc__rw *rw, const hcc_func *func,
                                    const hcc__rw_locals *ours);
/* The guest's declarations, then ours. Errors: as hcc_read_u32. */
int hcc__rw_put_locals(hcc_buf *out, const hcc__rw *rw, const hcc_func *func,
                       const hcc__rw_locals *ours);
#define HCC_RW_NAMED (UINT32_C(1) << 31) /* terms from here on are no locals */

/* What a loop may do that has no other loop, call or charge by length in it. What locals hold is
 * told by what they held where the turn began; or, where ways meet that set one otherwise, by a
 * term that stands for what it holds there. */
typedef struct hcc__rw_ways {
  bool followed; /* it is so, and one branch leads back */
  bool last;     /* that is the last instruction; it asks: */
  uint32_t op;   /* x op y; 0: something else */
  hcc__rw_series x, y;
  uint32_t sets; /* by turns that come to it */
  struct {
    uint32_t local;
    hcc__rw_series value;
  } set[HCC_RW_SETS];
  uint32_t accesses;
  struct {
    hcc_instr instr;
    hcc__rw_series address;
  } access[HCC_RW_ACCESSES]; /* of known addresses */
} hcc__rw_ways;

/* Looks at the loop whose first instruction is at the reader. Errors: as hcc_instr_next. */
int hcc__rw_bound_of(hcc__rw_bound *out, hcc__rw_ways *ways, const hcc__rw *rw, hcc_reader r);

/* A loop of which a question says whether it goes on, and what it accesses is one of so many
 * places: does what `count` is then differ from `until`, where each turn moves it by a step, up or
 * down? Or, if the step is 0 and the question ends a turn, is it below that? */
typedef struct hcc__rw_range {
  bool found;
  hcc__rw_series count; /* with a step: by locals where the loop begins, in the first turn; else by
                           locals where a turn begins */
  hcc__rw_series until;
  uint32_t step;
  bool down;
  uint32_t local; /* without a step: one that the loop sets, of `count` */
} hcc__rw_range;

/* Looks at the loop whose first instruction is at the reader. The series of its accesses count its
 * turns from 0 on, or, without a step, by `count`. */
int hcc__rw_range_of(hcc__rw_range *out, hcc__rw_sure *sure, const hcc__rw *rw, hcc_reader r);
/* Leaves the innermost block unless all is in bounds that turns up to the last one can access. */
void hcc__rw_range_ahead(const hcc__rw_ahead *ahead, const hcc__rw_range *range);
/* Where a turn begins, without a step: leaves that many blocks if the count is not below the end;
 * "h"."seen" gets its place from the second local of ours. */
void hcc__rw_range_test(hcc_buf *out, const hcc__rw *rw, const hcc__rw_places *at,
                        const hcc__rw_range *range, uint32_t look, uint32_t blocks);
/* Is the loop bounded, and worth a second copy? Its dearest turn is known. */
bool hcc__rw_bound_gains(const hcc__rw_cost *cost);
/* Leaves on the stack whether there is fuel for as many turns as the bounded loop can have. */
void hcc__rw_bound_ahead(hcc_buf *out, const hcc__rw *rw, const hcc__rw_places *at,
                         const hcc__rw_cost *cost);
/* The body of one function, without its size. Errors: as hcc__rw_costs. */
int hcc__rw_body(hcc_buf *out, hcc__rw *rw, const hcc_func *func);

#endif
