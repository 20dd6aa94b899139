/* cli_verify.c - heliosc verify: seal, machine code, origin of a plugin. The link check runs on
 * bytes whose seal is good: of others it is not known where the image ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "cli_checks.h"
#include "cli_module.h"
#include "fs.h"
#include "hash.h"
#include "limits.h"
#include "linkcheck.h"
#include "pack.h"
#include "wat.h"

typedef struct plugin {
  uint8_t *bytes;
  size_t size;
  struct hsb_file_footer footer;
} plugin;

static int read_seal(hcc_cli *cli, plugin *p, hcc_error *err) {
  uint8_t key[HCC_KEY_BYTES];
  int status = hcc_file_read(&p->bytes, &p->size, cli->args[0], HCC_MAX_PLUGIN, err);
  if (status != 0) {
    return status;
  }
  HCC_TRY(hcc_unseal_footer(&p->footer, p->bytes, p->size, err));
  HCC_TRY(hcc_key_load(key, false, err));
  HCC_TRY(hcc_unseal(&p->footer, p->bytes, p->size, key, err));
  hcc_cli_check(cli, HCC_CHECK_OK, "seal", "made with this machine's key", NULL);
out:
  explicit_bzero(key, sizeof key);
  if (status != 0 && err->code != HCC_E_NOT_PLUGIN) {
    hcc_cli_check(cli, HCC_CHECK_FAIL, "seal", err->text, hcc_code_hint(err->code));
  }
  return status;
}

static int check_code(hcc_cli *cli, const plugin *p, hcc_error *err) {
  hcc_linkcheck_report report;
  char text[128];
  if (hcc_linkcheck(&report, p->bytes, p->footer.elf_size) != 0) {
    hcc_cli_check(cli, HCC_CHECK_FAIL, "link check", report.text, hcc_code_hint(HCC_E_LINKCHECK));
    return hcc_fail(err, HCC_E_LINKCHECK, report.offset, "%s", report.text);
  }
  snprintf(text, sizeof text, "%llu instructions, %llu bytes of code",
           (unsigned long long)report.instructions, (unsigned long long)report.text_bytes);
  hcc_cli_check(cli, HCC_CHECK_OK, "link check", text, NULL);
  return 0;
}

/* The hash of the module that INFO names. */
static int built_from(uint8_t hash[HCC_HASH], const plugin *p, hcc_error *err) {
  size_t size;
  const uint8_t *info = hcc_pack_find(&size, p->bytes, p->size, &p->footer, HSB_SECTION_INFO);
  cJSON *root = info == NULL ? NULL : cJSON_ParseWithLength((const char *)info, size);
  const cJSON *text = cJSON_GetObjectItemCaseSensitive(root, "sha256");
  bool whole = cJSON_IsString(text) && hcc_unhex(hash, text->valuestring);
  cJSON_Delete(root);
  return whole ? 0
               : hcc_fail(err, HCC_E_NOT_PLUGIN, HCC_NO_OFFSET,
                          "it does not say what it was built from");
}

static int same(hcc_cli *cli, const char *name, const uint8_t *module, size_t size,
                const uint8_t hash[HCC_HASH], hcc_error *err) {
  uint8_t mine[HCC_HASH];
  int status = hcc_hash(mine, module, size, err);
  if (status == 0 && memcmp(mine, hash, HCC_HASH) != 0) {
    hcc_cli_check(cli, HCC_CHECK_FAIL, name, "the plugin was built from another module", NULL);
    return hcc_fail(err, HCC_E_NOT_PLUGIN, HCC_NO_OFFSET,
                    "the plugin was built from another module");
  }
  if (status == 0) {
    hcc_cli_check(cli, HCC_CHECK_OK, name, "the plugin was built from it", NULL);
  }
  return status;
}

static int check_origin(hcc_cli *cli, const plugin *p, hcc_error *err) {
  uint8_t hash[HCC_HASH], *against = NULL;
  const char *file = cli->values[HCC_OPTION_against];
  size_t size;
  int status = built_from(hash, p, err);
  const uint8_t *wasm = hcc_pack_find(&size, p->bytes, p->size, &p->footer, HSB_SECTION_WASM);
  if (status == 0 && wasm != NULL) {
    status = same(cli, "module", wasm, size, hash, err);
  }
  if (status == 0 && file != NULL) {
    status = hcc_file_read(&against, &size, file, HCC_MAX_MODULE, err);
    if (status == 0 && !hcc_is_binary(against, size)) {
      status = hcc_cli_assemble(cli, &against, &size, err);
    }
    if (status == 0) {
      status = same(cli, "against", against, size, hash, err);
    }
    free(against);
  }
  return status;
}

int hcc_cli_verify(hcc_cli *cli) {
  plugin p = {.bytes = NULL};
  hcc_error err = {.code = HCC_OK, .offset = HCC_NO_OFFSET, .func = UINT32_MAX};
  int status = read_seal(cli, &p, &err);
  if (status == 0) {
    status = check_code(cli, &p, &err);
  }
  if (status == 0) {
    status = check_origin(cli, &p, &err);
  }
  free(p.bytes);
  if (status != 0) {
    return hcc_cli_error(cli, &err, cli->args[0]);
  }
  if (cli->json) {
    cJSON *o = hcc_cli_object("result");
    cJSON_AddStringToObject(o, "command", "verify");
    cJSON_AddBoolToObject(o, "ok", true);
    hcc_cli_emit(cli, o);
  }
  return 0;
}
