/* script_unit.h - what a script means as procedures, for the languages that an interpreter runs:
 * the language's own reader adds procedures, parameters and files, this makes the module of them:
 * the files and types of helios.script (sdk/engine/script.h), the manifest, the engine.
 *
 * Invariant: all that is wrong was said to the listener, with its place; then no module is made. */
#ifndef HCC_SCRIPT_UNIT_H
#define HCC_SCRIPT_UNIT_H

#include <cJSON.h>

#include "arena.h"
#include "buf.h"
#include "engines.h"
#include "source.h"

#define HCC_SCRIPT_PARAMS 100u /* as the engine's HRT_PARAMS_MAX */

typedef struct hcc_script_param {
  const char *name, *sql; /* sql: type of sqltypes.def, "ANY" until it is known */
  char kind;              /* a letter for the engine's glue; '-': nothing to say */
  bool nullable;
  const char *fallback; /* DEFAULT, a literal of SQL; NULL: none */
} hcc_script_param;

typedef struct hcc_script_procedure {
  const char *function, *name; /* in the script, in SQL */
  unsigned line, column;
  hcc_script_param params[HCC_SCRIPT_PARAMS];
  uint32_t param_count;
  const char *result; /* type of SQL; NULL: none */
  const char *state;  /* "call", "statement", "connection" */
  bool deterministic, hidden;
} hcc_script_procedure;

typedef struct hcc_script_unit {
  hcc_arena arena;
  const char *file; /* of the source, for messages */
  const hcc_listener *listener;
  hcc_script_procedure *procedures[1000]; /* HSB_SCRIPT_NAMES_MAX */
  uint32_t procedure_count;
  cJSON *capabilities;
  hcc_buf files;
  uint32_t file_count;
  bool wrong, no_memory;
} hcc_script_unit;

void hcc_script_unit_begin(hcc_script_unit *u, const char *file, const hcc_listener *listener);
void hcc_script_unit_free(hcc_script_unit *u);

/* An error in the source, in file (NULL: u->file). hint may be NULL. */
void hcc_script_wrong(hcc_script_unit *u, unsigned line, unsigned column, const char *hint,
                      const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A copy that lives as long as the unit; "" without memory. */
const char *hcc_script_keep(hcc_script_unit *u, const char *text, size_t n);

/* NULL: there are too many (it was said), or no memory. */
hcc_script_procedure *hcc_script_add(hcc_script_unit *u, const char *name, size_t n, unsigned line,
                                     unsigned column);
hcc_script_param *hcc_script_add_param(hcc_script_unit *u, hcc_script_procedure *p,
                                       const char *name, size_t n);
hcc_script_param *hcc_script_find_param(hcc_script_procedure *p, const char *name, size_t n);
/* The n bytes behind "@helios " in a comment of p, at this line. */
void hcc_script_words(hcc_script_unit *u, hcc_script_procedure *p, const char *text, size_t n,
                      unsigned line);
/* Adds capabilities, "read:orders, log", that the list has not yet; changes words. */
void hcc_script_capabilities(cJSON *list, char *words);
/* A file of the script, the main one first. */
void hcc_script_file(hcc_script_unit *u, const char *name, const void *bytes, size_t size);

/* The module. Errors: SOURCE, LIMIT, NO_MEMORY, those of hcc_engine. */
int hcc_script_finish(hcc_module_bytes *out, hcc_script_unit *u, enum hcc_engine_id engine,
                      hcc_error *err);

#endif
