/* wasi.c - WASI preview 1 without its files: arguments, environment, clocks, waiting, randomness,
 * log lines, exit. Must never tell what no grant covers: without 'clock' and 'random' a call sees a
 * counter and a generator that begin anew each time, so that programs start and learn nothing. */
#include "host/wasi.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hsb_check.h"
#include "plugin/alloc.h"

#define CLOCK_START UINT64_C(1000000) /* ns; Go takes 0 for a broken clock */
#define CLOCK_STEP UINT64_C(1000)     /* each look at it */
#define RANDOM_START UINT64_C(0x68656c696f736462)
#define LINE_FUEL 200
#define WAIT_PIECE UINT64_C(4000000) /* ns between two looks at deadline and cancellation */

/* NULL: no memory. */
static struct hrt_wasi *state_of(hrt_host_env *env) {
  if (env->wasi == NULL && (env->wasi = hrt_alloc(sizeof *env->wasi)) != NULL) {
    env->wasi->clock = env->wasi->ready_clock = CLOCK_START;
    env->wasi->random = env->wasi->ready_random = RANDOM_START;
  }
  env->touched = true;
  return env->wasi;
}

int hrt_wasi_number(int number) {
  static const struct {
    int host, wasi;
  } table[] = {
      {0, WASI_OK},           {EACCES, WASI_ACCES},       {EBADF, WASI_BADF},
      {EEXIST, WASI_EXIST},   {EFAULT, WASI_FAULT},       {EFBIG, WASI_FBIG},
      {EILSEQ, WASI_ILSEQ},   {EINVAL, WASI_INVAL},       {EISDIR, WASI_ISDIR},
      {ELOOP, WASI_LOOP},     {EMFILE, WASI_MFILE},       {ENAMETOOLONG, WASI_NAMETOOLONG},
      {ENOENT, WASI_NOENT},   {ENOMEM, WASI_NOMEM},       {ENOSPC, WASI_NOSPC},
      {ENOTDIR, WASI_NOTDIR}, {ENOTEMPTY, WASI_NOTEMPTY}, {EOPNOTSUPP, WASI_NOTSUP},
      {EPERM, WASI_PERM},     {EROFS, WASI_PERM},         {EXDEV, WASI_PERM},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (table[i].host == number) {
      return table[i].wasi;
    }
  }
  return WASI_IO;
}

bool hrt_wasi_put32(hrt_host_env *env, hsb_slot at, uint32_t v) {
  return hrt_guest_write(env->instance, (guest_u32){hrt_u32(at)}, &v, sizeof v);
}

bool hrt_wasi_put64(hrt_host_env *env, hsb_slot at, uint64_t v) {
  return hrt_guest_write(env->instance, (guest_u32){hrt_u32(at)}, &v, sizeof v);
}

/* ---- log lines ---- */

/* How the languages' runtimes begin to say on fd 2 why they give up; TinyGo says it on 1. */
static const char *const last_words[] = {
    "panic: ",           /* Go, TinyGo */
    "fatal error: ",     /* Go */
    "runtime: ",         /* Go, before its fatal error */
    "thread '",          /* Rust */
    "Assertion failed: " /* C */
};

/* Keeps what a line says about an end: the first that does, and what follows a colon. */
static void listen(struct hrt_wasi *w, const char *line) {
  size_t used = strlen(w->said);
  bool first = false;
  for (size_t i = 0; i < sizeof last_words / sizeof *last_words; i++) {
    first |= strncmp(line, last_words[i], strlen(last_words[i])) == 0;
  }
  if (w->says_more || (first && used == 0)) {
    hrt_clean(w->said + used, sizeof w->said - used, line, strlen(line));
    used = strlen(w->said);
    w->says_more = first && used > 0 && w->said[used - 1] == ':' && used + 2 < sizeof w->said;
    if (w->says_more) {
      memcpy(w->said + used, " ", 2);
    }
  }
}

static void flush(hrt_host_env *env, unsigned stream) {
  char text[HRT_LOG_BYTES];
  struct hrt_wasi *w = env->wasi;
  if (w->used[stream] > 0) {
    hrt_clean(text, sizeof text, w->line[stream], w->used[stream]);
    w->used[stream] = 0;
    listen(w, text);
    if (hrt_caps_any(env->caps, HRT_CAP_LOG)) {
      hrt_log_put(env, stream == 0 ? HRT_LOG_INFO : HRT_LOG_WARN, text);
    }
  }
}

/* A line of the log costs what log() costs: a charge may not return, so nothing is held here. */
static void print(hrt_host_env *env, unsigned stream, const char *bytes, size_t n) {
  struct hrt_wasi *w = env->wasi;
  for (size_t i = 0; i < n; i++) {
    if (bytes[i] == '\n' || w->used[stream] == HRT_LOG_BYTES) {
      flush(env, stream);
      hrt_host_charge(env->ctx, hrt_caps_any(env->caps, HRT_CAP_LOG) ? LINE_FUEL : 0);
    }
    if (bytes[i] != '\n') {
      w->line[stream][w->used[stream]++] = bytes[i];
    }
  }
}

int hrt_wasi_print(hrt_host_env *env, unsigned stream, uint32_t p, uint32_t n) {
  char piece[1024];
  if (!hsb_in_range(p, n, hrt_guest_size(env->instance))) {
    return WASI_FAULT;
  }
  hrt_charge_bytes(env, n);
  struct hrt_wasi *w = state_of(env);
  if (w == NULL ||
      (w->line[stream] == NULL && (w->line[stream] = hrt_alloc(HRT_LOG_BYTES)) == NULL)) {
    return WASI_NOMEM;
  }
  for (uint32_t at = 0; at < n;) {
    uint32_t want = n - at < sizeof piece ? n - at : (uint32_t)sizeof piece;
    if (!hrt_guest_read(piece, env->instance, (guest_u32){p + at}, want)) {
      return WASI_FAULT;
    }
    print(env, stream, piece, want);
    at += want;
  }
  return WASI_OK;
}

void hrt_host_explain(hrt_host_env *env, helios_error *err) {
  char how[sizeof err->text];
  if (env->wasi == NULL || err->code != HELIOS_E_TRAP) {
    return;
  }
  flush(env, 1);
  if (env->wasi->said[0] != 0) {
    memcpy(how, err->text, sizeof how);
    snprintf(err->text, sizeof err->text, "%s; %.300s", env->wasi->said, how);
  }
}

void hrt_wasi_ready(hrt_host_env *env) {
  if (env->wasi != NULL) {
    env->wasi->ready_clock = env->wasi->clock;
    env->wasi->ready_random = env->wasi->random;
  }
}

bool hrt_wasi_begins(uint64_t words[2], const hrt_host_env *env) {
  words[0] = env->wasi ? env->wasi->ready_clock : 0;
  words[1] = env->wasi ? env->wasi->ready_random : 0;
  return env->wasi != NULL;
}

bool hrt_wasi_begin(hrt_host_env *env, const uint64_t words[2]) {
  struct hrt_wasi *w = state_of(env);
  if (w) {
    w->clock = w->ready_clock = words[0];
    w->random = w->ready_random = words[1];
  }
  return w != NULL;
}

void hrt_wasi_end(hrt_host_env *env) {
  if (env->wasi != NULL) {
    flush(env, 0);
    flush(env, 1);
    env->wasi->said[0] = 0;
    env->wasi->says_more = false;
    if (!env->keeps) { /* else the instance remembers times: they must not come again */
      env->wasi->clock = env->wasi->ready_clock;
      env->wasi->random = env->wasi->ready_random;
    }
  }
}

void hrt_wasi_free(hrt_host_env *env) {
  if (env->wasi != NULL) {
    hrt_free(env->wasi->line[0]);
    hrt_free(env->wasi->line[1]);
    hrt_free(env->wasi);
    env->wasi = NULL;
  }
}

/* ---- the program ---- */

void hrt_hc_args_sizes_get(hrt_host_env *env, hsb_slot *s) {
  hrt_answers_alike(env);
  bool put = hrt_wasi_put32(env, s[0], 0) && hrt_wasi_put32(env, s[1], 0);
  s[0] = put ? WASI_OK : WASI_FAULT;
}

void hrt_hc_args_get(hrt_host_env *env, hsb_slot *s) {
  hrt_answers_alike(env);
  s[0] = WASI_OK;
}

/* Whether it answers by something that is granted, of which another instance may hear otherwise. */
static void judge(hrt_host_env *env, hrt_cap_type type) {
  if (!hrt_caps_any(env->caps, type)) {
    hrt_answers_alike(env);
  }
}

/* The nth granted variable that is set; false: there is none. */
static bool variable(const char **name, const char **value, const hrt_host_env *env, size_t *n) {
  for (; *n < hrt_caps_count(env->caps); ++*n) {
    hrt_cap_type type;
    *name = hrt_caps_object(&type, env->caps, *n);
    *value = type == HRT_CAP_ENV ? getenv(*name) : NULL;
    if (*value != NULL && strlen(*value) < HRT_WASI_ENV_BYTES) {
      return true;
    }
  }
  return false;
}

void hrt_hc_environ_sizes_get(hrt_host_env *env, hsb_slot *s) {
  const char *name, *value;
  uint32_t count = 0;
  uint64_t bytes = 0;
  judge(env, HRT_CAP_ENV);
  for (size_t n = 0; variable(&name, &value, env, &n); n++) {
    count++;
    bytes += strlen(name) + strlen(value) + 2;
  }
  bool put = hrt_wasi_put32(env, s[0], count) && hrt_wasi_put32(env, s[1], (uint32_t)bytes);
  s[0] = put ? WASI_OK : WASI_FAULT;
}

/* NAME=value to `at`; 0: out of the guest's memory. */
static uint32_t put_variable(hrt_host_env *env, uint32_t at, const char *name, const char *value) {
  size_t n = strlen(name), m = strlen(value);
  bool put = hsb_in_range(at, n + m + 2, hrt_guest_size(env->instance)) &&
             hrt_guest_write(env->instance, (guest_u32){at}, name, n) &&
             hrt_guest_write(env->instance, (guest_u32){at + (uint32_t)n}, "=", 1) &&
             hrt_guest_write(env->instance, (guest_u32){at + (uint32_t)n + 1}, value, m + 1);
  return put ? (uint32_t)(n + m + 2) : 0;
}

void hrt_hc_environ_get(hrt_host_env *env, hsb_slot *s) {
  const char *name, *value;
  uint64_t pointers = hrt_u32(s[0]), at = hrt_u32(s[1]);
  uint32_t put = 1;
  judge(env, HRT_CAP_ENV);
  for (size_t n = 0; put != 0 && variable(&name, &value, env, &n); n++) {
    bool fits = pointers <= UINT32_MAX && at <= UINT32_MAX;
    put = fits && hrt_wasi_put32(env, pointers, (uint32_t)at)
              ? put_variable(env, (uint32_t)at, name, value)
              : 0;
    pointers += 4;
    at += put;
  }
  s[0] = put != 0 ? WASI_OK : WASI_FAULT;
}

static _Noreturn void end(hrt_host_env *env, const char *what, uint32_t code) {
  helios_error err = {0};
  if (env->wasi != NULL) {
    flush(env, 1);
  }
  if (env->wasi != NULL && env->wasi->said[0] != 0) {
    hrt_fail(&err, HELIOS_E_GUEST, "%s (%s %u)", env->wasi->said, what, code);
  } else {
    hrt_fail(&err, HELIOS_E_GUEST, "the procedure ended itself: %s %u", what, code);
  }
  err.guest_code = (int32_t)code;
  hrt_host_fail(env->ctx, &err);
}

void hrt_hc_proc_exit(hrt_host_env *env, hsb_slot *s) {
  end(env, "exit code", hrt_u32(s[0]));
}

void hrt_hc_proc_raise(hrt_host_env *env, hsb_slot *s) {
  end(env, "signal", hrt_u32(s[0]));
}

void hrt_hc_sched_yield(hrt_host_env *env, hsb_slot *s) {
  hrt_answers_alike(env);
  s[0] = WASI_OK;
}

/* ---- time ---- */

enum { REALTIME, MONOTONIC, PROCESS_TIME, THREAD_TIME };

static uint64_t read_clock(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A WASI number. */
static int now(uint64_t *out, hrt_host_env *env, uint32_t clock) {
  static const clockid_t ids[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_THREAD_CPUTIME_ID,
                                  CLOCK_THREAD_CPUTIME_ID};
  if (clock > THREAD_TIME) {
    return WASI_INVAL;
  }
  if (hrt_caps_any(env->caps, HRT_CAP_CLOCK)) {
    *out = read_clock(ids[clock]);
    return WASI_OK;
  }
  struct hrt_wasi *w = state_of(env);
  if (w == NULL) {
    return WASI_NOMEM;
  }
  *out = w->clock;
  w->clock += CLOCK_STEP;
  return WASI_OK;
}

void hrt_hc_clock_time_get(hrt_host_env *env, hsb_slot *s) {
  uint64_t ns = 0;
  judge(env, HRT_CAP_CLOCK);
  int number = now(&ns, env, hrt_u32(s[0]));
  if (number == WASI_OK && !hrt_wasi_put64(env, s[2], ns)) {
    number = WASI_FAULT;
  }
  s[0] = (hsb_slot)number;
}

void hrt_hc_clock_res_get(hrt_host_env *env, hsb_slot *s) {
  hrt_answers_alike(env);
  if (hrt_u32(s[0]) > THREAD_TIME) {
    s[0] = WASI_INVAL;
  } else {
    s[0] = hrt_wasi_put64(env, s[1], CLOCK_STEP) ? WASI_OK : WASI_FAULT;
  }
}

/* ---- poll_oneoff ---- */

struct subscription {
  uint64_t user;
  uint8_t tag; /* 0: clock, 1: read, 2: write */
  uint8_t pad[7];
  uint32_t id; /* of the clock; the descriptor */
  uint32_t pad2;
  uint64_t timeout, precision;
  uint16_t absolute;
  uint8_t pad3[6];
};

struct event {
  uint64_t user;
  uint16_t error;
  uint8_t type;
  uint8_t pad[5];
  uint64_t bytes;
  uint16_t flags;
  uint8_t pad2[6];
};

_Static_assert(sizeof(struct subscription) == 48 && sizeof(struct event) == 32, "WASI's layout");

/* Sleeps in pieces; ends the call when its time is over or someone cancels it. */
static void wait_ns(hrt_host_env *env, uint64_t ns) {
  uint64_t until = read_clock(CLOCK_MONOTONIC);
  until = ns > UINT64_MAX - until ? UINT64_MAX : until + ns;
  for (uint64_t t; (t = read_clock(CLOCK_MONOTONIC)) < until;) {
    helios_code stop = hrt_budget_look(hrt_host_budget(env->ctx));
    if (stop != HELIOS_OK) {
      hrt_stop_call(env, stop, "while the procedure waited");
    }
    uint64_t piece = until - t < WAIT_PIECE ? until - t : WAIT_PIECE;
    nanosleep(&(struct timespec){0, (long)piece}, NULL);
  }
}

/* How long until this subscription's time has come. */
static int due_in(uint64_t *ns, hrt_host_env *env, const struct subscription *sub) {
  uint64_t t = 0;
  *ns = sub->timeout;
  if (!(sub->absolute & 1)) {
    return sub->id > THREAD_TIME ? WASI_INVAL : WASI_OK;
  }
  int number = now(&t, env, sub->id);
  *ns = sub->timeout > t ? sub->timeout - t : 0;
  return number;
}

/* Descriptors are always ready: 0 at its end, the others at once. */
static unsigned ready(struct event *events, const struct subscription *subs, unsigned count) {
  unsigned n = 0;
  for (unsigned i = 0; i < count; i++) {
    if (subs[i].tag != 0) {
      bool fine = subs[i].tag <= 2;
      events[n++] = (struct event){.user = subs[i].user,
                                   .type = subs[i].tag,
                                   .error = fine ? WASI_OK : WASI_INVAL,
                                   .flags = subs[i].tag == 1 && subs[i].id == 0};
    }
  }
  return n;
}

static unsigned clocks(struct event *events, hrt_host_env *env, const struct subscription *subs,
                       unsigned count) {
  uint64_t due[HRT_WASI_WAITS], least = UINT64_MAX;
  int numbers[HRT_WASI_WAITS];
  unsigned n = 0;
  for (unsigned i = 0; i < count; i++) {
    numbers[i] = due_in(&due[i], env, &subs[i]);
    due[i] = numbers[i] != WASI_OK ? 0 : due[i];
    least = due[i] < least ? due[i] : least;
  }
  if (hrt_caps_any(env->caps, HRT_CAP_CLOCK)) {
    wait_ns(env, least);
  } else if (state_of(env) != NULL) {
    uint64_t room = UINT64_MAX / 2 - env->wasi->clock;
    env->wasi->clock += least < room ? least : room;
  }
  for (unsigned i = 0; i < count; i++) {
    if (due[i] <= least) {
      events[n++] = (struct event){.user = subs[i].user, .error = (uint16_t)numbers[i]};
    }
  }
  return n;
}

void hrt_hc_poll_oneoff(hrt_host_env *env, hsb_slot *s) {
  struct subscription subs[HRT_WASI_WAITS];
  struct event events[HRT_WASI_WAITS];
  uint32_t count = hrt_u32(s[2]);
  if (count == 0 || count > HRT_WASI_WAITS) {
    s[0] = WASI_INVAL;
    return;
  }
  if (!hrt_guest_read(subs, env->instance, (guest_u32){hrt_u32(s[0])}, count * sizeof *subs)) {
    s[0] = WASI_FAULT;
    return;
  }
  unsigned n = ready(events, subs, count);
  if (n == 0) {
    n = clocks(events, env, subs, count);
  }
  bool put =
      hrt_guest_write(env->instance, (guest_u32){hrt_u32(s[1])}, events, n * sizeof *events) &&
      hrt_wasi_put32(env, s[3], n);
  s[0] = put ? WASI_OK : WASI_FAULT;
}

/* ---- randomness ---- */

/* splitmix64: well mixed, and the same in every call. */
static uint64_t next_number(struct hrt_wasi *w) {
  uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static int fill(hrt_host_env *env, uint8_t *to, size_t n) {
  if (hrt_caps_any(env->caps, HRT_CAP_RANDOM)) {
    return RAND_bytes(to, (int)n) == 1 ? WASI_OK : WASI_IO;
  }
  struct hrt_wasi *w = state_of(env);
  if (w == NULL) {
    return WASI_NOMEM;
  }
  for (size_t at = 0; at < n; at += 8) {
    uint64_t z = next_number(w);
    memcpy(to + at, &z, n - at < 8 ? n - at : 8);
  }
  return WASI_OK;
}

void hrt_hc_random_get(hrt_host_env *env, hsb_slot *s) {
  uint8_t piece[256];
  uint32_t p = hrt_u32(s[0]), n = hrt_u32(s[1]);
  int number = hsb_in_range(p, n, hrt_guest_size(env->instance)) ? WASI_OK : WASI_FAULT;
  judge(env, HRT_CAP_RANDOM);
  for (uint32_t at = 0; number == WASI_OK && at < n;) {
    uint32_t want = n - at < sizeof piece ? n - at : (uint32_t)sizeof piece;
    hrt_charge_bytes(env, want); /* each time: time limit and cancellation are looked at with it */
    number = fill(env, piece, want);
    if (number == WASI_OK && !hrt_guest_write(env->instance, (guest_u32){p + at}, piece, want)) {
      number = WASI_FAULT;
    }
    at += want;
  }
  s[0] = (hsb_slot)number;
}

/* ---- what is not there ---- */

#define REFUSED(name, number)                                                                      \
  void hrt_hc_##name(hrt_host_env *env, hsb_slot *s) {                                             \
    (void)env;                                                                                     \
    s[0] = number;                                                                                 \
  }
REFUSED(fd_allocate, WASI_NOSYS)
REFUSED(fd_fdstat_set_rights, WASI_NOSYS)
REFUSED(fd_filestat_set_times, WASI_NOSYS)
REFUSED(fd_renumber, WASI_NOSYS)
REFUSED(path_filestat_set_times, WASI_NOSYS)
REFUSED(path_readlink, WASI_INVAL) /* no path that can be reached is a link */

/* What no grant gives. */
#define DENIED(name, capability, why)                                                              \
  void hrt_hc_##name(hrt_host_env *env, hsb_slot *s) {                                             \
    hrt_audit_use(env, HRT_CAP_##capability, #name, false, "by WASI: " why);                       \
    s[0] = WASI_NOTCAPABLE;                                                                        \
  }
DENIED(path_link, FS_WRITE, "there are no links")
DENIED(path_symlink, FS_WRITE, "there are no links")
DENIED(sock_accept, NETWORK, "there are no sockets; helios_v1.http is for HTTPS")
DENIED(sock_recv, NETWORK, "there are no sockets; helios_v1.http is for HTTPS")
DENIED(sock_send, NETWORK, "there are no sockets; helios_v1.http is for HTTPS")
DENIED(sock_shutdown, NETWORK, "there are no sockets; helios_v1.http is for HTTPS")
