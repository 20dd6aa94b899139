/* lower_main.c - a tool of heliosc's own build: lowers the setjmp of a script engine's module
 * (sjlj.h), which heliosc then has in itself. usage: lower IN OUT */
#include <stdio.h>
#include <stdlib.h>

#include "limits.h"
#include "sjlj.h"

static uint8_t *read_all(size_t *size, const char *path) {
  FILE *file = fopen(path, "rb");
  uint8_t *bytes = malloc(HCC_MAX_MODULE);
  *size = file != NULL && bytes != NULL ? fread(bytes, 1, HCC_MAX_MODULE, file) : 0;
  if (file != NULL) {
    fclose(file);
  }
  return bytes;
}

static int write_all(const char *path, const hcc_buf *out) {
  FILE *file = fopen(path, "wb");
  bool written = file != NULL && fwrite(out->data, 1, out->size, file) == out->size;
  return (file == NULL || fclose(file) == 0) && written ? 0 : 1;
}

int main(int argc, char **argv) {
  hcc_error err = {.code = HCC_OK};
  hcc_module *m = NULL;
  hcc_buf out;
  size_t size = 0;
  uint8_t *bytes = argc == 3 ? read_all(&size, argv[1]) : NULL;
  hcc_buf_init(&out, HCC_MAX_MODULE);
  int status = hcc_decode(&m, bytes, size, &err);
  status = status != 0 ? status : hcc_validate(m, &err);
  status = status != 0 ? status : hcc_sjlj(&out, m, &err);
  status = status != 0 ? status : write_all(argv[2], &out);
  if (status != 0) {
    fprintf(stderr, "lower: %s\n", err.text);
  }
  hcc_module_free(m);
  hcc_buf_free(&out);
  free(bytes);
  return status != 0;
}
