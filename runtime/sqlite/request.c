/* request.c - one call of a version: arguments in, the guest's code under the call's limits, and
 * what comes out: a value for SQL, or the rows of a table.
 *
 * Invariant: whatever way a call ends, nothing of it is left: no statement, no transaction, no busy
 * instance. */
#include "sqlite/body.h"
#include "sqlite/tally.h"

/* A call of a canary ended, other than by its caller's doing. */
static void count_trial(const hrt_version *v, int status) {
  if (v->trial && status != HELIOS_E_CANCELLED && status != HELIOS_E_MEMORY &&
      hrt_trial_count(v->trial, status != 0)) {
    hrt_canary_failed(v->h, v->name, v->trial, NULL);
  }
}

static int take_seat(hrt_seat **out, hrt_version *v, helios_error *err) {
  int status = hrt_seat_take(out, v, v->h->budget, err);
  if (status != 0) {
    count_trial(v, status);
  }
  return status;
}

/* Rows from row_*, or from the JSON that the procedure returned instead. */
static int take_rows(const hrt_request *r, hrt_seat *seat, const hsb_slot *slots,
                     helios_error *err) {
  hrt_value v;
  if (r->rows->error.code != HELIOS_OK) {
    *err = r->rows->error;
    return err->code;
  }
  if (r->rows->used && seat->env->given != HRT_GIVEN_ERROR) {
    return 0;
  }
  int status = hrt_marshal_value(&v, &r->version->signature, seat->env, slots, err);
  if (status == 0 && v.type != HSB_VALUE_NULL && v.length > 0) {
    status = hrt_rows_json(r->rows, r->version->h, &v, err);
  }
  hrt_value_clear(&v);
  return status;
}

static int call(const hrt_request *r, hrt_seat *seat, helios_error *err) {
  hsb_slot slots[HRT_SLOTS_MAX];
  hrt_version *v = r->version;
  int status = hrt_marshal_args(slots, &v->signature, seat->env, r->argv, err);
  if (status == HRT_MARSHAL_NULL) { /* NULL, or no rows */
    if (r->sql) {
      sqlite3_result_null(r->sql);
    }
    return 0;
  }
  if (status != 0) {
    return status;
  }
  status = hrt_call_export(seat->instance, &v->export, slots, v->h->budget, err);
  if (status == 0) {
    status = r->rows ? take_rows(r, seat, slots, err)
                     : hrt_marshal_result(r->sql, &v->signature, seat->env, slots, err);
  }
  count_trial(v, status);
  return status;
}

static int run(const hrt_request *r, hrt_seat *seat, helios_error *err) {
  hrt_version *v = r->version;
  hrt_host_conn *conn = &v->h->conn;
  hrt_log_level level = conn->log_level;
  if (v->log_level > (int)level) {
    conn->log_level = (hrt_log_level)v->log_level;
  }
  seat->env->version = v->number; /* not known yet when CREATE made the instance */
  seat->env->series = v->series;
  seat->env->call = hrt_tally_calls(r->tally);
  seat->env->rows = r->rows;
  hrt_host_begin(seat->env, (int)v->signature.argc, r->argv, v->signature.types);
  int status = call(r, seat, err);
  if (status != 0) {
    hrt_host_explain(seat->env, err);
  }
  hrt_host_end(seat->env);
  seat->env->rows = NULL;
  conn->log_level = level;
  return status;
}

/* A call on an instance of its own: the caller's is in a call further out. */
static int run_nested(const hrt_request *r, helios_error *err) {
  hrt_version *v = r->version;
  hrt_seat *seat;
  int status = take_seat(&seat, v, err);
  if (status == 0) {
    status = run(r, seat, err);
    hrt_seat_renew(v, &seat);
    hrt_seat_give(v, seat);
  }
  return status;
}

static int run_on_seat(const hrt_request *r, helios_error *err) {
  hrt_version *v = r->version;
  hrt_seat **seat = v->state == HRT_STATE_CONNECTION ? &v->kept : r->seat;
  int status = 0;
  if (*seat && (*seat)->busy) {
    return run_nested(r, err);
  }
  if (*seat == NULL) {
    HRT_TRY(take_seat(seat, v, err));
  }
  (*seat)->busy = true;
  status = run(r, *seat, err);
  (*seat)->busy = false;
  hrt_seat_renew(v, seat);
out:
  return status;
}

static int run_body(const hrt_request *r, helios_error *err) {
  int status = hrt_body_run(r, err);
  count_trial(r->version, status);
  return status;
}

static int run_limited(const hrt_request *r, helios_error *err) {
  hrt_version *v = r->version;
  helios *h = v->h;
  hrt_budget *outer = h->conn.body;
  hrt_allowance allowance;
  hrt_allowance_begin(&allowance, h, v);
  uint64_t used = h->budget->fuel_used;
  h->conn.body = NULL;
  int status = v->body ? run_body(r, err) : run_on_seat(r, err);
  h->conn.body = outer;
  hrt_tally_fuel(r->tally, h->budget->fuel_used - used);
  hrt_allowance_end(&allowance, h);
  return status;
}

int hrt_request_run(const hrt_request *r, helios_error *err) {
  hrt_version *v = r->version;
  v->h->conn.observer.statement = r->tally->statement;
  hrt_tally_call timed = hrt_tally_call_begin(r->tally, v);
  int status = run_limited(r, err);
  if (timed.began) {
    hrt_tally_call_end(r->tally, v, timed);
  }
  v->counts.rows += r->rows && status == 0 ? r->rows->complete : 0;
  return status;
}
