/* views.c - what each virtual table shows. See view.h.
 *
 * Invariant: a record is shown once: by the database if the statement's snapshot has it, else by
 * the store. */
#include <stdlib.h>
#include <string.h>

#include "plugin/alloc.h"
#include "sqlite/audit.h"
#include "sqlite/tally.h"
#include "sqlite/view.h"

/* ---- logs, audit log, traps ---- */

static bool add_record(hrt_view *v, const hrt_record *r) {
  bool ok = true;
  for (uint32_t i = 0; i < r->count && ok; i++) {
    const hrt_datum *d = &r->values[i];
    ok = d->type == HRT_DATUM_INTEGER
             ? hrt_view_number(v, d->as.number)
             : hrt_view_text(v, d->type == HRT_DATUM_TEXT ? d->as.text : NULL);
  }
  return ok;
}

static int fill_records(hrt_view *v, helios_error *err) {
  hrt_ring_kind kind = (hrt_ring_kind)v->table;
  hrt_store *store = v->h->conn.observer.store;
  hrt_record *records[HRT_RING_MOST];
  bool ok = true;
  int64_t newest;
  int status = kind == HRT_RING_AUDIT_LOG ? hrt_audit_settle(v->h, err) : 0;
  if (status == 0) {
    status = hrt_records_select(&v->stmt, &v->hold, &newest, v->h->db, kind, err);
  }
  if (status != 0) {
    return status;
  }
  size_t n = hrt_records_take(records, store, kind, newest);
  for (size_t i = 0; i < n; i++) {
    ok = ok && add_record(v, records[i]);
    hrt_record_give(store, records[i]);
  }
  return ok ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}

/* ---- metrics ---- */

struct metrics {
  uint64_t own; /* source that memory knows better */
  hrt_metric_row *rows;
  size_t count, room;
  bool failed; /* no memory */
};

static hrt_metric_row *find_metric(struct metrics *m, const char *procedure, uint32_t version) {
  for (size_t i = 0; i < m->count; i++) {
    if (m->rows[i].version == version && strcmp(m->rows[i].procedure, procedure) == 0) {
      return &m->rows[i];
    }
  }
  if (m->count == m->room) {
    size_t room = m->room ? 2 * m->room : 16;
    hrt_metric_row *more = hrt_realloc(m->rows, room * sizeof *more);
    if (more == NULL) {
      m->failed = true;
      return NULL;
    }
    m->rows = more;
    m->room = room;
  }
  hrt_metric_row *row = &m->rows[m->count++];
  *row = (hrt_metric_row){.version = version};
  sqlite3_snprintf((int)sizeof row->procedure, row->procedure, "%s", procedure);
  return row;
}

static bool add_stored(void *arg, const hrt_metric_row *row) {
  struct metrics *m = arg;
  hrt_metric_row *sum = row->source == m->own ? NULL : find_metric(m, row->procedure, row->version);
  if (sum) {
    hrt_counts_add(&sum->counts, &row->counts);
  }
  return !m->failed;
}

static void add_own(void *arg, const char *procedure, uint32_t version, const hrt_counts *counts) {
  struct metrics *m = arg;
  hrt_metric_row *sum = counts->calls == 0 ? NULL : find_metric(m, procedure, version);
  if (sum) {
    hrt_counts_add(&sum->counts, counts);
  }
}

static int by_name(const void *a, const void *b) {
  const hrt_metric_row *x = a, *y = b;
  int order = strcmp(x->procedure, y->procedure);
  return order ? order : (x->version > y->version) - (x->version < y->version);
}

int hrt_metrics_all(hrt_metric_row **out, size_t *count, helios *h, helios_error *err) {
  hrt_store *store = h->conn.observer.store;
  struct metrics m = {.own = hrt_store_seed(store)};
  h->internal++;
  int status = hrt_metrics_read(h->db, add_stored, &m, err);
  h->internal--;
  if (status == 0) {
    hrt_series_each(store, add_own, &m);
  }
  if (status == 0 && m.failed) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  if (status != 0) {
    hrt_free(m.rows);
    return status;
  }
  if (m.count > 0) {
    qsort(m.rows, m.count, sizeof *m.rows, by_name);
  }
  *out = m.rows;
  *count = m.count;
  return 0;
}

/* Time that so many in 1000 of the timed calls stayed below, ns. 0: none was timed. */
static uint64_t quantile(const hrt_counts *counts, uint32_t per_mille) {
  uint64_t below = 0, want = counts->timed / 1000 * per_mille +
                             (counts->timed % 1000 * per_mille + 999) / 1000;
  for (int i = 0; i < HRT_BUCKETS && counts->timed > 0; i++) {
    below += counts->buckets[i];
    if (below >= want) {
      return UINT64_C(1) << i;
    }
  }
  return 0;
}

static bool add_metric(hrt_view *v, hrt_metric_row *row) {
  char buckets[HRT_BUCKETS_TEXT];
  hrt_counts *c = &row->counts;
  uint64_t errors = 0;
  bool ok = hrt_view_text(v, row->procedure) && hrt_view_number(v, row->version);
  for (int i = 0; i < HRT_COUNT_COUNT && ok; i++) {
    ok = hrt_view_number(v, (int64_t)*hrt_count_field(c, i));
  }
  for (int i = 0; i < HRT_OUTCOME_COUNT; i++) {
    errors += c->errors[i];
  }
  return ok && hrt_view_text(v, hrt_buckets_text(buckets, c)) &&
         hrt_view_number(v, (int64_t)errors) && hrt_view_number(v, (int64_t)quantile(c, 500)) &&
         hrt_view_number(v, (int64_t)quantile(c, 990));
}

static int fill_metrics(hrt_view *v, helios_error *err) {
  hrt_metric_row *rows;
  size_t count;
  bool ok = true;
  int status = hrt_metrics_all(&rows, &count, v->h, err);
  if (status != 0) {
    return status;
  }
  for (size_t i = 0; i < count && ok; i++) {
    ok = add_metric(v, &rows[i]);
  }
  hrt_free(rows);
  return ok ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}

struct filling {
  hrt_view *view;
  bool ok;
};

static void add_custom(void *arg, const char *procedure, const char *name, hrt_metric_kind kind,
                       double value) {
  struct filling *f = arg;
  f->ok = f->ok && hrt_view_text(f->view, procedure) && hrt_view_text(f->view, name) &&
          hrt_view_text(f->view, kind == HRT_METRIC_COUNTER ? "counter" : "gauge") &&
          hrt_view_real(f->view, value);
}

static int fill_custom(hrt_view *v, helios_error *err) {
  struct filling f = {v, true};
  hrt_metrics_each(v->h->conn.observer.store, add_custom, &f);
  return f.ok ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}

/* First calls were all timed; the others take what those that were timed took on average, of the
 * statement or, if it has none, of the process. */
static double time_of(const hrt_cost *c, hrt_store *store) {
  hrt_counts all;
  uint64_t ns = c->time_ns, timed = c->timed;
  if (timed == 0) {
    hrt_series_read(&all, hrt_series_of(store, c->procedure, c->version));
    ns = all.time_ns;
    timed = all.timed;
  }
  double mean = timed ? (double)ns / (double)timed : 0;
  return (double)c->first_ns + mean * (double)(c->calls - c->firsts);
}

static bool add_cost(hrt_view *v, const hrt_cost *c, uint64_t statement) {
  double all = time_of(c, v->h->conn.observer.store);
  return hrt_view_text(v, c->procedure) && hrt_view_number(v, c->version) &&
         hrt_view_number(v, (int64_t)statement) && hrt_view_number(v, (int64_t)c->calls) &&
         hrt_view_number(v, (int64_t)c->errors) && hrt_view_number(v, (int64_t)c->fuel) &&
         hrt_view_number(v, (int64_t)c->fuel_max) && hrt_view_number(v, (int64_t)c->timed) &&
         hrt_view_number(v, (int64_t)all);
}

static void add_use(void *arg, const char *procedure, uint32_t version, const hrt_use *use) {
  struct filling *f = arg;
  char name[sizeof use->module + sizeof use->name];
  sqlite3_snprintf((int)sizeof name, name, "%s.%s", use->module, use->name);
  f->ok = f->ok && hrt_view_text(f->view, procedure) && hrt_view_number(f->view, version) &&
          hrt_view_text(f->view, name) && hrt_view_number(f->view, (int64_t)use->calls) &&
          hrt_view_number(f->view, (int64_t)use->time_ns) &&
          hrt_view_number(f->view, (int64_t)use->time_max_ns);
}

static int fill_profile(hrt_view *v, helios_error *err) {
  struct filling f = {v, true};
  hrt_uses_each(v->h->conn.observer.store, add_use, &f);
  return f.ok ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}

static int fill_statement(hrt_view *v, helios_error *err) {
  const hrt_costs *costs = v->h->costs;
  v->h->costs_wanted = true;
  bool ok = true;
  for (uint32_t i = 0; costs && i < costs->count && ok; i++) {
    ok = add_cost(v, &costs->at[i], costs->statement);
  }
  return ok ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}

/* ---- the catalog ---- */

static const char *const catalog_texts[HRT_TABLE_COUNT] = {
    [HRT_TABLE_PROCEDURES] =
        "SELECT p.name, p.kind, p.deterministic, p.current_version, p.previous_version, "
        "p.canary_version, p.canary_percent, p.canary_error_rate, "
        "(SELECT count(*) FROM main.helios_version w WHERE w.procedure_id = p.id), "
        "(SELECT e.name FROM main.helios_extension e WHERE e.id = p.extension_id), "
        "v.params, v.returns, p.created FROM main.helios_procedure p LEFT JOIN "
        "main.helios_version v ON v.procedure_id = p.id AND v.version = p.current_version "
        "ORDER BY p.name",
    [HRT_TABLE_VERSIONS] =
        "SELECT p.name, v.version, CASE v.version WHEN p.current_version THEN 'current' "
        "WHEN p.canary_version THEN 'canary' ELSE 'ready' END, v.language, v.export, v.params, "
        "v.returns, v.strict, v.profile, v.capabilities, v.options, lower(hex(v.module_hash)), "
        "v.created FROM main.helios_procedure p JOIN main.helios_version v ON "
        "v.procedure_id = p.id ORDER BY p.name, v.version",
    [HRT_TABLE_MODULES] =
        "SELECT lower(hex(m.hash)), length(m.wasm), "
        "(SELECT count(*) FROM main.helios_version v WHERE v.module_hash = m.hash), "
        "g.target, g.options, lower(hex(g.so_hash)), length(g.so) FROM main.helios_module m "
        "LEFT JOIN main.helios_plugin g ON g.module_hash = m.hash ORDER BY 1, 4, 5",
};

static int fill_catalog(hrt_view *v, helios_error *err) {
  return hrt_prepare_if_there(&v->stmt, v->h->db, sqlite3_mprintf("%s", catalog_texts[v->table]),
                              err);
}

/* Can the version of the current row run? Unlike a call this compiles nothing. */
static void look(hrt_view *v) {
  const char *name = (const char *)sqlite3_column_text(v->stmt, 0);
  hrt_error_clear(&v->why);
  (void)hrt_version_state(v->label, v->h, name ? name : "",
                          (uint32_t)sqlite3_column_int64(v->stmt, 1), &v->why);
  v->looked = true;
}

/* status, reason and signer of helios_versions. */
void hrt_view_extra(hrt_view *v, sqlite3_context *sql, int column) {
  enum { STATUS, REASON, SIGNER };
  if (!v->looked) {
    look(v);
  }
  bool broken = v->why.code != HELIOS_OK;
  column -= sqlite3_column_count(v->stmt);
  if (v->why.code == HELIOS_E_MEMORY) {
    sqlite3_result_error_nomem(sql);
  } else if (broken && !hrt_cannot_run((int)v->why.code)) {
    sqlite3_result_error(sql, v->why.text, -1);
  } else if (column == STATUS && !broken) {
    sqlite3_result_value(sql, sqlite3_column_value(v->stmt, 2));
  } else if (column == STATUS) {
    sqlite3_result_text(sql, "broken", -1, SQLITE_STATIC);
  } else if (column == REASON && broken) {
    sqlite3_result_text(sql, v->why.text, -1, SQLITE_TRANSIENT);
  } else if (column == SIGNER) {
    sqlite3_result_text(sql, v->label, -1, SQLITE_TRANSIENT);
  }
}

static bool is_own(const hrt_definition *d, const char *capability) {
  for (uint32_t i = 0; i < d->capability_count; i++) {
    if (strcmp(d->capabilities[i], capability) == 0) {
      return true;
    }
  }
  return false;
}

static int add_grants(hrt_view *v, const hrt_definition *d, helios_error *err) {
  char hash[HRT_HASH_HEX];
  hrt_caps *caps = NULL;
  bool ok = true;
  int status = hrt_grants_make(&caps, d, err);
  hrt_hash_hex(hash, d->module_hash);
  for (size_t i = 0; status == 0 && ok && i < hrt_caps_count(caps); i++) {
    const char *text = hrt_caps_text(caps, i);
    ok = hrt_view_text(v, d->name) && hrt_view_number(v, d->version) && hrt_view_text(v, text) &&
         hrt_view_text(v, is_own(d, text) ? "capabilities" : d->profile) && hrt_view_text(v, hash);
  }
  hrt_caps_free(caps);
  return status != 0 || ok ? status : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}

static int fill_grants(hrt_view *v, helios_error *err) {
  sqlite3_stmt *s = NULL;
  int status = 0, rc = SQLITE_DONE;
  hrt_definition *d = hrt_alloc(sizeof *d);
  char *sql = sqlite3_mprintf("SELECT p.name, v.version FROM main.helios_procedure p JOIN "
                              "main.helios_version v ON v.procedure_id = p.id ORDER BY 1, 2");
  HRT_TRY(hrt_prepare_if_there(&s, v->h->db, sql, err));
  if (d == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  while (status == 0 && s && (rc = sqlite3_step(s)) == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(s, 0);
    HRT_TRY(hrt_catalog_find(d, v->h->catalog, name ? name : "",
                             (uint32_t)sqlite3_column_int64(s, 1), err));
    HRT_TRY(add_grants(v, d, err));
  }
  if (status == 0 && rc != SQLITE_DONE) {
    status = hrt_db_fail(v->h->db, err);
  }
out:
  sqlite3_finalize(s);
  hrt_free(d);
  return status;
}

/* By the order of tables.def. */
static int (*const fills[HRT_TABLE_COUNT])(hrt_view *, helios_error *) = {
    [HRT_TABLE_LOGS] = fill_records,          [HRT_TABLE_AUDIT_LOG] = fill_records,
    [HRT_TABLE_TRAPS] = fill_records,         [HRT_TABLE_METRICS] = fill_metrics,
    [HRT_TABLE_CUSTOM_METRICS] = fill_custom, [HRT_TABLE_STATEMENT] = fill_statement,
    [HRT_TABLE_PROFILE] = fill_profile,       [HRT_TABLE_PROCEDURES] = fill_catalog,
    [HRT_TABLE_VERSIONS] = fill_catalog,      [HRT_TABLE_GRANTS] = fill_grants,
    [HRT_TABLE_MODULES] = fill_catalog,
};

int hrt_view_fill(hrt_view *v, helios_error *err) {
  return fills[v->table](v, err);
}
