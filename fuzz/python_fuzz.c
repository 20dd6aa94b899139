/* python_fuzz.c - any bytes as a Python source: an answer, ranges within the source, and a manifest
 * that is JSON. */
#include <cJSON.h>

#include "mutate.h"
#include "python_unit.h"

static void in_source(hcc_py_range r, size_t size) {
  FZ_MUST(r.begin <= r.end && r.end <= size);
}

static void check(const hcc_py_scan *scan, size_t size) {
  const hcc_py_function *f = (const hcc_py_function *)(const void *)scan->functions.data;
  const hcc_py_param *p = (const hcc_py_param *)(const void *)scan->params.data;
  size_t params = scan->params.size / sizeof *p;
  for (size_t i = 0; i < scan->functions.size / sizeof *f; i++) {
    in_source(f[i].name, size);
    in_source(f[i].result, size);
    in_source(f[i].comment, size);
    in_source(f[i].docstring, size);
    FZ_MUST(f[i].first_param + f[i].param_count <= params);
  }
  for (size_t i = 0; i < params; i++) {
    in_source(p[i].name, size);
    in_source(p[i].annotation, size);
    in_source(p[i].fallback, size);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  hcc_py_scan scan;
  hcc_error err = {.code = HCC_OK};
  hcc_listener listener = {NULL, NULL};
  hcc_buf manifest, line;
  hcc_buf_init(&manifest, 1u << 20);
  hcc_buf_init(&line, 1u << 20);
  if (hcc_python_scan(&scan, (const char *)data, size, &err) == 0) {
    check(&scan, size);
    if (hcc_python_unit(&manifest, &line, &scan, "p.py", "p", &listener, &err) == 0) {
      cJSON *json = cJSON_Parse((const char *)manifest.data);
      FZ_MUST(json != NULL);
      cJSON_Delete(json);
    }
  }
  hcc_python_scan_free(&scan);
  hcc_buf_free(&manifest);
  hcc_buf_free(&line);
  return 0;
}
