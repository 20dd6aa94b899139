/* rust_target.c - reads build.target of cargo's configuration, in the files that cargo reads. Knows
 * as much of TOML as that takes: a table's head, a key, a string. Must never take a name from a
 * file as more than the choice of a row. Invariants: see rust_target.h. */
#include "rust_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs.h"

#define CONFIG_MAX (1u << 20)
#define NAME_MAX_BYTES 64u

static const hcc_rust_target targets[] = {
    {{"wasm32-unknown-unknown", NULL}},
    {{"wasm32-wasip1", "wasm32-wasi"}},
    {{"wasm32-wasi", "wasm32-wasip1"}},
};

static char *skip_blanks(char *at) {
  return at + strspn(at, " \t\r");
}

/* Is this line "key = value"? The value, else NULL. */
static char *value_of(char *line, const char *key) {
  size_t n = strlen(key);
  char *at = strncmp(line, key, n) == 0 ? skip_blanks(line + n) : NULL;
  return at != NULL && *at == '=' ? skip_blanks(at + 1) : NULL;
}

/* The string that a value begins with, or the first of its list. */
static bool take_string(char out[NAME_MAX_BYTES], char *value) {
  value = *value == '[' ? skip_blanks(value + 1) : value;
  const char quote[2] = {*value, '\0'};
  size_t n = *value == '"' || *value == '\'' ? strcspn(value + 1, quote) : 0;
  if (n == 0 || n >= NAME_MAX_BYTES || value[n + 1] == '\0') {
    return false;
  }
  memcpy(out, value + 1, n);
  out[n] = '\0';
  return true;
}

static bool read_text(char out[NAME_MAX_BYTES], char *text) {
  bool top = true, build = false;
  for (char *save, *line = strtok_r(text, "\n", &save); line != NULL;
       line = strtok_r(NULL, "\n", &save)) {
    line = skip_blanks(line);
    if (*line == '[') {
      top = false;
      build = strncmp(line, "[build]", 7) == 0;
      continue;
    }
    char *value = build ? value_of(line, "target") : top ? value_of(line, "build.target") : NULL;
    if (value != NULL) {
      return take_string(out, value);
    }
  }
  return false;
}

static bool read_file(char out[NAME_MAX_BYTES], const char *path) {
  uint8_t *bytes = NULL;
  size_t size;
  bool found =
      hcc_file_read(&bytes, &size, path, CONFIG_MAX, NULL) == 0 && read_text(out, (char *)bytes);
  free(bytes);
  return found;
}

/* The nearest file that says so, of the folder and of those above it. */
static bool read_configuration(char out[NAME_MAX_BYTES], const char *folder) {
  static const char *const files[] = {".cargo/config.toml", ".cargo/config"};
  char at[HCC_PATH], path[HCC_PATH];
  if (hcc_path(at, NULL, "%s", folder) != 0) {
    return false;
  }
  for (;;) {
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
      if (hcc_path(path, NULL, "%s/%s", at, files[i]) == 0 && read_file(out, path)) {
        return true;
      }
    }
    char *slash = strrchr(at, '/');
    if (slash == NULL) {
      return false;
    }
    *slash = '\0';
  }
}

int hcc_rust_target_find(hcc_rust_target *out, const char *folder, hcc_error *err) {
  char name[NAME_MAX_BYTES] = "";
  const char *variable = getenv("CARGO_BUILD_TARGET");
  if (variable != NULL && variable[0] != '\0') {
    snprintf(name, sizeof name, "%s", variable);
  } else if (folder != NULL && !read_configuration(name, folder)) {
    name[0] = '\0';
  }
  *out = targets[0];
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
    if (strcmp(name, targets[i].names[0]) == 0) {
      *out = targets[i];
      return 0;
    }
  }
  return strncmp(name, "wasm", 4) != 0
             ? 0 /* the machine's own, for the project's tests */
             : hcc_fail(err, HCC_E_SOURCE, HCC_NO_OFFSET,
                        "procedures are built for wasm32-unknown-unknown or wasm32-wasip1 "
                        "(wasm32-wasi before Rust 1.78), not for %s",
                        name);
}
