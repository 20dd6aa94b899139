/* prototypes.h - reads a C or C++ source with libclang: the functions that it defines, with their
 * types and what is said about them in comments and attributes, and clang's diagnostics.
 *
 * libclang runs in a child of ours in the jail, since a source may be anybody's: the child is this
 * same program, started with HCC_PROTOTYPES as its first argument. Invariant: what the child wrote
 * is untrusted; hcc_prototypes_read checks the shape of all of it. */
#ifndef HCC_PROTOTYPES_H
#define HCC_PROTOTYPES_H

#include <cJSON.h>

#include "run.h"

#define HCC_PROTOTYPES "--read-prototypes"

/* The child: argv is this program's, after HCC_PROTOTYPES: libclang's path, the output, the source,
 * then clang's arguments. 0, or why not in a text on stderr. Not for the parent. */
int hcc_prototypes_main(int argc, char **argv);

typedef struct hcc_prototypes_job {
  const char *source;       /* absolute path */
  const char *libclang;     /* path */
  const char *const *flags; /* of clang; NULL ends it */
  const char *folder;       /* the temporary one */
  const hcc_jail *jail;
  uint32_t seconds;
} hcc_prototypes_job;

/* {"diagnostics": [{level, text, option, file, line, column}], "files": [of all includes],
 * "annotations": [of variables], "functions": [{name, symbol, line, column, comment, variadic,
 * annotations: [...], result: TYPE, params: [{name, line, column, type: TYPE}]}]} TYPE: {shown,
 * pointer, const, names: [typedef names from the outside in, then the type's own]} cJSON_Delete is
 * the caller's. Errors: those of run.h, TOOL_FAILED. */
int hcc_prototypes_read(cJSON **out, const hcc_prototypes_job *job, hcc_error *err);

#endif
