/* stage.h - the stages behind the front end, in one temporary folder: rewritten module to C, C to
 * an image, image and tables to the sealed plugin. build.c decides what is built; this builds it.
 *
 * Invariant: nothing but the folder is written, and the plugin that comes out passed the link
 * check. */
#ifndef HCC_STAGE_H
#define HCC_STAGE_H

#include "build.h"
#include "cc.h"
#include "key.h"
#include "module.h"
#include "rewrite.h"
#include "tools.h"

typedef struct hcc_stage_input {
  const hcc_build_options *options;
  const hcc_module *module;
  const char *manifest; /* JSON of manifest.h, NUL-terminated */
  const char *folder;
  const hcc_tool *tools; /* by enum hcc_tool_id, with versions */
  const hcc_target *target;
  const hcc_jail *jails; /* by enum hcc_tool_id */
  uint32_t seconds;
  const uint8_t *key;
} hcc_stage_input;

/* Result fields that belong to the stages are set. Errors: all of the tools', LINKCHECK, LIMIT. */
int hcc_stage_plugin(hcc_buf *out, hcc_build_result *result, const hcc_stage_input *in,
                     hcc_error *err);
/* The program that fuzzes it: what HCC_EMIT_FUZZ gives. */
int hcc_stage_fuzz(hcc_buf *out, hcc_build_result *result, const hcc_stage_input *in,
                   hcc_error *err);
/* The C of the module in one file, for reading: what HCC_EMIT_C gives. */
int hcc_stage_c(hcc_buf *out, hcc_build_result *result, const hcc_stage_input *in, hcc_error *err);

/* How a plugin's module is rewritten. */
hcc_rewrite_options hcc_stage_rewrite_options(const hcc_build_options *options);
/* Writes rt-sandbox's files to <folder>/rt. */
int hcc_stage_sandbox(const char *folder, hcc_error *err);

#endif
