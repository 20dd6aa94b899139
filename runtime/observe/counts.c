/* counts.c - counters of each version of a procedure.
 *
 * Invariant: a series lives as long as its store; what is read is a state between two additions. */
#include <string.h>

#include "observe/store.h"
#include "plugin/alloc.h"

enum { SERIES_MOST = 4096 };

static const struct {
  const char *name;
  int code;
} outcomes[] = {
#define HRT_OUTCOME(NAME, name, code, doc) {name, code},
#include "observe/outcomes.def"
#undef HRT_OUTCOME
};

hrt_outcome hrt_outcome_of(int code) {
  int n = 0;
  while (n < HRT_OUTCOME_OTHER && outcomes[n].code != code) {
    n++;
  }
  return (hrt_outcome)n;
}

const char *hrt_outcome_name(hrt_outcome outcome) {
  return outcomes[outcome].name;
}

static uint64_t larger(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

void hrt_counts_add(hrt_counts *to, const hrt_counts *from) {
  to->calls += from->calls;
  for (int i = 0; i < HRT_OUTCOME_COUNT; i++) {
    to->errors[i] += from->errors[i];
  }
  to->fuel += from->fuel;
  to->fuel_max = larger(to->fuel_max, from->fuel_max);
  to->memory_max = larger(to->memory_max, from->memory_max);
  to->timed += from->timed;
  to->time_ns += from->time_ns;
  to->time_max_ns = larger(to->time_max_ns, from->time_max_ns);
  for (int i = 0; i < HRT_BUCKETS; i++) {
    to->buckets[i] += from->buckets[i];
  }
}

void hrt_counts_time(hrt_counts *counts, uint64_t ns) {
  int bucket = ns == 0 ? 0 : 64 - __builtin_clzll(ns);
  counts->timed++;
  counts->time_ns += ns;
  counts->time_max_ns = larger(counts->time_max_ns, ns);
  counts->buckets[bucket < HRT_BUCKETS ? bucket : HRT_BUCKETS - 1]++;
}

/* With the mutex held. */
static hrt_series *find(hrt_store *store, const char *procedure, uint32_t version) {
  hrt_series *s = store->series;
  while (s && (s->version != version || strcmp(s->procedure, procedure) != 0)) {
    s = s->next;
  }
  return s;
}

/* With the mutex held. */
static hrt_series *make(hrt_store *store, const char *procedure, uint32_t version) {
  size_t length = strlen(procedure);
  hrt_series *s = NULL;
  if (store->series_count < SERIES_MOST && length < sizeof s->procedure) {
    s = hrt_alloc(sizeof *s);
  }
  if (s) {
    s->store = store;
    s->version = version;
    memcpy(s->procedure, procedure, length + 1);
    s->next = store->series;
    store->series = s;
    store->series_count++;
  }
  return s;
}

hrt_series *hrt_series_of(hrt_store *store, const char *procedure, uint32_t version) {
  if (store == NULL) {
    return NULL;
  }
  pthread_mutex_lock(&store->mutex);
  hrt_series *s = find(store, procedure, version);
  if (s == NULL) {
    s = make(store, procedure, version);
  }
  pthread_mutex_unlock(&store->mutex);
  return s;
}

void hrt_series_add(hrt_series *series, const hrt_counts *counts) {
  if (series) {
    pthread_mutex_lock(&series->store->mutex);
    hrt_counts_add(&series->counts, counts);
    pthread_mutex_unlock(&series->store->mutex);
  }
}

void hrt_series_read(hrt_counts *out, hrt_series *series) {
  *out = (hrt_counts){0};
  if (series) {
    pthread_mutex_lock(&series->store->mutex);
    *out = series->counts;
    pthread_mutex_unlock(&series->store->mutex);
  }
}

void hrt_series_each(hrt_store *store, hrt_series_fn *each, void *arg) {
  if (store) {
    pthread_mutex_lock(&store->mutex);
    for (const hrt_series *s = store->series; s; s = s->next) {
      each(arg, s->procedure, s->version, &s->counts);
    }
    pthread_mutex_unlock(&store->mutex);
  }
}

void hrt_series_free(hrt_store *store) {
  while (store->series) {
    hrt_series *s = store->series;
    store->series = s->next;
    hrt_free(s);
  }
}
