/* host.h - what a guest can call: the environment of an instance, binding of its imports, guest
 * SQL under an authorizer. One file a domain: args.c, db.c, files.c, kv.c, http.c ...
 * docs/guest-abi.md is the contract with guests, rt-sandbox/hsb_hostcalls.def the table.
 *
 * Invariants: guest bytes are copied first, checked then, used last; guest SQL is compiled only
 * under hrt_host_authorizer (a statement that was not seen by it is refused); what a call leaves
 * open - statements, transactions - is closed by hrt_host_end; nothing here prints. */
#ifndef HRT_HOST_H
#define HRT_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "capability/capability.h"
#include "host/scan.h"
#include "host/sqlite_error.h"
#include "host/types.h"
#include "instance/instance.h"
#include "observe/observe.h"

typedef struct hrt_host_env hrt_host_env;

/* text: one line of clean UTF-8 (control characters as \xNN), valid during the callback. */
typedef void hrt_log_fn(void *arg, hrt_log_level level, const char *procedure, const char *text);

/* ---- a connection ---- */

#define HRT_PROGRESS_OPS 1000    /* SQLite steps between two looks at the budget */
#define HRT_PROGRESS_FUEL 10000u /* units that so many steps cost */

#define HRT_VARIABLES 256            /* session variables of a connection */
#define HRT_VARIABLE_NAME_MAX 128    /* bytes */
#define HRT_VARIABLE_VALUE_MAX 65536 /* bytes */

/* A session variable. name: as it was first written; case does not matter. value: UTF-8, with a NUL
 * after its length bytes. */
typedef struct hrt_variable {
  char *name, *value;
  size_t length;
} hrt_variable;

typedef struct hrt_custom hrt_custom; /* a host function of the application: custom.c */

/* One per sqlite3 connection, zero-initialised by the engine, then hrt_host_conn_init. Used by
 * the connection's thread only. */
typedef struct hrt_host_conn {
  sqlite3 *db;
  hrt_host_env *active; /* whose SQL is compiled or run now; NULL: the application's */
  hrt_budget
      *body; /* of a procedure in SQL whose statement runs now, for the application, or NULL */
  helios_code body_stop; /* why the progress handler interrupted it */
  sqlite3_stmt *running; /* while there is an active or a body: its statement, if it is in a step */
  uint64_t auth_calls;   /* of hrt_host_authorizer */
  bool warm;             /* json_each and json_tree are connected */
  bool has_json_path;    /* it has the function of rewrite_sql.c */
  uint32_t linears;      /* so many of linear.c's */
  char *shadows;      /* shadow.c: names of shadow tables, NUL after each, two at the end; owned */
  int64_t shadows_of; /* a number of the schema that has these; 0: not looked */
  uint64_t shadows_data; /* the data's version then */
  bool shadows_writing;  /* and this connection had changed the schema and not committed it */
  bool shadows_doubt;    /* it may have changed the schema since */
  bool virtuals;         /* that schema has virtual tables */
  unsigned bounds;       /* compile_bounds.c: optimizations that SQLite leaves out; 0: none */
  int bounds_ops;        /* if so: the application's limit */
  bool bounds_left;      /* if so: for the next statement; nothing is compiled now */
  uint32_t savepoints;   /* open in all procedures that run now */
  hrt_log_fn *log;       /* the application's, or NULL */
  void *log_arg;
  hrt_log_level log_level; /* lines below it are dropped */
  /* May guest SQL call this SQL function that is not SQLite's own? Set by the engine: procedures
   * may be called. kept: by a CHECK that the guest leaves in the schema, later, when whoever uses
   * the table calls it with rights of his own. NULL: none. */
  bool (*function_allowed)(void *arg, const char *name, bool kept);
  void *function_arg;
  hrt_observer observer;   /* where records go; set by the engine, or nowhere */
  hrt_variable *variables; /* room for HRT_VARIABLES, or NULL; in the order of their making */
  uint32_t variable_count;
  hrt_custom *customs; /* a list */
} hrt_host_conn;

/* Installs the progress handler (time limit and cancellation inside guest SQL). The engine itself
 * installs hrt_host_authorizer with sqlite3_set_authorizer(db, hrt_host_authorizer, conn) and
 * never takes it away. */
void hrt_host_conn_init(hrt_host_conn *conn, sqlite3 *db);
/* Installs it again, before a call's first statement runs: the program may have put its own in its
 * place, and nothing would end the statement. */
void hrt_conn_watch(hrt_host_conn *conn);

/* Where the connection goes on without conn: takes the functions away from it that know conn. No
 * statement may run. A code of SQLite. */
int hrt_rewrite_remove(hrt_host_conn *conn);
/* Forgets variables and host functions of the application; after its last instance. */
void hrt_host_conn_clear(hrt_host_conn *conn);

/* A session variable, or NULL; good until the next change of one. */
const hrt_variable *hrt_variable_find(const hrt_host_conn *conn, const char *name, size_t length);
/* value NULL: forgets it. Errors: E_VALUE (a name is words with dots between them; a value UTF-8
 * without NUL), E_LIMIT, E_MEMORY. */
int hrt_variable_set(hrt_host_conn *conn, const char *name, size_t name_length, const char *value,
                     size_t length, helios_error *err);

struct helios_guest;
typedef struct hrt_custom_def {
  const char *module, *name, *sig, *capability;
  int (*fn)(void *arg, struct helios_guest *guest, uint64_t *values);
  void *arg;
  void (*destroy)(void *arg);
} hrt_custom_def;
/* As helios_host_register. */
int hrt_custom_add(hrt_host_conn *conn, const hrt_custom_def *d, helios_error *err);

/* The callback of sqlite3_set_authorizer; arg: the hrt_host_conn. Allows everything while
 * conn->active is NULL. */
int hrt_host_authorizer(void *arg, int action, const char *a, const char *b, const char *c,
                        const char *d);
/* The engine's own SQL inside a procedure's: bracket it so that it is not judged by the guest's
 * grants. Returns what hrt_host_resume wants back. */
hrt_host_env *hrt_host_suspend(hrt_host_conn *conn);
void hrt_host_resume(hrt_host_conn *conn, hrt_host_env *active);

/* A statement was denied: learns the name that the authorizer stumbled over (env->doubt), if it can
 * only be one that the statement made by WITH, and the others of that kind. *ctes: NULL at first,
 * then env->ctes for the next try; owned by the caller. *round: 0 at first. False: it is to stay
 * denied. */
bool hrt_learn_ctes(char **ctes, uint32_t *round, hrt_host_env *env, const char *sql,
                    size_t length);

/* Is the call's time over, was it cancelled? For what waits. */
helios_code hrt_budget_look(const hrt_budget *b);

/* ---- an instance ---- */

/* Result given by return_*, fail or heliosdb_*: beats the export's own. */
typedef enum hrt_given {
  HRT_GIVEN_NOTHING,
  HRT_GIVEN_VALUE,
  HRT_GIVEN_ERROR, /* env->error */
} hrt_given;

struct hrt_stmts;  /* db.c */
struct hrt_query;  /* query.c */
struct hrt_tx;     /* tx.c */
struct hrt_rows;   /* rows.h */
struct hrt_crypto; /* crypto.c */
struct hrt_files;  /* files.c */
struct hrt_wasi;   /* wasi.c */
struct hrt_http;   /* http.c */
struct hrt_kv;     /* kv.c */

/* What the export that an instance runs was declared as. */
typedef struct hrt_declared {
  const char *export_name; /* borrowed, as all here */
  uint32_t export_length, argc;
  const uint8_t *types; /* hrt_type of each parameter */
  uint8_t returns;      /* hrt_type or HRT_TYPE_VOID */
  uint32_t columns;     /* of RETURNS TABLE, else 0 */
  char *const *names;   /* theirs */
  const uint8_t *column_types;
} hrt_declared;

struct hrt_host_env {
  hrt_host_conn *conn;
  const hrt_declared
      *declared;         /* borrowed; set by the engine before the instance is made, or NULL */
  const hrt_caps *caps;  /* borrowed */
  const char *procedure; /* borrowed; for messages and log lines */
  const int64_t *procedure_id; /* borrowed; in the catalog; set by the engine, or NULL */
  uint32_t version;            /* of the procedure; set by the engine */
  bool profiling;              /* its host calls are timed; set before hrt_host_bind */
  hrt_series *series;          /* where that goes, or NULL */
  uint64_t call;               /* number of the running call in its statement; likewise */
  hrt_instance *instance;      /* set by hrt_host_ready */
  uint32_t asked; /* host calls that were answered by more than the instance's origin */
  /* the call: between hrt_host_begin and hrt_host_end */
  bool in_call;
  bool touched; /* hrt_host_end has something to do */
  bool watched; /* the progress handler is ours, since a statement of this call */
  int argc;
  sqlite3_value **argv;  /* borrowed */
  const uint8_t *types;  /* hrt_type of each argument; borrowed */
  struct hrt_rows *rows; /* where a call that returns a table puts its rows; borrowed; NULL: none */
  hrt_given given;
  uint32_t value_type; /* of the value given: enum hsb_value */
  uint64_t bits;       /* I64, F64, BOOLEAN */
  uint8_t *bytes;      /* TEXT, BLOB, JSON, DECIMAL; owned */
  uint64_t length;
  helios_error error; /* HRT_GIVEN_ERROR */
  /* the argument arena */
  uint32_t arena, arena_size; /* guest address, bytes */
  bool keeps;                 /* the instance is not reset between calls */
  bool arena_moved;           /* if so: to pages that a reset would take away */
  bool arena_zero;            /* zero at the checkpoint: written without a reset after it */
  uint64_t arena_used;        /* if so: all beyond these bytes is zero now */
  /* SQL */
  struct hsb_ctx *ctx; /* of the running host call */
  struct hrt_stmts *stmts;
  struct hrt_query *query;
  struct hrt_crypto *crypto;  /* kept between calls, or NULL */
  struct hrt_kv *kv;          /* likewise */
  uint32_t tx_base, tx_depth; /* savepoints of the connection at the call's begin; own open ones */
  struct hrt_tx *tx;          /* tx.c; room for HRT_TX_DEPTH, or NULL */
  hrt_ddl_text ddl;           /* what kind the statement in the window is */
  const char *ctes; /* of the statement in the window: names that WITH made; NUL after each, two at
                       the end */
  char doubt[64];   /* a name that the authorizer refused and that may be one of those */
  bool stepping;    /* a statement of the guest's runs: what is compiled now is not its text */
  bool unjudged;    /* it begins: SQLite may compile the guest's text anew, of another schema */
  bool stale;       /* and did, and the authorizer has not judged it */
  bool denied;      /* the authorizer refused something in this window; the text is in last */
  int refused_capability; /* what it refused: hrt_cap_type, or HRT_CAP_NONE */
  char refused[128];      /* and on what */
  helios_code stop;       /* why the progress handler interrupted, or HELIOS_OK */
  uint64_t vm_steps;      /* SQLite steps not yet charged, in HRT_PROGRESS_OPS */
  /* files, WASI, the network; NULL: not used */
  struct hrt_files *files;
  struct hrt_wasi *wasi;
  struct hrt_http *http;
  char
      excerpt[HRT_EXCERPT]; /* of the SQL whose error that is, for a hint: no other guest sees it */
  bool placed;              /* it begins where the error is */
  uint32_t place;           /* if so: which byte that is */
  char last[512];           /* text of the last error, for error_message and the guest's call */
};

int hrt_host_env_new(hrt_host_env **out, hrt_host_conn *conn, const hrt_caps *caps,
                     const char *procedure, helios_error *err);
/* Also finalizes the statements it keeps; before sqlite3_close. Takes NULL. */
void hrt_host_env_free(hrt_host_env *env);

/* Resolves every import of a plugin, by our table and what the application registered with conn
 * (which may be NULL). out: room for abi->import_count, or NULL to check only (then
 * env may be NULL). Errors: E_IMPORT (unknown name or wrong type; the nearest name as hint),
 * E_CAPABILITY (the hint spells the grant). */
int hrt_host_bind(struct hsb_binding *out, const struct helios_plugin *abi, const hrt_caps *caps,
                  const hrt_host_conn *conn, hrt_host_env *env, helios_error *err);

/* Does an instance with these grants see nothing but its arguments? For plugins with a script,
 * whose imports say what the interpreter could do, not what this script may. */
bool hrt_host_blind(const struct helios_plugin *abi, const hrt_caps *caps);
/* The first import that asks the host for what needs a capability, or is the application's: for a
 * message. NULL: none is. */
const struct hsb_import *hrt_host_asked(const struct helios_plugin *abi, const hrt_caps *caps);

/* Are all imports host functions that deal with the running call's arguments, result and error, and
 * with nothing else? */
bool hrt_host_confined(const struct helios_plugin *abi);

/* The origin of instances with these grants that run what was declared (NULL: it is no script): for
 * hrt_instance_options. NULL: no memory. hrt_free it. */
void *hrt_host_origin(size_t *size, const hrt_declared *d, const hrt_caps *caps);

/* After hrt_instance_new: asks the guest for its arena, which then is part of the checkpoint.
 * Errors: those of hrt_call, E_SIGNATURE. */
int hrt_host_ready(hrt_host_env *env, hrt_instance *instance, hrt_budget *budget,
                   helios_error *err);
/* Makes env->arena_size at least `bytes`, by adding pages for good. Before a call only: the
 * instance goes back to its checkpoint. False if the memory limit forbids. */
bool hrt_arena_room(hrt_host_env *env, uint64_t bytes);
/* An argument to the arena, at an offset that is a multiple of 8, and zeros up to the next one. It
 * fits. False: no memory. */
bool hrt_arena_put(hrt_host_env *env, uint64_t at, const void *bytes, uint64_t length);
/* After the last argument: nothing of earlier calls stays behind the first `used` bytes. */
bool hrt_arena_clear_slow(hrt_host_env *env, uint64_t used);
static inline bool hrt_arena_clear(hrt_host_env *env, uint64_t used) {
  return __builtin_expect(used >= env->arena_used, 1) || hrt_arena_clear_slow(env, used);
}

#define HRT_HASH_HEX 65
void hrt_hash_hex(char out[HRT_HASH_HEX], const uint8_t hash[32]);

/* Around each hrt_call of an export: begin, marshal, call, marshal the result, end - also after
 * one that failed. */
static inline void hrt_host_begin(hrt_host_env *env, int argc, sqlite3_value **argv,
                                  const uint8_t *types) {
  env->in_call = true;
  env->watched = false;
  env->argc = argc;
  env->argv = argv;
  env->types = types;
}
/* After a call that failed: what the program said on fd 2 about its end is put before the text of a
 * trap. */
void hrt_host_explain(hrt_host_env *env, helios_error *err);
void hrt_host_end_slow(hrt_host_env *env);
static inline void hrt_host_end(hrt_host_env *env) {
  env->in_call = false;
  env->argc = 0;
  env->given = HRT_GIVEN_NOTHING;
  env->last[0] = '\0';
  if (__builtin_expect(env->touched, 0)) {
    hrt_host_end_slow(env);
  }
}

#endif
