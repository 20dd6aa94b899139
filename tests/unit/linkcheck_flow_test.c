/* linkcheck_flow_test.c - the link check's control flow rules, each with functions that keep it and
 * functions that break it (linkcheck_flow_*.h). All stand in one image; each in turn is made the
 * function that the host calls (or that a table holds), so that no other can be reached. */
#include <stdbool.h>
#include <time.h>

#include "linkcheck_flow_calls.h"
#include "linkcheck_flow_jumps.h"
#include "linkcheck_flow_stack.h"
#include "linkcheck_kit.h"

#define GROUP(name, word)                                                                          \
  { #name, word, name##_cases, sizeof name##_cases / sizeof *name##_cases }

/* word: in the plugin's data, what points to the function. */
static const struct flow_group {
  const char *name, *word;
  const struct flow_case *cases;
  size_t count;
} groups[] = {
    GROUP(function, "init"), GROUP(stack, "init"), GROUP(store, "init"),  GROUP(element, "init"),
    GROUP(host, "init"),     GROUP(jump, "init"),  GROUP(callee, "init"), GROUP(table, "table"),
};
#define GROUPS (sizeof groups / sizeof *groups)

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
  fprintf(f, ".text\n%s", flow_functions);
  for (size_t g = 0; g < GROUPS; g++) {
    for (size_t i = 0; i < groups[g].count; i++) {
      fprintf(f, "%s_%zu: %s\n.balign 16, 0xcc\n", groups[g].name, i, groups[g].cases[i].code);
    }
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

/* Makes the case the function that the group's word points to. */
static image arrange(const struct flow_group *g, size_t number) {
  char name[32];
  image so = kit_copy(&plugin);
  snprintf(name, sizeof name, "%s_%zu", g->name, number);
  point(&so, symbol(&so, g->word), symbol(&so, name));
  return so;
}

/* Is it judged as it should? */
static bool judge(const struct flow_group *g, size_t number) {
  const struct flow_case *c = &g->cases[number];
  hcc_linkcheck_report report;
  image so = arrange(g, number);
  int refused = hcc_linkcheck(&report, so.bytes, so.size);
  bool right =
      c->text == NULL ? refused == 0 : refused == 1 && strstr(report.text, c->text) != NULL;
  if (!right) {
    print_message("%s: %s: %s\n", g->name, c->name, refused ? report.text : "accepted");
  }
  free(so.bytes);
  return right;
}

static void judge__each(void **state) {
  (void)state;
  size_t all = 0, refused = 0, wrong = 0;
  kit_accepted(&plugin, "the plugin itself");
  for (size_t g = 0; g < GROUPS; g++) {
    all += groups[g].count;
    for (size_t i = 0; i < groups[g].count; i++) {
      wrong += !judge(&groups[g], i);
      refused += groups[g].cases[i].text != NULL;
    }
  }
  print_message("%zu accepted, %zu refused\n", all - refused, refused);
  assert_int_equal(wrong, 0);
  assert_true(refused >= 300);
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
    hcc_linkcheck_report report;
    image so = arrange(&groups[GROUPS - 1], c);
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

/* What is promised (docs/link-check.md); a build for debugging is slower, and clang does not say
 * whether it has sanitizers. */
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
enum { LEAST_MIB = 20 };
#else
enum { LEAST_MIB = 0 };
#endif

/* Assembles a plugin of the given functions and checks it three times; the least processor time
 * that took in seconds. */
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
  double least = 1e9;
  for (int round = 0; round < 3; round++) {
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    int refused = hcc_linkcheck(report, i.bytes, i.size);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    if (refused) {
      fail_msg("%s: %s", name, report->text);
    }
    double s = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
    least = s < least ? s : least;
  }
  free(i.bytes);
  return least;
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
  assert_true((double)report.text_bytes / s / (1 << 20) >= LEAST_MIB);
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
