/* outermost.h - the short ways into a guest call, inline: a call of a short function costs about as
 * much as these lines. For budget.c and call.c, and for the trampolines of runtime/sqlite, which
 * touch nothing else here.
 *
 * Invariant: the short way does what hrt_enter does in the common case (no outer call, a stack that
 * we know, code that counts fuel, slice not used up, limit not passed) and leaves everything else
 * to it. */
#ifndef HRT_OUTERMOST_H
#define HRT_OUTERMOST_H

#include "instance/inst.h"

#define HRT_TOLL_CALL                                                                              \
  32 /* off the slice, not off the limit: so that short calls come to a check                      \
      */

/* Is this a stack whose limits we know? here: address of something in the caller's frame. */
static inline bool hrt_stack_is_known(uintptr_t here) {
  return here - hrt_thread.stack_low < hrt_thread.stack_size;
}

/* Lowest address that guest frames of an outermost call may reach on a known stack. Signed, because
 * `here` may be below stack_bytes; no address is above INTPTR_MAX. */
static inline uintptr_t hrt_stack_limit_here(uint64_t stack_bytes, uintptr_t here) {
  intptr_t limit = (intptr_t)(here - stack_bytes), floor = (intptr_t)hrt_thread.stack_floor;
  return (uintptr_t)(limit > floor ? limit : floor);
}

/* Can an outermost call begin without a look at the limits? (Its budget is in no call.) */
static inline bool hrt_budget_is_ample(const hrt_budget *b) {
  return b->slice >= HRT_TOLL_CALL && (b->fuel_limit == 0 || b->fuel_used <= b->fuel_limit);
}

/* Fuel of a call that begins with so much of a slice: one more, but no more than the limit leaves.
 * budget.c says why. Only where hrt_budget_is_ample. */
static inline int64_t hrt_budget_grant(const hrt_budget *b, int64_t slice) {
  int64_t grant = slice + b->slice_size;
  uint64_t left = b->fuel_limit - b->fuel_used;
  return b->fuel_limit == 0 || (uint64_t)grant < left ? grant : (int64_t)left;
}

/* A call between its budget's begin and end, on this stack limit. Returns the trap. */
static inline uint32_t hrt_guarded(hrt_instance *i, uintptr_t limit, void (*fn)(void *, hsb_slot *),
                                   hsb_slot *slots, struct hrt_activation *outer) {
  i->ctx->stack_limit = limit;
  i->life = HRT_RUNNING;
  hrt_thread.current = &i->activation;
  hrt_guard_enter(i->instance, slots, fn, &i->activation.landing);
  hrt_thread.current = outer;
  i->life = HRT_IDLE;
  return i->activation.landing.code;
}

/* What the call of e is on, with no call around it. */
static inline void hrt_activate(hrt_instance *i, const hrt_export *e, hrt_budget *b,
                                helios_error *err) {
  struct hrt_activation *a = &i->activation;
  i->dirty |= !e->stateless;
  a->outer = NULL;
  a->err = err;
  a->budget = b;
  a->last = false;
}

/* What is left of the slice when a call has left so much fuel: no more than any code may have, for
 * the next one is another's. */
static inline int64_t hrt_slice_after(const struct hrt_activation *a, int64_t left) {
  int64_t slice = left - a->extra;
  return slice < HSB_FUEL_SLICE ? slice : HSB_FUEL_SLICE;
}

/* call.c: the same without the short way; the end of a call that trapped. */
int hrt_call_any(hrt_instance *i, const hrt_export *e, hsb_slot *slots, hrt_budget *budget,
                 helios_error *err);
int hrt_die(hrt_instance *i, uint32_t trap);

/* hrt_call_export. here: address of something in the caller's frame. */
__attribute__((always_inline)) static inline int
hrt_call_outermost(hrt_instance *i, const hrt_export *e, hsb_slot *slots, hrt_budget *b,
                   uintptr_t here, helios_error *err) {
  struct hrt_activation *a = &i->activation;
  struct hsb_ctx *ctx = i->ctx;
  if (__builtin_expect((i->life | i->unmetered | b->depth) != HRT_IDLE ||
                           hrt_thread.current != NULL || !hrt_stack_is_known(here) ||
                           !hrt_budget_is_ample(b),
                       0)) {
    return hrt_call_any(i, e, slots, b, err);
  }
  hrt_activate(i, e, b, err);
  b->depth = 1;
  int64_t slice = b->slice - HRT_TOLL_CALL;
  a->mark = ctx->fuel = hrt_budget_grant(b, slice);
  a->extra = a->mark - slice;
  uint32_t trap = hrt_guarded(i, hrt_stack_limit_here(i->stack_bytes, here), e->fn, slots, NULL);
  int64_t left = ctx->fuel;
  b->fuel_used += (uint64_t)a->mark - (uint64_t)left;
  b->slice = hrt_slice_after(a, left);
  b->depth = 0;
  return __builtin_expect(trap != 0, 0) ? hrt_die(i, trap) : 0;
}

/* What a guest call that imports nothing may use: fuel, and no more than an int64_t holds; 0 for
 * code that counts none, which goes the long way. */
static inline uint64_t hrt_fuel_most(uint64_t fuel_limit, bool metered) {
  uint64_t most = fuel_limit != 0 && fuel_limit < INT64_MAX ? fuel_limit : INT64_MAX;
  return metered ? most : 0;
}

/* A call of an export that can call no host function, so that nothing can look at the call from
 * inside, on a budget of which nothing is used before it and after it. What does not differ from
 * one such call to the next is set once for many; it lasts until the instance is reset, or it or
 * the budget is used for another call. */
typedef struct hrt_short {
  hrt_instance *instance;
  hrt_export export;
  hrt_budget *budget; /* has its limits */
  helios_error *err;
  uint64_t most; /* hrt_fuel_most; 0: each call goes the long way */
  /* the instance's: */
  struct hrt_activation *activation;
  struct hsb_ctx *ctx;
  uint8_t *guest;
  uint64_t stack_bytes;
} hrt_short;

typedef struct hrt_short_result {
  uint64_t used; /* fuel */
  int status;
} hrt_short_result;

/* call.c. The rest of s is set. */
void hrt_short_ready(hrt_short *s);
/* The call by the long way; the end of one that trapped or looked at its limits. */
hrt_short_result hrt_short_any(hrt_short *s, hsb_slot *slots);
hrt_short_result hrt_short_end(hrt_short *s, uint64_t used);

/* A call of an export that can call host functions, of which none can make another call: what
 * hrt_call_export does, on such a budget. */
hrt_short_result hrt_call_asking(hrt_short *s, hsb_slot *slots);

/* Errors as hrt_call. What is in memory is read again after the call: that is less work than to
 * keep it. */
__attribute__((always_inline)) static inline hrt_short_result hrt_call_short(hrt_short *s,
                                                                             hsb_slot *slots) {
  uintptr_t here = (uintptr_t)slots;
  hrt_budget *b = s->budget;
  int64_t slice = b->slice - HRT_TOLL_CALL, fuel = slice + b->slice_size;
  if (__builtin_expect(
          (uint64_t)slice >= s->most || hrt_thread.current || !hrt_stack_is_known(here), 0)) {
    return hrt_short_any(s, slots);
  }
  b->slice = slice;
  struct hrt_activation *a = s->activation;
  a->mark = s->ctx->fuel = (uint64_t)fuel < s->most ? fuel : (int64_t)s->most;
  s->ctx->stack_limit = hrt_stack_limit_here(s->stack_bytes, here);
  hrt_thread.current = a;
  hrt_guard_enter(s->guest, slots, s->export.fn, &a->landing);
  hrt_thread.current = NULL;
  uint64_t used = (uint64_t)s->activation->mark - (uint64_t)s->ctx->fuel;
  s->budget->slice -= (int64_t)used;
  if (__builtin_expect((s->activation->landing.code | s->activation->looked) != 0, 0)) {
    return hrt_short_end(s, used);
  }
  return (hrt_short_result){used, 0};
}

#endif
