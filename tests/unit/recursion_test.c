/* recursion_test.c - copies of small functions in place of their calls of themselves: results,
 * traps, memory and fuel against the baseline tier, which has none, at every limit of fuel and in
 * slices of all sizes; and which functions get how many. */
#include "build_kit.h"

#include "instance/instance.h"
#include "recursion.h"

/* Calls in a loop, behind both arms, as an operand, before a trap; several results; a loop inside;
 * most of it leaves something in memory. "base" has a base case's copy: it changes its parameters,
 * divides by 0 and reads out of bounds before it calls itself. */
static const char module[] =
    "(module (memory 1) (global $g (mut i32) (i32.const 0))"
    "  (func $note (param i32)"
    "    (i32.store (i32.and (i32.shl (global.get $g) (i32.const 2)) (i32.const 0xffc))"
    "      (i32.add (local.get 0) (i32.const 1)))"
    "    (global.set $g (i32.add (global.get $g) (i32.const 1))))"
    "  (func $fib (export \"fib\") (param i32) (result i32)"
    "    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))"
    "      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))"
    "                     (call $fib (i32.sub (local.get 0) (i32.const 2)))))))"
    "  (func $trap (export \"trap\") (param i32) (result i32)"
    "    (call $note (local.get 0))"
    "    (i32.div_s (i32.const 1000) (local.get 0))"
    "    (call $trap (i32.sub (local.get 0) (i32.const 1))) (i32.add))"
    "  (func $far (export \"far\") (param i32) (result i32)"
    "    (call $note (local.get 0))"
    "    (i32.load (i32.mul (local.get 0) (i32.const 8000)))"
    "    (call $far (i32.add (local.get 0) (i32.const 1))) (i32.add))"
    "  (func $two (param i32) (result i32 i64) (local $i i64)"
    "    (if (i32.eqz (local.get 0)) (then (return (i32.const 1) (i64.const 2))))"
    "    (call $two (i32.sub (local.get 0) (i32.const 1)))"
    "    (local.set $i) (i32.const 3) (i32.mul) (local.get $i) (i64.const 5) (i64.add))"
    "  (func (export \"two\") (param i32) (result i32)"
    "    (call $two (local.get 0)) (i32.wrap_i64) (i32.add))"
    "  (func $loop (export \"loop\") (param i32) (result i32) (local $i i32) (local $sum i32)"
    "    (call $note (local.get 0))"
    "    (local.set $i (local.get 0))"
    "    (block $out (loop $more"
    "      (br_if $out (i32.eqz (local.get $i)))"
    "      (local.set $i (i32.sub (local.get $i) (i32.const 1)))"
    "      (local.set $sum (i32.add (local.get $sum) (call $loop (local.get $i))))"
    "      (br $more)))"
    "    (i32.add (local.get $sum) (i32.const 1)))"
    "  (func $base (param i32 i32) (result i32)"
    "    (if (i32.eqz (local.get 0))"
    "      (then (return (i32.load (i32.mul (local.get 1) (i32.const 1700))))))"
    "    (local.set 0 (i32.sub (local.get 0) (i32.const 1)))"
    "    (local.set 1 (i32.add (local.get 1)"
    "      (i32.div_u (i32.const 60) (i32.sub (i32.const 29) (local.get 1)))))"
    "    (i32.add (call $base (local.get 0) (local.get 1))"
    "      (i32.mul (call $base (local.get 0) (i32.xor (local.get 1) (i32.const 4)))"
    "        (i32.const 3))))"
    "  (func (export \"base\") (param i32) (result i32)"
    "    (i32.xor (call $base (i32.and (local.get 0) (i32.const 15))"
    "      (i32.shr_u (local.get 0) (i32.const 4))) (local.get 0)))"
    "  (func $turns (export \"turns\") (param i32) (result i32) (local i32)"
    "    (if (i32.lt_u (local.get 0) (i32.const 2)) (then (return (local.get 0))))"
    "    (loop $more"
    "      (local.set 1"
    "        (i32.add (local.get 1) (call $turns (i32.sub (local.get 0) (i32.const 1)))))"
    "      (br_if $more (i32.gt_u"
    "        (local.tee 0 (i32.sub (local.get 0) (i32.const 2))) (i32.const 1))))"
    "    (i32.add (local.get 0) (local.get 1)))"
    "  (func $mixed (export \"mixed\") (param i32) (result i32) (local i32)"
    "    (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))"
    "    (loop $more"
    "      (if (i32.and (local.get 0) (i32.const 5))"
    "        (then (local.set 1 (i32.rotl (i32.xor (local.get 1)"
    "          (call $mixed (i32.shr_u (local.get 0) (i32.const 1)))) (local.get 0)))))"
    "      (br_if $more (i32.and"
    "        (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 3)))"
    "      (br_if $more (local.get 0)))"
    "    (local.get 1))"
    "  (func $long (export \"long\") (param i32) (result i32) (local i32)"
    "    (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))"
    "    (loop $more"
    "      (if (i32.and (local.get 0) (i32.const 1))"
    "        (then (local.set 1 (i32.rotl (i32.xor (local.get 1)"
    "          (call $long (i32.const 0))) (local.get 0)))))"
    "      (br_if $more (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
    "    (local.get 1))"
    "  (func (export \"after\") (param i32) (result i32)"
    "    (i32.store (i32.const 8) (call $turns (local.get 0)))"
    "    (i32.div_u (call $turns (local.get 0)) (i32.sub (local.get 0) (i32.const 4))))"
    "  (func $ever (export \"ever\") (param i32) (result i32)"
    "    (i32.add (call $ever (i32.add (local.get 0) (i32.const 1))) (i32.const 1))))";

enum { FIB, TRAP, FAR, TWO, LOOP, BASE, TURNS, MIXED, LONG, AFTER, EVER, EXPORTS };

/* The first two have copies, the last one has none. */
enum { GUARD, EXPLICIT, BASELINE, KINDS };

static hrt_plugin *plugins[KINDS];

static int begin(void **state) {
  static const hcc_build_options kinds[KINDS] = {
      {.tier = HCC_TIER_OPTIMIZING},
      {.tier = HCC_TIER_OPTIMIZING, .bounds = HCC_BOUNDS_EXPLICIT},
      {.tier = HCC_TIER_BASELINE}};
  int status = kit_begin(state);
  for (size_t i = 0; i < KINDS; i++) {
    plugins[i] = kit_plugin_built(module, kinds[i]);
  }
  return status;
}

static int end(void **state) {
  for (size_t i = 0; i < KINDS; i++) {
    hrt_plugin_unref(plugins[i]);
  }
  return kit_end(state);
}

typedef struct outcome {
  int status, trap;
  uint32_t offset;
  uint64_t fuel, result;
  uint8_t memory[4096];
} outcome;

static void call_in(outcome *out, hrt_plugin *plugin, uint32_t which, uint32_t n, uint64_t limit,
                    int64_t slice) {
  hrt_instance_options options = {0};
  hrt_instance *i = NULL;
  hrt_budget b = {0};
  helios_error err = {0};
  hsb_slot s[1] = {n};
  assert_int_equal(hrt_instance_new(&i, plugin, &options, &b, NULL), 0);
  b = (hrt_budget){.fuel_limit = limit, .slice_size = slice};
  *out = (outcome){.status = hrt_call(i, which, s, &b, &err)};
  out->trap = (int)err.trap;
  out->offset = err.offset;
  out->fuel = out->status == HELIOS_E_TRAP ? 0 : b.fuel_used;
  out->result = out->status == 0 ? s[0] : 0;
  assert_true(hrt_guest_read(out->memory, i, (guest_u32){0}, sizeof out->memory));
  hrt_instance_free(i);
}

static void call(outcome *out, hrt_plugin *plugin, uint32_t which, uint32_t n, uint64_t limit) {
  call_in(out, plugin, which, n, limit, 1 + (int64_t)(limit * 7919 % 700));
}

static uint32_t number(uint32_t which, uint32_t limit) {
  static const uint32_t numbers[EXPORTS] = {
      [FIB] = 9,   [TRAP] = 9,  [FAR] = 1,   [TWO] = 9,   [LOOP] = 6,
      [TURNS] = 8, [MIXED] = 7, [LONG] = 20, [AFTER] = 7, [EVER] = 0};
  return which == BASE ? limit % 8 + (limit * 7 % 48 << 4) : numbers[which];
}

static void as_without_copies(void **state) {
  static outcome want, got;
  unsigned ended = 0, traps[32] = {0};
  (void)state;
  for (uint32_t n = 0; n < EXPORTS * 1200u; n++) {
    uint32_t which = n % EXPORTS, limit = n / EXPORTS;
    uint64_t fuel = limit + (which != EVER ? 0 : 1);
    call(&want, plugins[BASELINE], which, number(which, limit), fuel);
    ended += want.status == 0;
    traps[want.trap & 31] += which == BASE;
    for (size_t k = GUARD; k < BASELINE; k++) {
      call(&got, plugins[k], which, number(which, limit), fuel);
      assert_memory_equal(&got, &want, sizeof got);
    }
  }
  assert_in_range(ended, EXPORTS * 100, EXPORTS * 1100);
  assert_in_range(traps[HSB_TRAP_OOB], 20, 1200);
  assert_in_range(traps[HSB_TRAP_DIV_BY_ZERO], 20, 1200);
  assert_in_range(traps[HSB_TRAP_FUEL], 20, 1200);
}

/* With no more than it needs, wherever the slice ends. */
static void in_slices_of_all_sizes(void **state) {
  static outcome want, got;
  (void)state;
  for (uint32_t which = FIB; which < EVER; which++) {
    call(&want, plugins[BASELINE], which, number(which, 5), 0);
    for (uint64_t slice = 1; slice <= want.fuel / 2 + 2 && want.status == 0; slice++) {
      call_in(&got, plugins[GUARD], which, number(which, 5), want.fuel, (int64_t)slice);
      assert_memory_equal(&got, &want, sizeof got);
    }
  }
}

/* A loop that uses up what the function's entry has asked for: in a call, which the turn's end
 * sees, and no turn after it that calls nothing. */
static void in_slices_of_a_long_loop(void **state) {
  static outcome want, got;
  (void)state;
  call(&want, plugins[BASELINE], LONG, 1500, 0);
  assert_in_range(want.fuel, HSB_FUEL_LOW + 100, 2 * HSB_FUEL_LOW);
  for (int64_t slice = 1; slice < 100; slice++) {
    for (size_t k = GUARD; k < BASELINE; k++) {
      call_in(&got, plugins[k], LONG, 1500, want.fuel, slice);
      assert_memory_equal(&got, &want, sizeof got);
    }
  }
}

/* What it is compared with is right, too. */
static void results(void **state) {
  static outcome o;
  (void)state;
  for (size_t k = 0; k < KINDS; k++) {
    call(&o, plugins[k], FIB, 20, 0);
    assert_int_equal(o.result, 6765);
    call(&o, plugins[k], TWO, 3, 0);
    assert_int_equal(o.result, 27 + 17);
    call(&o, plugins[k], LOOP, 5, 0);
    assert_int_equal(o.result, 32);
    call(&o, plugins[k], TRAP, 5, 0);
    assert_int_equal(o.status, HELIOS_E_TRAP);
    assert_int_equal(o.trap, HSB_TRAP_DIV_BY_ZERO);
    assert_int_equal(o.memory[20], 1); /* the sixth note: of 0 */
    call(&o, plugins[k], FAR, 0, 0);
    assert_int_equal(o.trap, HSB_TRAP_OOB);
    call(&o, plugins[k], BASE, 4, 0);
    assert_int_equal(o.result, 4);
    call(&o, plugins[k], EVER, 0, 0);
    assert_int_equal(o.trap, HSB_TRAP_STACK);
  }
}

/* The text of f7 with so many calls of itself, and as much filling. */
static void make(hcc_buf *text, const char *type, unsigned calls, unsigned filling) {
  hcc_buf_init(text, 1u << 20);
  hcc_buf_format(text, "#line 1 \"w\"\n%su64 w2c_m_f7(w2c_m* instance, u64 var_p0) { ", type);
  for (unsigned i = 0; i < calls; i++) {
    hcc_buf_text(text, "var_p0 = w2c_m_f7(instance, var_p0); ");
  }
  for (unsigned i = 0; i < filling; i++) {
    hcc_buf_text(text, "w2c_m_f77(); ");
  }
  hcc_buf_text(text, "return var_p0; } \n");
  assert_false(text->failed);
}

/* How often a name stands in the text. */
static unsigned count(const hcc_buf *b, const char *name) {
  unsigned n = 0;
  const char *at = (const char *)b->data, *end = at + b->size;
  while ((at = memmem(at, (size_t)(end - at), name, strlen(name))) != NULL) {
    n++;
    at++;
  }
  return n;
}

static void levels(void **state) {
  static const struct {
    const char *type;
    unsigned calls, filling, levels;
  } cases[] = {
      {"", 1, 0, 3},
      {"", 3, 0, 3},
      {"", 4, 0, 2},
      {"", 5, 100, 1},
      {"", 1, 130, 3},
      {"", 1, 155, 0},
      {"", 12, 20, 1},
      {"", 40, 0, 0},
      {"", 25, 60, 0},
      {"static ", 1, 0, 0},
      {"/* instance->w2c_g0 */ ", 1, 0, 0},
      {"", 0, 0, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hcc_buf text, out;
    unsigned calls = cases[i].calls, n = cases[i].levels;
    bool base = n != 0 && cases[i].filling == 0;
    make(&text, cases[i].type, calls, cases[i].filling);
    hcc_buf_init(&out, 1u << 20);
    hcc_buf_add(&out, "before", 6);
    hcc_buf_add(&out, text.data, text.size);
    hcc_recursion_copy(&out, 6);
    assert_memory_equal(out.data, "before", 6);
    assert_int_equal(count(&out, "HSB_COPY u64 hsb_copy"), n);
    assert_int_equal(count(&out, "HSB_COPY u64 hsb_base"), base);
    assert_int_equal(count(&out, "w2c_m_f7(instance"), base ? 1 : calls);
    assert_int_equal(count(&out, "hsb_base_f7(instance"), base ? calls : 0);
    assert_int_equal(count(&out, "hsb_copy1_f7(instance"), n >= 1 ? calls : 0);
    assert_int_equal(count(&out, "hsb_copy2_f7(instance"), n >= 2 ? calls : 0);
    assert_int_equal(count(&out, "hsb_copy3_f7(instance"), n >= 3 ? calls : 0);
    assert_int_equal(count(&out, "\"w\"\n"), n + 1 + base);
    assert_int_equal(count(&out, "w2c_m_f77()"), (n + 1) * cases[i].filling);
    if (n == 0) {
      assert_int_equal(out.size, 6 + text.size);
      assert_memory_equal(out.data + 6, text.data, text.size);
    }
    hcc_buf_free(&text);
    hcc_buf_free(&out);
  }
}

/* What stands beside the call of itself, and whether there is a copy of the base case then. */
static void base_cases(void **state) {
  static const struct {
    const char *code;
    bool base;
  } cases[] = {
      {"", true},
      {"if ((u32)((s64)var_p1 < (s64)0ull)) { var_p1 = w2c_h_fuel(instance, var_p1); }", true},
      {"x = i32_load8_u(&instance->w2c_M0, (u64)(var_p0)) + f64_load(&y, 3u);", true},
      {"switch (x) { case 0: goto L; } TRAP(UNREACHABLE); x = DIV_U(x, y);", true},
      {"x = w2c_h_umin(instance, x, y); v = simde_wasm_f32x4_add(v, v128_load(&m, x));", true},
      {"i32_store(&instance->w2c_M0, 0u, 1u);", false},
      {"i64_store8(&instance->w2c_M0, 0u, 1u);", false},
      {"v128_store(&instance->w2c_M0, 0u, v);", false},
      {"memory_fill(&instance->w2c_M0, 0u, 1u, 2u);", false},
      {"x = wasm_rt_grow_memory(&instance->w2c_M0, 1u);", false},
      {"x = CALL_INDIRECT(instance->w2c_T0, u32, w2c_m_t1, x, self);", false},
      {"x = w2c_m_f8(instance, x);", false},
      {"x = w2c_m_f77(instance, x);", false},
      {"x = w2c_h_i0(instance, x);", false},
      {"w2c_h_look(instance, 0, x, y);", false},
      {"table_set(x);", false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hcc_buf out;
    hcc_buf_init(&out, 1u << 20);
    hcc_buf_format(&out,
                   "#line 1 \"w\"\nu64 w2c_m_f7(w2c_m* instance, u32 var_p0, u64 var_p1) { %s "
                   "var_p1 = w2c_m_f7(instance, var_p0, var_p1); return var_p1; } \n",
                   cases[i].code);
    hcc_recursion_copy(&out, 0);
    assert_int_equal(count(&out, "hsb_base_f7(instance"), cases[i].base);
    assert_int_equal(count(&out, "HSB_COPY u64 hsb_base_f7(w2c_m* instance, u32 var_p0, u64 "
                                 "var_p1) {const __auto_type hsb_var_p0 = var_p0; const "
                                 "__auto_type hsb_var_p1 = var_p1; "),
                     cases[i].base);
    assert_int_equal(count(&out, "var_p1 = HSB_AGAIN(w2c_m_f7, instance, var_p0, var_p1); return "
                                 "var_p1; hsb_again: return w2c_m_f7(instance, hsb_var_p0, "
                                 "hsb_var_p1); } \n"),
                     cases[i].base);
    assert_int_equal(count(&out, "HSB_AGAIN(w2c_h_fuel, instance, var_p1)"), i == 1);
    hcc_buf_free(&out);
  }
}

#define ENTRY                                                                                      \
  "var_p1 -= 2ull; if ((u32)((s64)var_p1 < (s64)0ull)) { var_p1 = w2c_h_fuel(instance, var_p1); "  \
  "} "
#define CALL "tmp_ij = w2c_m_f7(instance, var_p0, var_p1); var_p1 = tmp_ij.j1; "
#define GIVE "var_j1 = var_p1; FUNC_EPILOGUE; "

/* Of several results the fuel is one. */
static void late_looks_at_field(void) {
  hcc_buf out;
  hcc_buf_init(&out, 1u << 20);
  hcc_buf_text(&out, "#line 1 \"w\"\nstruct two w2c_m_f7(w2c_m* instance, u32 var_p0, u64 var_p1) "
                     "{ " ENTRY CALL GIVE "} \n");
  hcc_recursion_copy(&out, 0);
  assert_int_equal(count(&out, "hsb_again: return HSB_LOOKED(w2c_m_f7(instance, hsb_var_p0, "
                               "hsb_var_p1), .j1); } \n"),
                   1);
  assert_int_equal(count(&out, "HSB_LOOKED("), 1);
  hcc_buf_free(&out);
}

static void late_looks_of_long_names(void) {
  for (int more = 0; more < 2; more++) {
    hcc_buf out;
    hcc_buf_init(&out, 1u << 20);
    hcc_buf_format(&out,
                   "#line 1 \"w\"\nu64 w2c_m_f7(w2c_m* instance, u64 p%0*d) { if (p) { "
                   "w2c_h_fuel(p); } w2c_m_f7(instance, p); q = p%0*d; FUNC_EPILOGUE; } \n",
                   30 + more, 1, 30 + more, 1);
    hcc_recursion_copy(&out, 0);
    assert_int_equal(count(&out, "HSB_LATE"), more == 0 ? 5 : 0);
    hcc_buf_free(&out);
  }
}

/* Where copies have no checkpoint at their entry; then, where what one would have looked at is the
 * fuel itself. */
static void late_looks(void **state) {
  enum late { KEPT, HANDED, PROMPT };
  static const struct {
    const char *code;
    enum late late;
  } cases[] = {
      {ENTRY CALL GIVE, PROMPT},
      {ENTRY "if (var_p0) {goto var_B2;} var_p1 -= 3ull; " CALL "var_B2:; " GIVE, PROMPT},
      {ENTRY "var_p1 -= 3ull; var_L3: var_p1 -= 4ull; " CALL "if (var_p0) {goto var_L3;} " GIVE,
       PROMPT},
      {ENTRY "x = I32_CLZ(I64_ROTL(y, 2)); x = w2c_h_umax(instance, x, y); " CALL GIVE, PROMPT},
      {ENTRY "var_p1 -= 3ull; if (var_p0) {goto var_B2;} " CALL "var_B2:; " GIVE, HANDED},
      {ENTRY "var_p1 -= 3ull; goto var_B2; " CALL "var_B2:; " GIVE, HANDED},
      {ENTRY "var_p1 -= 3ull; switch (x) { case 0: goto var_B2; } " CALL "var_B2:; " GIVE, HANDED},
      {ENTRY CALL "var_p1 -= 1ull; " GIVE, HANDED},
      {ENTRY "if (var_p0) { var_p1 -= 1ull; } else { " CALL "} " GIVE, HANDED},
      {ENTRY "if (var_p0) { } else { var_p1 -= 1ull; " CALL "} " GIVE, PROMPT},
      {ENTRY CALL "var_p1 = (var_p1 - 1ull); " GIVE, HANDED},
      {ENTRY CALL "var_p1 -= 1ull; if ((u32)((s64)var_p1 < (s64)0ull)) { var_p1 = "
                  "w2c_h_fuel(instance, var_p1); } " GIVE,
       HANDED},
      {ENTRY "switch (x) { case 0: goto var_L2; default: goto var_L3; } " CALL GIVE, PROMPT},
      {ENTRY "x = *(hsb_vu32 *)(base + x); " CALL GIVE, KEPT},
      {ENTRY "x = i32_load(&instance->w2c_M0, x); " CALL GIVE, KEPT},
      {ENTRY "x = DIV_U(x, y); " CALL GIVE, KEPT},
      {ENTRY "x = I32_TRUNC_S_F64(y); " CALL GIVE, KEPT},
      {ENTRY "UNREACHABLE; " CALL GIVE, KEPT},
      {ENTRY "x = w2c_m_f77(instance, x); " CALL GIVE, KEPT},
      {ENTRY "if (x) goto var_L3; " CALL GIVE, KEPT},
      {ENTRY "var_L3: " CALL "if (var_p0) {goto var_B2;} x = y; goto var_L3; var_B2:; " GIVE,
       PROMPT},
      {"var_p1 = w2c_h_fuel(instance, var_p1); if (var_p0) {goto var_B2;} " CALL "var_B2:; " GIVE,
       KEPT},
      {"if (var_p0) {goto var_B2;} " ENTRY CALL "var_B2:; " GIVE, KEPT},
      {CALL GIVE, KEPT},
      {ENTRY CALL "var_j1 = var_p0; FUNC_EPILOGUE; ", KEPT},
      {ENTRY CALL "var_j1 = var_p1; x = y; FUNC_EPILOGUE; ", KEPT},
      {ENTRY CALL "return var_p1; ", KEPT},
      {ENTRY CALL "var_j12345678901234567890123456789 = var_p1; FUNC_EPILOGUE; ", KEPT},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    enum late late = cases[i].late;
    hcc_buf out;
    hcc_buf_init(&out, 1u << 20);
    hcc_buf_format(&out,
                   "#line 1 \"w\"\nu64 w2c_m_f7(w2c_m* instance, u32 var_p0, u64 var_p1) { %s } \n",
                   cases[i].code);
    unsigned turns = count(&out, "goto var_L"), asks = count(&out, "w2c_h_fuel(");
    hcc_recursion_copy(&out, 0);
    unsigned handed = late == HANDED ? 1 : 0, any = late != KEPT ? 1 : 0;
    assert_int_equal(count(&out, "HSB_LATE; "), any * 5);
    assert_int_equal(count(&out, "if (0) if ((u32)((s64)var_p1 < (s64)0ull))"), any * 4);
    assert_int_equal(count(&out, "HSB_SPENT(var_j1, var_j1) FUNC_EPILOGUE"), late == PROMPT);
    assert_int_equal(count(&out, "HSB_SPENT(var_j1, *hsb_unseen) FUNC_EPILOGUE"), handed);
    assert_int_equal(count(&out, "HSB_SPENT(var_p1, var_p1) goto var_L"),
                     late == PROMPT ? turns * 4 : 0);
    assert_int_equal(count(&out, "HSB_UNSEEN; "), handed);
    assert_int_equal(count(&out, "*hsb_unseen = var_p1; "), handed * 4);
    assert_int_equal(count(&out, "(u64 *const hsb_unseen, w2c_m* instance, u32 "), handed * 4);
    assert_int_equal(count(&out, "_f7(hsb_unseen, instance, "), handed * 4);
    assert_int_equal(count(&out, "hsb_again: *hsb_unseen = 0; return w2c_m_f7(instance"), handed);
    assert_int_equal(count(&out, "HSB_ASK(instance"), handed * asks * 4);
    assert_int_equal(count(&out, "hsb_again: return HSB_LOOKED(w2c_m_f7(instance, hsb_var_p0, "
                                 "hsb_var_p1), ); }"),
                     late == PROMPT);
    hcc_buf_free(&out);
  }
  late_looks_of_long_names();
  late_looks_at_field();
}

/* What is no function that calls itself stays as it is. */
static void left_alone(void **state) {
  static const char *const texts[] = {
      "u64 w2c_m_f7(u64 var_p0) { return w2c_m_f7(var_p0); }",
      "w2c_m_f7(var_p0);\nu64 w2c_m_f7(u64 var_p0) { return w2c_m_f7(var_p0); }",
      "#line 1 \"w\"\nu64 w2c_m_f7(u64 var_p0); w2c_m_f7(var_p0); }",
      "#line 1 \"w\"\n} u64 w2c_m_f7(u64 var_p0) { w2c_m_f7(var_p0);",
      "#line 1 \"w\"\nu64 w2c_m_f77(u64 var_p0) { return w2c_m_f7(var_p0); }",
      "#line 1 \"w\"\nu64 w2c_m_f7 { return w2c_m_f7; }",
      "#line 1 \"w\"\nu64 w2c_m_f12345678901234567(u64 a) { w2c_m_f12345678901234567(a); }",
      "",
  };
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    hcc_buf out;
    hcc_buf_init(&out, 1u << 20);
    hcc_buf_text(&out, "before");
    hcc_buf_text(&out, texts[i]);
    hcc_recursion_copy(&out, 6);
    assert_false(out.failed);
    assert_int_equal(out.size, 6 + strlen(texts[i]));
    assert_memory_equal(out.data + 6, texts[i], strlen(texts[i]));
    hcc_buf_free(&out);
  }
}

/* Where there was no room for all of the text, nothing is written any more. */
static void without_room(void **state) {
  (void)state;
  for (size_t from = 0; from < 2; from++) {
    hcc_buf text, out;
    make(&text, "", 3, 0);
    hcc_buf_init(&out, text.size + 1);
    hcc_buf_add(&out, "x", 1);
    hcc_buf_add(&out, text.data, text.size);
    hcc_recursion_copy(&out, 1); /* its copies */
    assert_true(out.failed);
    hcc_recursion_copy(&out, from);
    assert_true(out.failed);
    assert_int_equal(out.size, 0);
    hcc_buf_free(&text);
    hcc_buf_free(&out);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(results),
      cmocka_unit_test(as_without_copies),
      cmocka_unit_test(in_slices_of_all_sizes),
      cmocka_unit_test(in_slices_of_a_long_loop),
      cmocka_unit_test(levels),
      cmocka_unit_test(base_cases),
      cmocka_unit_test(late_looks),
      cmocka_unit_test(left_alone),
      cmocka_unit_test(without_room),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
