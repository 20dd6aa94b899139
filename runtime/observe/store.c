/* store.c - life of a store, the list of those that are open, and writes that wait.
 *
 * Invariant: two connections of this process to one file find the same store; a deferred write is
 * run once or released, never both and never neither. */
#include "observe/store.h"

#include <string.h>
#include <time.h>

#include "plugin/alloc.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the list */
static hrt_store *stores;
static uint32_t connections; /* that were given a number */

/* With the lock held. */
static hrt_store *find(const char *path) {
  hrt_store *s = stores;
  while (s && (s->path == NULL || strcmp(s->path, path) != 0)) {
    s = s->next;
  }
  return s;
}

/* With the lock held. */
static int make(hrt_store **out, const char *path, uint64_t seed, helios_error *err) {
  hrt_store *s = hrt_alloc(sizeof *s);
  char *copy = path ? hrt_strdup(path) : NULL;
  if (s == NULL || (path && copy == NULL) || pthread_mutex_init(&s->mutex, NULL) != 0) {
    hrt_free(s);
    hrt_free(copy);
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  s->path = copy;
  s->seed = seed;
  s->refs = 1;
  hrt_rings_init(s);
  s->next = stores;
  stores = s;
  *out = s;
  return 0;
}

int hrt_store_open(hrt_store **out, const char *path, uint64_t seed, helios_error *err) {
  int status = 0;
  path = path && *path ? path : NULL;
  pthread_mutex_lock(&lock);
  hrt_store *s = path ? find(path) : NULL;
  if (s) {
    s->refs++;
    *out = s;
  } else {
    status = make(out, path, seed, err);
  }
  pthread_mutex_unlock(&lock);
  return status;
}

static void unlink_store(hrt_store *store) {
  hrt_store **at = &stores;
  while (*at != store) {
    at = &(*at)->next;
  }
  *at = store->next;
}

static void destroy(hrt_store *s) {
  hrt_deferred d;
  while (hrt_deferred_take(&d, s)) {
    if (d.release) {
      d.release(d.arg);
    }
  }
  if (s->writer) {
    (void)s->close_writer(s->writer);
  }
  hrt_rings_free(s);
  hrt_series_free(s);
  hrt_metrics_free(s);
  pthread_mutex_destroy(&s->mutex);
  hrt_free(s->path);
  hrt_free(s);
}

void hrt_store_close(hrt_store *store) {
  if (store == NULL) {
    return;
  }
  pthread_mutex_lock(&lock);
  bool last = --store->refs == 0;
  if (last) {
    unlink_store(store);
  }
  pthread_mutex_unlock(&lock);
  if (last) {
    destroy(store);
  }
}

void hrt_observer_init(hrt_observer *o, hrt_store *store) {
  pthread_mutex_lock(&lock);
  *o = (hrt_observer){.store = store, .connection = ++connections};
  pthread_mutex_unlock(&lock);
}

uint64_t hrt_store_seed(const hrt_store *store) {
  return store ? store->seed : 0;
}

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

bool hrt_store_hurry(const hrt_store *store) {
  return store && __atomic_load_n(&store->hurry, __ATOMIC_RELAXED) != 0;
}

void hrt_store_look(hrt_store *store) {
  bool hurry = store->deferred_count > 0;
  for (int i = 0; i < HRT_RING_COUNT; i++) {
    hurry = hurry || store->rings[i].unwritten > store->rings[i].size / 2;
  }
  __atomic_store_n(&store->hurry, hurry, __ATOMIC_RELAXED);
}

bool hrt_store_write_begin(hrt_store *store, int64_t pause_us) {
  if (store == NULL) {
    return false;
  }
  int64_t now = now_us();
  pthread_mutex_lock(&store->mutex);
  bool may = !store->writing && (store->tried_us == 0 || now - store->tried_us >= pause_us);
  if (may) {
    store->writing = true;
  }
  pthread_mutex_unlock(&store->mutex);
  return may;
}

void hrt_store_write_end(hrt_store *store) {
  int64_t now = now_us();
  pthread_mutex_lock(&store->mutex);
  store->writing = false;
  store->tried_us = now;
  pthread_mutex_unlock(&store->mutex);
}

struct sqlite3 *hrt_store_writer_take(hrt_store *store) {
  struct sqlite3 *writer = store->writer;
  store->writer = NULL;
  return writer;
}

void hrt_store_writer_keep(hrt_store *store, struct sqlite3 *writer,
                           int (*close_writer)(struct sqlite3 *)) {
  store->writer = writer;
  store->close_writer = close_writer;
}

bool hrt_store_retire(hrt_store *store) {
  pthread_mutex_lock(&lock);
  bool last = store && store->refs == 1;
  if (last) {
    hrt_free(store->path);
    store->path = NULL;
  }
  pthread_mutex_unlock(&lock);
  return last;
}

bool hrt_defer(hrt_store *store, hrt_deferred d) {
  if (store == NULL) {
    return false;
  }
  pthread_mutex_lock(&store->mutex);
  bool room = store->deferred_count < HRT_DEFERRED_MOST;
  if (room) {
    store->deferred[store->deferred_count++] = d;
  }
  hrt_store_look(store);
  pthread_mutex_unlock(&store->mutex);
  return room;
}

bool hrt_deferred_take(hrt_deferred *out, hrt_store *store) {
  if (store == NULL) {
    return false;
  }
  pthread_mutex_lock(&store->mutex);
  bool some = store->deferred_count > 0;
  if (some) {
    *out = store->deferred[0];
    store->deferred_count--;
    memmove(store->deferred, store->deferred + 1, store->deferred_count * sizeof *out);
  }
  hrt_store_look(store);
  pthread_mutex_unlock(&store->mutex);
  return some;
}
