/* call.c - a call from SQL: the trampoline. On the first call of a statement it finds the version
 * that is current in the statement's snapshot and pins it to the statement; every later call finds
 * the pin.
 *
 * Invariants: all rows of a statement are computed by one version; a call that failed leaves an
 * error in SQL and no open transaction, statement or instance; a pin's version stays mapped until
 * SQLite drops the pin. */
#include <string.h>

#include "plugin/alloc.h"
#include "sqlite/plain.h"
#include "sqlite/session.h"

/* What a statement holds of a procedure. Two users: the statement and, while it is made, the call.
 */
typedef struct pin {
  hrt_version *version;
  hrt_seat *seat; /* NULL: none yet, or it died */
  bool busy;      /* the seat is in a call */
  uint8_t users;
} pin;

static void pin_unref(void *arg) {
  pin *p = arg;
  if (--p->users == 0) {
    hrt_seat_give(p->version, p->seat);
    hrt_version_unref(p->version);
    hrt_free(p);
  }
}

static bool same(const hrt_version *v, const hrt_definition *d) {
  return v && v->procedure_id == d->procedure_id && v->number == d->version && v->stamp == d->stamp;
}

/* Brings e->version up to the catalog with this stamp. */
static int look_up(hrt_entry *e, int64_t stamp, helios_error *err) {
  hrt_version *v = NULL;
  int status = 0;
  hrt_definition *d = hrt_alloc(sizeof *d);
  if (d == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  HRT_TRY(hrt_catalog_find(d, e->h->catalog, e->name, 0, err));
  if (!same(e->version, d)) {
    HRT_TRY(hrt_version_load(&v, e->h, d, err));
    hrt_version_unref(e->version);
    e->version = v;
  }
  e->stamp = stamp;
out:
  if (status != 0) {
    hrt_version_unref(e->version);
    e->version = NULL;
    e->stamp = 0;
  }
  hrt_free(d);
  return status;
}

/* Makes e->version the one that is current in the snapshot of the running statement. */
static int resolve(hrt_entry *e, helios_error *err) {
  helios *h = e->h;
  int64_t stamp;
  int status = 0;
  HRT_TRY(hrt_catalog_stamp(&stamp, h->catalog, err));
  if (stamp != h->synced) {
    (void)hrt_sync(h, NULL);
  }
  if (stamp == 0 || stamp != e->stamp || e->version == NULL) {
    HRT_TRY(look_up(e, stamp, err));
  }
out:
  return status;
}

static int fits(const hrt_trampoline *t, const hrt_version *v, helios_error *err) {
  if (v->signature.argc != (uint32_t)t->nargs) {
    return hrt_fail(err, HELIOS_E_VALUE, "it takes %u arguments, %d were given", v->signature.argc,
                    t->nargs);
  }
  if (t->deterministic && (v->abi->flags & HSB_PLUGIN_IMPURE)) {
    int status = hrt_fail(err, HELIOS_E_BROKEN, "it was deterministic when this connection met it");
    hrt_hint(err, "open the connection again");
    return status;
  }
  return 0;
}

/* The statement's pin, made now. *out has a use for the caller: pin_unref it. */
static int pin_statement(pin **out, sqlite3_context *sql, const hrt_trampoline *t,
                         helios_error *err) {
  hrt_entry *e = t->entry;
  int status = resolve(e, err);
  if (status != 0) {
    return status;
  }
  pin *p = hrt_alloc(sizeof *p);
  if (p == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  p->version = hrt_version_ref(e->version);
  p->users = 2;
  sqlite3_set_auxdata(sql, e->aux, p, pin_unref); /* may call pin_unref at once */
  *out = p;
  return 0;
}

static int run(sqlite3_context *sql, hrt_version *v, hrt_seat *seat, hrt_budget *budget,
               sqlite3_value **argv, helios_error *err) {
  hsb_slot slots[HRT_SLOTS_MAX];
  hrt_host_conn *conn = &v->h->conn;
  hrt_log_level level = conn->log_level;
  if (v->log_level > (int)level) {
    conn->log_level = (hrt_log_level)v->log_level;
  }
  hrt_host_begin(seat->env, (int)v->signature.argc, argv, v->signature.types);
  int status = hrt_marshal_args(slots, &v->signature, seat->env, argv, err);
  if (status == HRT_MARSHAL_NULL) {
    sqlite3_result_null(sql);
    status = 0;
  } else if (status == 0) {
    status = hrt_call_export(seat->instance, &v->export, slots, budget, err);
    if (status == 0) {
      status = hrt_marshal_result(sql, &v->signature, seat->env, slots, err);
    }
  }
  hrt_host_end(seat->env);
  conn->log_level = level;
  return status;
}

/* A call on an instance of its own: the pin's is in a call further out. */
static int run_nested(sqlite3_context *sql, hrt_version *v, hrt_budget *budget,
                      sqlite3_value **argv, helios_error *err) {
  hrt_seat *seat;
  int status = hrt_seat_take(&seat, v, budget, err);
  if (status == 0) {
    status = run(sql, v, seat, budget, argv, err);
    hrt_seat_renew(&seat);
    hrt_seat_give(v, seat);
  }
  return status;
}

static int call_pinned(sqlite3_context *sql, pin *p, sqlite3_value **argv, helios_error *err) {
  hrt_version *v = p->version;
  helios *h = v->h;
  hrt_allowance allowance;
  int status = 0;
  hrt_allowance_begin(&allowance, h, v);
  if (p->busy) {
    status = run_nested(sql, v, h->budget, argv, err);
    goto out;
  }
  if (p->seat == NULL) {
    HRT_TRY(hrt_seat_take(&p->seat, v, h->budget, err));
  }
  p->busy = true;
  status = run(sql, v, p->seat, h->budget, argv, err);
  p->busy = false;
  hrt_seat_renew(&p->seat);
out:
  hrt_allowance_end(&allowance, h);
  return status;
}

/* Gives the error to SQL as "procedure f: text" and keeps all of it for helios_step_error. */
static void report(sqlite3_context *sql, hrt_entry *e, helios_error *err) {
  helios *h = e->h;
  if (err->code != HELIOS_E_NOT_FOUND || strncmp(err->text, "no such procedure", 17) != 0) {
    hrt_error_prefix(err, e->name);
  }
  h->last = *err;
  sqlite3_result_error(sql, err->text, -1);
  if (err->code == HELIOS_E_MEMORY) {
    sqlite3_result_error_nomem(sql);
  } else if (err->code == HELIOS_E_CANCELLED) {
    sqlite3_result_error_code(sql, SQLITE_INTERRUPT);
  }
}

/* Nothing of the connection's that the short way leaves alone is in use, and the pin fits. */
static inline bool is_short(const hrt_trampoline *t, const pin *p) {
  const helios *h = t->entry->h;
  return p && p->seat && p->version->simple && h->budget == NULL && h->conn.active == NULL &&
         p->version->signature.argc == (uint32_t)t->nargs;
}

/* The call of a module without host functions on plain arguments: nothing can look at the
 * environment or call SQL. HRT_SHORT_NOT: an argument needs the long way. */
#define HRT_SHORT_NOT (-1)
static inline int call_short(sqlite3_context *sql, pin *p, sqlite3_value **argv,
                             helios_error *err) {
  hrt_version *v = p->version;
  helios *h = v->h;
  hsb_slot slots[HRT_PLAIN_SLOTS];
  if (__builtin_expect(!hrt_plain_in(slots, &v->signature, p->seat->env, argv), 0)) {
    return HRT_SHORT_NOT;
  }
  hrt_allowance_open(h, v);
  int status = hrt_call_export(p->seat->instance, &v->export, slots, &h->own, err);
  hrt_allowance_close(h);
  if (__builtin_expect(status == 0, 1)) {
    status = hrt_plain_out(sql, &v->signature, p->seat->env, slots, err);
  }
  if (status != 0 || !v->export.stateless) {
    hrt_seat_renew(&p->seat);
  }
  return status;
}

__attribute__((noinline)) static void call_long(sqlite3_context *sql, const hrt_trampoline *t,
                                                pin *p, sqlite3_value **argv) {
  helios_error err;
  int status = 0;
  pin *made = NULL;
  hrt_host_conn *conn = &t->entry->h->conn;
  hrt_host_env *guest = hrt_host_suspend(conn); /* whose SQL calls us, if it is a procedure's */
  hrt_error_clear(&err);
  if (p == NULL) {
    HRT_TRY(pin_statement(&made, sql, t, &err));
    p = made;
  }
  HRT_TRY(fits(t, p->version, &err)); /* each time: a pin serves all arities of the name */
  status = call_pinned(sql, p, argv, &err);
out:
  if (__builtin_expect(status != 0, 0)) {
    report(sql, t->entry, &err);
  }
  if (made) {
    pin_unref(made);
  }
  hrt_host_resume(conn, guest);
}

/* No stack protector: no array here is indexed by anything but the signature's own numbers. */
__attribute__((no_stack_protector)) void hrt_trampoline_call(sqlite3_context *sql, int argc,
                                                             sqlite3_value **argv) {
  (void)argc; /* t->nargs, SQLite has checked it */
  const hrt_trampoline *t = sqlite3_user_data(sql);
  pin *p = sqlite3_get_auxdata(sql, t->entry->aux);
  if (__builtin_expect(is_short(t, p), 1)) {
    helios_error err;
    hrt_error_clear(&err);
    int status = call_short(sql, p, argv, &err);
    if (__builtin_expect(status == 0, 1)) {
      return;
    }
    if (status != HRT_SHORT_NOT) {
      report(sql, t->entry, &err);
      return;
    }
  }
  call_long(sql, t, p, argv);
}
