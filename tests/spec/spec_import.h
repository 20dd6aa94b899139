/* spec_import.h - makes a module that imports memories, tables or globals into one that heliosc
 * takes: each becomes a definition of its own, of the same type, at the same index. spec_run.c then
 * lets the instances share them; the code that heliosc makes is the same as for any other module.
 *
 * Invariant: what is no import stays as it is. */
#ifndef SPEC_IMPORT_H
#define SPEC_IMPORT_H

#include "buf.h"
#include "module.h"

/* A constant expression with its end; size 0: not known, so it becomes zero. */
typedef struct spec_value {
  const uint8_t *bytes;
  uint32_t size;
} spec_value;

bool spec_imports_only_functions(const hcc_module *m);

/* values: of the imported globals, in order. The result is in out. Errors: those of decoding. */
int spec_define_imports(hcc_buf *out, const hcc_module *m, const spec_value *values,
                        hcc_error *err);

#endif
