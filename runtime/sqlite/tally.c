/* tally.c - counting a statement's calls: numbering statements, adding up, records of failures. See
 * tally.h.
 *
 * Invariant: each call is in exactly one series of the store, that of the version that answered it,
 * and in the cost of one statement: the outermost. */
#include "sqlite/tally.h"

#include <string.h>

#include "plugin/alloc.h"

/* The number of the running statement: that of another procedure's tally that SQLite keeps with the
 * same statement, or of one that began in the same step of it (a trigger's, a table's), else a new
 * one. What a procedure runs belongs to the statement that called it. */
static uint64_t number(helios *h, sqlite3_context *sql) {
  enum { LOOKED_AT = 32 };
  int looked = 0;
  if (h->budget) {
    return h->conn.observer.statement;
  }
  for (const hrt_tally *t = h->tallies; t && sql && looked < LOOKED_AT; t = t->next) {
    if (t->pin && sqlite3_get_auxdata(sql, t->aux) == t->pin) {
      return t->statement;
    }
    looked++;
  }
  hrt_running now = {.stmt = NULL};
  if (sql == NULL || h->table_pins || sqlite3_txn_state(h->db, NULL) == SQLITE_TXN_WRITE) {
    now = hrt_running_now(h); /* else there are neither triggers nor tables, and it takes a walk */
  }
  if (!hrt_running_same(&now, &h->numbered)) {
    h->numbered = now;
    h->statements++;
  }
  return h->statements;
}

static void link(hrt_tally *t, helios *h) {
  t->next = h->tallies;
  t->prev = NULL;
  if (t->next) {
    t->next->prev = t;
  }
  h->tallies = t;
}

static void unlink(hrt_tally *t, helios *h) {
  *(t->prev ? &t->prev->next : &h->tallies) = t->next;
  if (t->next) {
    t->next->prev = t->prev;
  }
}

void hrt_tally_begin(hrt_tally *t, hrt_version *v, sqlite3_context *sql, const void *pin, int aux) {
  helios *h = v->h;
  t->statement = number(h, sql);
  t->pin = pin;
  t->aux = aux;
  link(t, h);
  t->until = t->set = v->phase ? v->phase : 1; /* the first call of all is timed */
  if (v->series == NULL) {
    v->series = hrt_series_of(h->conn.observer.store, v->name, v->number);
  }
}

void hrt_tally_again(hrt_tally *t, const hrt_version *v) {
  t->calls += t->set;
  t->until = t->set = v->profiling ? 1 : HRT_TALLY_PERIOD;
}

void hrt_tally_time(hrt_tally *t, hrt_version *v, uint64_t ns) {
  t->timed++;
  t->time_ns += ns;
  hrt_counts_time(&v->counts, ns);
}

hrt_tally_call hrt_tally_call_begin(hrt_tally *t, const hrt_version *v) {
  bool first = v->h->costs_wanted && hrt_tally_calls(t) == 0;
  hrt_tally_call call = {0};
  if (--t->until == 0) {
    hrt_tally_again(t, v);
    call.sampled = true;
  }
  if (call.sampled || first) {
    call.began = hrt_tally_clock();
  }
  return call;
}

/* The first call is no measure of the others: it may have made the instance. */
void hrt_tally_call_end(hrt_tally *t, hrt_version *v, hrt_tally_call call) {
  uint64_t ns = hrt_tally_clock() - call.began;
  if (call.sampled) {
    hrt_tally_time(t, v, ns);
  }
  if (hrt_tally_calls(t) == 1) {
    t->first_ns = ns;
    t->timed = t->time_ns = 0;
  }
}

static uint64_t larger(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

static hrt_cost *cost_of(hrt_costs *costs, const hrt_version *v) {
  uint32_t i = 0;
  while (i < costs->count &&
         (costs->at[i].version != v->number || strcmp(costs->at[i].procedure, v->name) != 0)) {
    i++;
  }
  if (i == HRT_COSTS_MOST) {
    return NULL;
  }
  if (i == costs->count) {
    costs->at[i] = (hrt_cost){.version = v->number};
    memcpy(costs->at[i].procedure, v->name, sizeof v->name);
    costs->count++;
  }
  return &costs->at[i];
}

/* For helios_statement. One that began before the one shown is not shown any more. */
static void add_cost(const hrt_tally *t, const hrt_version *v) {
  helios *h = v->h;
  if (h->costs == NULL) {
    h->costs = hrt_alloc(sizeof *h->costs);
  }
  if (h->costs == NULL || hrt_tally_calls(t) == 0 || t->statement < h->costs->statement) {
    return;
  }
  if (t->statement > h->costs->statement) {
    h->costs->statement = t->statement;
    h->costs->count = 0;
  }
  hrt_cost *c = cost_of(h->costs, v);
  if (c) {
    c->calls += hrt_tally_calls(t);
    c->errors += t->errors;
    c->fuel += t->fuel;
    c->fuel_max = larger(c->fuel_max, t->fuel_max);
    c->timed += t->timed;
    c->time_ns += t->time_ns;
    c->firsts += t->first_ns > 0;
    c->first_ns += t->first_ns;
  }
}

void hrt_tally_end(hrt_tally *t, hrt_version *v) {
  hrt_counts *c = &v->counts;
  unlink(t, v->h);
  if (v->kept) { /* other instances were looked at when they were given back */
    c->memory_max = larger(c->memory_max, hrt_guest_peak(v->kept->instance));
  }
  v->phase = t->until;
  c->calls += hrt_tally_calls(t);
  c->fuel += t->fuel;
  c->fuel_max = larger(c->fuel_max, t->fuel_max);
  hrt_series_add(v->series, c);
  if (t->errors > 0 || c->timed > 0) { /* else all but these is zero, or a maximum */
    *c = (hrt_counts){0};
  } else {
    c->calls = c->rows = c->fuel = 0;
  }
  add_cost(t, v);
}

/* ---- failures ---- */

static bool is_limit(int code) {
  return code == HELIOS_E_FUEL || code == HELIOS_E_DEADLINE || code == HELIOS_E_LIMIT;
}

static void record(const hrt_observer *o, const hrt_origin *who, const hrt_version *v,
                   const helios_error *err) {
  char function[HRT_ESCAPED], hash[HRT_HASH_HEX];
  hrt_audit audit = {.detail = err->text};
  if (v->abi) {
    hrt_hash_hex(hash, v->abi->module_hash);
    audit.module_hash = hash;
  }
  if (err->code == HELIOS_E_TRAP || is_limit(err->code) || err->code == HELIOS_E_CANCELLED) {
    bool known = v->plugin && err->offset != HELIOS_NO_OFFSET;
    hrt_observe_trap(o, who, known ? hrt_plugin_func_name(v->plugin, err->offset, function) : NULL,
                     err);
  }
  audit.event = err->code == HELIOS_E_TRAP         ? "trap"
                : is_limit(err->code)              ? "limit"
                : err->code == HELIOS_E_CAPABILITY ? "use"
                                                   : NULL;
  if (audit.event) {
    hrt_observe_audit(o, who, &audit);
  }
}

void hrt_tally_error(hrt_tally *t, hrt_version *v, const helios_error *err) {
  hrt_observer *o = &v->h->conn.observer;
  hrt_origin who = {.procedure = v->name, .version = v->number, .call = hrt_tally_calls(t)};
  t->errors++;
  v->counts.errors[hrt_outcome_of(err->code)]++;
  o->statement = t->statement;
  record(o, &who, v, err);
}

void hrt_tally_unpinned(helios *h, const char *procedure, const helios_error *err) {
  hrt_origin who = {.procedure = procedure};
  hrt_audit audit = {.event = "load", .detail = err->text};
  if (err->code == HELIOS_E_BROKEN || err->code == HELIOS_E_UNTRUSTED ||
      err->code == HELIOS_E_PLUGIN || err->code == HELIOS_E_CAPABILITY ||
      err->code == HELIOS_E_IMPORT) {
    hrt_observe_audit(&h->conn.observer, &who, &audit);
  }
}
