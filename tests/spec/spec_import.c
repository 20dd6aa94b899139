/* spec_import.c - see spec_import.h. Trusts that the module was decoded. */
#include "spec_import.h"

#include "limits.h"
#include "reader.h"

enum section { TYPE = 1, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEM, CODE, DATA };
#define DATA_COUNT 12
#define SECTIONS 13

bool spec_imports_only_functions(const hcc_module *m) {
  return m->imported_tables + m->imported_memories + m->imported_globals == 0;
}

static void put_range(hcc_buf *out, const hcc_module *m, hcc_range r) {
  hcc_buf_add(out, m->bytes + r.begin, r.end - r.begin);
}

static void put_name(hcc_buf *out, const hcc_module *m, hcc_range name) {
  hcc_buf_u32(out, name.end - name.begin);
  put_range(out, m, name);
}

static void put_imports(hcc_buf *out, const hcc_module *m) {
  hcc_buf_u32(out, m->imported_funcs);
  for (uint32_t i = 0; i < m->import_count; i++) {
    if (m->imports[i].kind == HCC_FUNC) {
      put_name(out, m, m->imports[i].module);
      put_name(out, m, m->imports[i].name);
      hcc_buf_byte(out, HCC_FUNC);
      hcc_buf_u32(out, m->imports[i].type);
    }
  }
}

static void put_limits(hcc_buf *out, const hcc_limits *limits) {
  hcc_buf_byte(out, limits->has_max);
  hcc_buf_u32(out, limits->min);
  if (limits->has_max) {
    hcc_buf_u32(out, limits->max);
  }
}

static void put_tables(hcc_buf *out, const hcc_module *m) {
  hcc_buf_u32(out, m->table_count);
  for (uint32_t i = 0; i < m->table_count; i++) {
    hcc_buf_byte(out, m->tables[i].type);
    put_limits(out, &m->tables[i].limits);
  }
}

static void put_memories(hcc_buf *out, const hcc_module *m) {
  hcc_buf_u32(out, m->memory_count);
  for (uint32_t i = 0; i < m->memory_count; i++) {
    put_limits(out, &m->memories[i]);
  }
}

static void put_zero(hcc_buf *out, uint8_t type) {
  static const uint8_t zeros[16] = {0}, vector[] = {0xfd, 0x0c}, end = 0x0b;
  switch (type) {
  case HCC_V128:
    hcc_buf_add(out, vector, sizeof vector);
    hcc_buf_add(out, zeros, sizeof zeros);
    break;
  case HCC_FUNCREF:
  case HCC_EXTERNREF:
    hcc_buf_byte(out, 0xd0); /* ref.null */
    hcc_buf_byte(out, type);
    break;
  default: /* i32.const 0x41, then i64, f32, f64 */
    hcc_buf_byte(out, (uint8_t)(0x41 + (HCC_I32 - type)));
    hcc_buf_add(out, zeros, type == HCC_F32 ? 4 : type == HCC_F64 ? 8 : 1);
    break;
  }
  hcc_buf_byte(out, end);
}

static void put_globals(hcc_buf *out, const hcc_module *m, const spec_value *values) {
  hcc_buf_u32(out, m->global_count);
  for (uint32_t i = 0; i < m->global_count; i++) {
    const hcc_global *g = &m->globals[i];
    hcc_buf_byte(out, g->type);
    hcc_buf_byte(out, g->mutable);
    if (!g->imported) {
      put_range(out, m, g->init);
    } else if (values[i].size != 0) {
      hcc_buf_add(out, values[i].bytes, values[i].size);
    } else {
      put_zero(out, g->type);
    }
  }
}

/* Where the sections are, custom ones left out. */
static int find_sections(hcc_range sections[SECTIONS], const hcc_module *m, hcc_error *err) {
  hcc_reader r = {m->bytes, 8, m->size};
  int status = 0;
  while (r.pos < r.end && status == 0) {
    uint8_t id;
    uint32_t size;
    hcc_range content;
    HCC_TRY(hcc_read_byte(&id, &r, err));
    HCC_TRY(hcc_read_u32(&size, &r, err));
    HCC_TRY(hcc_read_range(&content, size, &r, err));
    if (id != 0 && id < SECTIONS) {
      sections[id] = content;
    }
  }
out:
  return status;
}

int spec_define_imports(hcc_buf *out, const hcc_module *m, const spec_value *values,
                        hcc_error *err) {
  static const uint8_t order[] = {TYPE,   IMPORT, FUNCTION, TABLE,      MEMORY, GLOBAL,
                                  EXPORT, START,  ELEM,     DATA_COUNT, CODE,   DATA};
  hcc_range sections[SECTIONS] = {{0, 0}};
  hcc_buf content;
  hcc_buf_init(&content, HCC_MAX_MODULE);
  int status;
  HCC_TRY(find_sections(sections, m, err));
  hcc_buf_add(out, m->bytes, 8);
  for (size_t i = 0; i < sizeof order; i++) {
    content.size = 0;
    switch (order[i]) {
    case IMPORT:
      put_imports(&content, m);
      break;
    case TABLE:
      put_tables(&content, m);
      break;
    case MEMORY:
      put_memories(&content, m);
      break;
    case GLOBAL:
      put_globals(&content, m, values);
      break;
    default:
      put_range(&content, m, sections[order[i]]);
    }
    if (content.size != 0) {
      hcc_buf_byte(out, order[i]);
      hcc_buf_u32(out, (uint32_t)content.size);
      hcc_buf_add(out, content.data, content.size);
    }
  }
  if (out->failed || content.failed) {
    status = hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to define imports");
  }
out:
  hcc_buf_free(&content);
  return status;
}
