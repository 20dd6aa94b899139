/* generate_test.c - the generator keeps its word: modules are valid, use every opcode, are the same
 * for the same bytes, and come from any bytes at all. Some are also shown to wasm-validate, if its
 * path is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs.h"
#include "generate.h"
#include "instr.h"
#include "module.h"
#include "rewrite.h"
#include "rewrite_parts.h"

#define SEEDS 2000u
#define CHOICES 20000u

static const char *wasm_validate;

static void generate(hcc_buf *out, const uint8_t *bytes, size_t size, uint32_t programs) {
  fz_choices c = {bytes, size};
  fz_module plan;
  hcc_buf_init(out, FZ_MODULE_MAX);
  assert_true(fz_generate(out, &plan, programs, &c));
  assert_int_equal(plan.program_count, programs);
}

static hcc_module *valid(const hcc_buf *wasm, uint64_t seed) {
  hcc_error err = {0};
  hcc_module *m = NULL;
  if (hcc_decode(&m, wasm->data, wasm->size, &err) != 0 || hcc_validate(m, &err) != 0) {
    fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
  }
  return m;
}

static void note_opcodes(bool seen[HCC_OP_SLOTS], const hcc_module *m) {
  for (uint32_t i = 0; i < m->func_count; i++) {
    hcc_reader r = {m->bytes, m->funcs[i].code.begin, m->funcs[i].code.end};
    hcc_instr instr;
    while (r.pos < r.end) {
      assert_int_equal(hcc_instr_next(&instr, &r, NULL), 0);
      seen[HCC_OP_SLOT(instr.code)] = true;
    }
  }
}

static void every_seed__is_valid_and_all_opcodes_occur(void **state) {
  (void)state;
  static bool seen[HCC_OP_SLOTS];
  static uint8_t bytes[CHOICES];
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    hcc_buf wasm, metered;
    hcc_plan plan = {0};
    hcc_error err = {0};
    hcc_rewrite_options options = {.meter = true,
                                   .alone = seed & 1,
                                   .marks = seed & 2,
                                   .helpers = seed & 2,
                                   .looks = seed & 4};
    fz_fill(bytes, sizeof bytes, seed);
    generate(&wasm, bytes, sizeof bytes, 1 + seed % 4);
    hcc_module *m = valid(&wasm, seed);
    note_opcodes(seen, m);
    hcc_buf_init(&metered, FZ_MODULE_MAX * 4);
    assert_int_equal(hcc_rewrite(&metered, &plan, m, &options, &err), 0);
    hcc_module_free(valid(&metered, seed));
    hcc_module_free(m);
    hcc_plan_free(&plan);
    hcc_buf_free(&metered);
    hcc_buf_free(&wasm);
  }
#define HCC_OP(name, text, code, imm, sig, align, fuel, flags)                                     \
  if (!seen[HCC_OP_SLOT(code)]) {                                                                  \
    fail_msg("%s is never generated", text);                                                       \
  }
#include "opcodes.def"
#undef HCC_OP
}

/* What metering knows by its form: how often it is generated. */
typedef struct kinds {
  uint32_t counted, in_other_forms, to_a_local, by_larger_steps, by_other_steps, by_order,
      by_a_local, few_turns, copies, looked_at, with_branches, down, at_one_place, wide,
      of_two_locals, near, orders, small_that_call_themselves, without_traps, shifts, shifting,
      bounded, bounded_by_least, ranged, ranged_by_steps, ranged_down;
} kinds;

static void note_turns(kinds *k, const hcc__rw *rw) {
  const hcc__rw_cost *cost = (const hcc__rw_cost *)(const void *)rw->costs.data;
  for (size_t i = 0; i < rw->costs.size / sizeof *cost; i++) {
    const hcc__rw_turns *t = &cost[i].turns;
    k->bounded += cost[i].bound.found;
    k->bounded_by_least += cost[i].bound.found && cost[i].bound.beyond != 0;
    if (cost[i].counted) {
      k->counted++;
      k->in_other_forms += !t->usual;
      k->to_a_local += t->until_local;
      k->by_larger_steps += t->step != 1;
      k->by_other_steps += (t->step & (t->step - 1)) != 0;
      k->by_order += t->compare != HCC_OP_I32_NE;
      k->by_a_local += t->by_local;
      k->few_turns += t->few != 0;
    }
  }
}

static void note_loop(kinds *k, const hcc__rw *rw, hcc_reader r) {
  bool found;
  hcc__rw_turns t;
  hcc__rw_sure sure;
  assert_int_equal(hcc__rw_turns_of(&found, &t, rw, r), 0);
  if (!found) {
    return;
  }
  assert_int_equal(hcc__rw_sure_of(&sure, rw, &t, r), 0);
  k->copies += sure.copy.found;
  k->looked_at += sure.reaches != 0;
  k->with_branches += sure.reaches != 0 && t.branches;
  for (uint32_t i = 0; i < sure.reaches; i++) {
    k->down += (int32_t)sure.reach[i].series.stride < 0;
    k->at_one_place += sure.reach[i].series.stride == 0;
    k->wide += sure.reach[i].wide != 0;
    k->of_two_locals += sure.reach[i].series.terms == 2;
  }
}

static void note_range(kinds *k, const hcc__rw *rw, hcc_reader r) {
  hcc__rw looks = *rw;
  hcc__rw_range range;
  hcc__rw_sure sure;
  looks.options.looks = true;
  assert_int_equal(hcc__rw_range_of(&range, &sure, &looks, r), 0);
  k->ranged += range.found;
  k->ranged_by_steps += range.found && range.step != 0;
  k->ranged_down += range.found && range.down;
}

static void note_calls(kinds *k, const hcc_module *m, uint32_t func) {
  enum { SMALL = 150 };
  hcc_reader r = {m->bytes, m->funcs[func].code.begin, m->funcs[func].code.end};
  bool small = r.end - r.pos <= SMALL, calls = false, global = false, traps = false;
  hcc_instr i;
  while (r.pos < r.end) {
    assert_int_equal(hcc_instr_next(&i, &r, NULL), 0);
    calls |= i.code == HCC_OP_CALL && i.a == func;
    global |= i.code == HCC_OP_GLOBAL_GET || i.code == HCC_OP_GLOBAL_SET;
    traps |= (i.info->flags & (HCC_OPF_TRAPS | HCC_OPF_BULK)) != 0;
  }
  k->small_that_call_themselves += small && calls && !global;
  k->without_traps += small && calls && !global && !traps;
}

static void note_function(kinds *k, hcc__rw *rw, const hcc_func *func) {
  hcc__rw_locals locals = {0};
  hcc_reader r = {rw->m->bytes, func->code.begin, func->code.end};
  hcc_instr i;
  assert_int_equal(hcc__rw_costs(&locals, rw, func), 0);
  note_turns(k, rw);
  assert_int_equal(hcc__rw_near_of(&locals.values, rw, func), 0);
  const hcc__rw_near *near = (const hcc__rw_near *)(const void *)rw->near.data;
  for (size_t n = 0; n < rw->near.size / sizeof *near; n++) {
    k->near += near[n].above != 0;
    k->orders += near[n].above == 0;
  }
  assert_int_equal(hcc__rw_shifts_of(rw, func), 0);
  k->shifts += (uint32_t)(rw->shifts.size / sizeof(hcc__rw_shift));
  k->shifting += rw->shifts.size != 0;
  while (r.pos < r.end) {
    assert_int_equal(hcc_instr_next(&i, &r, NULL), 0);
    if (i.code == HCC_OP_LOOP && i.block == -1) {
      note_loop(k, rw, r);
      note_range(k, rw, r);
    }
  }
}

/* Code of heliosc's that no generated module goes through is not tested by them. */
static void every_kind_of_loop__occurs(void **state) {
  enum { MODULES = 200, LEAST = MODULES / 10 };
  static uint8_t bytes[CHOICES];
  kinds k = {0};
  (void)state;
  for (uint64_t seed = 0; seed < MODULES; seed++) {
    hcc_buf wasm;
    fz_fill(bytes, sizeof bytes, seed);
    generate(&wasm, bytes, sizeof bytes, 4);
    hcc_module *m = valid(&wasm, seed);
    hcc__rw rw = {.m = m, .options = {.meter = true, .helpers = true}};
    assert_int_equal(hcc__flow_new(&rw.flow, NULL), 0);
    hcc_buf_init(&rw.costs, SIZE_MAX);
    hcc_buf_init(&rw.near, SIZE_MAX);
    hcc_buf_init(&rw.shifts, SIZE_MAX);
    for (uint32_t i = 1; i < m->func_count; i++) { /* 0 is "sum" */
      note_function(&k, &rw, &m->funcs[i]);
      note_calls(&k, m, i);
    }
    hcc_buf_free(&rw.shifts);
    hcc_buf_free(&rw.near);
    hcc_buf_free(&rw.costs);
    hcc__flow_free(&rw.flow);
    hcc_module_free(m);
    hcc_buf_free(&wasm);
  }
  for (size_t i = 0; i < sizeof k / sizeof(uint32_t); i++) {
    uint32_t count = ((const uint32_t *)(const void *)&k)[i];
    printf("%u ", count);
    assert_in_range(count, LEAST, UINT32_MAX);
  }
  printf("of each kind\n");
}

/* Which tables' functions are called by name, in bits, and whether one of those calls is there. */
static uint32_t tables_known(const hcc_plan *plan, const hcc_module *m) {
  uint32_t known = 0, called = 0;
  for (uint32_t i = 0; i < plan->callee_count; i++) {
    known |= 1u << plan->callees[i].table;
  }
  for (uint32_t i = 0; i < m->func_count; i++) {
    hcc_reader r = {m->bytes, m->funcs[i].code.begin, m->funcs[i].code.end};
    hcc_instr instr;
    while (r.pos < r.end) {
      assert_int_equal(hcc_instr_next(&instr, &r, NULL), 0);
      called |= instr.code == HCC_OP_CALL_INDIRECT ? 1u << instr.b : 0;
    }
  }
  return known & called;
}

static void calls_by_name__occur(void **state) {
  enum { MODULES = 200, LEAST = MODULES / 10, FUNCS = 1, MORE = 4 };
  static uint8_t bytes[CHOICES];
  uint32_t counts[FUNCS + MORE + 1] = {0};
  (void)state;
  for (uint64_t seed = 0; seed < MODULES; seed++) {
    hcc_buf wasm, metered;
    hcc_plan plan = {0};
    hcc_error err = {0};
    hcc_rewrite_options options = {.meter = true, .marks = true, .helpers = true};
    fz_fill(bytes, sizeof bytes, seed);
    generate(&wasm, bytes, sizeof bytes, 4);
    hcc_module *m = valid(&wasm, seed);
    hcc_buf_init(&metered, FZ_MODULE_MAX * 4);
    assert_int_equal(hcc_rewrite(&metered, &plan, m, &options, &err), 0);
    counts[tables_known(&plan, m)]++;
    hcc_plan_free(&plan);
    hcc_module_free(m);
    hcc_buf_free(&metered);
    hcc_buf_free(&wasm);
  }
  printf("called by name: of one table %u, the other %u, both %u, neither %u\n", counts[FUNCS],
         counts[MORE], counts[FUNCS + MORE], counts[0]);
  assert_in_range(counts[0], LEAST, MODULES);
  assert_in_range(counts[FUNCS], LEAST, MODULES);
  assert_in_range(counts[MORE], LEAST, MODULES);
  assert_in_range(counts[FUNCS + MORE], LEAST, MODULES);
}

static void same_bytes__give_the_same_module(void **state) {
  (void)state;
  static uint8_t bytes[CHOICES];
  hcc_buf a, b;
  fz_fill(bytes, sizeof bytes, 7);
  generate(&a, bytes, sizeof bytes, 4);
  generate(&b, bytes, sizeof bytes, 4);
  assert_int_equal(a.size, b.size);
  assert_memory_equal(a.data, b.data, a.size);
  hcc_buf_free(&a);
  hcc_buf_free(&b);
}

static void any_bytes__will_do(void **state) {
  (void)state;
  static uint8_t bytes[256];
  for (unsigned fill = 0; fill < 256; fill++) {
    for (size_t size = 0; size <= sizeof bytes; size += 64) {
      hcc_buf wasm;
      memset(bytes, (int)fill, sizeof bytes);
      generate(&wasm, bytes, size, 1);
      hcc_module_free(valid(&wasm, fill));
      hcc_buf_free(&wasm);
    }
  }
}

static void another_validator__agrees(void **state) {
  (void)state;
  static uint8_t bytes[CHOICES];
  char folder[] = "/tmp/helios-generate-XX"
                  "XXXX",
       path[64], command[512];
  if (wasm_validate == NULL || access(wasm_validate, X_OK) != 0) {
    printf("skipped: no wasm-validate\n");
    skip();
  }
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/m.wasm", folder);
  for (uint64_t seed = 0; seed < 40; seed++) {
    hcc_buf wasm;
    fz_fill(bytes, sizeof bytes, seed);
    generate(&wasm, bytes, sizeof bytes, 16);
    assert_int_equal(hcc_file_write(path, wasm.data, wasm.size, NULL), 0);
    snprintf(command, sizeof command, "'%s' --enable-extended-const '%s'", wasm_validate, path);
    assert_int_equal(system(command), 0);
    hcc_buf_free(&wasm);
  }
  remove(path);
  rmdir(folder);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_seed__is_valid_and_all_opcodes_occur),
      cmocka_unit_test(every_kind_of_loop__occurs),
      cmocka_unit_test(calls_by_name__occur),
      cmocka_unit_test(same_bytes__give_the_same_module),
      cmocka_unit_test(any_bytes__will_do),
      cmocka_unit_test(another_validator__agrees),
  };
  wasm_validate = argc > 1 ? argv[1] : NULL;
  return cmocka_run_group_tests_name("generate", tests, NULL, NULL);
}
