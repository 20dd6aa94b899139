/* objects.h - objects of a module that is compiled in several parts: out of the cache where the
 * very same text was compiled by the same clang before, and which part holds a function. A large
 * module (an interpreter) is so not compiled again because heliosc was, nor all of it because of
 * one function.
 *
 * Invariant: an object from the cache has the seal of this machine's key, as a plugin has. */
#ifndef HCC_OBJECTS_H
#define HCC_OBJECTS_H

#include "cc.h"
#include "key.h"

typedef struct hcc_objects_job {
  const hcc_cc *cc;
  const uint8_t *key; /* NULL: no cache */
} hcc_objects_job;

/* As hcc_cc_compile. */
int hcc_objects(uint64_t *peak_kib, const hcc_objects_job *job, const char *const *sources,
                uint32_t count, hcc_error *err);

/* The N of the source "p<N>.c" that has the function at this address of debug.so; parts: how many
 * there are. False: it is none of them. */
bool hcc_objects_find(uint32_t *part, const char *folder, uint32_t parts, uint64_t address);

#endif
