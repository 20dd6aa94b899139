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
#define SUM(a, b) ((a) + (b))
#define MAX(a, b) larger(a, b)
#define HRT_COUNT(field, name, how, doc) to->field = how(to->field, from->field);
#include "observe/counts.def"
#undef HRT_COUNT
#undef SUM
#undef MAX
  for (int i = 0; i < HRT_BUCKETS && from->timed > 0; i++) {
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

/* With the mutex held. There are as many as host functions that the version imports. */
static hrt_use *use_of(hrt_series *series, const char *module, const char *name) {
  hrt_use *u = series->uses;
  while (u && (strcmp(u->name, name) != 0 || strcmp(u->module, module) != 0)) {
    u = u->next;
  }
  if (u == NULL && strlen(module) < sizeof u->module && strlen(name) < sizeof u->name) {
    u = hrt_alloc(sizeof *u);
    if (u) {
      memcpy(u->module, module, strlen(module) + 1);
      memcpy(u->name, name, strlen(name) + 1);
      u->next = series->uses;
      series->uses = u;
    }
  }
  return u;
}

void hrt_series_use(hrt_series *series, const char *module, const char *name) {
  if (series) {
    pthread_mutex_lock(&series->store->mutex);
    hrt_use *u = use_of(series, module, name);
    if (u) {
      u->calls++;
    }
    pthread_mutex_unlock(&series->store->mutex);
  }
}

void hrt_series_used(hrt_series *series, const char *module, const char *name, uint64_t ns) {
  if (series) {
    pthread_mutex_lock(&series->store->mutex);
    hrt_use *u = use_of(series, module, name);
    if (u) {
      u->time_ns += ns;
      u->time_max_ns = larger(u->time_max_ns, ns);
    }
    pthread_mutex_unlock(&series->store->mutex);
  }
}

void hrt_uses_each(hrt_store *store, hrt_use_fn *each, void *arg) {
  if (store) {
    pthread_mutex_lock(&store->mutex);
    for (const hrt_series *s = store->series; s; s = s->next) {
      for (const hrt_use *u = s->uses; u; u = u->next) {
        each(arg, s->procedure, s->version, u);
      }
    }
    pthread_mutex_unlock(&store->mutex);
  }
}

void hrt_series_reset(hrt_store *store) {
  if (store) {
    pthread_mutex_lock(&store->mutex);
    for (hrt_series *s = store->series; s; s = s->next) {
      s->counts = (hrt_counts){0};
    }
    pthread_mutex_unlock(&store->mutex);
  }
}

void hrt_series_free(hrt_store *store) {
  while (store->series) {
    hrt_series *s = store->series;
    store->series = s->next;
    while (s->uses) {
      hrt_use *u = s->uses;
      s->uses = u->next;
      hrt_free(u);
    }
    hrt_free(s);
  }
}
