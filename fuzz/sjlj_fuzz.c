/* sjlj_fuzz.c - whatever validates and throws can be lowered into what decodes, validates and
 * throws no more, or is refused for a reason. */
#include "mutate.h"
#include "sjlj.h"

#define OUTPUT_MAX (16u << 20)

static int load(hcc_module **out, const uint8_t *bytes, size_t size) {
  hcc_error err = {0};
  int status = hcc_decode(out, bytes, size, &err);
  return status != 0 ? status : hcc_validate(*out, &err);
}

static void lower(const hcc_module *m) {
  hcc_buf out;
  hcc_module *result = NULL;
  hcc_error err = {0};
  hcc_buf_init(&out, OUTPUT_MAX);
  int status = hcc_sjlj(&out, m, &err);
  if (status == 0) {
    status = load(&result, out.data, out.size);
    FZ_MUST(status == HCC_E_LIMIT || (status == 0 && !hcc_sjlj_wanted(result)));
  }
  FZ_MUST(status == 0 || status == HCC_E_LIMIT || status == HCC_E_NO_MEMORY ||
          status == HCC_E_IMPORT_TYPE || status == HCC_E_IMPORT_KIND);
  hcc_module_free(result);
  hcc_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  hcc_module *m = NULL;
  if (load(&m, data, size) == 0 && hcc_sjlj_wanted(m)) {
    lower(m);
  }
  hcc_module_free(m);
  return 0;
}
