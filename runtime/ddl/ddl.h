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

#include "registry/definition.h"

typedef enum hrt_ddl_action {
  HRT_DDL_CREATE,
  HRT_DDL_ADD_VERSION, /* ALTER n VERSION k AS source, and SET SOURCE (def.version 0: the next) */
  HRT_DDL_USE_VERSION,
  HRT_DDL_SET_OPTION,  /* one bit of def.options */
  HRT_DDL_SET_PROFILE, /* def.profile */
  HRT_DDL_GRANT,       /* def.capabilities */
  HRT_DDL_REVOKE,
  HRT_DDL_CANARY,   /* def.version, canary_percent, canary_error_rate */
  HRT_DDL_PROMOTE,  /* the canary becomes the current version */
  HRT_DDL_ROLLBACK, /* ends the canary, else back to the version before */
  HRT_DDL_REBUILD,  /* all its versions that can't run here */
  HRT_DDL_DROP,
  HRT_DDL_CREATE_EXTENSION, /* def.name: of the extension; options and grants of all its procedures
                             */
  HRT_DDL_DROP_EXTENSION,
  HRT_DDL_CALL, /* run SELECT "name" text[call, call + call_length) */
} hrt_ddl_action;

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
  bool quoted;      /* from '..': '' stands for ' */
  const char *text; /* all of it, for LANGUAGE sql; NULL: it was X'..' */
  size_t text_length;
  uint32_t offset;
} hrt_ddl_source;

/* Every field is set by the parser; no pointer but source.at. About 40 KiB: not for the stack. */
typedef struct hrt_ddl {
  hrt_ddl_action action;
  bool or_replace, if_exists, cascade, params_given;
  uint32_t canary_percent;  /* of statements, 1 to 100 */
  double canary_error_rate; /* percent of calls that ends the canary; 0: none does */
  hrt_definition def;       /* what the statement says; the rest is zero */
  hrt_ddl_source source;
  size_t call, call_length; /* CALL: the arguments, with their parentheses */
  const char *whole;        /* the text that was parsed */
  size_t end;               /* bytes of the text that the statement takes, with its ';' */
} hrt_ddl;

/* Does the text begin (after spaces and comments) with a statement that is ours? */
bool hrt_ddl_is(const char *text, size_t length);
/* *end: the bytes of the first statement with its ';', or length if it has none, and then the
 * answer is false. Sees $tag$ quoting. */
bool hrt_ddl_extent(size_t *end, const char *text, size_t length);
/* Is there nothing in the text but spaces, comments and ';'? */
bool hrt_ddl_blank(const char *text, size_t length);

/* Parses the one statement at the beginning of text, which must outlive *out. err->offset is the
 * byte. Errors: E_SYNTAX. */
int hrt_ddl_parse(hrt_ddl *out, const char *text, size_t length, helios_error *err);

#endif
