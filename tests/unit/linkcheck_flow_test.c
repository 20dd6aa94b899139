/* linkcheck_flow_test.c - the link check's control flow rules, each with functions that keep it and
 * functions that break it. All stand in one image; each in turn is made the function that the host
 * calls (or that a table holds), so that no other can be reached. */
#include <stdbool.h>
#include <time.h>

#include "linkcheck_kit.h"

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

static const struct flow_case {
  const char *name, *code, *text; /* text: NULL if it is accepted */
} cases[] = {
    /* --- functions --- */
    {"nothing", "ret", NULL},
    {"trap", "ud2", NULL},
    {"call that returns into padding", "push %rbx\ncall empty\nint3", "runs into padding"},
    {"call that returns into the next function",
     "push %rbx\ncall empty\n1: ret\nxor %eax, %eax\ncall 1b\nret", "runs out of its function"},
    {"call that does not return, and padding", "push %rbx\ncall trap\nint3", NULL},
    {"call that does not return, and the next function",
     "push %rbx\ncall trap\n1: ret\nxor %eax, %eax\ncall 1b\nret", NULL},
    {"jump to another function", "jmp empty", "jump out of its function"},
    {"conditional jump to another function", "test %esi, %esi\nje empty\nret",
     "jump out of its function"},
    {"jump into another function", "jmp empty_middle", "jump out of its function"},
    {"jump to a label of the function before", "jmp other_label", "jump out of its function"},
    {"call of the middle of a function", "push %rbx\ncall saved_middle\npop %rbx\nret",
     "above where the function began"},
    {"call of the own middle", "push %rcx\ncall 1f\nxor %eax, %eax\n1: ret",
     "runs out of its function"},
    {"code address of the own middle", "lea 1f(%rip), %rax\n1: ret", "runs out of its function"},
    {"loop", "1: dec %esi\njnz 1b\nret", NULL},
    {"endless loop", "1: jmp 1b", NULL},
    /* --- the stack --- */
    {"balanced push", "push %rbx\npop %rbx\nret", NULL},
    {"frame", "sub $40, %rsp\nmov %rsi, 8(%rsp)\nadd $40, %rsp\nret", NULL},
    {"frame by lea", "lea -40(%rsp), %rsp\nlea 40(%rsp), %rsp\nret", NULL},
    {"frame pointer", "push %rbp\nmov %rsp, %rbp\nsub $64, %rsp\nmov %rbp, %rsp\npop %rbp\nret",
     NULL},
    {"leave", "push %rbp\nmov %rsp, %rbp\nsub $64, %rsp\nleave\nret", NULL},
    {"aligned frame",
     "push %rbp\nmov %rsp, %rbp\npush %rbx\nand $-32, %rsp\nsub $64, %rsp\nmov %rbx, "
     "(%rsp)\nlea -8(%rbp), %rsp\npop %rbx\npop %rbp\nret",
     NULL},
    {"call with a stack that is not aligned", "call empty\nret", NOT_ALIGNED},
    {"call with four bytes too many", "sub $12, %rsp\ncall empty\nadd $12, %rsp\nret", NOT_ALIGNED},
    {"call of an element with a stack that is not aligned",
     "push %rbx\npush %rbx\nmov %rdi, %rbx\n" CHECKED CALL("rax") "pop %rbx\npop %rbx\nret\n" TRAP,
     NOT_ALIGNED},
    {"call of the host with a stack that is not aligned",
     "mov -4072(%rdi), %rax\nadd $-4096, %rdi\ncall *8(%rax)\nret", NOT_ALIGNED},
    {"call in an aligned frame",
     "push %rbp\nmov %rsp, %rbp\nand $-32, %rsp\nsub $48, %rsp\ncall empty\nmov %rbp, %rsp\npop "
     "%rbp\nret",
     NULL},
    {"call in an aligned frame that is not aligned",
     "push %rbp\nmov %rsp, %rbp\nand $-32, %rsp\nsub $40, %rsp\ncall empty\nmov %rbp, %rsp\npop "
     "%rbp\nret",
     NOT_ALIGNED},
    {"aligned to 8 bytes", "and $-8, %rsp\nret", STACK_LOST},
    {"return with a push", "push %rbx\nret", STACK_LEFT},
    {"return with a frame", "sub $8, %rsp\nret", STACK_LEFT},
    {"return above the frame", "pop %rax\nret", "above where the function began"},
    {"add too much", "sub $8, %rsp\nadd $16, %rsp\nret", "above where the function began"},
    {"return aligned", "and $-32, %rsp\nret", STACK_LEFT},
    {"aligned twice", "and $-32, %rsp\nand $-32, %rsp\nret", STACK_LOST},
    {"aligned up", "and $32, %rsp\nret", STACK_LOST},
    {"aligned to a page and more", "and $-8192, %rsp\nret", STACK_LOST},
    {"store above an aligned frame",
     "push %rbp\nmov %rsp, %rbp\nand $-32, %rsp\nmov %rsi, 8(%rsp)\nmov %rbp, %rsp\npop %rbp\nret",
     "aligned frame"},
    {"store below, by the frame pointer",
     "push %rbp\nmov %rsp, %rbp\nand $-32, %rsp\nmov %rsi, -8(%rbp)\nmov %rbp, %rsp\npop %rbp\nret",
     "aligned frame"},
    {"frame too large", "sub $0x80000, %rsp\nadd $0x80000, %rsp\nret", "frame that is too large"},
    {"largest frame", "sub $0x40000, %rsp\nadd $0x40000, %rsp\nret", NULL},
    {"stack pointer from a register", "mov %rsi, %rsp\nret", STACK_LOST},
    {"stack pointer from memory", "mov (%rsi), %rsp\nret", STACK_LOST},
    {"stack pointer from the instance", "mov %rdi, %rsp\nret", STACK_LOST},
    {"stack pointer in 32 bits", "sub $8, %esp\nadd $8, %esp\nret", STACK_LOST},
    {"stack pointer in 16 bits", "sub $8, %sp\nadd $8, %sp\nret", STACK_LOST},
    {"stack pointer less a register", "sub %rsi, %rsp\nadd %rsi, %rsp\nret", STACK_LOST},
    {"stack pointer by xchg", "xchg %rsp, %rax\nret", STACK_LOST},
    {"stack pointer by cmov", "cmove %rax, %rsp\nret", STACK_LOST},
    {"stack pointer by pop", "push %rax\npop %rsp\nret", STACK_LOST},
    {"stack pointer by leave", "leave\nret", STACK_LOST},
    {"stack pointer shifted", "shl $1, %rsp\nret", STACK_LOST},
    {"stack pointer negated", "not %rsp\nnot %rsp\nret", STACK_LOST},
    {"stack pointer increased", "inc %rsp\ndec %rsp\nret", "above where the function began"},
    {"stack pointer by an index", "lea 8(%rsp,%rax,8), %rsp\nret", STACK_LOST},
    {"stack pointer by mulx", "mulx %rax, %rsp, %rax\nret", STACK_LOST},
    {"stack pointer by mulx's other result", "mulx %rax, %rax, %rsp\nret", STACK_LOST},
    {"stack pointer by pext", "pext %rax, %rax, %rsp\nret", STACK_LOST},
    {"stack pointer by blsr", "blsr %rax, %rsp\nret", STACK_LOST},
    {"stack pointer by pextrq", "pextrq $1, %xmm0, %rsp\nret", STACK_LOST},
    {"stack pointer by cvttsd2si", "cvttsd2si %xmm0, %rsp\nret", STACK_LOST},
    {"stack pointer by movq", "movq %xmm0, %rsp\nret", STACK_LOST},
    {"stack pointer by bsf", "bsf %rax, %rsp\nret", STACK_LOST},
    {"stack pointer by popcnt", "popcnt %rax, %rsp\nret", STACK_LOST},
    {"stack pointer by movbe", "movbe (%rax), %rsp\nret", STACK_LOST},
    {"stack pointer by shrd", "shrd $3, %rax, %rsp\nret", STACK_LOST},
    {"stack pointer by bts", "bts $3, %rsp\nret", STACK_LOST},
    {"stack pointer by setcc", "sete %spl\nret", STACK_LOST},
    {"stack pointer by kmov", "kmovq %k1, %rsp\nret", STACK_LOST},
    {"stack pointer by pmovmskb", "pmovmskb %xmm0, %esp\nret", STACK_LOST},
    {"stack pointer by imul", "imul $1, %rsp, %rsp\nret", STACK_LOST},
    {"stack pointer by bswap", "bswap %rsp\nbswap %rsp\nret", STACK_LOST},
    {"stack pointer by movabs", "movabs $0x123456789abc, %rsp\nret", STACK_LOST},
    {"pop to memory", "push %rax\npop (%rsi)\nret", STACK_LOST},
    {"two depths at one place", "test %esi, %esi\nje 1f\npush %rax\n1: ret", "depends on the way"},
    {"deeper every turn", "1: push %rax\ndec %esi\njnz 1b\nret", "depends on the way"},
    {"rbx not saved", "mov %rsi, %rbx\nret", NOT_RESTORED},
    {"rbp not saved", "xor %ebp, %ebp\nret", NOT_RESTORED},
    {"r12 not saved", "inc %r12\nret", NOT_RESTORED},
    {"r13 not saved", "pop %r13\npush %r13\nret", "above where the function began"},
    {"r14 not saved", "mov %r15, %r14\nret", NOT_RESTORED},
    {"r15 not saved, one way", "test %esi, %esi\nje 1f\nxor %r15d, %r15d\n1: ret", NOT_RESTORED},
    {"restored in the wrong order", "push %rbx\npush %rbp\npop %rbx\npop %rbp\nret", NOT_RESTORED},
    {"saved too late", "xor %ebx, %ebx\npush %rbx\npop %rbx\nret", NOT_RESTORED},
    {"saved copy overwritten", "push %rbx\nmov %rsi, (%rsp)\npop %rbx\nret", NOT_RESTORED},
    {"saved copy partly overwritten", "push %rbx\nmovb $1, 7(%rsp)\npop %rbx\nret", NOT_RESTORED},
    {"masks below a saved copy",
     "push %rbx\nsub $8, %rsp\nkmovb %k1, 7(%rsp)\nkmovw %k1, 6(%rsp)\nkmovd %k1, 4(%rsp)\n"
     "kmovq %k1, (%rsp)\nadd $8, %rsp\npop %rbx\nret",
     NULL},
    {"saved copy overwritten by kmovb",
     "push %rbx\nsub $8, %rsp\nkmovb %k1, 8(%rsp)\nadd $8, %rsp\npop %rbx\nret", NOT_RESTORED},
    {"saved copy overwritten by kmovw",
     "push %rbx\nsub $8, %rsp\nkmovw %k1, 7(%rsp)\nadd $8, %rsp\npop %rbx\nret", NOT_RESTORED},
    {"saved copy overwritten by kmovd",
     "push %rbx\nsub $8, %rsp\nkmovd %k1, 5(%rsp)\nadd $8, %rsp\npop %rbx\nret", NOT_RESTORED},
    {"saved copy overwritten by kmovq",
     "push %rbx\nsub $8, %rsp\nkmovq %k1, 1(%rsp)\nadd $8, %rsp\npop %rbx\nret", NOT_RESTORED},
    {"saved copy overwritten by a vector",
     "push %rbp\npush %rbx\nmovups %xmm0, (%rsp)\npop "
     "%rbx\npop %rbp\nret",
     NOT_RESTORED},
    {"saved copy overwritten from below",
     "push %rbx\nsub $8, %rsp\nmovups %xmm0, (%rsp)\nadd $8, "
     "%rsp\npop %rbx\nret",
     NOT_RESTORED},
    {"saved copy overwritten by a scaled vector",
     "sub $64, %rsp\npush %rbx\nsub $64, %rsp\nvmovups %zmm0, "
     "64(%rsp)\nadd $64, %rsp\npop %rbx\nadd $64, %rsp\nret",
     NOT_RESTORED},
    {"below the saved copy, vpmovwb",
     "push %rbx\nsub $80, %rsp\nvpmovwb %ymm0, 64(%rsp)\nadd $80, %rsp\npop %rbx\nret", NULL},
    {"saved copy overwritten by vpmovwb",
     "push %rbp\npush %rbx\nsub $80, %rsp\nvpmovwb %ymm0, 80(%rsp)\nadd $80, %rsp\npop %rbx\n"
     "pop %rbp\nret",
     NOT_RESTORED},
    {"below the saved copy, vpmovdb",
     "push %rbx\nsub $80, %rsp\nvpmovdb %zmm0, 64(%rsp)\nadd $80, %rsp\npop %rbx\nret", NULL},
    {"saved copy overwritten by vpmovdb",
     "push %rbp\npush %rbx\nsub $80, %rsp\nvpmovdb %zmm0, 80(%rsp)\nadd $80, %rsp\npop %rbx\n"
     "pop %rbp\nret",
     NOT_RESTORED},
    {"below the saved copy, vpmovqb",
     "push %rbx\nsub $80, %rsp\nvpmovqb %zmm0, 72(%rsp)\nadd $80, %rsp\npop %rbx\nret", NULL},
    {"saved copy overwritten by vpmovqb",
     "push %rbx\nsub $80, %rsp\nvpmovqb %zmm0, 80(%rsp)\nadd $80, %rsp\npop %rbx\nret",
     NOT_RESTORED},
    {"below the saved copy, vpmovdw",
     "push %rbx\nsub $80, %rsp\nvpmovdw %ymm0, 64(%rsp)\nadd $80, %rsp\npop %rbx\nret", NULL},
    {"saved copy overwritten by vpmovdw",
     "push %rbp\npush %rbx\nsub $80, %rsp\nvpmovdw %ymm0, 80(%rsp)\nadd $80, %rsp\npop %rbx\n"
     "pop %rbp\nret",
     NOT_RESTORED},
    {"below the saved copy, vpmovqw",
     "push %rbx\nsub $80, %rsp\nvpmovqw %zmm0, 64(%rsp)\nadd $80, %rsp\npop %rbx\nret", NULL},
    {"saved copy overwritten by vpmovqw",
     "push %rbp\npush %rbx\nsub $80, %rsp\nvpmovqw %zmm0, 80(%rsp)\nadd $80, %rsp\npop %rbx\n"
     "pop %rbp\nret",
     NOT_RESTORED},
    {"below the saved copy, vpmovqd",
     "push %rbx\nsub $80, %rsp\nvpmovqd %zmm0, 32(%rsp)\nadd $80, %rsp\npop %rbx\nret", NULL},
    {"saved copy overwritten by vpmovqd",
     "push %rbx\nsub $80, %rsp\nvpmovqd %zmm0, 49(%rsp)\nadd $80, %rsp\npop %rbx\nret",
     NOT_RESTORED},
    {"below the saved copy, vpmovswb",
     "push %rbx\nsub $80, %rsp\nvpmovswb %xmm0, 72(%rsp)\nadd $80, %rsp\npop %rbx\nret", NULL},
    {"saved copy overwritten by vpmovswb",
     "push %rbx\nsub $80, %rsp\nvpmovswb %xmm0, 80(%rsp)\nadd $80, %rsp\npop %rbx\nret",
     NOT_RESTORED},
    {"below the saved copy, vpmovusqb",
     "push %rbx\nsub $80, %rsp\nvpmovusqb %ymm0, 76(%rsp)\nadd $80, %rsp\npop %rbx\nret", NULL},
    {"saved copy overwritten by vpmovusqb",
     "push %rbx\nsub $80, %rsp\nvpmovusqb %ymm0, 80(%rsp)\nadd $80, %rsp\npop %rbx\nret",
     NOT_RESTORED},
    {"saved copy overwritten by arithmetic", "push %rbx\naddq $1, (%rsp)\npop %rbx\nret",
     NOT_RESTORED},
    {"saved copy overwritten by setcc", "push %rbx\nsete 3(%rsp)\npop %rbx\nret", NOT_RESTORED},
    {"saved copy overwritten by pextrb", "push %rbx\npextrb $1, %xmm0, (%rsp)\npop %rbx\nret",
     NOT_RESTORED},
    {"saved copy below the stack, and a call",
     "push %rcx\nmov %rbx, -8(%rsp)\nxor %ebx, %ebx\ncall "
     "empty\nmov -8(%rsp), %rbx\npop %rcx\nret",
     NOT_RESTORED},
    {"saved copy in the red zone", "mov %rbx, -8(%rsp)\nxor %ebx, %ebx\nmov -8(%rsp), %rbx\nret",
     NULL},
    {"half of it restored", "push %rbx\nxor %ebx, %ebx\nmov (%rsp), %ebx\nadd $8, %rsp\nret",
     NOT_RESTORED},
    {"kept in a register", "mov %rbx, %rcx\nxor %ebx, %ebx\nmov %rcx, %rbx\nret", NULL},
    {"kept in a register over a call",
     "sub $8, %rsp\nmov %rbx, %rcx\nxor %ebx, %ebx\ncall empty\nmov %rcx, "
     "%rbx\nadd $8, %rsp\nret",
     NOT_RESTORED},
    {"kept over a call that keeps it",
     "sub $8, %rsp\nmov %rbx, %rcx\nxor %ebx, %ebx\ncall most\nmov %rcx, "
     "%rbx\nadd $8, %rsp\nret",
     NULL},
    {"kept over a call that says it keeps it",
     "sub $8, %rsp\nmov %rbx, %rcx\nxor %ebx, %ebx\ncall liar\nmov "
     "%rcx, %rbx\nadd $8, %rsp\nret",
     NOT_RESTORED},
    /* --- stores to known places --- */
    {"return address overwritten", "mov %rsi, (%rsp)\nret", ABOVE},
    {"byte of the return address overwritten", "movb $1, 3(%rsp)\nret", ABOVE},
    {"return address overwritten from below", "movups %xmm0, -8(%rsp)\nret", ABOVE},
    {"return address overwritten by arithmetic", "addq $5, (%rsp)\nret", ABOVE},
    {"return address overwritten by the frame pointer",
     "push %rbp\nmov %rsp, %rbp\nmov %rsi, 8(%rbp)\npop %rbp\nret", ABOVE},
    {"argument on the stack overwritten", "mov %rsi, 8(%rsp)\nret", NULL},
    {"argument and return address overwritten", "movups %xmm0, 4(%rsp)\nret", ABOVE},
    {"argument on the stack read", "mov 8(%rsp), %rax\nret", NULL},
    {"aligned frame, top overwritten",
     "push %rbp\nmov %rsp, %rbp\nand $-32, %rsp\nmov %rsi, -8(%rsp)\nmov %rbp, %rsp\npop %rbp\nret",
     NULL},
    {"aligned frame, overwritten across its top",
     "mov %rsp, %rax\nand $-32, %rsp\nmov %rsi, -4(%rsp)\nmov %rax, %rsp\nret", "aligned frame"},
    {"aligned frame, stored to after it was left",
     "push %rbp\nmov %rsp, %rbp\nand $-32, %rsp\nmov %rsp, %rax\nmov %rbp, %rsp\nmov %rsi, "
     "-64(%rax)\npop %rbp\nret",
     FAR},
    {"two frames, one aligned",
     "mov %rsp, %rcx\nsub $0x40000, %rsp\nand $-32, %rsp\nsub $0x40000, %rsp\nmov %rcx, %rsp\nret",
     "frame that is too large"},
    {"end of the red zone", "mov %rsi, -128(%rsp)\nret", NULL},
    {"below the red zone", "mov %rsi, -136(%rsp)\nret", FAR},
    {"return address overwritten by stos", "mov %rsp, %rdi\nstosq\nret", ABOVE},
    {"return address overwritten by movs", "mov %rsp, %rdi\nmovsq\nret", ABOVE},
    {"return address overwritten by rep stos", "lea -64(%rsp), %rdi\nmov $9, %ecx\nrep stosq\nret",
     ABOVE},
    {"frame filled by rep stos", "lea -64(%rsp), %rdi\nmov $8, %ecx\nrep stosq\nret", NULL},
    {"frame filled by rep stosb", "lea -64(%rsp), %rdi\nmov $64, %ecx\nrep stosb\nret", NULL},
    {"instance filled by a long rep stos", "mov $513, %ecx\nrep stosq\nret",
     "string of unknown length"},
    {"frame filled by rep stos of unknown length", "lea -64(%rsp), %rdi\nrep stosq\nret",
     "string of unknown length"},
    {"saved copy overwritten by rep movs",
     "push %rbx\nlea -64(%rsp), %rdi\nmov $9, %ecx\nrep movsq\npop %rbx\nret", NOT_RESTORED},
    {"context overwritten by stos", "add $-4072, %rdi\nstosq\nret", "store to the context"},
    {"linear memory filled by rep stos", "add $0x200000, %rdi\nmov %rdx, %rcx\nrep stosb\nret",
     NULL},
    {"host's table overwritten", "mov -4072(%rdi), %rax\nmov %rsi, 8(%rax)\nret", FOREIGN},
    {"imports overwritten where they are", "mov -4064(%rdi), %rax\nmov %rsi, (%rax)\nret", FOREIGN},
    {"image overwritten", "mov %rsi, init(%rip)\nret", FOREIGN},
    {"checked element overwritten",
     ENTER INDEX ELEMENT TYPE "mov %rdx, 8(%rax)\ncall *8(%rax)\n" LEAVE TRAP, FOREIGN},
    {"element overwritten, as by table.set", INDEX ELEMENT "movups %xmm0, (%rax)\nret\n" TRAP,
     NULL},
    {"pointer of the memory overwritten", "mov %rsi, 128(%rdi)\nret", "tells of the memory"},
    {"end of what the host tells of the memory overwritten", "movb $1, 151(%rdi)\nret",
     "tells of the memory"},
    {"what the host tells of the memory overwritten from below", "movups %xmm0, 120(%rdi)\nret",
     "tells of the memory"},
    {"words around what the host tells of the memory",
     "mov %rsi, 120(%rdi)\nmov %rsi, 152(%rdi)\nret", NULL},
    /* --- calls through a table --- */
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
    /* --- calls of the host --- */
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
    {"host overwritten", "mov %rsi, -4072(%rdi)\nret", "store to the context"},
    {"imports overwritten", "mov %rsi, -4064(%rdi)\nret", "store to the context"},
    {"limit of the stack overwritten", "mov %rsi, -4088(%rdi)\nret", "store to the context"},
    {"owner overwritten", "mov %rsi, -4056(%rdi)\nret", "store to the context"},
    {"fuel and more overwritten", "movups %xmm0, -4080(%rdi)\nret", "store to the context"},
    {"half of the fuel written", "mov %esi, -4076(%rdi)\nret", "store to the context"},
    {"host overwritten by arithmetic", "addq $8, -4072(%rdi)\nret", "store to the context"},
    {"host overwritten, moved", "lea -4096(%rdi), %rax\nmov %rsi, 24(%rax)\nret",
     "store to the context"},
    /* --- jump tables --- */
    {"jump table", FOUR BOUND JUMP TARGETS, NULL},
    {"jump table, index masked", FOUR "mov %esi, %eax\nand $3, %eax\n" JUMP TARGETS, NULL},
    {"jump table, index shifted", FOUR "mov %esi, %eax\nshr $30, %eax\n" JUMP TARGETS, NULL},
    {"jump table, index moved", FOUR "lea -5(%rsi), %eax\ncmp $3, %eax\nja 9f\n" JUMP TARGETS,
     NULL},
    {"jump table, copy compared",
     FOUR "mov %esi, %eax\nmov %eax, %edx\ncmp $3, %edx\nja 9f\n" JUMP TARGETS, NULL},
    {"jump table, index compared in 64 bits",
     FOUR "cmp $3, %rsi\nja 9f\nmov %rsi, %rax\n" JUMP TARGETS, NULL},
    {"jump table, copy of the low half compared in 64 bits",
     FOUR "mov %esi, %eax\ncmp $3, %rax\nja 9f\nmov %rsi, %rax\n" JUMP TARGETS, NO_TABLE},
    {"jump table, low half compared in 64 bits",
     FOUR "mov %esi, %eax\ncmp $3, %rax\nja 9f\n" JUMP TARGETS, NULL},
    {"jump table, copy compared in 64 bits, low half used",
     FOUR "mov %rsi, %rdx\ncmp $3, %rdx\nja 9f\nmov %esi, %eax\n" JUMP TARGETS, NULL},
    {"jump table, copy of the low half or of all compared in 64 bits",
     FOUR "mov %rsi, %rcx\ntest %edx, %edx\nje 4f\nmov %esi, %eax\njmp 5f\n4: mov %rsi, %rax\n"
          "5: cmp $3, %rax\nja 9f\nmov %rsi, %rax\n" JUMP TARGETS,
     NO_TABLE},
    {"way that a comparison of 64 bits leaves to the low half",
     "mov %esi, %eax\ncmp $3, %rsi\njbe 9f\ncmp $3, %eax\njbe 1f\nret\n1: jmp *%rdx\n" TRAP,
     NO_TABLE},
    {"way that a comparison of 64 bits leaves to the low half, not equal",
     "mov %esi, %eax\nand $1, %eax\nmov %rsi, %rcx\ncmp $0, %rsi\njne 2f\nret\n"
     "2: mov %ecx, %eax\ntest %eax, %eax\nje 1f\nret\n1: jmp *%rdx\n" TRAP,
     NO_TABLE},
    {"index in a slot that the host writes to",
     FOUR "sub $24, %rsp\nand $3, %esi\nmov %rsi, (%rsp)\nmov %rsp, %rsi\nmov -4064(%rdi), "
          "%rax\nadd $-4096, %rdi\ncall *16(%rax)\nmov (%rsp), %rax\nadd $24, %rsp\n" JUMP TARGETS,
     NO_TABLE},
    {"bound of a slot that the other part of an aligned frame holds",
     FOUR "push %rbp\nmov %rsp, %rbp\nand $-32, %rsp\ncmpl $3, -64(%rbp)\nja 9f\nmov -64(%rbp), "
          "%eax\nmov %rbp, %rsp\npop %rbp\n" JUMP TARGETS,
     NO_TABLE},
    {"bound of a slot below the red zone",
     FOUR "cmpl $3, -136(%rsp)\nja 9f\nmov -136(%rsp), %eax\n" JUMP TARGETS, NO_TABLE},
    {"bound of an argument on the stack",
     FOUR "cmpl $3, 8(%rsp)\nja 9f\nmov 8(%rsp), %eax\n" JUMP TARGETS, NULL},
    {"bound of a place whose number is that of a copy",
     FOUR "cmpl $3, 4f-empty+1(%rsp)\n4: mov %esi, %edx\nja 9f\nmov (%rsp), %eax\n" JUMP TARGETS,
     NO_TABLE},
    {"jump table by lea",
     FOUR BOUND "lea 8b(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\nlea (%rax,%rcx), %rdx\njmp "
                "*%rdx\n" TARGETS,
     NULL},
    {"jump table without a bound", FOUR "mov %esi, %eax\n" JUMP TARGETS, NO_TABLE},
    {"index one too many", FOUR "cmp $4, %esi\nja 9f\nmov %esi, %eax\n" JUMP TARGETS, "jump"},
    {"bound far too large", FOUR "cmp $0x7fffffff, %esi\nja 9f\nmov %esi, %eax\n" JUMP TARGETS,
     "read-only data"},
    {"signed bound", FOUR "cmp $3, %esi\njg 9f\nmov %esi, %eax\n" JUMP TARGETS, NO_TABLE},
    {"bound the wrong way round", FOUR "cmp $3, %esi\njb 9f\nmov %esi, %eax\n" JUMP TARGETS,
     NO_TABLE},
    {"only the other way bounded", FOUR "cmp $3, %esi\njbe 9f\nmov %esi, %eax\n" JUMP TARGETS,
     NO_TABLE},
    {"bound of another register", FOUR "cmp $3, %edx\nja 9f\nmov %esi, %eax\n" JUMP TARGETS,
     NO_TABLE},
    {"bound of the low half", FOUR "cmp $3, %esi\nja 9f\nmov %rsi, %rax\n" JUMP TARGETS, NO_TABLE},
    {"bound of 16 bits", FOUR "cmp $3, %si\nja 9f\nmov %esi, %eax\n" JUMP TARGETS, NO_TABLE},
    {"bound of 8 bits", FOUR "cmp $3, %sil\nja 9f\nmov %esi, %eax\n" JUMP TARGETS, NO_TABLE},
    {"bound of 8 bits, extended", FOUR "cmp $3, %sil\nja 9f\nmovzbl %sil, %eax\n" JUMP TARGETS,
     NULL},
    {"bound of 16 bits, extended", FOUR "cmp $3, %si\nja 9f\nmovzwl %si, %eax\n" JUMP TARGETS,
     NULL},
    {"bound of 8 bits, copied and extended",
     FOUR "mov %esi, %edx\ncmp $3, %sil\nja 9f\nmovzbl %dl, %eax\n" JUMP TARGETS, NULL},
    {"bound of 8 bits, 16 extended", FOUR "cmp $3, %sil\nja 9f\nmovzwl %si, %eax\n" JUMP TARGETS,
     "jump"},
    {"bound of 16 bits, 8 extended", FOUR "cmp $3, %si\nja 9f\nmovzbl %sil, %eax\n" JUMP TARGETS,
     "jump"},
    {"bound of 8 bits, sign-extended", FOUR "cmp $3, %sil\nja 9f\nmovsbl %sil, %eax\n" JUMP TARGETS,
     NO_TABLE},
    {"bound of 8 bits, changed, extended",
     FOUR "cmp $3, %sil\nja 9f\nadd $1, %sil\nmovzbl %sil, %eax\n" JUMP TARGETS, "jump"},
    {"bound of 8 bits of another register",
     FOUR "cmp $3, %dl\nja 9f\nmovzbl %sil, %eax\n" JUMP TARGETS, "jump"},
    {"bound of the high byte",
     FOUR "mov %esi, %eax\ncmp $3, %ah\nja 9f\nmovzbl %al, %eax\n" JUMP TARGETS, "jump"},
    {"signed bound of 8 bits", FOUR "movzbl %sil, %eax\ncmp $3, %al\njg 9f\n" JUMP TARGETS, "jump"},
    {"signed bound of 8 bits, extended",
     FOUR "cmp $3, %sil\njg 9f\nmovzbl %sil, %eax\n" JUMP TARGETS, "jump"},
    {"bound of 8 bits of an extended byte",
     FOUR "movzbl %sil, %eax\ncmp $3, %al\nja 9f\n" JUMP TARGETS, NULL},
    {"index from bsf of something",
     FOUR "or $8, %esi\nbsf %esi, %eax\ncmp $3, %eax\nja 9f\n" JUMP TARGETS, NULL},
    {"index from bsf of nothing", FOUR "bsf %esi, %eax\ncmp $3, %eax\nja 9f\n" JUMP TARGETS,
     NO_TABLE},
    {"index from tzcnt of nothing", FOUR "tzcnt %esi, %eax\ncmp $3, %eax\nja 9f\n" JUMP TARGETS,
     NO_TABLE},
    {"index from popcnt", FOUR "popcnt %rsi, %rax\ncmp $3, %rax\nja 9f\n" JUMP TARGETS, NULL},
    {"index from popcnt without a bound", FOUR "popcnt %esi, %eax\n" JUMP TARGETS, "jump"},
    {"index xored", FOUR "mov %esi, %eax\nand $1, %eax\nxor $2, %eax\n" JUMP TARGETS, NULL},
    {"index xored too far", FOUR "mov %esi, %eax\nand $1, %eax\nxor $4, %eax\n" JUMP TARGETS,
     "jump"},
    {"index by setcc", FOUR "xor %eax, %eax\ncmp %edx, %esi\nseta %al\n" JUMP TARGETS, NULL},
    {"index by setcc over rubbish", FOUR "mov %esi, %eax\ncmp %edx, %esi\nseta %al\n" JUMP TARGETS,
     NO_TABLE},
    {"index by setcc of the high byte",
     FOUR "xor %eax, %eax\ncmp %edx, %esi\nseta %ah\n" JUMP TARGETS, NO_TABLE},
    {"bound of a slot",
     FOUR "mov %esi, -8(%rsp)\ncmpl $3, -8(%rsp)\nja 9f\nmov -8(%rsp), %eax\n" JUMP TARGETS, NULL},
    {"bound of a slot that changed",
     FOUR "cmpl $3, -8(%rsp)\nmov %esi, -8(%rsp)\nja 9f\nmov -8(%rsp), %eax\n" JUMP TARGETS,
     NO_TABLE},
    {"bound of a slot that changed behind it",
     FOUR "cmpl $3, -8(%rsp)\nja 9f\nmov %sil, -7(%rsp)\nmov -8(%rsp), %eax\n" JUMP TARGETS,
     NO_TABLE},
    {"bound of another slot", FOUR "cmpl $3, -16(%rsp)\nja 9f\nmov -8(%rsp), %eax\n" JUMP TARGETS,
     NO_TABLE},
    {"bound of half a slot", FOUR "cmpl $3, -8(%rsp)\nja 9f\nmov -8(%rsp), %rax\n" JUMP TARGETS,
     NO_TABLE},
    {"signed bound of a slot", FOUR "cmpl $3, -8(%rsp)\njg 9f\nmov -8(%rsp), %eax\n" JUMP TARGETS,
     NO_TABLE},
    {"bound of linear memory",
     FOUR "cmpl $3, 0x200000(%rdi,%rdx)\nja 9f\nmov 0x200000(%rdi,%rdx), %eax\n" JUMP TARGETS,
     NO_TABLE},
    {"bound over a label", FOUR "cmp $3, %esi\nje 4f\nnop\n4: ja 9f\nmov %esi, %eax\n" JUMP TARGETS,
     NULL},
    {"two bounds at a label",
     FOUR "test %edx, %edx\nje 5f\ncmp $3, %esi\njmp 4f\n5: cmp $7, %esi\n4: ja 9f\nmov %esi, "
          "%eax\n" JUMP TARGETS,
     NO_TABLE},
    {"bound over a label of what changes there",
     FOUR "cmp $3, %esi\nje 4f\nmov %edx, %esi\n4: ja 9f\nmov %esi, %eax\n" JUMP TARGETS, NO_TABLE},
    {"negative bound", FOUR "cmp $-3, %rsi\nja 9f\nmov %rsi, %rax\n" JUMP TARGETS, NO_TABLE},
    {"index changed behind the bound", FOUR BOUND "inc %eax\n" JUMP TARGETS, "jump"},
    {"index doubled behind the bound", FOUR BOUND "shl $1, %eax\n" JUMP TARGETS, "jump"},
    {"index multiplied behind the bound", FOUR BOUND "imul %edx, %eax\n" JUMP TARGETS, NO_TABLE},
    {"index loaded behind the bound", FOUR BOUND "mov (%rdx), %eax\n" JUMP TARGETS, NO_TABLE},
    {"index sign-extended", FOUR BOUND "movslq %esi, %rax\n" JUMP TARGETS, NO_TABLE},
    {"upper half of the index set", FOUR BOUND "bts $40, %rax\n" JUMP TARGETS, NO_TABLE},
    {"one byte of the index set", FOUR BOUND "mov $9, %al\n" JUMP TARGETS, NO_TABLE},
    {"high byte of the index set", FOUR BOUND "mov $9, %ah\n" JUMP TARGETS, NO_TABLE},
    {"jump around the bound",
     FOUR "test %edx, %edx\nje 1f\ncmp $3, %esi\nja 9f\n1: mov %esi, "
          "%eax\n" JUMP "ret\n1: ret\n2: ret\n3: ret\n" TRAP,
     NO_TABLE},
    {"bound of the loop's last turn",
     FOUR "4: mov %esi, %eax\ncmp $3, %esi\nja 9f\nmov %edx, %esi\nmov %esi, %eax\n" JUMP TARGETS,
     NO_TABLE},
    {"copy of the turn before",
     FOUR "4: mov %esi, %eax\nmov (%rdx), %esi\ncmp $3, %esi\nja 4b\n" JUMP TARGETS, NO_TABLE},
    {"index scaled wrongly",
     FOUR BOUND
     "lea 8b(%rip), %rcx\nmovslq (%rcx,%rax,8), %rax\nadd %rcx, %rax\njmp *%rax\n" TARGETS,
     NO_TABLE},
    {"index not scaled",
     FOUR BOUND "lea 8b(%rip), %rcx\nmovslq (%rcx,%rax), %rax\nadd %rcx, %rax\njmp *%rax\n" TARGETS,
     NO_TABLE},
    {"table and a displacement",
     FOUR BOUND
     "lea 8b(%rip), %rcx\nmovslq 4(%rcx,%rax,4), %rax\nadd %rcx, %rax\njmp *%rax\n" TARGETS,
     NO_TABLE},
    {"entry not sign-extended",
     FOUR BOUND "lea 8b(%rip), %rcx\nmov (%rcx,%rax,4), %eax\nadd %rcx, %rax\njmp *%rax\n" TARGETS,
     NO_TABLE},
    {"entry without the table",
     FOUR BOUND "lea 8b(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\njmp *%rax\n" TARGETS, NO_TABLE},
    {"entry and another table",
     FOUR BOUND "lea 8b(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\nlea type(%rip), %rcx\nadd %rcx, "
                "%rax\njmp *%rax\n" TARGETS,
     NO_TABLE},
    {"entry and code",
     FOUR BOUND "lea 8b(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\nlea empty(%rip), %rcx\nadd %rcx, "
                "%rax\njmp *%rax\n" TARGETS,
     NO_TABLE},
    {"entry subtracted",
     FOUR BOUND
     "lea 8b(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\nsub %rcx, %rax\njmp *%rax\n" TARGETS,
     NO_TABLE},
    {"entry moved on",
     FOUR BOUND "lea 8b(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\nadd %rcx, "
                "%rax\ninc %rax\njmp *%rax\n" TARGETS,
     NO_TABLE},
    {"entry loaded twice",
     FOUR BOUND "lea 8b(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\nmovslq (%rcx,%rax,4), %rax\nadd "
                "%rcx, %rax\njmp *%rax\n" TARGETS,
     NO_TABLE},
    {"table chosen by a register",
     FOUR BOUND "mov %rdx, %rcx\nmovslq (%rcx,%rax,4), %rax\nadd %rcx, %rax\njmp *%rax\n" TARGETS,
     NO_TABLE},
    {"table in linear memory",
     FOUR BOUND "lea 0x200000(%rdi), %rcx\nmovslq (%rcx,%rax,4), %rax\nadd %rcx, %rax\njmp "
                "*%rax\n" TARGETS,
     NO_TABLE},
    {"table on the stack",
     FOUR BOUND
     "lea -64(%rsp), %rcx\nmovslq (%rcx,%rax,4), %rax\nadd %rcx, %rax\njmp *%rax\n" TARGETS,
     NO_TABLE},
    {"table in data that is relocated",
     BOUND "lea init(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\nadd %rcx, %rax\njmp "
           "*%rax\n" TARGETS,
     "read-only data"},
    {"table in the code",
     BOUND
     "lea 1f(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\nadd %rcx, %rax\njmp *%rax\n1: "
     "ret\nret\nret\nret\nret\nret\nret\nret\nret\nret\nret\nret\nret\nret\nret\nret\nret\n" TRAP,
     "out of its function"},
    {"entry in another function", TABLE(".long 1f-8b, 2f-8b, 3f-8b, empty-8b") BOUND JUMP TARGETS,
     "jump out of its function"},
    {"entry in the function before",
     TABLE(".long 1f-8b, other_label-8b, 3f-8b, 3f-8b") BOUND JUMP TARGETS,
     "jump out of its function"},
    {"entry in data", TABLE(".long 1f-8b, 2f-8b, 3f-8b, 0") BOUND JUMP TARGETS,
     "jump out of its function"},
    {"entry in the middle of an instruction",
     TABLE(".long 1f-8b, 2f-8b, 3f-8b, 4f+1-8b") BOUND JUMP "4: mov $0xc3c3c3c3, %eax\n" TARGETS,
     "middle of an instruction"},
    {"entry in padding", TABLE(".long 1f-8b, 2f-8b, 3f-8b, 4f-8b") BOUND JUMP TARGETS "4: int3\n",
     "middle of an instruction"},
    {"entry with another depth of the stack",
     TABLE(".long 1f-8b, 2f-8b, 3f-8b, 4f-8b") BOUND "push %rbx\n" JUMP
                                                     "1: 2: 3: pop %rbx\n4: ret\n" TRAP,
     "depends on the way"},
    {"entry that leaves the stack", FOUR BOUND "push %rbx\n" JUMP TARGETS, STACK_LEFT},
    {"entry that skips the check",
     TABLE(".long 1f-8b, 2f-8b, 3f-8b, 3f-8b") ENTER INDEX BOUND JUMP
     "1:\n" ELEMENT TYPE "mov 8(%rax), %rax\n" CALL("rax") "2: 3:" LEAVE TRAP,
     NOT_CHECKED},
    {"jump through a slot",
     FOUR BOUND "lea 8b(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\nadd %rcx, %rax\nmov %rax, "
                "-8(%rsp)\njmp *-8(%rsp)\n" TARGETS,
     NULL},
    {"jump beside a slot",
     FOUR BOUND "lea 8b(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\nadd %rcx, %rax\nmov %rax, "
                "-8(%rsp)\njmp *-16(%rsp)\n" TARGETS,
     NO_TABLE},
    {"jump through memory", BOUND "jmp *0x200000(%rdi,%rax,8)", NO_TABLE},
    {"jump through data", "jmp *init(%rip)", NO_TABLE},
    {"jump to an argument", "jmp *%rsi", NO_TABLE},
    {"jump to a function", "lea empty(%rip), %rax\njmp *%rax", NO_TABLE},
    {"jump to a checked element", CHECKED "jmp *%rax\n" TRAP, NO_TABLE},
    {"jump to the host", "mov -4072(%rdi), %rax\nmov 8(%rax), %rax\njmp *%rax", NO_TABLE},
    {"jump to the return address", "pop %rax\njmp *%rax", "above where the function began"},
    {"call of a jump table's entry",
     FOUR BOUND
     "lea 8b(%rip), %rcx\nmovslq (%rcx,%rax,4), %rax\nadd %rcx, %rax\ncall *%rax\n" TARGETS,
     NOT_CHECKED},
    /* --- what callees are given --- */
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
#define CASES (sizeof cases / sizeof *cases)

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
#define TABLE_CASES (sizeof table_cases / sizeof *table_cases)

/* Functions that the cases call. other_label and empty_middle are places inside functions. */
static const char functions[] =
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

static image plugin;

static uint64_t symbol(const image *i, const char *name) {
  const Elf64_Shdr *table = kit_section(i, SHT_SYMTAB);
  const Elf64_Shdr *names = (const Elf64_Shdr *)(i->bytes + kit_header(i)->e_shoff);
  const Elf64_Sym *s = (const Elf64_Sym *)(i->bytes + table->sh_offset);
  names += table->sh_link;
  for (size_t n = 0; n < table->sh_size / sizeof *s; n++) {
    if (strcmp((const char *)i->bytes + names->sh_offset + s[n].st_name, name) == 0) {
      return s[n].st_value;
    }
  }
  fail_msg("no symbol %s", name);
  return 0;
}

/* The word at that address will point to `to`. */
static void point(const image *i, uint64_t word, uint64_t to) {
  const Elf64_Shdr *section = kit_section(i, SHT_RELA);
  Elf64_Rela *r = (Elf64_Rela *)(i->bytes + section->sh_offset);
  while (r->r_offset != word) {
    r++;
    assert_true((uint8_t *)r < i->bytes + section->sh_offset + section->sh_size);
  }
  r->r_addend = (int64_t)to;
}

static void write_plugin(FILE *f) {
  fprintf(f, ".section .rodata\ntype: .zero 32\n"
             ".section .data.rel.ro,\"aw\"\n.balign 8\n.globl helios_plugin\n"
             ".type helios_plugin,@object\n.size helios_plugin,136\n"
             "helios_plugin: .long 136, 1, 4, 256, 128, 0, 0, 1, 2, 0, 0, 0\n"
             ".quad exports, 0, 0, 0, 0\n.zero 32\ninit: .quad empty, 0\n"
             "exports: .zero 32\n.quad empty\ntable: .quad empty\nword: .quad type\nzero: .quad 0\n"
             ".section .note.GNU-stack,\"\",@progbits\n");
}

static int setup(void **state) {
  char path[128];
  if (kit_setup(state)) {
    return 1;
  }
  snprintf(path, sizeof path, "%s/flow.s", kit_folder);
  FILE *f = fopen(path, "w");
  fprintf(f, ".text\n%s", functions);
  for (size_t i = 0; i < CASES; i++) {
    fprintf(f, "case_%zu: %s\n.balign 16, 0xcc\n", i, cases[i].code);
  }
  for (size_t i = 0; i < TABLE_CASES; i++) {
    fprintf(f, "case_%zu: %s\n.balign 16, 0xcc\n", CASES + i, table_cases[i].code);
  }
  write_plugin(f);
  fclose(f);
  if (kit_run("clang --target=x86_64-linux-gnu " LINK_FLAGS " flow.s -o flow.so")) {
    return 1;
  }
  plugin = kit_read("flow.so");
  return 0;
}

static int teardown(void **state) {
  free(plugin.bytes);
  return kit_teardown(state);
}

/* Makes the case the function that the word points to; true if it is judged as it should. */
static bool judge(const struct flow_case *c, size_t number, const char *word) {
  char name[32];
  hcc_linkcheck_report report;
  image so = kit_copy(&plugin);
  snprintf(name, sizeof name, "case_%zu", number);
  point(&so, symbol(&so, word), symbol(&so, name));
  int refused = hcc_linkcheck(&report, so.bytes, so.size);
  bool right =
      c->text == NULL ? refused == 0 : refused == 1 && strstr(report.text, c->text) != NULL;
  if (!right) {
    print_message("%s: %s\n", c->name, refused ? report.text : "accepted");
  }
  free(so.bytes);
  return right;
}

static void judge__each(void **state) {
  (void)state;
  size_t refused = 0, wrong = 0;
  kit_accepted(&plugin, "the plugin itself");
  for (size_t i = 0; i < CASES; i++) {
    wrong += !judge(&cases[i], i, "init");
    refused += cases[i].text != NULL;
  }
  for (size_t i = 0; i < TABLE_CASES; i++) {
    wrong += !judge(&table_cases[i], CASES + i, "table");
    refused += table_cases[i].text != NULL;
  }
  print_message("%zu accepted, %zu refused\n", CASES + TABLE_CASES - refused, refused);
  assert_int_equal(wrong, 0);
  assert_true(refused >= 200);
}

/* The linker puts these in place of the allocator. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static long left = -1; /* allocations that still succeed; -1: all */
static bool again;     /* those behind the one that fails succeed */

static bool fails(void) {
  bool none = left == 0;
  left -= left > 0 || (none && again);
  return none;
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : __real_calloc(count, size);
}

/* Where memory ends a stack may hold anything: what was not set must not be taken for an answer. */
static void __attribute__((noinline)) fill_stack(void) {
  volatile uint8_t bytes[16384];
  for (size_t i = 0; i < sizeof bytes; i++) {
    bytes[i] = 1;
  }
}

/* The N-th allocation fails, and then all behind it, for every N. */
static void memory__none_is_a_refusal(void **state) {
  enum { PLENTY = 1000 };
  (void)state;
  for (size_t c = 0; c < 3; c++) { /* those of table_cases that are accepted */
    char name[32];
    hcc_linkcheck_report report;
    image so = kit_copy(&plugin);
    snprintf(name, sizeof name, "case_%zu", CASES + c);
    point(&so, symbol(&so, "table"), symbol(&so, name));
    left = PLENTY;
    assert_int_equal(hcc_linkcheck(&report, so.bytes, so.size), 0);
    long all = PLENTY - left;
    assert_in_range(all, 5, PLENTY - 1);
    for (long n = 0; n < 2 * all; n++) {
      fill_stack();
      left = n / 2;
      again = n % 2 == 0;
      int refused = hcc_linkcheck(&report, so.bytes, so.size);
      left = -1;
      assert_int_equal(refused, 1);
      assert_non_null(strstr(report.text, "memory"));
    }
    free(so.bytes);
  }
}

/* Assembles a plugin of the given functions and checks it; the time that took in seconds. */
static double timed(const char *name, const char *code, hcc_linkcheck_report *report) {
  char path[128];
  struct timespec a, b;
  snprintf(path, sizeof path, "%s/large.s", kit_folder);
  FILE *f = fopen(path, "w");
  fprintf(f, ".text\nempty: ret\n%s", code);
  write_plugin(f);
  fclose(f);
  assert_int_equal(
      kit_run("clang --target=x86_64-linux-gnu " LINK_FLAGS " -Wl,-s large.s -o large.so"), 0);
  image i = kit_read("large.so");
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
  int refused = hcc_linkcheck(report, i.bytes, i.size);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
  free(i.bytes);
  if (refused) {
    fail_msg("%s: %s", name, report->text);
  }
  return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

/* 40,000 functions of the usual kind, each with a loop, a call through a table and one of a
 * function. */
static void report__speed(void **state) {
  (void)state;
  hcc_linkcheck_report report;
  double s = timed(
      "speed",
      ".rept 40000\n7: push %r14\npush %rbx\nsub $24, %rsp\nmov %rdi, %rbx\n" LIMIT(
          "rdi") "mov %esi, %r14d\nmov %rdx, 8(%rsp)\n1: mov %r14d, %eax\n"
                 "mov 0x200000(%rbx,%rax), %ecx\nadd %ecx, %r14d\ntest %ecx, %ecx\n"
                 "jne 1b\nmovss 0x200008(%rbx,%rax), %xmm0\nmulss %xmm0, %xmm0\n"
                 "movss %xmm0, 0x200004(%rbx,%rax)\nmov %rbx, %rdi\nmov %r14d, %esi\n" CHECKED CALL(
                     "rax") "mov 8(%rsp), %rcx\nlea (%rax,%rcx,4), %eax\ncmp $3, %eax\n"
                            "ja 2f\nmov %rbx, %rdi\ncall empty\n2: add $24, %rsp\n"
                            "pop %rbx\npop %r14\nret\n" TRAP
                            ".pushsection .data.rel.ro\n.quad 7b\n.popsection\n.endr\n",
      &report);
  print_message("%.1f MiB of code, %.0f MiB/s\n", (double)report.text_bytes / (1 << 20),
                (double)report.text_bytes / s / (1 << 20));
  assert_true(report.text_bytes > 5u << 20);
}

/* A function in which every block has a label, most lead back, and what is known differs: it must
 * take time in proportion to its length. */
static void report__tangle(void **state) {
  (void)state;
  enum { BLOCKS = 30000 };
  static char code[BLOCKS * 96];
  hcc_linkcheck_report report;
  size_t used = (size_t)sprintf(code, "tangle: jmp l%d\n", BLOCKS - 1);
  for (int i = 0; i < BLOCKS; i++) {
    used += (size_t)sprintf(code + used, "l%d: lea %d(%%rsp), %%rax\ntest %%edx, %%edx\nje l%d\n",
                            i, -8 - i % 500, (int)((unsigned)i * 7919u % BLOCKS));
    used += (size_t)sprintf(code + used, i == 0 ? "ret\n" : "jmp l%d\n", i - 1);
  }
  strcpy(code + used, ".pushsection .data.rel.ro\n.quad tangle\n.popsection\n");
  double s = timed("tangle", code, &report);
  print_message("%.1f MiB of code, %.0f MiB/s\n", (double)report.text_bytes / (1 << 20),
                (double)report.text_bytes / s / (1 << 20));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(judge__each),
      cmocka_unit_test(memory__none_is_a_refusal),
      cmocka_unit_test(report__speed),
      cmocka_unit_test(report__tangle),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
