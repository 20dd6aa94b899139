/* embedded.h - rt-sandbox's sources inside the heliosc program, so that it is one file to copy. */
#ifndef HCC_EMBEDDED_H
#define HCC_EMBEDDED_H

#include <stddef.h>

struct hcc_embedded {
  const char *name; /* NULL ends the table */
  const unsigned char *bytes;
  size_t size;
};

extern const struct hcc_embedded hcc_embedded[];
extern const struct hcc_embedded
    hcc_embedded_sdk[]; /* sdk/: "c/heliosdb.h", "rust/src/lib.rs"; a NUL behind each */
extern const struct hcc_embedded hcc_embedded_fuzz[]; /* compiler/fuzz: what heliosc fuzz builds */

#endif
