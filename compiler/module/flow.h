/* flow.h - follows the control flow of one body while its instructions go by: which of them can be
 * reached and where basic blocks begin. meter_cost.c and meter.c both step through it, so that
 * they can't disagree on where a block begins.
 *
 * A block begins at the function's entry, at a loop's header, at an arm of an if, behind the end of
 * an if and of a block that a branch leads to, behind a conditional branch, and wherever code is
 * reachable again. A call does not end a block.
 *
 * Where a frame ends that no branch leaves for a label further out, what follows is as if the block
 * before the frame went on: the two run equally often.
 *
 * Invariant: a dead instruction (behind an unconditional branch, up to the end or else of its
 * frame) changes nothing but the nesting count. Linear in the body, no recursion. */
#ifndef HCC_FLOW_H
#define HCC_FLOW_H

#include "instr.h"

enum hcc__flow_point {
  HCC_FLOW_SAME,       /* the block goes on behind this instruction */
  HCC_FLOW_NEW,        /* a block begins behind it */
  HCC_FLOW_LOOP,       /* a block that is a loop's header begins behind it */
  HCC_FLOW_JUMP,       /* the block ends here, what follows is dead */
  HCC_FLOW_DEAD,       /* this instruction is dead */
  HCC_FLOW_NEW_BEFORE, /* else or end of a frame whose code before it is dead: a block begins behind
                          it; the instruction itself is in no block */
};

/* Does a block begin behind the instruction? */
static inline bool hcc__flow_begins(enum hcc__flow_point point) {
  return point == HCC_FLOW_NEW || point == HCC_FLOW_NEW_BEFORE || point == HCC_FLOW_LOOP;
}

typedef struct hcc__flow_frame {
  uint8_t bits;     /* FRAME_* */
  uint32_t reached; /* the outermost frame that a branch in here leads to */
  uint32_t note;    /* the caller's, see hcc__flow_step */
  uint32_t header;  /* the caller's: block that begins the innermost loop, or the body */
  uint32_t label;   /* the caller's */
} hcc__flow_frame;

typedef struct hcc__flow {
  hcc__flow_frame *frames; /* [0] is the function */
  uint32_t depth;          /* of frames; 0 when the function's end has gone by */
  uint32_t dead;           /* 0: reachable; else 1 + blocks opened since */
  uint32_t note;           /* of the frame that the last step closed */
  bool whole; /* the last step closed a frame that no branch inside leaves: what follows it runs
                 exactly as often as what stands before it, but for traps */
} hcc__flow;

/* Room for the deepest nesting; reused for many bodies. Errors: NO_MEMORY. */
int hcc__flow_new(hcc__flow *flow, hcc_error *err);
void hcc__flow_free(hcc__flow *flow);
/* At the first instruction of a body. */
void hcc__flow_begin(hcc__flow *flow);
/* bytes: the module's, for the targets of br_table. note: kept with the frame that this instruction
 * opens, if it does. Errors: INTERNAL, if the body is not valid. */
int hcc__flow_step(enum hcc__flow_point *out, hcc__flow *flow, const hcc_instr *instr,
                   uint32_t note, const uint8_t *bytes, hcc_error *err);

#endif
