/* cli_keygen.c - heliosc keygen: a pair of keys to sign with. Never writes over a file. */
#include <string.h>

#include "cli.h"
#include "sign.h"

int hcc_cli_keygen(hcc_cli *cli) {
  char private_path[HCC_PATH], public_path[HCC_PATH], clean[2][1024];
  hcc_error err = {.code = HCC_OK, .offset = HCC_NO_OFFSET, .func = UINT32_MAX};
  const char *name = cli->values[HCC_OPTION_out] == NULL ? "helios" : cli->values[HCC_OPTION_out];
  int status = hcc_path(private_path, &err, "%s.key", name);
  if (status == 0) {
    status = hcc_path(public_path, &err, "%s.pub", name);
  }
  if (status == 0) {
    status = hcc_sign_keygen(private_path, public_path, &err);
  }
  if (status != 0) {
    return hcc_cli_error(cli, &err, NULL);
  }
  hcl_clean(clean[0], sizeof clean[0], private_path);
  hcl_clean(clean[1], sizeof clean[1], public_path);
  if (cli->json) {
    cJSON *o = hcc_cli_object("result");
    cJSON_AddStringToObject(o, "command", "keygen");
    cJSON_AddStringToObject(o, "private", clean[0]);
    cJSON_AddStringToObject(o, "public", clean[1]);
    hcc_cli_emit(cli, o);
  }
  hcc_cli_say(cli, "%s  keep it secret\n%s  give it to those who shall trust it\n", clean[0],
              clean[1]);
  return 0;
}
