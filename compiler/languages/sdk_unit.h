/* sdk_unit.h - what a C or C++ source means as procedures: each function that it defines and does
 * not hide (static, inline, `@helios private`) is one, by the types of sdk_types.def and by what
 * its comment and annotations say.
 *
 * Invariant: names in a unit are identifiers of ASCII letters, digits and '_', so they may stand in
 * the glue's text; all else of the source stays data. */
#ifndef HCC_SDK_UNIT_H
#define HCC_SDK_UNIT_H

#include "buf.h"
#include "unit.h"

enum hcc_form {
  HCC_FORM_BOOL,
  HCC_FORM_I32,
  HCC_FORM_I64,
  HCC_FORM_F32,
  HCC_FORM_F64,
  HCC_FORM_TEXT,
  HCC_FORM_SPAN,
  HCC_FORM_CELL,
};

typedef struct hcc_sdk_type {
  const char *c, *sql;
  enum hcc_form form;
} hcc_sdk_type;

typedef struct hcc_sdk_procedure {
  hcc_procedure said;         /* nullable: comes as a pointer, 0 for NULL */
  const char *symbol;         /* of the linker: C++ has its own names */
  const hcc_sdk_type **types; /* of its parameters */
  const hcc_sdk_type *result; /* NULL: none */
  bool cells;                 /* one may be NULL: all arguments come as cells */
} hcc_sdk_procedure;

typedef struct hcc_sdk_unit {
  hcc_unit said;
  hcc_sdk_procedure *procedures;
  uint32_t procedure_count;
  bool raw; /* has HELIOS_PROCEDURE or HELIOS_MANIFEST: built as it stands */
} hcc_sdk_unit;

/* json: of hcc_prototypes_read; it must live as long as *out. Everything that is wrong goes to the
 * listener with its place; then the error is SOURCE. hcc_sdk_unit_free takes one that failed. */
int hcc_sdk_unit_read(hcc_sdk_unit *out, const cJSON *json, const char *file,
                      const hcc_listener *listener, hcc_error *err);
void hcc_sdk_unit_free(hcc_sdk_unit *u);

/* sdk_glue.c: the C text that exports the procedures. libc: the module has a C library; else the
 * glue has the functions that clang calls by itself. */
void hcc_sdk_glue(hcc_buf *out, const hcc_sdk_unit *u, bool libc);

#endif
