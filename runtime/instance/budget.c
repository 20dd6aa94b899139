/* budget.c - fuel, time, cancellation, stack: what a guest call may use.
 *
 * Fuel is handed out in slices. ctx->fuel is what is left of the slice; `mark` is what it was when
 * budget->fuel_used was last brought up to date, so used += mark - ctx->fuel at each boundary.
 * A slice is never larger than what the limit leaves: a checkpoint finds its fuel negative exactly
 * when more than fuel_limit units are spent, whatever the size of the slices. Slices are sized by
 * the clock so that deadline and cancellation are looked at about once a millisecond. What is left
 * of a slice passes from call to call and to nested calls of the same budget.
 *
 * A call is given a slice more than what is left of this one, and a slice that was used up is
 * noticed when the next call begins: code of which no checkpoint ever ran out is faster, because
 * the processor remembers each branch that was taken once. Only a call that is longer than a slice
 * comes to the look by a checkpoint; one outside of the innermost loops, if it can be, since those
 * ask when there is less than HSB_FUEL_LOW left, or less than a loop needs that is paid at once.
 *
 * Code of which the compiler knows that no unit takes long has larger slices, once the usual ones
 * have the greatest size by the clock: a look costs as much as a hundred instructions, and the
 * branch to it a misprediction or two. Only within a call: what it leaves of one is cut to what any
 * code may have, for the next call may be another's.
 *
 * Invariant: fuel_used is exact at host calls, at refuels and after calls that did not trap. After
 * an end for lack of fuel it is a unit above the limit: code may look later than at the checkpoint
 * that would have ended it, if nobody can tell, and no one number is right then for all code. After
 * another trap it may lack what the guest had used since the last of these. */
#include <pthread.h>
#include <time.h>

#include "instance/charge.h"
#include "instance/outermost.h"

#define SLICE_FIRST (INT64_C(1) << 17)
#define SLICE_MIN (INT64_C(1) << 12)
#define SLICE_NS_LOW 500000u /* between checks */
#define SLICE_NS_HIGH 2000000u

uint64_t hrt_now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Brings fuel_used up to date. */
static void settle(struct hrt_activation *a) {
  struct hsb_ctx *ctx = a->instance->ctx;
  if (!a->instance->unmetered) {
    a->budget->fuel_used += (uint64_t)a->mark - (uint64_t)ctx->fuel;
  }
  a->mark = ctx->fuel;
}

static bool is_spent(const hrt_budget *b) {
  return b->fuel_limit != 0 && b->fuel_used > b->fuel_limit;
}

static void adapt_slice(hrt_budget *b, uint64_t now) {
  uint64_t passed = now - b->slice_start;
  if (b->slice_size == 0) {
    b->slice_size = SLICE_FIRST;
  } else if (b->slice_start == 0) {
    /* the last one was larger than that */
  } else if (passed > SLICE_NS_HIGH && b->slice_size > SLICE_MIN) {
    b->slice_size /= passed > 4 * SLICE_NS_HIGH ? 8 : 2;
    b->slice_size = b->slice_size > SLICE_MIN ? b->slice_size : SLICE_MIN;
  } else if (passed < SLICE_NS_LOW && b->slice_size < HSB_FUEL_SLICE) {
    b->slice_size *= 2;
  }
  b->slice_start = now;
}

/* 0, or the trap that ends the call for what others want. */
static uint32_t stopped(const hrt_budget *b, uint64_t now) {
  if ((b->cancel && __atomic_load_n(b->cancel, __ATOMIC_RELAXED)) ||
      (b->probe && b->probe(b->probe_arg))) {
    return HSB_TRAP_CANCELLED;
  }
  return b->deadline_ns != 0 && now >= b->deadline_ns ? HSB_TRAP_DEADLINE : 0;
}

/* At the end of a slice: 0, or the trap that ends the call. */
static uint32_t check(hrt_budget *b) {
  uint64_t now = hrt_now_ns();
  adapt_slice(b, now);
  return is_spent(b) ? HSB_TRAP_FUEL : stopped(b, now);
}

/* Fuel for an activation, no more than the limit leaves: what is left of the slice, and more. */
static void grant(struct hrt_activation *a, int64_t slice, int64_t more) {
  const hrt_budget *b = a->budget;
  int64_t fuel = slice + more;
  a->last = false;
  if (b->fuel_limit != 0 && !a->instance->unmetered && fuel >= 0) {
    uint64_t left = b->fuel_limit - b->fuel_used;
    a->last = (uint64_t)fuel >= left;
    fuel = is_spent(b) ? -1 : (uint64_t)fuel < left ? fuel : (int64_t)left;
  }
  a->mark = a->instance->ctx->fuel = fuel;
  a->extra = fuel - slice;
}

static int refuse_call(helios_error *err, uint32_t trap) {
  static const char *const texts[] = {[HSB_TRAP_FUEL] = "fuel exhausted",
                                      [HSB_TRAP_DEADLINE] = "time limit exceeded",
                                      [HSB_TRAP_CANCELLED] = "cancelled"};
  return hrt_trap_error(err, trap, HELIOS_NO_OFFSET, "%s before a call", texts[trap]);
}

int hrt_budget_ends(const hrt_budget *b, helios_error *err) {
  uint32_t trap = stopped(b, hrt_now_ns());
  return trap != 0 ? refuse_call(err, trap) : 0;
}

int hrt_budget_begin(struct hrt_activation *a) {
  hrt_budget *b = a->budget;
  if (b->depth >= (b->depth_limit ? b->depth_limit : HRT_DEPTH_LIMIT)) {
    int status = hrt_fail(a->err, HELIOS_E_LIMIT, "calls are nested more than %u deep through SQL",
                          b->depth);
    hrt_hint(a->err, "a procedure that calls itself?");
    return status;
  }
  if (a->outer && a->outer->budget == b) {
    settle(a->outer);
    b->slice = hrt_slice_after(a->outer, a->outer->mark);
  }
  b->slice -= HRT_TOLL_CALL;
  if (b->slice < 0 || is_spent(b)) {
    uint32_t trap = check(b);
    if (trap != 0) {
      return refuse_call(a->err, trap);
    }
    b->slice = b->slice_size;
  }
  b->depth++;
  grant(a, b->slice, b->slice_size);
  return 0;
}

void hrt_budget_end(struct hrt_activation *a) {
  hrt_budget *b = a->budget;
  settle(a);
  b->slice = hrt_slice_after(a, a->mark);
  b->depth--;
  if (a->outer && a->outer->budget == b) {
    grant(a->outer, b->slice, b->slice_size);
  }
}

/* Of the code that runs, behind a look. */
static int64_t slice_of(const struct hrt_activation *a) {
  int64_t usual = a->budget->slice_size, known = a->instance->abi->slice;
  bool small = hrt_guest_size(a->instance) <= HSB_FUEL_SMALL;
  return small && known != 0 && usual == HSB_FUEL_SLICE ? known : usual;
}

/* Low fuel in ctx becomes a new slice, with so much more, or the call ends. */
static void next_slice(struct hrt_activation *a, int64_t more, uint32_t offset) {
  struct hsb_ctx *ctx = a->instance->ctx;
  settle(a);
  a->looked = 1;
  uint32_t trap = check(a->budget);
  if (trap == HSB_TRAP_FUEL) {
    a->budget->fuel_used = a->budget->fuel_limit + 1;
  }
  if (trap != 0) {
    hrt_trap(ctx, trap, offset);
  }
  a->budget->slice_start = more != 0 ? 0 : a->budget->slice_start;
  grant(a, slice_of(a) + HSB_FUEL_LOW + more, 0);
  a->refueled = true;
}

/* The guest's counter is in its registers: what it used since the last refuel is not known here. */
void hrt_poll(struct hsb_ctx *ctx, uint32_t offset) {
  struct hrt_activation *a = &hrt_instance_of(ctx)->activation;
  a->looked = 1;
  uint32_t trap = stopped(a->budget, hrt_now_ns());
  if (trap != 0) {
    hrt_trap(ctx, trap, offset);
  }
}

/* What a loop may have at once of what it wants. */
static int64_t allowed(const hrt_instance *i, uint32_t wanted) {
  const uint32_t if_small = UINT32_C(1) << HSB_FUEL_IF_SMALL;
  int64_t fuel = wanted & ~if_small;
  bool fits = (wanted & if_small) == 0 || hrt_guest_size(i) <= HSB_FUEL_SMALL;
  return fits && fuel <= HSB_FUEL_AHEAD ? fuel : 0;
}

int64_t hrt_refuel(struct hsb_ctx *ctx, int64_t fuel, uint32_t offset) {
  struct hrt_activation *a = &hrt_instance_of(ctx)->activation;
  int64_t more = allowed(a->instance, ctx->wanted);
  ctx->wanted = 0;
  if (fuel >= 0 && a->last) {
    return ctx->fuel = fuel;
  }
  ctx->fuel = fuel;
  next_slice(a, more, offset);
  return ctx->fuel;
}

void hrt_host_charge(struct hsb_ctx *ctx, uint64_t units) {
  struct hrt_activation *a = &hrt_instance_of(ctx)->activation;
  settle(a);
  if (!a->instance->unmetered) {
    uint64_t used = a->budget->fuel_used;
    a->budget->fuel_used = used + units < used ? UINT64_MAX : used + units;
  }
  uint64_t off = units < INT64_MAX / 2 ? units + HRT_TOLL_HOST : INT64_MAX / 2;
  a->mark = ctx->fuel = ctx->fuel < 0 ? -1 : ctx->fuel - (int64_t)off;
  if (ctx->fuel < 0) {
    next_slice(a, 0, 0);
  }
}

hrt_budget *hrt_host_budget(struct hsb_ctx *ctx) {
  struct hrt_activation *a = &hrt_instance_of(ctx)->activation;
  settle(a);
  return a->budget;
}

/* ---- stack ---- */

/* Slow for the main thread (reads /proc/self/maps), so once a thread, unless there was no memory
 * for it. False: `here` is on another stack, or nobody knows. */
static bool find_stack(uintptr_t here) {
  pthread_attr_t attr;
  void *low = NULL;
  size_t size = 0;
  if (hrt_thread.looked || pthread_getattr_np(pthread_self(), &attr) != 0) {
    return false;
  }
  if (pthread_attr_getstack(&attr, &low, &size) == 0) {
    hrt_thread.stack_low = (uintptr_t)low;
    hrt_thread.stack_size = size;
    hrt_thread.stack_floor = hrt_thread.stack_low + HRT_HOST_STACK;
  }
  pthread_attr_destroy(&attr);
  hrt_thread.looked = true;
  return hrt_stack_is_known(here);
}

uint64_t hrt_stack_left(void) {
  uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  return hrt_stack_is_known(here) || find_stack(here) ? here - hrt_thread.stack_low : 0;
}

uintptr_t hrt_stack_limit(const hrt_instance *i, const struct hrt_activation *outer) {
  uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  if (!hrt_stack_is_known(here) && !find_stack(here)) {
    return HRT_STACK_UNKNOWN;
  }
  uintptr_t limit = hrt_stack_limit_here(i->stack_bytes, here);
  bool outer_is_higher = outer && outer->instance->ctx->stack_limit > limit;
  return outer_is_higher ? outer->instance->ctx->stack_limit : limit;
}
