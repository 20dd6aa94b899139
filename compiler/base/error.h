/* error.h - the one error type of the compiler. Fixed storage, no allocation, so that reporting
 * an error can't fail. Guest bytes in text are already escaped (hcc_escape).
 *
 * Invariant: a function that fails has set code and a non-empty text; one that succeeds has not
 * touched the error. */
#ifndef HCC_ERROR_H
#define HCC_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hcc_code {
  HCC_OK = 0,
#define HCC_ERROR(name, number, exit, title, hint) HCC_E_##name = number,
#include "errors.def"
#undef HCC_ERROR
};

#define HCC_NO_OFFSET UINT64_MAX

typedef struct hcc_error {
  enum hcc_code code;
  uint64_t offset; /* byte in the input, or HCC_NO_OFFSET */
  uint32_t func;   /* function index, or UINT32_MAX */
  char text[256];  /* one line, lower case, no full stop */
} hcc_error;

/* Sets *err (may be NULL) and returns code, so that `return hcc_fail(...)` reads well. An error
 * that is set already is kept: the first, deepest one wins. */
int hcc_fail(hcc_error *err, enum hcc_code code, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

const char *hcc_code_title(enum hcc_code code); /* never NULL */
const char *hcc_code_hint(enum hcc_code code);  /* never NULL */
int hcc_code_exit(enum hcc_code code);          /* process exit status */

/* Writes guest bytes for a person: printable ASCII stays, but backslash and all else become \xNN,
 * cut after 64 bytes with "...". Returns out. */
#define HCC_ESCAPED 272
const char *hcc_escape(char out[HCC_ESCAPED], const void *bytes, size_t length);

#define HCC_TRY(expr)                                                                              \
  do {                                                                                             \
    if ((status = (expr)) != 0) {                                                                  \
      goto out;                                                                                    \
    }                                                                                              \
  } while (0)

#endif
