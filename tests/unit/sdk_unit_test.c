/* sdk_unit_test.c - from what libclang's child wrote to procedures, glue and manifest. The child is
 * not trusted: no text of it may become C but plain identifiers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sdk_unit.h"

#define TYPE(name) "{\"shown\":\"t\",\"pointer\":false,\"const\":false,\"names\":[\"" name "\"]}"
#define NULLABLE(name) "{\"shown\":\"t\",\"pointer\":true,\"const\":true,\"names\":[\"" name "\"]}"
#define POINTER(name) "{\"shown\":\"t\",\"pointer\":true,\"const\":false,\"names\":[\"" name "\"]}"
#define PARAM(name, type) "{\"name\":\"" name "\",\"line\":1,\"column\":1,\"type\":" type "}"
#define FUNCTION(name, symbol, comment, result, params)                                            \
  "{\"name\":\"" name "\",\"symbol\":\"" symbol                                                    \
  "\",\"line\":3,\"column\":5,\"comment\":\"" comment                                              \
  "\",\"variadic\":false,\"annotations\":[],\"result\":" result ",\"params\":[" params "]}"
#define FILE_OF(functions)                                                                         \
  "{\"diagnostics\":[],\"files\":[],\"annotations\":[],\"functions\":[" functions "]}"

typedef struct heard {
  char text[2000];
} heard;

static void hear(void *arg, const hcc_message *m) {
  heard *h = arg;
  size_t n = strlen(h->text);
  snprintf(h->text + n, sizeof h->text - n, "%u:%u %s\n", m->line, m->column, m->text);
}

/* Reads; the glue or the manifest to text. */
static int read_unit(char *text, size_t size, heard *h, const char *json, bool glue) {
  hcc_sdk_unit unit;
  hcc_error err = {.code = HCC_OK};
  cJSON *root = cJSON_Parse(json);
  h->text[0] = '\0';
  text[0] = '\0';
  assert_non_null(root);
  hcc_listener listener = {hear, h};
  int status = hcc_sdk_unit_read(&unit, root, "x.c", &listener, &err);
  if (status == 0) {
    hcc_buf out;
    hcc_buf_init(&out, 1 << 20);
    if (glue) {
      hcc_sdk_glue(&out, &unit, true);
    } else {
      char *manifest = hcc_unit_manifest(&unit.said, "x");
      assert_non_null(manifest);
      hcc_buf_text(&out, manifest);
      cJSON_free(manifest);
    }
    assert_false(out.failed);
    snprintf(text, size, "%.*s", (int)out.size, (const char *)out.data);
    hcc_buf_free(&out);
  }
  hcc_sdk_unit_free(&unit);
  cJSON_Delete(root);
  return status;
}

static void manifest__of_a_function(void **state) {
  (void)state;
  char text[4000];
  heard h;
  static const char json[] = FILE_OF(
      FUNCTION("f", "_Z1fdd", "/** x\\n * @helios name shop.f\\n * @helios capability a, b,a */",
               TYPE("double"), PARAM("a", TYPE("double")) "," PARAM("b", NULLABLE("long long"))));
  assert_int_equal(read_unit(text, sizeof text, &h, json, false), 0);
  assert_string_equal(
      text,
      "{\"v\":1,\"name\":\"x\",\"procedures\":[{\"name\":\"shop.f\",\"export\":\"f\",\"params\":["
      "{\"name\":\"a\",\"type\":\"REAL\"},{\"name\":\"b\",\"type\":\"BIGINT\"}],\"returns\":"
      "\"REAL\","
      "\"deterministic\":false,\"strict\":false,\"state\":\"call\"}],\"capabilities\":[\"a\",\"b\"]"
      "}");
  assert_int_equal(read_unit(text, sizeof text, &h, json, true), 0);
  assert_non_null(strstr(text, "double hg_call_0(double, const long long *) __asm__(\"_Z1fdd\");"));
  assert_non_null(strstr(
      text, "export_name(\"f\"))) double hg_export_0(const hg_cell *a0, const hg_cell *a1)"));
}

static void manifest__of_a_table(void **state) {
  (void)state;
  char text[4000];
  heard h;
  static const struct {
    const char *words, *table;
  } cases[] = {
      {"@helios table(n INTEGER, name TEXT)",
       "[{\"name\":\"n\",\"type\":\"INTEGER\"},{\"name\":\"name\",\"type\":\"TEXT\"}]"},
      {"@helios table\t ( a\tbigint ,b\t\tjson )\t",
       "[{\"name\":\"a\",\"type\":\"BIGINT\"},{\"name\":\"b\",\"type\":\"JSON\"}]"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    static const char *const results[] = {"void", "helios_json"};
    for (size_t k = 0; k < 2; k++) {
      char json[2000];
      snprintf(
          json, sizeof json,
          FILE_OF("{\"name\":\"f\",\"symbol\":\"f\",\"line\":1,\"column\":1,\"comment\":\"%s\","
                  "\"variadic\":false,\"annotations\":[],\"result\":{\"names\":[\"%s\"],\"shown\":"
                  "\"\",\"pointer\":false,\"const\":false},\"params\":[]}"),
          cases[i].words, results[k]);
      assert_int_equal(read_unit(text, sizeof text, &h, json, false), 0);
      const char *table = strstr(text, "\"table\":");
      assert_non_null(table);
      assert_memory_equal(table + 8, cases[i].table, strlen(cases[i].table));
      assert_null(strstr(text, "\"returns\""));
    }
  }
}

/* What could leave a string or a name of the glue is refused, and nothing is written. */
static void read__no_text_becomes_code(void **state) {
  (void)state;
  static const struct {
    const char *json, *says;
  } cases[] = {
      {FILE_OF(FUNCTION("f\\\"", "f", "", TYPE("int"), "")), "is no name"},
      {FILE_OF(FUNCTION("f", "f\\\");evil(\\\"", "", TYPE("int"), "")), "is no name"},
      {FILE_OF(FUNCTION("f", "f\\n", "", TYPE("int"), "")), "is no name"},
      {FILE_OF(FUNCTION("f\xc3\xa9", "f", "", TYPE("int"), "")), "is no name"},
      {FILE_OF(FUNCTION("f", "f", "", TYPE("int"), PARAM("a%s\\\"", TYPE("int")))), "has no name"},
      {FILE_OF(FUNCTION("f", "f", "", TYPE("int"), PARAM("", TYPE("int")))), "has no name"},
      {FILE_OF(FUNCTION("helios_arena", "f", "", TYPE("int"), "")), "is no name"},
      {FILE_OF(FUNCTION("f", "f", "", TYPE("int"), PARAM("a", TYPE("int); evil(")))),
       "SQL can't give"},
      {FILE_OF(FUNCTION("f", "f", "", POINTER("int"), "")), "SQL can't take"},
      {FILE_OF(FUNCTION("f", "f", "", TYPE("int"), PARAM("a", POINTER("int")))), "SQL can't give"},
      {FILE_OF(FUNCTION("f", "f", "", TYPE("int"), PARAM("a", NULLABLE("helios_decimal_f64")))),
       "helios_decimal_f64"},
      {FILE_OF(FUNCTION("f", "f", "@helios", TYPE("int"), "")), "nothing that heliosc knows"},
      {FILE_OF(FUNCTION("f", "f", "@helios name", TYPE("int"), "")), "nothing that heliosc knows"},
      {FILE_OF(FUNCTION("f", "f", "@helios table (n INTEGER)", TYPE("int"), "")),
       "f returns a table, and INTEGER"},
      {FILE_OF(FUNCTION("f", "f", "@helios table", TYPE("void"), "")), "no list of columns"},
      {FILE_OF(FUNCTION("f", "f", "@helios table (", TYPE("void"), "")), "no list of columns"},
      {FILE_OF(FUNCTION("f", "f", "@helios table n INTEGER", TYPE("void"), "")),
       "no list of columns"},
      {FILE_OF(
           FUNCTION("f", "f", "@helios table (a TEXT)\\n@helios table (b TEXT)", TYPE("void"), "")),
       "the second one"},
      {FILE_OF(FUNCTION("f", "f", "@helios table ()", TYPE("void"), "")), "'' is no column"},
      {FILE_OF(FUNCTION("f", "f", "@helios table (n INTEGER,)", TYPE("void"), "")),
       "'' is no column"},
      {FILE_OF(FUNCTION("f", "f", "@helios table (n)", TYPE("void"), "")), "'n' is no column"},
      {FILE_OF(FUNCTION("f", "f", "@helios table (1n TEXT)", TYPE("void"), "")),
       "'1n' is no column"},
      {FILE_OF(FUNCTION("f", "f", "@helios table (n number)", TYPE("void"), "")),
       "has type 'number', which SQL does not have"},
      {FILE_OF(FUNCTION("f", "f", "@helios table (n TEXT, N REAL)", TYPE("void"), "")),
       "there twice"},
      {FILE_OF(FUNCTION("f", "f", "@helios deterministic now", TYPE("int"), "")),
       "nothing that heliosc knows"},
      {FILE_OF(FUNCTION("f", "f", "@helios default b 1", TYPE("int"), PARAM("a", TYPE("int")))),
       "no parameter 'b'"},
      {FILE_OF(FUNCTION("f", "f", "@helios default a", TYPE("int"), PARAM("a", TYPE("int")))),
       "no literal"},
      {FILE_OF(FUNCTION("f", "f", "", TYPE("int"), "") "," FUNCTION("f", "g", "", TYPE("int"), "")),
       "twice"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[4000];
    heard h;
    assert_int_equal(read_unit(text, sizeof text, &h, cases[i].json, true), HCC_E_SOURCE);
    if (strstr(h.text, cases[i].says) == NULL) {
      fail_msg("case %zu says %s", i, h.text);
    }
    assert_string_equal(text, "");
  }
}

static void read__annotations_of_any_length(void **state) {
  (void)state;
  char json[8000], text[8000], words[5000];
  heard h;
  for (size_t n = 4080; n < 4110; n++) {
    memset(words, 'x', n);
    memcpy(words, "name ", 5);
    words[n] = '\0';
    snprintf(
        json, sizeof json,
        FILE_OF(
            "{\"name\":\"f\",\"symbol\":\"f\",\"line\":1,\"column\":1,\"comment\":\"@helios %s\","
            "\"variadic\":false,\"annotations\":[],\"result\":%s,\"params\":[]}"),
        words, TYPE("int"));
    assert_int_equal(read_unit(text, sizeof text, &h, json, false), n < 4095 ? 0 : HCC_E_SOURCE);
  }
}

static void read__nothing_to_export(void **state) {
  (void)state;
  char text[4000];
  heard h;
  assert_int_equal(read_unit(text, sizeof text, &h, FILE_OF(""), false), HCC_E_SOURCE);
  assert_int_equal(read_unit(text, sizeof text, &h,
                             FILE_OF(FUNCTION("f", "f", "@helios private", POINTER("int"), "")),
                             false),
                   HCC_E_SOURCE);
  assert_string_equal(h.text, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(manifest__of_a_function),
      cmocka_unit_test(manifest__of_a_table),
      cmocka_unit_test(read__no_text_becomes_code),
      cmocka_unit_test(read__annotations_of_any_length),
      cmocka_unit_test(read__nothing_to_export),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
