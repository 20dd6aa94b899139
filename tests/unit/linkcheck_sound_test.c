/* linkcheck_sound_test.c - what the link check believes of registers and stack slots, against the
 * processor: random functions of allowed instructions, with conditional jumps and loops, are
 * followed and executed; where one ends, every register, copy and slot must be what the state says,
 * and no way may be taken that was held to be impossible. */
#include "linkcheck_kit.h"

#if defined(__x86_64__)

#include <signal.h>
#include <sys/mman.h>

#include "linkcheck_effects.h"
#include "linkcheck_flow.h"

enum {
  STACK = 16384,
  MIDDLE = STACK / 2,
  FRAME = 128, /* bytes that the function takes of the stack */
  FLAGS = 0x8d5,
  CODE = 4096,
  PARTS = 40, /* instructions in a function */
  RUNS = 6,   /* of each function */
  COUNTER = 15
};

static uint64_t sound_in[16] __attribute__((used)), sound_out[16] __attribute__((used));
static uint64_t sound_flags __attribute__((used));
static void *sound_code __attribute__((used));
static uint64_t sound_stack __attribute__((used));
static uint8_t *stack_bytes;
static sigjmp_buf landing;

void sound_run(void);
void sound_back(void);
#define EACH(op, array)                                                                            \
  op(array, 0, rax) op(array, 1, rcx) op(array, 2, rdx) op(array, 3, rbx) op(array, 5, rbp)        \
      op(array, 6, rsi) op(array, 7, rdi) op(array, 8, r8) op(array, 9, r9) op(array, 10, r10)     \
          op(array, 11, r11) op(array, 12, r12) op(array, 13, r13) op(array, 14, r14)              \
              op(array, 15, r15)
#define LOAD(array, n, reg) "mov " #array "+8*" #n "(%rip), %" #reg "\n"
#define STORE(array, n, reg) "mov %" #reg ", " #array "+8*" #n "(%rip)\n"
__asm__(".text\n.globl sound_run, sound_back\n"
        "sound_run:\npush %rbx\npush %rbp\npush %r12\npush %r13\npush %r14\npush %r15\n"
        "mov %rsp, sound_stack(%rip)\npush sound_flags(%rip)\npopfq\n" EACH(LOAD, sound_in)
            LOAD(sound_in, 4,
                 rsp) "jmp *sound_code(%rip)\n"
                      "sound_back:\n" STORE(sound_out, 4, rsp) "mov sound_stack(%rip), %rsp\n" EACH(
                          STORE, sound_out) "cld\npop %r15\npop %r14\npop %r13\npop %r12\npop "
                                            "%rbp\npop %rbx\nret\n");

static void fault(int signal) {
  siglongjmp(landing, signal);
}

static int setup(void **state) {
  static uint8_t stack[65536];
  (void)state;
  stack_bytes = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  sound_code =
      mmap(NULL, CODE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack_bytes == MAP_FAILED || sound_code == MAP_FAILED) {
    return 1;
  }
  stack_t alt = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_handler = fault, .sa_flags = SA_ONSTACK};
  return sigaltstack(&alt, NULL) || sigaction(SIGSEGV, &action, NULL) ||
         sigaction(SIGBUS, &action, NULL) || sigaction(SIGILL, &action, NULL) ||
         sigaction(SIGFPE, &action, NULL);
}

static uint64_t random_state;

static uint64_t random_bits(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state >> 16;
}

static unsigned below(unsigned n) {
  return (unsigned)(random_bits() % n);
}

/* --- random functions --- */

static struct program {
  uint8_t bytes[CODE];
  unsigned size, count;
  unsigned at[PARTS + 4]; /* where each part begins */
  struct {
    unsigned place, part; /* a displacement of four bytes, and the part it leads to */
  } jumps[PARTS];
  unsigned jump_count;
} p;

static void byte(unsigned b) {
  p.bytes[p.size++] = (uint8_t)b;
}

static void word(uint32_t n) {
  memcpy(p.bytes + p.size, &n, sizeof n);
  p.size += 4;
}

/* Few registers, so that they meet; not the stack pointer, nor the counter of loops. */
static unsigned a_register(void) {
  static const uint8_t some[] = {0, 0, 0, 1, 2, 3, 5, 6, 7, 8, 9, 12};
  return some[below(sizeof some)];
}

/* A number as compilers compare with, now and then any. */
static uint32_t number(void) {
  static const uint32_t some[] = {0,       1,          2,          3,          4,
                                  7,       8,          0x7f,       0x80,       0xff,
                                  0x100,   0xfff,      0x7fff,     0x8000,     0xffff,
                                  0x10000, 0x7fffffff, 0x80000000, 0xfffffffd, 0xffffffff};
  return below(12) == 0 ? (uint32_t)random_bits() : some[below(sizeof some / sizeof *some)];
}

static unsigned a_size(void) {
  static const uint8_t some[] = {8, 8, 4, 4, 4, 2};
  return some[below(sizeof some)];
}

/* Prefixes, opcode, with 0F before it if two is set. */
static void begin(unsigned size, bool two, unsigned opcode, unsigned rex) {
  rex |= size == 8 ? 8 : 0;
  if (size == 2) {
    byte(0x66);
  }
  if (rex != 0 || below(2) == 0) {
    byte(0x40 | rex);
  }
  if (two) {
    byte(0x0f);
  }
  byte(opcode);
}

/* With ModRM of two registers. */
static void registers(unsigned size, bool two, unsigned opcode, unsigned reg, unsigned rm) {
  begin(size, two, opcode, (reg >> 3) << 2 | rm >> 3);
  byte(0xc0 | (reg & 7) << 3 | (rm & 7));
}

/* The same with a place of the frame, by the stack pointer. */
static void frame(unsigned size, bool two, unsigned opcode, unsigned reg) {
  unsigned at = below(4) == 0 ? below(FRAME - 32) : below(4) * 8;
  begin(size, two, opcode, (reg >> 3) << 2);
  byte(0x84 | (reg & 7) << 3);
  byte(0x24);
  word(at);
}

static void immediate(unsigned size, uint32_t n) {
  if (size == 1) {
    byte(n & 0xff);
  } else if (size == 2) {
    byte(n & 0xff);
    byte(n >> 8 & 0xff);
  } else {
    word(n);
  }
}

static void jump_to(unsigned part) {
  p.jumps[p.jump_count].place = p.size;
  p.jumps[p.jump_count++].part = part;
  word(0);
}

static void jump_if(unsigned cc, unsigned part) {
  byte(0x0f);
  byte(0x80 | cc);
  jump_to(part);
}

/* A comparison, and a jump over some of what follows. */
static void branch(unsigned part) {
  static const uint8_t conditions[] = {2, 3, 4, 5, 6, 7, 2, 3, 6, 7, 12, 13, 14, 15, 8, 0};
  unsigned size = a_size(), reg = a_register(), to = part + 1 + below(4);
  switch (below(8)) {
  case 0:
    registers(1, false, 0x80, 7, reg);
    immediate(1, number());
    break;
  case 1:
    registers(size, false, 0x83, 7, reg);
    immediate(1, number());
    break;
  case 2:
    registers(size, false, 0x85, reg, reg);
    break;
  case 3:
    frame(4, false, 0x81, 7);
    immediate(4, number());
    break;
  case 4:
    registers(size, false, below(2) ? 0x39 : 0x3b, reg, a_register());
    break;
  default:
    registers(size, false, 0x81, 7, reg);
    immediate(size, number());
  }
  if (below(4) == 0) {
    registers(a_size(), false, 0x89, a_register(), a_register());
  }
  jump_if(conditions[below(sizeof conditions)], to > PARTS ? PARTS : to);
}

/* Back, as often as the counter has left. */
static void loop(unsigned part) {
  registers(4, false, 0xff, 1, COUNTER);
  jump_if(15, part - below(part < 8 ? part + 1 : 8)); /* while it is greater */
}

/* Any allowed instruction between registers that leaves stack and counter alone. */
static void any(unsigned size, unsigned a, unsigned b) {
  (void)size, (void)a, (void)b;
  for (;;) {
    uint8_t bytes[16];
    hcc_x86_insn i;
    static const uint8_t leads[] = {0x0f, 0x66, 0xf3, 0xf2, 0x48, 0x41, 0x0f, 0xc4};
    unsigned n = below(3);
    for (unsigned k = 0; k < 16; k++) {
      bytes[k] = k < n ? leads[below(sizeof leads)] : (uint8_t)random_bits();
    }
    if (hcc_x86_decode(&i, bytes, 16) != 0 || i.refusal != NULL || i.flow != HCC_X86_NEXT ||
        i.branches || i.addresses || i.memory) {
      continue;
    }
    uint16_t writes = hcc_x86_effect_of(&i).writes;
    bool strings = i.map == HCC_X86_ONE && i.opcode >= 0xa4 && i.opcode <= 0xaf &&
                   i.opcode != 0xa8 && i.opcode != 0xa9;
    if ((writes & (1u << HCC_X86_SP | 1u << COUNTER)) != 0 || strings) {
      continue;
    }
    memcpy(p.bytes + p.size, bytes, i.length);
    p.size += i.length;
    return;
  }
}

/* Two pushes and two pops. */
static void stack(unsigned size, unsigned a, unsigned b) {
  (void)size, (void)a, (void)b;
  for (unsigned i = 0; i < 4; i++) {
    unsigned reg = a_register();
    byte(0x40 | reg >> 3);
    byte((i < 2 ? 0x50 : 0x58) | (reg & 7));
  }
}

/* The address of a place of the frame, and a store or a load there. */
static void pointer(unsigned size, unsigned reg, unsigned rm) {
  static const uint8_t bases[] = {3, 5, 6, 7};
  unsigned base = bases[rm % sizeof bases];
  frame(8, false, 0x8d, base);
  byte(0x40 | (size == 8 ? 8 : 0) | (reg >> 3) << 2);
  byte(below(2) ? 0x89 : 0x8b);
  byte(0x80 | (reg & 7) << 3 | base);
  word(below(4) * 4);
}

static void move(unsigned size, unsigned reg, unsigned rm) {
  registers(size, false, below(2) ? 0x89 : 0x8b, reg, rm);
}

/* movzx, movsx */
static void extend(unsigned size, unsigned reg, unsigned rm) {
  registers(size, true, 0xb6 | below(2) | below(2) << 3, reg, rm);
}

/* add, or, adc, sbb, and, sub, xor: with a number, with a register */
static void arithmetic(unsigned size, unsigned reg, unsigned rm) {
  bool byte_long = below(2) != 0;
  if (below(3) == 0) {
    registers(size, false, (below(7) << 3) | 1 | below(2) << 1, reg, rm);
    return;
  }
  registers(size, false, byte_long ? 0x83 : 0x81, below(7), rm);
  immediate(byte_long ? 1 : size, number());
}

static void shift(unsigned size, unsigned reg, unsigned rm) {
  static const uint8_t shifts[] = {4, 5, 7, 4, 5, 7, 0, 1, 6};
  (void)reg;
  registers(size, false, 0xc1, shifts[below(sizeof shifts)], rm);
  immediate(1, below(3) ? below(34) : number());
}

static void set_number(unsigned size, unsigned reg, unsigned rm) {
  (void)reg;
  if (below(2)) {
    registers(size == 2 ? 4 : size, false, 0xc7, 0, rm);
  } else {
    frame(size == 2 ? 4 : size, false, 0xc7, 0);
  }
  immediate(4, number());
}

static void store(unsigned size, unsigned reg, unsigned rm) {
  (void)rm;
  switch (below(6)) {
  case 0:
    frame(4, false, 0x88, reg);
    break;
  case 1:
    frame(4, true, 0x11, reg); /* movups */
    break;
  default:
    frame(size, false, 0x89, reg);
  }
}

static void load(unsigned size, unsigned reg, unsigned rm) {
  (void)rm;
  frame(size, false, 0x8b, reg);
}

/* setcc, cmov */
static void conditional(unsigned size, unsigned reg, unsigned rm) {
  if (below(2)) {
    registers(4, true, 0x90 | below(16), 0, rm);
  } else {
    registers(size, true, 0x40 | below(16), reg, rm);
  }
}

/* bsf, bsr, and with F3 tzcnt, popcnt */
static void bits(unsigned size, unsigned reg, unsigned rm) {
  if (below(2)) {
    byte(0xf3);
    registers(size == 2 ? 4 : size, true, 0xb8 + 4 * below(2), reg, rm);
  } else {
    registers(size, true, 0xbc | below(2), reg, rm);
  }
}

/* lea of two registers */
static void address(unsigned size, unsigned reg, unsigned base) {
  unsigned index = a_register();
  byte(0x40 | (size == 8 ? 8 : 0) | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3);
  byte(0x8d);
  byte(0x84 | (reg & 7) << 3);
  byte(below(4) << 6 | (index & 7) << 3 | (base & 7));
  word(below(2) ? 0 : number());
}

static void part(unsigned n) {
  static void (*const kinds[])(unsigned size, unsigned reg, unsigned rm) = {
      move, move,  move,  extend, arithmetic,  arithmetic, arithmetic, shift,   set_number, store,
      load, store, stack, load,   conditional, bits,       address,    pointer, any,        any};
  unsigned kind = below(sizeof kinds / sizeof *kinds + 6);
  if (kind < 5) {
    branch(n);
  } else if (kind == 5) {
    loop(n);
  } else {
    kinds[kind - 6](a_size(), a_register(), a_register());
  }
}

/* sub $FRAME, %rsp; parts; ud2, to which a jump leads, so that it has a state. */
static void make(void) {
  memset(&p, 0, sizeof p);
  registers(8, false, 0x81, 5, HCC_X86_SP);
  word(FRAME);
  for (unsigned n = 0; n < PARTS; n++) {
    p.at[n] = p.size;
    part(n);
  }
  registers(4, false, 0x85, COUNTER, COUNTER);
  jump_if(1, PARTS);
  p.at[PARTS] = p.size;
  byte(0x0f);
  byte(0x0b);
  for (unsigned j = 0; j < p.jump_count; j++) {
    uint32_t to = p.at[p.jumps[j].part] - (p.jumps[j].place + 4);
    memcpy(p.bytes + p.jumps[j].place, &to, sizeof to);
  }
}

/* --- what is believed, and what is true --- */

static void differs(const char *what, unsigned n, const hcc_lc_value *v, uint64_t value) {
  for (unsigned i = 0; i < p.size; i++) {
    print_message("%02x ", p.bytes[i]);
  }
  fail_msg("%s %d is %#llx and not of kind %u, %#x..%#x, at %d, wide %d, part %u", what, (int)n,
           (unsigned long long)value, v->kind, v->low, v->high, v->at, v->wide, v->part);
}

static bool holds(const hcc_lc_value *v, uint64_t value, unsigned bytes) {
  uint32_t half = (uint32_t)value, low = v->word ? half & 0xffff : half & 0xff;
  switch (v->kind) {
  case HCC_LC_NUMBER:
    return half >= v->low && half <= v->high && (v->wide || bytes == 4 || value >> 32 == 0) &&
           (v->part == 0 || low < v->part);
  case HCC_LC_ENTRY:
    return value == sound_in[v->at & 15];
  case HCC_LC_FRAME:
    return value == sound_in[HCC_X86_SP] + (uint64_t)(int64_t)v->at;
  default:
    return false; /* nothing here makes others */
  }
}

static void compare(const hcc_lc_state *s) {
  uint64_t value;
  for (unsigned r = 0; r < HCC_X86_REGS; r++) {
    if (!holds(&s->regs[r], sound_out[r], 8)) {
      differs("register", r, &s->regs[r], sound_out[r]);
    }
    for (unsigned q = 0; q < r; q++) {
      bool copies = s->regs[r].kind == HCC_LC_NUMBER && s->regs[q].kind == HCC_LC_NUMBER &&
                    s->regs[r].at != 0 && s->regs[r].at == s->regs[q].at;
      if (copies && (uint32_t)sound_out[r] != (uint32_t)sound_out[q]) {
        differs("copy", r, &s->regs[r], sound_out[r]);
      }
    }
  }
  for (uint32_t i = 0; i < s->slot_count; i++) {
    const hcc_lc_slot *slot = &s->slots[i];
    value = 0;
    memcpy(&value, stack_bytes + MIDDLE + slot->at, slot->bytes);
    if (!holds(&slot->value, value, slot->bytes)) {
      differs("slot", (unsigned)slot->at, &slot->value, value);
    }
  }
}

static uint64_t argument(void) {
  uint64_t n = number();
  return below(3) == 0 ? n | random_bits() << 32 : below(2) ? n : (uint64_t)(int32_t)n;
}

static __attribute__((noinline)) bool run(void) {
  for (unsigned i = 0; i < 16; i++) {
    sound_in[i] = argument();
  }
  sound_in[HCC_X86_SP] = (uint64_t)(uintptr_t)(stack_bytes + MIDDLE);
  sound_in[COUNTER] = below(12);
  sound_flags = (random_bits() & FLAGS) | 2;
  for (unsigned i = 0; i < STACK; i += 8) {
    uint64_t n = argument();
    memcpy(stack_bytes + i, &n, sizeof n);
  }
  if (sigsetjmp(landing, 1) != 0) {
    return false;
  }
  sound_run();
  return true;
}

static bool follow(hcc_lc *lc, hcc_linkcheck_report *report, hcc_lc_walk *w, hcc_lc_flow *flow,
                   hcc_lc_function *f) {
  *lc = (hcc_lc){.bytes = p.bytes, .size = p.size, .report = report};
  lc->header.e_machine = EM_X86_64;
  lc->text.p_filesz = lc->text.p_memsz = lc->end = p.size;
  *report = (hcc_linkcheck_report){0};
  if (hcc_lc_code(lc) != 0) {
    fail_msg("%s at %u", report->text, (unsigned)report->offset);
  }
  *flow = (hcc_lc_flow){.lc = lc,
                        .text = p.bytes,
                        .size = p.size,
                        .count = 1,
                        .functions = f,
                        .label_of = calloc(p.size + 1, sizeof *flow->label_of),
                        .steps_max = UINT32_MAX};
  *f = (hcc_lc_function){.end = p.size, .keeps = HCC_LC_KEPT};
  assert_non_null(flow->label_of);
  return hcc_lc_walk_function(w, flow, f, 0) == 0;
}

static void release(hcc_lc *lc, hcc_lc_walk *w, hcc_lc_flow *flow) {
  hcc_lc_walk_end(w);
  free(flow->label_of);
  free(lc->starts);
  free(lc->labels);
  free(lc->entries);
  free(lc->made);
  free(lc->rets);
}

static unsigned executed, followed, told;

static void one(void) {
  hcc_lc lc;
  hcc_linkcheck_report report;
  static hcc_lc_walk w;
  hcc_lc_flow flow;
  hcc_lc_function f;
  uint64_t back = (uint64_t)(uintptr_t)sound_back;
  uint8_t *code = sound_code;
  make();
  if (!follow(&lc, &report, &w, &flow, &f)) {
    fail_msg("%s at %u", report.text, (unsigned)report.offset);
  }
  followed++;
  memcpy(code, p.bytes, p.size);
  memcpy(code + p.size - 2, "\xff\x25\0\0\0\0", 6);
  memcpy(code + p.size + 4, &back, 8);
  uint32_t label = flow.label_of[p.size - 2];
  const hcc_lc_state *s = label == 0 ? NULL : w.labels[label - 1].state;
  for (unsigned i = 0; i < RUNS; i++) {
    if (run()) {
      executed++;
      if (s == NULL) {
        differs("a way held to be impossible", 0, &(hcc_lc_value){0}, 0);
      }
      compare(s);
    }
  }
  for (unsigned r = 0; s != NULL && r < HCC_X86_REGS; r++) {
    const hcc_lc_value *v = &s->regs[r];
    told += v->kind != HCC_LC_NUMBER || !v->wide || v->high != UINT32_MAX || v->low != 0;
  }
  release(&lc, &w, &flow);
}

static void states__executed(void **state) {
  (void)state;
  const char *rounds = getenv("SOUND_ROUNDS"), *seed = getenv("SOUND_SEED");
  random_state = 88172645463325252u ^ (seed ? strtoull(seed, NULL, 0) * 0x9e3779b97f4a7c15u : 0);
  for (unsigned i = 0, n = rounds ? (unsigned)atoi(rounds) : 5000; i < n; i++) {
    one();
  }
  print_message("%u functions, %u runs, %.1f registers known at the end\n", followed, executed,
                (double)told / followed);
  assert_true(executed > followed);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(states__executed)};
  return cmocka_run_group_tests(tests, setup, NULL);
}

#else

int main(void) {
  print_message("skipped: the machine is no x86-64\n");
  return 77;
}

#endif
