/* internal.h - what the files of host/ share: how a host function reads its arguments, answers,
 * refuses, and copies bytes to and from the guest.
 *
 * Invariant: fuel is charged before anything is acquired, because a charge may not return. What a
 * host function holds across a charge or a statement belongs to the env, so that it is freed when
 * the call ends, however it ends. */
#ifndef HRT_HOST_INTERNAL_H
#define HRT_HOST_INTERNAL_H

#include <string.h>

#include "host/host.h"
#include "host/utf8.h"
#include "instance/charge.h"

enum hsb_status {
#define HSB_STATUS(NAME, code, text) HSB_STATUS_##NAME = code,
#include "hsb_status.def"
#undef HSB_STATUS
};

#define HRT_SQL_MAX (1u << 20)     /* bytes of one statement */
#define HRT_RESULT_MAX (64u << 20) /* bytes of a result, of a query's rows, of a bound value */
#define HRT_STMTS_OPEN 64          /* in one call; bits of a word */
#define HRT_STMTS_IDLE 16          /* kept compiled by an instance */
#define HRT_IDLE_SQL 16384u        /* bytes of its text at most: it takes 60 times as much memory */
#define HRT_TX_DEPTH 32            /* nested in one call */
#define HRT_LOG_BYTES 8192         /* of a log line */
#define HRT_RANDOM_MAX (1u << 20)  /* bytes of one call of random */
#define HRT_MESSAGE_MAX (1u << 20) /* of what hmac, sign, verify take */
#define HRT_KEY_MAX 4096           /* bytes of a key of hmac */
#define HRT_KV_KEY_MAX 1024        /* bytes of a key, of at least one */
#define HRT_KV_VALUE_MAX 65536     /* bytes of its value */
#define HRT_KV_KEYS 1024           /* of a procedure, which so keeps 65 MiB at most */
#define HRT_NAME_MAX 255           /* bytes of a name: of the environment, of a metric */

/* A host function: arguments in s, one result to s[0]. */
typedef void hrt_hostcall_fn(hrt_host_env *env, hsb_slot *s);
#define HSB_HOSTCALL(module, name, sig, capability, fuel, doc) hrt_hostcall_fn hrt_hc_##name;
#include "hsb_hostcalls.def"
#undef HSB_HOSTCALL

static inline uint32_t hrt_u32(hsb_slot s) {
  return (uint32_t)s;
}

static inline void hrt_answer(hsb_slot *s, int64_t status) {
  s[0] = (uint32_t)(int32_t)status;
}

static inline void hrt_charge_bytes(hrt_host_env *env, uint64_t bytes) {
  if (bytes >= 8) {
    hrt_charge(env->ctx, bytes / 8);
  }
}

/* The running host call answers by the origin alone: every instance that is initialised hears the
 * same. */
static inline void hrt_answers_alike(hrt_host_env *env) {
  env->asked--;
}

/* Records the text for error_message and returns status. No format: the status's own text. */
int hrt_refuse(hrt_host_env *env, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const char *hrt_status_text(int status);
/* For functions whose result has no room for a status. */
__attribute__((noreturn)) void hrt_end_call(hrt_host_env *env, const char *function, int status);

/* A copy of guest bytes: small ones inside. */
struct hrt_bytes {
  uint8_t *at; /* room for a NUL after the last byte, which is there */
  size_t length;
  uint8_t *heap; /* NULL: at is small */
  uint8_t small[512];
};

/* Copies (p, n), at most max bytes. Charges. Returns 0, or RANGE, LIMIT, NOMEM (then nothing is
 * to be freed). */
int hrt_bytes_read(struct hrt_bytes *b, hrt_host_env *env, hsb_slot p, hsb_slot n, uint32_t max);
/* Its three parts, where two ranges must be charged for before either is copied. */
int hrt_bytes_check(hrt_host_env *env, hsb_slot p, hsb_slot n, uint32_t max);
int hrt_bytes_copy(struct hrt_bytes *b, hrt_host_env *env, hsb_slot p, hsb_slot n);
void hrt_bytes_free(struct hrt_bytes *b);
/* Both ranges of (p, n, p, n), charged for before either is copied. Free both after a 0 only. */
int hrt_bytes_two(struct hrt_bytes both[2], hrt_host_env *env, const hsb_slot s[4], uint32_t max,
                  uint32_t max_second);
/* Copies what fits of `bytes` to (dst, cap); returns how many there are, or RANGE, LIMIT. */
int hrt_give(hrt_host_env *env, hsb_slot dst, hsb_slot cap, const void *bytes, uint64_t length);
/* The same from an offset on, which may be past the end: then 0 bytes are there. */
static inline int hrt_give_from(hrt_host_env *env, hsb_slot offset, hsb_slot dst, hsb_slot cap,
                                const void *bytes, uint64_t length) {
  uint64_t from = hrt_u32(offset) < length ? hrt_u32(offset) : length;
  const char *rest = from == length ? NULL : (const char *)bytes + from; /* bytes may be NULL */
  return hrt_give(env, dst, cap, rest, length - from);
}

/* ---- statements: stmt.c ---- */

struct hrt_stmt {
  sqlite3_stmt *handle;
  char *sql;        /* owned */
  char *ctes;       /* as env->ctes; owned; NULL: none */
  hrt_ddl_text ddl; /* as env->ddl */
  uint32_t sql_length;
  uint64_t stack;        /* bytes that compiling it may need */
  uint64_t bound, stale; /* parameters 1 to 64 that this call, an earlier one has bound */
  bool heavy;            /* some parameter has bytes or is beyond 64 */
  uint32_t generation;   /* of an open slot */
  int reprepared;        /* sqlite3_stmt_status at the last look */
  uint32_t columns;      /* of the row that is ready; 0: none is */
  bool fresh;            /* not stepped since it was prepared or reset */
  bool writes;           /* it changes rows */
  int64_t schema;        /* hrt_shadows_schema of which its text was judged */
  bool ended;            /* the last step was the last one: SQLite resets it in the next */
  bool flat;             /* SQLite may merge its subqueries with what reads them */
};

struct hrt_stmts {
  uint64_t used; /* bit n: open[n] */
  struct hrt_stmt open[HRT_STMTS_OPEN];
  struct hrt_stmt idle[HRT_STMTS_IDLE]; /* oldest first */
  uint32_t idle_count;
};

/* Takes a kept statement or compiles one. index: of the open slot. Returns 0, a status, or
 * SQLITE_INTERRUPT: then the caller lets go of what it holds and calls hrt_settle. */
int hrt_stmt_open(uint32_t *index, hrt_host_env *env, const char *sql, size_t length);
struct hrt_stmt *hrt_stmt_at(hrt_host_env *env, uint32_t index);
int hrt_stmt_handle(hrt_host_env *env, uint32_t index); /* for the guest; positive */
/* NULL if the handle names no open statement. */
static inline struct hrt_stmt *hrt_stmt_find(hrt_host_env *env, uint32_t handle) {
  struct hrt_stmts *all = env->stmts;
  uint32_t n = handle & (HRT_STMTS_OPEN - 1), generation = handle / HRT_STMTS_OPEN;
  bool there = all != NULL && (all->used >> n & 1) != 0 && all->open[n].generation == generation;
  return there ? &all->open[n] : NULL;
}
/* Before parameter index (from 1) is bound; bytes: to text or a blob. */
static inline void hrt_stmt_binds(struct hrt_stmt *st, uint32_t index, bool bytes) {
  st->heavy |= bytes || index - 1 > 63;
  st->bound |= index - 1 > 63 ? 0 : UINT64_C(1) << (index - 1);
}
void hrt_stmt_unbind(struct hrt_stmt *st);                 /* all that an earlier call bound */
int hrt_stmt_step(hrt_host_env *env, struct hrt_stmt *st); /* 1, 0 or a status; may end the call */
void hrt_stmt_reset(struct hrt_stmt *st);
void hrt_stmt_close(hrt_host_env *env, uint32_t index);
void hrt_stmts_reset(hrt_host_env *env); /* all open ones, before a rollback */
void hrt_stmts_close(hrt_host_env *env); /* all open ones, at the end of a call */
void hrt_stmts_free(hrt_host_env *env);
/* Status for an SQLite result code; records its message. */
int hrt_sql_status(hrt_host_env *env, int rc);

/* ---- JSON: json.c ---- */

struct hrt_json {
  uint8_t *bytes; /* owned */
  size_t length, room;
  int status; /* the first failure: LIMIT, NOMEM; then nothing more is written */
};

void hrt_json_raw(struct hrt_json *j, const char *text, size_t length);
void hrt_json_string(struct hrt_json *j, const char *text, size_t length);
void hrt_json_column(struct hrt_json *j, sqlite3_stmt *handle, int column);
/* Binds a JSON array of scalars to parameters 1, 2 ... Returns 0, JSON, INDEX, SQL, NOMEM. */
int hrt_json_bind(hrt_host_env *env, sqlite3_stmt *handle, const char *text, size_t length);

/* ---- the rest ---- */

void hrt_query_free(hrt_host_env *env);
void hrt_crypto_free(hrt_host_env *env);
void hrt_files_free(hrt_host_env *env); /* closes all */
void hrt_wasi_ready(hrt_host_env *env); /* what calls begin with is what there is now */
/* What calls begin with: two numbers. False: nobody has asked, and it is as ever. */
bool hrt_wasi_begins(uint64_t words[2], const hrt_host_env *env);
bool hrt_wasi_begin(hrt_host_env *env, const uint64_t words[2]); /* with these; false: no memory */
void hrt_wasi_end(hrt_host_env *env);
void hrt_wasi_free(hrt_host_env *env);
void hrt_http_free(hrt_host_env *env);
void hrt_kv_reset(hrt_host_env *env); /* no statement of kv.c is left running */
void hrt_kv_free(hrt_host_env *env);
void hrt_variables_clear(hrt_host_conn *conn);

/* ---- host functions of the application: custom.c ---- */

void hrt_customs_clear(hrt_host_conn *conn);
const hrt_custom *hrt_custom_find(const hrt_host_conn *conn, const char *module, size_t module_len,
                                  const char *name, size_t name_len);
const hrt_custom *hrt_custom_next(const hrt_host_conn *conn, const hrt_custom *c); /* NULL: first */
const char *hrt_custom_module(const hrt_custom *c);
const char *hrt_custom_name(const hrt_custom *c);
const char *hrt_custom_sig(const hrt_custom *c);
/* The grant that is missing, or NULL. */
const char *hrt_custom_missing(const hrt_custom *c, const hrt_caps *caps);
hsb_import_fn hrt_custom_call; /* env: the hrt_custom */

/* Words of letters, digits, '_' and '$' with dots between them; none begins with a digit. */
bool hrt_name_ok(const char *name, size_t length);

/* A line of the engine's own or a guest's; clean text. */
void hrt_log_put(hrt_host_env *env, hrt_log_level level, const char *text);

/* ---- authorize.c, authorize_ddl.c ---- */

#define HRT_AUTH_NOT_MINE (-1)
/* Says why in env->last. capability: hrt_cap_type that would allow it, or HRT_CAP_NONE. Returns
 * SQLITE_DENY. */
int hrt_auth_deny(hrt_host_env *env, const char *what, const char *name, int capability);
bool hrt_auth_reserved(const char *name); /* names that no grant reaches: SQLite's own and ours */
bool hrt_auth_main(const char *schema);   /* NULL: it is */
/* What SQLite asks nobody about: expressions that are compiled later, foreign keys. A status. */
int hrt_auth_ddl_text(hrt_host_env *env, hrt_ddl_text kind, const char *sql, size_t length);
/* The authorizer's answer in a statement of env->ddl's kind, or NOT_MINE. */
int hrt_auth_ddl(hrt_host_env *env, int action, const char *a, const char *b, const char *c);

/* ---- lists of names: a NUL after each, two at the end; NULL: none ---- */

static inline bool hrt_is_among(const char *names, const char *name) {
  while (names != NULL && *names != 0 && sqlite3_stricmp(names, name) != 0) {
    names += strlen(names) + 1;
  }
  return names != NULL && *names != 0;
}

/* ---- shadow.c ---- */

/* Before guest SQL is compiled: which tables belong to virtual ones? A status, or
 * SQLITE_INTERRUPT. */
int hrt_shadows_look(hrt_host_env *env);
/* The same, even if nothing seems to have changed; and with *hold, which the caller finalizes
 * whatever comes of it, the schema stays as it is to SQLite. */
int hrt_shadows_hold(sqlite3_stmt **hold, hrt_host_env *env);
/* Is what was looked at last still so? Asks SQLite by no statement: for the authorizer too. False
 * also if that is not known. */
bool hrt_shadows_current(const hrt_host_conn *conn);
/* A number of the schema of which it is; 0: of one that was not committed. */
int64_t hrt_shadows_schema(const hrt_host_conn *conn);
/* The authorizer was asked for this by anybody. */
void hrt_shadows_doubt(hrt_host_conn *conn, int action);
/* Has SQLite met what others have committed since? */
bool hrt_shadows_moved(const hrt_host_conn *conn);
/* A statement was denied: maybe for what a virtual table does as SQLite connects it. Connects all;
 * true: try again. Once for each *tried. */
bool hrt_shadows_connect(hrt_host_env *env, bool *tried);
void hrt_shadows_clear(hrt_host_conn *conn);
/* Is it a shadow table? */
bool hrt_shadow(const hrt_host_conn *conn, const char *table);
#define HRT_SHADOW_OWNER 256
/* The virtual table that it belongs to, if it is a virtual table that asks for it now; else NULL.
 */
const char *hrt_shadow_owner(char out[HRT_SHADOW_OWNER], const hrt_host_env *env,
                             const char *table);
/* Is it reached now through a virtual table that is granted? type: READ or WRITE. */
bool hrt_shadow_through(const hrt_host_env *env, hrt_cap_type type, const char *table);

/* ---- schema_depth.c ---- */

enum { HRT_TABLE_OPERATORS = 200, HRT_INDEX_OPERATORS = 50, HRT_KEY_ACTIONS = 64 };
/* Bytes of stack that a schema of guests adds to what a statement needs by itself; a foreign key
 * that changes rows takes 1.5 KiB. */
#define HRT_SCHEMA_STACK                                                                           \
  ((HRT_TABLE_OPERATORS + HRT_INDEX_OPERATORS) * HRT_SCAN_OPERATOR_STACK + HRT_KEY_ACTIONS * 1600u)
/* Would this CREATE or ALTER make it more? A status. */
int hrt_schema_depth(hrt_host_env *env, const char *sql, size_t length);

/* ---- copies.c ---- */

/* How many words does SQLite copy for aliases, BETWEEN and OVER? A status: LIMIT if they are more
 * than HRT_EXPANDED_WORDS. */
int hrt_copies(uint64_t *copied, hrt_host_env *env, const char *sql, size_t length);

/* ---- expand.c ---- */

#define HRT_WITH_NAMES 200 /* in one statement */
/* The names that WITH makes anywhere in it; 0 also if there are more, or no memory. */
size_t hrt_expand_names(hrt_scan_token out[HRT_WITH_NAMES], const char *sql, size_t length);
#define HRT_EXPANDED_WORDS UINT64_C(1000000) /* of a statement with WITH */
#define HRT_EXPANDED_COLUMNS UINT64_C(10000) /* of computed columns */
/* How long is the text with all that its names stand for? A status. columns: a CREATE TABLE.
 * copied: of hrt_copies; any of the names may stand for these words. */
int hrt_expand_check(hrt_host_env *env, const char *sql, size_t length, uint64_t copied,
                     bool columns);

/* ---- flatten.c ---- */

#define HRT_FLAT_WORDS UINT64_C(2000000) /* of a statement whose subqueries are merged */
/* copied: of hrt_copies; any column may have these words. */
bool hrt_flatten_fits(const char *sql, size_t length, uint64_t copied);

/* ---- rewrite_sql.c, linear.c ---- */

#define HRT_OURS "helios_"
#define HRT_JSON_PATH HRT_OURS "json_path"    /* a function that looks at a path */
int hrt_linear_register(hrt_host_conn *conn); /* a code of SQLite, as are the next */
int hrt_linear_remove(hrt_host_conn *conn);
int hrt_rewrite_register(hrt_host_conn *conn); /* the functions that texts get, if it has not all */
bool hrt_rewrite_ours(const char *name);       /* is it one of those? */
bool hrt_conn_stops(hrt_host_conn *conn);      /* is the budget of what runs now spent? Charges */
/* What of a text is to be changed. PATHS: it calls what makes all that a path names: json_set,
 * json_insert. */
typedef enum hrt_rewrite {
  HRT_REWRITE_NOTHING,
  HRT_REWRITE_NAMES,
  HRT_REWRITE_PATHS,
} hrt_rewrite;
hrt_rewrite hrt_rewrite_of(const char *sql, size_t length);
/* The text as SQLite is to see it; the caller frees it. A status. */
int hrt_rewrite_sql(char **out_sql, size_t *out_length, hrt_host_env *env, const char *sql,
                    size_t length);
void hrt_rewrite_hide(char *message); /* an error's: calls by the names that the guest wrote */

/* ---- audit.c ---- */

enum { HRT_CAP_NONE = -1 };
/* An audit row of a use of a capability (hrt_cap_type, or HRT_CAP_NONE). object: table, path,
 * domain, name; may be NULL and any bytes, as may detail. */
void hrt_audit_use(hrt_host_env *env, int capability, const char *object, bool granted,
                   const char *detail);
/* The use is refused: text for error_message, audit row. Returns DENIED. */
int hrt_denied(hrt_host_env *env, int capability, const char *object, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The audit row of guest SQL that is refused; the text is in env->last. */
void hrt_audit_sql(hrt_host_env *env);
hrt_origin hrt_origin_of(const hrt_host_env *env);

void hrt_tx_end(hrt_host_env *env); /* rolls back what the call left open */

/* The window in which guest SQL is compiled or run. */
struct hrt_window {
  hrt_host_env *outer;
  int length_limit, like_limit; /* the application's */
};

/* Of a pattern of LIKE and GLOB: their time is the product of two lengths, and they call themselves
 * at each wildcard, which takes 128 bytes of stack. */
#define HRT_LIKE_MAX 1000
static inline struct hrt_window hrt_window_open(hrt_host_env *env) {
  hrt_host_conn *conn = env->conn;
  struct hrt_window w = {conn->active,
                         sqlite3_limit(conn->db, SQLITE_LIMIT_LENGTH, (int)HRT_RESULT_MAX), 0};
  if (w.length_limit < (int)HRT_RESULT_MAX) {
    sqlite3_limit(conn->db, SQLITE_LIMIT_LENGTH, w.length_limit); /* the application's is lower */
  }
  w.like_limit = sqlite3_limit(conn->db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, HRT_LIKE_MAX);
  if (w.like_limit < HRT_LIKE_MAX) {
    sqlite3_limit(conn->db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, w.like_limit);
  }
  conn->active = env;
  env->stop = HELIOS_OK;
  env->denied = false;
  return w;
}

static inline void hrt_window_close(hrt_host_env *env, struct hrt_window w) {
  hrt_host_conn *conn = env->conn;
  if (w.length_limit > (int)HRT_RESULT_MAX) {
    sqlite3_limit(conn->db, SQLITE_LIMIT_LENGTH, w.length_limit);
  }
  if (w.like_limit > HRT_LIKE_MAX) {
    sqlite3_limit(conn->db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, w.like_limit);
  }
  conn->active = w.outer;
  env->denied = false;
  env->ctes = NULL;
  env->ddl = HRT_DDL_TEXT_NONE;
}
/* Before guest SQL is compiled: what it needs of the connection. A status. */
int hrt_conn_warm(hrt_host_env *env);
__attribute__((noreturn)) void hrt_stop_call(hrt_host_env *env, helios_code code,
                                             const char *where);
/* After SQLITE_INTERRUPT: ends the call with the reason. */
__attribute__((noreturn)) void hrt_interrupted(hrt_host_env *env);
/* status, unless it is SQLITE_INTERRUPT. */
static inline int hrt_settle(hrt_host_env *env, int status) {
  if (status == SQLITE_INTERRUPT) {
    hrt_interrupted(env);
  }
  return status;
}

#endif
