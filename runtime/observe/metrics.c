/* metrics.c - values that procedures emit: counters and gauges by name.
 *
 * Invariant: a name of a procedure keeps its kind; the number of names is bounded, of one procedure
 * and of all. */
#include <string.h>

#include "observe/store.h"
#include "plugin/alloc.h"

/* With the mutex held. others: names that the procedure has beside it. */
static struct hrt_metric *find(uint32_t *others, hrt_store *store, const char *procedure,
                               const char *name) {
  struct hrt_metric *m = store->metrics;
  *others = 0;
  for (; m; m = m->next) {
    if (strcmp(m->procedure, procedure) != 0) {
      continue;
    }
    if (strcmp(m->name, name) == 0) {
      break;
    }
    ++*others;
  }
  return m;
}

static hrt_metric_result make(struct hrt_metric **out, hrt_store *store, const char *procedure,
                              const char *name, hrt_metric_kind kind) {
  size_t owner = strlen(procedure), length = strlen(name);
  if (store->metric_count == HRT_METRICS_MOST || owner >= sizeof(*out)->procedure || length == 0 ||
      length >= sizeof(*out)->name) {
    return HRT_METRIC_TOO_MANY;
  }
  struct hrt_metric *m = hrt_alloc(sizeof *m);
  if (m == NULL) {
    return HRT_METRIC_NO_MEMORY;
  }
  memcpy(m->procedure, procedure, owner + 1);
  memcpy(m->name, name, length + 1);
  m->kind = kind;
  m->next = store->metrics;
  store->metrics = m;
  store->metric_count++;
  *out = m;
  return HRT_METRIC_DONE;
}

hrt_metric_result hrt_observe_metric(hrt_store *store, const char *procedure, const char *name,
                                     hrt_metric_kind kind, double value) {
  uint32_t others;
  hrt_metric_result result = HRT_METRIC_DONE;
  if (store == NULL) {
    return HRT_METRIC_NO_MEMORY;
  }
  pthread_mutex_lock(&store->mutex);
  struct hrt_metric *m = find(&others, store, procedure, name);
  if (m == NULL) {
    result =
        others < HRT_METRICS_OF_ONE ? make(&m, store, procedure, name, kind) : HRT_METRIC_TOO_MANY;
  } else if (m->kind != kind) {
    result = HRT_METRIC_OTHER_KIND;
  }
  if (result == HRT_METRIC_DONE) {
    m->value = kind == HRT_METRIC_COUNTER ? m->value + value : value;
  }
  pthread_mutex_unlock(&store->mutex);
  return result;
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
