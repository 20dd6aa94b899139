/* sjlj.c - hcc_sjlj: the sections of the lowered module. Sections that name no function are copied
 * as they are. Owns: the numbering of functions: imports that stay, functions of the module, those
 * that are made. Invariants: see sjlj.h. */
#include <stdlib.h>
#include <string.h>

#include "sjlj_parts.h"

int hcc__sj_bug(const hcc__sj *sj, uint64_t offset) {
  return hcc_fail(sj->err, HCC_E_INTERNAL, offset, "an invalid module reached the lowering");
}

int hcc__sj_no_memory(const hcc__sj *sj) {
  return hcc_fail(sj->err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to lower setjmp");
}

uint32_t hcc__sj_make(hcc__sj *sj, hcc__sj_made made) {
  uint32_t index = sj->made_base + (uint32_t)(sj->made.size / sizeof made);
  hcc_buf_add(&sj->made, &made, sizeof made);
  return index;
}

static bool is_named(const hcc_module *m, hcc_range name, const char *text) {
  return name.end - name.begin == strlen(text) &&
         memcmp(m->bytes + name.begin, text, strlen(text)) == 0;
}

static bool begins(const hcc_module *m, hcc_range name, const char *text) {
  size_t n = strlen(text);
  return name.end - name.begin >= n && memcmp(m->bytes + name.begin, text, n) == 0;
}

/* What becomes of an import. */
static enum hcc__sj_kind kind_of(const hcc_module *m, const hcc_import *import) {
  const hcc_functype *type = import->kind == HCC_FUNC ? &m->types[import->type] : NULL;
  if (type == NULL || !is_named(m, import->module, "env")) {
    return HCC_SJ_KEPT;
  }
  if (is_named(m, import->name, "_emscripten_throw_longjmp") && type->param_count == 0 &&
      type->result_count == 0) {
    return HCC_SJ_THROW;
  }
  bool invoke =
      begins(m, import->name, "invoke_") && type->param_count != 0 && type->params[0] == HCC_I32;
  return invoke ? HCC_SJ_INVOKE : HCC_SJ_KEPT;
}

bool hcc_sjlj_wanted(const hcc_module *m) {
  for (uint32_t i = 0; i < m->import_count; i++) {
    if (kind_of(m, &m->imports[i]) == HCC_SJ_THROW) {
      return true;
    }
  }
  return false;
}

static const struct helper {
  const char *name;
  uint32_t params, results; /* all i32 */
} helpers[] = {{"stackSave", 0, 1}, {"stackRestore", 1, 0}, {"setThrew", 2, 0}};
#define HELPERS (sizeof helpers / sizeof *helpers)

static bool all_i32(const uint8_t *types, uint32_t count) {
  uint32_t i = 0;
  while (i < count && types[i] == HCC_I32) {
    i++;
  }
  return i == count;
}

static bool is_helper(const hcc_module *m, const hcc_export *e, const struct helper *helper) {
  if (e->kind != HCC_FUNC || e->index >= m->func_count || !is_named(m, e->name, helper->name)) {
    return false;
  }
  const hcc_functype *type = &m->types[m->funcs[e->index].type];
  return type->param_count == helper->params && type->result_count == helper->results &&
         all_i32(type->params, type->param_count) && all_i32(type->results, type->result_count);
}

static bool is_any_helper(const hcc_module *m, const hcc_export *e) {
  return is_helper(m, e, &helpers[0]) || is_helper(m, e, &helpers[1]) ||
         is_helper(m, e, &helpers[2]);
}

static int find_helpers(hcc__sj *sj) {
  uint32_t *found[HELPERS] = {&sj->save, &sj->restore, &sj->set_threw};
  for (size_t h = 0; h < HELPERS; h++) {
    *found[h] = HCC_SJ_NONE;
    for (uint32_t i = 0; i < sj->m->export_count; i++) {
      if (is_helper(sj->m, &sj->m->exports[i], &helpers[h])) {
        *found[h] = sj->m->exports[i].index;
      }
    }
    if (*found[h] == HCC_SJ_NONE) {
      return hcc_fail(sj->err, HCC_E_IMPORT_TYPE, HCC_NO_OFFSET,
                      "the module throws with longjmp, but exports no %s", helpers[h].name);
    }
  }
  return 0;
}

/* A type that an invoke of this type calls; NONE if nothing can be called by it. */
static uint32_t called_type(const hcc__sj *sj, uint32_t invoke) {
  bool table = sj->m->table_count != 0 && sj->m->tables[0].type == HCC_FUNCREF;
  for (uint32_t i = 0; table && i < sj->m->type_count; i++) {
    if (hcc__sj_invokes(sj, invoke, i)) {
      return i;
    }
  }
  return HCC_SJ_NONE;
}

/* Numbers imports that stay and functions of the module, and makes what takes the place of the
 * others. */
static void number(hcc__sj *sj) {
  const hcc_module *m = sj->m;
  uint32_t next = 0;
  for (uint32_t f = 0; f < m->func_count; f++) {
    sj->ids[f] = sj->kinds[f] == HCC_SJ_KEPT ? next++ : HCC_SJ_NONE;
  }
  sj->made_base = next;
  for (uint32_t f = 0; f < m->imported_funcs; f++) {
    if (sj->kinds[f] != HCC_SJ_KEPT) {
      uint32_t type = m->funcs[f].type;
      uint32_t target = sj->kinds[f] == HCC_SJ_INVOKE ? called_type(sj, type) : HCC_SJ_NONE;
      sj->ids[f] = hcc__sj_make(sj, (hcc__sj_made){sj->kinds[f], type, target});
    }
  }
}

/* An exported function that may throw is exported by one that traps then. */
static uint32_t entry(hcc__sj *sj, uint32_t func) {
  if (!sj->throws[func]) {
    return sj->ids[func];
  }
  if (sj->entry[func] == HCC_SJ_NONE) {
    sj->entry[func] = hcc__sj_make(sj, (hcc__sj_made){HCC_SJ_ENTRY, sj->m->funcs[func].type, func});
  }
  return sj->entry[func];
}

static void make_entries(hcc__sj *sj) {
  const hcc_module *m = sj->m;
  for (uint32_t i = 0; i < m->export_count; i++) {
    if (m->exports[i].kind == HCC_FUNC && !is_any_helper(m, &m->exports[i])) {
      entry(sj, m->exports[i].index);
    }
  }
  if (m->start != HCC_NO_START) {
    entry(sj, m->start);
  }
}

static void put_range(hcc_buf *out, const hcc__sj *sj, hcc_range bytes) {
  hcc_buf_u32(out, bytes.end - bytes.begin);
  hcc_buf_add(out, sj->m->bytes + bytes.begin, bytes.end - bytes.begin);
}

/* Functions only: heliosc refuses other imports, and the module is refused as it is. */
static int imports(hcc_buf *out, hcc__sj *sj) {
  const hcc_module *m = sj->m;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < m->import_count; i++) {
    if (m->imports[i].kind != HCC_FUNC) {
      return hcc_fail(sj->err, HCC_E_IMPORT_KIND, m->imports[i].name.begin,
                      "import %u is not a function", i);
    }
    kept += sj->kinds[i] == HCC_SJ_KEPT;
  }
  hcc_buf_u32(out, kept);
  for (uint32_t i = 0; i < m->import_count; i++) {
    if (sj->kinds[i] == HCC_SJ_KEPT) {
      put_range(out, sj, m->imports[i].module);
      put_range(out, sj, m->imports[i].name);
      hcc_buf_byte(out, HCC_FUNC);
      hcc_buf_u32(out, m->imports[i].type);
    }
  }
  return 0;
}

static const hcc__sj_made *made_at(const hcc__sj *sj, uint32_t i) {
  return &((const hcc__sj_made *)(const void *)sj->made.data)[i];
}

static uint32_t made_count(const hcc__sj *sj) {
  return (uint32_t)(sj->made.size / sizeof(hcc__sj_made));
}

static int functions(hcc_buf *out, hcc__sj *sj) {
  const hcc_module *m = sj->m;
  hcc_buf_u32(out, m->func_count - m->imported_funcs + made_count(sj));
  for (uint32_t f = m->imported_funcs; f < m->func_count; f++) {
    hcc_buf_u32(out, m->funcs[f].type);
  }
  for (uint32_t i = 0; i < made_count(sj); i++) {
    hcc_buf_u32(out, made_at(sj, i)->type);
  }
  return 0;
}

/* What a ref.func names must be named outside of bodies as well, and an export that did may be
 * gone: a constant for each. */
static void declare(hcc_buf *out, const hcc__sj *sj) {
  for (uint32_t f = 0; f < sj->m->func_count; f++) {
    if (sj->named[f]) {
      hcc_buf_byte(out, HCC_FUNCREF);
      hcc_buf_byte(out, 0);
      hcc_buf_byte(out, HCC_OP_REF_FUNC);
      hcc_buf_u32(out, sj->ids[f]);
      hcc_buf_byte(out, HCC_OP_END);
    }
  }
}

static uint32_t declared(const hcc__sj *sj) {
  uint32_t count = 0;
  for (uint32_t f = 0; f < sj->m->func_count; f++) {
    count += sj->named[f];
  }
  return count;
}

static int globals(hcc_buf *out, hcc__sj *sj) {
  static const uint8_t flag[] = {HCC_I32, 1, HCC_OP_I32_CONST, 0, HCC_OP_END};
  int status = 0;
  hcc_buf_u32(out, sj->m->global_count + 1 + declared(sj));
  for (uint32_t i = 0; i < sj->m->global_count; i++) {
    hcc_buf_byte(out, sj->m->globals[i].type);
    hcc_buf_byte(out, sj->m->globals[i].mutable ? 1 : 0);
    HCC_TRY(hcc__sj_copy(out, sj, sj->m->globals[i].init));
  }
  hcc_buf_add(out, flag, sizeof flag);
  declare(out, sj);
out:
  return status;
}

static int exports(hcc_buf *out, hcc__sj *sj) {
  const hcc_module *m = sj->m;
  uint32_t count = 0;
  for (uint32_t i = 0; i < m->export_count; i++) {
    count += !is_any_helper(m, &m->exports[i]);
  }
  hcc_buf_u32(out, count);
  for (uint32_t i = 0; i < m->export_count; i++) {
    const hcc_export *e = &m->exports[i];
    if (!is_any_helper(m, e)) {
      put_range(out, sj, e->name);
      hcc_buf_byte(out, (uint8_t)e->kind);
      hcc_buf_u32(out, e->kind == HCC_FUNC ? entry(sj, e->index) : e->index);
    }
  }
  return 0;
}

static int start(hcc_buf *out, hcc__sj *sj) {
  hcc_buf_u32(out, entry(sj, sj->m->start));
  return 0;
}

static int put_items(hcc_buf *out, hcc__sj *sj, const hcc_elem *elem) {
  hcc_reader r = {sj->m->bytes, elem->items.begin, elem->items.end};
  int status = 0;
  hcc_buf_u32(out, elem->count);
  if (elem->exprs) {
    return hcc__sj_copy(out, sj, elem->items);
  }
  for (uint32_t i = 0; i < elem->count; i++) {
    uint32_t func = 0;
    HCC_TRY(hcc_read_u32(&func, &r, sj->err));
    HCC_TRY(func < sj->m->func_count ? 0 : hcc__sj_bug(sj, r.pos));
    hcc_buf_u32(out, sj->ids[func]);
  }
out:
  return status;
}

static int put_elem(hcc_buf *out, hcc__sj *sj, const hcc_elem *elem) {
  uint32_t form = hcc_elem_form(elem);
  int status = 0;
  hcc_buf_u32(out, form);
  if (elem->mode == HCC_ACTIVE) {
    if (form & 2u) {
      hcc_buf_u32(out, elem->table);
    }
    HCC_TRY(hcc__sj_copy(out, sj, elem->offset));
  }
  if (form & 3u) {
    hcc_buf_byte(out, elem->exprs ? elem->type : 0 /* functions */);
  }
  HCC_TRY(put_items(out, sj, elem));
out:
  return status;
}

static int elems(hcc_buf *out, hcc__sj *sj) {
  int status = 0;
  hcc_buf_u32(out, sj->m->elem_count);
  for (uint32_t i = 0; i < sj->m->elem_count; i++) {
    HCC_TRY(put_elem(out, sj, &sj->m->elems[i]));
  }
out:
  return status;
}

static int put_body(hcc_buf *out, hcc_buf *body, hcc__sj *sj) {
  if (body->failed || out->failed) {
    return body->no_memory || out->no_memory
               ? hcc__sj_no_memory(sj)
               : hcc_fail(sj->err, HCC_E_LIMIT, HCC_NO_OFFSET, "the lowered module is too large");
  }
  hcc_buf_u32(out, (uint32_t)body->size);
  hcc_buf_add(out, body->data, body->size);
  body->size = 0;
  return 0;
}

/* Bodies of the module, which find out what is made, then those. */
static int bodies(hcc_buf *out, hcc__sj *sj) {
  const hcc_module *m = sj->m;
  hcc_buf body;
  int status = 0;
  hcc_buf_init(&body, out->max);
  for (uint32_t f = m->imported_funcs; f < m->func_count; f++) {
    HCC_TRY(hcc__sj_body(&body, sj, &m->funcs[f]));
    HCC_TRY(put_body(out, &body, sj));
  }
  for (uint32_t i = 0; i < made_count(sj); i++) {
    hcc__sj_made_body(&body, sj, made_at(sj, i));
    HCC_TRY(put_body(out, &body, sj));
  }
out:
  hcc_buf_free(&body);
  return status;
}

static void put_text(hcc_buf *out, const char *text) {
  hcc_buf_u32(out, (uint32_t)strlen(text));
  hcc_buf_text(out, text);
}

static uint32_t named_count(const hcc_module *m) {
  uint32_t count = 0;
  for (uint32_t f = m->imported_funcs; f < m->func_count; f++) {
    count += m->funcs[f].name.end != m->funcs[f].name.begin;
  }
  return count;
}

/* Names of functions, anew: traps show them. */
static void names(hcc_buf *out, const hcc__sj *sj) {
  static const char *const made[] = {[HCC_SJ_INVOKE] = "setjmp_call",
                                     [HCC_SJ_DIRECT] = "setjmp_call",
                                     [HCC_SJ_THROW] = "longjmp",
                                     [HCC_SJ_ENTRY] = "longjmp_without_setjmp"};
  const hcc_module *m = sj->m;
  hcc_buf functions_part;
  hcc_buf_init(&functions_part, out->max);
  hcc_buf_u32(&functions_part, named_count(m) + made_count(sj));
  for (uint32_t f = m->imported_funcs; f < m->func_count; f++) {
    if (m->funcs[f].name.end != m->funcs[f].name.begin) {
      hcc_buf_u32(&functions_part, sj->ids[f]);
      put_range(&functions_part, sj, m->funcs[f].name);
    }
  }
  for (uint32_t i = 0; i < made_count(sj); i++) {
    hcc_buf_u32(&functions_part, sj->made_base + i);
    put_text(&functions_part, made[made_at(sj, i)->kind]);
  }
  put_text(out, "name");
  hcc_buf_byte(out, 1);
  hcc_buf_u32(out, (uint32_t)functions_part.size);
  hcc_buf_add(out, functions_part.data, functions_part.size);
  out->failed = out->failed || functions_part.failed;
  hcc_buf_free(&functions_part);
}

/* Offsets and numbers of functions in it are of the module before. */
static bool is_stale(const hcc_module *m, hcc_range name) {
  return begins(m, name, ".debug_") || begins(m, name, "reloc.") || is_named(m, name, "name") ||
         is_named(m, name, "linking") || is_named(m, name, "sourceMappingURL");
}

static void put_section(hcc_buf *out, uint8_t id, const uint8_t *bytes, size_t size) {
  hcc_buf_byte(out, id);
  hcc_buf_u32(out, (uint32_t)size);
  hcc_buf_add(out, bytes, size);
}

/* A section of the input in its new form, or as it is. A module without globals gets that section
 * where it belongs: before the exports. */
static int rewrite_section(hcc_buf *out, hcc__sj *sj, uint8_t id, hcc_range at,
                           const hcc_buf *code) {
  static int (*const writers[])(hcc_buf *, hcc__sj *) = {
      [HCC_SECTION_IMPORT] = imports, [HCC_SECTION_FUNCTION] = functions,
      [HCC_SECTION_GLOBAL] = globals, [HCC_SECTION_EXPORT] = exports,
      [HCC_SECTION_START] = start,    [HCC_SECTION_ELEM] = elems,
  };
  hcc_buf content;
  int status = 0;
  hcc_buf_init(&content, out->max);
  if (id == HCC_SECTION_EXPORT && sj->m->global_count == 0) {
    HCC_TRY(globals(&content, sj));
    put_section(out, HCC_SECTION_GLOBAL, content.data, content.size);
    content.size = 0;
  }
  if (id == HCC_SECTION_CODE) {
    hcc_buf_u32(&content, sj->m->func_count - sj->m->imported_funcs + made_count(sj));
    hcc_buf_add(&content, code->data, code->size);
  } else if (id < sizeof writers / sizeof *writers && writers[id] != NULL) {
    HCC_TRY(writers[id](&content, sj));
  } else {
    hcc_buf_add(&content, sj->m->bytes + at.begin, at.end - at.begin);
  }
  put_section(out, id, content.data, content.size);
  out->failed = out->failed || content.failed;
out:
  hcc_buf_free(&content);
  return status;
}

static int custom(hcc_buf *out, const hcc__sj *sj, hcc_range at) {
  hcc_reader r = {sj->m->bytes, at.begin, at.end};
  hcc_range name;
  uint32_t size;
  int status;
  HCC_TRY(hcc_read_u32(&size, &r, sj->err));
  HCC_TRY(hcc_read_range(&name, size, &r, sj->err));
  if (!is_stale(sj->m, name)) {
    put_section(out, HCC_SECTION_CUSTOM, sj->m->bytes + at.begin, at.end - at.begin);
  }
out:
  return status;
}

static int sections(hcc_buf *out, hcc__sj *sj, const hcc_buf *code) {
  static const uint8_t header[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  hcc_reader r = {sj->m->bytes, sizeof header, sj->m->size};
  hcc_buf content;
  int status = 0;
  hcc_buf_init(&content, out->max);
  hcc_buf_add(out, header, sizeof header);
  while (r.pos < r.end) {
    uint8_t id;
    uint32_t size;
    hcc_range at;
    HCC_TRY(hcc_read_byte(&id, &r, sj->err));
    HCC_TRY(hcc_read_u32(&size, &r, sj->err));
    HCC_TRY(hcc_read_range(&at, size, &r, sj->err));
    HCC_TRY(id == HCC_SECTION_CUSTOM ? custom(out, sj, at)
                                     : rewrite_section(out, sj, id, at, code));
  }
  names(&content, sj);
  put_section(out, HCC_SECTION_CUSTOM, content.data, content.size);
  if (content.no_memory || out->no_memory) {
    status = hcc__sj_no_memory(sj);
  } else if (content.failed || out->failed) {
    status = hcc_fail(sj->err, HCC_E_LIMIT, HCC_NO_OFFSET, "the lowered module is too large");
  }
out:
  hcc_buf_free(&content);
  return status;
}

/* Elements of table 0 that are known as long as nothing changes it. */
static uint32_t known_table(const hcc_module *m) {
  return m->table_count != 0 && m->imported_tables == 0 ? m->tables[0].limits.min : 0;
}

static int open_lowering(hcc__sj *sj) {
  const hcc_module *m = sj->m;
  size_t funcs = (size_t)m->func_count + 1;
  hcc_buf_init(&sj->made, SIZE_MAX);
  sj->flag = m->global_count;
  sj->table_size = known_table(m);
  sj->kinds = calloc(funcs, sizeof *sj->kinds);
  sj->ids = calloc(funcs, sizeof *sj->ids);
  sj->direct = malloc(funcs * sizeof *sj->direct);
  sj->entry = malloc(funcs * sizeof *sj->entry);
  sj->classes = calloc((size_t)m->type_count + 1, sizeof *sj->classes);
  sj->throws = calloc(funcs + m->type_count, sizeof *sj->throws);
  sj->named = calloc(funcs, sizeof *sj->named);
  sj->table = malloc(((size_t)sj->table_size + 1) * sizeof *sj->table);
  if (sj->kinds == NULL || sj->ids == NULL || sj->direct == NULL || sj->entry == NULL ||
      sj->classes == NULL || sj->throws == NULL || sj->named == NULL || sj->table == NULL) {
    return hcc__sj_no_memory(sj);
  }
  memset(sj->direct, 0xff, funcs * sizeof *sj->direct); /* HCC_SJ_NONE */
  memset(sj->entry, 0xff, funcs * sizeof *sj->entry);
  memset(sj->table, 0xff, sj->table_size * sizeof *sj->table);
  for (uint32_t i = 0, f = 0; i < m->import_count; i++) {
    if (m->imports[i].kind == HCC_FUNC) {
      sj->kinds[f++] = kind_of(m, &m->imports[i]);
    }
  }
  return 0;
}

static void close_lowering(hcc__sj *sj) {
  hcc_buf_free(&sj->made);
  free(sj->kinds);
  free(sj->ids);
  free(sj->direct);
  free(sj->entry);
  free(sj->classes);
  free(sj->throws);
  free(sj->named);
  free(sj->table);
}

int hcc_sjlj(hcc_buf *out, const hcc_module *m, hcc_error *err) {
  hcc__sj sj = {.m = m, .err = err};
  hcc_buf code;
  int status;
  hcc_buf_init(&code, out->max);
  HCC_TRY(open_lowering(&sj));
  HCC_TRY(find_helpers(&sj));
  HCC_TRY(hcc__sj_scan(&sj));
  number(&sj);
  make_entries(&sj);
  HCC_TRY(bodies(&code, &sj));
  HCC_TRY(sj.made.failed ? hcc__sj_no_memory(&sj) : 0);
  HCC_TRY(sections(out, &sj, &code));
out:
  close_lowering(&sj);
  hcc_buf_free(&code);
  return status;
}
