/* cli_verify.c - heliosc verify: who vouches for a plugin, its machine code, its origin; and who
 * signed a module. The link check runs on bytes that someone vouched for: of others it is not known
 * where the image ends. */
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
#include "sign.h"
#include "wat.h"

typedef struct plugin {
  uint8_t *bytes;
  size_t size;
  struct hsb_file_footer footer;
} plugin;

static int check_seal(plugin *p, hcc_error *err) {
  uint8_t key[HCC_KEY_BYTES];
  int status = hcc_key_load(key, false, err);
  if (status == 0) {
    status = hcc_unseal(&p->footer, p->bytes, p->size, key, err);
  }
  explicit_bzero(key, sizeof key);
  return status;
}

static int find_signer(char label[HCC_ESCAPED], hcc_cli *cli, const hcc_signed *what,
                       hcc_error *err) {
  char path[HCC_PATH];
  const char *root = cli->values[HCC_OPTION_trust_root];
  int status = root == NULL ? hcc_trust_path(path, err) : 0;
  return status == 0 ? hcc_trust_find(label, root == NULL ? path : root, what, err) : status;
}

/* Says who signed it, or why nobody that counts did. */
static int check_signature(hcc_cli *cli, const hcc_signed *what, hcc_error *err) {
  char label[HCC_ESCAPED], text[HCC_ESCAPED + 32];
  int status = find_signer(label, cli, what, err);
  if (status != 0) {
    hcc_cli_check(cli, HCC_CHECK_FAIL, "signature", err->text, hcc_code_hint(err->code));
    return status;
  }
  snprintf(text, sizeof text, "by %s, which is trusted", label);
  hcc_cli_check(cli, HCC_CHECK_OK, "signature", text, NULL);
  return 0;
}

/* The seal, or a signature. p->size is without signatures from here on. */
static int check_vouchers(hcc_cli *cli, plugin *p, hcc_error *err) {
  hcc_error unsealed = *err, unsigned_ = *err;
  hcc_signed what;
  uint32_t count;
  int status = hcc_signed_plugin(&what, p->bytes, p->size, err);
  HCC_TRY(status);
  HCC_TRY(hcc_signed_split(&p->size, &count, p->bytes, p->size, err));
  HCC_TRY(hcc_unseal_footer(&p->footer, p->bytes, p->size, err));
  bool sealed = check_seal(p, &unsealed) == 0;
  bool asked = count > 0 || cli->values[HCC_OPTION_trust_root] != NULL;
  if (sealed) {
    hcc_cli_check(cli, HCC_CHECK_OK, "seal", "made with this machine's key", NULL);
  } else {
    hcc_cli_check(cli, asked ? HCC_CHECK_WARN : HCC_CHECK_FAIL, "seal", unsealed.text,
                  asked ? NULL : hcc_code_hint(unsealed.code));
  }
  if (asked) {
    status = check_signature(cli, &what, &unsigned_);
  }
  if (!sealed || cli->values[HCC_OPTION_trust_root] != NULL) {
    const hcc_error *why = asked ? &unsigned_ : &unsealed;
    HCC_TRY(why->code == HCC_OK ? 0 : hcc_fail(err, why->code, HCC_NO_OFFSET, "%s", why->text));
  }
  status = 0;
out:
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
    status = hcc_cli_read(cli, &against, &size, file, HCC_MAX_MODULE, err);
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

static int verify_plugin(hcc_cli *cli, plugin *p, hcc_error *err) {
  int status;
  HCC_TRY(check_vouchers(cli, p, err));
  HCC_TRY(check_code(cli, p, err));
  HCC_TRY(check_origin(cli, p, err));
out:
  return status;
}

static int verify_module(hcc_cli *cli, const plugin *p, hcc_error *err) {
  char path[HCC_PATH];
  uint8_t *text = NULL;
  size_t length;
  hcc_signed what;
  int status;
  HCC_TRY(hcc_sign_path(path, cli->args[0], err));
  HCC_TRY(hcc_file_read(&text, &length, path, 4096, err));
  HCC_TRY(hcc_signed_module(&what, p->bytes, p->size, (const char *)text, length, err));
  HCC_TRY(check_signature(cli, &what, err));
out:
  free(text);
  return status;
}

int hcc_cli_verify(hcc_cli *cli) {
  plugin p = {.bytes = NULL};
  hcc_error err = {.code = HCC_OK, .offset = HCC_NO_OFFSET, .func = UINT32_MAX};
  int status = hcc_file_read(&p.bytes, &p.size, cli->args[0], HCC_MAX_PLUGIN, &err);
  if (status == 0) {
    status = hcc_is_binary(p.bytes, p.size) ? verify_module(cli, &p, &err)
                                            : verify_plugin(cli, &p, &err);
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
