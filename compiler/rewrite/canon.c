/* canon.c - hcc_rewrite: writes the sections of the new module and the plan. No byte of the guest's
 * choosing but code, constants and data gets through: no name, no custom section. Owns: the order
 * of exports, the numbering of functions and data segments. */
#include <stdlib.h>
#include <string.h>

#include "hsb_abi.h"
#include "rewrite_parts.h"

int hcc__rw_bug(const hcc__rw *rw, uint64_t offset) {
  return hcc_fail(rw->err, HCC_E_INTERNAL, offset, "an invalid module reached the rewrite");
}

int hcc__rw_no_memory(const hcc__rw *rw) {
  return hcc_fail(rw->err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "out of memory while rewriting");
}

uint32_t hcc__rw_func(const hcc__rw *rw, uint32_t func) {
  return func < rw->m->imported_funcs ? func : func + rw->extra;
}

static void put_name(hcc_buf *out, const char *name) {
  hcc_buf_u32(out, (uint32_t)strlen(name));
  hcc_buf_text(out, name);
}

static void put_numbered(hcc_buf *out, char letter, uint32_t number) {
  hcc_buf name;
  hcc_buf_init(&name, 16);
  hcc_buf_format(&name, "%c%u", letter, number);
  hcc_buf_u32(out, (uint32_t)name.size);
  hcc_buf_add(out, name.data, name.size);
  hcc_buf_free(&name);
}

static void put_bytes(hcc_buf *out, const hcc__rw *rw, hcc_range bytes) {
  hcc_buf_u32(out, bytes.end - bytes.begin);
  hcc_buf_add(out, rw->m->bytes + bytes.begin, bytes.end - bytes.begin);
}

static int eval(hcc__rw_const *out, hcc__rw *rw, hcc_range expr) {
  hcc_reader r = {rw->m->bytes, expr.begin, expr.end};
  return hcc__rw_const_eval(out, rw, &r);
}

static int types(hcc_buf *out, hcc__rw *rw) {
  return hcc__rw_types(out, rw);
}

static void put_import(hcc_buf *out, uint32_t type) {
  hcc_buf_byte(out, HCC_FUNC);
  hcc_buf_u32(out, type);
}

static int imports(hcc_buf *out, hcc__rw *rw) {
  uint32_t count = rw->m->imported_funcs + rw->extra;
  if (count != 0) {
    hcc_buf_u32(out, count);
  }
  for (uint32_t i = 0; i < rw->m->imported_funcs; i++) {
    put_name(out, "h");
    put_numbered(out, 'i', i);
    put_import(out, hcc__rw_type(rw, HCC_RW_FUNC, rw->m->funcs[i].type));
  }
  if (rw->options.meter) {
    put_name(out, "h");
    put_name(out, "fuel");
    put_import(out, rw->fuel_type);
  }
  if (rw->options.marks) {
    put_name(out, "h");
    put_name(out, "mark");
    put_import(out, rw->mark_type);
  }
  for (uint32_t i = 0; i < HCC_RW_HELPERS && rw->options.helpers; i++) {
    static const char *const names[] = {"min", "max", "umin", "umax", "copy", "more"};
    put_name(out, "h");
    put_name(out, names[i]);
    put_import(out, i < HCC_RW_ORDERS    ? rw->order_type
                    : i == HCC_RW_ORDERS ? rw->copy_type
                                         : rw->more_type);
  }
  if (rw->options.looks) {
    put_name(out, "h");
    put_name(out, "look");
    put_import(out, rw->look_type);
    put_name(out, "h");
    put_name(out, "seen");
    put_import(out, rw->seen_type);
    put_name(out, "h");
    put_name(out, "below");
    put_import(out, rw->below_type);
  }
  return 0;
}

static int functions(hcc_buf *out, hcc__rw *rw) {
  uint32_t count = rw->m->func_count - rw->m->imported_funcs;
  if (count != 0) {
    hcc_buf_u32(out, count);
  }
  for (uint32_t i = rw->m->imported_funcs; i < rw->m->func_count; i++) {
    hcc_buf_u32(out, hcc__rw_type(rw, HCC_RW_FUNC, rw->m->funcs[i].type));
  }
  return 0;
}

static void put_limits(hcc_buf *out, const hcc_limits *limits) {
  hcc_buf_byte(out, limits->has_max ? 1 : 0);
  hcc_buf_u32(out, limits->min);
  if (limits->has_max) {
    hcc_buf_u32(out, limits->max);
  }
}

static int tables(hcc_buf *out, hcc__rw *rw) {
  if (rw->m->table_count != 0) {
    hcc_buf_u32(out, rw->m->table_count);
  }
  for (uint32_t i = 0; i < rw->m->table_count; i++) {
    hcc_buf_byte(out, rw->m->tables[i].type);
    put_limits(out, &rw->m->tables[i].limits);
  }
  return 0;
}

/* Accesses that meter_near.c joins rely on it. */
static hcc_limits within_ours(hcc_limits limits) {
  uint32_t max = limits.min > HSB_PAGES_MAX ? limits.min : HSB_PAGES_MAX;
  limits.max = limits.has_max && limits.max < max ? limits.max : max;
  limits.has_max = true;
  return limits;
}

static int memories(hcc_buf *out, hcc__rw *rw) {
  if (rw->m->memory_count != 0) {
    hcc_buf_u32(out, rw->m->memory_count);
  }
  for (uint32_t i = 0; i < rw->m->memory_count; i++) {
    hcc_limits limits = rw->m->memories[i];
    limits = rw->options.alone ? within_ours(limits) : limits;
    put_limits(out, &limits);
  }
  return 0;
}

static int globals(hcc_buf *out, hcc__rw *rw) {
  int status = 0;
  if (rw->m->global_count != 0) {
    hcc_buf_u32(out, rw->m->global_count);
  }
  for (uint32_t i = 0; i < rw->m->global_count; i++) {
    HCC_TRY(eval(&rw->globals[i], rw, rw->m->globals[i].init));
    rw->global_count = i + 1;
    hcc_buf_byte(out, rw->m->globals[i].type);
    hcc_buf_byte(out, rw->m->globals[i].mutable ? 1 : 0);
    hcc__rw_const_put(out, rw, &rw->globals[i]);
  }
out:
  return status;
}

/* Distinct exported functions, ascending. */
static int plan_exports(hcc_plan *plan, const hcc__rw *rw) {
  const hcc_module *m = rw->m;
  bool *exported = calloc((size_t)m->func_count + 1, sizeof *exported);
  int status = 0;
  plan->exports = calloc((size_t)m->export_count + 1, sizeof *plan->exports);
  if (exported == NULL || plan->exports == NULL) {
    status = hcc__rw_no_memory(rw);
    goto out;
  }
  for (uint32_t i = 0; i < m->export_count; i++) {
    if (m->exports[i].kind == HCC_FUNC && m->exports[i].index < m->func_count) {
      exported[m->exports[i].index] = true;
    }
  }
  for (uint32_t f = 0; f < m->func_count; f++) {
    if (exported[f]) {
      plan->exports[plan->export_count++] = (hcc_plan_export){f, !rw->impure[f]};
    }
  }
out:
  free(exported);
  return status;
}

static void exports(hcc_buf *out, const hcc__rw *rw, const hcc_plan *plan) {
  bool start = rw->m->start != HCC_NO_START;
  uint32_t count = plan->export_count + (start ? 1 : 0);
  if (count != 0) {
    hcc_buf_u32(out, count);
  }
  for (uint32_t i = 0; i < plan->export_count; i++) {
    put_numbered(out, 'e', i);
    hcc_buf_byte(out, HCC_FUNC);
    hcc_buf_u32(out, hcc__rw_func(rw, plan->exports[i].func));
  }
  if (start) {
    put_name(out, "start");
    hcc_buf_byte(out, HCC_FUNC);
    hcc_buf_u32(out, hcc__rw_func(rw, rw->m->start));
  }
}

static int put_elem_items(hcc_buf *out, hcc__rw *rw, const hcc_elem *elem) {
  hcc_reader r = {rw->m->bytes, elem->items.begin, elem->items.end};
  int status = 0;
  hcc_buf_u32(out, elem->count);
  for (uint32_t i = 0; i < elem->count; i++) {
    if (elem->exprs) {
      hcc__rw_const value;
      HCC_TRY(hcc__rw_const_eval(&value, rw, &r));
      hcc__rw_const_put(out, rw, &value);
    } else {
      uint32_t func = 0;
      HCC_TRY(hcc_read_u32(&func, &r, rw->err));
      hcc_buf_u32(out, hcc__rw_func(rw, func));
    }
  }
out:
  return status;
}

static int put_elem(hcc_buf *out, hcc__rw *rw, const hcc_elem *elem) {
  uint32_t form = hcc_elem_form(elem);
  int status = 0;
  hcc_buf_u32(out, form);
  if (elem->mode == HCC_ACTIVE) {
    hcc__rw_const offset;
    if (form & 2u) {
      hcc_buf_u32(out, elem->table);
    }
    HCC_TRY(eval(&offset, rw, elem->offset));
    hcc__rw_const_put(out, rw, &offset);
  }
  if (form & 3u) {
    hcc_buf_byte(out, elem->exprs ? elem->type : 0 /* functions */);
  }
  HCC_TRY(put_elem_items(out, rw, elem));
out:
  return status;
}

static int elems(hcc_buf *out, hcc__rw *rw) {
  int status = 0;
  if (rw->m->elem_count != 0) {
    hcc_buf_u32(out, rw->m->elem_count);
  }
  for (uint32_t i = 0; i < rw->m->elem_count; i++) {
    HCC_TRY(put_elem(out, rw, &rw->m->elems[i]));
  }
out:
  return status;
}

/* Numbers the data segments that stay. */
static void number_datas(hcc__rw *rw) {
  for (uint32_t i = 0; i < rw->m->data_count; i++) {
    bool stays = rw->options.alone || rw->m->datas[i].mode != HCC_ACTIVE ||
                 rw->data_ids[i] == HCC_RW_PENDING;
    rw->data_ids[i] = stays ? rw->data_count++ : HCC_RW_NONE;
  }
}

static int plan_segments(hcc_plan *plan, hcc__rw *rw) {
  int status = 0;
  plan->segments = calloc((size_t)rw->m->data_count + 1, sizeof *plan->segments);
  if (plan->segments == NULL) {
    status = hcc__rw_no_memory(rw);
    goto out;
  }
  for (uint32_t i = 0; i < rw->m->data_count; i++) {
    const hcc_data *data = &rw->m->datas[i];
    hcc__rw_const offset;
    if (data->mode == HCC_ACTIVE) {
      HCC_TRY(eval(&offset, rw, data->offset));
      plan->segments[plan->segment_count++] =
          (hcc_plan_segment){(uint32_t)offset.bits, data->bytes};
    }
  }
out:
  return status;
}

static int data_count(hcc_buf *out, hcc__rw *rw) {
  if (rw->data_count != 0) {
    hcc_buf_u32(out, rw->data_count);
  }
  return 0;
}

static int datas(hcc_buf *out, hcc__rw *rw) {
  int status = 0;
  if (rw->data_count != 0) {
    hcc_buf_u32(out, rw->data_count);
  }
  for (uint32_t i = 0; i < rw->m->data_count; i++) {
    const hcc_data *data = &rw->m->datas[i];
    bool active = data->mode == HCC_ACTIVE;
    hcc__rw_const offset;
    if (rw->data_ids[i] == HCC_RW_NONE) {
      continue;
    }
    if (active && rw->options.alone) {
      hcc_buf_byte(out, 0);
      HCC_TRY(eval(&offset, rw, data->offset));
      hcc__rw_const_put(out, rw, &offset);
      put_bytes(out, rw, data->bytes);
    } else {
      hcc_buf_byte(out, 1);
      put_bytes(out, rw, active ? (hcc_range){0, 0} : data->bytes);
    }
  }
out:
  return status;
}

static int code(hcc_buf *out, hcc__rw *rw) {
  uint32_t count = rw->m->func_count - rw->m->imported_funcs;
  hcc_buf body;
  int status = 0;
  hcc_buf_init(&body, rw->max);
  if (count != 0) {
    hcc_buf_u32(out, count);
  }
  for (uint32_t i = rw->m->imported_funcs; i < rw->m->func_count; i++) {
    body.size = 0;
    HCC_TRY(hcc__rw_body(&body, rw, &rw->m->funcs[i]));
    if (body.no_memory) {
      HCC_TRY(hcc__rw_no_memory(rw));
    }
    if (body.failed || body.size > UINT32_MAX) {
      status = hcc_fail(rw->err, HCC_E_LIMIT, rw->m->funcs[i].body.begin,
                        "the metered function is too large");
      goto out;
    }
    hcc_buf_u32(out, (uint32_t)body.size);
    hcc_buf_add(out, body.data, body.size);
  }
out:
  hcc_buf_free(&body);
  return status;
}

/* Appends a section unless it is empty. content keeps its storage. */
static void put_section(hcc_buf *out, enum hcc_section id, hcc_buf *content) {
  if (content->size != 0) {
    hcc_buf_byte(out, (uint8_t)id);
    hcc_buf_u64(out, content->size);
    hcc_buf_add(out, content->data, content->size);
    content->size = 0;
  }
}

static int put_sections(hcc_buf *out, hcc__rw *rw, const hcc_plan *plan) {
  static const struct {
    enum hcc_section id;
    int (*write)(hcc_buf *out, hcc__rw *rw); /* NULL: exports, which needs the plan */
  } sections[] = {
      {HCC_SECTION_TYPE, types},
      {HCC_SECTION_IMPORT, imports},
      {HCC_SECTION_FUNCTION, functions},
      {HCC_SECTION_TABLE, tables},
      {HCC_SECTION_MEMORY, memories},
      {HCC_SECTION_GLOBAL, globals},
      {HCC_SECTION_EXPORT, NULL},
      {HCC_SECTION_ELEM, elems},
      {HCC_SECTION_DATA_COUNT, data_count},
      {HCC_SECTION_CODE, code},
      {HCC_SECTION_DATA, datas},
  };
  static const uint8_t header[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  hcc_buf content;
  int status = 0;
  hcc_buf_init(&content, rw->max);
  hcc_buf_add(out, header, sizeof header);
  for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
    if (sections[i].write == NULL) {
      exports(&content, rw, plan);
    } else {
      HCC_TRY(sections[i].write(&content, rw));
    }
    put_section(out, sections[i].id, &content);
    if (content.no_memory || out->no_memory) {
      HCC_TRY(hcc__rw_no_memory(rw));
    }
    if (content.failed || out->failed) {
      status = hcc_fail(rw->err, HCC_E_LIMIT, HCC_NO_OFFSET,
                        "the rewritten module exceeds %zu bytes", rw->max);
      goto out;
    }
  }
out:
  hcc_buf_free(&content);
  return status;
}

uint32_t hcc_rewrite_imports(const hcc_rewrite_options *options) {
  return (options->meter ? 1 : 0) + (options->marks ? 1 : 0) +
         (options->helpers ? HCC_RW_HELPERS : 0) + (options->looks ? 3 : 0);
}

static int open_rewrite(hcc__rw *rw) {
  const hcc_module *m = rw->m;
  size_t slots = (size_t)HCC_RW_FORMS * m->type_count;
  hcc_buf_init(&rw->stack, rw->max);
  hcc_buf_init(&rw->costs, SIZE_MAX);
  hcc_buf_init(&rw->near, SIZE_MAX);
  hcc_buf_init(&rw->runs, SIZE_MAX);
  hcc_buf_init(&rw->shifts, SIZE_MAX);
  hcc_buf_init(&rw->labels, SIZE_MAX);
  for (uint32_t i = 0; i < m->import_count; i++) {
    if (m->imports[i].kind != HCC_FUNC) {
      return hcc_fail(rw->err, HCC_E_IMPORT_KIND, m->imports[i].name.begin,
                      "import %u is not a function", i);
    }
  }
  rw->fuel_func = m->imported_funcs;
  rw->mark_func = m->imported_funcs + (rw->options.meter ? 1 : 0);
  rw->order_func = rw->mark_func + (rw->options.marks ? 1 : 0);
  rw->copy_func = rw->order_func + HCC_RW_ORDERS;
  rw->more_func = rw->copy_func + 1;
  rw->look_func = rw->order_func + (rw->options.helpers ? HCC_RW_HELPERS : 0);
  rw->seen_func = rw->look_func + 1;
  rw->below_func = rw->seen_func + 1;
  rw->extra = hcc_rewrite_imports(&rw->options);
  rw->type_ids = malloc((slots + 1) * sizeof *rw->type_ids);
  rw->data_ids = malloc(((size_t)m->data_count + 1) * sizeof *rw->data_ids);
  rw->impure = calloc((size_t)m->func_count + 1, sizeof *rw->impure);
  rw->globals = calloc((size_t)m->global_count + 1, sizeof *rw->globals);
  if (rw->type_ids == NULL || rw->data_ids == NULL || rw->impure == NULL || rw->globals == NULL) {
    return hcc__rw_no_memory(rw);
  }
  memset(rw->type_ids, 0xff, slots * sizeof *rw->type_ids); /* HCC_RW_NONE */
  memset(rw->data_ids, 0xff, m->data_count * sizeof *rw->data_ids);
  return hcc__flow_new(&rw->flow, rw->err);
}

static void close_rewrite(hcc__rw *rw) {
  hcc__flow_free(&rw->flow);
  hcc_buf_free(&rw->costs);
  hcc_buf_free(&rw->near);
  hcc_buf_free(&rw->runs);
  hcc_buf_free(&rw->shifts);
  hcc_buf_free(&rw->labels);
  hcc_buf_free(&rw->stack);
  free(rw->globals);
  free(rw->impure);
  free(rw->data_ids);
  free(rw->type_ids);
}

int hcc_rewrite(hcc_buf *out, hcc_plan *plan, const hcc_module *m,
                const hcc_rewrite_options *options, hcc_error *err) {
  hcc__rw rw = {.m = m, .options = *options, .max = out->max, .err = err};
  int status;
  *plan = (hcc_plan){.metered = options->meter, .polls = options->polls};
  HCC_TRY(open_rewrite(&rw));
  HCC_TRY(hcc__rw_scan(&rw));
  number_datas(&rw);
  HCC_TRY(plan_exports(plan, &rw));
  HCC_TRY(put_sections(out, &rw, plan));
  if (!options->alone) {
    HCC_TRY(plan_segments(plan, &rw));
    plan->unit_time = rw.unit_time;
    HCC_TRY(hcc__rw_callees(plan, &rw));
  }
out:
  close_rewrite(&rw);
  if (status != 0) {
    hcc_plan_free(plan);
  }
  return status;
}

void hcc_plan_free(hcc_plan *plan) {
  free(plan->exports);
  free(plan->segments);
  free(plan->callees);
  *plan = (hcc_plan){0};
}
