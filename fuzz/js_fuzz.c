/* js_fuzz.c - any bytes as a JavaScript source: tokens lie in it, one behind the other, and reading
 * it ends in procedures whose names are in it, or in a message. */
#include "js_read.h"
#include "mutate.h"

static const char *source;
static size_t source_size;

static void in_source(const char *at, size_t n) {
  FZ_MUST(at >= source && n <= source_size && (size_t)(at - source) <= source_size - n);
}

static void found(void *arg, const char *specifier, size_t size, unsigned line, unsigned column) {
  (void)arg;
  in_source(specifier, size);
  FZ_MUST(line > 0 && column > 0);
}

static void scan(void) {
  hcc_js_scan s;
  hcc_js_token t;
  const char *behind = source;
  hcc_js_begin(&s, source, source_size);
  do {
    t = hcc_js_next(&s);
    in_source(t.at, t.size);
    FZ_MUST(t.at >= behind && (t.kind == HCC_JS_END) == (t.size == 0));
    if (t.doc != NULL) {
      in_source(t.doc, t.doc_size);
    }
    behind = t.at + t.size;
  } while (t.kind != HCC_JS_END);
  FZ_MUST(behind == source + source_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static hcc_script_unit unit; /* large */
  hcc_listener listener = {NULL, NULL};
  source = (const char *)data;
  source_size = size;
  scan();
  for (int main = 0; main < 2; main++) {
    hcc_script_unit_begin(&unit, "p.js", &listener);
    hcc_js_read(&unit, source, size, main, found, NULL);
    for (uint32_t i = 0; i < unit.procedure_count; i++) {
      const hcc_procedure *p = &unit.procedures[i].said;
      FZ_MUST(main && strlen(p->function) <= size && p->param_count <= HCC_SCRIPT_PARAMS);
      for (uint32_t k = 0; k < p->param_count; k++) {
        FZ_MUST(p->params[k].name != NULL && p->params[k].sql != NULL);
      }
    }
    hcc_script_unit_free(&unit);
  }
  return 0;
}
