/* rewrite_fuzz.c - whatever validates can be rewritten, with every combination of options, into
 * what decodes and validates again. A limit of the input that the additions exceed is no breach. */
#include <stdint.h>
#include <stdlib.h>

#include "rewrite.h"

#define OUTPUT_MAX (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int load(hcc_module **out, const uint8_t *bytes, size_t size) {
  hcc_error err = {0};
  int status = hcc_decode(out, bytes, size, &err);
  return status != 0 ? status : hcc_validate(*out, &err);
}

/* Has the rewrite kept its word? */
static int holds(const hcc_module *m, const hcc_rewrite_options *options) {
  hcc_buf out;
  hcc_plan plan;
  hcc_module *result = NULL;
  hcc_error err = {0};
  hcc_buf_init(&out, OUTPUT_MAX);
  int status = hcc_rewrite(&out, &plan, m, options, &err);
  if (status == 0) {
    status = load(&result, out.data, out.size);
  }
  hcc_module_free(result);
  hcc_plan_free(&plan);
  hcc_buf_free(&out);
  return status == 0 || status == HCC_E_LIMIT || status == HCC_E_NO_MEMORY ||
         status == HCC_E_IMPORT_KIND;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  hcc_module *m = NULL;
  if (load(&m, data, size) == 0) {
    for (unsigned bits = 0; bits < 8; bits++) {
      hcc_rewrite_options options = {.meter = bits & 1,
                                     .marks = (bits & 2) != 0,
                                     .helpers = (bits & 2) != 0,
                                     .looks = (bits & 2) != 0,
                                     .alone = (bits & 4) != 0};
      if (!holds(m, &options)) {
        abort();
      }
    }
  }
  hcc_module_free(m);
  return 0;
}
