/* metrics.c - values that procedures emit: counters and gauges by name.
 *
 * Invariant: a name of a procedure keeps its kind; the number of names is bounded. */
#include <string.h>

#include "observe/store.h"
#include "plugin/alloc.h"

/* With the mutex held. */
static struct hrt_metric *find(hrt_store *store, const char *procedure, const char *name) {
  struct hrt_metric *m = store->metrics;
  while (m && (strcmp(m->name, name) != 0 || strcmp(m->procedure, procedure) != 0)) {
    m = m->next;
  }
  return m;
}

/* With the mutex held. */
static struct hrt_metric *make(hrt_store *store, const char *procedure, const char *name,
                               hrt_metric_kind kind) {
  struct hrt_metric *m = NULL;
  size_t owner = strlen(procedure), length = strlen(name);
  if (store->metric_count < HRT_METRICS_MOST && owner < sizeof m->procedure && length > 0 &&
      length < sizeof m->name) {
    m = hrt_alloc(sizeof *m);
  }
  if (m) {
    memcpy(m->procedure, procedure, owner + 1);
    memcpy(m->name, name, length + 1);
    m->kind = kind;
    m->next = store->metrics;
    store->metrics = m;
    store->metric_count++;
  }
  return m;
}

bool hrt_observe_metric(hrt_store *store, const char *procedure, const char *name,
                        hrt_metric_kind kind, double value) {
  if (store == NULL) {
    return false;
  }
  pthread_mutex_lock(&store->mutex);
  struct hrt_metric *m = find(store, procedure, name);
  if (m == NULL) {
    m = make(store, procedure, name, kind);
  }
  bool ok = m && m->kind == kind;
  if (ok) {
    m->value = kind == HRT_METRIC_COUNTER ? m->value + value : value;
  }
  pthread_mutex_unlock(&store->mutex);
  return ok;
}

void hrt_metrics_each(hrt_store *store, hrt_metric_fn *each, void *arg) {
  if (store) {
    pthread_mutex_lock(&store->mutex);
    for (const struct hrt_metric *m = store->metrics; m; m = m->next) {
      each(arg, m->procedure, m->name, m->kind, m->value);
    }
    pthread_mutex_unlock(&store->mutex);
  }
}

void hrt_metrics_free(hrt_store *store) {
  while (store->metrics) {
    struct hrt_metric *m = store->metrics;
    store->metrics = m->next;
    hrt_free(m);
  }
}
