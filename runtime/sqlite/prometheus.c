/* prometheus.c - counters in Prometheus' text exposition format, version 0.0.4: what
 * helios_prometheus() answers.
 *
 * Invariants: each family stands once, with HELP and TYPE before its samples; no series stands
 * twice; names of procedures are escaped. */
#include <stdio.h>

#include "plugin/alloc.h"
#include "sqlite/view.h"

/* A family with one sample a version. */
static const struct family {
  const char *name, *type, *help;
  int count; /* HRT_COUNT_... */
} families[] = {
    {"helios_procedure_calls_total", "counter", "Calls, failed ones included.", HRT_COUNT_calls},
    {"helios_procedure_rows_total", "counter", "Rows of procedures that return tables.",
     HRT_COUNT_rows},
    {"helios_procedure_fuel_total", "counter", "Fuel of all calls, in units.", HRT_COUNT_fuel},
    {"helios_procedure_fuel_max", "gauge", "Fuel of the costliest call.", HRT_COUNT_fuel_max},
    {"helios_procedure_memory_max_bytes", "gauge", "Most linear memory of an instance.",
     HRT_COUNT_memory_max},
};
enum { FAMILIES = sizeof families / sizeof *families };

/* Bounds of the histogram: 2^6 ns, 2^8 ns ... */
enum { BOUND_FIRST = 6, BOUND_LAST = 34, BOUND_STEP = 2 };

static void head(sqlite3_str *s, const char *name, const char *type, const char *help) {
  sqlite3_str_appendf(s, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void escaped(sqlite3_str *s, const char *value) {
  for (; *value; value++) {
    switch (*value) {
    case '\n':
      sqlite3_str_append(s, "\\n", 2);
      break;
    case '"':
    case '\\':
      sqlite3_str_appendchar(s, 1, '\\');
      sqlite3_str_appendchar(s, 1, *value);
      break;
    default:
      sqlite3_str_appendchar(s, 1, *value);
    }
  }
}

/* name{procedure="f",version="1" - and the caller goes on with ,more="..." or closes. */
static void open_sample(sqlite3_str *s, const char *name, const char *procedure, uint32_t version) {
  sqlite3_str_appendf(s, "%s{procedure=\"", name);
  escaped(s, procedure);
  sqlite3_str_appendf(s, "\",version=\"%u\"", version);
}

static void append_errors(sqlite3_str *s, const hrt_metric_row *rows, size_t count) {
  static const char name[] = "helios_procedure_errors_total";
  head(s, name, "counter", "Calls that failed, by class.");
  for (size_t i = 0; i < count; i++) {
    for (int k = 0; k < HRT_OUTCOME_COUNT; k++) {
      open_sample(s, name, rows[i].procedure, rows[i].version);
      sqlite3_str_appendf(s, ",class=\"%s\"} %llu\n", hrt_outcome_name((hrt_outcome)k),
                          rows[i].counts.errors[k]);
    }
  }
}

static void append_buckets(sqlite3_str *s, const char *name, const hrt_metric_row *row) {
  char bound[32];
  uint64_t below = 0;
  int n = 0;
  for (int b = BOUND_FIRST; b <= BOUND_LAST; b += BOUND_STEP) {
    for (; n <= b; n++) {
      below += row->counts.buckets[n];
    }
    snprintf(bound, sizeof bound, "%.9g", (double)(UINT64_C(1) << b) * 1e-9);
    sqlite3_str_appendf(s, "%s_bucket", name);
    open_sample(s, "", row->procedure, row->version);
    sqlite3_str_appendf(s, ",le=\"%s\"} %llu\n", bound, below);
  }
  sqlite3_str_appendf(s, "%s_bucket", name);
  open_sample(s, "", row->procedure, row->version);
  sqlite3_str_appendf(s, ",le=\"+Inf\"} %llu\n", row->counts.timed);
}

static void append_times(sqlite3_str *s, const hrt_metric_row *rows, size_t count) {
  static const char name[] = "helios_procedure_duration_seconds";
  char sum[32];
  head(s, name, "histogram",
       "Time of the calls whose time was taken: one in 256, all of profiled.");
  for (size_t i = 0; i < count; i++) {
    append_buckets(s, name, &rows[i]);
    snprintf(sum, sizeof sum, "%.9f", (double)rows[i].counts.time_ns * 1e-9);
    open_sample(s, "helios_procedure_duration_seconds_sum", rows[i].procedure, rows[i].version);
    sqlite3_str_appendf(s, "} %s\n", sum);
    open_sample(s, "helios_procedure_duration_seconds_count", rows[i].procedure, rows[i].version);
    sqlite3_str_appendf(s, "} %llu\n", rows[i].counts.timed);
  }
}

static void append_versions(sqlite3_str *s, hrt_metric_row *rows, size_t count) {
  for (int f = 0; f < FAMILIES; f++) {
    head(s, families[f].name, families[f].type, families[f].help);
    for (size_t i = 0; i < count; i++) {
      open_sample(s, families[f].name, rows[i].procedure, rows[i].version);
      sqlite3_str_appendf(s, "} %llu\n", *hrt_count_field(&rows[i].counts, families[f].count));
    }
  }
  append_errors(s, rows, count);
  append_times(s, rows, count);
}

static void append_engine(sqlite3_str *s, hrt_store *store) {
  head(s, "helios_records_dropped_total", "counter", "Records that no table will have.");
  for (int i = 0; i < HRT_RING_COUNT; i++) {
    sqlite3_str_appendf(s, "helios_records_dropped_total{table=\"%s\"} %llu\n",
                        hrt_table_name((hrt_table)i), hrt_records_dropped(store, (hrt_ring_kind)i));
  }
  head(s, "helios_plugins", "gauge", "Plugins that this process has mapped.");
  sqlite3_str_appendf(s, "helios_plugins %llu\n", (uint64_t)hrt_plugin_count());
  head(s, "helios_build_info", "gauge", "1, with the version of the engine.");
  sqlite3_str_appendf(s, "helios_build_info{version=\"%s\"} 1\n", helios_version());
}

struct custom {
  sqlite3_str *s;
  hrt_metric_kind kind;
  const char *name;
};

static void append_custom(void *arg, const char *procedure, const char *name, hrt_metric_kind kind,
                          double value) {
  const struct custom *c = arg;
  char number[32];
  if (kind != c->kind) {
    return;
  }
  snprintf(number, sizeof number, "%.17g", value);
  if (value != value || value - value != 0) {
    snprintf(number, sizeof number, "%s", value != value ? "NaN" : value > 0 ? "+Inf" : "-Inf");
  }
  sqlite3_str_appendf(c->s, "%s{procedure=\"", c->name);
  escaped(c->s, procedure);
  sqlite3_str_appendall(c->s, "\",name=\"");
  escaped(c->s, name);
  sqlite3_str_appendf(c->s, "\"} %s\n", number);
}

static void append_customs(sqlite3_str *s, hrt_store *store) {
  struct custom counters = {s, HRT_METRIC_COUNTER, "helios_custom_total"};
  struct custom gauges = {s, HRT_METRIC_GAUGE, "helios_custom"};
  head(s, counters.name, "counter", "Counters that procedures of this process emit.");
  hrt_metrics_each(store, append_custom, &counters);
  head(s, gauges.name, "gauge", "Gauges that procedures of this process set.");
  hrt_metrics_each(store, append_custom, &gauges);
}

int hrt_prometheus(char **out, helios *h, helios_error *err) {
  hrt_metric_row *rows;
  size_t count;
  int status = hrt_metrics_all(&rows, &count, h, err);
  if (status != 0) {
    return status;
  }
  sqlite3_str *s = sqlite3_str_new(h->db);
  append_versions(s, rows, count);
  append_customs(s, h->conn.observer.store);
  append_engine(s, h->conn.observer.store);
  hrt_free(rows);
  *out = sqlite3_str_finish(s);
  return *out ? 0 : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
}
