/* linkcheck_flow_calls.h - cases of the link check's control flow rules: calls through a table, of
 * the host, of functions, and what these are given. */
#ifndef LINKCHECK_FLOW_CALLS_H
#define LINKCHECK_FLOW_CALLS_H

#include "linkcheck_flow_kit.h"

/* Calls through a table: index, element, type. */
static const struct flow_case element_cases[] = {
    {"checked call", ENTER CHECKED CALL("rax") LEAVE TRAP, NULL},
    {"checked call, moved", ENTER CHECKED "mov %rax, %r8\nxor %eax, %eax\n" CALL("r8") LEAVE TRAP,
     NULL},
    {"checked call, spilled",
     ENTER "sub $16, %rsp\n" CHECKED "mov %rax, 8(%rsp)\nxor %eax, %eax\nmov 8(%rsp), %r9\n" CALL(
         "r9") "add $16, %rsp\n" LEAVE TRAP,
     NULL},
    {"index with rubbish above",
     ENTER "mov %rsi, %rax\ncmp 52(%rdi), %eax\njae 9f\n" ELEMENT TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"no check of the index",
     ENTER "mov %esi, %eax\n" ELEMENT TYPE "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"no check of the type", ENTER INDEX ELEMENT "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"signed comparison of the index",
     ENTER "mov %esi, %eax\ncmp 52(%rdi), %eax\njge 9f\n" ELEMENT TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"index may be the size",
     ENTER "mov %esi, %eax\ncmp 52(%rdi), %eax\nja 9f\n" ELEMENT TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"check the wrong way round",
     ENTER "mov %esi, %eax\ncmp 52(%rdi), %eax\njb 9f\n" ELEMENT TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"operands the wrong way round",
     ENTER "mov %esi, %eax\ncmp %eax, 52(%rdi)\njae 9f\n" ELEMENT TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"index compared in 16 bits",
     ENTER "mov %esi, %eax\ncmp 52(%rdi), %ax\njae 9f\n" ELEMENT TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"index compared in 64 bits",
     ENTER "mov %esi, %eax\ncmp 52(%rdi), %rax\njae 9f\n" ELEMENT TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"another register compared",
     ENTER "mov %esi, %eax\ncmp 52(%rdi), %edx\njae 9f\n" ELEMENT TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"index changed behind the check",
     ENTER INDEX "add $1, %eax\n" ELEMENT TYPE "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"index loaded behind the check",
     ENTER "mov %esi, %eax\ncmp 52(%rdi), %eax\nmov (%rdx), "
           "%eax\njae 9f\n" ELEMENT TYPE "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"flags changed behind the check",
     ENTER "mov %esi, %eax\ncmp 52(%rdi), %eax\ncmp %ecx, %edx\njae 9f\n" ELEMENT TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"flags changed by a shift",
     ENTER "mov %esi, %eax\ncmp 52(%rdi), %eax\nshr $1, %edx\njae 9f\n" ELEMENT TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"size of another table",
     ENTER "mov %esi, %eax\ncmp 76(%rdi), %eax\njae 9f\n" ELEMENT TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"size from linear memory",
     ENTER "mov %esi, %eax\ncmp 0x200034(%rdi,%rdx), %eax\njae 9f\n" ELEMENT TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"size behind the instance",
     ENTER "mov %esi, %eax\ncmp 0x20000c(%rdi), %eax\njae 9f\nshl $5, %rax\nadd 0x200000(%rdi), "
           "%rax\n" TYPE "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"size in the context",
     ENTER "mov %esi, %eax\ncmp -4084(%rdi), %eax\njae 9f\nshl $5, %rax\nadd -4096(%rdi), "
           "%rax\n" TYPE "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"size askew",
     ENTER "mov %esi, %eax\ncmp 53(%rdi), %eax\njae 9f\nshl $5, %rax\nadd 41(%rdi), "
           "%rax\n" TYPE "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"size of another instance",
     ENTER "mov %esi, %eax\ncmp 52(%rdx), %eax\njae 9f\n" ELEMENT TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"element of another table",
     ENTER INDEX "shl $5, %rax\nadd 64(%rdi), %rax\n" TYPE "mov 8(%rax), %rax\n" CALL("rax")
         LEAVE TRAP,
     NOT_CHECKED},
    {"elements too small",
     ENTER INDEX "shl $4, %rax\nadd 40(%rdi), %rax\n" TYPE "mov 8(%rax), %rax\n" CALL("rax")
         LEAVE TRAP,
     NOT_CHECKED},
    {"elements too large",
     ENTER INDEX "shl $6, %rax\nadd 40(%rdi), %rax\n" TYPE "mov 8(%rax), %rax\n" CALL("rax")
         LEAVE TRAP,
     NOT_CHECKED},
    {"offset in 32 bits",
     ENTER INDEX "shl $5, %eax\nadd 40(%rdi), %rax\n" TYPE "mov 8(%rax), %rax\n" CALL("rax")
         LEAVE TRAP,
     NOT_CHECKED},
    {"offset arithmetically",
     ENTER INDEX "sar $5, %rax\nadd 40(%rdi), %rax\n" TYPE "mov 8(%rax), %rax\n" CALL("rax")
         LEAVE TRAP,
     NOT_CHECKED},
    {"table subtracted",
     ENTER INDEX "shl $5, %rax\nsub 40(%rdi), %rax\n" TYPE "mov 8(%rax), %rax\n" CALL("rax")
         LEAVE TRAP,
     NOT_CHECKED},
    {"table added in 32 bits",
     ENTER INDEX "shl $5, %rax\nadd 40(%rdi), %eax\n" TYPE "mov 8(%rax), %rax\n" CALL("rax")
         LEAVE TRAP,
     NOT_CHECKED},
    {"element moved on",
     ENTER INDEX ELEMENT TYPE "add $32, %rax\nmov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"type of the next element",
     ENTER INDEX ELEMENT
     "lea type(%rip), %rcx\ncmp %rcx, 32(%rax)\njne 9f\nmov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"type compared the wrong way round",
     ENTER INDEX ELEMENT
     "lea type(%rip), %rcx\ncmp %rcx, (%rax)\nje 9f\nmov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"type compared in 32 bits",
     ENTER INDEX ELEMENT
     "lea type(%rip), %rcx\ncmp %ecx, (%rax)\njne 9f\nmov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"type compared less or equal",
     ENTER INDEX ELEMENT
     "lea type(%rip), %rcx\ncmp %rcx, (%rax)\nja 9f\nmov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"type from an argument",
     ENTER INDEX ELEMENT "cmp %rdx, (%rax)\njne 9f\nmov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"type from memory",
     ENTER INDEX ELEMENT
     "mov 0x200000(%rdi), %rcx\ncmp %rcx, (%rax)\njne 9f\nmov 8(%rax), %rax\n" CALL("rax")
         LEAVE TRAP,
     NOT_CHECKED},
    {"type that is code",
     ENTER INDEX ELEMENT
     "lea empty(%rip), %rcx\ncmp %rcx, (%rax)\njne 9f\nmov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"type that may change",
     ENTER INDEX ELEMENT
     "lea init(%rip), %rcx\ncmp %rcx, (%rax)\njne 9f\nmov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"null for a type",
     ENTER INDEX ELEMENT "cmpq $0, (%rax)\njne 9f\nmov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"type checked of another element",
     ENTER INDEX ELEMENT "mov %rax, %r8\n" TYPE "mov 8(%r8), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"type check behind the load",
     ENTER INDEX ELEMENT "mov 8(%rax), %r8\n" TYPE CALL("r8") LEAVE TRAP, NOT_CHECKED},
    {"index check behind the load",
     ENTER "mov %esi, %eax\nmov %eax, %edx\n" ELEMENT "cmp 52(%rdi), %edx\njae 9f\n" TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"the type itself called", ENTER INDEX ELEMENT TYPE "mov (%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"another word of the element called",
     ENTER INDEX ELEMENT TYPE "mov 16(%rax), %rax\n" CALL("rax") LEAVE TRAP, NOT_CHECKED},
    {"half a function", ENTER INDEX ELEMENT TYPE "mov 8(%rax), %eax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"function plus something", ENTER CHECKED "add $4, %rax\n" CALL("rax") LEAVE TRAP, NOT_CHECKED},
    {"function and something", ENTER CHECKED "and $-32, %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"element called in memory", ENTER INDEX ELEMENT TYPE "call *8(%rax)\n" LEAVE TRAP, NULL},
    {"element called in memory, unchecked", ENTER INDEX ELEMENT "call *8(%rax)\n" LEAVE TRAP,
     NOT_CHECKED},
    {"element called with an index", ENTER INDEX ELEMENT TYPE "call *8(%rax,%rdx)\n" LEAVE TRAP,
     NOT_CHECKED},
    {"function in a slot called there",
     ENTER "sub $16, %rsp\n" CHECKED "mov %rax, 8(%rsp)\ncall *8(%rsp)\nadd $16, %rsp\n" LEAVE TRAP,
     NULL},
    {"function beside a slot called",
     ENTER "sub $16, %rsp\n" CHECKED "mov %rax, 8(%rsp)\ncall *(%rsp)\nadd $16, %rsp\n" LEAVE TRAP,
     NOT_CHECKED},
    {"type in a word of data",
     ENTER INDEX ELEMENT
     "mov word(%rip), %rcx\ncmp %rcx, (%rax)\njne 9f\nmov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NULL},
    {"type in a word of data, moved",
     ENTER INDEX ELEMENT
     "mov word(%rip), %rcx\nlea (%rcx), %rdx\ncmp %rdx, (%rax)\njne 9f\nmov 8(%rax), %rax\n" CALL(
         "rax") LEAVE TRAP,
     NULL},
    {"type in a word of data and something",
     ENTER INDEX ELEMENT
     "mov word(%rip), %rcx\nlea 1(%rcx), %rdx\ncmp %rdx, (%rax)\njne 9f\nmov 8(%rax), %rax\n" CALL(
         "rax") LEAVE TRAP,
     NOT_CHECKED},
    {"half of a type in a word of data",
     ENTER INDEX ELEMENT
     "mov word(%rip), %ecx\ncmp %rcx, (%rax)\njne 9f\nmov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"word of data called", ENTER "mov init(%rip), %rax\n" CALL("rax") LEAVE, NOT_CHECKED},
    {"function kept over a call",
     ENTER "push %r12\nsub $8, %rsp\n" CHECKED "mov %rax, %r12\ncall empty\nmov %rbx, %rdi\n" CALL(
         "r12") "add $8, %rsp\npop %r12\n" LEAVE TRAP,
     NULL},
    {"function kept below an aligned frame that was left, over a call",
     "push %rbp\nmov %rsp, %rbp\npush %rbx\npush %r12\nmov %rdi, %r12\nand $-32, %rsp\n" CHECKED
     "mov %rax, -8(%rsp)\nlea -8(%rsp), %rbx\nlea -16(%rbp), %rsp\ncall empty\nmov %r12, "
     "%rdi\nmov (%rbx), %rax\n" CALL("rax") "pop %r12\npop %rbx\npop %rbp\nret\n" TRAP,
     NOT_CHECKED},
    {"memory taken for a table",
     ENTER "mov %esi, %eax\ncmp 140(%rdi), %eax\njae 9f\nshl $5, %rax\nadd 128(%rdi), %rax\n" TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"part of what the host tells of the memory taken for a table",
     ENTER "mov %esi, %eax\ncmp 156(%rdi), %eax\njae 9f\nshl $5, %rax\nadd 144(%rdi), %rax\n" TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"type in a word of data that is not relocated",
     ENTER INDEX ELEMENT
     "mov zero(%rip), %rcx\ncmp %rcx, (%rax)\njne 9f\nmov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"type in a word of data, half of it",
     ENTER INDEX ELEMENT
     "mov word+4(%rip), %rcx\ncmp %rcx, (%rax)\njne 9f\nmov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"type in a word of data that points to code",
     ENTER INDEX ELEMENT
     "mov table(%rip), %rcx\ncmp %rcx, (%rax)\njne 9f\nmov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"function in a register that a call changes",
     ENTER CHECKED "mov %rax, %r8\ncall empty\nmov %rbx, %rdi\n" CALL("r8") LEAVE TRAP,
     NOT_CHECKED},
    {"slot overwritten",
     ENTER "sub $16, %rsp\n" CHECKED
           "mov %rax, 8(%rsp)\nmov %rsi, 8(%rsp)\nmov 8(%rsp), %r9\n" CALL(
               "r9") "add $16, %rsp\n" LEAVE TRAP,
     NOT_CHECKED},
    {"slot partly overwritten",
     ENTER "sub $16, %rsp\n" CHECKED
           "mov %rax, 8(%rsp)\nmovw $7, 10(%rsp)\nmov 8(%rsp), %r9\n" CALL(
               "r9") "add $16, %rsp\n" LEAVE TRAP,
     NOT_CHECKED},
    {"slot askew",
     ENTER "sub $32, %rsp\n" CHECKED
           "mov %rax, 8(%rsp)\nmov 12(%rsp), %r9\n" CALL("r9") "add $32, %rsp\n" LEAVE TRAP,
     NOT_CHECKED},
    {"jump around the check",
     ENTER "mov %esi, %eax\ntest %edx, %edx\nje 1f\ncmp 52(%rdi), %eax\njae 9f\n1:\n" ELEMENT TYPE
           "mov 8(%rax), %rax\n" CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"jump around the type",
     ENTER INDEX ELEMENT "test %edx, %edx\nje 1f\n" TYPE "1: mov 8(%rax), %rax\n" CALL("rax")
         LEAVE TRAP,
     NOT_CHECKED},
    {"jump to the call",
     ENTER "mov %rdx, %rax\ntest %edx, %edx\nje 1f\n" CHECKED "1: " CALL("rax") LEAVE TRAP,
     NOT_CHECKED},
    {"two checked ways to one call",
     ENTER "test %edx, %edx\nje 1f\n" CHECKED "jmp 2f\n1:\n" CHECKED "2: " CALL("rax") LEAVE TRAP,
     NULL},
    {"loop of calls",
     ENTER "push %rbp\npush %r12\nmov %esi, %ebp\n1: mov %rbx, %rdi\nmov %ebp, %esi\n" CHECKED CALL(
         "rax") "dec %ebp\njnz 1b\npop %r12\npop %rbp\n" LEAVE TRAP,
     NULL},
    {"call in a loop, checked in its first turn only",
     ENTER
     "push %rbp\npush %r12\nmov %esi, %ebp\n" CHECKED "mov %rax, %r12\n1: mov %rbx, "
     "%rdi\n" CALL("r12") "mov (%rsp), %r12\ndec %ebp\njnz 1b\npop %r12\npop %rbp\n" LEAVE TRAP,
     NOT_CHECKED},
    {"call without the instance", ENTER CHECKED "xor %edi, %edi\n" CALL("rax") LEAVE TRAP,
     "without the instance"},
    {"call with the instance moved", ENTER CHECKED "add $8, %rdi\n" CALL("rax") LEAVE TRAP,
     "without the instance"},
    {"call with room for results",
     ENTER "sub $32, %rsp\n" CHECKED
           "mov %rdi, %rsi\nmov %rsp, %rdi\n" CALL("rax") "add $32, %rsp\n" LEAVE TRAP,
     NULL},
    {"call with room for results elsewhere",
     ENTER CHECKED "mov %rdi, %rsi\nmov %rdx, %rdi\n" CALL("rax") LEAVE TRAP,
     "without the instance"},
    {"pointer of the table overwritten",
     ENTER CHECKED CALL("rax") "mov %rax, 40(%rbx)\n" LEAVE TRAP, "pointer of a table"},
    {"pointer of the table partly overwritten",
     ENTER CHECKED CALL("rax") "movb $1, 47(%rbx)\n" LEAVE TRAP, "pointer of a table"},
    {"pointer of the table overwritten by a vector",
     ENTER CHECKED CALL("rax") "movups %xmm0, 32(%rbx)\n" LEAVE TRAP, "pointer of a table"},
    {"word beside the table", ENTER CHECKED CALL("rax") "mov %rax, 32(%rbx)\n" LEAVE TRAP, NULL},
    {"size of the table grown", ENTER CHECKED CALL("rax") "movl $7, 52(%rbx)\n" LEAVE TRAP, NULL},
    {"two tables side by side",
     ENTER CHECKED CALL("rax") CHECKED_AT("56", "68") CALL("rax") LEAVE TRAP, NULL},
    {"table that begins in the middle of another",
     ENTER CHECKED CALL("rax") CHECKED_AT("48", "60") CALL("rax") LEAVE TRAP, OVERLAP},
    {"table that ends in the middle of another",
     ENTER CHECKED CALL("rax") CHECKED_AT("32", "44") CALL("rax") LEAVE TRAP, OVERLAP},
    {"table in the middle of another one's, in a callee",
     ENTER CHECKED CALL("rax") "mov %rbx, %rdi\ncall next_table\n" LEAVE TRAP, OVERLAP},
    {"three tables, the last two overlap",
     ENTER CHECKED CALL("rax") CHECKED_AT("72", "84") CALL("rax") CHECKED_AT("80", "92") CALL("rax")
         LEAVE TRAP,
     OVERLAP},
    {"call of an argument", ENTER "call *%rsi\n" LEAVE, NOT_CHECKED},
    {"call through an argument", ENTER "call *8(%rsi)\n" LEAVE, NOT_CHECKED},
    {"call through linear memory", ENTER "mov %esi, %eax\ncall *0x200000(%rdi,%rax)\n" LEAVE,
     NOT_CHECKED},
    {"call of what linear memory holds",
     ENTER "mov %esi, %eax\nmov 0x200000(%rdi,%rax), %rax\n" CALL("rax") LEAVE, NOT_CHECKED},
    {"call through data", ENTER "call *init(%rip)\n" LEAVE, NOT_CHECKED},
    {"call of a code address", ENTER "lea empty(%rip), %rax\n" CALL("rax") LEAVE, NOT_CHECKED},
    {"call through the instance", ENTER "call *8(%rdi)\n" LEAVE, NOT_CHECKED},
    {"call through a stack slot", ENTER "call *(%rsp)\n" LEAVE, NOT_CHECKED},
    {"call of the own return address", ENTER "mov 8(%rsp), %rax\n" CALL("rax") LEAVE, NOT_CHECKED},
};

/* Calls of the host. */
static const struct flow_case host_cases[] = {
    {"host", ENTER "mov -4072(%rdi), %rax\nadd $-4096, %rdi\ncall *8(%rax)\n" LEAVE, NULL},
    {"host, by a register",
     ENTER "mov -4072(%rdi), %rax\nadd $-4096, %rdi\nmov 32(%rax), %r8\n" CALL("r8") LEAVE, NULL},
    {"host, before its functions",
     ENTER "mov -4072(%rdi), %rax\nadd $-4096, %rdi\ncall *(%rax)\n" LEAVE, NOT_CHECKED},
    {"host, behind its functions",
     ENTER "mov -4072(%rdi), %rax\nadd $-4096, %rdi\ncall *48(%rax)\n" LEAVE, NOT_CHECKED},
    {"host, between its functions",
     ENTER "mov -4072(%rdi), %rax\nadd $-4096, %rdi\ncall *12(%rax)\n" LEAVE, NOT_CHECKED},
    {"host, before its table",
     ENTER "mov -4072(%rdi), %rax\nadd $-4096, %rdi\ncall *-8(%rax)\n" LEAVE, NOT_CHECKED},
    {"host with an index",
     ENTER "mov -4072(%rdi), %rax\nadd $-4096, %rdi\ncall *8(%rax,%rsi,8)\n" LEAVE, NOT_CHECKED},
    {"host moved",
     ENTER "mov -4072(%rdi), %rax\nadd $8, %rax\nadd $-4096, %rdi\ncall *8(%rax)\n" LEAVE,
     NOT_CHECKED},
    {"host of another word", ENTER "mov -4056(%rdi), %rax\nadd $-4096, %rdi\ncall *8(%rax)\n" LEAVE,
     NOT_CHECKED},
    {"host, half of the pointer",
     ENTER "mov -4072(%rdi), %eax\nadd $-4096, %rdi\ncall *8(%rax)\n" LEAVE, NOT_CHECKED},
    {"host of another instance",
     ENTER "mov -4072(%rsi), %rax\nadd $-4096, %rdi\ncall *8(%rax)\n" LEAVE, NOT_CHECKED},
    {"host without its context", ENTER "mov -4072(%rdi), %rax\ncall *8(%rax)\n" LEAVE,
     "without its context"},
    {"host with a wrong context",
     ENTER "mov -4072(%rdi), %rax\nadd $-4088, %rdi\ncall *8(%rax)\n" LEAVE, "without its context"},
    {"import", ENTER "mov -4064(%rdi), %rax\nadd $-4096, %rdi\ncall *16(%rax)\n" LEAVE, NULL},
    {"import behind the last",
     ENTER "mov -4064(%rdi), %rax\nadd $-4096, %rdi\ncall *32(%rax)\n" LEAVE, NOT_CHECKED},
    {"import's environment called",
     ENTER "mov -4064(%rdi), %rax\nadd $-4096, %rdi\ncall *8(%rax)\n" LEAVE, NOT_CHECKED},
    {"import before the first",
     ENTER "mov -4064(%rdi), %rax\nadd $-4096, %rdi\ncall *-16(%rax)\n" LEAVE, NOT_CHECKED},
    {"fuel written", "mov %rsi, -4080(%rdi)\nret", NULL},
    {"fuel wanted", "mov %esi, -4092(%rdi)\nret", NULL},
    {"fuel wanted and more", "mov %rsi, -4092(%rdi)\nret", "store to the context"},
    {"size of the context overwritten", "mov %esi, -4096(%rdi)\nret", "store to the context"},
    {"host overwritten", "mov %rsi, -4072(%rdi)\nret", "store to the context"},
    {"imports overwritten", "mov %rsi, -4064(%rdi)\nret", "store to the context"},
    {"limit of the stack overwritten", "mov %rsi, -4088(%rdi)\nret", "store to the context"},
    {"owner overwritten", "mov %rsi, -4056(%rdi)\nret", "store to the context"},
    {"fuel and more overwritten", "movups %xmm0, -4080(%rdi)\nret", "store to the context"},
    {"half of the fuel written", "mov %esi, -4076(%rdi)\nret", "store to the context"},
    {"host overwritten by arithmetic", "addq $8, -4072(%rdi)\nret", "store to the context"},
    {"host overwritten, moved", "lea -4096(%rdi), %rax\nmov %rsi, 24(%rax)\nret",
     "store to the context"},
};

/* What callees are given. */
static const struct flow_case callee_cases[] = {
    {"callee with the instance", "push %rbx\ncall wants\npop %rbx\nret", NULL},
    {"callee without the instance", "push %rbx\nxor %edi, %edi\ncall wants\npop %rbx\nret",
     NOT_CHECKED},
    {"callee once with, once without the instance",
     ENTER "call wants\nmov %rbx, %rdi\ncall wants\nmov %rax, %rdi\ncall wants\n" LEAVE,
     NOT_CHECKED},
    {"callee's callee without the instance",
     "push %rbx\nlea 8(%rdi), %rdi\ncall passes\npop "
     "%rbx\nret",
     NOT_CHECKED},
    {"host's function that returns in memory", LIMIT("rsi") RESULTS TRAP, NOT_CHECKED},
    {"callee breaks a rule", "push %rbx\ncall unbalanced\npop %rbx\nret", STACK_LEFT},
};

/* Functions that tables may hold. */
static const struct flow_case table_cases[] = {
    {"table's function", LIMIT("rdi") "xor %eax, %eax\nret\n" TRAP, NULL},
    {"table's function that calls another", ENTER LIMIT("rdi") CHECKED CALL("rax") LEAVE TRAP,
     NULL},
    {"table's function that returns in memory", LIMIT("rsi") RESULTS TRAP, NULL},
    {"table's function that takes both for the instance",
     "push %rbx\nmov %rsi, %rbx\nmov -4072(%rdi), %rax\nadd $-4096, %rdi\ncall *8(%rax)\nmov "
     "-4072(%rbx), %rax\nlea -4096(%rbx), %rdi\ncall *8(%rax)\npop %rbx\nret",
     NOT_CHECKED},
    {"table's function that takes a third for the instance",
     LIMIT("rdx") ENTER "mov -4072(%rdx), %rax\nlea -4096(%rdx), %rdi\ncall *8(%rax)\n" LEAVE TRAP,
     NOT_CHECKED},
    {"table's function that breaks a rule", LIMIT("rdi") "push %rbx\nret\n" TRAP, STACK_LEFT},
    {"table's function that breaks a rule, results in memory", LIMIT("rsi") "push %rbx\nret\n" TRAP,
     STACK_LEFT},
};

#endif
