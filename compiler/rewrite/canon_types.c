/* canon_types.c - the type section of the rewritten module. Types are encoded, sorted by their
 * bytes and numbered, so that equal ones get one number and no hash can be attacked. It never drops
 * a type that was asked for. Owns: rw->type_ids. */
#include <stdlib.h>
#include <string.h>

#include "rewrite_parts.h"

typedef struct entry {
  const uint8_t *bytes; /* the encoded type */
  uint32_t offset, size;
  uint32_t *id; /* gets its number */
} entry;

int hcc__rw_need(hcc__rw *rw, enum hcc__rw_form form, uint32_t type, uint64_t offset) {
  if (type >= rw->m->type_count) {
    return hcc__rw_bug(rw, offset);
  }
  rw->type_ids[(size_t)form * rw->m->type_count + type] = HCC_RW_PENDING;
  return 0;
}

uint32_t hcc__rw_type(const hcc__rw *rw, enum hcc__rw_form form, uint32_t type) {
  return rw->type_ids[(size_t)form * rw->m->type_count + type];
}

static void put_vector(hcc_buf *out, const uint8_t *types, uint32_t count, bool fuel) {
  hcc_buf_u32(out, count + (fuel ? 1 : 0));
  hcc_buf_add(out, types, count);
  if (fuel) {
    hcc_buf_byte(out, HCC_I64);
  }
}

static void put_type(hcc_buf *out, const hcc_functype *type, bool params, bool fuel) {
  hcc_buf_byte(out, 0x60);
  put_vector(out, type->params, params ? type->param_count : 0, fuel);
  put_vector(out, type->results, type->result_count, fuel);
}

static void add_entry(hcc_buf *entries, hcc_buf *bytes, const hcc_functype *type, bool params,
                      bool fuel, uint32_t *id) {
  entry e = {.offset = (uint32_t)bytes->size, .id = id};
  put_type(bytes, type, params, fuel);
  e.size = (uint32_t)(bytes->size - e.offset);
  hcc_buf_add(entries, &e, sizeof e);
}

/* All types in use, encoded one behind the other. */
static void collect(hcc_buf *entries, hcc_buf *bytes, hcc__rw *rw) {
  static const uint8_t i32[] = {HCC_I32, HCC_I32}, i64[] = {HCC_I64, HCC_I64, HCC_I64};
  static const hcc_functype none = {0}, mark = {.params = i32, .param_count = 1};
  static const hcc_functype order = {
      .params = i32, .param_count = 2, .results = i32, .result_count = 1};
  static const hcc_functype copy = {
      .params = i64, .param_count = 3, .results = i32, .result_count = 1};
  static const hcc_functype more = {
      .params = i64, .param_count = 2, .results = i64, .result_count = 1};
  static const uint8_t looked[] = {HCC_I32, HCC_I32, HCC_I64, HCC_I32, HCC_I64};
  static const hcc_functype look = {
      .params = looked, .param_count = 5, .results = i32, .result_count = 1};
  static const hcc_functype seen = {.params = looked + 1, .param_count = 3};
  static const hcc_functype below = {
      .params = looked + 1, .param_count = 2, .results = i32, .result_count = 1};
  bool meter = rw->options.meter;
  for (uint32_t form = 0; form < HCC_RW_FORMS; form++) {
    for (uint32_t i = 0; i < rw->m->type_count; i++) {
      uint32_t *id = &rw->type_ids[(size_t)form * rw->m->type_count + i];
      if (*id == HCC_RW_PENDING) {
        add_entry(entries, bytes, &rw->m->types[i], form != HCC_RW_RESULTS,
                  form == HCC_RW_FUNC && meter, id);
      }
    }
  }
  if (meter) {
    add_entry(entries, bytes, &none, true, true, &rw->fuel_type);
  }
  if (rw->options.marks) {
    add_entry(entries, bytes, &mark, true, false, &rw->mark_type);
  }
  if (rw->options.helpers) {
    add_entry(entries, bytes, &order, true, false, &rw->order_type);
    add_entry(entries, bytes, &copy, true, false, &rw->copy_type);
    add_entry(entries, bytes, &more, true, false, &rw->more_type);
  }
  if (rw->options.looks) {
    add_entry(entries, bytes, &look, true, false, &rw->look_type);
    add_entry(entries, bytes, &seen, true, false, &rw->seen_type);
    add_entry(entries, bytes, &below, true, false, &rw->below_type);
  }
}

static int compare(const void *left, const void *right) {
  const entry *a = left, *b = right;
  int order = memcmp(a->bytes, b->bytes, a->size < b->size ? a->size : b->size);
  return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static uint32_t number(entry *entries, size_t count, hcc_buf *out) {
  uint32_t next = 0;
  for (size_t i = 0; i < count; i++) {
    if (i == 0 || compare(&entries[i - 1], &entries[i]) != 0) {
      hcc_buf_add(out, entries[i].bytes, entries[i].size);
      next++;
    }
    *entries[i].id = next - 1;
  }
  return next;
}

int hcc__rw_types(hcc_buf *section, hcc__rw *rw) {
  hcc_buf entries, bytes, types;
  hcc_buf_init(&entries, rw->max);
  hcc_buf_init(&bytes, rw->max < UINT32_MAX ? rw->max : UINT32_MAX);
  hcc_buf_init(&types, rw->max);
  int status = 0;
  collect(&entries, &bytes, rw);
  if (entries.failed || bytes.failed) {
    status = hcc__rw_no_memory(rw);
    goto out;
  }
  entry *list = (entry *)(void *)entries.data;
  size_t count = entries.size / sizeof(entry);
  for (size_t i = 0; i < count; i++) {
    list[i].bytes = bytes.data + list[i].offset;
  }
  if (count != 0) {
    qsort(list, count, sizeof *list, compare);
    rw->type_count = number(list, count, &types);
    hcc_buf_u32(section, rw->type_count);
    hcc_buf_add(section, types.data, types.size);
  }
  status = types.failed ? hcc__rw_no_memory(rw) : 0;
out:
  hcc_buf_free(&types);
  hcc_buf_free(&bytes);
  hcc_buf_free(&entries);
  return status;
}

void hcc__rw_open_results(hcc_buf *out, const hcc__rw *rw, uint32_t type) {
  const hcc_functype *t = &rw->m->types[type];
  hcc_buf_byte(out, HCC_OP_BLOCK);
  if (t->result_count > 1) {
    hcc_buf_s64(out, hcc__rw_type(rw, HCC_RW_RESULTS, type));
  } else {
    hcc_buf_byte(out, t->result_count == 1 ? t->results[0] : 0x40);
  }
}
