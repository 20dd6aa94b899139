/* decode.c - reads a module: header, sections in their order, what holds between sections. It never
 * copies bytes of the input and never allocates for a count that the input can't hold. Sections are
 * read in decode_tables.c and decode_code.c, function names in decode_names.c. Invariants: see
 * module.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "decode_internal.h"
#include "hsb_check.h"
#include "limits.h"

static int decode_custom(hcc__decoder *d);

/* order says where it must stand, 0 anywhere. */
static const struct {
  const char *name;
  unsigned order;
  int (*decode)(hcc__decoder *d);
} sections[] = {
    [HCC_SECTION_CUSTOM] = {"custom", 0, decode_custom},
    [HCC_SECTION_TYPE] = {"type", 1, hcc__decode_types},
    [HCC_SECTION_IMPORT] = {"import", 2, hcc__decode_imports},
    [HCC_SECTION_FUNCTION] = {"function", 3, hcc__decode_functions},
    [HCC_SECTION_TABLE] = {"table", 4, hcc__decode_tables},
    [HCC_SECTION_MEMORY] = {"memory", 5, hcc__decode_memories},
    [HCC_SECTION_GLOBAL] = {"global", 6, hcc__decode_globals},
    [HCC_SECTION_EXPORT] = {"export", 7, hcc__decode_exports},
    [HCC_SECTION_START] = {"start", 8, hcc__decode_start},
    [HCC_SECTION_ELEM] = {"element", 9, hcc__decode_elems},
    [HCC_SECTION_CODE] = {"code", 11, hcc__decode_code},
    [HCC_SECTION_DATA] = {"data", 12, hcc__decode_datas},
    [HCC_SECTION_DATA_COUNT] = {"data count", 10, hcc__decode_data_count},
};

#define SECTIONS (sizeof sections / sizeof *sections)

void *hcc__decode_array(hcc__decoder *d, size_t count, size_t size) {
  void *array = hcc_arena_array(d->arena, count, size);
  if (array == NULL) {
    hcc_fail(d->err, HCC_E_NO_MEMORY, d->r.pos, "no memory for %zu items of %zu bytes", count,
             size);
  }
  return array;
}

int hcc__decode_name(hcc_range *out, hcc__decoder *d) {
  uint32_t at = d->r.pos, length;
  hcc_range name;
  int status;
  HCC_TRY(hcc_read_u32(&length, &d->r, d->err));
  if (length > HCC_MAX_NAME) {
    status =
        length > d->r.end - d->r.pos
            ? hcc_fail(d->err, HCC_E_MALFORMED, at, "unexpected end in a name")
            : hcc_fail(d->err, HCC_E_LIMIT, at,
                       "a name of %" PRIu32 " bytes, at most %u are allowed", length, HCC_MAX_NAME);
    goto out;
  }
  HCC_TRY(hcc_read_range(&name, length, &d->r, d->err));
  if (!hcc_is_utf8(d->r.bytes + name.begin, length)) {
    status = hcc_fail(d->err, HCC_E_MALFORMED, name.begin, "malformed UTF-8 in a name");
    goto out;
  }
  *out = name;
out:
  return status;
}

static int decode_custom(hcc__decoder *d) {
  hcc_module *m = d->m;
  uint32_t at = d->r.pos;
  hcc_custom custom;
  int status;
  HCC_TRY(hcc__decode_name(&custom.name, d));
  HCC_TRY(hcc_read_range(&custom.bytes, d->r.end - d->r.pos, &d->r, d->err));
  if (m->custom_count == HCC_MAX_CUSTOMS) {
    status = hcc_fail(d->err, HCC_E_LIMIT, at, "more than %u custom sections", HCC_MAX_CUSTOMS);
    goto out;
  }
  if (m->customs == NULL) {
    m->customs = hcc__decode_array(d, HCC_MAX_CUSTOMS, sizeof *m->customs);
    if (m->customs == NULL) {
      status = HCC_E_NO_MEMORY;
      goto out;
    }
  }
  m->customs[m->custom_count++] = custom;
  if (d->names.end == 0 && custom.name.end - custom.name.begin == 4 &&
      memcmp(m->bytes + custom.name.begin, "name", 4) == 0) {
    d->names = custom.bytes;
  }
out:
  return status;
}

static int decode_header(hcc__decoder *d) {
  static const uint8_t magic[4] = {0, 'a', 's', 'm'}, version[4] = {1, 0, 0, 0},
                       component[4] = {0x0d, 0, 1, 0};
  hcc_range range;
  int status;
  HCC_TRY(hcc_read_range(&range, 4, &d->r, d->err));
  if (memcmp(d->r.bytes, magic, 4) != 0) {
    status = hcc_fail(d->err, HCC_E_MALFORMED, 0, "magic header not detected: not WebAssembly");
    goto out;
  }
  HCC_TRY(hcc_read_range(&range, 4, &d->r, d->err));
  if (memcmp(d->r.bytes + 4, component, 4) == 0) {
    status = hcc_fail(d->err, HCC_E_PROPOSAL, 4,
                      "this is a component, which needs the component model proposal");
  } else if (memcmp(d->r.bytes + 4, version, 4) != 0) {
    status = hcc_fail(d->err, HCC_E_MALFORMED, 4, "unknown binary version");
  }
out:
  return status;
}

static int check_section_id(hcc__decoder *d, uint8_t id, unsigned *last, uint32_t at) {
  if (id == 13) {
    return hcc_fail(d->err, HCC_E_PROPOSAL, at, "a tag section needs the exceptions proposal");
  }
  if (id == 14) {
    return hcc_fail(d->err, HCC_E_PROPOSAL, at, "a string section needs the stringref proposal");
  }
  if (id >= SECTIONS) {
    return hcc_fail(d->err, HCC_E_MALFORMED, at, "malformed section id %u", id);
  }
  unsigned order = sections[id].order;
  if (order != 0 && order == *last) {
    return hcc_fail(d->err, HCC_E_MALFORMED, at, "a second %s section", sections[id].name);
  }
  if (order != 0 && order < *last) {
    return hcc_fail(d->err, HCC_E_MALFORMED, at, "%s section out of order", sections[id].name);
  }
  *last = order != 0 ? order : *last;
  return 0;
}

static int decode_section(hcc__decoder *d, unsigned *last) {
  hcc_reader whole = d->r;
  uint32_t at = whole.pos;
  hcc_range body;
  uint32_t size;
  uint8_t id;
  int status;
  HCC_TRY(hcc_read_byte(&id, &whole, d->err));
  HCC_TRY(check_section_id(d, id, last, at));
  HCC_TRY(hcc_read_u32(&size, &whole, d->err));
  HCC_TRY(hcc_read_range(&body, size, &whole, d->err));
  d->r = (hcc_reader){.bytes = whole.bytes, .pos = body.begin, .end = body.end};
  HCC_TRY(sections[id].decode(d));
  if (id == HCC_SECTION_CODE) {
    d->m->code = body;
  }
  if (d->r.pos != body.end) {
    status = hcc_fail(d->err, HCC_E_MALFORMED, d->r.pos,
                      "%s section size mismatch: %" PRIu32 " bytes too many", sections[id].name,
                      body.end - d->r.pos);
    goto out;
  }
  d->r = whole;
out:
  return status;
}

/* What no section can check by itself. */
static int check_counts(hcc__decoder *d) {
  const hcc_module *m = d->m;
  uint32_t functions = m->func_count - m->imported_funcs;
  if (functions != d->bodies) {
    return hcc_fail(d->err, HCC_E_MALFORMED, m->size,
                    "function and code section have inconsistent lengths: %" PRIu32
                    " functions, %" PRIu32 " bodies",
                    functions, d->bodies);
  }
  if (m->has_data_count && m->declared_data_count != m->data_count) {
    return hcc_fail(d->err, HCC_E_MALFORMED, m->size,
                    "data count and data section have inconsistent lengths: %" PRIu32
                    " segments declared, %" PRIu32 " there",
                    m->declared_data_count, m->data_count);
  }
  return 0;
}

static int decode_module(hcc__decoder *d) {
  unsigned last = 0;
  int status;
  HCC_TRY(decode_header(d));
  while (d->r.pos < d->r.end) {
    HCC_TRY(decode_section(d, &last));
  }
  HCC_TRY(check_counts(d));
  HCC_TRY(hcc__decode_declared_refs(d));
  hcc__decode_names(d);
out:
  return status;
}

int hcc_decode(hcc_module **out, const uint8_t *bytes, size_t size, hcc_error *err) {
  hcc_arena *arena = NULL;
  hcc_module *m = NULL;
  int status;
  if (size > HCC_MAX_MODULE) {
    status = hcc_fail(err, HCC_E_LIMIT, HCC_NO_OFFSET,
                      "the module has %zu bytes, at most %u are allowed", size, HCC_MAX_MODULE);
    goto out;
  }
  m = calloc(1, sizeof *m);
  arena = calloc(1, sizeof *arena);
  if (m == NULL || arena == NULL) {
    free(arena);
    status = hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for a module");
    goto out;
  }
  *m = (hcc_module){.bytes = bytes, .size = (uint32_t)size, .start = HCC_NO_START, .arena = arena};
  hcc__decoder d = {
      .m = m, .arena = arena, .r = {.bytes = bytes, .end = (uint32_t)size}, .err = err};
  HCC_TRY(decode_module(&d));
  *out = m;
  m = NULL;
out:
  hcc_module_free(m);
  return status;
}

void hcc_module_free(hcc_module *m) {
  if (m == NULL) {
    return;
  }
  if (m->arena != NULL) {
    hcc_arena_free(m->arena);
    free(m->arena);
  }
  free(m);
}
