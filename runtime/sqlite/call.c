/* call.c - a call from SQL: the trampoline. On the first call of a statement it asks lookup.c for
 * the version that answers it and pins it to the statement; every later call finds the pin.
 *
 * Invariants: all rows of a statement are computed by one version; a call that failed leaves an
 * error in SQL and no open transaction, statement or instance; a pin's version stays mapped until
 * SQLite drops the pin. */
#include <string.h>

#include "instance/outermost.h"
#include "plugin/alloc.h"
#include "sqlite/flush.h"
#include "sqlite/pin.h"
#include "sqlite/plain.h"

typedef hrt_pin pin;

/* No trampoline finds the pin without SQLite any more. */
static void forget(const pin *p) {
  if (p->entry->h->armed == p) {
    p->entry->h->armed = NULL;
  }
  for (hrt_trampoline *t = p->entry->trampolines; t; t = t->next) {
    if (t->last_pin == p) {
      t->last_call = NULL;
      t->last_pin = NULL;
    }
  }
}

void hrt_pin_unref(void *arg) {
  pin *p = arg;
  forget(p); /* at the first unref already: the statement has dropped it, or never took it */
  if (--p->users == 0) {
    hrt_seat_give(p->version, p->seat);
    hrt_tally_end(&p->tally, p->version);
    hrt_version_unref(p->version);
    hrt_free(p);
  }
}

int hrt_pin_fits(const hrt_trampoline *t, const hrt_version *v, helios_error *err) {
  if ((v->aggregate != NULL) != t->aggregate) {
    int status = hrt_fail(err, HELIOS_E_BROKEN, "it was %s aggregate when this connection met it",
                          t->aggregate ? "an" : "no");
    hrt_hint(err, "open the connection again");
    return status;
  }
  if (v->columns) {
    int status = hrt_fail(err, HELIOS_E_VALUE, "it returns a table");
    hrt_hint(err, "SELECT * FROM %.60s(...)", v->name);
    return status;
  }
  const hrt_signature *s = &v->signature;
  uint32_t given = (uint32_t)t->nargs, required = s->argc - s->optional;
  if (given < required || given > s->argc) {
    return required == s->argc
               ? hrt_fail(err, HELIOS_E_VALUE, "it takes %u arguments, %u were given", s->argc,
                          given)
               : hrt_fail(err, HELIOS_E_VALUE, "it takes %u to %u arguments, %u were given",
                          required, s->argc, given);
  }
  if (t->deterministic && !v->blind) {
    int status = hrt_fail(err, HELIOS_E_BROKEN, "it was deterministic when this connection met it");
    hrt_hint(err, "open the connection again");
    return status;
  }
  return 0;
}

int hrt_pin_new(pin **out, sqlite3_context *sql, hrt_entry *e, helios_error *err) {
  hrt_version *v;
  int status = hrt_resolve(&v, e, err);
  if (status != 0) {
    return status;
  }
  pin *p = hrt_alloc(sizeof *p);
  if (p == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  p->version = hrt_version_ref(v);
  p->entry = e;
  p->users = 2;
  hrt_tally_begin(&p->tally, p->version, sql, p, e->aux);
  (void)hrt_flush(NULL, e->h, HRT_FLUSH_BEGIN, NULL);
  sqlite3_set_auxdata(sql, e->aux, p, hrt_pin_unref); /* may call hrt_pin_unref at once */
  *out = p;
  return 0;
}

sqlite3_value **hrt_pin_arguments(sqlite3_value *all[HRT_ARGS_MAX], const hrt_signature *s,
                                  uint32_t given, sqlite3_value **argv) {
  if (given == s->argc) {
    return argv;
  }
  for (uint32_t i = 0; i < s->argc; i++) {
    all[i] = i < given ? argv[i] : s->fallbacks[i];
  }
  return all;
}

int hrt_report(hrt_entry *e, hrt_tally *tally, hrt_version *v, int argc, sqlite3_value **argv,
               helios_error *err) {
  if (v) {
    hrt_debug_call(v, argc, argv, err);
    hrt_tally_error(tally, v, err);
  } else {
    hrt_tally_unpinned(e->h, e->name, err);
  }
  if (err->code != HELIOS_E_NOT_FOUND || strncmp(err->text, "no such procedure", 17) != 0) {
    hrt_error_prefix(err, e->name);
  }
  e->h->last = *err;
  return err->code == HELIOS_E_MEMORY      ? SQLITE_NOMEM
         : err->code == HELIOS_E_CANCELLED ? SQLITE_INTERRUPT
                                           : SQLITE_ERROR;
}

void hrt_pin_report(sqlite3_context *sql, hrt_entry *e, pin *p, int argc, sqlite3_value **argv,
                    helios_error *err) {
  int rc = hrt_report(e, p ? &p->tally : NULL, p ? p->version : NULL, argc, argv, err);
  sqlite3_result_error(sql, err->text, -1);
  if (rc != SQLITE_ERROR) {
    sqlite3_result_error_code(sql, rc); /* and keeps the text */
  }
}

/* What lasts while p has this instance and makes no other calls on it. */
static void set_up(pin *p) {
  const hrt_version *v = p->version;
  bool longs = v->aggregate ? v->signature.longs : v->signature.long_result;
  p->longs = longs && !v->asks && v->signature.argc <= HRT_FEW ? v->signature.argc : 0;
  p->ready = (hrt_short){.instance = p->seat->instance,
                         .export = v->export,
                         .budget = &v->h->own,
                         .most = v->fuel_most,
                         .err = &v->h->scratch};
  hrt_short_ready(&p->ready);
  p->set = true;
}

bool hrt_pin_arm(pin *p) {
  helios *h = p->entry->h;
  if (p->seat == NULL || !hrt_session_idle(h)) {
    return false;
  }
  if (!p->set) {
    set_up(p);
  }
  hrt_allowance_set(h, p->version);
  h->armed = p;
  return true;
}

void hrt_pin_disarm(pin *p) {
  p->entry->h->armed = NULL;
  p->set = false;
}

/* ---- short calls: of an armed pin, a module on plain arguments that has no host functions, so
 * that nothing can look at the environment, or only those of the call. Nothing can call SQL. False:
 * an argument needs the long way. ---- */

/* After a short call that failed or that must leave no trace. */
__attribute__((noinline)) static void end_short(sqlite3_context *sql, pin *p, sqlite3_value **argv,
                                                int status) {
  helios *h = p->entry->h;
  hrt_seat_renew(p->version, &p->seat);
  if (p->seat) {
    hrt_short_ready(&p->ready);
  } else {
    hrt_pin_disarm(p);
  }
  if (__builtin_expect(status != 0, 0)) {
    hrt_pin_report(sql, p->entry, p, (int)p->version->signature.argc, argv, &h->scratch);
    hrt_error_clear(&h->scratch);
  }
}

/* Of a module that may ask for the call's arguments, and give its result or error, by host
 * functions: these find the call in the environment, and nothing of it is left there. */
__attribute__((noinline)) static bool call_asking(sqlite3_context *sql, pin *p,
                                                  sqlite3_value **argv) {
  const hrt_signature *s = &p->version->signature;
  hrt_host_env *env = p->seat->env;
  hsb_slot slots[HRT_PLAIN_SLOTS];
  if (__builtin_expect(!hrt_plain_in(slots, s, env, argv), 0)) {
    return false;
  }
  hrt_host_begin(env, (int)s->argc, argv, s->types);
  hrt_short_result r = hrt_call_asking(&p->ready, slots);
  int status = r.status;
  hrt_tally_fuel(&p->tally, r.used);
  if (__builtin_expect(status == 0, 1)) {
    status = hrt_marshal_result(sql, s, env, slots, &p->entry->h->scratch);
  }
  hrt_host_end(env);
  if (status != 0 || !p->ready.export.stateless) {
    end_short(sql, p, argv, status);
  }
  return true;
}

__attribute__((noinline)) static bool call_plain(sqlite3_context *sql, pin *p,
                                                 sqlite3_value **argv) {
  const hrt_signature *s = &p->version->signature;
  hrt_host_env *env = p->seat->env;
  hsb_slot slots[HRT_PLAIN_SLOTS];
  if (__builtin_expect(!hrt_plain_in(slots, s, env, argv), 0)) {
    return false;
  }
  hrt_short_result r = hrt_call_short(&p->ready, slots);
  int status = r.status;
  hrt_tally_fuel(&p->tally, r.used);
  if (__builtin_expect(status == 0, 1)) {
    status = hrt_plain_out(sql, s, env, slots, &p->entry->h->scratch);
  }
  if (status != 0 || !p->ready.export.stateless) {
    end_short(sql, p, argv, status);
  }
  return true;
}

/* By itself, so that neither has the other's frame. */
__attribute__((noinline)) static bool call_other(sqlite3_context *sql, pin *p,
                                                 sqlite3_value **argv) {
  return p->version->asks ? call_asking(sql, p, argv) : call_plain(sql, p, argv);
}

/* p->longs is not 0. slots: end here, so that what gives the result can come last. */
__attribute__((always_inline)) static inline bool run_longs(int64_t *result, int *status, pin *p,
                                                            sqlite3_value **argv) {
  hsb_slot slots[HRT_FEW];
  if (__builtin_expect(!hrt_few_in(slots, &p->longs, argv), 0)) {
    return false;
  }
  hrt_short_result r = hrt_call_short(&p->ready, slots);
  hrt_tally_fuel(&p->tally, r.used);
  *result = (int64_t)slots[0];
  *status = r.status;
  return true;
}

__attribute__((always_inline)) static inline bool call_longs(sqlite3_context *sql, pin *p,
                                                             sqlite3_value **argv) {
  int64_t result;
  int status;
  if (__builtin_expect(!run_longs(&result, &status, p, argv), 0)) {
    return false;
  }
  if (__builtin_expect(status == 0 && p->ready.export.stateless, 1)) {
    sqlite3_result_int64(sql, result);
    return true;
  }
  if (status == 0) {
    sqlite3_result_int64(sql, result);
  }
  end_short(sql, p, argv, status);
  return true;
}

__attribute__((always_inline)) static inline bool call_short(sqlite3_context *sql, pin *p,
                                                             sqlite3_value **argv) {
  return __builtin_expect(p->longs != 0, 1) ? call_longs(sql, p, argv) : call_other(sql, p, argv);
}

__attribute__((noinline)) static bool call_timed(sqlite3_context *sql, pin *p,
                                                 sqlite3_value **argv) {
  uint64_t began = hrt_tally_clock();
  bool done = call_short(sql, p, argv);
  if (done) {
    hrt_tally_timed(&p->tally, p->version, hrt_tally_clock() - began);
  }
  return done;
}

/* The pin of the call's statement, or NULL; remembered if its calls can go the short way. SQLite
 * drops the pin before it frees what sql points to. */
__attribute__((noinline)) static pin *look(hrt_trampoline *t, sqlite3_context *sql) {
  pin *p = sqlite3_get_auxdata(sql, t->entry->aux);
  if (p && p->version->simple && p->version->signature.argc == (uint32_t)t->nargs) {
    t->last_call = sql;
    t->last_pin = p;
  }
  return p;
}

/* Checked at each call: a pin serves all arities of the name. */
static int call_fitting(sqlite3_context *sql, pin *p, const hrt_trampoline *t, sqlite3_value **argv,
                        hrt_host_env *guest, helios_error *err) {
  sqlite3_value *all[HRT_ARGS_MAX];
  int status = hrt_pin_fits(t, p->version, err);
  if (status != 0) {
    return status;
  }
  argv = hrt_pin_arguments(all, &p->version->signature, (uint32_t)t->nargs, argv);
  return hrt_request_run(&(hrt_request){p->version, &p->seat, &p->tally, guest, argv, sql, NULL},
                         err);
}

/* The first call of a statement. Makes its pin; *out has a use for the caller: hrt_pin_unref it. */
static int first_call(pin **out, sqlite3_context *sql, hrt_trampoline *t, sqlite3_value **argv,
                      hrt_host_env *guest, helios_error *err) {
  int status = hrt_pin_new(out, sql, t->entry, err);
  return status != 0 ? status : call_fitting(sql, *out, t, argv, guest, err);
}

/* p: of the call's statement, or NULL. */
__attribute__((noinline)) static void call_long(sqlite3_context *sql, hrt_trampoline *t, pin *p,
                                                sqlite3_value **argv) {
  helios_error err;
  int status = 0;
  pin *made = NULL;
  hrt_host_conn *conn = &t->h->conn;
  hrt_host_env *guest = hrt_host_suspend(conn); /* whose SQL calls us, if it is a procedure's */
  hrt_error_clear(&err);
  if (guest && guest->ctx) {
    (void)hrt_host_budget(guest->ctx); /* what it used is not the inner call's */
  }
  if (p == NULL) {
    status = first_call(&made, sql, t, argv, guest, &err);
  } else {
    hrt_pin_disarm(p);
    status = call_fitting(sql, p, t, argv, guest, &err);
  }
  if (__builtin_expect(status != 0, 0)) {
    hrt_pin_report(sql, t->entry, p ? p : made, t->nargs, argv, &err);
  }
  if (made) {
    hrt_pin_unref(made);
  }
  hrt_host_resume(conn, guest);
}

/* A call whose pin is not armed. NULL: the call was made, the long way. */
__attribute__((noinline)) static pin *prepare(sqlite3_context *sql, hrt_trampoline *t,
                                              sqlite3_value **argv) {
  pin *p = t->last_call == sql ? t->last_pin : look(t, sql);
  if (t->last_call == sql && (hrt_pin_armed(p, t->h) || hrt_pin_arm(p))) {
    return p;
  }
  call_long(sql, t, p, argv);
  return NULL;
}

/* An argument needs the long way. */
__attribute__((noinline)) static void call_unfit(sqlite3_context *sql, pin *p,
                                                 sqlite3_value **argv) {
  hrt_tally_short_not(&p->tally);
  call_long(sql, sqlite3_user_data(sql), p, argv);
}

/* No stack protector: no array here is indexed by anything but the signature's own numbers. At the
 * beginning of a line of the cache: elsewhere a call takes 0.2 ns more. */
__attribute__((no_stack_protector, aligned(64))) void
hrt_trampoline_run(sqlite3_context *sql, hrt_trampoline *t, sqlite3_value **argv) {
  pin *p = t->last_pin;
  if (__builtin_expect(t->last_call != sql || !hrt_pin_armed(p, t->h), 0)) {
    p = prepare(sql, t, argv);
    if (p == NULL) {
      return;
    }
  }
  bool done = __builtin_expect(hrt_tally_short(&p->tally), 1) ? call_short(sql, p, argv)
                                                              : call_timed(sql, p, argv);
  if (__builtin_expect(!done, 0)) {
    call_unfit(sql, p, argv);
  }
}

/* The same of a procedure that returns a table; *out is 0 if it returns none. */
static int table_version(uint32_t *out, hrt_entry *e, helios_error *err) {
  pin *p = NULL;
  hrt_running place = hrt_running_now(e->h);
  int status = hrt_table_pin(&p, e, &place, err);
  *out = 0;
  if (status == 0) {
    *out = p->version->columns ? p->version->number : 0;
    hrt_pin_unref(p);
  }
  return status;
}

int hrt_call_version(uint32_t *out, sqlite3_context *sql, hrt_entry *e, helios_error *err) {
  pin *made = NULL;
  if (e->table_key) {
    int failed = table_version(out, e, err);
    if (failed != 0 || *out != 0) {
      return failed;
    }
  }
  const pin *p = sqlite3_get_auxdata(sql, e->aux);
  int status = p ? 0 : hrt_pin_new(&made, sql, e, err);
  if (status == 0) {
    *out = (p ? p : made)->version->number;
  }
  if (made) {
    hrt_pin_unref(made);
  }
  return status;
}
