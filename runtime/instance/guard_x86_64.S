/* guard_x86_64.S - hrt_guard_enter and hrt_guard_leave (guard.h) for x86-64, System V. */
#if defined(__x86_64__)
        .text
        .globl  hrt_guard_enter
        .hidden hrt_guard_enter
        .type   hrt_guard_enter, @function
        .p2align 4
hrt_guard_enter:                        /* rdi instance, rsi slots, rdx fn, rcx landing */
        .cfi_startproc
        endbr64
        movq    %rbx, 0(%rcx)
        movq    %rbp, 8(%rcx)
        movq    %r12, 16(%rcx)
        movq    %r13, 24(%rcx)
        movq    %r14, 32(%rcx)
        movq    %r15, 40(%rcx)
        movq    %rsp, 48(%rcx)          /* points to the return address */
        movl    $0, 176(%rcx)
        jmpq    *%rdx                   /* which returns to our caller */
        .cfi_endproc
        .size   hrt_guard_enter, . - hrt_guard_enter

        .globl  hrt_guard_leave
        .hidden hrt_guard_leave
        .type   hrt_guard_leave, @function
        .p2align 4
hrt_guard_leave:                        /* rdi landing, esi code */
        .cfi_startproc
        endbr64
        movq    0(%rdi), %rbx
        movq    8(%rdi), %rbp
        movq    16(%rdi), %r12
        movq    24(%rdi), %r13
        movq    32(%rdi), %r14
        movq    40(%rdi), %r15
        movq    48(%rdi), %rsp
        movl    %esi, 176(%rdi)
        retq
        .cfi_endproc
        .size   hrt_guard_leave, . - hrt_guard_leave
#endif
        .section .note.GNU-stack, "", %progbits
