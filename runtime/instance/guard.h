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
/* The same in the place of the call, where that saves a jump: the landing is as hrt_guard_enter
 * leaves it, its top the return address that this call pushes. For functions that call others, too:
 * what is below the stack pointer is not theirs. */
__attribute__((always_inline)) static inline void hrt_guard_call(void *instance, hsb_slot *slots,
                                                                 void (*fn)(void *, hsb_slot *),
                                                                 struct hrt_landing *landing) {
#if defined(__x86_64__) && !defined(__AVX512F__) /* which has more registers to be lost */
  register void *first __asm__("rdi") = instance;
  register hsb_slot *second __asm__("rsi") = slots;
  uint64_t top;
  __asm__ volatile(
      "movq %%rbx, 0(%[landing])\n\t"
      "movq %%rbp, 8(%[landing])\n\t"
      "movq %%r12, 16(%[landing])\n\t"
      "movq %%r13, 24(%[landing])\n\t"
      "movq %%r14, 32(%[landing])\n\t"
      "movq %%r15, 40(%[landing])\n\t"
      "leaq -8(%%rsp), %[top]\n\t"
      "movq %[top], 48(%[landing])\n\t"
      "movl $0, 176(%[landing])\n\t"
      "callq *%[fn]"
      : "+r"(first), "+r"(second), [top] "=&a"(top), [landing] "+c"(landing), [fn] "+d"(fn)
      :
      : "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
        "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc", "memory");
#else
  hrt_guard_enter(instance, slots, fn, landing);
#endif
}
/* Makes hrt_guard_enter of this landing return, with this code, which is not 0. */
_Noreturn void hrt_guard_leave(struct hrt_landing *landing, uint32_t code);

#endif
