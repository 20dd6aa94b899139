/* lines_fuzz.c - any bytes as line tables (.debug_line and the two sections of texts that it names
 * places in), of an image and of a module: what comes out is in order, lies in the code, and is
 * small, or there is nothing. */
#include <stdlib.h>

#include "lines.h"
#include "mutate.h"
#include "places.h"

#define CODE_END 0x10000u
#define ROWS 4096u

static const char NAMES[] = ".debug_line.debug_str.debug_line_str";

static void cut(hcc_range *out, uint32_t *at, uint32_t wanted, uint32_t end) {
  out->begin = *at;
  *at += wanted < end - *at ? wanted : end - *at;
  out->end = *at;
}

static uint32_t value_of(void *arg, const char *file, uint64_t line) {
  size_t *length = arg;
  *length += strlen(file);
  return (uint32_t)line;
}

static void of_an_image(const hcc_module *m, const hcc_range *s) {
  struct hsb_file_line *rows = NULL;
  uint32_t count = 0;
  size_t length = 0;
  hcc_error err = {.code = HCC_OK};
  hcc_line_tables in = {.lines = {m->bytes + s[0].begin, s[0].end - s[0].begin},
                        .strings = {m->bytes + s[1].begin, s[1].end - s[1].begin},
                        .line_strings = {m->bytes + s[2].begin, s[2].end - s[2].begin},
                        .address_bytes = 8,
                        .code = 16,
                        .code_end = CODE_END,
                        .rows_max = ROWS,
                        .value = value_of,
                        .arg = &length};
  int status = hcc_line_rows(&rows, &count, &in, &err);
  FZ_MUST((status == 0) == (err.code == HCC_OK) && count <= ROWS);
  for (uint32_t i = 0; i < count; i++) {
    FZ_MUST(rows[i].pc >= 16 && rows[i].pc <= CODE_END);
    FZ_MUST(i == 0 || (rows[i].pc > rows[i - 1].pc && rows[i].offset != rows[i - 1].offset));
  }
  free(rows);
}

static void of_a_module(const hcc_module *m) {
  hcc_buf out;
  hcc_error err = {.code = HCC_OK};
  uint32_t head[2];
  hcc_buf_init(&out, 64u << 20);
  FZ_MUST(hcc_places(&out, m, &err) == 0 && err.code == HCC_OK);
  if (out.size != 0) {
    FZ_MUST(out.size >= sizeof head);
    memcpy(head, out.data, sizeof head);
    const struct hsb_file_place *rows = (const void *)(out.data + sizeof head);
    const char *name = (const char *)(rows + head[0]), *end = (const char *)out.data + out.size;
    FZ_MUST(head[1] > 0 && head[1] <= HSB_FILE_PLACE_FILES && name < end && end[-1] == 0);
    for (uint32_t i = 0; i < head[0]; i++) {
      FZ_MUST(rows[i].offset >= m->code.begin && rows[i].offset <= m->code.end);
      FZ_MUST(i == 0 || rows[i].offset > rows[i - 1].offset);
      FZ_MUST(rows[i].at == HSB_FILE_NO_OFFSET || rows[i].at >> 20 < head[1]);
    }
    for (uint32_t i = 0; i < head[1]; i++) {
      size_t length = strlen(name);
      FZ_MUST(length > 0 && length < 256 && strpbrk(name, "/\\") == NULL);
      name += length + 1;
    }
    FZ_MUST(name == end);
  }
  hcc_buf_free(&out);
}

/* Two bytes each: how long the first two sections are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t names = sizeof NAMES - 1;
  if (size < 4) {
    return 0;
  }
  uint8_t *bytes = malloc(names + size - 4);
  FZ_MUST(bytes != NULL);
  memcpy(bytes, NAMES, names);
  memcpy(bytes + names, data + 4, size - 4);
  uint32_t at = (uint32_t)names, end = (uint32_t)(names + size) - 4;
  hcc_range sections[3];
  cut(&sections[0], &at, data[0] | data[1] << 8u, end);
  cut(&sections[1], &at, data[2] | data[3] << 8u, end);
  cut(&sections[2], &at, end, end);
  hcc_custom customs[3] = {
      {{0, 11}, sections[0]}, {{11, 21}, sections[1]}, {{21, 36}, sections[2]}};
  hcc_module m = {.bytes = bytes,
                  .size = end,
                  .customs = customs,
                  .custom_count = 3,
                  .code = {40, 40 + CODE_END}};
  of_an_image(&m, sections);
  of_a_module(&m);
  free(bytes);
  return 0;
}
