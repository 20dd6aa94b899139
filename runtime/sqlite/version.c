/* version.c - versions ready to run, and their instances. See session.h.
 *
 * Invariants: a version exists only if its definition was checked against its plugin in full; an
 * instance that trapped is never used again; an idle instance is in the state it had after
 * instantiation. A version belongs to one connection and one set of grants, so no instance passes
 * from one role to another. */
#include <string.h>

#include "ddl/literal.h"
#include "instance/outermost.h"
#include "plugin/alloc.h"
#include "plugin/nearest.h"
#include "registry/plugin_cache.h"
#include "sqlite/body.h"

/* The first export that may be meant as one: not _initialize, not helios_arena. */
static const struct hsb_export *a_procedure(const struct helios_plugin *abi) {
  for (uint32_t i = 0; i < abi->export_count; i++) {
    const char *name = abi->exports[i].name;
    if (*name != '_' && strncmp(name, "helios_", strlen("helios_")) != 0) {
      return &abi->exports[i];
    }
  }
  return NULL;
}

int hrt_version_no_export(const hrt_definition *d, const struct helios_plugin *abi,
                          const char *name, helios_error *err) {
  char escaped[HRT_ESCAPED];
  hrt_nearest near;
  int status = hrt_fail(err, HELIOS_E_NOT_FOUND, "the module has no exported function \"%s\"",
                        hrt_escape(escaped, name, strlen(name)));
  hrt_nearest_begin(&near, name, strlen(name));
  for (uint32_t i = 0; i < abi->export_count; i++) {
    hrt_nearest_try(&near, abi->exports[i].name);
  }
  if (near.best) {
    hrt_hint(err, "did you mean EXPORT '%s'?", hrt_escape(escaped, near.best, strlen(near.best)));
  } else if (strcmp(d->export_name, d->name) == 0 && a_procedure(abi) != NULL) {
    const struct hsb_export *e = a_procedure(abi);
    hrt_hint(err, "name one with EXPORT, e.g. EXPORT '%s'",
             hrt_escape(escaped, e->name, e->name_len));
  }
  return status;
}

static int find_export(hrt_version *v, const hrt_definition *d, helios_error *err) {
  const char *name = d->export_name;
  int index = hrt_plugin_export(v->plugin, name, strlen(name));
  if (index < 0) {
    return hrt_version_no_export(d, v->abi, name, err);
  }
  v->export_index = (uint32_t)index;
  return 0;
}

/* The value of a literal. */
static int fallback_of(sqlite3_value **out, helios *h, const char *literal, helios_error *err) {
  sqlite3_stmt *s = NULL;
  int status = 0;
  *out = NULL;
  if (!hrt_literal_is(literal, strlen(literal))) {
    return hrt_fail(err, HELIOS_E_BROKEN, "the catalog is damaged: bad DEFAULT");
  }
  char *sql = sqlite3_mprintf("SELECT %s", literal);
  h->internal++;
  if (sql == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  } else if (sqlite3_prepare_v2(h->db, sql, -1, &s, NULL) != SQLITE_OK ||
             sqlite3_step(s) != SQLITE_ROW) {
    status = hrt_db_fail(h->db, err);
  } else {
    *out = sqlite3_value_dup(sqlite3_column_value(s, 0));
  }
  sqlite3_finalize(s);
  sqlite3_free(sql);
  h->internal--;
  return status;
}

static int add_param(hrt_version *v, const hrt_param *p, helios_error *err) {
  sqlite3_value *fallback;
  int status = 0;
  HRT_TRY(hrt_signature_add(&v->signature, p->name[0] ? p->name : NULL, p->type.name, err));
  if (p->fallback[0]) {
    HRT_TRY(fallback_of(&fallback, v->h, p->fallback, err));
    HRT_TRY(hrt_signature_fallback(&v->signature, fallback, err));
  }
out:
  return status;
}

int hrt_version_add_params(hrt_version *v, const hrt_definition *d, helios_error *err) {
  int status = 0;
  hrt_signature_init(&v->signature, d->called_on_null);
  for (uint32_t i = 0; i < d->param_count && status == 0; i++) {
    status = add_param(v, &d->params[i], err);
  }
  return status;
}

int hrt_types_check(const hrt_definition *d, helios_error *err) {
  hrt_signature s;
  hrt_columns *columns = NULL;
  int status = 0;
  hrt_signature_init(&s, false);
  for (uint32_t i = 0; i < d->param_count; i++) {
    HRT_TRY(hrt_signature_add(&s, NULL, d->params[i].type.name, err));
  }
  if (d->returns.name[0]) {
    HRT_TRY(hrt_signature_returns(&s, d->returns.name, err));
  }
  HRT_TRY(hrt_columns_make(&columns, d, err));
out:
  hrt_columns_free(columns);
  hrt_signature_clear(&s);
  return status;
}

static int make_signature(hrt_version *v, const hrt_definition *d, helios_error *err) {
  int status = 0;
  HRT_TRY(hrt_version_add_params(v, d, err));
  if (d->column_count > 0) {
    HRT_TRY(hrt_columns_make(&v->columns, d, err));
    /* Rows by row_*, or as JSON if the export has a result. */
    HRT_TRY(hrt_signature_returns(&v->signature, "JSON", err));
    const char *result = strchr(v->abi->exports[v->export_index].sig, ':');
    v->signature.returns = result && result[1] ? v->signature.returns : HRT_TYPE_VOID;
  } else if (d->returns.name[0]) {
    HRT_TRY(hrt_signature_returns(&v->signature, d->returns.name, err));
  }
  HRT_TRY(hrt_signature_match(&v->signature, v->abi->exports[v->export_index].sig,
                              v->abi->flags & HSB_PLUGIN_HAS_MEMORY, err));
out:
  return status;
}

static void take_identity(hrt_version *v, const hrt_definition *d) {
  v->procedure_id = d->procedure_id;
  v->stamp = d->stamp;
  v->number = d->version;
  v->deterministic = d->deterministic;
  memcpy(v->name, d->name, sizeof v->name);
  v->state = d->options_given & 1u << HRT_OPTION_STATE ? (uint8_t)d->options[HRT_OPTION_STATE]
                                                       : HRT_STATE_CALL;
  v->profiling = d->options_given & 1u << HRT_OPTION_PROFILING && d->options[HRT_OPTION_PROFILING];
  v->debug = d->options_given & 1u << HRT_OPTION_DEBUG_MODE && d->options[HRT_OPTION_DEBUG_MODE];
  v->log_level =
      d->options_given & 1u << HRT_OPTION_LOG_LEVEL ? (int)d->options[HRT_OPTION_LOG_LEVEL] : -1;
}

static uint64_t timeout_ns(const hrt_limits *l) {
  return l->timeout_ms < UINT64_MAX / 4000000 ? l->timeout_ms * 1000000 : UINT64_MAX / 4;
}

static int check_fuel(const hrt_definition *d, helios_error *err) {
  bool both = hrt_definition_off(d, HRT_OPTION_FUEL_METERING) &&
              (d->options_given & 1u << HRT_OPTION_FUEL_LIMIT);
  return both ? hrt_fail(err, HELIOS_E_SYNTAX, "fuel_limit needs fuel_metering") : 0;
}

static int no_determinism(const hrt_version *v, helios_error *err) {
  char module[HRT_ESCAPED], name[HRT_ESCAPED];
  const struct hsb_import *asked = hrt_host_asked(v->abi, v->caps);
  if (v->abi->flags & HSB_PLUGIN_SCRIPT) {
    hrt_fail(err, HELIOS_E_IMPORT, "a deterministic procedure can't have capabilities");
    hrt_hint(err, "leave DETERMINISTIC out, or the capabilities");
    return HELIOS_E_IMPORT;
  }
  if (asked == NULL) {
    hrt_fail(err, HELIOS_E_IMPORT, "a deterministic procedure can't import host functions");
  } else {
    hrt_fail(
        err, HELIOS_E_IMPORT,
        "a deterministic procedure can't import host functions: the module imports %.80s.%.80s",
        hrt_escape(module, asked->module, asked->module_len),
        hrt_escape(name, asked->name, asked->name_len));
  }
  hrt_hint(err, "leave DETERMINISTIC (or @helios deterministic) out, or put the procedure into a "
                "module of its own that asks the host nothing");
  return HELIOS_E_IMPORT;
}

/* What an interpreter asks for. */
static void declare(hrt_version *v) {
  const struct hsb_export *e = &v->abi->exports[v->export_index];
  v->declared = (hrt_declared){.export_name = e->name,
                               .export_length = e->name_len,
                               .argc = v->signature.argc,
                               .types = v->signature.types,
                               .returns = v->signature.returns,
                               .columns = v->columns ? v->columns->count : 0,
                               .names = v->columns ? v->columns->names : NULL,
                               .column_types = v->columns ? v->columns->types : NULL};
}

int hrt_version_make(hrt_version **out, helios *h, const hrt_definition *d, hrt_plugin *plugin,
                     helios_error *err) {
  int status = 0;
  hrt_version *v = hrt_alloc(sizeof *v);
  if (v == NULL) {
    hrt_plugin_cache_release(plugin);
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  v->h = h;
  v->refs = 1;
  v->plugin = plugin;
  v->abi = hrt_plugin_abi(plugin);
  take_identity(v, d);
  if (d->deterministic && v->state != HRT_STATE_CALL) {
    status = hrt_fail(err, HELIOS_E_SYNTAX, "a deterministic procedure can't keep state");
    hrt_hint(err, "leave DETERMINISTIC out, or state = call");
    goto out;
  }
  if (d->aggregate) {
    HRT_TRY(hrt_aggregate_make(v, d, err));
  } else {
    HRT_TRY(find_export(v, d, err));
    HRT_TRY(make_signature(v, d, err));
    v->export = hrt_export_at(v->abi, v->export_index);
    declare(v);
  }
  HRT_TRY(hrt_grants_make(&v->caps, d, err));
  HRT_TRY(hrt_limits_make(&v->limits, d, &h->ceiling, err));
  HRT_TRY(check_fuel(d, err));
  HRT_TRY(hrt_host_bind(NULL, v->abi, v->caps, &h->conn, NULL, err));
  v->blind = v->abi->flags & HSB_PLUGIN_SCRIPT ? hrt_host_blind(v->abi, v->caps)
                                               : (v->abi->flags & HSB_PLUGIN_IMPURE) == 0;
  if (d->deterministic && !v->blind) {
    status = no_determinism(v, err);
    goto out;
  }
  v->origin = hrt_host_origin(&v->origin_size,
                              v->abi->flags & HSB_PLUGIN_SCRIPT ? &v->declared : NULL, v->caps);
  if (v->origin == NULL) {
    HRT_TRY(hrt_fail(err, HELIOS_E_MEMORY, "out of memory"));
  }
  v->timeout_ns = timeout_ns(&v->limits);
  v->fuel_most = hrt_fuel_most(v->limits.fuel, v->abi->flags & HSB_PLUGIN_METERED);
  v->asks = v->abi->import_count > 0;
  v->simple = v->signature.plain && v->columns == NULL && v->state != HRT_STATE_CONNECTION &&
              hrt_host_confined(v->abi);
  *out = v;
  v = NULL;
out:
  hrt_version_unref(v);
  return status;
}

static int check_sql_options(const hrt_definition *d, helios_error *err) {
  static const uint32_t effective =
      1u << HRT_OPTION_FUEL_LIMIT | 1u << HRT_OPTION_TIMEOUT | 1u << HRT_OPTION_PROFILING;
  for (int i = 0; i < HRT_OPTION_COUNT; i++) {
    if (d->options_given & ~effective & 1u << i) {
      return hrt_fail(err, HELIOS_E_SYNTAX, "option %s is not for LANGUAGE sql",
                      hrt_option_name((hrt_option)i));
    }
  }
  return 0;
}

static int make_sql_signature(hrt_version *v, const hrt_definition *d, helios_error *err) {
  int status = 0;
  HRT_TRY(hrt_version_add_params(v, d, err));
  if (d->column_count > 0) {
    HRT_TRY(hrt_columns_make(&v->columns, d, err));
  } else if (d->returns.name[0]) {
    HRT_TRY(hrt_signature_returns(&v->signature, d->returns.name, err));
  }
out:
  return status;
}

int hrt_version_make_sql(hrt_version **out, helios *h, const hrt_definition *d, const char *text,
                         size_t length, helios_error *err) {
  int status = 0;
  hrt_version *v = hrt_alloc(sizeof *v);
  if (v == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  v->h = h;
  v->refs = 1;
  take_identity(v, d);
  if (d->deterministic || d->capability_count > 0 || d->profile[0]) {
    HRT_TRY(
        hrt_fail(err, HELIOS_E_SYNTAX, "a procedure in SQL has its caller's rights, no grants"));
  }
  HRT_TRY(check_sql_options(d, err));
  HRT_TRY(hrt_body_make(&v->body, text, length, err));
  HRT_TRY(make_sql_signature(v, d, err));
  HRT_TRY(hrt_limits_make(&v->limits, d, &h->ceiling, err));
  v->timeout_ns = timeout_ns(&v->limits);
  *out = v;
  v = NULL;
out:
  hrt_version_unref(v);
  return status;
}

hrt_version *hrt_version_ref(hrt_version *v) {
  v->refs++;
  return v;
}

static void seat_free(hrt_seat *seat) {
  if (seat) {
    hrt_instance_free(seat->instance);
    hrt_host_env_free(seat->env);
    hrt_free(seat);
  }
}

void hrt_version_quiesce(hrt_version *v) {
  while (v->idle) {
    hrt_seat *seat = v->idle;
    v->idle = seat->next;
    seat_free(seat);
  }
  v->idle_count = 0;
  if (v->body) {
    hrt_body_quiesce(v->body);
  }
  if (v->kept && !v->kept->busy) {
    seat_free(v->kept);
    v->kept = NULL;
  }
}

void hrt_version_unref(hrt_version *v) {
  if (v && --v->refs == 0) {
    hrt_version_quiesce(v);
    hrt_signature_clear(&v->signature);
    hrt_columns_free(v->columns);
    hrt_aggregate_free(v->aggregate);
    hrt_body_free(v->body);
    hrt_caps_free(v->caps);
    hrt_birth_give(v->birth);
    hrt_free(v->origin);
    hrt_plugin_cache_release(v->plugin);
    hrt_trial_leave(v->trial);
    hrt_free(v);
  }
}

static int seat_new(hrt_seat **out, hrt_version *v, hrt_budget *budget, helios_error *err) {
  struct hsb_binding *bindings = NULL;
  int status = 0;
  hrt_seat *seat = hrt_alloc(sizeof *seat);
  bindings = hrt_calloc(v->abi->import_count + 1, sizeof *bindings);
  if (seat == NULL || bindings == NULL) {
    status = hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
    goto out;
  }
  HRT_TRY(hrt_host_env_new(&seat->env, &v->h->conn, v->caps, v->name, err));
  seat->env->version = v->number;
  seat->env->procedure_id = &v->procedure_id;
  seat->env->profiling = v->profiling;
  seat->env->keeps = v->state != HRT_STATE_CALL;
  seat->env->declared = v->aggregate ? NULL : &v->declared;
  HRT_TRY(hrt_host_bind(bindings, v->abi, v->caps, &v->h->conn, seat->env, err));
  uint64_t pages = v->limits.memory / HSB_PAGE;
  hrt_instance_options options = {
      .memory_limit_pages = pages == 0      ? 1
                            : pages > 65536 ? 65536
                                            : (uint32_t)pages,
      .imports = bindings,
      .user = seat->env,
      .origin = v->origin,
      .origin_size = v->origin_size,
  };
  HRT_TRY(hrt_instance_new(&seat->instance, v->plugin, &options, budget, err));
  HRT_TRY(hrt_host_ready(seat->env, seat->instance, budget, err));
  if (v->birth == NULL) {
    v->birth = hrt_instance_birth(seat->instance);
  }
  *out = seat;
  seat = NULL;
out:
  hrt_free(bindings);
  seat_free(seat);
  return status;
}

int hrt_seat_take(hrt_seat **out, hrt_version *v, hrt_budget *budget, helios_error *err) {
  if (v->idle) {
    *out = v->idle;
    v->idle = v->idle->next;
    v->idle_count--;
    return 0;
  }
  return seat_new(out, v, budget, err);
}

/* Before an instance is gone. */
static void note_memory(hrt_version *v, const hrt_seat *seat) {
  uint64_t bytes = hrt_guest_peak(seat->instance);
  v->counts.memory_max = bytes > v->counts.memory_max ? bytes : v->counts.memory_max;
}

void hrt_seat_renew(hrt_version *v, hrt_seat **seat) {
  hrt_seat *s = *seat;
  bool good =
      s->env->keeps ? !hrt_instance_dead(s->instance) : hrt_instance_reset(s->instance, NULL) == 0;
  if (!good) {
    note_memory(v, s);
    seat_free(s);
    *seat = NULL;
  }
}

void hrt_seat_give(hrt_version *v, hrt_seat *seat) {
  if (seat == NULL) {
    return;
  }
  note_memory(v, seat);
  bool fresh = !seat->env->keeps ||
               (!seat->env->arena_moved && hrt_instance_reset(seat->instance, NULL) == 0);
  if (v->h->closing || v->idle_count >= v->h->pool || !fresh || !hrt_arena_clear(seat->env, 0)) {
    seat_free(seat);
    return;
  }
  seat->next = v->idle;
  v->idle = seat;
  v->idle_count++;
}
