/* manifest_test.c - helios.manifest: what is taken and how it is written back, every kind of
 * refusal, and each SQL type against each WebAssembly type. */
#include "build_kit.h"

#include "manifest.h"
#include "module.h"

static void leb(FILE *f, uint32_t v) {
  do {
    fputc((int)(v & 0x7f) | (v >= 0x80 ? 0x80 : 0), f);
  } while ((v >>= 7) != 0);
}

static void section(FILE *f, int id, const char *bytes, size_t size) {
  fputc(id, f);
  leb(f, (uint32_t)size);
  fwrite(bytes, 1, size, f);
}

#define P(inside) "{\"v\":1,\"procedures\":[{" inside "}]}"

static int type_code(char letter) {
  static const char letters[] = "ijfdv", codes[] = "\x7f\x7e\x7d\x7c\x7b";
  return codes[strchr(letters, letter) - letters];
}

/* A module with one exported function "f" of the signature, and manifests. Owned by the caller. */
static hcc_module *module_of(const char *sig, const char *const *manifests, size_t length,
                             uint8_t **bytes) {
  char *text = NULL, *part = NULL;
  size_t size, part_size;
  const char *colon = strchr(sig, ':');
  FILE *f = open_memstream(&text, &size), *p = open_memstream(&part, &part_size);
  fwrite("\0asm\1\0\0\0", 1, 8, f);
  fputs("\1\x60", p);
  leb(p, (uint32_t)(colon - sig));
  for (const char *c = sig; c < colon; c++) {
    fputc(type_code(*c), p);
  }
  leb(p, (uint32_t)strlen(colon + 1));
  for (const char *c = colon + 1; *c != '\0'; c++) {
    fputc(type_code(*c), p);
  }
  fclose(p);
  section(f, 1, part, part_size), free(part);
  section(f, 3, "\1\0", 2);
  section(f, 7, "\1\1f\0\0", 5);
  section(f, 10, "\1\3\0\0\x0b", 5); /* unreachable: has any type */
  for (; *manifests != NULL; manifests++) {
    p = open_memstream(&part, &part_size);
    fputs("\x0fhelios.manifest", p);
    fwrite(*manifests, 1, length != 0 ? length : strlen(*manifests), p);
    fclose(p);
    section(f, 0, part, part_size), free(part);
  }
  fclose(f);
  hcc_module *m;
  hcc_error err = {.code = HCC_OK};
  if (hcc_decode(&m, (uint8_t *)text, size, &err) != 0 || hcc_validate(m, &err) != 0) {
    fail_msg("%s", err.text);
  }
  *bytes = (uint8_t *)text;
  return m;
}

static int read_one(char out[2048], hcc_error *err, const char *sig, const char *manifest) {
  uint8_t *bytes;
  uint32_t procedures;
  hcc_buf b;
  const char *const list[] = {manifest, NULL};
  hcc_module *m = module_of(sig, list, 0, &bytes);
  hcc_buf_init(&b, 1 << 20);
  int status = hcc_manifest(&b, &procedures, m, err);
  snprintf(out, 2048, "%.*s", (int)b.size, b.data == NULL ? "" : (const char *)b.data);
  hcc_buf_free(&b);
  hcc_module_free(m);
  free(bytes);
  return status;
}

static void read__full_and_defaults(void **state) {
  (void)state;
  char out[2048];
  assert_int_equal(
      read_one(
          out, NULL, "ii:d",
          " {\"v\":1,\"name\":\"shop\",\"procedures\":[{\"name\":\"discount\",\"export\":\"f\","
          "\"params\":[{\"name\":\"customer_id\",\"type\":\"bigint\"},"
          "{\"name\":\"total\",\"type\":\"DECIMAL\",\"default\":\"'1\\\"0'\"}],\"returns\":"
          "\"DECIMAL\","
          "\"deterministic\":true,\"strict\":false,\"state\":\"connection\"}],"
          "\"capabilities\":[\"read:customers\",\"filesystem:/a \\\"b\\\":ro\"]}\n"),
      0);
  assert_string_equal(
      out,
      "{\"v\":1,\"name\":\"shop\",\"procedures\":[{\"name\":\"discount\",\"export\":\"f\","
      "\"params\":[{\"name\":\"customer_id\",\"type\":\"BIGINT\"},"
      "{\"name\":\"total\",\"type\":\"DECIMAL\",\"default\":\"'1\\\"0'\"}],\"returns\":\"DECIMAL\","
      "\"deterministic\":true,\"strict\":false,\"state\":\"connection\"}],"
      "\"capabilities\":[\"read:customers\",\"filesystem:/a \\\"b\\\":ro\"]}");
  assert_int_equal(read_one(out, NULL, ":", "{\"v\":1,\"procedures\":[{\"name\":\"f\"}]}"), 0);
  assert_string_equal(out,
                      "{\"v\":1,\"name\":null,\"procedures\":[{\"name\":\"f\",\"export\":\"f\","
                      "\"params\":[],\"returns\":null,\"deterministic\":false,"
                      "\"strict\":true,\"state\":\"call\"}],\"capabilities\":[]}");
  assert_int_equal(read_one(out, NULL, ":", "{\"v\":1}"), 0);
}

/* Rows come by host calls, or as JSON. */
static void types__tables(void **state) {
  (void)state;
  static const char table[] = P("\"name\":\"f\",\"table\":[{\"name\":\"x\",\"type\":\"int\"},"
                                "{\"name\":\"y\",\"type\":\"TEXT\"}]");
  char out[2048];
  assert_int_equal(read_one(out, NULL, ":", table), 0);
  assert_non_null(strstr(out, "\"returns\":null,\"table\":[{\"name\":\"x\",\"type\":\"INT\"},"
                              "{\"name\":\"y\",\"type\":\"TEXT\"}],\"deterministic\":false"));
  assert_int_equal(read_one(out, NULL, ":j", table), 0);
  assert_int_equal(read_one(out, NULL, ":d", table), HCC_E_MANIFEST_TYPE);
}

/* Called with NULL, each parameter is a cell; strict, it is what its type says. */
static void types__cells_where_null_may_come(void **state) {
  (void)state;
  static const char loose[] =
      "{\"v\":1,\"procedures\":[{\"name\":\"f\",\"strict\":false,\"params\":"
      "[{\"name\":\"a\",\"type\":\"TEXT\"},{\"name\":\"b\",\"type\":\"REAL\"}]}]}";
  char out[2048];
  assert_int_equal(read_one(out, NULL, "ii:", loose), 0);
  assert_int_equal(read_one(out, NULL, "iid:", loose), HCC_E_MANIFEST_TYPE);
  assert_int_equal(read_one(out, NULL, "id:", loose), HCC_E_MANIFEST_TYPE);
}

static void read__absent_is_null(void **state) {
  (void)state;
  uint8_t *bytes;
  uint32_t procedures;
  hcc_buf b;
  const char *const none[] = {NULL};
  hcc_module *m = module_of("i:i", none, 0, &bytes);
  hcc_buf_init(&b, 100);
  assert_int_equal(hcc_manifest(&b, &procedures, m, NULL), 0);
  assert_int_equal(b.size, 4);
  assert_memory_equal(b.data, "null", 4);
  hcc_buf_free(&b);
  hcc_module_free(m);
  free(bytes);
}

static void read__refusals(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
  } cases[] = {
      {"", "not JSON"},
      {"{", "not JSON"},
      {"[]", "not an object"},
      {"1", "not an object"},
      {"{}", "missing field"},
      {"{\"v\":2}", "version 1"},
      {"{\"v\":1.5}", "version 1"},
      {"{\"v\":\"1\"}", "wrong kind"},
      {"{\"v\":1,\"v\":1}", "twice"},
      {"{\"v\":1,\"extra\":0}", "unknown field"},
      {"{\"V\":1}", "unknown field"},
      {"{\"v\":1} x", "behind its end"},
      {"{\"v\":1} x", "behind its end"},
      {"{\"v\":1}{\"v\":2}", "version 1"},
      {"{\"v\":1}{\"v\":1,\"n\":0}", "unknown field"},
      {"{\"v\":1,\"name\":\"a\"}{\"v\":1,\"name\":\"b\"}", "one name"},
      {P("\"name\":\"f\"") "\n" P("\"name\":\"F\",\"export\":\"f\""), "twice"},
      {"{\"v\":1,\"name\":\"\"}", "name for a module"},
      {"{\"v\":1,\"name\":\"a\\nb\"}", "name for a module"},
      {"{\"v\":1,\"name\":\"a\\u0000b\"}", "NUL"},
      {"{\"v\":1,\"name\":\"\xff\"}", "UTF-8"},
      {"{\"v\":1,\"name\":null}", "wrong kind"},
      {"{\"v\":1,\"procedures\":{}}", "wrong kind"},
      {"{\"v\":1,\"procedures\":[1]}", "not an object"},
      {P("\"name\":\"f\",\"params\":[{\"name\":\"a\",\"type\":\"INT\",\"default\":\"\"}]"),
       "literal"},
      {P("\"name\":\"f\",\"params\":[{\"name\":\"a\",\"type\":\"INT\",\"default\":1}]"),
       "wrong kind"},
      {"{\"v\":1,\"capabilities\":[1]}", "capabilities"},
      {"{\"v\":1,\"capabilities\":[\"\"]}", "capabilities"},
      {"{\"v\":1,\"capabilities\":[\"a\\u001b[2J\"]}", "capabilities"},
      {P(""), "missing field"},
      {P("\"name\":\"a b\",\"export\":\"f\""), "name for a procedure"},
      {P("\"name\":\"1a\",\"export\":\"f\""), "name for a procedure"},
      {P("\"name\":\"a;DROP TABLE t\",\"export\":\"f\""), "name for a procedure"},
      {P("\"name\":\"g\""), "no such exported"},
      {P("\"name\":\"f\",\"state\":\"forever\""), "state is"},
      {P("\"name\":\"f\",\"strict\":1"), "wrong kind"},
      {P("\"name\":\"f\",\"pramas\":[]"), "unknown field"},
      {P("\"name\":\"f\",\"returns\":\"NUMBER\""), "unknown type"},
      {P("\"name\":\"f\",\"table\":[]"), "1 to 100 columns"},
      {P("\"name\":\"f\",\"table\":[{\"name\":\"x\"}]"), "missing field"},
      {P("\"name\":\"f\",\"table\":[{\"name\":\"x y\",\"type\":\"INT\"}]"), "for a column"},
      {P("\"name\":\"f\",\"table\":[{\"name\":\"x\",\"type\":\"WORD\"}]"), "unknown type"},
      {P("\"name\":\"f\",\"returns\":\"INT\",\"table\":[{\"name\":\"x\",\"type\":\"INT\"}]"),
       "a table or a value"},
      {P("\"name\":\"f\",\"aggregate\":true,\"table\":[{\"name\":\"x\",\"type\":\"INT\"}]"),
       "a table or a value"},
      {P("\"name\":\"f\",\"aggregate\":1"), "wrong kind"},
      {P("\"name\":\"f\",\"aggregate\":true"), "has a result"},
      {P("\"name\":\"f\",\"aggregate\":true,\"returns\":\"INT\",\"state\":\"call\""),
       "lives for the statement"},
      {P("\"name\":\"f\",\"aggregate\":true,\"returns\":\"INT\""), "no such exported"},
      {P("\"name\":\"f\",\"params\":[{\"name\":\"x\"}]"), "missing field"},
      {P("\"name\":\"f\",\"params\":[{\"name\":\"x\",\"type\":\"WORD\"}]"), "unknown type"},
      {P("\"name\":\"f\",\"params\":[{\"name\":\"x y\",\"type\":\"INT\"}]"), "for a parameter"},
      {P("\"name\":\"f\",\"params\":[{\"name\":\"x\",\"type\":\"INT\",\"n\":0}]"), "unknown field"},
      {P("\"name\":\"f\"},{\"name\":\"F\",\"export\":\"f\""), "twice"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char out[2048];
    hcc_error err = {.code = HCC_OK};
    int status = read_one(out, &err, ":", cases[i].text);
    if (status != HCC_E_MANIFEST || strstr(err.text, cases[i].says) == NULL) {
      fail_msg("%s: %d %s", cases[i].text, status, err.text);
    }
  }
}

/* A linker puts the parts of a section one behind the other. */
static void read__several_in_one_section(void **state) {
  (void)state;
  char out[2048];
  assert_int_equal(
      read_one(out, NULL, ":",
               "{\"v\":1,\"procedures\":[{\"name\":\"f\"}],\"capabilities\":[\"log\"]}\n"
               "{\"v\":1,\"name\":\"shop\",\"procedures\":[{\"name\":\"g\",\"export\":\"f\"}],"
               "\"capabilities\":[\"query\"]}{\"v\":1,\"name\":\"shop\"}"),
      0);
  assert_string_equal(
      out,
      "{\"v\":1,\"name\":\"shop\",\"procedures\":[{\"name\":\"f\",\"export\":\"f\",\"params\":[],"
      "\"returns\":null,\"deterministic\":false,\"strict\":true,\"state\":\"call\"},"
      "{\"name\":\"g\",\"export\":\"f\",\"params\":[],\"returns\":null,\"deterministic\":false,"
      "\"strict\":true,\"state\":\"call\"}],\"capabilities\":[\"log\",\"query\"]}");
}

static void read__two_sections(void **state) {
  (void)state;
  uint8_t *bytes;
  uint32_t procedures;
  hcc_buf b;
  const char *const two[] = {"{\"v\":1}", "{\"v\":1}", NULL};
  hcc_module *m = module_of(":", two, 0, &bytes);
  hcc_buf_init(&b, 1000);
  assert_int_equal(hcc_manifest(&b, &procedures, m, NULL), HCC_E_MANIFEST);
  hcc_buf_free(&b);
  hcc_module_free(m);
  free(bytes);
}

/* By SQL type: the wasm types that do for a parameter and for a result. */
static void types__fit_or_not(void **state) {
  (void)state;
  static const struct {
    const char *type, *params, *results;
  } rows[] = {
      {"BOOLEAN", "i", "i"},      {"INTEGER", "j i", "j i"}, {"INT", "j i", "j i"},
      {"BIGINT", "j", "j"},       {"TIMESTAMP", "j", "j"},   {"DATE", "j", "j"},
      {"REAL", "d f", "d f"},     {"FLOAT", "d f", "d f"},   {"DOUBLE", "d f", "d f"},
      {"TEXT", "ii", "j"},        {"VARCHAR", "ii", "j"},    {"BLOB", "ii", "j"},
      {"BYTEA", "ii", "j"},       {"JSON", "ii", "j"},       {"DECIMAL", "d ii", "d j"},
      {"NUMERIC", "d ii", "d j"}, {"ANY", "i", "i"},
  };
  static const char *const wasm[] = {"i", "j", "f", "d", "v", "ii", "ij", "jj"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    for (size_t k = 0; k < sizeof wasm / sizeof *wasm; k++) {
      char sig[32], text[512], out[2048], padded[16], list[16];
      hcc_error err = {.code = HCC_OK};
      snprintf(padded, sizeof padded, " %s ", wasm[k]);
      snprintf(list, sizeof list, " %s ", rows[i].params);
      snprintf(sig, sizeof sig, "%s:", wasm[k]);
      snprintf(text, sizeof text, P("\"name\":\"f\",\"params\":[{\"name\":\"x\",\"type\":\"%s\"}]"),
               rows[i].type);
      int status = read_one(out, &err, sig, text);
      if (status != (strstr(list, padded) != NULL ? 0 : HCC_E_MANIFEST_TYPE)) {
        fail_msg("%s as parameter %s: %d %s", rows[i].type, wasm[k], status, err.text);
      }
      err.code = HCC_OK;
      snprintf(list, sizeof list, " %s ", rows[i].results);
      snprintf(sig, sizeof sig, ":%s", wasm[k]);
      snprintf(text, sizeof text, P("\"name\":\"f\",\"returns\":\"%s\""), rows[i].type);
      status = read_one(out, &err, sig, text);
      if (status != (strstr(list, padded) != NULL ? 0 : HCC_E_MANIFEST_TYPE)) {
        fail_msg("%s as result %s: %d %s", rows[i].type, wasm[k], status, err.text);
      }
    }
  }
}

static void types__pulled_arguments_and_pushed_results(void **state) {
  (void)state;
  char out[2048];
  /* no wasm parameters: the guest asks for them; no wasm result: a host call gives it */
  static const char text[] = P("\"name\":\"f\",\"params\":[{\"name\":\"x\",\"type\":\"TEXT\"}],"
                               "\"returns\":\"TEXT\"");
  assert_int_equal(read_one(out, NULL, ":", text), 0);
  assert_int_equal(read_one(out, NULL, "ii:", text), 0);
  assert_int_equal(read_one(out, NULL, "iii:", text), HCC_E_MANIFEST_TYPE);
  assert_int_equal(read_one(out, NULL, ":j", P("\"name\":\"f\"")), HCC_E_MANIFEST_TYPE);
  assert_int_equal(read_one(out, NULL, "ii:jj", text), HCC_E_MANIFEST_TYPE);
}

static void read__cut_anywhere_is_refused(void **state) {
  (void)state;
  static const char text[] =
      P("\"name\":\"f\",\"params\":[],\"returns\":\"INT\",\"state\":\"call\"");
  for (size_t n = 1; n < sizeof text - 1; n++) {
    uint8_t *bytes;
    uint32_t procedures;
    hcc_buf b;
    const char *const list[] = {text, NULL};
    hcc_module *m = module_of(":", list, n, &bytes);
    hcc_buf_init(&b, 1000);
    assert_int_equal(hcc_manifest(&b, &procedures, m, NULL), HCC_E_MANIFEST);
    hcc_buf_free(&b);
    hcc_module_free(m);
    free(bytes);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(read__full_and_defaults),
      cmocka_unit_test(types__cells_where_null_may_come),
      cmocka_unit_test(types__tables),
      cmocka_unit_test(read__absent_is_null),
      cmocka_unit_test(read__refusals),
      cmocka_unit_test(read__several_in_one_section),
      cmocka_unit_test(read__two_sections),
      cmocka_unit_test(types__fit_or_not),
      cmocka_unit_test(types__pulled_arguments_and_pushed_results),
      cmocka_unit_test(read__cut_anywhere_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
