/* generate_parts.h - what the files of the generator share. generate.c: sections; generate_code.c:
 * statements, control and calls; generate_loops.c: loops that metering knows; generate_walks.c:
 * walks through static arrays; generate_quiet.c: recursion that only computes; generate_expr.c:
 * values; generate_ops.c: opcodes by table and their immediates. */
#ifndef FUZZ_GENERATE_PARTS_H
#define FUZZ_GENERATE_PARTS_H

#include "generate.h"
#include "instr.h"
#include "module.h"

#define GEN_SIGS 24u
#define GEN_HELPERS 64u
#define GEN_LOCALS 64u
#define GEN_LABELS 24u
#define GEN_LOOP_LOCALS 9u
#define GEN_DEPTH 10u
#define GEN_FUEL 240 /* what global 0 begins with */

/* Fixed parts of a module. */
enum { GEN_TABLE_FUNCS, GEN_TABLE_EXTERNS, GEN_TABLE_MORE, GEN_TABLES };
enum {
  GEN_ELEM_ACTIVE,
  GEN_ELEM_FUNCS,
  GEN_ELEM_EXTERNS,
  GEN_ELEM_DECLARED,
  GEN_ELEM_MORE,
  GEN_ELEMS
};
enum { GEN_MORE = 3 }; /* places of GEN_TABLE_MORE that hold helpers from the beginning */
enum { GEN_DATAS = 4 };
/* Globals: 0 is fuel, then a mutable one of each type, then constants. */
enum { GEN_TYPES = 7, GEN_GLOBALS = 1 + 2 * GEN_TYPES };
extern const uint8_t gen_types[GEN_TYPES]; /* i j f d v r e */

typedef struct gen_label {
  const uint8_t *types; /* what a branch to it takes */
  uint8_t count;
} gen_label;

/* The module, and the function that is being written. */
typedef struct gen {
  fz_choices *c;
  fz_sig sigs[GEN_SIGS]; /* 0 is ()->() */
  uint32_t sig_count;
  uint8_t helper_sigs[GEN_HELPERS]; /* of function 1 + n; function 0 is "sum" */
  uint32_t helper_count;
  bool fixed[GEN_TABLES]; /* no instruction writes it */
  /* function */
  hcc_buf code;
  const fz_sig *sig;
  uint8_t locals[GEN_LOCALS]; /* types, parameters first */
  bool reserved[GEN_LOCALS];  /* not for local.set: counters, scratch */
  uint32_t local_count;
  int16_t scratch[256]; /* by type: local for making NaN canonical, or -1; 0: a pointer */
  gen_label labels[GEN_LABELS];
  uint32_t label_count;
  uint32_t depth;  /* of expressions and blocks */
  int32_t budget;  /* nodes left */
  uint32_t risk;   /* of 256: how often an operand is left as it comes where it may trap */
  bool counted;    /* in a counted loop: no call, no loop, no branch */
  bool by_itself;  /* in a function that may have copies: no global, no table, no call of others */
  int32_t counter; /* of the last one: a local, or -1 */
  int32_t loops;   /* the first of GEN_LOOP_LOCALS: an i64, then i32s; or -1 */
} gen;

/* generate_ops.c */
void gen_op(gen *g, uint32_t code); /* opcode bytes only */
void gen_i32(gen *g, int32_t v);    /* i32.const v */
void gen_const(gen *g, uint8_t type);
uint8_t gen_type_of(char letter);
void gen_ops_begin(void); /* once, before the first use */
/* An instruction of the table whose signature is fixed, with its operands. Result type 0: one
 * without result. */
void gen_table_op(gen *g, uint8_t result);

uint32_t gen_table_to_write(gen *g);

/* generate_expr.c: leaves one value of the type on the stack. */
void gen_expr(gen *g, uint8_t type);
void gen_exprs(gen *g, const uint8_t *types, uint32_t count);
void gen_masked(gen *g, uint32_t mask); /* i32, in range unless risk has it */
uint32_t gen_local(gen *g, uint8_t type, bool reserved);
bool gen_enter(gen *g); /* false: only leaves from here on */
void gen_leave(gen *g);

/* generate_loops.c: false, and nothing, if there can't be one here. */
bool gen_loop(gen *g);
bool gen_loop_locals(gen *g); /* so that g->loops says where they are; false: no room */
/* generate_bounded.c: one that may end early; its locals are there. */
void gen_bounded(gen *g);
void gen_show_loop(gen *g); /* what a loop has left in them goes to globals */

/* generate_walks.c: the same as gen_loop. */
bool gen_walk(gen *g);

/* generate_quiet.c: what follows a recursive helper's return at depth 0, with its results. */
void gen_quiet(gen *g, uint32_t helper);

/* generate_code.c */
void gen_statement(gen *g);
void gen_statements(gen *g);
void gen_start(gen *g);
void gen_call(gen *g); /* any helper; results go to locals */
void gen_call_of(gen *g, uint32_t helper);
void gen_spend(gen *g); /* global 0 less one; leaves (it is below 0) on the stack */
void gen_label_push(gen *g, const uint8_t *types, uint32_t count);
void gen_block_type(gen *g, uint8_t type); /* one value */

#endif
