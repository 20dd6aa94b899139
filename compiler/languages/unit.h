/* unit.h - what a source says of its procedures, whichever language it is in: the readers of C,
 * JavaScript and Python fill these, and the manifest is written from them.
 *
 * Invariant: all that is wrong was said to the listener, with its place, and is counted. */
#ifndef HCC_UNIT_H
#define HCC_UNIT_H

#include <cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "error.h"
#include "message.h"

typedef struct hcc_param {
  const char *name, *sql; /* sql: type of sqltypes.def */
  const char *fallback;   /* DEFAULT, a literal of SQL; NULL: none */
  bool nullable;
  char kind; /* a letter for QuickJS's glue; '-': nothing to say */
} hcc_param;

typedef struct hcc_column {
  const char *name, *sql;
} hcc_column;

typedef struct hcc_procedure {
  const char *function, *name; /* in the source, in SQL */
  hcc_param *params;
  uint32_t param_count;
  const char *result;  /* type of SQL; NULL: none */
  hcc_column *columns; /* RETURNS TABLE; NULL: none, or as CREATE declares them */
  uint32_t column_count;
  const char *state; /* "call", "statement", "connection" */
  bool deterministic, hidden, strict;
} hcc_procedure;

typedef struct hcc_unit {
  hcc_arena arena;
  const char *file; /* of the source, for messages */
  const hcc_listener *listener;
  cJSON *capabilities, *procedures; /* of the manifest */
  uint32_t errors;
  bool no_memory;
} hcc_unit;

/* What has no memory says so in u->no_memory. */
void hcc_unit_begin(hcc_unit *u, const char *file, const hcc_listener *listener);
void hcc_unit_free(hcc_unit *u);

/* An error in the source. hint may be NULL. */
void hcc_unit_wrong(hcc_unit *u, hcc_place at, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A copy that lives as long as the unit; "" without memory. */
const char *hcc_unit_keep(hcc_unit *u, const char *text, size_t n);
hcc_param *hcc_unit_find_param(const hcc_procedure *p, const char *name, size_t n);

/* words.c: the n bytes behind "@helios" in a comment or an attribute of p, whose parameters are
 * there already, by name. */
void hcc_unit_words(hcc_unit *u, hcc_procedure *p, const char *text, size_t n, hcc_place at);

/* Adds p to the manifest's procedures, unless it gives a value and a table. */
void hcc_unit_add(hcc_unit *u, const hcc_procedure *p, hcc_place at);
/* SOURCE if anything was wrong or there is no procedure (none says why), NO_MEMORY. */
int hcc_unit_check(const hcc_unit *u, const char *none, hcc_error *err);
/* The manifest, of a module of this name (NULL: of none), for cJSON_free; NULL without memory. */
char *hcc_unit_manifest(const hcc_unit *u, const char *module);

#endif
