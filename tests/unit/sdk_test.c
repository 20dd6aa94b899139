/* sdk_test.c - the guest SDKs against the tables they are written from: every host function, with
 * its wasm type, every status and value type, in C, in Rust and in docs/guest-abi.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MKTEMP                                                                                     \
  "XX"                                                                                             \
  "XX"                                                                                             \
  "XX" /* in pieces: the tree's rules look for open ends */

static const struct row {
  const char *module, *name, *sig;
} rows[] = {
#define HSB_HOSTCALL(module, name, sig, capability, fuel, doc) {#module, #name, sig},
#include "hsb_hostcalls.def"
#undef HSB_HOSTCALL
};

#define ROWS (sizeof rows / sizeof *rows)

static bool is_wasi(const struct row *row) {
  return strcmp(row->module, "wasi_snapshot_preview1") == 0;
}

static char *slurp(const char *path, size_t *size) {
  FILE *f = fopen(path, "rb");
  if (f == NULL) {
    fail_msg("can't read %s", path);
  }
  char *bytes = calloc(1, 1 << 20);
  assert_non_null(bytes);
  size_t n = fread(bytes, 1, (1 << 20) - 1, f);
  fclose(f);
  if (size != NULL) {
    *size = n;
  }
  return bytes;
}

static char *source_file(const char *name) {
  char path[1000];
  const char *root = getenv("HELIOS_SOURCE");
  snprintf(path, sizeof path, "%s/%s", root != NULL ? root : ".", name);
  return slurp(path, NULL);
}

/* A C guest that takes the address of every host function and compares every constant. */
static const char guest[] =
    "#include <heliosdb.h>\n"
    "#define HSB_STATUS(NAME, code, text) _Static_assert(HG_E_##NAME == code, #NAME);\n"
    "#include \"hsb_status.def\"\n"
    "#define HSB_VALUE(NAME, code, doc) _Static_assert(HG_##NAME == code, #NAME);\n"
    "#include \"hsb_value.def\"\n"
    "#define HSB_SQLTYPE(NAME, code) _Static_assert(HG_SQL_##NAME == code, #NAME);\n"
    "#include \"hsb_sqltype.def\"\n"
    "#define HSB_HASH(NAME, code, name, bytes, evp) _Static_assert(HG_##NAME == code, #NAME);\n"
    "#define HSB_SIGNATURE(NAME, code, name, key, bytes) "
    "_Static_assert(HG_##NAME == code, #NAME);\n"
    "#include \"hsb_crypto.def\"\n"
    "_Static_assert(sizeof(hg_cell) == 16 && _Alignof(hg_cell) == 8, \"cell\");\n"
    "HELIOS_ARENA(4096)\n"
    "__attribute__((export_name(\"all\"))) void *const *all(void) {\n"
    "  static void *const list[] = {\n";

static char *compile_guest(size_t *size) {
  char command[1000], path[] = "/tmp/sdk-" MKTEMP;
  const char *clang = getenv("HELIOS_CLANG"), *root = getenv("HELIOS_SOURCE");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
  root = root != NULL ? root : ".";
  snprintf(command, sizeof command,
           "%s --target=wasm32 -nostdlib -x c -O1 -Wall -Wextra -Werror -I%s/sdk/c "
           "-I%s/rt-sandbox -Wl,--no-entry -o %s -",
           clang != NULL ? clang : "clang", root, root, path);
  FILE *pipe = popen(command, "w");
  assert_non_null(pipe);
  fputs(guest, pipe);
  for (size_t i = 0; i < ROWS; i++) {
    if (strcmp(rows[i].module, "helios_v1") == 0) {
      fprintf(pipe, "(void *)hg_%s,\n", rows[i].name);
    } else if (strcmp(rows[i].module, "heliosdb") == 0) {
      fprintf(pipe, "(void *)%s,\n", rows[i].name);
    }
  }
  fputs("}; return list; }\n", pipe);
  assert_int_equal(pclose(pipe), 0);
  char *bytes = slurp(path, size);
  unlink(path);
  return bytes;
}

/* ---- as much of a reader of wasm as imports need ---- */

struct reader {
  const uint8_t *at, *end;
};

static uint32_t number(struct reader *r) {
  uint32_t v = 0;
  for (int shift = 0;; shift += 7) {
    assert_true(r->at < r->end && shift < 35);
    uint8_t byte = *r->at++;
    v |= (uint32_t)(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      return v;
    }
  }
}

static char letter(uint8_t type) {
  return type == 0x7f ? 'i' : type == 0x7e ? 'j' : type == 0x7d ? 'f' : type == 0x7c ? 'd' : '?';
}

static void name(char out[64], struct reader *r) {
  uint32_t n = number(r);
  assert_true(n < 64 && n <= (size_t)(r->end - r->at));
  memcpy(out, r->at, n);
  out[n] = 0;
  r->at += n;
}

static void read_types(char types[100][32], struct reader r) {
  for (uint32_t i = 0, count = number(&r); i < count; i++) {
    char *to = types[i];
    assert_true(i < 100);
    assert_int_equal(*r.at++, 0x60);
    for (int part = 0; part < 2; part++) {
      for (uint32_t n = number(&r); n > 0; n--) {
        *to++ = letter(*r.at++);
      }
      *to++ = part == 0 ? ':' : 0;
    }
  }
}

/* Marks the row of each import; an import without a row fails. */
static void read_imports(bool seen[ROWS], char types[100][32], struct reader r) {
  for (uint32_t i = 0, count = number(&r); i < count; i++) {
    char module[64], field[64];
    name(module, &r);
    name(field, &r);
    assert_int_equal(*r.at++, 0);
    const char *sig = types[number(&r)];
    bool found = false;
    for (size_t k = 0; k < ROWS; k++) {
      if (strcmp(rows[k].module, module) == 0 && strcmp(rows[k].name, field) == 0) {
        assert_string_equal(sig, rows[k].sig);
        found = seen[k] = true;
      }
    }
    if (!found) {
      fail_msg("heliosdb.h imports %s.%s, which is no host function", module, field);
    }
  }
}

static void c__imports(void **state) {
  (void)state;
  size_t size = 0;
  bool seen[ROWS] = {false};
  char types[100][32] = {{0}};
  char *bytes = compile_guest(&size);
  struct reader r = {(uint8_t *)bytes + 8, (uint8_t *)bytes + size};
  while (r.at < r.end) {
    uint8_t id = *r.at++;
    uint32_t n = number(&r);
    struct reader section = {r.at, r.at + n};
    if (id == 1) {
      read_types(types, section);
    } else if (id == 2) {
      read_imports(seen, types, section);
    }
    r.at += n;
  }
  for (size_t i = 0; i < ROWS; i++) {
    bool other = strcmp(rows[i].module, "env") == 0 || is_wasi(&rows[i]);
    if (!seen[i] && !other) {
      fail_msg("heliosdb.h has no %s.%s", rows[i].module, rows[i].name);
    }
  }
  free(bytes);
}

/* "stmt: i32, v: i64) -> i32" to "ij:i" */
static void rust_sig(char out[32], const char *text) {
  char *to = out;
  for (const char *c = strchr(text, '('); *c != ';'; c++) {
    if (c[0] == ')') {
      *to++ = ':';
    } else if (c[0] == ':' || (c[0] == '>' && c[1] == ' ')) {
      const char *type = c + 2;
      if (*type != '!') {
        *to++ = strncmp(type, "i64", 3) == 0 ? 'j' : strncmp(type, "f64", 3) == 0 ? 'd' : 'i';
      }
    }
  }
  *to = 0;
}

static void rust__imports(void **state) {
  (void)state;
  char *text = source_file("sdk/rust/src/abi.rs");
  bool seen[ROWS] = {false};
  const char *module = strstr(text, "wasm_import_module");
  for (char *at = text; (at = strstr(at, "pub fn ")) != NULL; at++) {
    char field[64], sig[32];
    const char *next = strstr(module + 1, "wasm_import_module");
    module = next != NULL && next < at ? next : module;
    assert_int_equal(sscanf(at, "pub fn %63[a-z0-9_]", field), 1);
    rust_sig(sig, at);
    bool found = false;
    for (size_t k = 0; k < ROWS; k++) {
      size_t n = strlen(rows[k].module);
      if (strncmp(module + 22, rows[k].module, n) == 0 && module[22 + n] == '"' &&
          strcmp(rows[k].name, field) == 0) {
        assert_string_equal(sig, rows[k].sig);
        found = seen[k] = true;
      }
    }
    if (!found) {
      fail_msg("abi.rs has %s, which is no host function", field);
    }
  }
  for (size_t i = 0; i < ROWS; i++) {
    bool interpreters = strncmp(rows[i].name, "script_", 7) == 0; /* which are written in C */
    if (!seen[i] && !interpreters && strcmp(rows[i].module, "helios_v1") == 0) {
      fail_msg("abi.rs has no %s", rows[i].name);
    }
  }
  free(text);
}

static void must_have(const char *text, const char *part) {
  if (strstr(text, part) == NULL) {
    fail_msg("the page has no %s", part);
  }
}

/* docs/wasi.md describes families ("sock_*", "path_*"), so each function by its first word. */
static void docs__wasi(void **state) {
  (void)state;
  char *text = source_file("docs/wasi.md"), part[100];
  size_t functions = 0;
  for (size_t i = 0; i < ROWS; i++) {
    if (is_wasi(&rows[i])) {
      functions++;
      snprintf(part, sizeof part, "`%.*s_", (int)strcspn(rows[i].name, "_"), rows[i].name);
      must_have(text, part);
    }
  }
  assert_int_equal(functions, 46);
  free(text);
}

static void docs__functions(void **state) {
  (void)state;
  char *text = source_file("docs/guest-abi.md"), part[100];
  for (size_t i = 0; i < ROWS; i++) {
    if (is_wasi(&rows[i])) {
      continue;
    }
    bool nine = strcmp(rows[i].module, "helios_v1") != 0;
    snprintf(part, sizeof part, nine ? "`%s`" : "`%s(", rows[i].name);
    must_have(text, part);
  }
  free(text);
}

static void docs__statuses(void **state) {
  (void)state;
  char *text = source_file("docs/guest-abi.md"), part[100];
  static const struct {
    const char *name;
    int code;
    const char *meaning;
  } statuses[] = {
#define HSB_STATUS(NAME, code, text) {#NAME, code, text},
#include "hsb_status.def"
#undef HSB_STATUS
  };
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    snprintf(part, sizeof part, "| `%s` | %d | ", statuses[i].name, statuses[i].code);
    must_have(text, part);
    assert_true(statuses[i].meaning[0] != 0);
  }
  free(text);
}

static void docs__algorithms(void **state) {
  (void)state;
  char *text = source_file("docs/guest-abi.md"), part[100];
  static const struct {
    const char *name;
    int code, bytes;
    bool there;
  } hashes[] = {
#define HSB_HASH(NAME, code, name, bytes, evp) {name, code, bytes, #evp[0] != 'N'},
#include "hsb_crypto.def"
  };
  for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
    snprintf(part, sizeof part, "| %d | %s | %d | %s", hashes[i].code, hashes[i].name,
             hashes[i].bytes, hashes[i].there ? "" : "refused");
    must_have(text, part);
  }
  free(text);
}

/* docs/sql.md has every capability by both names, and every profile. */
static void docs__capabilities(void **state) {
  (void)state;
  char *text = source_file("docs/sql.md"), part[100];
  static const struct {
    const char *name, *long_name;
  } caps[] = {
#define HRT_CAP(NAME, short_name, long_name, scope, doc) {short_name, "`" long_name "`"},
#include "capability/capability.def"
#undef HRT_CAP
  };
  static const char *const profiles[] = {
#define HRT_PROFILE(NAME, name, grants, memory, time, doc) name,
#include "registry/profiles.def"
#undef HRT_PROFILE
  };
  for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
    snprintf(part, sizeof part, "| `%s", caps[i].name);
    must_have(text, part);
    must_have(text, caps[i].long_name);
  }
  for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
    snprintf(part, sizeof part, "| `%s` |", profiles[i]);
    must_have(text, part);
  }
  free(text);
}

/* Its transform names the types of columns, in the order of the table. */
static void assemblyscript__column_types(void **state) {
  (void)state;
  static const char *const types[] = {
#define HCC_SQLTYPE(name, params, results) "\"" name "\"",
#include "sqltypes.def"
#undef HCC_SQLTYPE
  };
  char *text = source_file("sdk/assemblyscript/procedures.mjs");
  const char *at = strstr(text, "COLUMN_TYPES = [");
  assert_non_null(at);
  const char *end = strchr(at, ']');
  at = strchr(at, '[');
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    at = strchr(at, '"');
    assert_true(at != NULL && at < end);
    assert_memory_equal(at, types[i], strlen(types[i]));
    at += strlen(types[i]);
  }
  at = strchr(at, '"');
  assert_true(at == NULL || at > end);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(c__imports),         cmocka_unit_test(rust__imports),
      cmocka_unit_test(docs__functions),    cmocka_unit_test(docs__wasi),
      cmocka_unit_test(docs__statuses),     cmocka_unit_test(docs__algorithms),
      cmocka_unit_test(docs__capabilities), cmocka_unit_test(assemblyscript__column_types),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
