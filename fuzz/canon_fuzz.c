/* canon_fuzz.c - modules by the generator, so that bytes are decisions and every input is a valid
 * module: it must validate, and so must what the rewrite makes of it, by options from the input
 * too. That it means the same then is differential.py's business. */
#include "generate.h"
#include "module.h"
#include "mutate.h"
#include "rewrite.h"

static hcc_module *load(const hcc_buf *wasm) {
  hcc_error err = {0};
  hcc_module *m = NULL;
  FZ_MUST(hcc_decode(&m, wasm->data, wasm->size, &err) == 0);
  FZ_MUST(hcc_validate(m, &err) == 0);
  return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fz_choices c = {data, size};
  fz_module generated;
  hcc_error err = {0};
  hcc_plan plan;
  hcc_buf wasm, out;
  uint8_t bits = fz_byte(&c);
  hcc_rewrite_options options = {.meter = bits & 1,
                                 .marks = (bits & 2) != 0,
                                 .helpers = (bits & 16) != 0,
                                 .looks = (bits & 32) != 0,
                                 .alone = (bits & 4) != 0,
                                 .polls = (bits & 9) == 9};
  hcc_buf_init(&wasm, FZ_MODULE_MAX);
  hcc_buf_init(&out, 4 * FZ_MODULE_MAX);
  FZ_MUST(fz_generate(&wasm, &generated, 1 + fz_below(&c, 3), &c));
  hcc_module *m = load(&wasm);
  FZ_MUST(hcc_rewrite(&out, &plan, m, &options, &err) == 0);
  hcc_module_free(load(&out));
  hcc_plan_free(&plan);
  hcc_buf_free(&out);
  hcc_module_free(m);
  hcc_buf_free(&wasm);
  return 0;
}
