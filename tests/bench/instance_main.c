/* instance_main.c - what runtime/plugin and runtime/instance cost: a guarded call, a reset, a new
 * instance, a load, a trap. Medians of many short runs, nanoseconds. Uses the unit tests' guest.
 *
 * usage: bench_instance [ROUNDS]   (HELIOS_SOURCE and clang as for the unit tests) */
#include "../unit/guest_kit.h"

#include "measure.h"

#define ROUNDS_MAX 1001

static hrt_plugin *plugin;
static struct fx_bytes file;
static hrt_instance *instance;
static hrt_budget budget;

static void direct_call(void) {
  hsb_slot s[3] = {0};
  instance->abi->exports[KIT_EMPTY].call(instance->instance, s);
}

static void guarded_call(void) {
  hsb_slot s[3] = {0};
  hrt_call(instance, KIT_EMPTY, s, &budget, NULL);
}

static void poke(uint32_t at) {
  hsb_slot s[3] = {at, 1, 0};
  hrt_call(instance, KIT_POKE, s, &budget, NULL);
}

static void reset_clean(void) {
  hrt_instance_reset(instance, NULL);
}

static void reset_nothing_written(void) {
  guarded_call();
  hrt_instance_reset(instance, NULL);
}

static void reset_pages(uint32_t pages) {
  for (uint32_t n = 0; n < pages; n++) {
    poke(n * 16384 % (4 * 65536) + n * 16384 / (4 * 65536) * 4096);
  }
  hrt_instance_reset(instance, NULL);
}

static void reset_1(void) {
  reset_pages(1);
}
static void reset_4(void) {
  reset_pages(4);
}
static void reset_16(void) {
  reset_pages(16);
}

static void reset_grown(void) {
  hsb_slot s[3] = {1, 1, 0};
  hrt_call(instance, KIT_GROW, s, &budget, NULL);
  poke(4 * 65536);
  hrt_instance_reset(instance, NULL);
}

static void fresh(void) {
  hrt_instance_free(instance);
  instance = kit_instance(plugin, NULL);
}

static void fault_a_page(void) { /* one in two is the checkpoint */
  poke(100000);
  hrt_instance_checkpoint(instance, NULL);
}

static void trap_and_fresh(void) {
  hsb_slot s[3] = {0xffffffff, 1, 0};
  helios_error err = {0};
  hrt_call(instance, KIT_PEEK, s, &budget, &err);
  fresh();
}

static void load(void) {
  hrt_plugin *p = NULL;
  if (hrt_plugin_load(&p, file.data, file.size, fx_key, NULL) == 0) {
    hrt_plugin_unref(p);
  }
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double median_of(void (*body)(void), int turns, int rounds) {
  static double ns[ROUNDS_MAX];
  for (int r = -1; r < rounds; r++) { /* the first warms up */
    double begin = measure_now_ns();
    for (int n = 0; n < turns; n++) {
      body();
    }
    ns[r < 0 ? 0 : r] = (measure_now_ns() - begin) / turns;
  }
  qsort(ns, (size_t)rounds, sizeof *ns, by_size);
  return ns[rounds / 2];
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*body)(void);
    int turns;
  } rows[] = {
      {"direct call of an empty export", direct_call, 100000},
      {"guarded call of an empty export", guarded_call, 100000},
      {"reset, nothing ran", reset_clean, 100000},
      {"call + reset, nothing written", reset_nothing_written, 20000},
      {"call + reset, 1 page", reset_1, 5000},
      {"4 calls + reset, 4 pages", reset_4, 2000},
      {"16 calls + reset, 16 pages", reset_16, 1000},
      {"2 calls + reset, memory grew", reset_grown, 500},
      {"write fault + checkpoint", fault_a_page, 500},
      {"new instance + free", fresh, 200},
      {"trap + new instance + free", trap_and_fresh, 200},
      {"load + unload", load, 200},
  };
  int rounds = argc > 1 ? atoi(argv[1]) : 21;
  rounds = rounds < 1 ? 1 : rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
  plugin = kit_plugin("");
  file = kit_file("");
  for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
    instance = kit_instance(plugin, NULL);
    printf("%-36s %10.1f ns\n", rows[n].name, median_of(rows[n].body, rows[n].turns, rounds));
    hrt_instance_free(instance);
  }
  printf("plugin file: %zu bytes\n", file.size);
  hrt_plugin_unref(plugin);
  fx_free(file);
  return 0;
}
