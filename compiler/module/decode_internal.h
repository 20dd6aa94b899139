/* decode_internal.h - what the files of the decoder share; nobody else includes it.
 *
 * Invariant: reader ends at the end of the section that is being read. */
#ifndef HCC_DECODE_INTERNAL_H
#define HCC_DECODE_INTERNAL_H

#include "arena.h"
#include "reader.h"

typedef struct hcc__decoder {
  hcc_module *m;
  hcc_arena *arena;
  hcc_reader r;
  hcc_error *err;
  uint32_t bodies;         /* read in the code section */
  uint64_t table_elements; /* minimal sizes of the tables so far, at most 2^32 * (tables) */
  hcc_range names;         /* the first name section; empty if none */
} hcc__decoder;

/* decode_tables.c: the reader stands behind the section's size, and is to end at its end. */
int hcc__decode_types(hcc__decoder *d);
int hcc__decode_imports(hcc__decoder *d);
int hcc__decode_functions(hcc__decoder *d);
int hcc__decode_tables(hcc__decoder *d);
int hcc__decode_memories(hcc__decoder *d);
int hcc__decode_globals(hcc__decoder *d);
int hcc__decode_exports(hcc__decoder *d);
int hcc__decode_start(hcc__decoder *d);
/* decode_code.c */
int hcc__decode_elems(hcc__decoder *d);
int hcc__decode_data_count(hcc__decoder *d);
int hcc__decode_code(hcc__decoder *d);
int hcc__decode_datas(hcc__decoder *d);
/* Sets declared_ref of functions (core specification 3.4.14, C.refs): needs the whole module. */
int hcc__decode_declared_refs(hcc__decoder *d);
/* decode_names.c: sets func.name; what is malformed is no error, but then no function has one. */
void hcc__decode_names(hcc__decoder *d);

/* A name (5.2.4): UTF-8, at most HCC_MAX_NAME bytes. */
int hcc__decode_name(hcc_range *out, hcc__decoder *d);
/* Zeroed items in the module's arena; NULL means that the error is set. */
void *hcc__decode_array(hcc__decoder *d, size_t count, size_t size);

#endif
