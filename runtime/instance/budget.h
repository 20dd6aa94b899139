/* budget.h - the part of budget.c that every call runs through, inline: a call of a short function
 * costs about as much as these few lines.
 *
 * Invariant: the short cuts do what hrt_budget_begin and hrt_budget_end do in the common case (no
 * outer call, slice not used up, limit not near) and leave everything else to them. */
#ifndef HRT_BUDGET_H
#define HRT_BUDGET_H

#include "instance/inst.h"

#define HRT_DEPTH_LIMIT 16
#define HRT_TOLL_CALL                                                                              \
  32 /* off the slice, not off the limit: so that short calls come to a check                      \
      */
/* Kept free below the limit: one guest frame that is made before it is checked, and the host
 * functions that it calls, SQLite among them. */
#define HRT_HOST_STACK (HSB_FRAME_MAX + (128u << 10))

struct hrt_stack {
  uintptr_t low, high; /* of this thread; 0 until looked for */
};

extern __thread struct hrt_stack hrt_own_stack __attribute__((tls_model("initial-exec")));

#define HRT_STACK_UNKNOWN UINTPTR_MAX /* the limit on a stack that is not the thread's own */
/* The limit where the thread's stack was not looked for yet, or is not what runs. */
uintptr_t hrt_stack_limit_slow(const hrt_instance *i, uintptr_t here);

/* Lowest address that guest frames may reach. */
static inline uintptr_t hrt_stack_limit(const hrt_instance *i, const struct hrt_activation *outer) {
  uintptr_t here = (uintptr_t)__builtin_frame_address(0), limit, lowest;
  struct hrt_stack own = hrt_own_stack;
  if (__builtin_expect(here < own.low || here >= own.high, 0)) {
    limit = hrt_stack_limit_slow(i, here);
  } else {
    lowest = own.low + HRT_HOST_STACK;
    limit = here - own.low > i->stack_bytes ? here - i->stack_bytes : 0;
    limit = limit > lowest ? limit : lowest;
  }
  if (__builtin_expect(outer != NULL, 0) && outer->instance->ctx->stack_limit > limit) {
    limit = outer->instance->ctx->stack_limit;
  }
  return limit;
}

/* Can a call that is nobody's inner one begin without a look at the limits? */
static inline bool hrt_budget_is_ample(const hrt_budget *b) {
  int64_t slice = b->slice - HRT_TOLL_CALL;
  return b->depth == 0 && slice >= 0 &&
         (b->fuel_limit == 0 ||
          (b->fuel_used <= b->fuel_limit && (uint64_t)slice <= b->fuel_limit - b->fuel_used));
}

/* hrt_budget_begin and hrt_budget_end of such a call. */
static inline void hrt_budget_enter(struct hrt_activation *a) {
  a->budget->depth = 1;
  a->mark = a->instance->ctx->fuel = a->budget->slice - HRT_TOLL_CALL;
}

static inline void hrt_budget_leave(struct hrt_activation *a) {
  hrt_budget *b = a->budget;
  int64_t left = a->instance->ctx->fuel;
  b->fuel_used += (uint64_t)a->mark - (uint64_t)left;
  b->slice = left;
  b->depth = 0;
}

#endif
