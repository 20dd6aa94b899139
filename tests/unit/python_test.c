/* python_test.c - python_scan.c and python_unit.c: what of a source is a function, a comment, a
 * string; what annotations mean. Sources on the heap in their exact size, so that a read behind
 * them is seen. */
#include <cJSON.h>

#include "python_unit.h"
#include "wasm_build.h"

typedef struct heard {
  char text[1024];
} heard;

static void hear(void *arg, const hcc_message *m) {
  heard *h = arg;
  size_t n = strlen(h->text);
  snprintf(h->text + n, sizeof h->text - n, "%u:%u %s\n", m->line, m->column, m->text);
}

/* The line for the engine and the manifest, or what was heard. */
static void read_source(char line[512], cJSON **manifest, heard *h, const char *source,
                        size_t size) {
  hcc_py_scan scan;
  hcc_error err = {.code = HCC_OK};
  hcc_buf text, json;
  hcc_listener listener = {hear, h};
  uint8_t *copy = wb_exact(source, size);
  hcc_buf_init(&text, 4096);
  hcc_buf_init(&json, 1 << 16);
  *h = (heard){.text = ""};
  *manifest = NULL;
  line[0] = '\0';
  if (hcc_python_scan(&scan, (const char *)copy, size, &err) != 0) {
    snprintf(h->text, sizeof h->text, "%u:%u %s", scan.place.line, scan.place.column, err.text);
  } else if (hcc_python_unit(&json, &text, &scan, "p.py", "p", &listener, &err) == 0) {
    snprintf(line, 512, "%.*s", (int)text.size, (const char *)text.data);
    *manifest = cJSON_Parse((const char *)json.data);
    assert_non_null(*manifest);
  } else if (h->text[0] == '\0') {
    snprintf(h->text, sizeof h->text, "%s", err.text);
  }
  hcc_python_scan_free(&scan);
  hcc_buf_free(&text);
  hcc_buf_free(&json);
  free(copy);
}

#define READ(source) read_source(line, &manifest, &h, (source), strlen(source))

static void finds_functions(void **state) {
  (void)state;
  static const struct {
    const char *source, *line;
  } cases[] = {
      {"def f(): pass", "\tf:\n"},
      {"def f(a, b: int, c: 'str|None'=None, /): pass\n", "\tf:nrn\n"},
      {"def f(\n  a: int, # )\n  b: Optional[Dict[str, int]] = None,\n) -> int:\n  pass\ndef g(): "
       "1",
       "\tf:rn g:\n"},
      {"s = '''\ndef no(): pass\n'''\ndef f(): pass", "\tf:\n"},
      {"s = 'a\\'\\\n def no(): '\ndef f(): pass", "\tf:\n"},
      {"x = (1,\ndef_no, [2,\n3])\nif x:\n  def no(): pass\nclass A:\n\tdef no(): pass\ndef f(): "
       "pass",
       "\tf:\n"},
      {"def _no(*a): pass\n@deco(1)\ndef f(a: typing.Union[int, None]): return rb'''x'''",
       "\tf:n\n"},
      {"\xef\xbb\xbf"
       "def f(x:bytes)->None:return\r\ndef g(): pass\r\n",
       "\tf:r g:\n"},
      {"# @helios private\ndef no(*a): pass\ndef f(): pass", "\tf:\n"},
      {"def f(a: int): '''x\n@helios default a 3'''", "\tf:r\n"},
  };
  char line[512];
  cJSON *manifest;
  heard h;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    READ(cases[i].source);
    assert_string_equal(h.text, "");
    assert_string_equal(line, cases[i].line);
    cJSON_Delete(manifest);
  }
}

static void refuses(void **state) {
  (void)state;
  static const struct {
    const char *source, *said;
  } cases[] = {
      {"def f(: pass", "1:13 not a parameter"},
      {"def f(a", "1:8 not a parameter"},
      {"def f(a b): pass", "1:9 not a parameter"},
      {"x = 'abc\n", "1:5 a string that does not end"},
      {"x = '''abc\n", "1:5 a string that does not end"},
      {"x = (]", "1:6 a bracket that closes nothing"},
      {"x = )", "1:5 a bracket that closes nothing"},
      {"x = (\n", "2:1 a bracket is open at the end of the file"},
      {"def f()\n  pass", "1:8 ':' expected"},
      {"def (", "1:5 not a function: def NAME(...):"},
      {"x = 1", "no function that could be a procedure: a public def at the top level"},
      {"def f(a: set): pass", "1:7 parameter 'a' of f is annotated 'set', which SQL can't give\n"},
      {"def f(**k): pass", "1:7 parameter 'k' of f is not one by place\n"},
      {"def f(a: None): pass",
       "1:7 parameter 'a' of f is annotated 'None', which SQL can't give\n"},
      {"def f(a=[]): pass", "1:7 the default of 'a' is nothing that SQL can write\n"},
      {"def f(a='x' 'y'): pass", "1:7 the default of 'a' is nothing that SQL can write\n"},
      {"def f() -> int: '@helios table (n INTEGER)'", "1:5 f returns a table, and BIGINT\n"},
      {"def f(): '@helios no'", "1:5 f: '@helios no' is nothing that heliosc knows\n"},
      {"def memory(): 1", "1:5 'memory' is a name of the engine's own\n"},
  };
  char line[512];
  cJSON *manifest;
  heard h;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    READ(cases[i].source);
    assert_null(manifest);
    assert_string_equal(h.text, cases[i].said);
  }
}

static void writes_manifests(void **state) {
  (void)state;
  char line[512];
  cJSON *manifest;
  heard h;
  READ("# @helios name shop.f\n# @helios capability log, read:t\n"
       "def f(a: float = -1.5e3, b: str = \"it's\", c: bool = True) -> Decimal:\n"
       "  'Text. @helios state connection'\n");
  assert_string_equal(h.text, "");
  char *text = cJSON_PrintUnformatted(manifest);
  assert_string_equal(
      text,
      "{\"v\":1,\"name\":\"p\",\"procedures\":[{\"name\":\"shop.f\",\"export\":\"f\",\"params\":["
      "{\"name\":\"a\",\"type\":\"REAL\",\"default\":\"-1.5e3\"},"
      "{\"name\":\"b\",\"type\":\"TEXT\",\"default\":\"'it''s'\"},"
      "{\"name\":\"c\",\"type\":\"BOOLEAN\",\"default\":\"TRUE\"}],"
      "\"returns\":\"DECIMAL\",\"deterministic\":false,\"strict\":true,\"state\":\"connection\"}],"
      "\"capabilities\":[\"log\",\"read:t\"]}");
  cJSON_free(text);
  cJSON_Delete(manifest);
}

/* Every beginning of a source ends in an answer. */
static void cut_anywhere(void **state) {
  (void)state;
  static const char source[] =
      "# @helios private\n@d(1, [2])\ndef f(a: 'x|None' = (1, '''y'''), *, b) -> Dict[str, int]:\n"
      "  rb\"\"\"doc \\\n @helios name n\"\"\"\n  return {a: [b]} \\\n\ndef g(): 'x'\n";
  char line[512];
  cJSON *manifest;
  heard h;
  for (size_t n = 0; n < sizeof source; n++) {
    read_source(line, &manifest, &h, source, n);
    cJSON_Delete(manifest);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_functions),
      cmocka_unit_test(refuses),
      cmocka_unit_test(writes_manifests),
      cmocka_unit_test(cut_anywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
