/* apply.c - carries out CREATE and ALTER of procedures. Two phases: first everything that can
 * fail without writing (read, compile, verify, map, check, instantiate), then the catalog in one
 * savepoint.
 *
 * Invariant: a statement that fails has changed nothing: not the catalog, not what runs. */
#include <string.h>
#include <strings.h>

#include "ddl/source.h"
#include "hsb_file.h"
#include "plugin/alloc.h"
#include "registry/plugin_cache.h"
#include "registry/vouch.h"
#include "sqlite/apply.h"
#include "sqlite/audit.h"
#include "sqlite/body.h"
#include "sqlite/declare.h"

typedef hrt_candidate candidate;

static int probe(void *arg) {
  return hrt_session_interrupted(arg);
}

/* ---- phase one ---- */

/* The key of the compiled form in helios_plugin: how we compiled it, or which file we were given.
 */
static void name_options(candidate *c, hrt_content content) {
  static const char digits[] = "0123456789abcdef";
  char *out = c->def.plugin_options;
  hrt_form form = hrt_definition_form(&c->def);
  if (content == HRT_CONTENT_WASM) {
    hrt_form_name(out, &form);
    return;
  }
  memcpy(out, "file=", 5);
  for (int i = 0; i < 8; i++) {
    out[5 + 2 * i] = digits[c->file.so_hash[i] >> 4];
    out[6 + 2 * i] = digits[c->file.so_hash[i] & 15];
  }
  out[21] = 0;
}

/* The module that a plugin carries, checked against the hash that its code carries. */
static int find_module(const void **wasm, size_t *size, const hrt_plugin *plugin,
                       helios_error *err) {
  uint8_t hash[HRT_HASH_BYTES];
  *wasm = hrt_plugin_section(plugin, HSB_SECTION_WASM, size);
  if (*wasm == NULL) {
    int status = hrt_fail(err, HELIOS_E_PLUGIN, "the plugin does not carry its module");
    hrt_hint(err, "build it without --no-embed: the catalog keeps the .wasm beside it");
    return status;
  }
  int status = hrt_sha256(hash, *wasm, *size, err);
  if (status == 0 && memcmp(hash, hrt_plugin_abi(plugin)->module_hash, sizeof hash) != 0) {
    status =
        hrt_fail(err, HELIOS_E_PLUGIN, "the plugin carries another module than it was made from");
  }
  return status;
}

static int compile_module(candidate *c, const uint8_t *bytes, size_t size, helios_error *err) {
  hrt_form form = hrt_definition_form(&c->def);
  hrt_compile_options options = {.heliosc = c->h->heliosc,
                                 .tier = form.tier,
                                 .no_fuel = form.no_fuel,
                                 .probe = probe,
                                 .probe_arg = c->h};
  return hrt_compile(&c->file.so, &c->file.size, bytes, size, &options, err);
}

/* precompile = false: the module alone. What only its code could tell must have been written. */
static int keep_module(candidate *c, hrt_content content, uint8_t **bytes, size_t size,
                       helios_error *err) {
  if (content != HRT_CONTENT_WASM || size < 4 || memcmp(*bytes, "\0asm", 4) != 0) {
    return hrt_fail(err, HELIOS_E_SYNTAX, "precompile = false takes a binary module");
  }
  if (c->def.deterministic || (c->ddl->action == HRT_DDL_CREATE && !c->ddl->params_given)) {
    int status = hrt_fail(err, HELIOS_E_SYNTAX, "with precompile = false the module is not read");
    hrt_hint(err, "write the parameters and the result; DETERMINISTIC can't be proven");
    return status;
  }
  c->module = *bytes;
  c->module_size = size;
  *bytes = NULL;
  name_options(c, content);
  return hrt_sha256(c->def.module_hash, c->module, size, err);
}

/* Is fuel counted as the definition says, in a plugin that was given? */
static int check_metering(const candidate *c, helios_error *err) {
  bool counts = hrt_plugin_abi(c->plugin)->flags & HSB_PLUGIN_METERED;
  if ((c->def.options_given & 1u << HRT_OPTION_FUEL_METERING) == 0 ||
      counts == !hrt_definition_off(&c->def, HRT_OPTION_FUEL_METERING)) {
    return 0;
  }
  int status = hrt_fail(err, HELIOS_E_PLUGIN, "the plugin counts %s", counts ? "fuel" : "no fuel");
  hrt_hint(err, "give its module, or build it %s --no-fuel", counts ? "with" : "without");
  return status;
}

/* Source to a mapped plugin; its file stays in c->file for the catalog. */
int hrt_candidate_load(candidate *c, helios_error *err) {
  hrt_content content;
  uint8_t *bytes = NULL;
  const void *wasm;
  size_t size = 0, wasm_size;
  int status = 0;
  HRT_TRY(hrt_source_read(&bytes, &size, &content, &c->ddl->source, err));
  if (hrt_definition_off(&c->def, HRT_OPTION_PRECOMPILE)) {
    status = keep_module(c, content, &bytes, size, err);
    goto out;
  }
  if (content == HRT_CONTENT_WASM) {
    HRT_TRY(compile_module(c, bytes, size, err));
  } else {
    c->file.so = bytes;
    c->file.size = size;
    bytes = NULL;
  }
  HRT_TRY(hrt_plugin_cache_load(&c->plugin, c->file.so_hash, c->file.so, c->file.size,
                                c->h->trust_root, err));
  HRT_TRY(check_metering(c, err));
  HRT_TRY(hrt_manifest_read(&c->info, c->plugin, err));
  name_options(c, content);
  HRT_TRY(find_module(&wasm, &wasm_size, c->plugin, err));
  memcpy(c->def.module_hash, hrt_plugin_abi(c->plugin)->module_hash, HRT_HASH_BYTES);
out:
  hrt_free(bytes);
  return status;
}

/* LANGUAGE sql: the text between the quotes. */
static int load_body(candidate *c, helios_error *err) {
  const hrt_ddl_source *s = &c->ddl->source;
  if (s->text == NULL) {
    return hrt_fail(err, HELIOS_E_SYNTAX, "a body is text: $$ ... $$ or '...'");
  }
  c->body = hrt_alloc(s->text_length + 1);
  if (c->body == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  for (size_t i = 0; i < s->text_length; i++) {
    c->body[c->body_length++] = s->text[i];
    i += s->quoted && s->text[i] == '\'';
  }
  c->def.plugin_options[0] = 0;
  return hrt_sha256(c->def.module_hash, c->body, c->body_length, err);
}

/* An offset in the body as one in the statement. */
static uint32_t place_in_ddl(const candidate *c, uint32_t offset) {
  const hrt_ddl_source *s = &c->ddl->source;
  size_t i = 0;
  for (uint32_t n = 0; n < offset && i < s->text_length; n++, i++) {
    i += s->quoted && s->text[i] == '\'';
  }
  return (uint32_t)(s->text - c->ddl->whole + i);
}

static int load_any_source(candidate *c, helios_error *err) {
  return c->def.sql ? load_body(c, err) : hrt_candidate_load(c, err);
}

/* Grants in their canonical form, each once. */
static int tidy_grants(hrt_definition *d, helios_error *err) {
  char(*given)[HRT_CAPABILITY_BYTES] = hrt_memdup(d->capabilities, sizeof d->capabilities);
  uint32_t count = d->capability_count;
  int status = 0;
  if (given == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  d->capability_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    HRT_TRY(hrt_grants_add(d, given[i], err));
  }
out:
  hrt_free(given);
  return status;
}

static int register_it(hrt_entry **e, const candidate *c, helios_error *err) {
  hrt_shape shape = hrt_definition_shape(&c->def);
  char *key = c->def.column_count > 0 ? hrt_table_key(&c->def) : NULL;
  int status =
      c->def.column_count > 0 && key == NULL ? hrt_fail(err, HELIOS_E_MEMORY, "out of memory") : 0;
  if (status == 0) {
    shape.table = key;
    status = hrt_register(e, c->h, &shape, err);
  }
  hrt_free(key);
  return status;
}

/* What it calls may be of another connection's, and not met yet. */
static int check_body(candidate *c, helios_error *err) {
  helios_error e = {0};
  uint64_t known = c->h->registered;
  int status = hrt_body_check(c->version, &e);
  if (status != 0 && hrt_sync(c->h, NULL) == 0 && c->h->registered > known) {
    return hrt_body_check(c->version, err);
  }
  if (status != 0 && err) {
    *err = e;
  }
  return status;
}

/* Its own name first, since a body may call itself. */
static int try_sql(candidate *c, helios_error *err) {
  hrt_entry *e;
  int status = 0;
  if (c->body == NULL) {
    HRT_TRY(hrt_version_obtain(&c->version, c->h, &c->def, NULL, err));
    return check_body(c, err);
  }
  status = hrt_version_make_sql(&c->version, c->h, &c->def, c->body, c->body_length, err);
  if (status == 0) {
    status = register_it(&e, c, err);
  }
  if (status == 0) {
    status = check_body(c, err);
  }
  if (status != 0 && err && err->offset != HELIOS_NO_OFFSET) {
    err->offset = place_in_ddl(c, err->offset);
  }
out:
  return status;
}

int hrt_candidate_try(candidate *c, helios_error *err) {
  if (c->def.sql) {
    return try_sql(c, err);
  }
  if (c->module) {
    return hrt_types_check(&c->def, err);
  }
  hrt_plugin *plugin = c->plugin;
  hrt_allowance allowance;
  hrt_seat *seat = NULL;
  int status = 0;
  if (plugin) {
    c->plugin = NULL;
    HRT_TRY(hrt_version_make(&c->version, c->h, &c->def, plugin, err));
  } else {
    HRT_TRY(hrt_version_obtain(&c->version, c->h, &c->def, &c->file, err));
    c->rebuilt = c->file.so != NULL;
  }
  hrt_allowance_begin(&allowance, c->h, c->version);
  status = hrt_seat_take(&seat, c->version, c->h->budget, err);
  hrt_allowance_end(&allowance, c->h);
  hrt_seat_give(c->version, seat);
out:
  return status;
}

/* ---- phase two ---- */

static int put_files(candidate *c, helios_error *err) {
  const void *wasm;
  size_t size;
  int status = 0;
  if (c->def.sql) {
    return c->body ? hrt_catalog_put_module(c->h->catalog, c->def.module_hash, c->body,
                                            c->body_length, err)
                   : 0;
  }
  if (c->module) {
    return hrt_catalog_put_module(c->h->catalog, c->def.module_hash, c->module, c->module_size,
                                  err);
  }
  HRT_TRY(find_module(&wasm, &size, c->version->plugin, err));
  HRT_TRY(hrt_catalog_put_module(c->h->catalog, c->def.module_hash, wasm, size, err));
  HRT_TRY(hrt_catalog_put_plugin(c->h->catalog, &c->def, c->file.so_hash, c->file.so, c->file.size,
                                 err));
out:
  return status;
}

static int put_rebuilt(candidate *c, helios_error *err) {
  return c->rebuilt ? hrt_catalog_put_plugin(c->h->catalog, &c->def, c->file.so_hash, c->file.so,
                                             c->file.size, err)
                    : 0;
}

/* Inside the savepoint: what was true in phase one may not be any more. */
static int check_name(candidate *c, helios_error *err) {
  helios_error missing = {0};
  bool deterministic = false;
  int status = hrt_catalog_lookup(&c->def.procedure_id, &deterministic, c->h->catalog, c->def.name,
                                  &missing);
  if (status == HELIOS_E_NOT_FOUND) {
    c->def.procedure_id = 0;
    return 0;
  }
  if (status != 0) {
    return hrt_fail(err, status, "%s", missing.text);
  }
  if (!c->ddl->or_replace) {
    status = hrt_fail(err, HELIOS_E_EXISTS, "it exists already");
    hrt_hint(err, "CREATE OR REPLACE adds a version to it");
  } else if (deterministic != c->def.deterministic) {
    status =
        hrt_fail(err, HELIOS_E_EXISTS, "it exists and is %sdeterministic: that can't be changed",
                 deterministic ? "" : "not ");
    hrt_hint(err, "DROP it first");
  }
  return status;
}

/* Inside the savepoint: is the row that def began as still there and as it was? Else a REVOKE of
 * another connection would be undone by our older copy. */
static int check_unchanged(candidate *c, helios_error *err) {
  int status = 0;
  hrt_definition *now = hrt_alloc(sizeof *now);
  if (now == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  HRT_TRY(hrt_catalog_find(now, c->h->catalog, c->ddl->def.name, c->asked, err));
  if (now->procedure_id != c->seen_id || now->version != c->seen_version ||
      now->stamp != c->seen_stamp) {
    status = hrt_fail(err, HELIOS_E_SQL, "another connection changed it meanwhile");
    hrt_hint(err, "try again");
  }
out:
  hrt_free(now);
  return status;
}

/* SQLite has the function as the one or the other for good. */
static int check_kind(const candidate *c, helios_error *err) {
  if (c->before.version == 0 || c->before.aggregate == c->def.aggregate) {
    return 0;
  }
  int status = hrt_fail(err, HELIOS_E_EXISTS, "it exists and is %s aggregate",
                        c->before.aggregate ? "an" : "no");
  hrt_hint(err, "DROP it first");
  return status;
}

int hrt_write_create(candidate *c, helios_error *err) {
  int status = 0;
  HRT_TRY(check_name(c, err));
  HRT_TRY(check_kind(c, err));
  HRT_TRY(put_files(c, err));
  if (c->def.procedure_id == 0) {
    HRT_TRY(hrt_catalog_add_procedure(c->h->catalog, &c->def, err));
  }
  HRT_TRY(hrt_catalog_add_version(c->h->catalog, &c->def, err));
out:
  return status;
}

static int write_version(candidate *c, helios_error *err) {
  int status = 0;
  c->def.stamp = 0; /* the new row's is the catalog's */
  HRT_TRY(put_files(c, err));
  HRT_TRY(hrt_catalog_add_version(c->h->catalog, &c->def, err));
out:
  return status;
}

static int write_use(candidate *c, helios_error *err) {
  return hrt_catalog_use_version(c->h->catalog, c->def.procedure_id, c->def.version, err);
}

static int write_update(candidate *c, helios_error *err) {
  c->def.stamp = 0;
  return hrt_catalog_update_version(c->h->catalog, &c->def, err);
}

/* From here on an interrupt must end one statement only: SQLite would refuse to roll back while
 * another one runs. */
int hrt_candidate_lock(candidate *c, helios_error *err) {
  bool interrupted = hrt_session_interrupted(c->h);
  hrt_interruptible_end(c->guard);
  c->guard = NULL;
  return interrupted ? hrt_fail(err, HELIOS_E_CANCELLED, "interrupted")
                     : hrt_catalog_begin(c->h->catalog, err);
}

/* What is current before the write, for those who depend on it. */
static int read_before(candidate *c, helios_error *err) {
  helios_error missing = {0};
  int status = hrt_catalog_find(&c->before, c->h->catalog, c->ddl->def.name, 0, &missing);
  if (status == HELIOS_E_NOT_FOUND) {
    c->before.version = 0;
    return 0;
  }
  return status ? hrt_fail(err, status, "%s", missing.text) : 0;
}

/* Everything between the savepoint and its end. */
static int write_all(candidate *c, hrt_candidate_write *write, hrt_entry **e, int64_t *stamp,
                     helios_error *err) {
  helios *h = c->h;
  int status = 0;
  HRT_TRY(c->found ? check_unchanged(c, err) : 0);
  HRT_TRY(hrt_verdicts_carry_out(h, c->ddl->def.name, err));
  HRT_TRY(read_before(c, err));
  HRT_TRY(put_rebuilt(c, err));
  HRT_TRY(write(c, err));
  HRT_TRY(register_it(e, c, err));
  if (c->before.version && c->version) {
    HRT_TRY(hrt_dependents_check(h, &c->before, &c->def, c->ddl->cascade, err));
  }
  HRT_TRY(hrt_catalog_stamp(stamp, h->catalog, err));
out:
  return status;
}

int hrt_candidate_publish(candidate *c, hrt_candidate_write *write, helios_error *err) {
  helios *h = c->h;
  hrt_entry *e;
  int64_t stamp;
  int status = 0;
  HRT_TRY(hrt_candidate_lock(c, err));
  status = write_all(c, write, &e, &stamp, err);
  if (status != 0) {
    hrt_catalog_rollback(h->catalog);
    goto out;
  }
  HRT_TRY(hrt_catalog_commit(h->catalog, err));
  hrt_entry_forget(e);
  if (c->version) {
    c->version->procedure_id = c->def.procedure_id;
    c->version->number = c->def.version;
    c->version->stamp = c->def.stamp ? c->def.stamp : stamp;
    e->version = c->version; /* with its idle instance, if the next look-up finds its row */
    c->version = NULL;
  }
out:
  return status;
}

/* ---- statements ---- */

/* SELECT * FROM f(...) would be about the other one. */
static int refuse_table_name(helios *h, const char *name, helios_error *err) {
  bool taken;
  int status = 0;
  HRT_TRY(hrt_table_taken(&taken, h, name, err));
  if (taken) {
    HRT_TRY(hrt_fail(err, HELIOS_E_EXISTS,
                     "this connection has a table-valued function of this name already"));
  }
  HRT_TRY(hrt_named_in_schema(&taken, h, name, err));
  if (taken) {
    status = hrt_fail(err, HELIOS_E_EXISTS, "the database has a table or view of this name");
  }
out:
  return status;
}

static int refuse_name(helios *h, const hrt_definition *d, helios_error *err) {
  const char *name = d->name;
  bool taken;
  int status = 0;
  if (strncasecmp(name, "helios_", 7) == 0 || strncasecmp(name, "sqlite_", 7) == 0) {
    return hrt_fail(err, HELIOS_E_EXISTS, "names beginning with helios_ and sqlite_ are reserved");
  }
  HRT_TRY(hrt_function_taken(&taken, h, name, err));
  if (taken) {
    status = hrt_fail(err, HELIOS_E_EXISTS, "this connection has a function of this name already");
  } else if (d->column_count > 0) {
    HRT_TRY(refuse_table_name(h, name, err));
  }
out:
  return status;
}

int hrt_candidate_begin(candidate *c, helios_error *err) {
  int status = 0;
  HRT_TRY(refuse_name(c->h, &c->def, err));
  HRT_TRY(check_name(c, err)); /* early, before a compilation */
  HRT_TRY(tidy_grants(&c->def, err));
out:
  return status;
}

int hrt_candidate_declare(candidate *c, helios_error *err) {
  int status = 0;
  bool table = c->def.column_count > 0;
  if (!c->def.sql && !c->module) {
    HRT_TRY(hrt_declare(&c->def, c->plugin, c->info, c->ddl->params_given, err));
  }
  if (!table && c->def.column_count > 0) { /* the manifest says so */
    HRT_TRY(refuse_table_name(c->h, c->def.name, err));
  }
  if (c->def.export_name[0] == 0) {
    memcpy(c->def.export_name, c->def.name, sizeof c->def.name);
  }
  HRT_TRY(c->plugin ? hrt_misfit_check(&c->def, c->plugin, c->info, err) : 0);
  HRT_TRY(hrt_candidate_try(c, err));
out:
  return status;
}

static int create(candidate *c, helios_error *err) {
  int status = 0;
  c->def = c->ddl->def;
  HRT_TRY(hrt_candidate_begin(c, err));
  HRT_TRY(load_any_source(c, err));
  HRT_TRY(hrt_candidate_declare(c, err));
  HRT_TRY(hrt_candidate_publish(c, hrt_write_create, err));
out:
  return status;
}

/* Vouched for, because what is changed will be vouched for whole. */
int hrt_candidate_find(candidate *c, uint32_t version, helios_error *err) {
  int status = hrt_vouch_find(&c->def, c->h->catalog, c->ddl->def.name, version, err);
  c->found = status == 0;
  c->asked = version;
  c->seen_id = c->def.procedure_id;
  c->seen_version = c->def.version;
  c->seen_stamp = c->def.stamp;
  return status;
}

static int add_version(candidate *c, helios_error *err) {
  int status = 0;
  HRT_TRY(hrt_candidate_find(c, 0, err));
  c->def.version = c->ddl->def.version;
  HRT_TRY(load_any_source(c, err));
  HRT_TRY(c->plugin ? hrt_misfit_check(&c->def, c->plugin, c->info, err) : 0);
  HRT_TRY(hrt_candidate_try(c, err));
  HRT_TRY(hrt_candidate_publish(c, write_version, err));
out:
  return status;
}

static int use_version(candidate *c, helios_error *err) {
  int status = 0;
  HRT_TRY(hrt_candidate_find(c, c->ddl->def.version, err));
  HRT_TRY(hrt_candidate_try(c, err));
  HRT_TRY(hrt_candidate_publish(c, write_use, err));
out:
  return status;
}

/* SET option, SET SECURITY PROFILE, GRANT, REVOKE: on the current version. */
static int alter(candidate *c, int (*change)(candidate *, helios_error *), helios_error *err) {
  int status = 0;
  HRT_TRY(hrt_candidate_find(c, 0, err));
  HRT_TRY(change(c, err));
  HRT_TRY(hrt_candidate_try(c, err));
  HRT_TRY(hrt_candidate_publish(c, write_update, err));
out:
  return status;
}

static int change_option(candidate *c, helios_error *err) {
  static const uint32_t form = 1u << HRT_OPTION_COMPILATION_TIER | 1u << HRT_OPTION_FUEL_METERING;
  const hrt_definition *given = &c->ddl->def;
  (void)err;
  for (int i = 0; i < HRT_OPTION_COUNT; i++) {
    if (given->options_given & 1u << i) {
      c->def.options[i] = given->options[i];
    }
  }
  c->def.options_given |= given->options_given;
  if (!c->def.sql && (given->options_given & form)) {
    name_options(c, HRT_CONTENT_WASM); /* which is built of the module, if it was not yet */
  }
  return 0;
}

static int change_profile(candidate *c, helios_error *err) {
  (void)err;
  memcpy(c->def.profile, c->ddl->def.profile, sizeof c->def.profile);
  return 0;
}

static int change_grants(candidate *c, helios_error *err) {
  const hrt_definition *given = &c->ddl->def;
  int status = 0;
  for (uint32_t i = 0; i < given->capability_count && status == 0; i++) {
    status = c->ddl->action == HRT_DDL_GRANT
                 ? hrt_grants_add(&c->def, given->capabilities[i], err)
                 : hrt_grants_revoke(&c->def, given->capabilities[i], err);
  }
  return status;
}

static int set_option(candidate *c, helios_error *err) {
  return alter(c, change_option, err);
}

static int set_profile(candidate *c, helios_error *err) {
  return alter(c, change_profile, err);
}

static int set_grants(candidate *c, helios_error *err) {
  return alter(c, change_grants, err);
}

/* Like helios_rebuild('name'). */
static int build_again(candidate *c, helios_error *err) {
  sqlite3_int64 count;
  return hrt_rebuild_all(&count, c->h, c->ddl->def.name, err);
}

/* In the order of hrt_ddl_action. */
static int (*const actions[])(candidate *c, helios_error *err) = {
    [HRT_DDL_CREATE] = create,
    [HRT_DDL_ADD_VERSION] = add_version,
    [HRT_DDL_USE_VERSION] = use_version,
    [HRT_DDL_SET_OPTION] = set_option,
    [HRT_DDL_SET_PROFILE] = set_profile,
    [HRT_DDL_GRANT] = set_grants,
    [HRT_DDL_REVOKE] = set_grants,
    [HRT_DDL_DROP] = hrt_apply_drop,
    [HRT_DDL_CANARY] = hrt_apply_canary,
    [HRT_DDL_PROMOTE] = hrt_apply_promote,
    [HRT_DDL_ROLLBACK] = hrt_apply_rollback,
    [HRT_DDL_REBUILD] = build_again,
    [HRT_DDL_CREATE_EXTENSION] = hrt_apply_create_extension,
    [HRT_DDL_DROP_EXTENSION] = hrt_apply_drop_extension,
};

void hrt_candidate_free(candidate *c) {
  if (c) {
    hrt_plugin_cache_release(c->plugin);
    hrt_version_unref(c->version);
    hrt_free(c->body);
    hrt_free(c->module);
    cJSON_Delete(c->info);
    hrt_built_free(&c->file);
    hrt_free(c);
  }
}

/* Whose error it is, unless it says so. */
static void name_it(helios_error *e, const hrt_ddl *ddl) {
  bool extension = ddl->action == HRT_DDL_CREATE_EXTENSION || ddl->action == HRT_DDL_DROP_EXTENSION;
  if (e->code == HELIOS_E_NOT_FOUND && (strncmp(e->text, "no such procedure: ", 19) == 0 ||
                                        strncmp(e->text, "no such extension: ", 19) == 0)) {
    return;
  }
  if (!extension) {
    hrt_error_prefix(e, ddl->def.name);
  } else if (strncmp(e->text, "procedure ", 10) != 0) {
    helios_error whole = {0};
    char escaped[HRT_ESCAPED];
    hrt_fail(&whole, e->code, "extension %.120s: %s",
             hrt_escape(escaped, ddl->def.name, strlen(ddl->def.name)), e->text);
    memcpy(e->text, whole.text, sizeof e->text);
  }
}

/* Parts of a version are missing: because another connection dropped it between two reads? */
static int blame(candidate *c, helios_error *err) {
  helios_error now = {0};
  int status = check_unchanged(c, &now);
  if (status == HELIOS_E_SQL || status == HELIOS_E_NOT_FOUND) {
    *err = now;
  }
  return (int)err->code;
}

int hrt_apply(helios *h, const hrt_ddl *ddl, helios_error *err) {
  helios_error e = {0};
  int status;
  if (h->budget) {
    return hrt_fail(err, HELIOS_E_MISUSE, "a procedure can't change procedures");
  }
  candidate *c = hrt_alloc(sizeof *c);
  if (c == NULL) {
    return hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  c->h = h;
  c->ddl = ddl;
  hrt_session_anchor(h);
  hrt_catalog_undo(h->catalog);
  status = hrt_audit_settle(h, &e);
  c->guard = hrt_interruptible_begin(h);
  status = status == 0 ? actions[ddl->action](c, &e) : status;
  if (status == HELIOS_E_BROKEN && c->found) {
    status = blame(c, &e);
  }
  hrt_interruptible_end(c->guard);
  status = hrt_audit_ddl(h, ddl, &c->def, status, &e);
  if (status != 0) {
    name_it(&e, ddl);
    if (err && err->code == HELIOS_OK) {
      *err = e;
    }
  }
  hrt_candidate_free(c);
  return status;
}
