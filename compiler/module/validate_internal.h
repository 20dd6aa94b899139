/* validate_internal.h - the validator's state: operand and control stacks of the algorithm in the
 * specification's appendix A.3. Only validate*.c include it.
 *
 * Invariant: values below the top frame's height are never popped; an operand of type ANY only
 * comes to be in unreachable code. */
#ifndef HCC_VALIDATE_INTERNAL_H
#define HCC_VALIDATE_INTERNAL_H

#include "instr.h"

#define HCC__ANY 0 /* a type that unreachable code leaves open */

typedef struct hcc__frame {
  uint32_t code;   /* BLOCK, LOOP, IF, ELSE; BLOCK for the function's own */
  uint32_t height; /* operands below it */
  hcc_functype type;
  bool unreachable;
} hcc__frame;

typedef struct hcc__validator {
  const hcc_module *m;
  hcc_error *err;
  hcc_instr in; /* the instruction at hand */
  uint8_t *values;
  hcc__frame *frames;
  uint8_t *locals; /* HCC_MAX_LOCALS of them */
  uint32_t value_count, value_capacity, frame_count, frame_capacity, local_count;
  bool constant; /* in a constant expression */
} hcc__validator;

/* validate_stack.c. Errors: INVALID, LIMIT, NO_MEMORY, at the instruction at hand. */
int hcc__push(hcc__validator *v, uint8_t type);
int hcc__push_types(hcc__validator *v, const uint8_t *types, uint32_t count);
/* expected may be HCC__ANY; got (may be NULL) is what was there, perhaps HCC__ANY. */
int hcc__pop(uint8_t *got, hcc__validator *v, uint8_t expected);
int hcc__pop_types(hcc__validator *v, const uint8_t *types, uint32_t count);
/* As pop, but the operands stay as they are. */
int hcc__check_types(hcc__validator *v, const uint8_t *types, uint32_t count);
void hcc__set_unreachable(hcc__validator *v);
int hcc__push_frame(hcc__validator *v, uint32_t code, const hcc_functype *type);
int hcc__pop_frame(hcc__frame *out, hcc__validator *v);
void hcc__validator_free(hcc__validator *v);

/* validate_ops.c: the instruction in v->in. */
int hcc__validate_instr(hcc__validator *v);

/* validate_expr.c */
int hcc__validate_function(hcc__validator *v, uint32_t func);
int hcc__validate_constant(hcc__validator *v, hcc_range expr, uint8_t type);

#endif
