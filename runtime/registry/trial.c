/* trial.c - see trial.h. The list is under a mutex, the counts are atomic: a call takes no lock.
 *
 * Invariant: an entry is in the list exactly while someone holds it. */
#include "registry/trial.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "plugin/alloc.h"

struct hrt_trial {
  hrt_trial *next;
  char *file;
  hrt_trial_of of;
  unsigned users; /* under the lock */
  atomic_uint turn;
  _Atomic uint64_t calls, errors;
  atomic_bool failed;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static hrt_trial *trials;

static bool is_of(const hrt_trial *t, const hrt_trial_of *of) {
  return t->of.version == of->version && t->of.procedure_id == of->procedure_id &&
         t->of.stamp == of->stamp && of->file[0] && strcmp(t->file, of->file) == 0;
}

/* With the lock held. */
static hrt_trial *add(const hrt_trial_of *of) {
  hrt_trial *t = hrt_alloc(sizeof *t);
  char *file = hrt_strdup(of->file);
  if (t == NULL || file == NULL) {
    hrt_free(t);
    hrt_free(file);
    return NULL;
  }
  t->file = file;
  t->of = *of;
  t->of.file = file;
  atomic_init(&t->turn, of->turn);
  t->next = trials;
  trials = t;
  return t;
}

int hrt_trial_join(hrt_trial **out, const hrt_trial_of *of, helios_error *err) {
  pthread_mutex_lock(&lock);
  hrt_trial *t = trials;
  while (t && !is_of(t, of)) {
    t = t->next;
  }
  t = t ? t : add(of);
  if (t) {
    t->users++;
  }
  pthread_mutex_unlock(&lock);
  *out = t;
  return t ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}

hrt_trial *hrt_trial_ref(hrt_trial *t) {
  pthread_mutex_lock(&lock);
  t->users++;
  pthread_mutex_unlock(&lock);
  return t;
}

void hrt_trial_leave(hrt_trial *t) {
  if (t == NULL) {
    return;
  }
  pthread_mutex_lock(&lock);
  bool last = --t->users == 0;
  for (hrt_trial **at = &trials; last && *at; at = &(*at)->next) {
    if (*at == t) {
      *at = t->next;
      break;
    }
  }
  pthread_mutex_unlock(&lock);
  if (last) {
    hrt_free(t->file);
    hrt_free(t);
  }
}

bool hrt_trial_next(hrt_trial *t) {
  if (atomic_load(&t->failed)) {
    return false;
  }
  unsigned turn = atomic_fetch_add(&t->turn, 1) % 100;
  return (turn + 1) * t->of.percent / 100 > turn * t->of.percent / 100;
}

bool hrt_trial_count(hrt_trial *t, bool error) {
  uint64_t calls = atomic_fetch_add(&t->calls, 1) + 1;
  uint64_t errors = error ? atomic_fetch_add(&t->errors, 1) + 1 : atomic_load(&t->errors);
  if (errors == 0 || t->of.error_rate <= 0) {
    return false;
  }
  double of = calls > HRT_TRIAL_CALLS ? (double)calls : HRT_TRIAL_CALLS;
  return (double)errors * 100 > t->of.error_rate * of && !atomic_exchange(&t->failed, true);
}

bool hrt_trial_fail(hrt_trial *t) {
  return !atomic_exchange(&t->failed, true);
}

const hrt_trial_of *hrt_trial_of_what(const hrt_trial *t) {
  return &t->of;
}

bool hrt_trial_failed(const hrt_trial *t) {
  return atomic_load(&t->failed);
}

void hrt_trial_counts(const hrt_trial *t, uint64_t *calls, uint64_t *errors) {
  *calls = atomic_load(&t->calls);
  *errors = atomic_load(&t->errors);
}
