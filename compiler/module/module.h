/* module.h - a decoded WebAssembly module: tables of what its sections hold, with byte ranges
 * into the input for code and data. Made by decode.c, proved by validate.c, never changed after.
 *
 * Invariant: after hcc_decode every index range, count and byte range in it lies inside the input
 * and inside the limits of limits.h; after hcc_validate every index refers to something that is
 * there and has the right type. The input bytes must outlive the module. */
#ifndef HCC_MODULE_H
#define HCC_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Value types by their binary code (core specification 5.3.1-5.3.4) */
enum hcc_type {
  HCC_I32 = 0x7f,
  HCC_I64 = 0x7e,
  HCC_F32 = 0x7d,
  HCC_F64 = 0x7c,
  HCC_V128 = 0x7b,
  HCC_FUNCREF = 0x70,
  HCC_EXTERNREF = 0x6f,
};

/* Sections by their id (5.5.2). In a module data count stands before code. */
enum hcc_section {
  HCC_SECTION_CUSTOM,
  HCC_SECTION_TYPE,
  HCC_SECTION_IMPORT,
  HCC_SECTION_FUNCTION,
  HCC_SECTION_TABLE,
  HCC_SECTION_MEMORY,
  HCC_SECTION_GLOBAL,
  HCC_SECTION_EXPORT,
  HCC_SECTION_START,
  HCC_SECTION_ELEM,
  HCC_SECTION_CODE,
  HCC_SECTION_DATA,
  HCC_SECTION_DATA_COUNT,
};

/* Bytes [begin, end) of the input. */
typedef struct hcc_range {
  uint32_t begin, end;
} hcc_range;

typedef struct hcc_functype {
  const uint8_t *params, *results; /* enum hcc_type, one byte each */
  uint32_t param_count, result_count;
} hcc_functype;

typedef struct hcc_limits {
  uint32_t min, max; /* max only if has_max */
  bool has_max;
} hcc_limits;

enum hcc_kind { HCC_FUNC, HCC_TABLE, HCC_MEMORY, HCC_GLOBAL };

typedef struct hcc_import {
  hcc_range module, name; /* UTF-8, checked */
  enum hcc_kind kind;     /* decode keeps all kinds; the build refuses all but HCC_FUNC */
  uint32_t type;          /* HCC_FUNC: type index; HCC_TABLE, HCC_GLOBAL: enum hcc_type */
  hcc_limits limits;      /* HCC_TABLE, HCC_MEMORY */
  bool mutable;           /* HCC_GLOBAL */
} hcc_import;

typedef struct hcc_export {
  hcc_range name; /* UTF-8, checked, unique */
  enum hcc_kind kind;
  uint32_t index;
} hcc_export;

typedef struct hcc_func { /* all functions, imported first */
  uint32_t type;
  bool imported;
  bool declared_ref;    /* may be the operand of ref.func */
  hcc_range body;       /* local declarations and instructions; empty if imported */
  hcc_range code;       /* instructions only, the final end included */
  uint32_t local_count; /* parameters not counted */
  hcc_range name;       /* from the name section; empty if none */
} hcc_func;

typedef struct hcc_table { /* imported first */
  uint8_t type;
  hcc_limits limits;
} hcc_table;

typedef struct hcc_global { /* imported first */
  uint8_t type;
  bool mutable, imported;
  hcc_range init; /* constant expression, the end included */
} hcc_global;

enum hcc_segment_mode { HCC_ACTIVE, HCC_PASSIVE, HCC_DECLARATIVE };

typedef struct hcc_elem {
  enum hcc_segment_mode mode;
  uint8_t type;
  uint32_t table;
  hcc_range offset; /* HCC_ACTIVE: constant expression */
  uint32_t count;
  bool exprs;      /* items are constant expressions, else function indices (LEB128) */
  hcc_range items; /* count of them, back to back */
} hcc_elem;

/* Which of the eight ways (5.5.12) it is written: bit 0 if it is not active; bit 1 if a table is
 * named or it is declarative; bit 2 if its items are expressions. The type follows but for 0, 4. */
static inline uint32_t hcc_elem_form(const hcc_elem *e) {
  bool active = e->mode == HCC_ACTIVE;
  bool names = active ? e->table != 0 || e->type != HCC_FUNCREF : e->mode == HCC_DECLARATIVE;
  return (active ? 0u : 1u) | (names ? 2u : 0u) | (e->exprs ? 4u : 0u);
}

typedef struct hcc_data {
  enum hcc_segment_mode mode;
  hcc_range offset; /* HCC_ACTIVE: constant expression */
  hcc_range bytes;
} hcc_data;

typedef struct hcc_custom {
  hcc_range name, bytes;
} hcc_custom;

#define HCC_NO_START UINT32_MAX

typedef struct hcc_module {
  const uint8_t *bytes;
  uint32_t size;
  hcc_functype *types;
  hcc_import *imports;
  hcc_func *funcs;
  hcc_table *tables;
  hcc_limits *memories;
  hcc_global *globals;
  hcc_export *exports;
  hcc_elem *elems;
  hcc_data *datas;
  hcc_custom *customs;
  uint32_t type_count, import_count, func_count, imported_funcs, table_count, imported_tables;
  uint32_t memory_count, imported_memories, global_count, imported_globals, export_count;
  uint32_t elem_count, data_count, custom_count;
  uint32_t start; /* function index or HCC_NO_START */
  bool has_data_count;
  uint32_t declared_data_count; /* of the DataCount section */
  hcc_range code;               /* contents of the code section; empty if there is none */
  void *arena;                  /* owns all arrays */
} hcc_module;

/* Decodes the binary format (core specification 5). Errors: MALFORMED, LIMIT, PROPOSAL,
 * NO_MEMORY, with the offset. On success the caller owns *out. */
int hcc_decode(hcc_module **out, const uint8_t *bytes, size_t size, hcc_error *err);
void hcc_module_free(hcc_module *m); /* takes NULL */

/* Validates (core specification 3 and appendix A.3). Errors: INVALID (or MALFORMED for what the
 * specification calls malformed inside code), PROPOSAL, NO_MEMORY, with offset and function. */
int hcc_validate(const hcc_module *m, hcc_error *err);

#endif
