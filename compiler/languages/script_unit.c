/* script_unit.c - see script_unit.h. */
#include "script_unit.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "hsb_file.h"
#include "limits.h"
#include "script.h"

#define MANIFEST_MAX (1u << 20)

void hcc_script_unit_begin(hcc_script_unit *u, const char *file, const hcc_listener *listener) {
  memset(u, 0, sizeof *u);
  hcc_unit_begin(&u->said, file, listener);
  hcc_buf_init(&u->files, HSB_SCRIPT_MAX);
}

void hcc_script_unit_free(hcc_script_unit *u) {
  hcc_unit_free(&u->said);
  hcc_buf_free(&u->files);
}

hcc_procedure *hcc_script_add(hcc_script_unit *u, const char *name, size_t n, hcc_place at) {
  if (u->procedure_count == HSB_SCRIPT_NAMES_MAX || n > HSB_SCRIPT_NAME_MAX) {
    hcc_unit_wrong(&u->said, at, NULL, "more than %u procedures, or a name of %zu bytes",
                   HSB_SCRIPT_NAMES_MAX, n);
    return NULL;
  }
  hcc_param *params = hcc_arena_array(&u->said.arena, HCC_SCRIPT_PARAMS, sizeof *params);
  const char *kept = hcc_unit_keep(&u->said, name, n);
  if (params == NULL || u->said.no_memory) {
    u->said.no_memory = true;
    return NULL;
  }
  struct hcc_script_procedure *p = &u->procedures[u->procedure_count++];
  p->at = at;
  p->said = (hcc_procedure){.function = kept,
                            .name = kept,
                            .params = params,
                            .state = "call",
                            .result = "ANY",
                            .hidden = name[0] == '_'};
  return &p->said;
}

hcc_param *hcc_script_add_param(hcc_script_unit *u, hcc_procedure *p, const char *name, size_t n,
                                hcc_place at) {
  if (p->param_count == HCC_SCRIPT_PARAMS) {
    hcc_unit_wrong(&u->said, at, NULL, "%s has more than %u parameters", p->function,
                   HCC_SCRIPT_PARAMS);
    return NULL;
  }
  hcc_param *param = &p->params[p->param_count++];
  *param = (hcc_param){.name = hcc_unit_keep(&u->said, name, n), .sql = "ANY", .kind = '-'};
  return param;
}

/* ---- the module ---- */

static void put_u32(hcc_buf *out, size_t v) {
  const uint8_t bytes[] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
  hcc_buf_add(out, bytes, sizeof bytes);
}

void hcc_script_file(hcc_script_unit *u, const char *name, const void *bytes, size_t size) {
  put_u32(&u->files, strlen(name));
  put_u32(&u->files, size);
  hcc_buf_text(&u->files, name);
  hcc_buf_add(&u->files, bytes, size);
  hcc_buf_byte(&u->files, 0);
  u->file_count++;
}

/* A parameter that can hold NULL makes the procedure see NULLs. */
static bool is_strict(const hcc_procedure *p) {
  bool strict = true;
  for (uint32_t i = 0; i < p->param_count; i++) {
    strict &= !p->params[i].nullable;
  }
  return strict;
}

/* Those that are not hidden, to the manifest. */
static void add_procedures(hcc_script_unit *u) {
  for (uint32_t n = 0; n < u->procedure_count; n++) {
    hcc_procedure *p = &u->procedures[n].said;
    p->strict = is_strict(p);
    if (!p->hidden) {
      hcc_unit_add(&u->said, p, u->procedures[n].at);
    }
  }
}

/* "helios:types": see sdk/engine/script.h. */
static void add_types(hcc_script_unit *u) {
  hcc_buf text;
  hcc_buf_init(&text, HSB_SCRIPT_MAX);
  for (uint32_t n = 0; n < u->procedure_count; n++) {
    const hcc_procedure *p = &u->procedures[n].said;
    if (p->hidden) {
      continue;
    }
    hcc_buf_text(&text, p->function);
    for (uint32_t i = 0; i < p->param_count; i++) {
      hcc_buf_format(&text, "\t%s:%c%s", p->params[i].name, p->params[i].kind,
                     p->params[i].nullable ? "?" : "");
    }
    hcc_buf_byte(&text, '\n');
  }
  u->said.no_memory |= text.failed;
  hcc_script_file(u, "helios:types", text.data, text.size);
  hcc_buf_free(&text);
}

static int check(const hcc_script_unit *u, hcc_error *err) {
  if (u->files.no_memory) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the script");
  }
  int status = hcc_unit_check(
      &u->said, "no function of the script is a procedure: export function NAME(...)", err);
  return status == 0 && u->files.failed
             ? hcc_fail(err, HCC_E_LIMIT, HCC_NO_OFFSET, "the script is larger than %u bytes",
                        HSB_SCRIPT_MAX)
             : status;
}

int hcc_script_finish(hcc_module_bytes *out, hcc_script_unit *u, enum hcc_engine_id engine,
                      hcc_error *err) {
  static const char magic[] = "HLS1";
  const uint8_t *bytes;
  size_t size;
  char *text = NULL;
  hcc_buf script, module;
  hcc_buf_init(&script, HSB_SCRIPT_MAX);
  hcc_buf_init(&module, HCC_MAX_MODULE);
  int status;
  add_procedures(u);
  add_types(u);
  HCC_TRY(check(u, err));
  HCC_TRY(hcc_engine(&bytes, &size, engine, err));
  hcc_buf_text(&script, magic);
  put_u32(&script, u->file_count);
  hcc_buf_add(&script, u->files.data, u->files.size);
  text = hcc_unit_manifest(&u->said, NULL);
  if (text == NULL || script.no_memory) {
    HCC_TRY(hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the script"));
  }
  HCC_TRY(hcc_script_module(&module, bytes, size, script.data, script.size, text, err));
  *out = (hcc_module_bytes){.bytes = module.data, .size = module.size};
  module.data = NULL;
out:
  cJSON_free(text);
  hcc_buf_free(&script);
  hcc_buf_free(&module);
  return status;
}
