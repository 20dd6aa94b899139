/* cli_env.c - heliosc env: what is in force, and where it comes from. */
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "cli.h"
#include "key.h"
#include "sign.h"
#include "tools.h"

static void show(hcc_cli *cli, const char *name, const char *value, const char *origin) {
  char clean[HCC_PATH];
  hcl_clean(clean, sizeof clean, value);
  if (cli->json) {
    cJSON *o = hcc_cli_object("setting");
    cJSON_AddStringToObject(o, "name", name);
    cJSON_AddStringToObject(o, "value", clean);
    cJSON_AddStringToObject(o, "origin", origin);
    hcc_cli_emit(cli, o);
  } else {
    hcc_cli_print(cli, "%-10s %s%s(%s)\n", name, clean, clean[0] == '\0' ? "" : "  ", origin);
  }
}

static void show_tool(hcc_cli *cli, enum hcc_tool_id id, const char *option) {
  hcc_tool tool;
  hcc_error err = {0};
  if (hcc_tool_find(&tool, id, option, &err) == 0) {
    show(cli, hcc_tool_program(id), tool.path, tool.origin);
  } else {
    show(cli, hcc_tool_program(id), "", err.text);
  }
}

/* Where a path in a folder of the user's comes from. */
static const char *origin(const char *own, const char *xdg) {
  const char *o = getenv(own), *x = getenv(xdg);
  return o != NULL && o[0] != '\0' ? own : x != NULL && x[0] == '/' ? xdg : "HOME";
}

int hcc_cli_env(hcc_cli *cli) {
  char path[HCC_PATH];
  hcc_error err = {0};
  show_tool(cli, HCC_TOOL_CLANG, cli->values[HCC_OPTION_clang]);
  show_tool(cli, HCC_TOOL_LLD, NULL);
  show_tool(cli, HCC_TOOL_WASM2C, cli->values[HCC_OPTION_wasm2c]);
  show_tool(cli, HCC_TOOL_WAT2WASM, cli->values[HCC_OPTION_wat2wasm]);
  if (hcc_key_path(path, &err) == 0) {
    show(cli, "key", path, origin("HELIOS_KEY", "XDG_CONFIG_HOME"));
  } else {
    show(cli, "key", "", err.text);
  }
  if (hcc_trust_path(path, &err) == 0) {
    show(cli, "trust root", path, origin("HELIOS_TRUST_ROOT", "XDG_CONFIG_HOME"));
  }
  if (hcc_cache_folder(path)) {
    show(cli, "cache", path, origin("HELIOS_CACHE", "XDG_CACHE_HOME"));
  } else {
    show(cli, "cache", "", "none: set HELIOS_CACHE or HOME");
  }
  const char *tmp = getenv("TMPDIR");
  bool given = tmp != NULL && tmp[0] == '/';
  show(cli, "temporary", given ? tmp : "/tmp", given ? "TMPDIR" : "default");
  return 0;
}
