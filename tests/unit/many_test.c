/* many_test.c - 10,000 instances alive at once: all work, within 1 GiB of resident memory and the
 * system's number of mappings; what no instance writes exists once; and what happens when address
 * space runs out. */
#include "guest_kit.h"

#include <sys/resource.h>
#include <sys/wait.h>

#if defined(__SANITIZE_ADDRESS__)
enum { MANY = 1000 }; /* each costs ten times as much */
#else
enum { MANY = 10000 };
#endif

static hrt_plugin *plugin, *heavy; /* heavy: 1 MiB of its 6 MiB is not zero */

static int setup(void **state) {
  (void)state;
  plugin = kit_plugin("");
  heavy = kit_plugin("-UMEMORY_MIN -DMEMORY_MIN=96 '-DINIT=for (unsigned n = 0; n < 1048576; n++) "
                     "MEM(i)[n + 1048576] = (unsigned char)(n % 251 + 1);'");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  hrt_plugin_unref(plugin);
  hrt_plugin_unref(heavy);
  return 0;
}

static long resident_bytes(void) {
  long pages = 0, resident = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  assert_non_null(f);
  assert_int_equal(fscanf(f, "%ld %ld", &pages, &resident), 2);
  fclose(f);
  return resident * sysconf(_SC_PAGESIZE);
}

static long mappings(void) {
  long n = 0;
  FILE *f = fopen("/proc/self/maps", "r");
  assert_non_null(f);
  for (int c; (c = fgetc(f)) != EOF;) {
    n += c == '\n';
  }
  fclose(f);
  return n;
}

/* Writes to memory in several places, the table and a global, as a procedure would. */
static void use(hrt_instance *i, unsigned n) {
  for (uint32_t at = 0; at < 4 * 65536; at += 50000) {
    kit_call(i, KIT_POKE, at, n & 0xff, 0);
  }
  kit_call(i, KIT_TABLE_SET, 3, n, 0);
  assert_int_equal(kit_call(i, KIT_COUNT, 0, 0, 0), 101);
}

static void many__alive_and_working(void **state) {
  (void)state;
  static hrt_instance *all[MANY];
  long before = resident_bytes();
  for (unsigned n = 0; n < MANY; n++) {
    all[n] = kit_instance(plugin, NULL);
    use(all[n], n);
  }
  print_message("%d instances: %.1f KiB resident each, %.2f mappings each\n", MANY,
                (double)(resident_bytes() - before) / 1024 / MANY, (double)mappings() / MANY);
  assert_true(resident_bytes() < 1L << 30);
  for (unsigned n = 0; n < MANY; n++) {
    assert_int_equal(kit_call(all[n], KIT_PEEK, 50000, 0, 0), n & 0xff);
    assert_int_equal(hrt_instance_reset(all[n], NULL), 0);
    assert_int_equal(kit_call(all[n], KIT_PEEK, 50000, 0, 0), 0);
    use(all[n], n + 1);
  }
  for (unsigned n = 0; n < MANY; n++) {
    hrt_instance_free(all[n]);
  }
}

/* ---- one image for all ---- */

enum { BEGIN = 1 << 20, SIZE = 1 << 20, ALL = 6 << 20 };

static uint8_t expected(uint32_t at) {
  return at >= BEGIN && at < BEGIN + SIZE ? (uint8_t)((at - BEGIN) % 251 + 1)
         : at >= 16 && at < 21            ? (uint8_t) "hello"[at - 16]
         : at >= 70000 && at < 70005      ? (uint8_t) "guest"[at - 70000]
                                          : 0;
}

static void check(hrt_instance *i, uint32_t step) {
  static uint8_t bytes[ALL];
  assert_true(hrt_guest_read(bytes, i, (guest_u32){0}, ALL));
  for (uint32_t at = 0; at < ALL; at += step) {
    assert_int_equal(bytes[at], expected(at));
  }
}

static void image__exists_once(void **state) {
  (void)state;
  enum { COUNT = 200 };
  static hrt_instance *all[COUNT];
  all[0] = kit_instance(heavy, NULL);
  check(all[0], 1);
  long before = resident_bytes();
  for (unsigned n = 1; n < COUNT; n++) {
    all[n] = kit_instance(heavy, NULL);
    assert_ptr_equal(all[n]->image, all[0]->image);
    kit_call(all[n], KIT_POKE, BEGIN + n * 1000, 255, 0);
  }
  long each = (resident_bytes() - before) / COUNT;
  print_message("1 MiB of data: %.1f KiB resident each\n", (double)each / 1024);
  assert_true(each < 128 << 10);
  for (unsigned n = 1; n < COUNT; n++) { /* nobody sees what another has written */
    assert_int_equal(kit_call(all[n], KIT_PEEK, BEGIN + n * 1000, 0, 0), 255);
    assert_int_equal(kit_call(all[n - 1], KIT_PEEK, BEGIN + n * 1000, 0, 0),
                     expected(BEGIN + n * 1000));
  }
  for (unsigned n = 0; n < COUNT; n++) {
    assert_int_equal(hrt_instance_reset(all[n], NULL), 0);
    check(all[n], 97);
    hrt_instance_free(all[n]);
  }
}

/* Few pages written, many, all; memory grown; the image's own memory is never written. */
static void image__reset_returns_to_it(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(heavy, NULL), *other = kit_instance(heavy, NULL);
  unsigned seed = 1;
  for (int round = 0; round < 40; round++) {
    for (int n = 0; n < 1 << round % 8; n++) {
      seed = seed * 1103515245u + 12345u;
      kit_call(i, KIT_POKE, seed % ALL, seed >> 24, 0);
    }
    if (round % 8 == 7) { /* more than a reset would copy */
      kit_call(i, KIT_FILL, 4096, ALL - 4096, 0xee);
      assert_int_equal(i->tracking, HRT_TRACK_OPEN);
      assert_int_equal(kit_call(i, KIT_GROW, 2, 0, 0), ALL >> 16);
      kit_call(i, KIT_POKE, ALL + 70000, 3, 0);
    }
    assert_int_equal(hrt_instance_reset(i, NULL), 0);
    check(i, round % 8 == 7 ? 1 : 31);
  }
  check(other, 1);
  hrt_instance_free(i);
  hrt_instance_free(other);
}

/* Memory that is not as others' is no image of theirs. */
static void image__of_one_that_differs(void **state) {
  (void)state;
  hrt_instance *i = kit_instance(heavy, NULL), *other = kit_instance(heavy, NULL);
  kit_call(i, KIT_POKE, BEGIN + 5, 200, 0);
  assert_int_equal(hrt_instance_checkpoint(i, NULL), 0);
  assert_ptr_not_equal(i->image, other->image);
  kit_call(i, KIT_POKE, BEGIN + 5, 201, 0);
  assert_int_equal(hrt_instance_reset(i, NULL), 0);
  assert_int_equal(kit_call(i, KIT_PEEK, BEGIN + 5, 0, 0), 200);
  hrt_instance_free(i);
  check(other, 1);
  hrt_instance_free(other);
}

/* ---- the end of address space ---- */

static void until_space_runs_out(void) {
  hrt_instance *first = kit_instance(plugin, NULL), *i = NULL;
  struct rlimit limit = {UINT64_C(40) << 30, UINT64_C(40) << 30};
  helios_error err = {0};
  hrt_budget budget = {0};
  hrt_instance_options options = {.imports = &kit_binding};
  int status = 0, made = 0;
  setrlimit(RLIMIT_AS, &limit);
  while (status == 0 && made < 10) {
    status = hrt_instance_new(&i, plugin, &options, &budget, &err);
    made += status == 0;
  }
  use(first, 5);
  bool good = made > 0 && made < 6 && status == HELIOS_E_MEMORY &&
              strstr(err.text, "address space") && strstr(err.hint, "ulimit") &&
              hrt_instance_reset(first, NULL) == 0;
  _exit(good ? 0 : 3);
}

static void space__runs_out_with_a_reason(void **state) {
  (void)state;
  int status;
  fflush(NULL);
#if defined(__SANITIZE_ADDRESS__)
  skip(); /* its shadow takes more than the limit */
#endif
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    until_space_runs_out();
  }
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(many__alive_and_working),       cmocka_unit_test(image__exists_once),
      cmocka_unit_test(image__reset_returns_to_it),    cmocka_unit_test(image__of_one_that_differs),
      cmocka_unit_test(space__runs_out_with_a_reason),
  };
  return cmocka_run_group_tests_name("many", tests, setup, teardown);
}
