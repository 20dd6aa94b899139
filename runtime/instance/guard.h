/* guard.h - entering and leaving guest code: guard_<arch>.S. About a nanosecond: saves the
 * callee-saved registers and nothing else (no signal mask, no floating-point control).
 *
 * Invariant: hrt_guard_leave is called only while its hrt_guard_enter has not returned, on the
 * same stack. */
#ifndef HRT_GUARD_H
#define HRT_GUARD_H

#include <stdint.h>

#include "hsb_abi.h"

struct hrt_landing {
  uint64_t registers[22]; /* as guard_<arch>.S lays them out */
};

/* Calls fn(instance, slots). 0, or the code that hrt_guard_leave was given. */
int hrt_guard_enter(void *instance, hsb_slot *slots, void (*fn)(void *, hsb_slot *),
                    struct hrt_landing *landing);
/* Makes hrt_guard_enter of this landing return code, which is not 0. */
_Noreturn void hrt_guard_leave(struct hrt_landing *landing, int code);

#endif
