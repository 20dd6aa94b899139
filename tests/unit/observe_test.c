/* observe_test.c - the store of what was observed: rings, bounds, counters, metrics, deferred
 * writes, threads, and no memory. */
#include "fixture.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "observe/observe.h"
#include "plugin/alloc.h"

static hrt_store *open_store(const char *path) {
  hrt_store *store = NULL;
  helios_error err = {0};
  assert_int_equal(hrt_store_open(&store, path, 42, &err), 0);
  return store;
}

static const hrt_origin who = {.procedure = "p", .version = 3, .call = 7};

static size_t taken(hrt_store *store, hrt_ring_kind kind, int64_t above, const char **last) {
  static char text[100];
  hrt_record *out[HRT_RING_MOST];
  size_t n = hrt_records_take(out, store, kind, above);
  for (size_t i = 0; i < n; i++) {
    hrt_datum d = out[i]->values[out[i]->count - 1];
    snprintf(text, sizeof text, "%s", d.type == HRT_DATUM_TEXT ? d.as.text : "NULL");
    assert_true(i == 0 || out[i]->serial == out[i - 1]->serial + 1);
  }
  for (size_t i = 0; i < n; i++) {
    hrt_record_give(store, out[i]);
  }
  *last = text;
  return n;
}

static void store__is_one_a_file(void **state) {
  (void)state;
  hrt_store *a = open_store("/x/a.db"), *b = open_store("/x/a.db"), *c = open_store("/x/b.db");
  hrt_store *d = open_store(""), *e = open_store(NULL);
  assert_ptr_equal(a, b);
  assert_ptr_not_equal(a, c);
  assert_ptr_not_equal(d, e);
  hrt_observer one, two;
  hrt_observer_init(&one, a);
  hrt_observer_init(&two, a);
  assert_int_equal(two.connection, one.connection + 1);
  hrt_store_close(a);
  hrt_observe_log(&two, &who, HRT_LOG_INFO, "still there");
  const char *last;
  assert_int_equal(taken(b, HRT_RING_LOGS, 0, &last), 1);
  hrt_store_close(b);
  b = open_store("/x/a.db"); /* a new one: empty */
  assert_int_equal(taken(b, HRT_RING_LOGS, 0, &last), 0);
  hrt_store_close(b);
  hrt_store_close(c);
  hrt_store_close(d);
  hrt_store_close(e);
  hrt_store_close(NULL);
}

static void ring__is_bounded_and_counts_what_it_drops(void **state) {
  (void)state;
  hrt_store *store = open_store(NULL);
  hrt_observer o;
  hrt_observer_init(&o, store);
  char line[32];
  const char *last;
  for (int i = 1; i <= 600; i++) {
    snprintf(line, sizeof line, "line %d", i);
    hrt_observe_log(&o, &who, HRT_LOG_WARN, line);
    assert_int_equal(hrt_records_dropped(store, HRT_RING_LOGS), i > 512 ? i - 512 : 0);
  }
  assert_int_equal(taken(store, HRT_RING_LOGS, 0, &last), 512);
  assert_string_equal(last, "line 600");
  assert_true(hrt_records_due(store));
  assert_true(hrt_store_hurry(store));
  hrt_store_close(store);
}

static void record__has_its_own_values(void **state) {
  (void)state;
  hrt_store *store = open_store(NULL);
  hrt_observer o;
  hrt_observer_init(&o, store);
  o.statement = 5;
  helios_error err = {.code = HELIOS_E_FUEL, .trap = 9, .offset = HELIOS_NO_OFFSET};
  snprintf(err.text, sizeof err.text, "fuel exhausted");
  hrt_observe_trap(&o, &who, NULL, &err);
  snprintf(err.text, sizeof err.text, "overwritten");
  hrt_record *r;
  hrt_record *all[HRT_RING_MOST];
  assert_int_equal(hrt_records_take(all, store, HRT_RING_TRAPS, INT64_MAX), 1);
  r = all[0];
  enum { TIME, PROCEDURE, VERSION, CONNECTION, STATEMENT, CALL, CODE, TRAP, FUNCTION, AT, TEXT };
  assert_int_equal(r->count, TEXT + 1);
  assert_true(r->values[TIME].as.number > INT64_C(1700000000000000));
  assert_string_equal(r->values[PROCEDURE].as.text, "p");
  assert_int_equal(r->values[VERSION].as.number, 3);
  assert_int_equal(r->values[CONNECTION].as.number, o.connection);
  assert_int_equal(r->values[STATEMENT].as.number, 5);
  assert_int_equal(r->values[CALL].as.number, 7);
  assert_string_equal(r->values[CODE].as.text, "fuel");
  assert_int_equal(r->values[TRAP].as.number, 9);
  assert_int_equal(r->values[FUNCTION].type, HRT_DATUM_NULL);
  assert_int_equal(r->values[AT].type, HRT_DATUM_NULL);
  assert_string_equal(r->values[TEXT].as.text, "fuel exhausted");
  hrt_record_give(store, r);
  hrt_store_close(store);
}

static void record__written_ones_are_shown_above_a_row_only(void **state) {
  (void)state;
  hrt_store *store = open_store(NULL);
  hrt_observer o;
  hrt_observer_init(&o, store);
  const char *last;
  hrt_record *all[HRT_RING_MOST];
  hrt_audit audit = {.event = "create", .granted = true, .detail = "x"};
  assert_false(hrt_records_due(store));
  for (int i = 0; i < 3; i++) {
    hrt_observe_audit(&o, &who, &audit);
  }
  assert_true(hrt_records_due(store));
  assert_false(hrt_store_hurry(store));
  assert_int_equal(hrt_records_take(all, store, HRT_RING_AUDIT_LOG, INT64_MAX), 3);
  for (int i = 0; i < 3; i++) {
    hrt_record_written(store, HRT_RING_AUDIT_LOG, all[i], 101 + i);
  }
  assert_false(hrt_records_due(store));
  assert_int_equal(taken(store, HRT_RING_AUDIT_LOG, INT64_MAX, &last), 0);
  assert_int_equal(taken(store, HRT_RING_AUDIT_LOG, 101, &last), 2);
  assert_int_equal(taken(store, HRT_RING_AUDIT_LOG, 103, &last), 0);
  hrt_record_written(store, HRT_RING_AUDIT_LOG, all[2], 0); /* the transaction failed */
  assert_int_equal(taken(store, HRT_RING_AUDIT_LOG, INT64_MAX, &last), 1);
  assert_true(hrt_records_due(store));
  assert_false(hrt_store_hurry(store));
  for (int i = 0; i < 400; i++) { /* pushes out one that is not written, and two that are */
    hrt_observe_audit(&o, &who, &audit);
  }
  assert_int_equal(hrt_records_dropped(store, HRT_RING_AUDIT_LOG), 400 - 256 + 1);
  hrt_record_written(store, HRT_RING_AUDIT_LOG, all[2], 9); /* nobody's place any more */
  assert_int_equal(taken(store, HRT_RING_AUDIT_LOG, INT64_MAX, &last), 256);
  for (int i = 0; i < 3; i++) {
    hrt_record_give(store, all[i]);
  }
  hrt_store_close(store);
}

static void counts__add_up(void **state) {
  (void)state;
  hrt_store *store = open_store(NULL);
  hrt_series *s = hrt_series_of(store, "p", 1);
  assert_ptr_equal(s, hrt_series_of(store, "p", 1));
  assert_ptr_not_equal(s, hrt_series_of(store, "p", 2));
  assert_ptr_not_equal(s, hrt_series_of(store, "q", 1));
  hrt_counts c = {.calls = 3, .fuel = 30, .fuel_max = 20, .memory_max = 65536}, sum;
  c.errors[hrt_outcome_of(HELIOS_E_TRAP)] = 1;
  hrt_counts_time(&c, 0);
  hrt_counts_time(&c, 1);
  hrt_counts_time(&c, 1023);
  hrt_counts_time(&c, 1024);
  hrt_counts_time(&c, UINT64_MAX / 2);
  assert_int_equal(c.buckets[0], 1);
  assert_int_equal(c.buckets[1], 1);
  assert_int_equal(c.buckets[10], 1);
  assert_int_equal(c.buckets[11], 1);
  assert_int_equal(c.buckets[HRT_BUCKETS - 1], 1);
  hrt_series_add(s, &c);
  c.fuel_max = 10;
  hrt_series_add(s, &c);
  hrt_series_add(NULL, &c);
  hrt_series_read(&sum, s);
  assert_int_equal(sum.calls, 6);
  assert_int_equal(sum.fuel, 60);
  assert_int_equal(sum.fuel_max, 20);
  assert_int_equal(sum.errors[HRT_OUTCOME_TRAP], 2);
  assert_int_equal(sum.timed, 10);
  assert_int_equal(sum.buckets[10], 2);
  assert_int_equal(hrt_outcome_of(HELIOS_E_IO), HRT_OUTCOME_OTHER);
  char name[HRT_PROCEDURE_BYTES + 1];
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = 0;
  assert_null(hrt_series_of(store, name, 1));
  hrt_store_close(store);
}

static void metrics__keep_their_kind(void **state) {
  (void)state;
  hrt_store *store = open_store(NULL);
  assert_int_equal(hrt_observe_metric(store, "p", "n", HRT_METRIC_COUNTER, 2), HRT_METRIC_DONE);
  assert_int_equal(hrt_observe_metric(store, "p", "n", HRT_METRIC_GAUGE, 2), HRT_METRIC_OTHER_KIND);
  assert_int_equal(hrt_observe_metric(store, "q", "n", HRT_METRIC_GAUGE, 2), HRT_METRIC_DONE);
  assert_int_equal(hrt_observe_metric(store, "p", "", HRT_METRIC_GAUGE, 2), HRT_METRIC_TOO_MANY);
  hrt_store_close(store);
}

static int metrics_made(hrt_store *store, const char *procedure) {
  char name[32];
  int made = 0;
  for (int i = 0; i < 2 * HRT_METRICS_OF_ONE; i++) {
    snprintf(name, sizeof name, "m%d", i);
    made += hrt_observe_metric(store, procedure, name, HRT_METRIC_GAUGE, 1) == HRT_METRIC_DONE;
  }
  return made;
}

/* No procedure takes the room of the others. */
static void metrics__bounded(void **state) {
  (void)state;
  hrt_store *store = open_store(NULL);
  char name[32];
  int made = 0;
  for (int i = 0; i < 2 * HRT_METRICS_MOST / HRT_METRICS_OF_ONE; i++) {
    snprintf(name, sizeof name, "p%d", i);
    int one = metrics_made(store, name);
    assert_int_equal(one, made < HRT_METRICS_MOST ? HRT_METRICS_OF_ONE : 0);
    made += one;
  }
  assert_int_equal(made, HRT_METRICS_MOST);
  hrt_store_close(store);
}

static int released;

static void release(void *arg) {
  released += *(int *)arg;
}

static int never(struct sqlite3 *db, void *arg) {
  (void)db, (void)arg;
  return 1;
}

static void deferred__in_order_bounded_and_released(void **state) {
  (void)state;
  hrt_store *store = open_store(NULL);
  int numbers[HRT_DEFERRED_MOST + 1];
  hrt_deferred d;
  released = 0;
  for (int i = 0; i <= HRT_DEFERRED_MOST; i++) {
    numbers[i] = i + 1;
    bool room = hrt_defer(store, (hrt_deferred){never, release, &numbers[i]});
    assert_int_equal(room, i < HRT_DEFERRED_MOST);
  }
  assert_true(hrt_store_hurry(store));
  assert_true(hrt_deferred_take(&d, store));
  assert_int_equal(*(int *)d.arg, 1);
  assert_true(hrt_deferred_take(&d, store));
  assert_int_equal(*(int *)d.arg, 2);
  hrt_store_close(store);
  assert_int_equal(released, HRT_DEFERRED_MOST * (HRT_DEFERRED_MOST + 1) / 2 - 3);
}

static void nothing__without_a_store(void **state) {
  (void)state;
  hrt_observer o = {0};
  hrt_audit audit = {.event = "use"};
  helios_error err = {.code = HELIOS_E_TRAP};
  hrt_record *out[HRT_RING_MOST];
  hrt_deferred d;
  hrt_observe_log(&o, &who, HRT_LOG_INFO, "x");
  hrt_observe_audit(&o, &who, &audit);
  hrt_observe_trap(&o, &who, NULL, &err);
  assert_int_equal(hrt_records_take(out, NULL, HRT_RING_LOGS, 0), 0);
  assert_false(hrt_records_due(NULL));
  assert_false(hrt_store_hurry(NULL));
  assert_int_equal(hrt_records_dropped(NULL, HRT_RING_TRAPS), 0);
  assert_null(hrt_series_of(NULL, "p", 1));
  assert_int_equal(hrt_observe_metric(NULL, "p", "n", HRT_METRIC_GAUGE, 1), HRT_METRIC_NO_MEMORY);
  assert_false(hrt_defer(NULL, (hrt_deferred){never, NULL, NULL}));
  assert_false(hrt_deferred_take(&d, NULL));
}

static void memory__none_is_a_drop(void **state) {
  (void)state;
  helios_error err = {0};
  hrt_store *store = NULL;
  hrt_alloc_fail(0, 1000);
  assert_int_equal(hrt_store_open(&store, "/x/a.db", 1, &err), HELIOS_E_MEMORY);
  hrt_alloc_fail(-1, 0);
  store = open_store("/x/a.db");
  hrt_observer o;
  hrt_observer_init(&o, store);
  hrt_alloc_fail(0, 1000);
  hrt_observe_log(&o, &who, HRT_LOG_INFO, "x");
  assert_null(hrt_series_of(store, "p", 1));
  assert_int_equal(hrt_observe_metric(store, "p", "n", HRT_METRIC_GAUGE, 1), HRT_METRIC_NO_MEMORY);
  hrt_alloc_fail(-1, 0);
  assert_int_equal(hrt_records_dropped(store, HRT_RING_LOGS), 1);
  hrt_observe_log(&o, &who, HRT_LOG_INFO, "y");
  const char *last;
  assert_int_equal(taken(store, HRT_RING_LOGS, 0, &last), 1);
  hrt_store_close(store);
}

/* ---- threads ---- */

enum { THREADS = 4, ROUNDS = 2000 };

static void *reporter(void *arg) {
  hrt_store *store = open_store("/x/threads.db");
  hrt_observer o;
  hrt_counts c = {.calls = 1};
  hrt_record *out[HRT_RING_MOST];
  (void)arg;
  hrt_observer_init(&o, store);
  hrt_series *s = hrt_series_of(store, "p", 1);
  for (int i = 0; i < ROUNDS; i++) {
    hrt_observe_log(&o, &who, HRT_LOG_INFO, "a line");
    hrt_series_add(s, &c);
    (void)hrt_observe_metric(store, "p", "n", HRT_METRIC_COUNTER, 1);
    if (i % 100 == 0) {
      size_t n = hrt_records_take(out, store, HRT_RING_LOGS, 0);
      for (size_t k = 0; k < n; k++) {
        hrt_record_written(store, HRT_RING_LOGS, out[k], (int64_t)out[k]->serial);
        assert_string_equal(out[k]->values[out[k]->count - 1].as.text, "a line");
        hrt_record_give(store, out[k]);
      }
    }
  }
  hrt_store_close(store);
  return NULL;
}

static void threads__report_and_read(void **state) {
  (void)state;
  pthread_t threads[THREADS];
  hrt_store *store = open_store("/x/threads.db");
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, reporter, NULL), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
  }
  hrt_counts sum;
  hrt_series_read(&sum, hrt_series_of(store, "p", 1));
  assert_int_equal(sum.calls, THREADS * ROUNDS);
  assert_true(hrt_records_due(store) || !hrt_store_hurry(store));
  hrt_store_close(store);
}

static int live_before(void **state) {
  *state = (void *)hrt_alloc_live();
  return 0;
}

static int live_after(void **state) {
  return hrt_alloc_live() == (long)*state ? 0 : -1;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, live_before, live_after)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(store__is_one_a_file),
      CASE(ring__is_bounded_and_counts_what_it_drops),
      CASE(record__has_its_own_values),
      CASE(record__written_ones_are_shown_above_a_row_only),
      CASE(counts__add_up),
      CASE(metrics__keep_their_kind),
      CASE(metrics__bounded),
      CASE(deferred__in_order_bounded_and_released),
      CASE(nothing__without_a_store),
      CASE(memory__none_is_a_drop),
      CASE(threads__report_and_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
