/* 12-landing_test.c - what a landing gives back: after a guest call, whichever way it ended, the
 * callee-saved registers and the stack are the caller's. The guest here trashes them all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "instance/guard.h"

#if defined(__x86_64__)
enum { SAVED = 6 }; /* rbx rbp r12 r13 r14 r15 */

/* hrt_guard_enter(instance, slots, fn, landing) with patterns in the callee-saved registers; what
 * they are afterwards goes to after. */
void enter_with_patterns(void *instance, hsb_slot *slots, void (*fn)(void *, hsb_slot *),
                         struct hrt_landing *landing, uint64_t after[SAVED]);
/* Guests. instance: the landing to leave by. */
void trash_and_leave(void *instance, hsb_slot *slots);
void trash_and_return(void *instance, hsb_slot *slots);

__asm__(".text\n"
        "enter_with_patterns:\n"
        "  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  sub $8, %rsp\n  mov %r8, (%rsp)\n"
        "  mov $0x1111, %rbx\n  mov $0x2222, %rbp\n  mov $0x3333, %r12\n"
        "  mov $0x4444, %r13\n  mov $0x5555, %r14\n  mov $0x6666, %r15\n"
        "  call hrt_guard_enter\n"
        "  mov (%rsp), %r8\n"
        "  mov %rbx, 0(%r8)\n  mov %rbp, 8(%r8)\n  mov %r12, 16(%r8)\n"
        "  mov %r13, 24(%r8)\n  mov %r14, 32(%r8)\n  mov %r15, 40(%r8)\n"
        "  add $8, %rsp\n"
        "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbp\n  pop %rbx\n"
        "  ret\n"
        "trash_and_leave:\n"
        "  mov $-1, %rbx\n  mov $-1, %rbp\n  mov $-1, %r12\n  mov $-1, %r13\n"
        "  mov $-1, %r14\n  mov $-1, %r15\n  sub $4096, %rsp\n"
        "  mov $7, %esi\n  jmp hrt_guard_leave\n"
        "trash_and_return:\n"
        "  ret\n");

static void ends_with(void (*fn)(void *, hsb_slot *), uint32_t code) {
  struct hrt_landing landing = {.code = 99}; /* of the call before */
  uint64_t after[SAVED] = {0};
  hsb_slot slots[1] = {0};
  enter_with_patterns(&landing, slots, fn, &landing, after);
  assert_int_equal(landing.code, code);
  for (int n = 0; n < SAVED; n++) {
    assert_int_equal(after[n], 0x1111 * (n + 1));
  }
}

static void landing__gives_registers_back(void **state) {
  (void)state;
  ends_with(trash_and_leave, 7);
  ends_with(trash_and_return, 0);
}
#else
static void landing__gives_registers_back(void **state) {
  (void)state;
  skip();
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(landing__gives_registers_back)};
  return cmocka_run_group_tests_name("landing", tests, NULL, NULL);
}
