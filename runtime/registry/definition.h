/* definition.h - all that one version of a procedure declares: what the DDL parser makes, what a
 * row of helios_version holds. definition.c turns lists into the catalog's JSON and back; options.c
 * has the WITH options.
 *
 * Invariant: a definition read from a catalog is as hostile as one from SQL: every field is checked
 * and bounded here. */
#ifndef HRT_DEFINITION_H
#define HRT_DEFINITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugin/error.h"

#define HRT_NAME_BYTES 128 /* names, with the NUL; SQLite's own limit for functions is 255 */
#define HRT_TYPE_BYTES 32
#define HRT_CAPABILITY_BYTES 256
#define HRT_DEFAULT_BYTES 128
#define HRT_PLUGIN_OPTIONS_BYTES 64
#define HRT_PARAMS_MAX 100  /* as SQLite's default for function arguments */
#define HRT_COLUMNS_MAX 100 /* of RETURNS TABLE */
#define HRT_CAPABILITIES_MAX 64
#define HRT_HASH_BYTES 32 /* SHA-256 */

typedef enum hrt_option {
#define HRT_OPTION(NAME, name, kind, choices, doc) HRT_OPTION_##NAME,
#include "registry/options.def"
#undef HRT_OPTION
  HRT_OPTION_COUNT,
} hrt_option;

/* A type as written: the word in upper case (DOUBLE PRECISION is DOUBLE), (length), (length,
 * scale). */
typedef struct hrt_type_decl {
  char name[HRT_TYPE_BYTES]; /* "" if none was declared */
  uint32_t length, scale;    /* 0: not given */
} hrt_type_decl;

typedef struct hrt_param {
  char name[HRT_NAME_BYTES]; /* "" if it has none */
  hrt_type_decl type;
  char fallback[HRT_DEFAULT_BYTES]; /* DEFAULT: a literal of SQL, as written; "" if it has none */
} hrt_param;

typedef struct hrt_column {
  char name[HRT_NAME_BYTES];
  hrt_type_decl type;
} hrt_column;

/* What SQLite is told of a procedure. */
typedef struct hrt_shape {
  const char *name;
  int least, most; /* arguments */
  bool deterministic;
  bool aggregate;
  const char *table; /* hrt_table_key, if it returns a table, or NULL */
} hrt_shape;

/* About 70 KiB: not for the stack. */
typedef struct hrt_definition {
  int64_t procedure_id; /* 0: not in the catalog yet */
  int64_t stamp;        /* of the last change of the row */
  uint32_t version;     /* 0: the next free one */
  bool function;        /* FUNCTION was written, not PROCEDURE */
  bool aggregate;       /* AGGREGATE was */
  bool sql;             /* LANGUAGE sql; the module is its body */
  bool deterministic;
  bool called_on_null; /* STRICT is the default */
  char name[HRT_NAME_BYTES];
  char export_name[HRT_NAME_BYTES]; /* of the module; DDL: "" for the procedure's name */
  char profile[HRT_NAME_BYTES];     /* "": none */
  uint32_t param_count;
  hrt_param params[HRT_PARAMS_MAX];
  hrt_type_decl returns; /* name "": none, or */
  uint32_t column_count; /* RETURNS TABLE, if not 0 */
  hrt_column columns[HRT_COLUMNS_MAX];
  uint32_t capability_count;
  char capabilities[HRT_CAPABILITIES_MAX][HRT_CAPABILITY_BYTES];
  uint32_t options_given;            /* bit 1 << hrt_option */
  int64_t options[HRT_OPTION_COUNT]; /* units, bytes, milliseconds, 0/1, index of the choice */
  uint8_t module_hash[HRT_HASH_BYTES];
  char plugin_options[HRT_PLUGIN_OPTIONS_BYTES]; /* which compiled form, see helios_plugin */
} hrt_definition;

/* How a definition's module is compiled. */
typedef struct hrt_form {
  const char *tier; /* "baseline", "optimizing" */
  bool no_fuel;
} hrt_form;
hrt_form hrt_definition_form(const hrt_definition *d);
/* Its name in helios_plugin.options: "tier=baseline,fuel=off". */
void hrt_form_name(char out[HRT_PLUGIN_OPTIONS_BYTES], const hrt_form *form);
/* Is this switch set to false? */
bool hrt_definition_off(const hrt_definition *d, hrt_option option);

/* Parameters before the first one that has a DEFAULT. */
uint32_t hrt_definition_required(const hrt_definition *d);
hrt_shape hrt_definition_shape(const hrt_definition *d); /* without table; borrows d's name */
/* All that a virtual table of a procedure which returns a table is made from, as one text: as long
 * as it is the same, so is the virtual table. hrt_free it. NULL: out of memory. */
char *hrt_table_key(const hrt_definition *d);

/* The catalog's JSON of a list:
 * [{"name":"a","type":"DECIMAL","length":10,"scale":2,"default":"0"}];
 * {"type":"TEXT"}, {"table":[{"name":"a","type":"TEXT"}, ...]} or null; ["read:t", ...];
 * {"fuel_limit":5}. hrt_free it. NULL: out of memory. */
char *hrt_params_json(const hrt_definition *d);
char *hrt_returns_json(const hrt_definition *d);
char *hrt_capabilities_json(const hrt_definition *d);
char *hrt_options_json(const hrt_definition *d);

/* And back; strict: an unknown or missing field, a wrong type or a number out of range is E_BROKEN.
 */
int hrt_params_read(hrt_definition *d, const char *json, helios_error *err);
int hrt_returns_read(hrt_definition *d, const char *json, helios_error *err);
int hrt_capabilities_read(hrt_definition *d, const char *json, helios_error *err);
int hrt_options_read(hrt_definition *d, const char *json, helios_error *err);

const char *hrt_option_name(hrt_option option);
/* Index of an option name (any case), or -1. */
int hrt_option_find(const char *name, size_t length);
/* Text of a COUNT, SIZE, DURATION, SWITCH or CHOICE option to its number. Errors: E_SYNTAX. */
int hrt_option_parse(int64_t *out, hrt_option option, const char *text, size_t length,
                     helios_error *err);
/* Can it be the value of this option? For a number that was not parsed here. */
bool hrt_option_valid(hrt_option option, int64_t value);
/* Word of a CHOICE value, e.g. "baseline"; "" if there is none. Returns out. */
const char *hrt_option_choice(hrt_option option, int64_t value, char *out, size_t size);

#endif
