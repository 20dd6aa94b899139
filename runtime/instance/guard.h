/* guard.h - entering and leaving guest code: guard_<arch>.S. Saves the callee-saved registers and
 * nothing else (no signal mask, no floating-point control), then jumps: a call and a return more
 * would cost a nanosecond, the stores next to nothing.
 *
 * Invariant: hrt_guard_leave is called only while its hrt_guard_enter has not returned, on the
 * same stack. */
#ifndef HRT_GUARD_H
#define HRT_GUARD_H

#include <stddef.h>
#include <stdint.h>

#include "hsb_abi.h"

#define HRT_LANDING_CODE 176 /* as guard_<arch>.S has it */

struct hrt_landing {
  uint64_t registers[22]; /* as guard_<arch>.S lays them out */
  uint32_t code;          /* 0, or what hrt_guard_leave was given */
};
_Static_assert(offsetof(struct hrt_landing, code) == HRT_LANDING_CODE, "guard_<arch>.S");

/* Calls fn(instance, slots). landing->code says how it ended. */
void hrt_guard_enter(void *instance, hsb_slot *slots, void (*fn)(void *, hsb_slot *),
                     struct hrt_landing *landing);
/* Makes hrt_guard_enter of this landing return, with this code, which is not 0. */
_Noreturn void hrt_guard_leave(struct hrt_landing *landing, uint32_t code);

#endif
