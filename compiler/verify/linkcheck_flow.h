/* linkcheck_flow.h - what the parts of the control flow check share: functions, and the walk
 * through one of them. docs/link-check.md says what is proven and how.
 *
 * Invariant: memory and time are bounded by the size of .text, whatever it holds. */
#ifndef HCC_LINKCHECK_FLOW_H
#define HCC_LINKCHECK_FLOW_H

#include "linkcheck_image.h"
#include "linkcheck_state.h"

/* The registers that every function gives back as they were (System V ABI) */
#define HCC_LC_KEPT ((uint16_t)(1u << HCC_X86_BX | 1u << HCC_X86_SP | 1u << HCC_X86_BP | 15u << 12))

typedef struct hcc_lc_function {
  uint32_t start, end; /* in .text; the end is the beginning of the next one */
  uint16_t instance;   /* registers that hold the instance pointer in every direct call so far */
  uint16_t keeps;      /* registers that it gives back as they were */
  bool returns;        /* it holds a ret */
  bool root;           /* the host calls it, with the instance in rdi */
  bool taken;          /* its address is in data, or made by code: tables may hold it */
  bool called, queued, second; /* second: of a table's function; the instance is in rsi */
} hcc_lc_function;

/* A place in a function that more than one way may lead to. */
typedef struct hcc_lc_label {
  uint32_t at;
  uint32_t visits;
  bool dirty;
  hcc_lc_state *state; /* allocated as long as it needs */
} hcc_lc_label;

/* A direct call that was met, for when the walk is over: it tells what the callee may count on. */
typedef struct hcc_lc_site {
  uint32_t callee;
  uint16_t instance;
} hcc_lc_site;

/* A store to a word of the instance. */
typedef struct hcc_lc_store {
  uint32_t word, at;
} hcc_lc_store;

typedef struct hcc_lc_flow {
  hcc_lc *lc;
  const uint8_t *text;
  uint32_t size;
  hcc_lc_function *functions;
  uint32_t count;
  uint32_t *label_of; /* by byte of the function that is followed: 1 + index of its label */
  uint32_t *queue, queue_head, queue_count; /* a ring of functions */
  uint32_t import_count, instance_size;
  uint32_t memory, memory_end; /* in the instance: what the host tells of the memory; empty: none */
  uint64_t steps, steps_max;
  uint32_t *stored; /* by word of the instance: 1 + where code stores to it; 0: nowhere */
  uint32_t *tables; /* the same words: 1 + where code calls through it, as a table's pointer */
} hcc_lc_flow;

typedef struct hcc_lc_walk {
  hcc_lc_flow *flow;
  hcc_lc_function *function;
  uint16_t instance; /* registers that hold the instance pointer at its entry */
  hcc_lc_state now;
  uint32_t at; /* of the instruction */
  hcc_x86_insn insn;
  bool stopped; /* nothing goes on behind it */
  bool context; /* it looked at its context: so it has an instance pointer */
  hcc_lc_label *labels;
  uint32_t label_count, label_room;
  uint32_t *heap, heap_count, heap_room; /* dirty labels, the first in the function first */
  hcc_lc_site *sites;
  uint32_t site_count, site_room;
  hcc_lc_store *stores;
  uint32_t store_count, store_room;
  uint64_t bytes; /* held by states */
} hcc_lc_walk;

/* One more refusal of code: at counts from the beginning of .text. */
int hcc_lc_refuse_code(hcc_lc *lc, uint32_t at, const char *text);

/* linkcheck_functions.c */
int hcc_lc_functions(hcc_lc_flow *flow);
/* Bytes of the longest function. */
uint32_t hcc_lc_longest(const hcc_lc_flow *flow);
/* The function that begins there, or NULL. */
hcc_lc_function *hcc_lc_function_at(const hcc_lc_flow *flow, uint32_t at);

/* linkcheck_walk.c: follows every way through the function. Leaves sites in w; free with _end. */
int hcc_lc_walk_function(hcc_lc_walk *w, hcc_lc_flow *flow, hcc_lc_function *f, uint16_t instance);
void hcc_lc_walk_end(hcc_lc_walk *w);
/* A way leads to this place, with the state s. */
int hcc_lc_walk_to(hcc_lc_walk *w, int64_t to, const hcc_lc_state *s);
int hcc_lc_walk_site(hcc_lc_walk *w, const hcc_lc_function *callee, uint16_t instance);
int hcc_lc_walk_store(hcc_lc_walk *w, uint32_t word);

/* linkcheck_memory.c. The address of the memory operand, if it is that of something known:
 * HCC_LC_NUMBER if not. */
hcc_lc_value hcc_lc_address(const hcc_lc_walk *w);
bool hcc_lc_on_stack(const hcc_lc_value *a);
/* Does nothing change these bytes of the stack but stores the check sees? */
bool hcc_lc_stack_place(const hcc_lc_walk *w, const hcc_lc_value *a, uint32_t bytes);
/* Eight bytes from an address. */
hcc_lc_value hcc_lc_fetch(const hcc_lc_walk *w, const hcc_lc_value *a);
/* Bytes were written: from an address on, to the memory operand, by a string instruction. */
int hcc_lc_written(hcc_lc_walk *w, const hcc_lc_value *a, uint32_t bytes);
int hcc_lc_store_operand(hcc_lc_walk *w, uint32_t bytes);
int hcc_lc_store_string(hcc_lc_walk *w);

/* linkcheck_step.c: what w->insn does to w->now. */
int hcc_lc_step(hcc_lc_walk *w);
/* linkcheck_jump.c: branches, calls, returns. */
int hcc_lc_jump_if(hcc_lc_walk *w);
int hcc_lc_jump(hcc_lc_walk *w);
int hcc_lc_jump_indirect(hcc_lc_walk *w, const hcc_lc_value *to);
int hcc_lc_call(hcc_lc_walk *w);
int hcc_lc_call_indirect(hcc_lc_walk *w, const hcc_lc_value *to);
int hcc_lc_return(hcc_lc_walk *w);

static inline bool hcc_lc_in_memory_struct(const hcc_lc_flow *flow, uint32_t at, uint32_t bytes) {
  return at < flow->memory_end && (uint64_t)at + bytes > flow->memory;
}

static inline int hcc_lc_walk_refuse(const hcc_lc_walk *w, const char *text) {
  return hcc_lc_refuse_code(w->flow->lc, w->at, text);
}

#endif
