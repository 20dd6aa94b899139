/* cli_cache.c - heliosc cache: list, clear, verify, path. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cache.h"
#include "cli.h"

typedef struct walk {
  hcc_cli *cli;
  const uint8_t *key;
  const char *what;
  uint64_t entries, bytes, damaged;
} walk;

/* The last two parts of a path, which are the name. */
static bool name_of(char name[HCC_HASH_HEX], const char *path) {
  size_t n = strlen(path);
  if (n < 66 || path[n - 63] != '/') {
    return false;
  }
  memcpy(name, path + n - 65, 2);
  memcpy(name + 2, path + n - 62, 63);
  return true;
}

static void show(walk *w, const hcc_cache_entry *e, const char *name) {
  char size[HCC_CLI_SIZE], date[32] = "";
  time_t used = (time_t)e->used;
  struct tm parts;
  if (gmtime_r(&used, &parts) != NULL) {
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &parts);
  }
  if (w->cli->json) {
    cJSON *o = hcc_cli_object("entry");
    cJSON_AddStringToObject(o, "name", name);
    cJSON_AddNumberToObject(o, "bytes", (double)e->size);
    cJSON_AddStringToObject(o, "used", date);
    cJSON_AddBoolToObject(o, "source", e->source);
    hcc_cli_emit(w->cli, o);
  } else {
    hcc_cli_print(w->cli, "%.16s  %10s  %s%s\n", name, hcc_cli_size(size, e->size), date,
                  e->source ? "  source" : "");
  }
}

static bool visit(void *arg, const hcc_cache_entry *e) {
  walk *w = arg;
  char name[HCC_HASH_HEX];
  uint8_t *bytes = NULL;
  size_t size;
  bool named = name_of(name, e->path);
  w->entries++;
  w->bytes += e->size;
  if (strcmp(w->what, "clear") == 0) {
    if (unlink(e->path) != 0) {
      w->damaged++;
    }
  } else if (strcmp(w->what, "verify") == 0) {
    /* reading one that is damaged removes it */
    if (!named ||
        !(e->source ? hcc_cache_get_source : hcc_cache_get)(&bytes, &size, name, w->key)) {
      w->damaged++;
      unlink(e->path);
    }
    free(bytes);
  } else if (named) {
    show(w, e, name);
  }
  return true;
}

static void total(walk *w) {
  char size[HCC_CLI_SIZE];
  bool clear = strcmp(w->what, "clear") == 0, verify = strcmp(w->what, "verify") == 0;
  if (w->cli->json) {
    cJSON *o = hcc_cli_object("result");
    cJSON_AddStringToObject(o, "command", "cache");
    cJSON_AddStringToObject(o, "action", w->what);
    cJSON_AddNumberToObject(o, "entries", (double)w->entries);
    cJSON_AddNumberToObject(o, "bytes", (double)w->bytes);
    if (verify) {
      cJSON_AddNumberToObject(o, "damaged", (double)w->damaged);
    }
    hcc_cli_emit(w->cli, o);
    return;
  }
  hcc_cli_say(w->cli, "%llu entr%s, %s%s", (unsigned long long)w->entries,
              w->entries == 1 ? "y" : "ies", hcc_cli_size(size, w->bytes),
              clear ? ", removed" : "");
  if (verify) {
    hcc_cli_say(w->cli, ", %llu damaged and removed", (unsigned long long)w->damaged);
  }
  hcc_cli_say(w->cli, "\n");
}

static int print_path(hcc_cli *cli, const char *folder) {
  char clean[HCC_PATH];
  hcl_clean(clean, sizeof clean, folder);
  if (cli->json) {
    cJSON *o = hcc_cli_object("result");
    cJSON_AddStringToObject(o, "command", "cache");
    cJSON_AddStringToObject(o, "path", clean);
    hcc_cli_emit(cli, o);
  } else {
    hcc_cli_print(cli, "%s\n", clean);
  }
  return 0;
}

static const char *action_name(const void *none, size_t i) {
  (void)none;
  static const char *const actions[] = {"list", "clear", "verify", "path", NULL};
  return actions[i];
}

/* The action as the static text that visit compares, or NULL. */
static const char *action_of(const hcc_cli *cli) {
  const char *given = cli->arg_count == 0 ? "list" : cli->args[0];
  for (size_t i = 0; action_name(NULL, i) != NULL; i++) {
    if (strcmp(action_name(NULL, i), given) == 0) {
      return action_name(NULL, i);
    }
  }
  return NULL;
}

int hcc_cli_cache(hcc_cli *cli) {
  char folder[HCC_PATH], hint[64], clean[80];
  uint8_t key[HCC_KEY_BYTES];
  hcc_error err = {.code = HCC_OK, .offset = HCC_NO_OFFSET, .func = UINT32_MAX};
  const char *what = action_of(cli);
  if (what == NULL) {
    const char *nearest = hcl_nearest(cli->args[0], action_name, NULL);
    snprintf(hint, sizeof hint, "did you mean 'heliosc cache %s'?", nearest == NULL ? "" : nearest);
    return hcc_cli_usage(cli, nearest == NULL ? NULL : hint,
                         "cache does list, clear, verify, path, not '%s'",
                         hcl_clean(clean, sizeof clean, cli->args[0]));
  }
  if (!hcc_cache_folder(folder)) {
    hcc_fail(&err, HCC_E_IO, HCC_NO_OFFSET, "no place for a cache: set HELIOS_CACHE or HOME");
    return hcc_cli_error(cli, &err, NULL);
  }
  if (strcmp(what, "path") == 0) {
    return print_path(cli, folder);
  }
  if (strcmp(what, "verify") == 0 && hcc_key_load(key, false, &err) != 0) {
    return hcc_cli_error(cli, &err, NULL);
  }
  walk w = {.cli = cli, .key = key, .what = what};
  hcc_cache_walk(visit, &w);
  explicit_bzero(key, sizeof key);
  total(&w);
  return w.damaged == 0 ? 0 : 1;
}
