/* session.h - the engine's state of one connection, shared by the files of this folder. attach.c
 * makes and ends it; functions.c registers trampolines; call.c runs them; lookup.c tells which
 * version answers; version.c loads code; apply.c carries out DDL; authorizer.c and cancel.c are the
 * glue to SQLite that their names say.
 *
 * Invariants: used by the connection's thread only (SQLite's mutex is held whenever we run); lives
 * until SQLite has destroyed every function and module that points here; while `internal` is above
 * zero SQL is the engine's own and is asked of nobody. */
#ifndef HRT_SESSION_H
#define HRT_SESSION_H

#include "helios/helios.h"
#include "host/host.h"
#include "host/rows.h"
#include "host/sqlite_error.h"
#include "registry/catalog.h"
#include "registry/grants.h"
#include "registry/trial.h"
#include "sqlite/marshal.h"
#include "sqlite/running.h"

#define HRT_BODY_OWN 5

typedef struct hrt_version hrt_version;
typedef struct hrt_entry hrt_entry;

/* An instance with its environment, to be used by one call at a time. */
typedef struct hrt_seat {
  struct hrt_seat *next;
  hrt_instance *instance;
  hrt_host_env *env; /* env->keeps: it is not reset between calls */
  bool busy;         /* in a call */
} hrt_seat;

/* How long memory, globals and tables live: WITH (state = ...), in the order of options.def. */
enum hrt_state { HRT_STATE_CALL, HRT_STATE_STATEMENT, HRT_STATE_CONNECTION };

/* One version of a procedure, ready to run on this connection. Immutable but for refs and idle. */
struct hrt_version {
  helios *h;
  uint32_t refs;
  int64_t procedure_id, stamp; /* which row of helios_version this is */
  uint32_t number;
  bool deterministic;        /* the procedure is */
  hrt_trial *trial;          /* of a canary, else NULL: its calls are counted */
  char name[HRT_NAME_BYTES]; /* of the procedure, for messages */
  hrt_plugin *plugin;        /* of the plugin cache */
  const struct helios_plugin *abi;
  uint32_t export_index;
  hrt_export export; /* the same, looked up */
  bool simple; /* plain arguments, no host function but those of the call: call.c's short way */
  bool asks;   /* there are such host functions */
  bool blind;  /* calls see nothing but their arguments: it may be deterministic */
  hrt_declared declared;
  int log_level; /* of WITH, or -1 */
  uint8_t state; /* enum hrt_state */
  hrt_caps *caps;
  hrt_limits limits;
  uint64_t timeout_ns; /* limits.timeout_ms */
  uint64_t fuel_most;  /* of a short call: hrt_fuel_most */
  hrt_signature signature;
  void *origin; /* of its instances, with the next; NULL: LANGUAGE sql */
  size_t origin_size;
  hrt_birth *birth;                /* of one that there was, or NULL */
  struct hrt_body *body;           /* LANGUAGE sql: there is no plugin then; or NULL */
  struct hrt_aggregate *aggregate; /* or NULL; the signature is its step's then */
  struct hrt_columns *columns;     /* of the table that it returns; NULL: it returns a value */
  hrt_seat *idle;
  uint32_t idle_count;
  hrt_seat *kept; /* the one of state CONNECTION, or NULL */
  bool debug;     /* WITH (debug_mode = true) */
  /* tally.c's own: */
  bool profiling;
  uint32_t phase;     /* calls of the next statement up to one that is timed; 0: its first */
  hrt_series *series; /* of the store, or NULL */
  hrt_counts counts;  /* not yet in it */
};

/* What a running statement holds of a procedure: call.c's own. */
typedef struct hrt_pin hrt_pin;
struct hrt_costs; /* tally.h */

/* A function of SQLite: one (name, number of arguments). */
typedef struct hrt_trampoline {
  struct hrt_trampoline *next;
  helios *h;
  hrt_entry *entry;
  /* The last call's place in its statement and that statement's pin, if such calls can go the short
   * way; the pin takes itself out of here. */
  const sqlite3_context *last_call;
  hrt_pin *last_pin;
  int nargs;
  uint32_t thunk;                /* thunks.c's own */
  bool deterministic, aggregate; /* as it was registered, forever */
} hrt_trampoline;

/* Whether a canary answers a statement that writes. */
typedef struct hrt_choice {
  hrt_running in; /* which statement */
  bool canary;
} hrt_choice;

/* A procedure's name as far as this connection has met it; never forgotten. */
struct hrt_entry {
  hrt_entry *next;
  helios *h;
  char name[HRT_NAME_BYTES];
  int aux; /* index for sqlite3_set_auxdata: negative, its own */
  hrt_trampoline *trampolines;
  char *table_key;      /* hrt_table_key of the module that is registered; NULL: none */
  int64_t stamp;        /* of the catalog when these were looked up; 0: not yet */
  hrt_version *version; /* the current one; may be NULL */
  hrt_version *canary;  /* NULL: none, or it can't run */
  hrt_trial *trial;     /* how the canary does; NULL: none */
  hrt_choice chosen;    /* if there is a canary: the last one */
};

struct helios {
  sqlite3 *db;
  uint32_t refs; /* functions and module that point here, and the handle's owner while attaching */
  bool closing;  /* keep no statement and no instance any more */
  bool anchored; /* the virtual table that tells us of sqlite3_close is connected */
  int internal;  /* depth of the engine's own SQL */
  hrt_host_conn conn;
  hrt_catalog *catalog;
  hrt_limits ceiling;
  uint32_t pool;    /* idle instances of a version */
  char *heliosc;    /* or NULL */
  char *trust_root; /* or NULL: the default one */
  bool no_rebuild;  /* at calls */
  hrt_entry *entries;
  int entry_count;
  uint32_t choices;                     /* entries whose chosen.in is a statement */
  sqlite3_stmt *body_own[HRT_BODY_OWN]; /* body.c */
  uint64_t registered;                  /* functions and virtual tables so far */
  struct hrt_names *names;              /* by hrt_names_of, while hrt_sync runs; or NULL */
  int64_t synced;                       /* stamp of the catalog whose names are all registered */
  hrt_budget own;       /* of outermost calls; its slice passes from one to the next */
  uint64_t timeout_ns;  /* of the outermost call */
  const hrt_pin *armed; /* whose short calls find all set (call.c); NULL: nobody's */
  hrt_budget *budget;   /* &own while a call other than a short one runs, or NULL */
  sqlite3_stmt *probe;  /* cancel.c */
  helios_error scratch; /* of a short call; clear between calls */
  helios_error last;    /* of the last call that failed, as SQL saw it */
  int (*app_authorizer)(void *, int, const char *, const char *, const char *, const char *);
  void *app_arg;
  helios_log_fn *log;
  void *log_arg;
  uint64_t statements;         /* that called procedures, so far */
  hrt_running numbered;        /* the last of them, while it may run */
  struct hrt_costs *costs;     /* of the last of them, or NULL */
  bool costs_wanted;           /* somebody has asked: first calls are timed */
  struct hrt_tally *tallies;   /* of statements that run */
  hrt_pin *table_pins;         /* of such statements: table.c's */
  struct hrt_pending *pending; /* audit.c's */
};

/* ---- attach.c ---- */
void hrt_session_unref(helios *h);
/* Gives back every statement and idle instance, so that the connection can close. */
void hrt_session_quiesce(helios *h);
/* Connects the virtual table by which SQLite tells us of sqlite3_close. */
void hrt_session_anchor(helios *h);

/* ---- functions.c ---- */
/* Registers what the catalog has and this connection has not met. Errors: E_SQL, E_BROKEN,
 * E_MEMORY. */
int hrt_sync(helios *h, helios_error *err);
/* Registers one name with each number of arguments it takes; *out may be NULL. E_EXISTS: the
 * connection has another function of this name. */
int hrt_register(hrt_entry **out, helios *h, const hrt_shape *shape, helios_error *err);
hrt_entry *hrt_entry_find(const helios *h, const char *name);
/* Is there a function of this name that is not ours? */
int hrt_function_taken(bool *out, helios *h, const char *name, helios_error *err);
void hrt_functions_free(helios *h);
/* Has the main schema a table or view of this name? */
int hrt_named_in_schema(bool *out, helios *h, const char *name, helios_error *err);
/* Is there a table-valued function of this name that is not ours? */
int hrt_table_taken(bool *out, helios *h, const char *name, helios_error *err);
/* Removes them from SQLite. E_MISUSE while statements run. */
int hrt_functions_remove(helios *h, helios_error *err);

/* ---- thunks.c ---- */
#define HRT_THUNKS 256
/* What SQLite is to call for a trampoline. */
typedef struct hrt_thunk {
  void (*call)(sqlite3_context *sql, int argc, sqlite3_value **argv);
  void (*step)(sqlite3_context *sql, int argc, sqlite3_value **argv);
} hrt_thunk;
const hrt_thunk *hrt_thunk_take(hrt_trampoline *t);
void hrt_thunk_give(const hrt_trampoline *t); /* SQLite has dropped the function */

/* ---- advice.c ---- */
/* An error that is about a function or procedure gets a hint, if there is one to give; or becomes
 * E_SQL, if looking for one ended the transaction. */
void hrt_advise(helios *h, helios_error *err);

/* ---- lookup.c ---- */
/* The version that answers a new statement; borrowed from e. */
int hrt_resolve(hrt_version **out, hrt_entry *e, helios_error *err);
void hrt_entry_forget(hrt_entry *e); /* what was looked up */
/* Is this an error of the version's own, and not of the host at this moment? */
bool hrt_cannot_run(int status);
void hrt_choices_check(helios *h); /* for hrt_running_check */
/* Can b answer the calls of a? Lengths and the NULL rule may differ, names also if it is no table.
 */
bool hrt_same_signature(const hrt_definition *a, const hrt_definition *b);

/* ---- verdict.c ---- */
/* A canary has failed its trial here: an audit record, and the catalog later. why: it can't be
 * loaded, or NULL. */
void hrt_canary_failed(helios *h, const char *procedure, const hrt_trial *trial,
                       const helios_error *why);
/* Inside the savepoint of a DDL statement on the procedure `besides`, which says itself what
 * becomes of its canary: ends the others that have failed here. */
int hrt_verdicts_carry_out(helios *h, const char *besides, helios_error *err);

/* ---- call.c ---- */
/* argv: t->nargs, SQLite has checked it. */
void hrt_trampoline_run(sqlite3_context *sql, hrt_trampoline *t, sqlite3_value **argv);
/* The number of the version that answers the calls of e in the statement that sql belongs to. */
int hrt_call_version(uint32_t *out, sqlite3_context *sql, hrt_entry *e, helios_error *err);

/* A call of a version, with all its arguments, for its result or its rows; the other is NULL.
 * seat: the one that the caller keeps for such calls; NULL in there: none yet. */
typedef struct hrt_request {
  hrt_version *version;
  hrt_seat **seat;
  struct hrt_tally *tally;
  hrt_host_env *caller; /* the procedure whose SQL calls it, or NULL */
  sqlite3_value **argv; /* of signature.argc */
  sqlite3_context *sql;
  hrt_rows *rows;
} hrt_request;
int hrt_request_run(const hrt_request *r, helios_error *err);
/* A call failed, or no version could be had (then v is NULL): counts it, puts "procedure f: "
 * before the text, keeps all of it for helios_step_error. The code for SQLite. argv: what it was
 * called with, for debug.c. */
int hrt_report(hrt_entry *e, struct hrt_tally *tally, hrt_version *v, int argc,
               sqlite3_value **argv, helios_error *err);

/* ---- debug.c ---- */
/* In debug mode: adds what the failed call was called with to the error's text. */
void hrt_debug_call(const hrt_version *v, int argc, sqlite3_value **argv, helios_error *err);

/* ---- aggregate.c ---- */
/* The exports of an aggregate. */
typedef struct hrt_aggregate {
  hrt_export init, step, inverse, value, final; /* fn NULL: the module has none */
  hrt_signature result;
} hrt_aggregate;
/* Finds them by d->export_name; makes v->aggregate, v->export and v->signature. Errors:
 * E_NOT_FOUND, E_SIGNATURE, E_SYNTAX (state), E_MEMORY. */
int hrt_aggregate_make(hrt_version *v, const hrt_definition *d, helios_error *err);
void hrt_aggregate_free(hrt_aggregate *a); /* takes NULL */
void hrt_aggregate_run(sqlite3_context *sql, hrt_trampoline *t, sqlite3_value **argv); /* a step */
void hrt_aggregate_inverse(sqlite3_context *sql, int argc, sqlite3_value **argv);
void hrt_aggregate_value(sqlite3_context *sql);
void hrt_aggregate_final(sqlite3_context *sql);

/* ---- table.c ---- */
/* The columns of RETURNS TABLE. */
typedef struct hrt_columns {
  char *key; /* hrt_table_key */
  uint32_t count;
  uint8_t types[HRT_COLUMNS_MAX]; /* hrt_type */
  char *names[HRT_COLUMNS_MAX];
} hrt_columns;
int hrt_columns_make(hrt_columns **out, const hrt_definition *d, helios_error *err);
void hrt_columns_free(hrt_columns *t); /* takes NULL */
/* Makes the entry's procedure a table-valued function of the connection, by the newest key. */
int hrt_table_register(hrt_entry *e, const char *key, helios_error *err);
/* ---- tablepin.c ---- */
void hrt_table_pins_check(helios *h); /* for hrt_running_check */
void hrt_table_pins_drop(helios *h);  /* those that no cursor holds */
/* ---- rowsjson.c ---- */
/* A JSON array of arrays or objects as rows. Errors: E_VALUE and those of hrt_rows_add. */
int hrt_rows_json(hrt_rows *rows, helios *h, const hrt_value *json, helios_error *err);

/* ---- body.c ---- */
void hrt_body_own_quiesce(helios *h); /* finalizes statements of the connection */

/* ---- version.c ---- */
/* Are all types known? Errors: E_SIGNATURE. */
int hrt_types_check(const hrt_definition *d, helios_error *err);
int hrt_version_add_params(hrt_version *v, const hrt_definition *d, helios_error *err);
/* "the module has no exported function ...". */
int hrt_version_no_export(const hrt_definition *d, const struct helios_plugin *abi,
                          const char *name, helios_error *err);
/* Checks a definition against a plugin: export, signature, grants, imports, purity; makes the
 * version. Takes over the plugin (of the plugin cache), also when it fails. */
int hrt_version_make(hrt_version **out, helios *h, const hrt_definition *d, hrt_plugin *plugin,
                     helios_error *err);
/* A version of LANGUAGE sql; text: its body. Errors: those of hrt_body_make, E_SYNTAX. */
int hrt_version_make_sql(hrt_version **out, helios *h, const hrt_definition *d, const char *text,
                         size_t length, helios_error *err);
hrt_version *hrt_version_ref(hrt_version *v);
void hrt_version_unref(hrt_version *v);   /* takes NULL; unmaps with the last */
void hrt_version_quiesce(hrt_version *v); /* frees idle instances */
/* An instance to call. Errors: those of hrt_instance_new, hrt_host_ready. */
int hrt_seat_take(hrt_seat **out, hrt_version *v, hrt_budget *budget, helios_error *err);
/* Ends its use: it is as new, or freed. Takes NULL. */
void hrt_seat_give(hrt_version *v, hrt_seat *seat);
/* After a call: ready for the next one of this statement or, if its state is kept, as the call left
 * it; freed if it is dead, and then *seat is NULL. */
void hrt_seat_renew(hrt_version *v, hrt_seat **seat);

/* ---- rebuild.c ---- */
/* A plugin that was compiled here. */
typedef struct hrt_built {
  uint8_t *so; /* NULL: none was */
  size_t size;
  uint8_t so_hash[HRT_HASH_BYTES];
} hrt_built;
void hrt_built_free(hrt_built *built);
/* hrt_version_make with the plugin that the catalog has for d or, if it is not to be run here, with
 * one built again from the module. built: where that goes, for the caller to write; NULL: the
 * catalog keeps it if it can. Errors also: E_BROKEN. */
int hrt_version_obtain(hrt_version **out, helios *h, const hrt_definition *d, hrt_built *built,
                       helios_error *err);
/* The same for a call: d is as the catalog has it, and this machine vouches for its grants. */
int hrt_version_load(hrt_version **out, helios *h, const hrt_definition *d, helios_error *err);
/* Could it run here (0: the current version), without building anything? 0, and whose word makes it
 * so ("this machine" or a key's label); else the reason. */
int hrt_version_state(char label[HRT_LABEL_BYTES], helios *h, const char *name, uint32_t version,
                      helios_error *reason);
/* helios_rebuild, helios_adopt: of all procedures if name is NULL. *count: of versions. */
int hrt_rebuild_all(sqlite3_int64 *count, helios *h, const char *name, helios_error *err);
int hrt_adopt_all(sqlite3_int64 *count, helios *h, const char *name, helios_error *err);

/* ---- allowance.c ---- */
/* What one call may use. Lives on the caller's stack between begin and end. */
typedef struct hrt_allowance {
  bool nested;
  uint64_t outer_fuel, outer_deadline; /* what a nested call tightened */
} hrt_allowance;
void hrt_allowance_init(helios *h);
void hrt_allowance_begin(hrt_allowance *a, helios *h, const hrt_version *v);
void hrt_allowance_end(const hrt_allowance *a, helios *h);
/* Limits of outermost calls. Nothing of them is used between such calls. */
static inline void hrt_allowance_set(helios *h, const hrt_version *v) {
  h->timeout_ns = v->timeout_ns;
  h->own.fuel_limit = v->limits.fuel;
}

/* No procedure runs on the connection, and so none has SQL running. */
static inline bool hrt_session_idle(const helios *h) {
  return h->budget == NULL;
}

/* ---- cancel.c ---- */
/* Has someone called sqlite3_interrupt? Only while a statement of the connection runs. */
bool hrt_session_interrupted(helios *h);
/* Keeps a statement running, so that DDL outside of any statement can be interrupted. */
sqlite3_stmt *hrt_interruptible_begin(helios *h);
void hrt_interruptible_end(sqlite3_stmt *guard); /* takes NULL */

/* ---- authorizer.c ---- */
void hrt_authorizer_install(helios *h);
void hrt_authorizer_remove(helios *h);

/* ---- apply.c ---- */
struct hrt_ddl;
/* Carries out CREATE, ALTER, DROP. */
int hrt_apply(helios *h, const struct hrt_ddl *ddl, helios_error *err);

/* ---- callsql.c ---- */
/* CALL, parsed of text, as a statement of SQLite's. */
int hrt_call_prepare(helios *h, sqlite3_stmt **stmt, const char *text, const struct hrt_ddl *ddl,
                     helios_error *err);

/* ---- variables.c ---- */
struct hrt_set;
/* SET, SHOW, RESET: *stmt is what SHOW is to run, else NULL. */
int hrt_set_apply(helios *h, sqlite3_stmt **stmt, const struct hrt_set *set, helios_error *err);
void hrt_sql_session(sqlite3_context *sql, int argc, sqlite3_value **argv);
void hrt_sql_session_set(sqlite3_context *sql, int argc, sqlite3_value **argv);

/* ---- api.c ---- */
/* Gives an error of the engine's own functions to SQL. */
void hrt_give_error(sqlite3_context *sql, helios *h, const helios_error *err);
/* Parses and carries out one DDL statement; *used: bytes it took. */
int hrt_run_ddl(helios *h, const char *sql, size_t length, size_t *used, helios_error *err);
/* "procedure f: " before err's text. */
void hrt_error_prefix(helios_error *err, const char *procedure);
/* Is the application in a transaction? SQLite rolls it back if any statement in it, though it only
 * reads, finds no memory. So where the engine reads or writes for itself, and can do without: was
 * it within one before, and is that gone? Then E_SQL, "DOING ended the transaction", before what
 * err says. */
bool hrt_within(const helios *h);
int hrt_lost(const helios *h, bool within, const char *doing, helios_error *err);

#endif
