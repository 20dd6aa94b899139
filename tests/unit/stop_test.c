/* stop_test.c - nothing runs for ever: each shape of code that could is ended by its fuel limit,
 * its deadline, a cancel flag that another thread sets and a probe (which is how sqlite3_interrupt
 * is seen), soon enough, in builds with fuel and without.
 *
 * Prints how late each end came. HELIOS_STOP_ROUNDS=N: so often; HELIOS_STOP_PAGES=N: that much
 * memory for the shapes that sweep over it. */
#include "build_kit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "instance/instance.h"
#include "plugin/plugin.h"

#define MS UINT64_C(1000000)
#define LATE (100 * MS) /* asserted; what is promised is a tenth, on a machine that has time */
#define PAGES 256u

/* What a shape may end with when nobody stops it. */
enum { ENDLESS, OVERFLOWS };

typedef struct shape {
  const char *name;
  int kind;
} shape;

/* clang-format off */
#define T16(x) x x x x x x x x x x x x x x x x
#define SHAPE(name, body) \
  "(func $" name " (export \"" name "\") (local $i i32) (local $x i64) (local $y f64)" body ")\n"
#define AHEAD(name, turns, begin, body)                                                            \
  SHAPE(name, begin "(loop i32.const " #turns " local.set $i (loop " body "local.get $i i32.const " \
              "1 i32.sub local.tee $i br_if 0) i32.const 0 local.get $x i64.store i32.const 8 "     \
              "local.get $y f64.store br 0)")
#define TREE(name, call)                                                                           \
  "(func $" name " (param $n i32) local.get $n (if (then "                                         \
  "local.get $n i32.const 1 i32.sub " call " local.get $n i32.const 1 i32.sub " call ")))\n"

static const char MODULE[] =
    "(module (import \"env\" \"nothing\" (func $nothing))\n"
    "(memory (export \"memory\") 16 65536)\n"
    "(table $t 2 20000 funcref) (table $x 1000 funcref) (elem (table $t) (i32.const 0) $tree_b $swap)\n"
    "(type $deep (func (param i32))) (type $none (func))\n"
    "(elem $passive func $loop $loop $loop $loop $loop $loop $loop $loop)\n"
    "(data $bytes \"0123456789012345678901234567890123456789012345678901234567890123456789\")\n"
    "(func (export \"memory_use\") (param i32) local.get 0 memory.grow drop)\n"
    SHAPE("loop", "(loop br 0)")
    SHAPE("loop_if", "(loop i32.const 1 br_if 0)")
    SHAPE("loop_table", "(loop i32.const 9 br_table 0 0)")
    SHAPE("loop_arms", "(loop local.get $i (if (then i32.const 0 local.set $i br 1)"
          " (else i32.const 1 local.set $i br 1)))")
    SHAPE("loops", "(loop (loop (loop local.get $i i32.const 1 i32.add local.tee $i br_if 0) br 1))")
    SHAPE("loop_block", "(loop (block i32.const 1 br_if 0) br 0)")
    SHAPE("loop_counted", "(loop i32.const 1000 local.set $i"
          " (loop local.get $i i32.const 1 i32.sub local.tee $i br_if 0) br 0)")
    SHAPE("loop_float", "(loop local.get $y f64.sqrt f64.const 1.5 f64.add local.set $y br 0)")
    SHAPE("loop_divides", "i64.const -1 local.set $x (loop "
          T16(T16("local.get $x i64.const 3 i64.or local.get $x i64.div_u local.set $x "
                  "i64.const -1 local.get $x i64.sub local.set $x "))
          " br 0)")
    SHAPE("loop_calls", "(loop call $leaf br 0)") "(func $leaf)\n"
    TREE("tree", "call $tree") SHAPE("recursion", "i32.const 1000 call $tree")
    TREE("tree_a", "call $tree_b") TREE("tree_b", "call $tree_a")
    SHAPE("recursion_mutual", "i32.const 1000 call $tree_a")
    TREE("tree_i", "i32.const 0 call_indirect (type $deep)")
    SHAPE("recursion_table", "(loop i32.const 1000 call $tree_i br 0)")
    SHAPE("tail", "call $tail") SHAPE("tail_mutual", "call $tail_2 return")
    "(func $tail_2 call $tail_mutual return)\n"
    "(func $swap i32.const 1 call_indirect (type $none))\n"
    SHAPE("tail_table", "i32.const 1 call_indirect (type $none)")
    SHAPE("fill", "(loop i32.const 0 i32.const 7 memory.size i32.const 16 i32.shl memory.fill br 0)")
    "(func (export \"fill_range\") (param i32 i32 i32) local.get 0 local.get 1 local.get 2 memory.fill)\n"
    "(func (export \"copy_range\") (param i32 i32 i32) local.get 0 local.get 1 local.get 2 memory.copy)\n"
    SHAPE("fill_small", "(loop i32.const 0 i32.const 7 i32.const 31 memory.fill br 0)")
    SHAPE("fill_page", "(loop i32.const 0 i32.const 7 i32.const 65536 memory.fill br 0)")
    SHAPE("copy", "(loop i32.const 8 i32.const 0 memory.size i32.const 16 i32.shl i32.const 8"
          " i32.sub memory.copy br 0)")
    SHAPE("copy_down", "(loop i32.const 0 i32.const 8 memory.size i32.const 16 i32.shl i32.const 8"
          " i32.sub memory.copy br 0)")
    SHAPE("init", "(loop i32.const 0 i32.const 0 i32.const 70 memory.init $bytes br 0)")
    SHAPE("grow_nothing", "(loop i32.const 0 memory.grow drop br 0)")
    SHAPE("grow_refused", "(loop i32.const 65536 memory.grow drop br 0)")
    SHAPE("grow_by_one", "(loop i32.const 1 memory.grow drop br 0)")
    SHAPE("table_fill", "ref.null func i32.const 19998 table.grow $t drop"
          " (loop i32.const 0 ref.null func i32.const 20000 table.fill $t br 0)")
    SHAPE("table_copy", "(loop i32.const 1 i32.const 0 i32.const 999 table.copy $x $x br 0)")
    SHAPE("table_init", "(loop i32.const 0 i32.const 0 i32.const 8 table.init $x $passive br 0)")
    SHAPE("table_grow", "(loop ref.null func i32.const 0 table.grow $x drop br 0)")
    SHAPE("host", "(loop call $nothing br 0)")
    SHAPE("touch", "(loop local.get $i i32.const 1 i32.store8"
          " local.get $i i32.const 4096 i32.add memory.size i32.const 16 i32.shl i32.rem_u local.set $i br 0)")
    SHAPE("chase", "(loop local.get $i i32.load8_u i32.const 0x9e3779b1 local.get $i i32.mul i32.add"
          " i32.const 0x3c6ef35f i32.add memory.size i32.const 16 i32.shl i32.rem_u local.set $i br 0)")
    /* fast code first, so that slices are large when the slow code begins */
    SHAPE("fast_slow", "(loop i64.const 4000000 local.set $x"
          " (loop local.get $x i64.const 1 i64.sub local.tee $x i64.eqz i32.eqz br_if 0)"
          " i32.const 20000 local.set $i"
          " (loop i32.const 0x9e3779b1 local.get $i i32.mul memory.size i32.const 16 i32.shl i32.rem_u"
          "  i32.const 1 i32.store8 local.get $i i32.const 1 i32.sub local.tee $i br_if 0) br 0)")
    /* loops that are paid at once and cost no time, then loads of which each waits for the one before */
    SHAPE("paid_chase", "call $ring (loop i32.const 600 local.set $i"
          " (loop i32.const 0 call $paid local.get $i i32.const 1 i32.sub local.tee $i br_if 0)"
          " i64.const 1000 local.set $x"
          " (loop (loop local.get $i " T16("i32.load ") "local.tee $i br_if 0)"
          "  local.get $x i64.const 1 i64.sub local.tee $x i64.eqz i32.eqz br_if 0) br 0)")
    /* loops that are paid at once though they need more than a slice, as many turns as they may have:
       of what waits for what came before, and of memory that nobody has touched */
    AHEAD("ahead_sums", 320000, "i64.const 3 local.set $x", T16("local.get $x local.get $x i64.const 5 i64.rotl i64.add local.set $x "))
    AHEAD("ahead_products", 280000, "i64.const 3 local.set $x", T16("local.get $x local.get $x i64.mul local.set $x "))
    AHEAD("ahead_floats", 180000, "", T16("local.get $y f64.const 1.5 f64.add local.set $y "))
    AHEAD("ahead_roots", 10500, "f64.const 3 local.set $y", T16("local.get $y f64.sqrt local.set $y "))
    AHEAD("ahead_tiny", 10500, "f64.const 0x1p-1040 local.set $y", T16("local.get $y f64.const 1.00001 f64.mul local.set $y "))
    AHEAD("ahead_divides", 10300, "", T16("local.get $x i64.const 0x7ffffffffffffff1 i64.or i64.const 3 i64.div_u local.set $x "))
    SHAPE("ahead_touch", "(loop local.get $i local.get $i i32.const 14080000 i32.add call $touch_range"
          " local.get $i i32.const 14080000 i32.add memory.size i32.const 16 i32.shl i32.const 14080000"
          " i32.sub i32.rem_u local.set $i br 0)")
    "(func $touch_range (param $i i32) (param $end i32) (loop local.get $i i32.const 1 i32.store8"
    " local.get $i i32.const 64 i32.add local.tee $i local.get $end i32.ne br_if 0))\n"
    "(func $paid (param $i i32) (loop local.get $i i32.const 1 i32.add local.tee $i"
    " i32.const 20000 i32.ne br_if 0))\n"
    /* each line of 64 bytes of 8 MiB leads to another */
    "(func $ring (local $i i32) (loop local.get $i local.get $i i32.const 1664525 i32.mul"
    " i32.const 0x3fc0 i32.add i32.const 0x7fffc0 i32.and i32.store"
    " local.get $i i32.const 64 i32.add local.tee $i i32.const 0x800000 i32.ne br_if 0))\n"
    ")";

/* Loads of which each waits for the one before, and stores, all over a small memory that nobody has
   touched; as many as a loop may have at once. */
static const char SMALL[] =
    "(module (import \"env\" \"nothing\" (func $nothing))\n"
    "(memory (export \"memory\") 64 65) (func (export \"memory_use\") (param i32))\n"
    SHAPE("larger", "i32.const 1 memory.grow drop call $chase")
    SHAPE("chase", "(loop i32.const 17000 local.set $i (loop"
          " local.get $x i32.wrap_i64 local.get $i i32.store8"
          " local.get $x i32.wrap_i64 i32.load8_u i64.extend_i32_u"
          " local.get $x i64.const 0x9e3779b1 i64.mul i64.const 0x3c6ef372 i64.add i64.add"
          " i64.const 0x3fffff i64.and local.set $x "
          T16("local.get $y f64.const 1 f64.add local.set $y ")
          " (block local.get $x i64.const 1 i64.and i32.wrap_i64 br_if 0"
          "  local.get $y f64.const 0.5 f64.add local.set $y)"
          " local.get $i i32.const 1 i32.sub local.tee $i br_if 0) br 0)")
    ")";

/* Code of which no unit takes long, while its memory is small. */
static const char QUICK[] =
    "(module (memory (export \"memory\") 63 65) (func (export \"memory_use\") (param i32))\n"
    SHAPE("sums", "(loop local.get $x i64.const 5 i64.rotl i64.const 7 i64.xor local.set $x br 0)")
    SHAPE("roots", "(loop local.get $y f64.sqrt f64.const 1.5 f64.add local.set $y br 0)")
    SHAPE("chase", "(loop local.get $i i32.load8_u local.get $i i32.const 0x9e3779b1 i32.mul i32.add"
          " i32.const 0x3c6ef35f i32.add i32.const 0x3effff i32.and local.set $i br 0)")
    SHAPE("larger", "i32.const 2 memory.grow drop call $sums")
    "(func $spin (param $n i64) (loop local.get $n i64.const 1 i64.sub local.tee $n i64.eqz"
    " i32.eqz br_if 0))\n"
    SHAPE("spins", "i64.const 60000 call $spin")
    SHAPE("grows", "i64.const 60000 call $spin i32.const 2 memory.grow drop i64.const 60000 call $spin")
    ")";

/* clang-format on */

static const shape shapes[] = {
    {"loop", ENDLESS},
    {"loop_if", ENDLESS},
    {"loop_table", ENDLESS},
    {"loop_arms", ENDLESS},
    {"loops", ENDLESS},
    {"loop_block", ENDLESS},
    {"loop_counted", ENDLESS},
    {"loop_float", ENDLESS},
    {"loop_divides", ENDLESS},
    {"loop_calls", ENDLESS},
    {"recursion", ENDLESS},
    {"recursion_mutual", ENDLESS},
    {"recursion_table", ENDLESS},
    {"tail", OVERFLOWS},
    {"tail_mutual", OVERFLOWS},
    {"tail_table", OVERFLOWS},
    {"fill", ENDLESS},
    {"fill_small", ENDLESS},
    {"fill_page", ENDLESS},
    {"copy", ENDLESS},
    {"copy_down", ENDLESS},
    {"init", ENDLESS},
    {"grow_nothing", ENDLESS},
    {"grow_refused", ENDLESS},
    {"grow_by_one", ENDLESS},
    {"table_fill", ENDLESS},
    {"table_copy", ENDLESS},
    {"table_init", ENDLESS},
    {"table_grow", ENDLESS},
    {"host", ENDLESS},
    {"touch", ENDLESS},
    {"chase", ENDLESS},
    {"fast_slow", ENDLESS},
    {"paid_chase", ENDLESS},
    {"ahead_sums", ENDLESS},
    {"ahead_products", ENDLESS},
    {"ahead_floats", ENDLESS},
    {"ahead_roots", ENDLESS},
    {"ahead_tiny", ENDLESS},
    {"ahead_divides", ENDLESS},
    {"ahead_touch", ENDLESS},
};

#define AHEAD_COUNT 7 /* the last ones are paid at once */

enum { SHAPES = sizeof shapes / sizeof *shapes };

static const struct {
  const char *name;
  hcc_build_options options;
} builds[] = {
    {"guard", {.tier = HCC_TIER_OPTIMIZING}},
    {"explicit baseline", {.bounds = HCC_BOUNDS_EXPLICIT, .tier = HCC_TIER_BASELINE}},
    {"no fuel", {.no_fuel = true}},
};

enum { BUILDS = sizeof builds / sizeof *builds };

static hrt_plugin *plugins[BUILDS];
static uint32_t pages = PAGES, rounds = 1;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static hrt_plugin *load(const char *module, hcc_build_options options) {
  return kit_plugin_built(module, options);
}

static uint32_t setting(const char *name, uint32_t otherwise) {
  const char *value = getenv(name);
  return value ? (uint32_t)strtoul(value, NULL, 10) : otherwise;
}

static int begin(void **state) {
  int status = kit_begin(state);
  pages = setting("HELIOS_STOP_PAGES", PAGES);
  rounds = setting("HELIOS_STOP_ROUNDS", 1);
  for (size_t i = 0; i < BUILDS; i++) {
    plugins[i] = load(MODULE, builds[i].options);
  }
  return status;
}

static int end(void **state) {
  for (size_t i = 0; i < BUILDS; i++) {
    hrt_plugin_unref(plugins[i]);
  }
  return kit_end(state);
}

static void nothing(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)s, (void)env;
  hrt_host_charge(ctx, 0);
}

static uint32_t export_of(hrt_plugin *p, const char *name) {
  int index = hrt_plugin_export(p, name, (uint32_t)strlen(name));
  assert_true(index >= 0);
  return (uint32_t)index;
}

static hrt_instance *instance(hrt_plugin *p) {
  struct hsb_binding imports[] = {{nothing, NULL}};
  hrt_instance_options options = {.memory_limit_pages = pages + 64, .imports = imports};
  hrt_budget free_budget = {0};
  helios_error err = {0};
  hrt_instance *i = NULL;
  hsb_slot s[1] = {pages - 16};
  if (hrt_instance_new(&i, p, &options, &free_budget, &err) != 0 ||
      hrt_call(i, export_of(p, "memory_use"), s, &free_budget, &err) != 0) {
    fail_msg("instance: %s", err.text);
  }
  return i;
}

/* ---- another thread that stops a call ---- */

static struct {
  int flag; /* as hrt_budget.cancel */
  uint64_t at;
} stop;

static void *stopper(void *arg) {
  (void)arg;
  struct timespec t = {(time_t)(stop.at / 1000000000u), (long)(stop.at % 1000000000u)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
  stop.at = now_ns();
  __atomic_store_n(&stop.flag, 1, __ATOMIC_RELEASE);
  return NULL;
}

static int probe(void *arg) {
  (void)arg;
  return __atomic_load_n(&stop.flag, __ATOMIC_ACQUIRE);
}

enum way { BY_DEADLINE, BY_CANCEL, BY_PROBE, WAYS };

static const struct {
  const char *name;
  helios_code code;
} ways[WAYS] = {
    {"deadline", HELIOS_E_DEADLINE}, {"cancel", HELIOS_E_CANCELLED}, {"probe", HELIOS_E_CANCELLED}};

/* How late the call ends, in ns; the call must end as it should. */
static uint64_t lateness(size_t build, const shape *s, enum way way) {
  hrt_plugin *p = plugins[build];
  hrt_instance *i = instance(p);
  hrt_budget b = {0};
  helios_error err = {0};
  hsb_slot slots[1] = {0};
  pthread_t thread;
  stop.flag = 0;
  stop.at = now_ns() + 20 * MS + now_ns() % MS;
  if (way == BY_DEADLINE) {
    b.deadline_ns = stop.at;
  } else {
    b.cancel = way == BY_CANCEL ? &stop.flag : NULL;
    b.probe = way == BY_PROBE ? probe : NULL;
    assert_int_equal(pthread_create(&thread, NULL, stopper, NULL), 0);
  }
  int status = hrt_call(i, export_of(p, s->name), slots, &b, &err);
  uint64_t ended = now_ns();
  if (way != BY_DEADLINE) {
    pthread_join(thread, NULL);
  }
  bool overflow = s->kind == OVERFLOWS && err.trap == HSB_TRAP_STACK;
  if (status != (int)ways[way].code && !overflow) {
    fail_msg("%s, %s, by %s: %d %s", builds[build].name, s->name, ways[way].name, status, err.text);
  }
  bool began = hrt_instance_dead(i);
  hrt_instance_free(i);
  if (!began) { /* on a busy machine the call may begin after its end */
    return lateness(build, s, way);
  }
  return overflow || ended < stop.at ? 0 : ended - stop.at;
}

static int ascending(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

/* All shapes; the best of some attempts counts where an end is late, for the machine may be busy.
 */
static void stopped(enum way way) {
  for (size_t build = 0; build < BUILDS; build++) {
    uint64_t *all = calloc((size_t)rounds * SHAPES, sizeof *all), worst = 0;
    const char *name = "";
    size_t count = 0;
    assert_non_null(all);
    for (size_t n = 0; n < rounds * SHAPES; n++) {
      const shape *s = &shapes[n % SHAPES];
      uint64_t late = lateness(build, s, way);
      for (int more = 0; more < 5 && late > LATE; more++) {
        late = lateness(build, s, way);
      }
      if (getenv("HELIOS_STOP_ALL") != NULL) {
        printf("  %s, %s: %.2f ms\n", builds[build].name, s->name, (double)late / 1e6);
      }
      all[count++] = late;
      name = late > worst ? s->name : name;
      worst = late > worst ? late : worst;
    }
    qsort(all, count, sizeof *all, ascending);
    printf("%s by %s: %.2f ms late in the middle, %.2f at 99 of 100, %.2f at worst (%s)\n",
           builds[build].name, ways[way].name, (double)all[count / 2] / 1e6,
           (double)all[count * 99 / 100] / 1e6, (double)worst / 1e6, name);
    free(all);
    assert_true(worst <= LATE);
  }
}

static void stop__by_deadline(void **state) {
  (void)state;
  stopped(BY_DEADLINE);
}

static void stop__by_cancel(void **state) {
  (void)state;
  stopped(BY_CANCEL);
}

static void stop__by_probe(void **state) {
  (void)state;
  stopped(BY_PROBE);
}

/* What the looks at a call say of what came between them. */
typedef struct gap {
  hrt_budget budget;
  uint64_t began, at, used; /* at: of the last look */
  uint64_t time, fuel;      /* the most; in ns of the processor's time */
  unsigned looks;
} gap;

static uint64_t cpu_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int look(void *arg) {
  gap *g = arg;
  uint64_t now = cpu_ns(), time = now - g->at, fuel = g->budget.fuel_used - g->used;
  g->time = time > g->time ? time : g->time;
  g->fuel = fuel > g->fuel ? fuel : g->fuel;
  g->at = now;
  g->used = g->budget.fuel_used;
  g->looks++;
  return now - g->began > 60 * MS;
}

static gap gap_of_call(hrt_plugin *p, const char *name, helios_code end) {
  hrt_instance *i = instance(p);
  gap g = {.began = cpu_ns()};
  helios_error err = {0};
  hsb_slot slots[1] = {0};
  g.at = g.began;
  g.budget = (hrt_budget){.probe = look, .probe_arg = &g};
  assert_int_equal(hrt_call(i, export_of(p, name), slots, &g.budget, &err), end);
  hrt_instance_free(i);
  return g;
}

static gap gap_of(hrt_plugin *p, const char *name) {
  return gap_of_call(p, name, HELIOS_E_CANCELLED);
}

/* A loop that has more fuel than a slice has does not take longer than one may. */
static void ahead__takes_no_time(void **state) {
  (void)state;
  for (size_t build = 0; build < 2; build++) {
    for (size_t n = SHAPES - AHEAD_COUNT; n < SHAPES; n++) {
      gap best = gap_of(plugins[build], shapes[n].name);
      for (int more = 0; more < 5 && best.time > LATE / 10; more++) {
        gap g = gap_of(plugins[build], shapes[n].name);
        best = g.time < best.time ? g : best;
      }
      printf("%s, %s: %.2f ms, %llu units\n", builds[build].name, shapes[n].name,
             (double)best.time / 1e6, (unsigned long long)best.fuel);
      assert_true(best.time <= LATE);
      assert_true(best.fuel > 2 * HSB_FUEL_SLICE);
    }
  }
}

/* Nor does one that reads all over a small memory. */
static void ahead__in_a_small_memory(void **state) {
  hrt_plugin *p = load(SMALL, builds[0].options);
  gap best = gap_of(p, "chase");
  (void)state;
  for (int more = 0; more < 5 && best.time > LATE / 10; more++) {
    gap g = gap_of(p, "chase");
    best = g.time < best.time ? g : best;
  }
  printf("small: %.2f ms, %llu units\n", (double)best.time / 1e6, (unsigned long long)best.fuel);
  assert_true(best.time <= LATE);
  assert_true(best.fuel > 4 * HSB_FUEL_SLICE);
  assert_true(gap_of(p, "larger").fuel < 3 * HSB_FUEL_SLICE);
  hrt_plugin_unref(p);
}

static uint32_t slice_of(hrt_plugin *p) {
  return hrt_plugin_abi(p)->slice;
}

/* Such code has larger slices, but no longer ones; in a memory that has grown it has usual ones, at
 * once. What a call leaves of one is a usual one at most, for whatever comes next. */
static void quick__has_larger_slices(void **state) {
  static const char *const names[] = {"sums", "roots", "chase"};
  hrt_plugin *p = load(QUICK, builds[0].options);
  (void)state;
  assert_true(slice_of(p) > 2 * HSB_FUEL_SLICE && slice_of(p) <= HSB_FUEL_SLICE_MOST);
  for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
    gap best = gap_of(p, names[n]);
    for (int more = 0; more < 5 && best.time > LATE / 10; more++) {
      gap g = gap_of(p, names[n]);
      best = g.time < best.time ? g : best;
    }
    printf("quick, %s: %.2f ms, %llu units\n", names[n], (double)best.time / 1e6,
           (unsigned long long)best.fuel);
    assert_true(best.time <= LATE);
    assert_true(best.fuel > slice_of(p));
  }
  assert_true(gap_of(p, "larger").fuel < 3 * HSB_FUEL_SLICE);
  gap spins = gap_of_call(p, "spins", HELIOS_OK);
  assert_int_equal(spins.looks, 2);
  assert_true(spins.budget.slice <= HSB_FUEL_SLICE);
  assert_true(gap_of_call(p, "grows", HELIOS_OK).looks >= 5);
  hrt_plugin_unref(p);
}

/* Slow units, host functions that take as long as they like, and more code than caches hold. */
static void quick__is_not_all_code(void **state) {
  static const char line[] = "local.get $x i64.const 0x7ffffffffffffff1 i64.xor local.set $x\n";
  enum { LINES = 9000 };
  char *text = malloc(LINES * (sizeof line - 1) + 256);
  hrt_plugin *p;
  (void)state;
  assert_non_null(text);
  for (int lines = 10; lines <= LINES; lines += LINES - 10) {
    char *at = text + sprintf(text, "(module (func (export \"f\") (local $x i64)\n");
    for (int i = 0; i < lines; i++) {
      at += sprintf(at, "%s", line);
    }
    strcpy(at, "))");
    p = load(text, builds[0].options);
    assert_int_equal(slice_of(p), lines == LINES ? 0 : HSB_FUEL_SLICE_MOST);
    hrt_plugin_unref(p);
  }
  free(text);
  p = load(
      "(module (memory 1) (func (export \"f\") (param i32) local.get 0 " T16("i32.load ") " drop))",
      builds[0].options);
  assert_in_range(slice_of(p), HSB_FUEL_SLICE, 2 * HSB_FUEL_SLICE);
  hrt_plugin_unref(p);
  p = load("(module (import \"env\" \"nothing\" (func)) (func (export \"f\") i32.const 0 drop))",
           builds[0].options);
  assert_int_equal(slice_of(p), 0);
  hrt_plugin_unref(p);
}

/* Fuel ends each of them, at the same number in each build that counts it. */
static void stop__by_fuel(void **state) {
  (void)state;
  for (size_t n = 0; n < SHAPES; n++) {
    uint64_t used[2] = {0};
    for (size_t build = 0; build < 2; build++) {
      hrt_instance *i = instance(plugins[build]);
      hrt_budget b = {.fuel_limit = 300000, .deadline_ns = now_ns() + 60000 * MS};
      helios_error err = {0};
      hsb_slot slots[1] = {0};
      int status = hrt_call(i, export_of(plugins[build], shapes[n].name), slots, &b, &err);
      bool overflow = shapes[n].kind == OVERFLOWS && err.trap == HSB_TRAP_STACK;
      if (status != HELIOS_E_FUEL && !overflow) {
        fail_msg("%s, %s: %d %s", builds[build].name, shapes[n].name, status, err.text);
      }
      used[build] = overflow ? 0 : b.fuel_used;
      hrt_instance_free(i);
    }
    if (used[0] != used[1] || (shapes[n].kind == ENDLESS && used[0] <= 300000)) {
      fail_msg("%s: %llu, %llu", shapes[n].name, (unsigned long long)used[0],
               (unsigned long long)used[1]);
    }
  }
}

/* Without fuel a limit means nothing and nothing is counted; the budget is whole afterwards. */
static void no_fuel__no_limit(void **state) {
  (void)state;
  enum { NO_FUEL = 2 };
  hrt_instance *i = instance(plugins[NO_FUEL]);
  hrt_budget b = {.fuel_limit = 1, .deadline_ns = now_ns() + 5 * MS};
  helios_error err = {0};
  hsb_slot slots[1] = {0};
  assert_int_equal(hrt_call(i, export_of(plugins[NO_FUEL], "loop"), slots, &b, &err),
                   HELIOS_E_DEADLINE);
  assert_int_equal(b.fuel_used, 0);
  hrt_instance_free(i);
}

/* Bulk operations that are done in pieces do what one piece would do, whatever overlaps. */
static void bulk__in_pieces(void **state) {
  (void)state;
  static const struct {
    const char *name;
    uint32_t to, what, n;
  } steps[] = {{"fill_range", 5, 0xa5, 3 * HSB_BULK_PIECE + 7},
               {"fill_range", 100, 0x17, HSB_BULK_PIECE + 1},
               {"fill_range", HSB_BULK_PIECE, 0x99, 1},
               {"copy_range", 300, 0, 2 * HSB_BULK_PIECE + 3},
               {"copy_range", 0, 301, 3 * HSB_BULK_PIECE},
               {"copy_range", 7, 7, 2 * HSB_BULK_PIECE},
               {"copy_range", 5 * HSB_BULK_PIECE, 0, 4 * HSB_BULK_PIECE}};
  size_t size = 10 * HSB_BULK_PIECE;
  uint8_t *expected = calloc(2, size);
  assert_non_null(expected);
  for (size_t build = 0; build < BUILDS; build++) {
    hrt_instance *i = instance(plugins[build]);
    memset(expected, 0, size);
    assert_true(hrt_guest_write(i, (guest_u32){0}, expected, size));
    for (size_t n = 0; n < sizeof steps / sizeof *steps; n++) {
      hsb_slot slots[3] = {steps[n].to, steps[n].what, steps[n].n};
      hrt_budget b = {0};
      assert_int_equal(hrt_call(i, export_of(plugins[build], steps[n].name), slots, &b, NULL), 0);
      if (steps[n].name[0] == 'f') {
        memset(expected + steps[n].to, (int)steps[n].what, steps[n].n);
      } else {
        memmove(expected + steps[n].to, expected + steps[n].what, steps[n].n);
      }
      assert_true(hrt_guest_read(expected + size, i, (guest_u32){0}, size));
      assert_memory_equal(expected + size, expected, size);
    }
    hrt_instance_free(i);
  }
  free(expected);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stop__by_fuel),
      cmocka_unit_test(stop__by_deadline),
      cmocka_unit_test(stop__by_cancel),
      cmocka_unit_test(stop__by_probe),
      cmocka_unit_test(no_fuel__no_limit),
      cmocka_unit_test(bulk__in_pieces),
      cmocka_unit_test(ahead__takes_no_time),
      cmocka_unit_test(ahead__in_a_small_memory),
      cmocka_unit_test(quick__has_larger_slices),
      cmocka_unit_test(quick__is_not_all_code),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
