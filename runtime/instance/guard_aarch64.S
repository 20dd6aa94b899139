/* guard_aarch64.S - hrt_guard_enter and hrt_guard_leave (guard.h) for AArch64, AAPCS64. */
#if defined(__aarch64__)
        .text
        .globl  hrt_guard_enter
        .hidden hrt_guard_enter
        .type   hrt_guard_enter, %function
        .p2align 4
hrt_guard_enter:                        /* x0 instance, x1 slots, x2 fn, x3 landing */
        .cfi_startproc
        hint    #34                     /* bti c */
        stp     x19, x20, [x3, #0]
        stp     x21, x22, [x3, #16]
        stp     x23, x24, [x3, #32]
        stp     x25, x26, [x3, #48]
        stp     x27, x28, [x3, #64]
        stp     x29, x30, [x3, #80]
        stp     d8, d9, [x3, #96]
        stp     d10, d11, [x3, #112]
        stp     d12, d13, [x3, #128]
        stp     d14, d15, [x3, #144]
        mov     x9, sp
        str     x9, [x3, #160]
        str     wzr, [x3, #176]
        mov     x16, x2                 /* by x16 a jump may go where a call may */
        br      x16                     /* fn returns to our caller */
        .cfi_endproc
        .size   hrt_guard_enter, . - hrt_guard_enter

        .globl  hrt_guard_leave
        .hidden hrt_guard_leave
        .type   hrt_guard_leave, %function
        .p2align 4
hrt_guard_leave:                        /* x0 landing, w1 code */
        .cfi_startproc
        hint    #34
        ldp     x19, x20, [x0, #0]
        ldp     x21, x22, [x0, #16]
        ldp     x23, x24, [x0, #32]
        ldp     x25, x26, [x0, #48]
        ldp     x27, x28, [x0, #64]
        ldp     x29, x30, [x0, #80]
        ldp     d8, d9, [x0, #96]
        ldp     d10, d11, [x0, #112]
        ldp     d12, d13, [x0, #128]
        ldp     d14, d15, [x0, #144]
        ldr     x9, [x0, #160]
        mov     sp, x9
        str     w1, [x0, #176]
        ret
        .cfi_endproc
        .size   hrt_guard_leave, . - hrt_guard_leave
#endif
        .section .note.GNU-stack, "", %progbits
