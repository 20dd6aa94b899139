/* aside_test.c - memory of instances that have ended is given back a piece at a time: no call waits
 * for more than a piece, what is set aside and what instances have is together never more than they
 * had, and in the end nothing is left. The linker puts munmap and clock_gettime below before
 * libc's. */
#include "guest_kit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)
#define PIECE HRT_ASIDE_PIECE
#define WRITTEN (160 * MIB)
#define SLACK (4 * MIB) /* the system counts in lots */
#define TRAPS "unreachable instruction executed in \"trap\" at wasm offset 0x77"

static hrt_plugin *plugin, *large; /* of 4 pages; of 100 MiB */

int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);

static bool refuse_munmap;

int __real_clock_gettime(clockid_t clock, struct timespec *out);
int __wrap_clock_gettime(clockid_t clock, struct timespec *out);

static bool own_clock;
static long clock_ms, clock_step; /* if it is ours: it goes on by so much each time */

int __wrap_clock_gettime(clockid_t clock, struct timespec *out) {
  if (!own_clock) {
    return __real_clock_gettime(clock, out);
  }
  clock_ms += clock_step;
  *out = (struct timespec){.tv_sec = 1, .tv_nsec = clock_ms * 1000000};
  return 0;
}

/* ms: that giving back a piece takes. */
static int reset_in(hrt_instance *i, long ms) {
  own_clock = true;
  clock_ms = 0;
  clock_step = ms;
  int status = hrt_instance_reset(i, NULL);
  own_clock = false;
  return status;
}

int __wrap_munmap(void *at, size_t size) {
  errno = ENOMEM;
  return refuse_munmap ? -1 : __real_munmap(at, size);
}

static int setup(void **state) {
  (void)state;
  plugin = kit_plugin("-UMEMORY_MAX -DMEMORY_MAX=65536");
  large = kit_plugin("-UMEMORY_MAX -DMEMORY_MAX=65536 -UMEMORY_MIN -DMEMORY_MIN=1600");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  hrt_plugin_unref(plugin);
  hrt_plugin_unref(large);
  return hrt_alloc_live() == 0 ? 0 : -1;
}

/* Each test begins and ends with nothing set aside. */
static int clean(void **state) {
  (void)state;
  return hrt_aside_bytes() == 0 ? 0 : -1;
}

static uint64_t resident(void) {
  unsigned long long pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  assert_non_null(f);
  assert_int_equal(fscanf(f, "%*u %llu", &pages), 1);
  fclose(f);
  return pages * 4096;
}

static int new_on(hrt_instance **out, hrt_plugin *p, hrt_budget *budget, helios_error *err) {
  hrt_instance_options options = {.imports = &kit_binding, .memory_limit_pages = 65536};
  *out = NULL;
  return hrt_instance_new(out, p, &options, budget, err);
}

/* One that has so much memory. */
static hrt_instance *grown(uint64_t bytes) {
  hrt_budget budget = {0};
  hrt_instance *i;
  assert_int_equal(new_on(&i, plugin, &budget, NULL), 0);
  uint64_t more = (bytes - hrt_guest_size(i)) / HSB_PAGE;
  assert_int_not_equal(kit_call(i, KIT_GROW, more, 0, 0), UINT32_MAX);
  assert_int_equal(hrt_guest_size(i), bytes);
  return i;
}

static void trap(hrt_instance *i) {
  kit_fails(i, KIT_TRAP, HSB_TRAP_UNREACHABLE, 0, HSB_TRAP_UNREACHABLE, HELIOS_E_TRAP, TRAPS);
}

/* Afterwards so much is set aside: a multiple of a piece. */
static void set_aside(uint64_t bytes) {
  hrt_instance *i = grown(bytes + PIECE);
  trap(i);
  hrt_instance_free(i);
  assert_int_equal(hrt_aside_bytes(), bytes);
}

/* The end of a call that wrote much takes as long as a piece does. */
static void end__gives_back_a_piece(void **state) {
  (void)state;
  long live = hrt_alloc_live();
  uint64_t empty = resident();
  hrt_instance *i = grown(WRITTEN);
  kit_call(i, KIT_FILL, 0, WRITTEN, 7);
  trap(i);
  uint8_t *end = i->reservation + i->reservation_size - HSB_PAGE, *other = NULL;
  for (uint64_t left = WRITTEN - PIECE;; left -= PIECE) {
    uint64_t before = resident();
    if (left == WRITTEN - PIECE) {
      hrt_instance_free(i);
    } else {
      hrt_aside_step();
    }
    assert_in_range(before - resident(), PIECE - SLACK, PIECE + SLACK);
    assert_int_equal(hrt_aside_bytes(), left);
    if (left == 0) {
      break;
    }
    if (other == NULL) { /* what was given back may be someone else's by now */
      other = mmap(end, HSB_PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
      assert_ptr_equal(other, end);
    }
    other[left / PIECE] = 1;
  }
  munmap(other, HSB_PAGE);
  assert_in_range(resident(), 0, empty + SLACK);
  assert_int_equal(hrt_alloc_live(), live);
}

/* So does a call that ends well: a reset that takes long is given up. */
static void reset__of_grown_memory(void **state) {
  (void)state;
  hrt_instance *i = grown(4 * PIECE + 5 * HSB_PAGE);
  kit_call(i, KIT_POKE, PIECE, 9, 0);
  kit_call(i, KIT_POKE, 4 * PIECE + 4 * HSB_PAGE + 7, 9, 0);
  assert_int_equal(reset_in(i, 0), 0);
  assert_int_equal(hrt_guest_size(i), 4 * HSB_PAGE);
  kit_call(i, KIT_GROW, 4 * PIECE / HSB_PAGE + 1, 0, 0);
  assert_int_equal(kit_call(i, KIT_PEEK, PIECE, 0, 0), 0);
  assert_int_equal(kit_call(i, KIT_PEEK, 4 * PIECE + 4 * HSB_PAGE + 7, 0, 0), 0);
  assert_int_equal(reset_in(i, 1), HELIOS_E_MEMORY); /* at the third piece */
  assert_true(hrt_instance_dead(i));
  hrt_instance_free(i);
  assert_int_equal(hrt_aside_bytes(), 3 * PIECE + 5 * HSB_PAGE);
  i = grown(PIECE + 4 * HSB_PAGE);
  assert_int_equal(reset_in(i, 1000), 0); /* one piece is what it may be */
  hrt_instance_free(i);
  hrt_aside_all();
}

/* Memory that was there at the beginning, all of which is open as much of it is written. */
static void reset__of_memory(void **state) {
  (void)state;
  hrt_budget budget = {0};
  hrt_instance *i;
  assert_int_equal(new_on(&i, large, &budget, NULL), 0);
  for (int round = 0; round < 2; round++) {
    for (uint64_t at = 0; at < 98 * MIB; at += 32 * 1024) {
      kit_call(i, KIT_POKE, at, 9, 0);
    }
    assert_int_equal(i->tracking, HRT_TRACK_OPEN);
    assert_int_equal(reset_in(i, round), round == 0 ? 0 : HELIOS_E_MEMORY);
    for (uint64_t at = 0; at < 98 * MIB && round == 0; at += 32 * 1024) {
      assert_int_equal(kit_call(i, KIT_PEEK, at, 0, 0), 0);
    }
  }
  hrt_instance_free(i);
  assert_int_equal(hrt_aside_bytes(), 100 * MIB - PIECE);
  hrt_aside_all();
}

/* Little is given back at once. */
static void end__of_little(void **state) {
  (void)state;
  long live = hrt_alloc_live();
  hrt_instance *i = grown(PIECE);
  trap(i);
  hrt_instance_free(i);
  assert_int_equal(hrt_aside_bytes(), 0);
  assert_int_equal(hrt_alloc_live(), live);
}

static uint64_t left_inside;

static void host_frees(struct hsb_ctx *ctx, hsb_slot *s, void *env) {
  (void)ctx, (void)s;
  hrt_instance_free(*(hrt_instance **)env);
  hrt_aside_step();
  left_inside = hrt_aside_bytes();
}

/* A call that ends early may be in many others: only the outermost one's end takes its time. */
static void end__inside_of_a_call(void **state) {
  (void)state;
  hrt_instance *inner = grown(4 * PIECE);
  struct hsb_binding binding = {host_frees, &inner};
  trap(inner);
  hrt_instance *i = kit_instance(plugin, &binding);
  kit_call(i, KIT_IMPORT, 0, 0, 0);
  assert_int_equal(left_inside, 4 * PIECE);
  inner = grown(PIECE);
  kit_call(i, KIT_IMPORT, 0, 0, 0);
  assert_int_equal(left_inside, 3 * PIECE); /* little is never set aside */
  hrt_aside_step();
  assert_int_equal(hrt_aside_bytes(), 2 * PIECE);
  hrt_instance_free(i);
  hrt_aside_all();
}

/* As much as is opened has been given back: by growing, for the host's use, and at the beginning.
 */
static void room__for_what_is_opened(void **state) {
  (void)state;
  hrt_budget budget = {0};
  hrt_instance *i, *other;
  set_aside(20 * PIECE);
  assert_int_equal(new_on(&i, plugin, &budget, NULL), 0);
  uint64_t left = 20 * PIECE - 4 * HSB_PAGE;
  assert_int_equal(hrt_aside_bytes(), left);
  kit_call(i, KIT_GROW, 1, 0, 0);
  assert_int_equal(hrt_aside_bytes(), left -= HSB_PAGE);
  kit_call(i, KIT_GROW, 3 * PIECE / HSB_PAGE + 1, 0, 0);
  assert_int_equal(hrt_aside_bytes(), left -= 3 * PIECE + HSB_PAGE);
  assert_int_equal(hrt_guest_grow(i, PIECE / HSB_PAGE + 2), 3 * PIECE / HSB_PAGE + 6);
  assert_int_equal(hrt_aside_bytes(), left -= PIECE + 2 * HSB_PAGE);
  kit_call(i, KIT_GROW, 65536, 0, 0); /* refused */
  assert_int_equal(hrt_guest_grow(i, 65536), -1);
  assert_int_equal(hrt_aside_bytes(), left);
  assert_int_equal(new_on(&other, large, &budget, NULL), 0);
  assert_int_equal(hrt_aside_bytes(), left -= 1600 * HSB_PAGE);
  kit_call(i, KIT_GROW, left / HSB_PAGE + 100, 0, 0);
  assert_int_equal(hrt_aside_bytes(), 0);
  hrt_instance_free(i);
  hrt_instance_free(other);
  hrt_aside_all();
}

/* Also where it begins with memory that another one's initialisation added. */
static void room__for_a_birth(void **state) {
  (void)state;
  const uint64_t words[HRT_BIRTH_WORDS] = {0};
  hrt_instance_options options = {
      .imports = &kit_binding, .memory_limit_pages = 65536, .origin = "o", .origin_size = 1};
  hrt_budget budget = {0};
  hrt_instance *first = NULL, *born = NULL;
  hrt_plugin *p = kit_plugin("-UMEMORY_MAX -DMEMORY_MAX=65536 -DSTART='.start=begin' "
                             "-DBEGIN='hsb_ctx_of(i)->host->memory_grow(hsb_ctx_of(i),900);'");
  assert_int_equal(hrt_instance_new(&first, p, &options, &budget, NULL), 0);
  hrt_instance_keep(first, words, budget.fuel_used);
  set_aside(20 * PIECE);
  assert_int_equal(hrt_instance_new(&born, p, &options, &budget, NULL), 0);
  assert_non_null(hrt_instance_born(born));
  assert_int_equal(hrt_guest_size(born), 904 * HSB_PAGE);
  assert_int_equal(hrt_aside_bytes(), 20 * PIECE - 904 * HSB_PAGE);
  hrt_instance_free(born);
  set_aside(20 * PIECE);
  int stopped = 1;
  budget.cancel = &stopped;
  assert_int_equal(hrt_instance_new(&born, p, &options, &budget, NULL), HELIOS_E_CANCELLED);
  hrt_instance_free(first);
  hrt_plugin_unref(p);
  hrt_aside_all();
}

/* Asked before each piece; the n-th time it says yes. */
static int asked;

static int stops(void *arg) {
  return ++asked >= *(const int *)arg;
}

/* Who has to make room can be stopped as anyone. */
static void room__can_be_stopped(void **state) {
  (void)state;
  int third = 3, first = 1;
  helios_error err = {0};
  hsb_slot s[1] = {8 * PIECE / HSB_PAGE};
  hrt_instance *i, *other;
  hrt_budget none = {0}, budget = {.probe = stops, .probe_arg = &third};
  set_aside(20 * PIECE);
  assert_int_equal(new_on(&i, plugin, &none, NULL), 0);
  uint64_t left = hrt_aside_bytes();
  budget.slice = budget.slice_size = 1 << 20;
  asked = 0;
  assert_int_equal(hrt_call(i, KIT_GROW, s, &budget, &err), HELIOS_E_CANCELLED);
  assert_int_equal(hrt_aside_bytes(), left - 2 * PIECE);
  assert_true(hrt_instance_dead(i));
  assert_int_equal(hrt_guest_size(i), 4 * HSB_PAGE);
  hrt_instance_free(i);
  budget = (hrt_budget){.probe = stops, .probe_arg = &first};
  helios_error err2 = {0};
  assert_int_equal(new_on(&other, large, &budget, &err2), HELIOS_E_CANCELLED);
  assert_string_equal(err2.text, "cancelled before a call");
  budget = (hrt_budget){.deadline_ns = 1};
  assert_int_equal(new_on(&other, large, &budget, NULL), HELIOS_E_DEADLINE);
  assert_null(other);
  assert_int_equal(hrt_aside_bytes(), left - 2 * PIECE);
  hrt_aside_all();
}

/* Without memory for the note, or for a mapping more, it is given back at once. */
static void end__without_memory(void **state) {
  (void)state;
  long live = hrt_alloc_live();
  hrt_instance *i = grown(WRITTEN);
  kit_call(i, KIT_FILL, 0, WRITTEN, 7);
  trap(i);
  hrt_alloc_fail(0, 1);
  hrt_instance_free(i);
  hrt_alloc_fail(-1, 0);
  assert_int_equal(hrt_aside_bytes(), 0);
  assert_int_equal(hrt_alloc_live(), live);
  uint64_t empty = resident();
  i = grown(WRITTEN);
  kit_call(i, KIT_FILL, 0, WRITTEN, 7);
  uint8_t *pages = i->reservation;
  uint64_t size = i->reservation_size;
  trap(i);
  refuse_munmap = true;
  hrt_instance_free(i);
  hrt_aside_all();
  refuse_munmap = false;
  assert_in_range(resident(), 0, empty + SLACK);
  assert_int_equal(hrt_alloc_live(), live);
  munmap(pages, size);
}

/* Address space that is set aside is there for who needs it. */
static void reserve__takes_what_is_set_aside(void **state) {
  (void)state;
  struct rlimit before, less;
  unsigned long long pages = 0;
  hrt_budget budget = {0};
  hrt_instance *i;
#if defined(__SANITIZE_ADDRESS__) || KIT_TSAN
  skip(); /* have all of it */
#endif
  set_aside(2 * PIECE);
  FILE *f = fopen("/proc/self/statm", "r");
  assert_non_null(f);
  assert_int_equal(fscanf(f, "%llu", &pages), 1);
  fclose(f);
  assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
  less = before;
  less.rlim_cur = pages * 4096 + HSB_MEMORY_RESERVE;
  assert_int_equal(setrlimit(RLIMIT_AS, &less), 0);
  int status = new_on(&i, plugin, &budget, NULL);
  assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
  assert_int_equal(status, 0);
  assert_int_equal(hrt_aside_bytes(), 0);
  hrt_instance_free(i);
}

/* A child of fork has its own. */
static void fork__has_its_own(void **state) {
  (void)state;
  set_aside(2 * PIECE);
  pid_t child = fork();
  if (child == 0) {
    hrt_aside_all();
    _exit(hrt_aside_bytes() != 0);
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_int_equal(hrt_aside_bytes(), 2 * PIECE);
  hrt_aside_all();
}

enum { THREADS = 4, TURNS = 30 };

static void *come_and_go(void *arg) {
  hrt_budget budget = {0};
  for (int n = 0; n < TURNS; n++) {
    hsb_slot s[1] = {(2 * PIECE + (uint64_t)n * MIB) / HSB_PAGE};
    hrt_instance *i;
    if (new_on(&i, plugin, &budget, NULL) != 0 || hrt_call(i, KIT_GROW, s, &budget, NULL) != 0) {
      return NULL;
    }
    hrt_instance_free(i);
    hrt_aside_step();
  }
  return arg;
}

static void threads__give_back_all(void **state) {
  (void)state;
  long live = hrt_alloc_live();
  pthread_t threads[THREADS];
  for (int n = 0; n < THREADS; n++) {
    assert_int_equal(pthread_create(&threads[n], NULL, come_and_go, &live), 0);
  }
  for (int n = 0; n < THREADS; n++) {
    void *done;
    pthread_join(threads[n], &done);
    assert_non_null(done);
  }
  hrt_aside_all();
  assert_int_equal(hrt_aside_bytes(), 0);
  assert_int_equal(hrt_alloc_live(), live);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clean, clean)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(end__gives_back_a_piece),
      TEST(reset__of_grown_memory),
      TEST(reset__of_memory),
      TEST(end__of_little),
      TEST(end__inside_of_a_call),
      TEST(room__for_what_is_opened),
      TEST(room__for_a_birth),
      TEST(room__can_be_stopped),
      TEST(end__without_memory),
      TEST(fork__has_its_own),
      TEST(reserve__takes_what_is_set_aside),
      TEST(threads__give_back_all),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
