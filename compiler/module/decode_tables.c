/* decode_tables.c - the sections that declare things: types, imports, functions, tables, memories,
 * globals, exports, the start function. It judges form and limits only; whether an index refers to
 * something is validate.c's. Invariants: see decode_internal.h. */
#include <inttypes.h>
#include <string.h>

#include "decode_internal.h"
#include "instr.h"
#include "limits.h"

static int decode_type_list(const uint8_t **out, uint32_t *count, const char *what, uint32_t limit,
                            hcc__decoder *d) {
  uint8_t type;
  int status;
  HCC_TRY(hcc_read_count(count, what, limit, 1, &d->r, d->err));
  *out = d->r.bytes + d->r.pos; /* a type is a byte, so the input is the array */
  for (uint32_t i = 0; i < *count; i++) {
    HCC_TRY(hcc_read_type(&type, &d->r, d->err));
  }
out:
  return status;
}

static int decode_type(hcc_functype *out, hcc__decoder *d) {
  uint32_t at = d->r.pos;
  uint8_t form;
  int status;
  HCC_TRY(hcc_read_byte(&form, &d->r, d->err));
  if (form == 0x5e || form == 0x5f || (form >= 0x4e && form <= 0x50)) {
    status = hcc_fail(d->err, HCC_E_PROPOSAL, at, "type form 0x%02x needs the GC proposal", form);
    goto out;
  }
  if (form == 0x5d) {
    status = hcc_fail(d->err, HCC_E_PROPOSAL, at,
                      "a continuation type needs the stack switching proposal");
    goto out;
  }
  if (form != 0x60) {
    status = hcc_fail(d->err, HCC_E_MALFORMED, at, "malformed type form 0x%02x", form);
    goto out;
  }
  HCC_TRY(decode_type_list(&out->params, &out->param_count, "parameters", HCC_MAX_PARAMS, d));
  HCC_TRY(decode_type_list(&out->results, &out->result_count, "results", HCC_MAX_RESULTS, d));
out:
  return status;
}

int hcc__decode_types(hcc__decoder *d) {
  hcc_module *m = d->m;
  uint32_t count;
  int status;
  HCC_TRY(hcc_read_count(&count, "types", HCC_MAX_TYPES, 3, &d->r, d->err));
  m->types = hcc__decode_array(d, count, sizeof *m->types);
  if (m->types == NULL) {
    status = HCC_E_NO_MEMORY;
    goto out;
  }
  for (; m->type_count < count; m->type_count++) {
    HCC_TRY(decode_type(&m->types[m->type_count], d));
  }
out:
  return status;
}

/* The flags byte of limits; bits 1-3 belong to proposals. */
static int check_limits_flags(uint8_t flags, const char *what, uint32_t at, hcc__decoder *d) {
  if (flags >= 0x10) {
    return hcc_fail(d->err, HCC_E_MALFORMED, at, "malformed limits flags 0x%02x", flags);
  }
  if (flags & 8) {
    return hcc_fail(d->err, HCC_E_PROPOSAL, at,
                    "a %s with its own page size needs the custom page sizes proposal", what);
  }
  if (flags & 4) {
    return hcc_fail(d->err, HCC_E_PROPOSAL, at,
                    "a %s with 64-bit indices needs the memory64 proposal", what);
  }
  if (flags & 2) {
    return hcc_fail(d->err, HCC_E_PROPOSAL, at, "a shared %s needs the threads proposal", what);
  }
  return 0;
}

static int decode_limits(hcc_limits *out, const char *what, hcc__decoder *d) {
  uint32_t at = d->r.pos;
  hcc_limits limits = {0};
  uint8_t flags;
  int status;
  HCC_TRY(hcc_read_byte(&flags, &d->r, d->err));
  HCC_TRY(check_limits_flags(flags, what, at, d));
  limits.has_max = flags & 1;
  HCC_TRY(hcc_read_u32(&limits.min, &d->r, d->err));
  if (limits.has_max) {
    HCC_TRY(hcc_read_u32(&limits.max, &d->r, d->err));
  }
  *out = limits;
out:
  return status;
}

static int decode_table(hcc_table *out, hcc__decoder *d) {
  uint32_t at = d->r.pos;
  int status;
  if (at < d->r.end && d->r.bytes[at] == 0x40) {
    status = hcc_fail(d->err, HCC_E_PROPOSAL, at,
                      "a table with an initial value needs the function references proposal");
    goto out;
  }
  HCC_TRY(hcc_read_ref_type(&out->type, &d->r, d->err));
  at = d->r.pos;
  HCC_TRY(decode_limits(&out->limits, "table", d));
  d->table_elements += out->limits.min;
  if (d->table_elements > HCC_MAX_TABLE_ELEMENTS) {
    status = hcc_fail(d->err, HCC_E_LIMIT, at,
                      "tables of %" PRIu64 " elements together, at most %u are allowed",
                      d->table_elements, HCC_MAX_TABLE_ELEMENTS);
  }
out:
  return status;
}

static int decode_global_type(uint8_t *type, bool *mutable, hcc__decoder *d) {
  uint8_t flags;
  int status;
  HCC_TRY(hcc_read_type(type, &d->r, d->err));
  HCC_TRY(hcc_read_byte(&flags, &d->r, d->err));
  if (flags == 2 || flags == 3) {
    status = hcc_fail(d->err, HCC_E_PROPOSAL, d->r.pos - 1,
                      "a shared global needs the threads proposal");
  } else if (flags > 3) {
    status = hcc_fail(d->err, HCC_E_MALFORMED, d->r.pos - 1, "malformed mutability 0x%02x", flags);
  }
  *mutable = flags & 1;
out:
  return status;
}

static int decode_import_type(hcc_import *out, uint8_t kind, uint32_t at, hcc__decoder *d) {
  hcc_table table;
  uint8_t type = 0;
  int status;
  out->kind = (enum hcc_kind)kind;
  switch (kind) {
  case HCC_FUNC:
    HCC_TRY(hcc_read_u32(&out->type, &d->r, d->err));
    d->m->imported_funcs++;
    break;
  case HCC_TABLE:
    HCC_TRY(decode_table(&table, d));
    out->type = table.type;
    out->limits = table.limits;
    d->m->imported_tables++;
    break;
  case HCC_MEMORY:
    HCC_TRY(decode_limits(&out->limits, "memory", d));
    d->m->imported_memories++;
    break;
  case HCC_GLOBAL:
    HCC_TRY(decode_global_type(&type, &out->mutable, d));
    out->type = type;
    d->m->imported_globals++;
    break;
  case 4:
    status = hcc_fail(d->err, HCC_E_PROPOSAL, at, "a tag import needs the exceptions proposal");
    break;
  default:
    status = hcc_fail(d->err, HCC_E_MALFORMED, at, "malformed import kind 0x%02x", kind);
    break;
  }
out:
  return status;
}

static int decode_import(hcc_import *out, hcc__decoder *d) {
  uint8_t kind;
  int status;
  HCC_TRY(hcc__decode_name(&out->module, d));
  HCC_TRY(hcc__decode_name(&out->name, d));
  HCC_TRY(hcc_read_byte(&kind, &d->r, d->err));
  HCC_TRY(decode_import_type(out, kind, d->r.pos - 1, d));
out:
  return status;
}

/* *array of count items becomes one of count + more; the old one stays in the arena. */
static int extend(void *array, uint32_t count, uint32_t more, size_t size, hcc__decoder *d) {
  void **old = array;
  void *items = hcc__decode_array(d, (size_t)count + more, size);
  if (items == NULL) {
    return HCC_E_NO_MEMORY;
  }
  if (count != 0) {
    memcpy(items, *old, count * size);
  }
  *old = items;
  return 0;
}

static void add_imported(hcc_module *m, const hcc_import *import) {
  switch (import->kind) {
  case HCC_FUNC:
    m->funcs[m->func_count++] = (hcc_func){.type = import->type, .imported = true};
    break;
  case HCC_TABLE:
    m->tables[m->table_count++] =
        (hcc_table){.type = (uint8_t)import->type, .limits = import->limits};
    break;
  case HCC_MEMORY:
    m->memories[m->memory_count++] = import->limits;
    break;
  case HCC_GLOBAL:
    m->globals[m->global_count++] =
        (hcc_global){.type = (uint8_t)import->type, .mutable = import->mutable, .imported = true};
    break;
  }
}

static int check_memories(uint32_t count, uint32_t at, hcc__decoder *d) {
  if (count > 1) {
    return hcc_fail(d->err, HCC_E_PROPOSAL, at,
                    "%" PRIu32 " memories need the multi-memory proposal", count);
  }
  return 0;
}

int hcc__decode_imports(hcc__decoder *d) {
  hcc_module *m = d->m;
  uint32_t at = d->r.pos, count;
  int status;
  HCC_TRY(hcc_read_count(&count, "imports", HCC_MAX_IMPORTS, 4, &d->r, d->err));
  HCC_TRY(extend(&m->imports, 0, count, sizeof *m->imports, d));
  for (; m->import_count < count; m->import_count++) {
    HCC_TRY(decode_import(&m->imports[m->import_count], d));
  }
  HCC_TRY(check_memories(m->imported_memories, at, d));
  HCC_TRY(extend(&m->funcs, 0, m->imported_funcs, sizeof *m->funcs, d));
  HCC_TRY(extend(&m->tables, 0, m->imported_tables, sizeof *m->tables, d));
  HCC_TRY(extend(&m->memories, 0, m->imported_memories, sizeof *m->memories, d));
  HCC_TRY(extend(&m->globals, 0, m->imported_globals, sizeof *m->globals, d));
  for (uint32_t i = 0; i < count; i++) {
    add_imported(m, &m->imports[i]);
  }
out:
  return status;
}

int hcc__decode_functions(hcc__decoder *d) {
  hcc_module *m = d->m;
  uint32_t count;
  int status;
  HCC_TRY(hcc_read_count(&count, "functions", HCC_MAX_FUNCS - m->func_count, 1, &d->r, d->err));
  HCC_TRY(extend(&m->funcs, m->func_count, count, sizeof *m->funcs, d));
  for (uint32_t i = 0; i < count; i++) {
    HCC_TRY(hcc_read_u32(&m->funcs[m->func_count].type, &d->r, d->err));
    m->func_count++;
  }
out:
  return status;
}

int hcc__decode_tables(hcc__decoder *d) {
  hcc_module *m = d->m;
  uint32_t count;
  int status;
  uint32_t limit = m->table_count < HCC_MAX_TABLES ? HCC_MAX_TABLES - m->table_count : 0;
  HCC_TRY(hcc_read_count(&count, "tables", limit, 3, &d->r, d->err));
  HCC_TRY(extend(&m->tables, m->table_count, count, sizeof *m->tables, d));
  for (uint32_t i = 0; i < count; i++) {
    HCC_TRY(decode_table(&m->tables[m->table_count], d));
    m->table_count++;
  }
out:
  return status;
}

int hcc__decode_memories(hcc__decoder *d) {
  hcc_module *m = d->m;
  uint32_t at = d->r.pos, count;
  int status;
  HCC_TRY(hcc_read_count(&count, "memories", UINT32_MAX - 1, 2, &d->r, d->err));
  HCC_TRY(check_memories(m->memory_count + count, at, d));
  HCC_TRY(extend(&m->memories, m->memory_count, count, sizeof *m->memories, d));
  for (uint32_t i = 0; i < count; i++) {
    HCC_TRY(decode_limits(&m->memories[m->memory_count], "memory", d));
    m->memory_count++;
  }
out:
  return status;
}

int hcc__decode_globals(hcc__decoder *d) {
  hcc_module *m = d->m;
  uint32_t count;
  int status;
  HCC_TRY(hcc_read_count(&count, "globals", HCC_MAX_GLOBALS - m->global_count, 3, &d->r, d->err));
  HCC_TRY(extend(&m->globals, m->global_count, count, sizeof *m->globals, d));
  for (uint32_t i = 0; i < count; i++) {
    hcc_global *global = &m->globals[m->global_count];
    HCC_TRY(decode_global_type(&global->type, &global->mutable, d));
    HCC_TRY(hcc_expr_next(&global->init, &d->r, d->err));
    m->global_count++;
  }
out:
  return status;
}

static int decode_export(hcc_export *out, hcc__decoder *d) {
  uint8_t kind;
  int status;
  HCC_TRY(hcc__decode_name(&out->name, d));
  HCC_TRY(hcc_read_byte(&kind, &d->r, d->err));
  if (kind == 4) {
    status = hcc_fail(d->err, HCC_E_PROPOSAL, d->r.pos - 1,
                      "a tag export needs the exceptions proposal");
    goto out;
  }
  if (kind > HCC_GLOBAL) {
    status = hcc_fail(d->err, HCC_E_MALFORMED, d->r.pos - 1, "malformed export kind 0x%02x", kind);
    goto out;
  }
  out->kind = (enum hcc_kind)kind;
  HCC_TRY(hcc_read_u32(&out->index, &d->r, d->err));
out:
  return status;
}

int hcc__decode_exports(hcc__decoder *d) {
  hcc_module *m = d->m;
  uint32_t count;
  int status;
  HCC_TRY(hcc_read_count(&count, "exports", HCC_MAX_EXPORTS, 3, &d->r, d->err));
  HCC_TRY(extend(&m->exports, 0, count, sizeof *m->exports, d));
  for (; m->export_count < count; m->export_count++) {
    HCC_TRY(decode_export(&m->exports[m->export_count], d));
  }
out:
  return status;
}

int hcc__decode_start(hcc__decoder *d) {
  return hcc_read_u32(&d->m->start, &d->r, d->err);
}
