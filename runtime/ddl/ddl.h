/* ddl.h - the statements that SQLite does not know: CREATE / ALTER / DROP PROCEDURE and FUNCTION,
 * CALL. parser.c makes an hrt_ddl of a text; apply.c carries it out on the catalog. docs/sql.md has
 * the grammar.
 *
 * Invariants: the parser reads text only and decides nothing that needs a database; a clause that
 * it knows but the engine can't honour yet is an error that names the clause, never ignored. */
#ifndef HRT_DDL_H
#define HRT_DDL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugin/error.h"

#define HRT_NAME_BYTES 128 /* names, with the NUL; SQLite's own limit for functions is 255 */
#define HRT_TYPE_BYTES 32
#define HRT_CAPABILITY_BYTES 256
#define HRT_PARAMS_MAX 100 /* as SQLite's default for function arguments */
#define HRT_CAPABILITIES_MAX 64

typedef enum hrt_ddl_action {
  HRT_DDL_CREATE,
  HRT_DDL_ADD_VERSION, /* ALTER n VERSION k AS source, and SET SOURCE (version 0: the next) */
  HRT_DDL_USE_VERSION,
  HRT_DDL_SET_OPTION,  /* one bit of `options` */
  HRT_DDL_SET_PROFILE, /* `profile` */
  HRT_DDL_GRANT,       /* `capabilities` */
  HRT_DDL_REVOKE,
  HRT_DDL_DROP,
  HRT_DDL_CALL, /* run SELECT text[call, call + call_length) */
} hrt_ddl_action;

typedef enum hrt_option {
#define HRT_OPTION(NAME, name, kind, only, doc) HRT_OPTION_##NAME,
#include "ddl/options.def"
#undef HRT_OPTION
  HRT_OPTION_COUNT,
} hrt_option;

const char *hrt_option_name(hrt_option option);

/* A type as written: the word in upper case (DOUBLE PRECISION is DOUBLE), (length), (length,
 * scale). */
typedef struct hrt_ddl_type {
  char name[HRT_TYPE_BYTES]; /* "" if none was declared */
  uint32_t length, scale;    /* 0: not given */
  uint32_t offset;           /* in the statement */
} hrt_ddl_type;

typedef struct hrt_ddl_param {
  char name[HRT_NAME_BYTES]; /* "" if it has none */
  hrt_ddl_type type;
} hrt_ddl_param;

typedef enum hrt_source_kind {
  HRT_SOURCE_NONE,
  HRT_SOURCE_PATH,   /* of a .wasm, .wat or plugin */
  HRT_SOURCE_HEX,    /* digits */
  HRT_SOURCE_BASE64, /* with white space */
} hrt_source_kind;

/* Points into the statement's text; a doubled quote in it is still doubled. */
typedef struct hrt_ddl_source {
  hrt_source_kind kind;
  const char *at;
  size_t length;
  bool quoted; /* from '..': '' stands for ' */
  uint32_t offset;
} hrt_ddl_source;

/* Every field is set by the parser; no pointer but source.at. About 60 KiB: not for the stack. */
typedef struct hrt_ddl {
  hrt_ddl_action action;
  bool function; /* FUNCTION was written, not PROCEDURE */
  bool or_replace, if_exists, cascade;
  bool deterministic, called_on_null, null_rule_given; /* STRICT is the default */
  bool params_given;
  char name[HRT_NAME_BYTES];
  char export_name[HRT_NAME_BYTES]; /* "" : the procedure's name */
  char profile[HRT_NAME_BYTES];     /* "" : none given */
  uint32_t version;                 /* of ALTER */
  uint32_t param_count;
  hrt_ddl_param params[HRT_PARAMS_MAX];
  hrt_ddl_type returns;
  uint32_t capability_count;
  char capabilities[HRT_CAPABILITIES_MAX][HRT_CAPABILITY_BYTES];
  uint32_t options_given;            /* bit 1 << hrt_option */
  int64_t options[HRT_OPTION_COUNT]; /* units, bytes, milliseconds, 0/1, index of the choice */
  hrt_ddl_source source;
  size_t call, call_length; /* CALL: the text from the name to the closing parenthesis */
  size_t end;               /* bytes of the text that the statement takes, with its ';' */
} hrt_ddl;

/* Does the text begin (after spaces and comments) with a statement that is ours? */
bool hrt_ddl_is(const char *text, size_t length);
/* Bytes of the first statement with its ';', or length if it has none; sees $tag$ quoting. */
size_t hrt_ddl_extent(const char *text, size_t length);

/* Parses the one statement at the beginning of text, which must outlive *out. err->offset is the
 * byte. Errors: E_SYNTAX. */
int hrt_ddl_parse(hrt_ddl *out, const char *text, size_t length, helios_error *err);

/* Text of a COUNT, SIZE, DURATION, SWITCH or CHOICE option to its number; also for values that come
 * from a module's manifest. Errors: E_SYNTAX. */
int hrt_option_parse(int64_t *out, hrt_option option, const char *text, size_t length,
                     helios_error *err);
/* Index of an option name (any case), or -1. */
int hrt_option_find(const char *name, size_t length);
/* Word of a CHOICE value, e.g. "baseline". */
const char *hrt_option_choice(hrt_option option, int64_t value, char *out, size_t size);

#endif
