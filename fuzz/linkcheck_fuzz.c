/* linkcheck_fuzz.c - any bytes to the link check: it must not crash, read outside the image, or
 * refuse without a reason. */
#include "linkcheck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  hcc_linkcheck_report report;
  int refused = hcc_linkcheck(&report, data, size);
  if (refused != (report.text[0] != '\0')) {
    __builtin_trap();
  }
  return 0;
}
