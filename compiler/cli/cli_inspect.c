/* cli_inspect.c - heliosc inspect: reads a module or a plugin and shows it. Of a plugin nothing is
 * shown before someone trusted is known to vouch for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "cli_module.h"
#include "imports.h"
#include "limits.h"
#include "manifest.h"
#include "pack.h"
#include "sign.h"
#include "wat.h"

#define MANIFEST_MAX (8u << 20)

typedef struct inspected {
  hcc_cli *cli;
  cJSON *object;
  hcc_error *err;    /* why it can't be shown */
  hcc_error refusal; /* why it would not be built */
} inspected;

/* Would heliosc build it? Fills refusal if not; *manifest is its manifest if it has a good one. */
static void judge(inspected *in, cJSON **manifest, const hcc_module *m) {
  hcc_buf text;
  uint32_t procedures;
  hcc_buf_init(&text, MANIFEST_MAX);
  *manifest = NULL;
  if (hcc_validate(m, &in->refusal) == 0 && hcc_imports_check(m, &in->refusal) == 0 &&
      hcc_manifest(&text, &procedures, m, &in->refusal) == 0) {
    *manifest = cJSON_ParseWithLength((const char *)text.data, text.size);
  }
  hcc_buf_free(&text);
}

static int show_module(inspected *in, const uint8_t *bytes, size_t size) {
  hcc_module *m = NULL;
  cJSON *manifest;
  int status = hcc_decode(&m, bytes, size, in->err);
  if (status != 0) {
    return status;
  }
  judge(in, &manifest, m);
  hcc_cli_describe(in->object, m, manifest);
  cJSON_AddBoolToObject(in->object, "accepted", in->refusal.code == HCC_OK);
  if (!in->cli->json) {
    hcc_cli_print_module(in->cli, in->object);
  }
  cJSON_Delete(manifest);
  hcc_module_free(m);
  return 0;
}

/* INFO: every plain field as it is. It is our own JSON, but names in it are the guest's. */
static void show_info(inspected *in, const char *text, size_t size, bool embedded) {
  char clean[2048];
  cJSON *info = cJSON_ParseWithLength(text, size);
  cJSON *build = cJSON_AddObjectToObject(in->object, "build");
  const cJSON *v;
  cJSON_ArrayForEach(v, info) {
    if (cJSON_IsString(v)) {
      cJSON_AddStringToObject(build, v->string, hcl_clean(clean, sizeof clean, v->valuestring));
    } else if (cJSON_IsNumber(v) || cJSON_IsBool(v)) {
      cJSON_AddItemToObject(build, v->string, cJSON_Duplicate(v, 0));
    }
  }
  if (!in->cli->json) {
    cJSON_ArrayForEach(v, build) {
      bool hash = embedded && strcmp(v->string, "sha256") == 0; /* the module's is shown */
      bool flags = !in->cli->verbose && strcmp(v->string, "flags") == 0;
      if (cJSON_IsString(v) && !hash && !flags) {
        hcc_cli_print(in->cli, "%-10s %s\n", v->string, v->valuestring);
      } else if (cJSON_IsBool(v)) {
        hcc_cli_print(in->cli, "%-10s %s\n", v->string, cJSON_IsTrue(v) ? "on" : "off");
      }
    }
  }
  cJSON_Delete(info);
}

static int show_plugin(inspected *in, const uint8_t *bytes, size_t size) {
  struct hsb_file_footer footer;
  size_t length, wasm_size;
  int status;
  HCC_TRY(hcc_vouched(&footer, &size, bytes, size, in->err));
  cJSON_AddNumberToObject(in->object, "file_bytes", (double)size);
  cJSON_AddNumberToObject(in->object, "elf_bytes", (double)footer.elf_size);
  const uint8_t *info = hcc_pack_find(&length, bytes, size, &footer, HSB_SECTION_INFO);
  const uint8_t *wasm = hcc_pack_find(&wasm_size, bytes, size, &footer, HSB_SECTION_WASM);
  if (info != NULL) {
    show_info(in, (const char *)info, length, wasm != NULL);
  }
  cJSON_AddBoolToObject(in->object, "embedded", wasm != NULL);
  if (wasm != NULL) {
    status = show_module(in, wasm, wasm_size);
  }
out:
  return status;
}

static void begin(inspected *in, bool plugin, size_t size) {
  char clean[1024], bytes[HCC_CLI_SIZE];
  const char *kind = plugin ? "plugin" : "module";
  hcl_clean(clean, sizeof clean, in->cli->args[0]);
  cJSON_AddStringToObject(in->object, "command", "inspect");
  cJSON_AddStringToObject(in->object, "file", clean);
  cJSON_AddStringToObject(in->object, "kind", kind);
  if (!in->cli->json) {
    hcc_cli_print(in->cli, "%s  %s  %s\n", clean, kind, hcc_cli_size(bytes, size));
  }
}

static int inspect(inspected *in, uint8_t **bytes, size_t *size) {
  bool plugin;
  int status = hcc_cli_read(in->cli, bytes, size, in->cli->args[0], HCC_MAX_PLUGIN, in->err);
  if (status != 0) {
    return status;
  }
  plugin = *size >= 4 && memcmp(*bytes, "\177ELF", 4) == 0;
  if (!plugin && *size > HCC_MAX_MODULE) {
    return hcc_fail(in->err, HCC_E_LIMIT, HCC_NO_OFFSET, "a module has at most %u MiB",
                    HCC_MAX_MODULE >> 20);
  }
  if (!plugin && !hcc_is_binary(*bytes, *size)) {
    status = hcc_cli_assemble(in->cli, bytes, size, in->err);
  }
  if (status != 0) {
    return status;
  }
  begin(in, plugin, *size);
  return plugin ? show_plugin(in, *bytes, *size) : show_module(in, *bytes, *size);
}

int hcc_cli_inspect(hcc_cli *cli) {
  hcc_error err = {.code = HCC_OK, .offset = HCC_NO_OFFSET, .func = UINT32_MAX};
  inspected in = {.cli = cli, .object = hcc_cli_object("result"), .err = &err, .refusal = err};
  uint8_t *bytes = NULL;
  size_t size;
  int status = inspect(&in, &bytes, &size);
  free(bytes);
  if (status == 0 && cli->json) {
    hcc_cli_emit(cli, in.object);
  } else {
    cJSON_Delete(in.object);
  }
  if (status != 0) {
    return hcc_cli_error(cli, &err, cli->args[0]);
  }
  return in.refusal.code == HCC_OK ? 0 : hcc_cli_error(cli, &in.refusal, cli->args[0]);
}
