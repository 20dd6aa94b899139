/* places.c - the module's tables to rows of offset, file and line. Addresses of DWARF in a module
 * count from the beginning of the code section ("DWARF for WebAssembly"). Invariants: places.h. */
#include "places.h"

#include <stdlib.h>
#include <string.h>

#include "lines.h"

#define ROWS_MAX (2u << 20) /* 16 MiB of the plugin; an optimised module of 64 MiB has fewer */

typedef struct files {
  const char *names[HSB_FILE_PLACE_FILES]; /* in the module */
  uint32_t count;
  const char *last; /* path that was asked for last */
  uint32_t last_index;
} files;

static const char *base_of(const char *path) {
  for (const char *slash = path; (slash = strpbrk(slash, "/\\")) != NULL; slash++) {
    path = slash + 1;
  }
  return path;
}

static uint32_t place_of(void *arg, const char *path, uint64_t line) {
  files *f = arg;
  const char *name = base_of(path);
  if (line == 0) {
    return 0; /* compiler-made, whatever the file */
  }
  if (line > HSB_FILE_PLACE_LINE || name[0] == '\0') {
    return HSB_FILE_NO_OFFSET;
  }
  uint32_t i = path == f->last ? f->last_index : 0;
  while (i < f->count && strcmp(f->names[i], name) != 0) {
    i++;
  }
  if (i == HSB_FILE_PLACE_FILES) {
    return HSB_FILE_NO_OFFSET;
  }
  if (i == f->count) {
    f->names[f->count++] = name;
  }
  f->last = path;
  f->last_index = i;
  return hsb_file_place_at(i, (uint32_t)line);
}

static hcc_span custom(const hcc_module *m, const char *name) {
  for (uint32_t i = 0; i < m->custom_count; i++) {
    const hcc_custom *c = &m->customs[i];
    if (c->name.end - c->name.begin == strlen(name) &&
        memcmp(m->bytes + c->name.begin, name, strlen(name)) == 0) {
      return (hcc_span){m->bytes + c->bytes.begin, c->bytes.end - c->bytes.begin};
    }
  }
  return (hcc_span){NULL, 0};
}

static void put(hcc_buf *out, const struct hsb_file_line *rows, uint32_t count, const files *f,
                uint32_t code) {
  uint32_t head[2] = {count, f->count};
  hcc_buf_add(out, head, sizeof head);
  for (uint32_t i = 0; i < count; i++) {
    struct hsb_file_place row = {rows[i].pc + code, rows[i].offset};
    hcc_buf_add(out, &row, sizeof row);
  }
  for (uint32_t i = 0; i < f->count; i++) {
    hcc_buf_add(out, f->names[i], strlen(f->names[i]) + 1);
  }
}

int hcc_places(hcc_buf *out, const hcc_module *m, hcc_error *err) {
  struct hsb_file_line *rows = NULL;
  uint32_t count = 0;
  hcc_error odd = {.code = HCC_OK};
  files *f = calloc(1, sizeof *f);
  if (f == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the places");
  }
  hcc_line_tables in = {.lines = custom(m, ".debug_line"),
                        .strings = custom(m, ".debug_str"),
                        .line_strings = custom(m, ".debug_line_str"),
                        .address_bytes = 4,
                        .code = 1, /* what the linker dropped is at 0 */
                        .code_end = m->code.end - m->code.begin,
                        .rows_max = ROWS_MAX,
                        .value = place_of,
                        .arg = f};
  int status = in.lines.size == 0 ? 0 : hcc_line_rows(&rows, &count, &in, &odd);
  if (status == 0 && f->count > 0) {
    put(out, rows, count, f, m->code.begin);
  }
  free(rows);
  free(f);
  bool memory = odd.code == HCC_E_NO_MEMORY || out->no_memory;
  return memory ? hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the places") : 0;
}
