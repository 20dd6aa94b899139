/* instance_test.c - instances and calls: new, traps with place and text, host functions,
 * nesting, recursion, limits, what a failed allocation leaves behind. */
#include <ucontext.h>

#include "guest_kit.h"
#include "where_kit.h"

#include "instance/outermost.h"

#include <pthread.h>

static void new__segments_globals_tables(void **state) {
  (void)state;
  hrt_plugin *plugins[] = {kit_guarded, kit_checked};
  for (int n = 0; n < 2; n++) {
    hrt_instance *i = kit_instance(plugins[n], NULL);
    assert_int_equal(kit_call(i, KIT_SIZE, 0, 0, 0), 4);
    assert_int_equal(kit_call(i, KIT_PEEK, 16, 0, 0), 'h');
    assert_int_equal(kit_call(i, KIT_PEEK, 20, 0, 0), 'o');
    assert_int_equal(kit_call(i, KIT_PEEK, 21, 0, 0), 0);
    assert_int_equal(kit_call(i, KIT_PEEK, 70000, 0, 0), 'g');
    assert_int_equal(kit_call(i, KIT_COUNT, 0, 0, 0), 101);
    assert_int_equal(kit_call(i, KIT_TABLE_GET, 0, 0, 0), 1234);
    assert_int_equal(kit_call(i, KIT_IMPORT, 41, 0, 0), 42);
    assert_ptr_equal(hrt_instance_plugin(i), plugins[n]);
    hrt_instance_free(i);
  }
  hrt_instance_free(NULL);
}

static void new__start_and_initialize(void **state) {
  (void)state;
  hrt_plugin *p = kit_plugin("-DSTART='.start=count' '-DLAST_NAME=\"_initialize\"'");
  hrt_instance *i = kit_instance(p, NULL);
  assert_int_equal(kit_call(i, KIT_COUNT, 0, 0, 0), 103);
  hrt_instance_free(i);
  hrt_plugin_unref(p);
}

static void new_fails(const char *flags, uint32_t limit, int code, uint32_t trap,
                      const char *text) {
  hrt_plugin *p = kit_plugin(flags);
  hrt_instance *i = NULL;
  hrt_budget budget = {0};
  helios_error err = {0};
  long live = hrt_alloc_live();
  hrt_instance_options options = {.imports = &kit_binding, .memory_limit_pages = limit};
  assert_int_equal(hrt_instance_new(&i, p, &options, &budget, &err), code);
  assert_null(i);
  assert_int_equal(err.trap, trap);
  if (strstr(err.text, text) == NULL) {
    fail_msg("\"%s\" does not say \"%s\"", err.text, text);
  }
  assert_int_equal(hrt_alloc_live(), live);
  hrt_plugin_unref(p);
}

static void new__failures(void **state) {
  (void)state;
  new_fails("-USEGMENT_AT -DSEGMENT_AT=262140", 0, HELIOS_E_TRAP, HSB_TRAP_OOB, "data segment 1");
  new_fails("-USEGMENT_AT -DSEGMENT_AT=0xffffffffffffffff", 0, HELIOS_E_TRAP, HSB_TRAP_OOB,
            "data segment 1");
  new_fails("", 3, HELIOS_E_LIMIT, 0, "needs 256 KiB of memory, the limit is 192 KiB");
  new_fails("-DSTART='.start=spin_dry' -DINIT='c->host->trap(c,1,0x70);'", 0, HELIOS_E_TRAP,
            HSB_TRAP_UNREACHABLE, "in \"trap\" at wasm offset 0x70");
  new_fails("-UTABLE_MIN -UTABLE_MAX -DTABLE_MIN=20000000 -DTABLE_MAX=20000000", 0, HELIOS_E_TRAP,
            HSB_TRAP_OUT_OF_MEMORY, "out of memory in the host");
  new_fails("-DINIT='MEM(i)[0x40000]=1;'", 0, HELIOS_E_TRAP, HSB_TRAP_OOB, "out of bounds");
}

static void new__imports_must_be_bound(void **state) {
  (void)state;
  hrt_instance *i = NULL;
  hrt_budget budget = {0};
  helios_error err = {0};
  hrt_instance_options options = {0};
  assert_int_equal(hrt_instance_new(&i, kit_guarded, &options, &budget, &err), HELIOS_E_MISUSE);
}

static void call__oob_is_a_trap_with_its_place(void **state) {
  (void)state;
  static const struct {
    uint32_t export;
    uint64_t a, b;
    const char *text;
  } cases[] = {
      {KIT_PEEK, 4 * 65536, 0, "peek\" at wasm offset 0x104"},
      {KIT_PEEK, 0xffffffff, 0, "peek\" at wasm offset 0x104"},
      {KIT_POKE, 4 * 65536, 1, "poke\" at wasm offset 0x124"},
      {KIT_POKE, 0xffffffff, 1, "poke\" at wasm offset 0x124"},
      {KIT_PEEK_FAR, 0xffffffff, 0xffffffff, "peek_far\" at wasm offset 0x144"},
      {KIT_PEEK_FAR, 0x80000000, 0x80000000, "peek_far\" at wasm offset 0x144"},
      {KIT_FILL, 4 * 65536 - 10, 11, "fill\" at wasm offset 0x164"},
  };
  for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
    char text[200];
    hrt_instance *i = kit_instance(kit_guarded, NULL);
    snprintf(text, sizeof text, "out of bounds memory access in \"%s", cases[n].text);
    kit_fails(i, cases[n].export, cases[n].a, cases[n].b, HSB_TRAP_OOB, HELIOS_E_TRAP, text);
    hrt_instance_free(i);
  }
}

static void call__last_byte_is_in_bounds(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(kit_guarded, NULL);
  kit_call(i, KIT_POKE, 4 * 65536 - 1, 9, 0);
  assert_int_equal(kit_call(i, KIT_PEEK, 4 * 65536 - 1, 0, 0), 9);
  hrt_instance_free(i);
}

static void call__dead_instances_stay_dead(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(kit_guarded, NULL);
  kit_fails(i, KIT_PEEK, 1u << 31, 0, HSB_TRAP_OOB, HELIOS_E_TRAP,
            "out of bounds memory access in \"peek\" at wasm offset 0x104");
  helios_error err = {0};
  hrt_budget budget = {0};
  hsb_slot s[1] = {0};
  assert_int_equal(hrt_call(i, KIT_EMPTY, s, &budget, &err), HELIOS_E_MISUSE);
  assert_int_equal(hrt_instance_reset(i, NULL), HELIOS_E_MISUSE);
  assert_int_equal(hrt_instance_checkpoint(i, NULL), HELIOS_E_MISUSE);
  hrt_instance_free(i);
}

/* Calls on a budget that has enough left of its slice: what they write is undone, errors are the
 * caller's, and a dead instance stays dead. */
static void call__on_an_ample_budget(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(kit_guarded, NULL);
  hrt_budget budget = {0};
  helios_error first = {0}, second = {0};
  hsb_slot s[1] = {0};
  assert_int_equal(hrt_call(i, KIT_STATELESS, s, &budget, &first), 0);
  assert_true(budget.slice > HRT_TOLL_CALL);
  for (int n = 0; n < 2; n++) {
    assert_int_equal(hrt_call(i, KIT_COUNT, s, &budget, &first), 0);
    assert_int_equal(s[0], 101);
    assert_int_equal(hrt_instance_reset(i, NULL), 0);
  }
  s[0] = 1u << 31;
  assert_int_equal(hrt_call(i, KIT_PEEK, s, &budget, &second), HELIOS_E_TRAP);
  assert_int_equal(first.code, HELIOS_OK);
  assert_int_equal(second.code, HELIOS_E_TRAP);
  assert_int_equal(hrt_call(i, KIT_EMPTY, s, &budget, NULL), HELIOS_E_MISUSE);
  hrt_instance_free(i);
}

static void call__every_trap_code(void **state) {
  (void)state;
  static const struct {
    uint32_t code;
    const char *text;
  } traps[] = {
#define HSB_TRAP(name, number, words) {number, words},
#include "hsb_traps.def"
#undef HSB_TRAP
  };
  for (size_t n = 1; n < sizeof traps / sizeof *traps; n++) {
    char text[200];
    uint32_t code = traps[n].code;
    hrt_instance *i = kit_instance(kit_guarded, NULL);
    snprintf(text, sizeof text, "%s in \"trap\" at wasm offset 0x77", traps[n].text);
    kit_fails(i, KIT_TRAP, code, 0, code,
              code == HSB_TRAP_FUEL        ? HELIOS_E_FUEL
              : code == HSB_TRAP_DEADLINE  ? HELIOS_E_DEADLINE
              : code == HSB_TRAP_CANCELLED ? HELIOS_E_CANCELLED
                                           : HELIOS_E_TRAP,
              text);
    hrt_instance_free(i);
  }
  hrt_instance *i = kit_instance(kit_guarded, NULL);
  kit_fails(i, KIT_TRAP, 99, 0, 99, HELIOS_E_TRAP, "unknown trap in \"trap\" at wasm offset 0x77");
  hrt_instance_free(i);
  i = kit_instance(kit_guarded, NULL); /* none at all is not success */
  kit_fails(i, KIT_TRAP, 0, 0, HSB_TRAP_UNREACHABLE, HELIOS_E_TRAP,
            "unreachable instruction executed in \"trap\" at wasm offset 0x77");
  hrt_instance_free(i);
}

static void call__no_such_export(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(kit_guarded, NULL);
  helios_error err = {0};
  hrt_budget budget = {0};
  hsb_slot s[1] = {0};
  assert_int_equal(hrt_call(i, 1000, s, &budget, &err), HELIOS_E_MISUSE);
  assert_false(hrt_instance_dead(i));
  hrt_instance_free(i);
}

static void host_says_no(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  helios_error err = {0};
  (void)s;
  if (env) {
    hrt_fail(&err, HELIOS_E_CAPABILITY, "needs read:orders");
    hrt_hint(&err, "GRANT it");
  }
  hrt_host_fail(ctx, &err);
}

static void host__fails_with_its_own_error(void **state) {
  (void)state;
  struct hsb_binding b = {host_says_no, &kit_guarded};
  hrt_instance *i = kit_instance(kit_guarded, &b);
  hsb_slot s[1] = {0};
  hrt_budget budget = {0};
  helios_error err = {0};
  assert_int_equal(hrt_call(i, KIT_IMPORT, s, &budget, &err), HELIOS_E_CAPABILITY);
  assert_string_equal(err.text, "needs read:orders");
  assert_string_equal(err.hint, "GRANT it");
  assert_true(hrt_instance_dead(i));
  hrt_instance_free(i);
  b.env = NULL;
  i = kit_instance(kit_guarded, &b);
  kit_fails(i, KIT_IMPORT, 0, 0, 0, HELIOS_E_INTERNAL, "a host function failed without a reason");
  hrt_instance_free(i);
}

static void host_traps(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)s;
  (void)env;
  ctx->host->trap(ctx, HSB_TRAP_HOST, 0);
}

static void host__traps(void **state) {
  (void)state;
  struct hsb_binding b = {host_traps, NULL};
  hrt_instance *i = kit_instance(kit_guarded, &b);
  kit_fails(i, KIT_IMPORT, 0, 0, HSB_TRAP_HOST, HELIOS_E_TRAP, "host function failed");
  hrt_instance_free(i);
}

static void write_place(hrt_instance *i) {
  uint8_t bytes[WHERE_BYTES];
  where_quickjs(bytes);
  assert_true(hrt_guest_write(i, (guest_u32){0}, bytes, sizeof bytes));
  i->where = WHERE_RECORD;
}

/* env: 1: memory says where; 2: nobody does. */
static void host_stops_a_script(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  const int *what = env;
  (void)s;
  if (*what == 1) {
    write_place(hrt_instance_of(ctx));
  }
  hrt_trap(ctx, HSB_TRAP_UNREACHABLE, *what == 2 ? 0 : 0x124);
}

/* A script's place instead of its interpreter's, if memory says so. */
static void host__traps_in_a_script(void **state) {
  static const char *const texts[] = {
      ("unreachable instruction executed in the script; its engine was in \"poke\" at wasm offset "
       "0x124"),
      "a.js:12: unreachable instruction executed in \"f\"", "unreachable instruction executed"};
  (void)state;
  hrt_plugin *script = kit_plugin("");
  ((struct helios_plugin *)(uintptr_t)hrt_plugin_abi(script))->flags |= HSB_PLUGIN_SCRIPT;
  for (int what = 0; what < 3; what++) {
    struct hsb_binding b = {host_stops_a_script, &what};
    hrt_instance *i = kit_instance(script, &b);
    kit_fails(i, KIT_IMPORT, 0, 0, HSB_TRAP_UNREACHABLE, HELIOS_E_TRAP, texts[what]);
    hrt_instance_free(i);
  }
  hrt_plugin_unref(script);
}

/* Calls KIT_IMPORT of another instance, or of the same one. */
static hrt_instance *next_of[40];
static int nest_status;

static void host_nests(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  hrt_instance **next = env;
  helios_error err = {0};
  if (*next && nest_status == 0) {
    int status = hrt_call(*next, KIT_IMPORT, s, hrt_host_budget(ctx), &err);
    nest_status = status ? status : nest_status;
  }
  s[0]++;
}

static void host__nested_calls(void **state) {
  (void)state;
  hrt_instance *all[20];
  struct hsb_binding b[20];
  memset(next_of, 0, sizeof next_of);
  for (int n = 0; n < 20; n++) {
    b[n] = (struct hsb_binding){host_nests, &next_of[n]};
    all[n] = kit_instance(kit_guarded, &b[n]);
  }
  for (int n = 0; n < 15; n++) {
    next_of[n] = all[n + 1];
  }
  nest_status = 0;
  assert_int_equal(kit_call(all[0], KIT_IMPORT, 0, 0, 0), 16);
  assert_int_equal(nest_status, 0);
  next_of[15] = all[16];
  kit_call(all[0], KIT_IMPORT, 0, 0, 0);
  assert_int_equal(nest_status, HELIOS_E_LIMIT);
  nest_status = 0;
  next_of[0] = all[0]; /* itself */
  kit_call(all[0], KIT_IMPORT, 0, 0, 0);
  assert_int_equal(nest_status, HELIOS_E_MISUSE);
  for (int n = 0; n < 20; n++) {
    assert_false(hrt_instance_dead(all[n]));
    hrt_instance_free(all[n]);
  }
}

static void host_nests_trap(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  helios_error err = {0};
  hsb_slot far[1] = {0xfffffff0};
  s[0] = (uint64_t)hrt_call(env, KIT_PEEK, far, hrt_host_budget(ctx), &err);
}

static void host__inner_trap_leaves_the_outer_call(void **state) {
  (void)state;
  hrt_instance *inner = kit_instance(kit_guarded, NULL);
  struct hsb_binding b = {host_nests_trap, inner};
  hrt_instance *outer = kit_instance(kit_guarded, &b);
  assert_int_equal(kit_call(outer, KIT_IMPORT, 0, 0, 0), HELIOS_E_TRAP);
  assert_true(hrt_instance_dead(inner));
  assert_false(hrt_instance_dead(outer));
  assert_int_equal(kit_call(outer, KIT_COUNT, 0, 0, 0), 101);
  hrt_instance_free(inner);
  hrt_instance_free(outer);
}

static void stack__recursion_traps(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(kit_guarded, NULL);
  assert_int_equal(kit_call(i, KIT_RECURSE, 1000, 0, 0), 1000);
  kit_fails(i, KIT_RECURSE, 100000000, 0, HSB_TRAP_STACK, HELIOS_E_TRAP,
            "call stack exhausted in \"dive\" at wasm offset 0x62");
  hrt_instance_free(i);
}

/* How deep recursion gets with this stack_bytes. */
static uint32_t depth_with(uint32_t stack_bytes) {
  uint32_t low = 0, high = 1u << 20;
  hrt_instance_options options = {.imports = &kit_binding, .stack_bytes = stack_bytes};
  while (high - low > 1) {
    uint32_t middle = (low + high) / 2;
    hrt_instance *i = NULL;
    hrt_budget budget = {0};
    hsb_slot s[1] = {middle};
    assert_int_equal(hrt_instance_new(&i, kit_guarded, &options, &budget, NULL), 0);
    *(hrt_call(i, KIT_RECURSE, s, &budget, NULL) == 0 ? &low : &high) = middle;
    hrt_instance_free(i);
  }
  return low;
}

static void *depth_thread(void *arg) {
  *(uint32_t *)arg = depth_with(0);
  return NULL;
}

static void stack__options_and_thread(void **state) {
  (void)state;
  uint32_t large = depth_with(1u << 20), small = depth_with(1u << 17), thread = 0;
  assert_in_range(large, 6 * small, 10 * small);
  pthread_t t;
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  assert_int_equal(pthread_attr_setstacksize(&attr, 832 << 10), 0); /* less than 1 MiB */
  assert_int_equal(pthread_create(&t, &attr, depth_thread, &thread), 0);
  pthread_join(t, NULL);
  pthread_attr_destroy(&attr);
  assert_in_range(thread, small, large / 2);
}

/* hrt_call_short, as runtime/sqlite calls; *used: all of its fuel. */
static int call_short(hrt_instance *i, uint32_t export, hsb_slot *slots, hrt_budget *budget,
                      uint64_t *used, helios_error *err) {
  bool metered = i->abi->flags & HSB_PLUGIN_METERED;
  hrt_short s = {.instance = i,
                 .export = hrt_export_at(i->abi, export),
                 .budget = budget,
                 .most = hrt_fuel_most(budget->fuel_limit, metered),
                 .err = err};
  hrt_short_ready(&s);
  hrt_short_result r = hrt_call_short(&s, slots);
  assert_int_equal(budget->fuel_used, 0);
  *used = r.used;
  return r.status;
}

static void short__as_the_long_way(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(kit_guarded, NULL);
  hrt_budget budget = {0};
  helios_error err = {0};
  uint64_t used;
  for (uint64_t n = 1; n < 4; n++) { /* the first by the long way: there is no slice yet */
    hsb_slot s[2] = {1000 * n, 100};
    assert_int_equal(call_short(i, KIT_BURN, s, &budget, &used, &err), 0);
    assert_int_equal(used, 1000 * n);
    assert_int_equal(call_short(i, KIT_COUNT, s, &budget, &used, &err), 0);
    assert_int_equal(s[0], 101);
    assert_int_equal(hrt_instance_reset(i, NULL), 0);
  }
  hsb_slot s[2] = {1000, 100};
  int64_t slice = budget.slice;
  budget.fuel_limit = 1000; /* less than the slice that is left */
  assert_true(slice > 2000);
  assert_int_equal(call_short(i, KIT_BURN, s, &budget, &used, &err), 0);
  s[0] = 1001;
  s[1] = 1001;
  assert_int_equal(call_short(i, KIT_BURN, s, &budget, &used, &err), HELIOS_E_FUEL);
  assert_int_equal(used, 1001);
  assert_null(hrt_thread.current);
  budget = (hrt_budget){.slice = slice};
  assert_int_equal(call_short(i, KIT_EMPTY, s, &budget, &used, NULL), HELIOS_E_MISUSE);
  hrt_instance_free(i);
}

/* Longer than a slice, so that the guest asks for more: all of it counts, once, and the slice is
 * what is left of the last one. */
static void short__asks_for_more(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(kit_guarded, NULL);
  hrt_budget budget = {.fuel_limit = 5000000};
  helios_error err = {0};
  uint64_t used;
  for (int n = 0; n < 4; n++) {
    hsb_slot s[2] = {n % 2 ? 10 : 3000000, n % 2 ? 10 : 1000};
    assert_int_equal(call_short(i, KIT_BURN, s, &budget, &used, &err), 0);
    assert_int_equal(used, n % 2 ? 10 : 3000000);
    assert_int_equal(budget.deadline_ns, 0);
    assert_true(n % 2 || (budget.slice >= 0 && budget.slice == i->ctx->fuel));
  }
  int64_t slice = budget.slice;
  hsb_slot s[2] = {100, 100};
  assert_int_equal(call_short(i, KIT_BURN, s, &budget, &used, &err), 0);
  assert_int_equal(budget.slice, slice - 100 - HRT_TOLL_CALL);
  s[0] = 5000001, s[1] = 1000;
  assert_int_equal(call_short(i, KIT_BURN, s, &budget, &used, &err), HELIOS_E_FUEL);
  assert_in_range(used, 5000001, 5001000);
  hrt_instance_free(i);
}

static int starts_the_clock(void *budget) {
  ((hrt_budget *)budget)->deadline_ns = UINT64_MAX;
  return 0;
}

static void host_polls(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)s;
  (void)env;
  ctx->host->poll(ctx, 0x77);
}

/* A look at the limits that gives no fuel starts the clock too, and it stops with the call. */
static void short__polls(void **state) {
  (void)state;
  struct hsb_binding binding = {host_polls, NULL};
  hrt_instance_options options = {.imports = &binding};
  hrt_budget budget = {0};
  hrt_instance *i = NULL;
  uint64_t used;
  assert_int_equal(hrt_instance_new(&i, kit_guarded, &options, &budget, NULL), 0);
  budget = (hrt_budget){.probe = starts_the_clock, .probe_arg = &budget};
  for (int n = 0; n < 3; n++) {
    hsb_slot s[2] = {0};
    assert_int_equal(call_short(i, KIT_IMPORT, s, &budget, &used, NULL), 0);
    assert_int_equal(budget.deadline_ns, 0);
  }
  hrt_instance_free(i);
}

/* A limit within the slice that a call is given beyond what is left of this one. */
static void short__limit_beyond_the_slice(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(kit_guarded, NULL);
  for (uint64_t n = 1000; n < 1002; n++) {
    hrt_budget budget = {.slice = 600, .slice_size = 1 << 18, .fuel_limit = 1000};
    helios_error err = {0};
    uint64_t used;
    hsb_slot s[2] = {n, n};
    assert_int_equal(call_short(i, KIT_BURN, s, &budget, &used, &err),
                     n > 1000 ? HELIOS_E_FUEL : 0);
    assert_int_equal(used, n);
  }
  hrt_instance_free(i);
}

/* What counts time only is no fuel. */
static void short__without_fuel(void **state) {
  (void)state;
  hrt_plugin *p = kit_plugin("-UMETERED -DMETERED=0");
  hrt_instance *i = kit_instance(p, NULL);
  hrt_budget budget = {0};
  helios_error err = {0};
  uint64_t used;
  for (int n = 0; n < 3; n++) {
    hsb_slot s[2] = {1000, 100};
    assert_int_equal(call_short(i, KIT_BURN, s, &budget, &used, &err), 0);
    assert_int_equal(used, 0);
  }
  hrt_instance_free(i);
  hrt_plugin_unref(p);
}

static void short__traps(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(kit_guarded, NULL);
  hrt_budget budget = {0};
  helios_error err = {0};
  uint64_t used;
  hsb_slot s[2] = {0, 0};
  assert_int_equal(call_short(i, KIT_EMPTY, s, &budget, &used, &err), 0);
  i->ctx->stack_limit = 0;
  assert_int_equal(call_short(i, KIT_EMPTY, s, &budget, &used, &err), 0);
  assert_true(i->ctx->stack_limit != 0);
  s[0] = 0x7fffffff;
  assert_int_equal(call_short(i, KIT_PEEK, s, &budget, &used, &err), HELIOS_E_TRAP);
  assert_int_equal(err.trap, HSB_TRAP_OOB);
  assert_true(hrt_instance_dead(i));
  assert_null(hrt_thread.current);
  hrt_instance_free(i);
}

/* What is set up for many calls does not run an instance that died in one of them. */
static void short__not_on_a_dead_instance(void **state) {
  (void)state;
  for (int long_way = 0; long_way < 2; long_way++) {
    hrt_instance *i = kit_instance(kit_guarded, NULL);
    hrt_budget budget = {0};
    helios_error err = {0};
    hsb_slot s[2] = {0, 0};
    hrt_short many = {.instance = i,
                      .export = hrt_export_at(i->abi, KIT_PEEK),
                      .budget = &budget,
                      .most = hrt_fuel_most(0, true),
                      .err = &err};
    hrt_short_ready(&many);
    assert_int_equal(hrt_call_short(&many, s).status, 0);
    budget.slice = long_way ? 0 : budget.slice;
    s[0] = 0x7fffffff;
    assert_int_equal(hrt_call_short(&many, s).status, HELIOS_E_TRAP);
    assert_true(hrt_instance_dead(i));
    err = (helios_error){0};
    assert_int_equal(hrt_call_short(&many, s).status, HELIOS_E_MISUSE);
    hrt_instance_free(i);
  }
}

static void host_dives_short(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  static hrt_budget budget; /* of another connection */
  uint64_t used;
  (void)ctx;
  const struct hrt_activation *outer = hrt_thread.current;
  hsb_slot none[1] = {0};
  assert_int_equal(call_short(env, KIT_EMPTY, none, &budget, &used, NULL), 0);
  assert_ptr_equal(hrt_thread.current, outer);
  s[0] = (uint64_t)call_short(env, KIT_RECURSE, s, &budget, &used, NULL);
  assert_ptr_equal(hrt_thread.current, outer);
}

static void host_dives(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  s[0] = (uint64_t)hrt_call(env, KIT_RECURSE, s, hrt_host_budget(ctx), NULL);
}

/* The status of a recursion in an instance with 1 MiB of stack, called by one with this much. */
static int dive_within(uint32_t stack_bytes, uint32_t depth, hsb_import_fn *dives) {
  hrt_instance *inner = kit_instance(kit_guarded, NULL), *outer = NULL;
  struct hsb_binding binding = {dives, inner};
  hrt_instance_options options = {.imports = &binding, .stack_bytes = stack_bytes};
  hrt_budget budget = {0};
  assert_int_equal(hrt_instance_new(&outer, kit_guarded, &options, &budget, NULL), 0);
  int status = (int)kit_call(outer, KIT_IMPORT, depth, 0, 0);
  hrt_instance_free(inner);
  hrt_instance_free(outer);
  return status;
}

/* All calls of a thread together get the stack of the outermost one. */
static void stack__nested_calls_share_the_outer_limit(void **state) {
  (void)state;
  uint32_t depth = depth_with(1u << 18);
  hsb_import_fn *ways[] = {host_dives, host_dives_short};
  for (int n = 0; n < 2; n++) {
    assert_int_equal(dive_within(1u << 19, depth, ways[n]), 0);
    assert_int_equal(dive_within(1u << 17, depth, ways[n]), HELIOS_E_TRAP);
  }
}

/* What a coroutine does: a call on memory that is no thread's stack. */
static ucontext_t own_context, other_context;
static int other_status, other_call, other_short;
static helios_error other_error;
static hrt_instance *other_instance, *short_instance;
static hrt_budget other_budget, short_budget;

static void on_other_stack(void) {
  hrt_instance_options options = {.imports = &kit_binding};
  hrt_budget budget = {0};
  hrt_instance *i = NULL;
  other_status = hrt_instance_new(&i, kit_guarded, &options, &budget, &other_error);
  hrt_instance_free(i);
  hsb_slot s[1] = {0};
  other_call = hrt_call(other_instance, KIT_EMPTY, s, &other_budget, NULL);
  uint64_t used;
  other_short = call_short(short_instance, KIT_EMPTY, s, &short_budget, &used, NULL);
  swapcontext(&other_context, &own_context);
}

static void stack__foreign_is_refused(void **state) {
  (void)state;
  if (KIT_TSAN) {
    skip(); /* TSan loses track of its own stack at swapcontext */
  }
  size_t size = 1 << 20;
  void *stack = malloc(size);
  assert_non_null(stack);
  assert_int_equal(getcontext(&other_context), 0);
  hsb_slot s[1] = {0};
  other_instance = kit_instance(kit_guarded, NULL); /* its next call could take the short way in */
  assert_int_equal(hrt_call(other_instance, KIT_EMPTY, s, &other_budget, NULL), 0);
  short_instance = kit_instance(kit_guarded, NULL);
  uint64_t used;
  assert_int_equal(call_short(short_instance, KIT_EMPTY, s, &short_budget, &used, NULL), 0);
  other_context.uc_stack.ss_sp = stack;
  other_context.uc_stack.ss_size = size;
  makecontext(&other_context, on_other_stack, 0);
  assert_int_equal(swapcontext(&own_context, &other_context), 0);
  assert_int_equal(other_status, HELIOS_E_LIMIT);
  assert_string_equal(other_error.text, "called on a stack of unknown size");
  assert_int_equal(other_call, HELIOS_E_LIMIT);
  assert_int_equal(other_short, HELIOS_E_LIMIT);
  hrt_instance_free(other_instance);
  hrt_instance_free(short_instance);
  free(stack);
  assert_true(depth_with(1u << 17) > 0); /* the thread's own stack still works */
}

static void new__every_allocation_fails_once(void **state) {
  (void)state;
  hrt_plugin *plugins[] = {kit_guarded, kit_checked};
  for (int which = 0; which < 2; which++) {
    long live = hrt_alloc_live();
    int failures = 0, spaces = 0;
    for (long n = 0; n < 100; n++) {
      helios_error err = {0};
      hrt_budget budget = {0};
      hrt_instance *i = NULL;
      hrt_instance_options options = {.imports = &kit_binding};
      hrt_alloc_fail(n, 1);
      int status = hrt_instance_new(&i, plugins[which], &options, &budget, &err);
      hrt_alloc_fail(-1, 0);
      if (status == 0) {
        hrt_instance_free(i);
        break;
      }
      failures++;
      assert_int_equal(status, HELIOS_E_MEMORY);
      assert_true(err.text[0] != '\0');
      spaces += strstr(err.text, "no address space") != NULL;
      assert_null(i);
      assert_int_equal(hrt_alloc_live(), live);
    }
    assert_int_equal(spaces, 1);
    assert_int_equal(failures, 7); /* struct, imports, space, instance, image, its pages, table */
    assert_int_equal(hrt_alloc_live(), live);
  }
}

static void *calls(void *arg) {
  hrt_instance *i = kit_instance(kit_guarded, NULL);
  for (int n = 0; n < 200; n++) {
    kit_call(i, KIT_POKE, (uint64_t)n * 1000, 5, 0);
    assert_int_equal(kit_call(i, KIT_PEEK, (uint64_t)n * 1000, 0, 0), 5);
    assert_int_equal(hrt_instance_reset(i, NULL), 0);
    assert_int_equal(kit_call(i, KIT_PEEK, (uint64_t)n * 1000 + 100, 0, 0), 0);
  }
  hsb_slot s[1] = {UINT32_MAX};
  hrt_budget budget = {0};
  *(int *)arg = hrt_call(i, KIT_PEEK, s, &budget, NULL);
  hrt_instance_free(i);
  return NULL;
}

static void threads__each_its_own_instance(void **state) {
  (void)state;
  pthread_t t[4];
  int status[4] = {0};
  for (int n = 0; n < 4; n++) {
    assert_int_equal(pthread_create(&t[n], NULL, calls, &status[n]), 0);
  }
  for (int n = 0; n < 4; n++) {
    pthread_join(t[n], NULL);
    assert_int_equal(status[n], HELIOS_E_TRAP);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(new__segments_globals_tables),
      cmocka_unit_test(new__start_and_initialize),
      cmocka_unit_test(short__as_the_long_way),
      cmocka_unit_test(short__asks_for_more),
      cmocka_unit_test(short__polls),
      cmocka_unit_test(short__limit_beyond_the_slice),
      cmocka_unit_test(short__without_fuel),
      cmocka_unit_test(short__traps),
      cmocka_unit_test(short__not_on_a_dead_instance),
      cmocka_unit_test(new__failures),
      cmocka_unit_test(new__imports_must_be_bound),
      cmocka_unit_test(call__oob_is_a_trap_with_its_place),
      cmocka_unit_test(call__last_byte_is_in_bounds),
      cmocka_unit_test(call__dead_instances_stay_dead),
      cmocka_unit_test(call__on_an_ample_budget),
      cmocka_unit_test(call__every_trap_code),
      cmocka_unit_test(call__no_such_export),
      cmocka_unit_test(host__fails_with_its_own_error),
      cmocka_unit_test(host__traps),
      cmocka_unit_test(host__traps_in_a_script),
      cmocka_unit_test(host__nested_calls),
      cmocka_unit_test(host__inner_trap_leaves_the_outer_call),
      cmocka_unit_test(stack__recursion_traps),
      cmocka_unit_test(stack__options_and_thread),
      cmocka_unit_test(stack__nested_calls_share_the_outer_limit),
      cmocka_unit_test(stack__foreign_is_refused),
      cmocka_unit_test(new__every_allocation_fails_once),
      cmocka_unit_test(threads__each_its_own_instance),
  };
  return cmocka_run_group_tests_name("instance", tests, kit_begin_both, kit_end_both);
}
