/* validate.c - validates a module (core specification 3.4): what its declarations, segments and
 * exports refer to; the function bodies are validate_expr.c's. It changes nothing in the module. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "validate_internal.h"

#define MAX_PAGES 65536u /* of 64 KiB: what a 32-bit index reaches */

static int check_index(hcc__validator *v, const char *what, uint32_t index, uint32_t count,
                       uint64_t offset) {
  return index < count
             ? 0
             : hcc_fail(v->err, HCC_E_INVALID, offset, "unknown %s %" PRIu32, what, index);
}

static int validate_func_types(hcc__validator *v) {
  const hcc_module *m = v->m;
  for (uint32_t i = 0; i < m->func_count; i++) {
    int status = check_index(v, "type", m->funcs[i].type, m->type_count, HCC_NO_OFFSET);
    if (status != 0) {
      if (v->err != NULL) {
        v->err->func = i;
      }
      return status;
    }
  }
  return 0;
}

static int validate_limits(hcc__validator *v, const char *what, const hcc_limits *limits,
                           uint32_t most) {
  uint32_t largest = limits->has_max && limits->max > limits->min ? limits->max : limits->min;
  if (largest > most) {
    return hcc_fail(v->err, HCC_E_INVALID, HCC_NO_OFFSET,
                    "%s size must be at most %" PRIu32 " pages, found %" PRIu32, what, most,
                    largest);
  }
  if (limits->has_max && limits->min > limits->max) {
    return hcc_fail(v->err, HCC_E_INVALID, HCC_NO_OFFSET,
                    "%s size minimum %" PRIu32 " must not be greater than maximum %" PRIu32, what,
                    limits->min, limits->max);
  }
  return 0;
}

static int validate_all_limits(hcc__validator *v) {
  const hcc_module *m = v->m;
  int status = 0;
  for (uint32_t i = 0; i < m->table_count; i++) {
    HCC_TRY(validate_limits(v, "table", &m->tables[i].limits, UINT32_MAX));
  }
  for (uint32_t i = 0; i < m->memory_count; i++) {
    HCC_TRY(validate_limits(v, "memory", &m->memories[i], MAX_PAGES));
  }
out:
  return status;
}

static int validate_globals(hcc__validator *v) {
  const hcc_module *m = v->m;
  int status = 0;
  for (uint32_t i = m->imported_globals; i < m->global_count; i++) {
    HCC_TRY(hcc__validate_constant(v, m->globals[i].init, m->globals[i].type));
  }
out:
  return status;
}

static int validate_items(hcc__validator *v, const hcc_elem *elem) {
  hcc_reader r = {v->m->bytes, elem->items.begin, elem->items.end};
  uint32_t index;
  int status = 0;
  for (uint32_t i = 0; i < elem->count; i++) {
    uint32_t at = r.pos;
    HCC_TRY(hcc_read_u32(&index, &r, v->err));
    HCC_TRY(check_index(v, "function", index, v->m->func_count, at));
  }
out:
  return status;
}

static int validate_item_exprs(hcc__validator *v, const hcc_elem *elem) {
  hcc_reader r = {v->m->bytes, elem->items.begin, elem->items.end};
  hcc_range expr;
  int status = 0;
  for (uint32_t i = 0; i < elem->count; i++) {
    HCC_TRY(hcc_expr_next(&expr, &r, v->err));
    HCC_TRY(hcc__validate_constant(v, expr, elem->type));
  }
out:
  return status;
}

static int validate_elem(hcc__validator *v, const hcc_elem *elem) {
  const hcc_module *m = v->m;
  int status = 0;
  if (elem->mode == HCC_ACTIVE) {
    HCC_TRY(check_index(v, "table", elem->table, m->table_count, elem->offset.begin));
    if (m->tables[elem->table].type != elem->type) {
      status = hcc_fail(v->err, HCC_E_INVALID, elem->offset.begin,
                        "type mismatch: table %" PRIu32 " expects %s, found %s", elem->table,
                        hcc_type_name(m->tables[elem->table].type), hcc_type_name(elem->type));
      goto out;
    }
    HCC_TRY(hcc__validate_constant(v, elem->offset, HCC_I32));
  }
  HCC_TRY(elem->exprs ? validate_item_exprs(v, elem) : validate_items(v, elem));
out:
  return status;
}

static int validate_segments(hcc__validator *v) {
  const hcc_module *m = v->m;
  int status = 0;
  for (uint32_t i = 0; i < m->elem_count; i++) {
    HCC_TRY(validate_elem(v, &m->elems[i]));
  }
  for (uint32_t i = 0; i < m->data_count; i++) {
    if (m->datas[i].mode == HCC_ACTIVE) {
      HCC_TRY(check_index(v, "memory", 0, m->memory_count, m->datas[i].offset.begin));
      HCC_TRY(hcc__validate_constant(v, m->datas[i].offset, HCC_I32));
    }
  }
out:
  return status;
}

struct name {
  const uint8_t *bytes;
  uint32_t size, offset;
};

static int compare_names(const void *left, const void *right) {
  const struct name *a = left, *b = right;
  uint32_t size = a->size < b->size ? a->size : b->size;
  int order = size != 0 ? memcmp(a->bytes, b->bytes, size) : 0;
  if (order == 0 && a->size != b->size) {
    order = a->size < b->size ? -1 : 1;
  }
  if (order == 0 && a->offset != b->offset) {
    order = a->offset < b->offset ? -1 : 1; /* so that the later one is reported */
  }
  return order;
}

static int fail_duplicate(hcc__validator *v, const struct name *name) {
  char text[HCC_ESCAPED];
  return hcc_fail(v->err, HCC_E_INVALID, name->offset, "duplicate export name '%s'",
                  hcc_escape(text, name->bytes, name->size));
}

static int validate_export_names(hcc__validator *v) {
  const hcc_module *m = v->m;
  struct name *names = calloc(m->export_count + 1u, sizeof *names);
  int status = 0;
  if (names == NULL) {
    status = hcc_fail(v->err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for export names");
    goto out;
  }
  for (uint32_t i = 0; i < m->export_count; i++) {
    hcc_range name = m->exports[i].name;
    names[i] = (struct name){m->bytes + name.begin, name.end - name.begin, name.begin};
  }
  qsort(names, m->export_count, sizeof *names, compare_names);
  for (uint32_t i = 1; i < m->export_count; i++) {
    const struct name *a = &names[i - 1], *b = &names[i];
    if (a->size == b->size && (a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0)) {
      status = fail_duplicate(v, b);
      goto out;
    }
  }
out:
  free(names);
  return status;
}

static int validate_exports(hcc__validator *v) {
  const hcc_module *m = v->m;
  const struct {
    const char *what;
    uint32_t count;
  } kinds[] = {
      [HCC_FUNC] = {"function", m->func_count},
      [HCC_TABLE] = {"table", m->table_count},
      [HCC_MEMORY] = {"memory", m->memory_count},
      [HCC_GLOBAL] = {"global", m->global_count},
  };
  int status = 0;
  for (uint32_t i = 0; i < m->export_count; i++) {
    const hcc_export *export = &m->exports[i];
    HCC_TRY(check_index(v, kinds[export->kind].what, export->index, kinds[export->kind].count,
                        export->name.end));
  }
  HCC_TRY(validate_export_names(v));
out:
  return status;
}

static int validate_start(hcc__validator *v) {
  const hcc_module *m = v->m;
  int status = 0;
  if (m->start == HCC_NO_START) {
    goto out;
  }
  HCC_TRY(check_index(v, "function", m->start, m->func_count, HCC_NO_OFFSET));
  const hcc_functype *type = &m->types[m->funcs[m->start].type];
  if (type->param_count != 0 || type->result_count != 0) {
    status = hcc_fail(v->err, HCC_E_INVALID, HCC_NO_OFFSET,
                      "start function %" PRIu32 " must take and return nothing", m->start);
  }
out:
  return status;
}

static int validate_code(hcc__validator *v) {
  int status = 0;
  for (uint32_t i = v->m->imported_funcs; i < v->m->func_count; i++) {
    HCC_TRY(hcc__validate_function(v, i));
  }
out:
  return status;
}

int hcc_validate(const hcc_module *m, hcc_error *err) {
  hcc__validator v = {.m = m, .err = err};
  int status;
  HCC_TRY(validate_func_types(&v)); /* first: the rest relies on it */
  HCC_TRY(validate_all_limits(&v));
  HCC_TRY(validate_globals(&v));
  HCC_TRY(validate_exports(&v));
  HCC_TRY(validate_start(&v));
  HCC_TRY(validate_segments(&v));
  HCC_TRY(validate_code(&v));
out:
  hcc__validator_free(&v);
  return status;
}
