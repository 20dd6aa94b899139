/* sandbox_test.c - rt-sandbox's traps with their codes and offsets, tables, indirect calls, the
 * stack limit, refuelling, imports, and what a plugin's ELF image may hold. Memory:
 * sandbox_memory_test.c. */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox_build.h"
#include "sandbox_host.h"

#define WAT_MAX (64u << 10)
#define MARK "(import \"h\" \"mark\" (func $mark (param i32)))"

static void build(sandbox_plugin *plugin, const sandbox_source *source) {
  int status = sandbox_build(plugin, source, false);
  if (status == SANDBOX_NO_TOOL) {
    sandbox_free(plugin);
    skip();
  }
  assert_int_equal(status, 0);
}

static void close_all(sandbox_plugin *plugin, sandbox *box) {
  sandbox_close(box);
  sandbox_free(plugin);
}

static int call1(sandbox *box, unsigned export, hsb_slot *slot) {
  hsb_slot slots[4] = {*slot};
  int trap = sandbox_call(box, export, slots);
  *slot = slots[0];
  return trap;
}

static void want_value(sandbox *box, unsigned export, hsb_slot arg, hsb_slot value) {
  assert_int_equal(call1(box, export, &arg), 0);
  assert_int_equal(arg, value);
}

static void want_trap(sandbox *box, unsigned export, hsb_slot arg, int trap, uint32_t offset) {
  int got = call1(box, export, &arg);
  if (got != trap || box->trap_offset != offset)
    fail_msg("e%u: trap %d at %u, not %d at %u", export, got, box->trap_offset, trap, offset);
}

/* --- traps of numeric instructions --- */

typedef struct numeric {
  const char *code;   /* the instruction */
  const char *before; /* its operands */
  int trap;
} numeric;

#define DIVISION(type, op, x, y, trap)                                                             \
  { type "." op, type ".const " x " " type ".const " y, trap }
#define CONVERSION(to, from, x, trap)                                                              \
  {to ".trunc_" from "_s", from ".const " x, trap}, {                                              \
    to ".trunc_" from "_u", from ".const " x, trap                                                 \
  }
#define NOT_A_NUMBER(to, from) CONVERSION(to, from, "nan", HSB_TRAP_INVALID_CONVERSION)
#define TOO_LARGE(to, from)                                                                        \
  CONVERSION(to, from, "1e30", HSB_TRAP_INT_OVERFLOW),                                             \
      CONVERSION(to, from, "-1e30", HSB_TRAP_INT_OVERFLOW),                                        \
      CONVERSION(to, from, "inf", HSB_TRAP_INT_OVERFLOW)

static const numeric numerics[] = {
    {"unreachable", "", HSB_TRAP_UNREACHABLE},
    DIVISION("i32", "div_s", "7", "0", HSB_TRAP_DIV_BY_ZERO),
    DIVISION("i32", "div_u", "7", "0", HSB_TRAP_DIV_BY_ZERO),
    DIVISION("i32", "rem_s", "7", "0", HSB_TRAP_DIV_BY_ZERO),
    DIVISION("i32", "rem_u", "7", "0", HSB_TRAP_DIV_BY_ZERO),
    DIVISION("i64", "div_s", "7", "0", HSB_TRAP_DIV_BY_ZERO),
    DIVISION("i64", "div_u", "7", "0", HSB_TRAP_DIV_BY_ZERO),
    DIVISION("i64", "rem_s", "7", "0", HSB_TRAP_DIV_BY_ZERO),
    DIVISION("i64", "rem_u", "7", "0", HSB_TRAP_DIV_BY_ZERO),
    DIVISION("i32", "div_s", "0x80000000", "-1", HSB_TRAP_INT_OVERFLOW),
    DIVISION("i64", "div_s", "0x8000000000000000", "-1", HSB_TRAP_INT_OVERFLOW),
    NOT_A_NUMBER("i32", "f32"),
    NOT_A_NUMBER("i32", "f64"),
    NOT_A_NUMBER("i64", "f32"),
    NOT_A_NUMBER("i64", "f64"),
    TOO_LARGE("i32", "f32"),
    TOO_LARGE("i32", "f64"),
    TOO_LARGE("i64", "f32"),
    TOO_LARGE("i64", "f64"),
};
#define NUMERICS (sizeof numerics / sizeof numerics[0])

/* Every trap, its result unused, alone in a function; each is preceded by a store that must happen.
 */
static void numeric_at(const char *optimise) {
  char *wat = calloc(1, WAT_MAX), *sigs = calloc(NUMERICS + 1, 2);
  sandbox_plugin plugin;
  sandbox box = {0};
  assert_true(wat && sigs);
  FILE *f = fmemopen(wat, WAT_MAX, "w");
  assert_non_null(f);
  fprintf(f, "(module " MARK " (memory 1)");
  for (size_t i = 0; i < NUMERICS; i++) {
    fprintf(f, "(func (export \"e%zu\") (i32.store (i32.const 0) (i32.const %zu)) %s", i, i + 1,
            numerics[i].before);
    fprintf(f, " i32.const %zu call $mark %s%s)\n", 500 + i, numerics[i].code,
            i ? " drop" : ""); /* unreachable has no result */
    strcat(sigs, i ? " :" : ":");
  }
  fprintf(f, ")");
  fclose(f);
  sandbox_source source = {
      .wat = wat, .exports = sigs, .optimise = optimise, .pages_min = 1, .pages_max = 65536};
  build(&plugin, &source);
  assert_int_equal(sandbox_open(&box, plugin.plugin, NULL), 0);
  for (unsigned i = 0; i < NUMERICS; i++) {
    want_trap(&box, i, 0, numerics[i].trap, 500 + i);
    assert_int_equal(*(uint32_t *)sandbox_memory(&box)->data, i + 1);
  }
  close_all(&plugin, &box);
  free(wat);
  free(sigs);
}

static void traps__numeric(void **state) {
  (void)state;
  numeric_at("-O3");
  numeric_at("-O1");
  numeric_at("-O0");
}

/* Without the override a trap would go to a function that does not exist. */
static void traps__forgotten_one_does_not_link(void **state) {
  sandbox_plugin plugin;
  (void)state;
  sandbox_source source = {.wat = "(module (func (export \"e0\") unreachable))", .exports = ":"};
  build(&plugin, &source);
  sandbox_free(&plugin);
  source.no_override = true;
  assert_int_equal(sandbox_build(&plugin, &source, true), 1);
  sandbox_free(&plugin);
}

/* --- indirect calls and tables --- */

static const char call_wat[] =
    "(module " MARK " (type $one (func (param i32) (result i32)))"
    " (type $two (func (param i32) (result i32 i32)))"
    " (table $t 4 6 funcref) (elem (i32.const 0) $inc $pair)"
    " (func $inc (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))"
    " (func $pair (param i32) (result i32 i32) local.get 0 local.get 0)"
    " (func (export \"e0\") (param i32) (result i32)"
    "  i32.const 41 local.get 0 i32.const 900 call $mark call_indirect (type $one))"
    " (func (export \"e1\") (param i32) (result i32)"
    "  i32.const 41 local.get 0 i32.const 901 call $mark call_indirect (type $two) i32.add)"
    " (func (export \"e2\") (param i32) (result i32)"
    "  ref.func $inc local.get 0 table.grow $t)"
    " (func (export \"e3\") (param i32) (result i32)" /* the index is computed once */
    "  i32.const 0 (global.set $n (i32.add (global.get $n) (i32.const 1)))"
    "  (global.get $n) i32.const 902 call $mark call_indirect (type $one))"
    " (global $n (mut i32) (i32.const -1)))";

static void call_indirect__kinds(void **state) {
  sandbox_plugin plugin;
  sandbox box = {0};
  (void)state;
  sandbox_source source = {.wat = call_wat, .exports = "i:i i:i i:i i:i"};
  build(&plugin, &source);
  assert_int_equal(sandbox_open(&box, plugin.plugin, NULL), 0);
  want_value(&box, 0, 0, 42);
  want_value(&box, 1, 1, 82);
  want_trap(&box, 0, 1, HSB_TRAP_CALL_SIGNATURE, 900);
  want_trap(&box, 1, 0, HSB_TRAP_CALL_SIGNATURE, 901);
  want_trap(&box, 0, 2, HSB_TRAP_CALL_NULL, 900);
  want_trap(&box, 1, 3, HSB_TRAP_CALL_NULL, 901);
  want_trap(&box, 0, 4, HSB_TRAP_CALL_UNDEFINED, 900);
  want_trap(&box, 0, UINT32_MAX, HSB_TRAP_CALL_UNDEFINED, 900);
  want_trap(&box, 1, 0x80000000u, HSB_TRAP_CALL_UNDEFINED, 901);
  want_value(&box, 3, 0, 1);
  want_trap(&box, 3, 0, HSB_TRAP_CALL_SIGNATURE, 902);
  want_value(&box, 2, 3, UINT32_MAX); /* six at most */
  want_value(&box, 2, 2, 4);
  want_value(&box, 0, 5, 42);
  want_trap(&box, 0, 6, HSB_TRAP_CALL_UNDEFINED, 900);
  close_all(&plugin, &box);
}

static const char table_wat[] =
    "(module " MARK " (table $f 3 10 funcref) (table $x 2 10 externref)"
    " (elem $e func $a $b) (elem $dropped func $a) (elem $none externref (ref.null extern))"
    " (func $a (result i32) i32.const 10) (func $b (result i32) i32.const 20)"
    " (func (export \"e0\") (param i32) (result i32) local.get 0"
    "  i32.const 1 call $mark table.get $f ref.is_null)"
    " (func (export \"e1\") (param i32) local.get 0 ref.func $b i32.const 2 call $mark table.set "
    "$f)"
    " (func (export \"e2\") (param i32 i32) local.get 0 ref.func $a local.get 1"
    "  i32.const 3 call $mark table.fill $f)"
    " (func (export \"e3\") (param i32 i32 i32) local.get 0 local.get 1 local.get 2"
    "  i32.const 4 call $mark table.copy $f $f)"
    " (func (export \"e4\") (param i32 i32 i32) local.get 0 local.get 1 local.get 2"
    "  i32.const 5 call $mark table.init $f $e)"
    " (func (export \"e5\") (param i32) (result i32) ref.null func local.get 0 table.grow $f)"
    " (func (export \"e6\") (param i32) (result i32) local.get 0 call_indirect $f (result i32))"
    " (func (export \"e7\") (result i32) table.size $f)"
    " (func (export \"e8\") (param i32 externref) local.get 0 local.get 1"
    "  i32.const 6 call $mark table.set $x)"
    " (func (export \"e9\") (param i32) (result externref) local.get 0"
    "  i32.const 7 call $mark table.get $x)"
    " (func (export \"e10\") (param i32 i32 i32) local.get 0 local.get 1 local.get 2"
    "  i32.const 8 call $mark table.copy $x $x)"
    " (func (export \"e11\") (param i32 externref i32) local.get 0 local.get 1 local.get 2"
    "  i32.const 9 call $mark table.fill $x)"
    " (func (export \"e12\") (param externref i32) (result i32) local.get 0 local.get 1"
    "  table.grow $x)"
    " (func (export \"e13\") elem.drop $e)"
    " (func (export \"e14\") (param i32 i32 i32) local.get 0 local.get 1 local.get 2"
    "  i32.const 10 call $mark table.init $x $none))";

typedef struct table_step {
  unsigned export;
  uint32_t a, b, c;
  uint32_t mark;   /* of the trap; 0: there is none, and */
  uint32_t result; /* this is the first result, if it has one */
} table_step;

#define NO_RESULT 0x5eedu
static const table_step table_steps[] = {
    {0, 0, 0, 0, 0, 1},           {0, 2, 0, 0, 0, 1},
    {0, 3, 0, 0, 1, 0},           {0, UINT32_MAX, 0, 0, 1, 0},
    {1, 2, 0, 0, 0, NO_RESULT},   {6, 2, 0, 0, 0, 20},
    {1, 3, 0, 0, 2, 0},           {2, 0, 2, 0, 0, NO_RESULT},
    {6, 1, 0, 0, 0, 10},          {6, 2, 0, 0, 0, 20},
    {2, 3, 0, 0, 0, NO_RESULT},   {2, 4, 0, 0, 3, 0},
    {2, 2, 2, 0, 3, 0},           {2, 1, UINT32_MAX, 0, 3, 0},
    {6, 2, 0, 0, 0, 20}, /* the fills that trapped changed nothing */
    {3, 0, 1, 2, 0, NO_RESULT},   {6, 0, 0, 0, 0, 10},
    {6, 1, 0, 0, 0, 20},          {3, 3, 3, 0, 0, NO_RESULT},
    {3, 4, 0, 0, 4, 0},           {3, 0, 4, 0, 4, 0},
    {3, 1, 0, 3, 4, 0},           {3, 0, 2, UINT32_MAX, 4, 0},
    {3, 0, UINT32_MAX, 1, 4, 0},  {3, UINT32_MAX, 0, 1, 4, 0},
    {4, 0, 0, 2, 0, NO_RESULT},   {6, 0, 0, 0, 0, 10},
    {6, 1, 0, 0, 0, 20},          {4, 0, 1, 2, 5, 0},
    {4, 2, 0, 2, 5, 0},           {4, 3, 2, 0, 0, NO_RESULT},
    {4, 0, 3, 0, 5, 0},           {4, 0, UINT32_MAX, 2, 5, 0},
    {4, UINT32_MAX, 0, 1, 5, 0},  {5, 0, 0, 0, 0, 3},
    {5, 8, 0, 0, 0, UINT32_MAX},  {5, UINT32_MAX, 0, 0, 0, UINT32_MAX},
    {7, 0, 0, 0, 0, 3},           {5, 7, 0, 0, 0, 3},
    {7, 0, 0, 0, 0, 10},          {0, 9, 0, 0, 0, 1},
    {0, 10, 0, 0, 1, 0},          {13, 0, 0, 0, 0, NO_RESULT},
    {4, 0, 0, 0, 0, NO_RESULT},   {4, 0, 0, 1, 5, 0},
    {8, 1, 77, 0, 0, NO_RESULT},  {9, 1, 0, 0, 0, 77},
    {9, 0, 0, 0, 0, 0},           {8, 2, 77, 0, 6, 0},
    {9, 2, 0, 0, 7, 0},           {10, 0, 1, 1, 0, NO_RESULT},
    {9, 0, 0, 0, 0, 77},          {10, 1, 0, 2, 8, 0},
    {12, 5, 8, 0, 0, 2},          {9, 9, 0, 0, 0, 5},
    {12, 5, 1, 0, 0, UINT32_MAX}, {11, 3, 6, 4, 0, NO_RESULT},
    {9, 6, 0, 0, 0, 6},           {9, 7, 0, 0, 0, 5},
    {11, 9, 6, 2, 9, 0},          {14, 0, 0, 1, 0, NO_RESULT},
    {9, 0, 0, 0, 0, 0},           {14, 0, 0, 2, 10, 0},
    {14, 11, 0, 0, 10, 0},
};

static void tables__every_instruction(void **state) {
  sandbox_plugin plugin;
  sandbox box = {0};
  (void)state;
  sandbox_source source = {
      .wat = table_wat, .exports = "i:i i: ii: iii: iii: i:i i:i :i ie: i:e iii: iei: ei:i : iii:"};
  build(&plugin, &source);
  assert_int_equal(sandbox_open(&box, plugin.plugin, NULL), 0);
  assert_int_equal(box.tables, 2);
  assert_int_equal(box.table_index[0], 0);
  assert_int_equal(box.table_index[1], 1);
  for (size_t i = 0; i < sizeof table_steps / sizeof table_steps[0]; i++) {
    const table_step *s = &table_steps[i];
    hsb_slot slots[3] = {s->a, s->b, s->c};
    int trap = sandbox_call(&box, s->export, slots);
    if (trap != (s->mark ? HSB_TRAP_TABLE_OOB : 0) || (s->mark && box.trap_offset != s->mark))
      fail_msg("step %zu: trap %d at %u", i, trap, box.trap_offset);
    if (!s->mark && s->result != NO_RESULT && slots[0] != s->result)
      fail_msg("step %zu: %llu", i, (unsigned long long)slots[0]);
  }
  close_all(&plugin, &box);
}

static void tables__what_the_host_grants(void **state) {
  sandbox_plugin plugin;
  sandbox refused = {.table_limit = 3}, less = {.table_limit = 5};
  (void)state;
  sandbox_source source = {.wat = "(module (table 4 funcref) (func $f) (elem declare func $f)"
                                  " (func (export \"e0\") (param i32) (result i32)"
                                  "  ref.func $f local.get 0 table.grow 0))",
                           .exports = "i:i"};
  build(&plugin, &source);
  assert_int_equal(sandbox_open(&refused, plugin.plugin, NULL), HSB_TRAP_OUT_OF_MEMORY);
  sandbox_close(&refused);
  assert_int_equal(sandbox_open(&less, plugin.plugin, NULL), 0);
  want_value(&less, 0, 2, UINT32_MAX);
  want_value(&less, 0, 1, 4);
  want_value(&less, 0, 1, UINT32_MAX);
  close_all(&plugin, &less);
}

/* A host that gets the numbers wrong is not believed. */
static void tables__what_the_host_may_not_grant(void **state) {
  sandbox_plugin plugin;
  sandbox few = {.table_limit = 3, .lies = true}, many = {.table_limit = 7, .lies = true};
  (void)state;
  sandbox_source source = {.wat = "(module (table 4 6 funcref) (func (export \"e0\")))",
                           .exports = ":"};
  build(&plugin, &source);
  assert_int_equal(sandbox_open(&few, plugin.plugin, NULL), HSB_TRAP_OUT_OF_MEMORY);
  sandbox_close(&few);
  assert_int_equal(sandbox_open(&many, plugin.plugin, NULL), HSB_TRAP_OUT_OF_MEMORY);
  close_all(&plugin, &many);
}

/* --- the stack --- */

static const char stack_wat[] =
    "(module (type $f (func (param i32) (result i32))) (table funcref (elem $through))"
    " (func $direct (export \"e0\") (param i32) (result i32)"
    "  (i32.add (i32.const 1) (call $direct (i32.add (local.get 0) (i32.const 1)))))"
    " (func $tail (export \"e1\") (param i32) (result i32)"
    "  (return (call $tail (i32.add (local.get 0) (i32.const 1)))))"
    " (func $ping (export \"e2\") (param i32) (result i32) (call $pong (local.get 0)))"
    " (func $pong (param i32) (result i32) (call $ping (local.get 0)))"
    " (func $through (export \"e3\") (param i32) (result i32)"
    "  (call_indirect (type $f) (local.get 0) (i32.const 0)))"
    " (func $void (export \"e4\") (call $void))"
    " (func $depth (export \"e5\") (param i32) (result i32)"
    "  (if (result i32) (local.get 0)"
    "   (then (i32.add (i32.const 1) (call $depth (i32.sub (local.get 0) (i32.const 1)))))"
    "   (else (i32.const 0)))))";

static void stack_at(const char *optimise, uint32_t bytes) {
  sandbox_plugin plugin;
  sandbox box = {.stack_bytes = bytes};
  sandbox_source source = {
      .wat = stack_wat, .exports = "i:i i:i i:i i:i : i:i", .optimise = optimise};
  build(&plugin, &source);
  assert_int_equal(sandbox_open(&box, plugin.plugin, NULL), 0);
  for (unsigned export = 0; export <= 4; export ++) {
    hsb_slot slot = 0;
    if (call1(&box, export, &slot) != HSB_TRAP_STACK)
      fail_msg("%s: e%u did not end with a trap", optimise, export);
    assert_false(box.faulted);
  }
  want_value(&box, 5, bytes / 1024, bytes / 1024); /* still usable, and deep enough */
  close_all(&plugin, &box);
}

static void stack__endless_recursion(void **state) {
  (void)state;
  stack_at("-O1", 64u << 10);
  stack_at("-O3", 64u << 10);
  stack_at("-O3", 2u << 20);
}

/* --- fuel: a refuel must not disturb any value that the guest keeps --- */

static const char fuel_wat[] =
    "(module (import \"h\" \"fuel\" (func $fuel (param i64) (result i64)))"
    " (func (export \"e0\") (param i32 i64) (result f64 i64 v128 i32 i64)"
    "  (local $d f64) (local $j i64) (local $v v128) (local $i i32)"
    "  (local $k i64) (local $l i64) (local $m i64) (local $e f64)"
    "  (local.set $e (f64.const 1))"
    "  (loop $next"
    "   (local.set 1 (i64.sub (local.get 1) (i64.const 1)))"
    "   (if (i64.lt_s (local.get 1) (i64.const 0))"
    "    (then (local.set 1 (call $fuel (local.get 1)))))"
    "   (local.set $i (i32.add (local.get $i) (local.get 0)))"
    "   (local.set $j (i64.add (local.get $j) (i64.extend_i32_u (local.get $i))))"
    "   (local.set $k (i64.xor (local.get $k) (local.get $j)))"
    "   (local.set $l (i64.add (local.get $k) (i64.rotl (local.get $l) (i64.const 7))))"
    "   (local.set $m (i64.mul (i64.or (local.get $l) (i64.const 1)) (local.get $j)))"
    "   (local.set $d (f64.add (local.get $d) (f64.convert_i64_u (local.get $m))))"
    "   (local.set $e (f64.mul (local.get $e) (f64.const 1.0001)))"
    "   (local.set $v (i64x2.add (local.get $v) (i64x2.splat (local.get $k))))"
    "   (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
    "  (f64.add (local.get $d) (local.get $e)) (local.get $m) (local.get $v) (local.get $i)"
    "  (local.get 1)))";

static void fuel__refuel_keeps_values(void **state) {
  sandbox_plugin plugin;
  sandbox box = {.slice = 10};
  hsb_slot plenty[8] = {1000, 5000}, little[8] = {1000, 3};
  (void)state;
  sandbox_source source = {.wat = fuel_wat, .exports = "ij:djvij"};
  build(&plugin, &source);
  assert_int_equal(sandbox_open(&box, plugin.plugin, NULL), 0);
  assert_int_equal(sandbox_call(&box, 0, plenty), 0);
  assert_int_equal(box.refuels, 0);
  assert_int_equal(plenty[5], 4000);
  assert_int_equal(sandbox_call(&box, 0, little), 0);
  assert_int_equal(box.refuels, 100); /* (1000 - 3) / 10, rounded up */
  assert_int_equal(little[5], 3);
  assert_memory_equal(plenty, little, 5 * sizeof(hsb_slot));
  close_all(&plugin, &box);
}

static void fuel__spent(void **state) {
  sandbox_plugin plugin;
  sandbox box = {0};
  hsb_slot slots[8] = {1000, 999};
  (void)state;
  sandbox_source source = {.wat = fuel_wat, .exports = "ij:djvij"};
  build(&plugin, &source);
  assert_int_equal(sandbox_open(&box, plugin.plugin, NULL), 0);
  assert_int_equal(sandbox_call(&box, 0, slots), HSB_TRAP_FUEL);
  assert_int_equal(box.refuels, 1);
  close_all(&plugin, &box);
}

/* --- imports get the instance, also when they are called through a table --- */

static void add_env(struct hsb_ctx *ctx, hsb_slot *slots, void *env) {
  if (slots[0] == 13)
    ctx->host->trap(ctx, HSB_TRAP_HOST, 0);
  slots[0] += *(const uint32_t *)env;
}

static void imports__direct_and_through_a_table(void **state) {
  sandbox_plugin plugin;
  sandbox box = {0};
  uint32_t ten = 10, thousand = 1000;
  struct hsb_binding bindings[] = {{add_env, &ten}, {add_env, &thousand}};
  (void)state;
  sandbox_source source = {
      .wat =
          "(module (type $f (func (param i32) (result i32)))"
          " (import \"h\" \"i0\" (func $i0 (type $f))) (import \"h\" \"i1\" (func $i1 (type $f)))"
          " (table funcref (elem $i0 $i1))"
          " (func (export \"e0\") (param i32) (result i32) (call $i1 (call $i0 (local.get 0))))"
          " (func (export \"e1\") (param i32) (result i32)"
          "  (call_indirect (type $f) (i32.const 5) (local.get 0))))",
      .imports = "i:i i:i",
      .exports = "i:i i:i"};
  build(&plugin, &source);
  assert_int_equal(sandbox_open(&box, plugin.plugin, bindings), 0);
  want_value(&box, 0, 1, 1011);
  want_value(&box, 1, 0, 15);
  want_value(&box, 1, 1, 1005);
  want_trap(&box, 0, 13, HSB_TRAP_HOST, 0);
  want_value(&box, 0, 1, 1011);
  close_all(&plugin, &box);
}

/* --- the ELF image --- */

/* A module that uses all of rt-sandbox. */
static const char everything_wat[] =
    "(module (import \"h\" \"fuel\" (func $fuel (param i64) (result i64)))"
    " (memory 1 3) (table 2 funcref) (table 2 externref) (elem func $f) (data \"abc\")"
    " (type $t (func (result i32)))"
    " (global $g (mut v128) (v128.const i64x2 1 2))"
    " (func $f (type $t) (memory.fill (i32.const 0) (i32.const 1) (memory.size))"
    "  (memory.copy (i32.const 0) (i32.const 9) (memory.size))"
    "  (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 3))"
    "  (table.init 0 (i32.const 0) (i32.const 0) (i32.const 1))"
    "  (table.copy 0 0 (i32.const 0) (i32.const 0) (i32.const 1))"
    "  (drop (table.grow 1 (ref.null extern) (i32.const 1)))"
    "  (global.set $g (f32x4.nearest (f32x4.max (global.get $g) (v128.load (i32.const 0)))))"
    "  (global.set $g (i8x16.swizzle (global.get $g) (i8x16.popcnt (global.get $g))))"
    "  (f64.store (i32.const 8) (f64.floor (f64.min (f64.load (i32.const 8))"
    "   (f64.sqrt (f64.load (i32.const 16))))))"
    "  (f32.store (i32.const 8) (f32.nearest (f32.max (f32.load (i32.const 8))"
    "   (f32.trunc (f32.copysign (f32.load (i32.const 20)) (f32.load (i32.const 24)))))))"
    "  (drop (call $fuel (i64.const -1))) (memory.grow (i32.const 1)))"
    " (func (export \"e0\") (result i32) (call_indirect (type $t) (i32.const 0))))";

typedef struct image {
  const uint8_t *bytes;
  size_t size;
  const Elf64_Ehdr *header;
} image;

static image map_image(const sandbox_plugin *plugin) {
  char path[2 * SANDBOX_PATH_MAX];
  struct stat st;
  snprintf(path, sizeof path, "%s/m.so", plugin->folder);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  assert_true(fd >= 0);
  assert_int_equal(fstat(fd, &st), 0);
  void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  assert_true(bytes != MAP_FAILED);
  close(fd);
  return (image){bytes, (size_t)st.st_size, bytes};
}

/* No section that is written to but those that the loader fills in and then protects; no TLS. */
static void check_sections(const image *elf) {
  const Elf64_Shdr *sections = (const void *)(elf->bytes + elf->header->e_shoff);
  const char *names = (const char *)elf->bytes + sections[elf->header->e_shstrndx].sh_offset;
  static const char *const relocated[] = {".dynamic", ".got", ".data.rel.ro", ".relro_padding"};
  for (unsigned i = 0; i < elf->header->e_shnum; i++) {
    const Elf64_Shdr *s = &sections[i];
    const char *name = names + s->sh_name;
    bool allowed = !(s->sh_flags & SHF_WRITE) || s->sh_size == 0;
    for (size_t k = 0; k < sizeof relocated / sizeof relocated[0]; k++)
      allowed = allowed || strcmp(name, relocated[k]) == 0;
    if (!allowed || s->sh_flags & SHF_TLS || s->sh_type == SHT_INIT_ARRAY ||
        s->sh_type == SHT_FINI_ARRAY || s->sh_type == SHT_PREINIT_ARRAY)
      fail_msg("section %s", name);
    if (s->sh_type == SHT_DYNSYM)
      assert_int_equal(s->sh_size / sizeof(Elf64_Sym), 2); /* the null symbol and helios_plugin */
  }
}

static void check_dynamic(const image *elf) {
  const Elf64_Phdr *p = (const void *)(elf->bytes + elf->header->e_phoff);
  static const int64_t banned[] = {DT_NEEDED,  DT_INIT,  DT_FINI,    DT_INIT_ARRAY,   DT_FINI_ARRAY,
                                   DT_TEXTREL, DT_RPATH, DT_RUNPATH, DT_PREINIT_ARRAY};
  unsigned seen = 0;
  for (unsigned i = 0; i < elf->header->e_phnum; i++) {
    assert_int_not_equal(p[i].p_type, PT_TLS);
    assert_int_not_equal(p[i].p_flags & (PF_W | PF_X), PF_W | PF_X);
    if (p[i].p_type != PT_DYNAMIC)
      continue;
    for (const Elf64_Dyn *d = (const void *)(elf->bytes + p[i].p_offset); d->d_tag; d++, seen++)
      for (size_t k = 0; k < sizeof banned / sizeof banned[0]; k++)
        assert_int_not_equal(d->d_tag, banned[k]);
  }
  assert_true(seen > 0);
}

static void elf__nothing_but_code_and_constants(void **state) {
  (void)state;
  for (int mode = 0; mode < 2; mode++) {
    sandbox_plugin plugin;
    sandbox_source source = {.wat = everything_wat,
                             .exports = ":i",
                             .pages_min = 1,
                             .pages_max = 3,
                             .explicit_bounds = mode == 1};
    build(&plugin, &source);
    image elf = map_image(&plugin);
    check_sections(&elf);
    check_dynamic(&elf);
    munmap((void *)elf.bytes, elf.size);
    sandbox_free(&plugin);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(traps__numeric),
      cmocka_unit_test(traps__forgotten_one_does_not_link),
      cmocka_unit_test(call_indirect__kinds),
      cmocka_unit_test(tables__every_instruction),
      cmocka_unit_test(tables__what_the_host_grants),
      cmocka_unit_test(tables__what_the_host_may_not_grant),
      cmocka_unit_test(stack__endless_recursion),
      cmocka_unit_test(fuel__refuel_keeps_values),
      cmocka_unit_test(fuel__spent),
      cmocka_unit_test(imports__direct_and_through_a_table),
      cmocka_unit_test(elf__nothing_but_code_and_constants),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
