/* linkcheck_flow_kit.h - what the cases of linkcheck_flow_test.c are made of: pieces of assembler,
 * what refusals say, and functions that the cases call. */
#ifndef LINKCHECK_FLOW_KIT_H
#define LINKCHECK_FLOW_KIT_H

#include <stddef.h>

struct flow_case {
  const char *name, *code, *text; /* text: NULL if it is accepted */
};

/* The pieces: the instance is in rdi, its table at 40 (pointer) and 52 (size). */
#define INDEX "mov %esi, %eax\ncmp 52(%rdi), %eax\njae 9f\n"
#define ELEMENT "shl $5, %rax\nadd 40(%rdi), %rax\n"
#define TYPE "lea type(%rip), %rcx\ncmp %rcx, (%rax)\njne 9f\n"
#define CHECKED INDEX ELEMENT TYPE "mov 8(%rax), %rax\n"
#define CHECKED_AT(pointer, size)                                                                  \
  "mov %rbx, %rdi\nmov %ebx, %eax\ncmp " size "(%rdi), %eax\njae 9f\nshl $5, %rax\nadd " pointer   \
  "(%rdi), %rax\n" TYPE "mov 8(%rax), %rax\n"
#define ENTER "push %rbx\nmov %rdi, %rbx\n"
#define LEAVE "pop %rbx\nret\n"
#define TRAP "9: ud2\n"
#define CALL(reg) "call *%" reg "\n"

/* A jump table of four entries, and what it leads to. */
#define TABLE(entries) ".pushsection .rodata\n.balign 4\n8:" entries "\n.popsection\n"
#define FOUR TABLE(".long 1f-8b, 2f-8b, 3f-8b, 3f-8b")
#define BOUND "cmp $3, %esi\nja 9f\nmov %esi, %eax\n"
#define JUMP "lea 8b(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\nadd %rcx, %rax\njmp *%rax\n"
#define TARGETS "1: ret\n2: ret\n3: ret\n" TRAP

/* What functions do first, and one that returns in memory and calls the host. */
#define LIMIT(reg) "cmp -4088(%" reg "), %rsp\njb 9f\n"
#define RESULTS                                                                                    \
  "push %rbx\nmov %rdi, %rbx\nmov -4072(%rsi), %rax\nlea -4096(%rsi), %rdi\ncall *8(%rax)\n"       \
  "mov %rax, (%rbx)\nmov %rbx, %rax\npop %rbx\nret\n"

#define NOT_CHECKED "neither a checked element nor the host"
#define NO_TABLE "no bounded jump table"
#define NOT_RESTORED "without restoring a register"
#define STACK_LEFT "something left on the stack"
#define STACK_LOST "stack pointer that can't be followed"
#define NOT_ALIGNED "call with a stack that is not aligned"
#define ABOVE "store to the return address"
#define FAR "far below the stack pointer"
#define OVERLAP "tables that overlap"
#define FOREIGN "store to what code must not write"

/* Functions that the cases call. other_label and empty_middle are places inside functions. */
static const char flow_functions[] =
    "empty: nop\nempty_middle: ret\n.balign 16, 0xcc\n"
    "other: test %esi, %esi\nje other_label\nnop\nother_label: ret\n.balign 16, 0xcc\n"
    "saved: push %rbx\nxor %ebx, %ebx\nsaved_middle: pop %rbx\nret\n.balign 16, 0xcc\n"
    "trap: ud2\n.balign 16, 0xcc\n"
    "unbalanced: push %rbx\nret\n.balign 16, 0xcc\n"
    "wants: " ENTER "mov -4072(%rdi), %rax\nadd $-4096, %rdi\ncall *8(%rax)\n" LEAVE
    ".balign 16, 0xcc\n"
    "passes: push %rax\ncall wants\npop %rcx\nret\n.balign 16, 0xcc\n"
    "next_table: " ENTER CHECKED_AT("48", "60") CALL("rax") LEAVE TRAP
    ".balign 16, 0xcc\n"
    "most: push %r10\npush %r9\npush %r8\npush %rdi\npush %rsi\npush %rdx\npush %rcx\ncall "
    "empty\npop %rcx\npop %rdx\npop %rsi\npop %rdi\npop %r8\npop %r9\npop %r10\nret\n"
    ".balign 16, 0xcc\n"
    "liar: push %r10\npush %r9\npush %r8\npush %rdi\npush %rsi\npush %rdx\npush %rcx\nxor %ecx, "
    "%ecx\nmov %rcx, (%rsp)\npop %rcx\npop %rdx\npop %rsi\npop %rdi\npop %r8\npop %r9\npop "
    "%r10\nret\n.balign 16, 0xcc\n";

#endif
