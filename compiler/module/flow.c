/* flow.c - see flow.h. It never emits and never counts; it only says what is reachable and where
 * blocks begin. Owns: the frame stack. */
#include "flow.h"

#include <stdlib.h>

#include "limits.h"

#define FRAME_IF 1u
#define FRAME_LOOP 2u
#define FRAME_TARGET 4u /* a reachable branch leads to its label */
#define FRAMES (HCC_MAX_NESTING + 8u)

int hcc__flow_new(hcc__flow *flow, hcc_error *err) {
  *flow = (hcc__flow){.frames = calloc(FRAMES, sizeof *flow->frames)};
  return flow->frames != NULL ? 0 : hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "out of memory");
}

void hcc__flow_free(hcc__flow *flow) {
  free(flow->frames);
  *flow = (hcc__flow){0};
}

void hcc__flow_begin(hcc__flow *flow) {
  flow->frames[0] = (hcc__flow_frame){.bits = 0};
  flow->depth = 1;
  flow->dead = 0;
  flow->whole = false;
}

static int bug(const hcc_instr *instr, hcc_error *err) {
  return hcc_fail(err, HCC_E_INTERNAL, instr->begin, "control flow of an invalid module");
}

static int push(hcc__flow *flow, uint8_t bits, uint32_t note, const hcc_instr *instr,
                hcc_error *err) {
  if (flow->depth >= FRAMES) {
    return bug(instr, err);
  }
  flow->frames[flow->depth] = (hcc__flow_frame){.bits = bits,
                                                .note = note,
                                                .reached = flow->depth,
                                                .header = flow->frames[flow->depth - 1].header};
  flow->depth++;
  return 0;
}

/* A branch in this frame leads to that one. */
static void reach(hcc__flow_frame *frame, uint32_t target) {
  frame->reached = target < frame->reached ? target : frame->reached;
}

static int target(hcc__flow *flow, uint32_t label, const hcc_instr *instr, hcc_error *err) {
  if (label >= flow->depth) {
    return bug(instr, err);
  }
  flow->frames[flow->depth - 1 - label].bits |= FRAME_TARGET;
  reach(&flow->frames[flow->depth - 1], flow->depth - 1 - label);
  return 0;
}

static int target_table(hcc__flow *flow, const hcc_instr *instr, const uint8_t *bytes,
                        hcc_error *err) {
  hcc_reader r = {bytes, instr->targets, instr->end};
  int status = 0;
  for (uint32_t i = 0; status == 0 && i <= instr->target_count; i++) {
    uint32_t label = 0;
    HCC_TRY(hcc_read_u32(&label, &r, err));
    HCC_TRY(target(flow, label, instr, err));
  }
out:
  return status;
}

static enum hcc__flow_point pop(hcc__flow *flow) {
  const hcc__flow_frame *frame = &flow->frames[--flow->depth];
  bool join =
      (frame->bits & FRAME_IF) != 0 || (frame->bits & (FRAME_LOOP | FRAME_TARGET)) == FRAME_TARGET;
  flow->whole = flow->depth != 0 && frame->reached >= flow->depth;
  flow->note = frame->note;
  if (flow->depth != 0) {
    reach(&flow->frames[flow->depth - 1], frame->reached);
  }
  enum hcc__flow_point point = join ? HCC_FLOW_NEW : HCC_FLOW_SAME;
  if (flow->dead != 0) {
    flow->dead = 0;
    point = HCC_FLOW_NEW_BEFORE;
  }
  return point;
}

static enum hcc__flow_point step_dead(hcc__flow *flow, uint32_t code) {
  enum hcc__flow_point point = HCC_FLOW_DEAD;
  switch (code) {
  case HCC_OP_BLOCK:
  case HCC_OP_LOOP:
  case HCC_OP_IF:
    flow->dead++;
    break;
  case HCC_OP_ELSE:
    if (flow->dead == 1) {
      flow->dead = 0;
      point = HCC_FLOW_NEW_BEFORE;
    }
    break;
  case HCC_OP_END:
    if (flow->dead == 1) {
      point = pop(flow);
    } else {
      flow->dead--;
    }
    break;
  default:
    break;
  }
  return point;
}

int hcc__flow_step(enum hcc__flow_point *out, hcc__flow *flow, const hcc_instr *instr,
                   uint32_t note, const uint8_t *bytes, hcc_error *err) {
  int status = 0;
  *out = HCC_FLOW_SAME;
  flow->whole = false;
  if (flow->depth == 0) {
    return bug(instr, err);
  }
  if (flow->dead != 0) {
    *out = step_dead(flow, instr->code);
    return 0;
  }
  switch (instr->code) {
  case HCC_OP_BLOCK:
    status = push(flow, 0, note, instr, err);
    break;
  case HCC_OP_LOOP:
    status = push(flow, FRAME_LOOP, note, instr, err);
    *out = HCC_FLOW_LOOP;
    break;
  case HCC_OP_IF:
    status = push(flow, FRAME_IF, note, instr, err);
    *out = HCC_FLOW_NEW;
    break;
  case HCC_OP_ELSE:
    *out = HCC_FLOW_NEW;
    break;
  case HCC_OP_END:
    *out = pop(flow);
    break;
  case HCC_OP_BR_IF:
    status = target(flow, instr->a, instr, err);
    *out = HCC_FLOW_NEW;
    break;
  case HCC_OP_BR:
    status = target(flow, instr->a, instr, err);
    *out = HCC_FLOW_JUMP;
    break;
  case HCC_OP_BR_TABLE:
    status = target_table(flow, instr, bytes, err);
    *out = HCC_FLOW_JUMP;
    break;
  case HCC_OP_RETURN:
    reach(&flow->frames[flow->depth - 1], 0);
    *out = HCC_FLOW_JUMP;
    break;
  case HCC_OP_UNREACHABLE:
    *out = HCC_FLOW_JUMP;
    break;
  default:
    break;
  }
  flow->dead = *out == HCC_FLOW_JUMP ? 1 : 0;
  return status;
}
