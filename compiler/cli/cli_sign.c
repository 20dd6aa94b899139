/* cli_sign.c - heliosc sign: puts a signature behind plugins, and beside modules. To sign is to
 * vouch for machine code, so a plugin must pass the link check first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "limits.h"
#include "linkcheck.h"
#include "pack.h"
#include "sign.h"
#include "wat.h"

static int sign_module(char path[HCC_PATH], const char *file, const uint8_t *bytes, size_t size,
                       const uint8_t key[HCC_SIGN_KEY], hcc_error *err) {
  char text[HCC_SIGN_TEXT];
  int status = hcc_sign_path(path, file, err);
  if (status == 0) {
    status = hcc_sign_module(text, bytes, size, key, err);
  }
  return status == 0 ? hcc_file_update(path, text, strlen(text), 0644, true, err) : status;
}

static int sign_plugin(const char *file, const uint8_t *bytes, size_t size,
                       const uint8_t key[HCC_SIGN_KEY], hcc_error *err) {
  struct hsb_file_footer footer;
  hcc_linkcheck_report report;
  size_t plugin_size;
  uint32_t count;
  hcc_buf out;
  int status;
  hcc_buf_init(&out, HCC_MAX_PLUGIN);
  HCC_TRY(hcc_signed_split(&plugin_size, &count, bytes, size, err));
  HCC_TRY(hcc_unseal_footer(&footer, bytes, plugin_size, err));
  if (hcc_linkcheck(&report, bytes, footer.elf_size) != 0) {
    HCC_TRY(hcc_fail(err, HCC_E_LINKCHECK, report.offset, "%s", report.text));
  }
  HCC_TRY(hcc_sign_plugin(&out, bytes, size, key, err));
  HCC_TRY(strcmp(file, "-") == 0 ? hcc_file_output(file, out.data, out.size, 0644, true, err)
                                 : hcc_file_update(file, out.data, out.size, 0644, true, err));
out:
  hcc_buf_free(&out);
  return status;
}

static int sign_file(hcc_cli *cli, const char *file, const uint8_t key[HCC_SIGN_KEY],
                     hcc_error *err) {
  uint8_t *bytes = NULL;
  size_t size = 0;
  char path[HCC_PATH], clean[1024];
  int status = hcc_file_read(&bytes, &size, file, HCC_MAX_PLUGIN, err);
  if (status != 0) {
    return status;
  }
  if (hcc_is_binary(bytes, size)) {
    HCC_TRY(sign_module(path, file, bytes, size, key, err));
  } else {
    HCC_TRY(hcc_path(path, err, "%s", file));
    HCC_TRY(sign_plugin(file, bytes, size, key, err));
  }
  hcl_clean(clean, sizeof clean, path);
  if (cli->json) {
    cJSON *o = hcc_cli_object("result");
    cJSON_AddStringToObject(o, "command", "sign");
    cJSON_AddStringToObject(o, "output", clean);
    hcc_cli_emit(cli, o);
  }
  hcc_cli_say(cli, "%s  signed\n", clean);
out:
  free(bytes);
  return status;
}

int hcc_cli_sign(hcc_cli *cli) {
  uint8_t key[HCC_SIGN_KEY];
  hcc_error err = {.code = HCC_OK, .offset = HCC_NO_OFFSET, .func = UINT32_MAX};
  const char *path = cli->values[HCC_OPTION_key];
  if (path == NULL) {
    return hcc_cli_usage(cli, "'heliosc keygen' makes one", "heliosc sign needs --key FILE");
  }
  if (hcc_sign_key_load(key, path, &err) != 0) {
    return hcc_cli_error(cli, &err, NULL);
  }
  int code = 0;
  for (int i = 0; i < cli->arg_count && code == 0; i++) {
    if (sign_file(cli, cli->args[i], key, &err) != 0) {
      code = hcc_cli_error(cli, &err, cli->args[i]);
    }
  }
  explicit_bzero(key, sizeof key);
  return code;
}
