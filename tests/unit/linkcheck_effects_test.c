/* linkcheck_effects_test.c - the link check's table of what instructions change, against the
 * processor: random allowed instructions are executed with known registers, flags and memory, and
 * whatever is different afterwards must have been announced. */
#include "linkcheck_kit.h"

#if defined(__x86_64__)

#include <signal.h>
#include <sys/mman.h>

#include "linkcheck_effects.h"

enum { SCRATCH = 16384, MIDDLE = SCRATCH / 2, FLAGS = 0x8d5, ROUNDS = 400000 };

static uint64_t effects_in[16] __attribute__((used)), effects_out[16] __attribute__((used));
static uint64_t effects_flags[2] __attribute__((used)); /* before, behind */
static void *effects_code __attribute__((used));
static uint64_t effects_stack __attribute__((used));
static uint8_t *scratch, before[SCRATCH];
static sigjmp_buf landing;
static uint8_t seen[HCC_X86_MAPS][256];

void effects_run(void);
void effects_back(void);
#define EACH(op, array)                                                                            \
  op(array, 0, rax) op(array, 1, rcx) op(array, 2, rdx) op(array, 3, rbx) op(array, 5, rbp)        \
      op(array, 6, rsi) op(array, 7, rdi) op(array, 8, r8) op(array, 9, r9) op(array, 10, r10)     \
          op(array, 11, r11) op(array, 12, r12) op(array, 13, r13) op(array, 14, r14)              \
              op(array, 15, r15)
#define LOAD(array, n, reg) "mov " #array "+8*" #n "(%rip), %" #reg "\n"
#define STORE(array, n, reg) "mov %" #reg ", " #array "+8*" #n "(%rip)\n"
__asm__(
    ".text\n.globl effects_run, effects_back\n"
    "effects_run:\npush %rbx\npush %rbp\npush %r12\npush %r13\npush %r14\npush %r15\n"
    "mov %rsp, effects_stack(%rip)\npush effects_flags(%rip)\npopfq\n" EACH(LOAD, effects_in) LOAD(
        effects_in, 4,
        rsp) "jmp *effects_code(%rip)\n"
             "effects_back:\n" STORE(effects_out, 4, rsp) "mov effects_stack(%rip), %rsp\n" EACH(
                 STORE,
                 effects_out) "pushfq\npop effects_flags+8(%rip)\ncld\n"
                              "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbp\npop %rbx\nret\n");

static void fault(int signal) {
  siglongjmp(landing, signal);
}

static int setup(void **state) {
  static uint8_t stack[65536];
  (void)state;
  scratch = mmap(NULL, SCRATCH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  effects_code =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (scratch == MAP_FAILED || effects_code == MAP_FAILED) {
    return 1;
  }
  stack_t alt = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_handler = fault, .sa_flags = SA_ONSTACK};
  return sigaltstack(&alt, NULL) || sigaction(SIGSEGV, &action, NULL) ||
         sigaction(SIGBUS, &action, NULL) || sigaction(SIGILL, &action, NULL) ||
         sigaction(SIGFPE, &action, NULL);
}

static uint64_t random_state = 88172645463325252u;

static uint64_t random_bits(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state >> 16;
}

/* An allowed instruction that neither branches nor addresses itself nor scatters. */
static bool choose(hcc_x86_insn *insn, uint8_t bytes[16]) {
  static const uint8_t leads[] = {0x0f, 0xc4, 0xc5, 0x62, 0x66, 0xf3, 0xf2, 0x48, 0x0f, 0x4d};
  unsigned n = (unsigned)random_bits() % 4;
  for (unsigned i = 0; i < 16; i++) {
    bytes[i] = i < n ? leads[random_bits() % sizeof leads] : (uint8_t)random_bits();
  }
  if (n > 0 && bytes[n - 1] == 0x62) {
    bytes[n] = (uint8_t)((bytes[n] & 0xf0) | (1 + bytes[n] % 3));
    bytes[n + 1] |= 4;
  } else if (n > 0 && bytes[n - 1] == 0xc4) {
    bytes[n] = (uint8_t)((bytes[n] & 0xe0) | (1 + bytes[n] % 3));
  }
  if (hcc_x86_decode(insn, bytes, 16) != 0 || insn->refusal != NULL || insn->branches ||
      insn->addresses || insn->flow != HCC_X86_NEXT) {
    return false;
  }
  bool vectors = insn->map == HCC_X86_E2 && insn->opcode >= 0xa0 && insn->opcode <= 0xa3;
  bool tsx = insn->map == HCC_X86_ONE && (insn->opcode == 0xc6 || insn->opcode == 0xc7) &&
             !insn->memory && (insn->rm & 7) == 0 && insn->reg == 7;
  return !vectors && !tsx;
}

/* Registers at random, those of an address so that it lies in the scratch memory; where it does. */
static uint64_t prepare(const hcc_x86_insn *insn) {
  uint64_t middle = (uint64_t)(uintptr_t)(scratch + MIDDLE);
  for (unsigned i = 0; i < 16; i++) {
    effects_in[i] = random_bits() << 32 ^ random_bits();
  }
  effects_in[HCC_X86_SP] = effects_in[HCC_X86_SI] = effects_in[HCC_X86_DI] = middle;
  effects_in[HCC_X86_CX] %= 64;
  effects_flags[0] = (random_bits() & FLAGS) | 2;
  if (insn->memory && insn->index < 16) {
    effects_in[insn->index] = insn->base == HCC_X86_NONE ? 0 : 64;
  }
  bool scaled = insn->short_displacement && insn->map >= HCC_X86_E1;
  uint64_t displacement = scaled ? 0 : (uint64_t)(int64_t)insn->displacement;
  uint64_t index = insn->memory && insn->index < 16 ? 64u * insn->scale : 0;
  if (insn->memory && insn->base < 16) {
    effects_in[insn->base] = middle - displacement - index;
  }
  for (unsigned i = 0; i < SCRATCH; i++) {
    scratch[i] = (uint8_t)(i * 7 + 3);
  }
  memcpy(before, scratch, SCRATCH);
  return scaled ? 0 : middle;
}

/* Did it run? It may not be this processor's, have no memory where it looks, or divide by zero. */
static __attribute__((noinline)) bool run(void) {
  if (sigsetjmp(landing, 1) != 0) {
    return false;
  }
  effects_run();
  return true;
}

static void execute(const hcc_x86_insn *insn, const uint8_t *bytes, const char *text) {
  uint8_t *code = effects_code;
  uint64_t back = (uint64_t)(uintptr_t)effects_back, address = prepare(insn);
  hcc_x86_effect e = hcc_x86_effect_of(insn);
  memcpy(code, bytes, insn->length);
  memcpy(code + insn->length, "\xff\x25\0\0\0\0", 6); /* jmp to the address behind it */
  memcpy(code + insn->length + 6, &back, 8);
  if (!run()) {
    return;
  }
  seen[insn->map][insn->opcode] = 1;
  for (unsigned i = 0; i < 16; i++) {
    bool writes = (e.writes >> i & 1) != 0;
    if (!writes && effects_in[i] != effects_out[i]) {
      fail_msg("%s: register %u changed", text, i);
    }
    if (writes && e.extends && effects_out[i] >> 32 != 0) {
      fail_msg("%s: register %u is wide", text, i);
    }
  }
  if (e.keeps_flags && ((effects_flags[0] ^ effects_flags[1]) & FLAGS) != 0) {
    fail_msg("%s: flags changed", text);
  }
  bool implied = (e.writes >> HCC_X86_SP & 1) != 0 || (insn->map == HCC_X86_ONE && !insn->memory);
  size_t changed = 0;
  for (size_t i = 0; i < SCRATCH && !implied; i++) {
    if (scratch[i] != before[i]) {
      uint64_t at = (uint64_t)(uintptr_t)(scratch + i);
      changed++;
      if (address != 0 && at - address >= e.stores) {
        fail_msg("%s: a byte changed at %+ld", text, (long)(at - address));
      }
    }
  }
  if (changed > e.stores) {
    fail_msg("%s: %zu bytes changed", text, changed);
  }
}

static void effects__executed(void **state) {
  (void)state;
  unsigned executed = 0, opcodes = 0;
  for (unsigned i = 0; i < ROUNDS; i++) {
    uint8_t bytes[16];
    hcc_x86_insn insn;
    char text[64] = "";
    if (!choose(&insn, bytes)) {
      continue;
    }
    for (unsigned b = 0; b < insn.length; b++) {
      snprintf(text + 3 * b, 4, "%02x ", bytes[b]);
    }
    execute(&insn, bytes, text);
    executed++;
  }
  for (unsigned i = 0; i < HCC_X86_MAPS * 256; i++) {
    opcodes += seen[i / 256][i % 256];
  }
  print_message("%u instructions, %u opcodes\n", executed, opcodes);
  assert_true(executed > ROUNDS / 8 && opcodes > 350);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(effects__executed)};
  return cmocka_run_group_tests(tests, setup, NULL);
}

#else

int main(void) {
  print_message("skipped: the machine is no x86-64\n");
  return 77;
}

#endif
