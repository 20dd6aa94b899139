/* places.c - the module's tables to rows of offset, file and line. Addresses of DWARF in a module
 * count from the beginning of the code section ("DWARF for WebAssembly"). Invariants: places.h. */
#include "places.h"

#include <stdlib.h>
#include <string.h>

#include "lines.h"

#define ROWS_MAX (2u << 20) /* 16 MiB of the plugin; an optimised module of 64 MiB has fewer */
#define PATH_LONGEST 4096u  /* what is longer than a system has them is no name */
#define NAME_LONGEST 255u
#define SLOTS (2 * HSB_FILE_PLACE_FILES)
#define PROBES_MAX (64u << 20) /* hostile names may all hash to one slot */

typedef struct files {
  const char *names[HSB_FILE_PLACE_FILES]; /* in the module */
  uint32_t count;
  uint16_t slots[SLOTS]; /* by hash: index of a name and 1, or 0 */
  uint32_t probes;
  const char *last; /* path that was asked for last */
  uint32_t last_index;
} files;

/* The name of the file without folders; "" if it is too long. */
static const char *base_of(const char *path) {
  size_t size = strnlen(path, PATH_LONGEST + 1), at = size;
  while (at > 0 && size - at <= NAME_LONGEST && path[at - 1] != '/' && path[at - 1] != '\\') {
    at--;
  }
  return size > PATH_LONGEST || size - at > NAME_LONGEST ? "" : path + at;
}

static uint32_t hash_of(const char *name) { /* FNV-1a */
  uint32_t hash = 0x811c9dc5u;
  for (; *name != '\0'; name++) {
    hash = (hash ^ (uint8_t)*name) * 0x01000193u;
  }
  return hash;
}

/* The name's index, HSB_FILE_PLACE_FILES if there is no room for it. */
static uint32_t index_of(files *f, const char *name) {
  uint32_t slot = hash_of(name) % SLOTS;
  while (f->slots[slot] != 0 && strcmp(f->names[f->slots[slot] - 1u], name) != 0) {
    slot = (slot + 1) % SLOTS;
    f->probes++;
  }
  if (f->slots[slot] == 0 && f->count == HSB_FILE_PLACE_FILES) {
    return HSB_FILE_PLACE_FILES;
  }
  if (f->slots[slot] == 0) {
    f->names[f->count++] = name;
    f->slots[slot] = (uint16_t)f->count;
  }
  return f->slots[slot] - 1u;
}

static uint32_t place_of(void *arg, const char *path, uint64_t line) {
  files *f = arg;
  if (line == 0) {
    return 0; /* compiler-made, whatever the file */
  }
  if (line > HSB_FILE_PLACE_LINE) {
    return HSB_FILE_NO_OFFSET;
  }
  if (path != f->last) {
    const char *name = base_of(path);
    bool none = name[0] == '\0' || f->probes > PROBES_MAX;
    f->last = path;
    f->last_index = none ? HSB_FILE_PLACE_FILES : index_of(f, name);
  }
  return f->last_index == HSB_FILE_PLACE_FILES ? HSB_FILE_NO_OFFSET
                                               : hsb_file_place_at(f->last_index, (uint32_t)line);
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
