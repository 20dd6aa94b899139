/* source.h - the bytes that AS names: a file, hex or base64; and the compilation of a module by the
 * heliosc program, run as a child: the engine never links the compiler.
 *
 * Invariant: what is read is bounded (HRT_SOURCE_MAX) and is a module or a plugin by content; a
 * path is read only if it is a regular file. */
#ifndef HRT_SOURCE_H
#define HRT_SOURCE_H

#include "ddl/ddl.h"

#define HRT_SOURCE_MAX (256u << 20) /* bytes; a plugin carries its module of at most 64 MiB */

typedef enum hrt_content {
  HRT_CONTENT_WASM, /* binary or text module: for heliosc */
  HRT_CONTENT_PLUGIN,
} hrt_content;

/* *bytes is hrt_freed by the caller. Errors: E_NOT_FOUND, E_IO, E_LIMIT, E_SYNTAX (digits),
 * E_PLUGIN (neither module nor plugin), E_MEMORY. */
int hrt_source_read(uint8_t **bytes, size_t *size, hrt_content *content, const hrt_ddl_source *s,
                    helios_error *err);

/* Reads a whole regular file. */
int hrt_file_read(uint8_t **bytes, size_t *size, const char *path, helios_error *err);

typedef struct hrt_compile_options {
  const char *heliosc;     /* program; NULL: HELIOS_HELIOSC, beside this library, PATH */
  bool no_fuel;            /* count none */
  const char *tier;        /* "baseline", "optimizing"; NULL: heliosc's default */
  int (*probe)(void *arg); /* nonzero cancels; may be NULL */
  void *probe_arg;
} hrt_compile_options;

/* Compiles a module to a plugin. *so is hrt_freed by the caller. Errors: E_COMPILE with heliosc's
 * own code, message and hint; E_NOT_FOUND (no heliosc), E_IO, E_CANCELLED, E_MEMORY. */
int hrt_compile(uint8_t **so, size_t *size, const void *wasm, size_t wasm_size,
                const hrt_compile_options *options, helios_error *err);

#endif
