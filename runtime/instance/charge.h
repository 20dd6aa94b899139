/* charge.h - the short way of hrt_host_charge, inline: what each host function begins with costs
 * about as much as a call of it. For budget.c's callers in runtime/host, which touch nothing else
 * of inst.h.
 *
 * Invariant: the short way leaves the counters as hrt_host_charge would; whatever may end the call
 * or ask for a new slice is left to it. */
#ifndef HRT_CHARGE_H
#define HRT_CHARGE_H

#include "instance/inst.h"

#define HRT_TOLL_HOST 512    /* off the slice, not off the limit, as HRT_TOLL_CALL */
#define HRT_CHARGE_MOST 4096 /* units: more may be more than the limit leaves */

__attribute__((always_inline)) static inline void hrt_charge(struct hsb_ctx *ctx, uint64_t units) {
  hrt_instance *i = ctx->owner;
  if (__builtin_expect(units <= HRT_CHARGE_MOST && ctx->fuel >= (int64_t)units + HRT_TOLL_HOST,
                       1)) {
    ctx->fuel -= (int64_t)units + HRT_TOLL_HOST;
    i->activation.mark -= HRT_TOLL_HOST; /* fuel_used is settled later */
    return;
  }
  hrt_host_charge(ctx, units);
}

#endif
