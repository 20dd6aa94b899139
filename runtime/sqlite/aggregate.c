/* aggregate.c - CREATE AGGREGATE n: a module's n_step(state, args...) -> state and n_final(state)
 * -> result, with n_init() -> state (else 0), and for window functions n_inverse and n_value. A
 * state is an i64 a group: a number, or the address of what the guest keeps in its memory.
 *
 * All groups of a statement share one instance, which keeps its memory until the statement ends.
 *
 * Invariants: a state is only ever given to the instance that made it; when that instance dies, all
 * groups of the statement are lost and say so; a group's pin goes with the group. */
#include <stdio.h>
#include <string.h>

#include "instance/outermost.h"
#include "plugin/alloc.h"
#include "sqlite/pin.h"
#include "sqlite/plain.h"

/* SQLite's context of a group: zero at first. */
struct group {
  int64_t state;
  hrt_pin *pin; /* NULL: not begun */
};

/* ---- exports ---- */

static int find(int *index, const hrt_version *v, const hrt_definition *d, const char *suffix,
                bool needed, helios_error *err) {
  char name[HRT_NAME_BYTES + 16];
  snprintf(name, sizeof name, "%s_%s", d->export_name, suffix);
  *index = hrt_plugin_export(v->plugin, name, strlen(name));
  return *index < 0 && needed ? hrt_version_no_export(d, v->abi, name, err) : 0;
}

static int wrong(const char *suffix, const char *wanted, const char *found, helios_error *err) {
  int status = hrt_fail(err, HELIOS_E_SIGNATURE, "export ..._%s must be %s, it is %s", suffix,
                        wanted, found);
  hrt_hint(err, "letters of types: i i32, j i64, f f32, d f64; parameters:results");
  return status;
}

/* (state, args...) -> state, as a signature of args alone. */
static int match_step(hrt_version *v, const char *sig, helios_error *err) {
  char args[2 * HRT_SLOTS_MAX];
  size_t length = strlen(sig);
  if (sig[0] != 'j' || length < 3 || length >= sizeof args || strcmp(sig + length - 2, ":j") != 0) {
    return wrong("step", "(i64 state, arguments) -> i64 state", sig, err);
  }
  memcpy(args, sig + 1, length - 2);
  args[length - 2] = 0; /* with its ':' */
  return hrt_signature_match(&v->signature, args, v->abi->flags & HSB_PLUGIN_HAS_MEMORY, err);
}

/* (state) -> result */
static int match_result(hrt_version *v, const char *suffix, const char *sig, helios_error *err) {
  hrt_signature *s = &v->aggregate->result;
  if (sig[0] != 'j' || sig[1] != ':') {
    return wrong(suffix, "(i64 state) -> result", sig, err);
  }
  return hrt_signature_match(s, sig + 1, v->abi->flags & HSB_PLUGIN_HAS_MEMORY, err);
}

static const char *sig_of(const hrt_version *v, int index) {
  return v->abi->exports[index].sig;
}

static int make_step(hrt_version *v, const hrt_definition *d, helios_error *err) {
  hrt_aggregate *a = v->aggregate;
  int step, inverse, init, status = 0;
  HRT_TRY(find(&step, v, d, "step", true, err));
  HRT_TRY(match_step(v, sig_of(v, step), err));
  v->export_index = (uint32_t)step;
  a->step = v->export = hrt_export_at(v->abi, (uint32_t)step);
  HRT_TRY(find(&init, v, d, "init", false, err));
  if (init >= 0) {
    HRT_TRY(strcmp(sig_of(v, init), ":j") == 0
                ? 0
                : wrong("init", "() -> i64 state", sig_of(v, init), err));
    a->init = hrt_export_at(v->abi, (uint32_t)init);
  }
  HRT_TRY(find(&inverse, v, d, "inverse", false, err));
  if (inverse >= 0) {
    HRT_TRY(strcmp(sig_of(v, inverse), sig_of(v, step)) == 0
                ? 0
                : wrong("inverse", "as ..._step", sig_of(v, inverse), err));
    a->inverse = hrt_export_at(v->abi, (uint32_t)inverse);
  }
out:
  return status;
}

static int make_result(hrt_version *v, const hrt_definition *d, helios_error *err) {
  hrt_aggregate *a = v->aggregate;
  int final, value, status = 0;
  HRT_TRY(hrt_signature_returns(&a->result, d->returns.name, err));
  HRT_TRY(find(&value, v, d, "value", false, err));
  if (value >= 0) {
    HRT_TRY(match_result(v, "value", sig_of(v, value), err));
    a->value = hrt_export_at(v->abi, (uint32_t)value);
  }
  HRT_TRY(find(&final, v, d, "final", true, err));
  HRT_TRY(value < 0 || strcmp(sig_of(v, value), sig_of(v, final)) == 0
              ? 0
              : wrong("value", "as ..._final", sig_of(v, value), err));
  HRT_TRY(match_result(v, "final", sig_of(v, final), err));
  a->final = hrt_export_at(v->abi, (uint32_t) final);
out:
  return status;
}

int hrt_aggregate_make(hrt_version *v, const hrt_definition *d, helios_error *err) {
  int status = 0;
  if (d->options_given & 1u << HRT_OPTION_STATE && v->state != HRT_STATE_STATEMENT) {
    return hrt_fail(err, HELIOS_E_SYNTAX, "an aggregate's state lives for the statement");
  }
  v->state = HRT_STATE_STATEMENT;
  v->aggregate = hrt_alloc(sizeof *v->aggregate);
  if (v->aggregate == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  hrt_signature_init(&v->aggregate->result, false);
  HRT_TRY(hrt_version_add_params(v, d, err));
  HRT_TRY(make_step(v, d, err));
  HRT_TRY(make_result(v, d, err));
out:
  return status;
}

void hrt_aggregate_free(hrt_aggregate *a) {
  if (a) {
    hrt_signature_clear(&a->result);
    hrt_free(a);
  }
}

/* ---- calls ---- */

/* One call of an export, under the limits of a call. argv: of a step; sql: for a result. */
struct work {
  hrt_pin *pin;
  const hrt_export *export;
  int64_t *state;
  sqlite3_value **argv; /* NULL: there are none */
  sqlite3_context *sql; /* NULL: the result is the state */
};

static int call_export(const struct work *w, hrt_seat *seat, helios_error *err) {
  hsb_slot slots[HRT_SLOTS_MAX + 1];
  const hrt_version *v = w->pin->version;
  int status = 0;
  if (w->argv) {
    status = hrt_marshal_args(slots + 1, &v->signature, seat->env, w->argv, err);
    if (status != 0) {
      return status == HRT_MARSHAL_NULL ? 0 : status; /* such a row does not count */
    }
  }
  slots[0] = (hsb_slot)*w->state;
  HRT_TRY(hrt_call_export(seat->instance, w->export, slots, v->h->budget, err));
  if (w->sql) {
    status = hrt_marshal_result(w->sql, &v->aggregate->result, seat->env, slots, err);
  } else if (seat->env->given == HRT_GIVEN_ERROR) {
    *err = seat->env->error;
    status = err->code;
  } else {
    *w->state = (int64_t)slots[0];
  }
out:
  return status;
}

static int call_on_seat(const struct work *w, helios_error *err) {
  hrt_pin *p = w->pin;
  hrt_version *v = p->version;
  hrt_seat *seat = p->seat;
  if (seat->busy) {
    return hrt_fail(err, HELIOS_E_MISUSE, "an aggregate can't run inside its own step");
  }
  seat->busy = true;
  seat->env->version = v->number;
  seat->env->series = p->version->series;
  seat->env->call = hrt_tally_calls(&p->tally);
  hrt_host_begin(seat->env, w->argv ? (int)v->signature.argc : 0, w->argv, v->signature.types);
  int status = call_export(w, seat, err);
  if (status != 0) {
    hrt_host_explain(seat->env, err);
  }
  hrt_host_end(seat->env);
  seat->busy = false;
  hrt_seat_renew(v, &p->seat);
  p->broken |= p->seat == NULL;
  return status;
}

static int call(const struct work *w, helios_error *err) {
  hrt_pin *p = w->pin;
  helios *h = p->version->h;
  hrt_budget *outer = h->conn.body;
  hrt_allowance allowance;
  int status = 0;
  if (p->broken) {
    return hrt_fail(err, HELIOS_E_MISUSE,
                    "its groups are lost: an earlier step of this statement failed");
  }
  hrt_pin_disarm(p);
  hrt_allowance_begin(&allowance, h, p->version);
  uint64_t used = h->budget->fuel_used;
  h->conn.body = NULL;
  if (p->seat == NULL) {
    HRT_TRY(hrt_seat_take(&p->seat, p->version, h->budget, err));
  }
  status = call_on_seat(w, err);
out:
  h->conn.body = outer;
  hrt_tally_fuel(&p->tally, h->budget->fuel_used - used);
  hrt_allowance_end(&allowance, h);
  return status;
}

/* Counted, with the procedure whose SQL calls us set aside. */
static int call_counted(const struct work *w, helios_error *err) {
  hrt_pin *p = w->pin;
  hrt_host_conn *conn = &p->version->h->conn;
  hrt_host_env *guest = hrt_host_suspend(conn);
  if (guest && guest->ctx) {
    (void)hrt_host_budget(guest->ctx); /* what it used is not the inner call's */
  }
  conn->observer.statement = p->tally.statement;
  hrt_tally_call timed = hrt_tally_call_begin(&p->tally, p->version);
  int status = call(w, err);
  if (timed.began) {
    hrt_tally_call_end(&p->tally, p->version, timed);
  }
  hrt_host_resume(conn, guest);
  return status;
}

static int begin(struct group *g, hrt_pin *p, helios_error *err) {
  const hrt_aggregate *a = p->version->aggregate;
  p->users++;
  g->pin = p;
  return a->init.fn ? call_counted(&(struct work){p, &a->init, &g->state, NULL, NULL}, err) : 0;
}

/* The statement's pin, with a use for the caller. */
static int pin_of(hrt_pin **out, sqlite3_context *sql, const hrt_trampoline *t, helios_error *err) {
  hrt_pin *p = sqlite3_get_auxdata(sql, t->entry->aux);
  if (p) {
    p->users++;
    *out = p;
    return 0;
  }
  hrt_host_env *guest = hrt_host_suspend(&t->h->conn);
  int status = hrt_pin_new(out, sql, t->entry, err);
  hrt_host_resume(&t->h->conn, guest);
  return status;
}

static int take_row(struct group *g, hrt_pin *p, const hrt_trampoline *t, bool inverse,
                    sqlite3_value **argv, helios_error *err) {
  sqlite3_value *all[HRT_ARGS_MAX];
  int status = 0;
  HRT_TRY(hrt_pin_fits(t, p->version, err));
  if (g->pin == NULL) {
    HRT_TRY(begin(g, p, err));
  }
  const hrt_aggregate *a = p->version->aggregate;
  const hrt_export *e = inverse ? &a->inverse : &a->step;
  if (e->fn == NULL) {
    return hrt_fail(err, HELIOS_E_NOT_FOUND,
                    "it can't leave rows out of a window: the module exports no ..._inverse");
  }
  argv = hrt_pin_arguments(all, &p->version->signature, (uint32_t)t->nargs, argv);
  status = call_counted(&(struct work){p, e, &g->state, argv, NULL}, err);
out:
  return status;
}

__attribute__((noinline)) static void row(sqlite3_context *sql, hrt_trampoline *t, bool inverse,
                                          sqlite3_value **argv) {
  helios_error err = {0};
  hrt_pin *p = NULL;
  struct group *g = sqlite3_aggregate_context(sql, sizeof *g);
  if (g == NULL) {
    sqlite3_result_error_nomem(sql);
    return;
  }
  int status = pin_of(&p, sql, t, &err);
  if (status == 0) {
    status = take_row(g, p, t, inverse, argv, &err);
  }
  if (status != 0) {
    hrt_pin_report(sql, t->entry, p, t->nargs, argv, &err);
  } else if (p->version->simple && p->version->signature.argc == (uint32_t)t->nargs) {
    t->last_call = sql;
    t->last_pin = p;
  }
  if (p) {
    if (p->users == 1) { /* the statement dropped it at once */
      t->last_call = NULL;
      t->last_pin = NULL;
    }
    p->users > 1 ? (void)p->users-- : hrt_pin_unref(p);
  }
}

/* A short step failed. */
__attribute__((noinline)) static void fail_step(sqlite3_context *sql, const hrt_trampoline *t,
                                                hrt_pin *p, sqlite3_value **argv) {
  hrt_seat_renew(p->version, &p->seat);
  hrt_pin_disarm(p);
  p->broken |= p->seat == NULL;
  hrt_pin_report(sql, t->entry, p, t->nargs, argv, &t->h->scratch);
  hrt_error_clear(&t->h->scratch);
}

/* The step of a module that may ask: as in call.c. Returns the status. */
__attribute__((noinline)) static int run_asking(hrt_pin *p, hsb_slot *slots, sqlite3_value **argv) {
  const hrt_signature *s = &p->version->signature;
  hrt_host_env *env = p->seat->env;
  hrt_host_begin(env, (int)s->argc, argv, s->types);
  hrt_short_result r = hrt_call_asking(&p->ready, slots);
  hrt_tally_fuel(&p->tally, r.used);
  if (__builtin_expect(r.status == 0 && env->given == HRT_GIVEN_ERROR, 0)) {
    *p->ready.err = env->error;
    r.status = env->error.code;
  }
  hrt_host_end(env);
  return r.status;
}

static int run_alone(hrt_pin *p, hsb_slot *slots) {
  hrt_short_result r = hrt_call_short(&p->ready, slots);
  hrt_tally_fuel(&p->tally, r.used);
  return r.status;
}

/* By the short way: no host function but those of the call, plain arguments, a group that has
 * begun. False: not by it. */
__attribute__((noinline)) static bool step_plain(sqlite3_context *sql, const hrt_trampoline *t,
                                                 hrt_pin *p, sqlite3_value **argv) {
  const hrt_version *v = p->version;
  struct group *g = sqlite3_aggregate_context(sql, sizeof *g);
  hsb_slot slots[HRT_PLAIN_SLOTS + 1];
  if (__builtin_expect(g == NULL || g->pin != p ||
                           !hrt_plain_in(slots + 1, &v->signature, p->seat->env, argv),
                       0)) {
    return false;
  }
  slots[0] = (hsb_slot)g->state;
  int status = v->asks ? run_asking(p, slots, argv) : run_alone(p, slots);
  if (__builtin_expect(status != 0, 0)) {
    fail_step(sql, t, p, argv);
  } else {
    g->state = (int64_t)slots[0];
  }
  return true;
}

__attribute__((always_inline)) static inline bool
step_longs(sqlite3_context *sql, const hrt_trampoline *t, hrt_pin *p, sqlite3_value **argv) {
  struct group *g = sqlite3_aggregate_context(sql, sizeof *g);
  hsb_slot slots[HRT_FEW + 1];
  if (__builtin_expect(g == NULL || g->pin != p || !hrt_few_in(slots + 1, &p->longs, argv), 0)) {
    return false;
  }
  slots[0] = (hsb_slot)g->state;
  hrt_short_result r = hrt_call_short(&p->ready, slots);
  hrt_tally_fuel(&p->tally, r.used);
  if (__builtin_expect(r.status != 0, 0)) {
    fail_step(sql, t, p, argv);
    return true;
  }
  g->state = (int64_t)slots[0];
  return true;
}

__attribute__((always_inline)) static inline bool
step_short(sqlite3_context *sql, const hrt_trampoline *t, hrt_pin *p, sqlite3_value **argv) {
  return __builtin_expect(p->longs != 0, 1) ? step_longs(sql, t, p, argv)
                                            : step_plain(sql, t, p, argv);
}

__attribute__((noinline)) static bool step_timed(sqlite3_context *sql, const hrt_trampoline *t,
                                                 hrt_pin *p, sqlite3_value **argv) {
  uint64_t began = hrt_tally_clock();
  bool done = step_short(sql, t, p, argv);
  if (done) {
    hrt_tally_timed(&p->tally, p->version, hrt_tally_clock() - began);
  }
  return done;
}

/* No stack protector: no array here is indexed by anything but the signature's own numbers. */
__attribute__((no_stack_protector)) void hrt_aggregate_run(sqlite3_context *sql, hrt_trampoline *t,
                                                           sqlite3_value **argv) {
  hrt_pin *p = t->last_pin;
  if (__builtin_expect(t->last_call == sql && (hrt_pin_armed(p, t->h) || hrt_pin_arm(p)), 1)) {
    bool done = __builtin_expect(hrt_tally_short(&p->tally), 1) ? step_short(sql, t, p, argv)
                                                                : step_timed(sql, t, p, argv);
    if (__builtin_expect(done, 1)) {
      return;
    }
    hrt_tally_short_not(&p->tally);
  }
  row(sql, t, false, argv);
}

void hrt_aggregate_inverse(sqlite3_context *sql, int argc, sqlite3_value **argv) {
  (void)argc;
  row(sql, sqlite3_user_data(sql), true, argv);
}

/* ---- results ---- */

static int result(sqlite3_context *sql, struct group *g, bool window, helios_error *err) {
  const hrt_aggregate *a = g->pin->version->aggregate;
  const hrt_export *e = window ? &a->value : &a->final;
  if (e->fn == NULL) {
    return hrt_fail(err, HELIOS_E_NOT_FOUND,
                    "it is no window function: the module exports no ..._value");
  }
  return call_counted(&(struct work){g->pin, e, &g->state, NULL, sql}, err);
}

/* No row came: SQLite gives no context, so there is no statement to ask. */
static int result_of_none(sqlite3_context *sql, hrt_trampoline *t, helios_error *err) {
  hrt_version *v;
  struct group g = {0};
  int status = 0;
  hrt_pin *p = hrt_alloc(sizeof *p);
  if (p == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  hrt_host_env *guest = hrt_host_suspend(&t->h->conn);
  status = hrt_resolve(&v, t->entry, err);
  hrt_host_resume(&t->h->conn, guest);
  if (status != 0) {
    hrt_free(p);
    return status;
  }
  *p = (hrt_pin){.version = hrt_version_ref(v), .entry = t->entry, .users = 1};
  hrt_tally_begin(&p->tally, v, NULL, NULL, 0);
  HRT_TRY(hrt_pin_fits(t, v, err));
  HRT_TRY(begin(&g, p, err));
  HRT_TRY(result(sql, &g, false, err));
out:
  if (g.pin) {
    hrt_pin_unref(g.pin);
  }
  hrt_pin_unref(p);
  return status;
}

/* Gives SQL the result of the group, or why there is none. Returns the group; NULL: no row came. */
static struct group *give_result(sqlite3_context *sql, bool window) {
  hrt_trampoline *t = sqlite3_user_data(sql);
  helios_error err = {0};
  struct group *g = sqlite3_aggregate_context(sql, 0);
  bool lost = g && g->pin && g->pin->broken; /* then SQL has the error of the step that failed */
  int status = g && g->pin ? result(sql, g, window, &err) : result_of_none(sql, t, &err);
  if (status != 0 && lost) {
    sqlite3_result_error(sql, err.text, -1);
  } else if (status != 0) {
    hrt_pin_report(sql, t->entry, g ? g->pin : NULL, 0, NULL, &err);
  }
  return g;
}

void hrt_aggregate_value(sqlite3_context *sql) {
  (void)give_result(sql, true);
}

/* Also for a group of a statement that failed, whose result nobody reads. */
void hrt_aggregate_final(sqlite3_context *sql) {
  struct group *g = give_result(sql, false);
  if (g && g->pin) {
    hrt_pin_unref(g->pin);
    g->pin = NULL;
  }
}
