/* js_test.c - js_scan.c, js_read.c, js_doc.c and js_where.c: what of a source is an exported
 * function, what its comment says, what is refused where. Sources on the heap in their exact size,
 * so that a read behind them is seen. */
#include "js_read.h"
#include "js_where.h"
#include "wasm_build.h"

typedef struct heard {
  char text[1024];
} heard;

static void put(heard *h, const char *format, ...) {
  size_t n = strlen(h->text);
  va_list args;
  va_start(args, format);
  vsnprintf(h->text + n, sizeof h->text - n, format, args);
  va_end(args);
}

static void hear(void *arg, const hcc_message *m) {
  put(arg, "%u:%u %s|", m->line, m->column, m->text);
}

static void import(void *arg, const char *specifier, size_t size, unsigned line, unsigned column) {
  put(arg, "<%.*s %u:%u>", (int)size, specifier, line, column);
}

/* "name=function(parameter KIND TYPE? =DEFAULT, ...)RESULT;" of each, imports, what was said. */
static void read_source(heard *h, const char *source, size_t size, bool main) {
  hcc_script_unit *u = calloc(1, sizeof *u);
  hcc_listener listener = {hear, h};
  uint8_t *copy = wb_exact(source, size);
  *h = (heard){.text = ""};
  assert_non_null(u);
  hcc_script_unit_begin(u, "p.js", &listener);
  hcc_js_read(u, (const char *)copy, size, main, import, h);
  for (uint32_t i = 0; i < u->procedure_count; i++) {
    const hcc_procedure *p = &u->procedures[i].said;
    bool renamed = strcmp(p->name, p->function) != 0;
    put(h, "%s%s%s%s(", p->hidden ? "-" : "", p->name, renamed ? "=" : "",
        renamed ? p->function : "");
    for (uint32_t k = 0; k < p->param_count; k++) {
      const hcc_param *a = &p->params[k];
      put(h, "%s%s %c %s%s%s%s", k > 0 ? ", " : "", a->name, a->kind, a->sql,
          a->nullable ? "?" : "", a->fallback != NULL ? " = " : "",
          a->fallback != NULL ? a->fallback : "");
    }
    put(h, ")%s;", p->result == NULL ? "" : p->result);
  }
  assert_false(u->said.no_memory);
  hcc_script_unit_free(u);
  free(u);
  free(copy);
}

struct one {
  const char *source, *is;
};

static void all_are(const struct one *cases, size_t count) {
  heard h;
  for (size_t i = 0; i < count; i++) {
    read_source(&h, cases[i].source, strlen(cases[i].source), true);
    assert_string_equal(h.text, cases[i].is);
  }
}

#define ALL_ARE(cases) all_are(cases, sizeof cases / sizeof *cases)

static void finds_functions(void **state) {
  (void)state;
  static const struct one cases[] = {
      {"export function f() {}", "f()ANY;"},
      {"export function* f(a, b) {} export const g = (x) => x, h = 1;",
       "f(a - ANY, b - ANY)ANY;g(x - ANY)ANY;"},
      {"export const f = x => x; export let g = function (a) {}; export var h = function* n() {};",
       "f(x - ANY)ANY;g(a - ANY)ANY;h()ANY;"},
      {"export { f, g as h, v }; function f(a) {} function* g() {} const v = 1;",
       "f(a - ANY)ANY;h()ANY;"},
      {"function f(){ function g(){} } export { g, f }", "f()ANY;"},
      {"export const a = 1, b = f(1), c = [x => x], d = (1), e = class {}; export class K {}", ""},
      {"export function _f() {}", "-_f()ANY;"},
      {"o.export = function f() {}; ({ export: 1, function: 2, import(x) {} }); export function "
       "g() {}",
       "g()ANY;"},
      {"// export function no() {}\n/* export function no() {} */\"export function no() {}\"; "
       "`export function no() {} ${`}` + {}} export function no() {}`; export function f() {}",
       "f()ANY;"},
      {"a = b / c; export function f() {} d / e", "f()ANY;"},
      {"a = /[/`]\\/export function no() {}/g; export function f() {}", "f()ANY;"},
      {"return /`/; export function f() {}", "f()ANY;"},
      {"a = (1) / 2; b = x[0] / 2; export function f() {}", "f()ANY;"},
  };
  ALL_ARE(cases);
}

static void reads_parameters(void **state) {
  (void)state;
  static const struct one cases[] = {
      {"export function f(a = 1, b = -0.5, c = 'it\\'s', d = \"it's\", e = true, g = null, h = [1, "
       "(2)], "
       "i = x) {}",
       "f(a - ANY = 1, b - ANY = -0.5, c - ANY, d - ANY = 'it''s', e - ANY = true, g - ANY = null, "
       "h - ANY, i - ANY)ANY;"},
      {"export function f({ a, b: [c] }, [d] = [1], e) {}",
       "f(arg1 - JSON, arg2 - JSON, e - ANY)ANY;"},
      {"export const f = (a = (1, 2), b = (x) => x, c) => a", "f(a - ANY, b - ANY, c - ANY)ANY;"},
      {"export function f(a = 1", "f(a - ANY = 1)ANY;"},
      {"export function f(a = .5) {}", "f(a - ANY)ANY;"},
      {"export function f(a", "f(a - ANY)ANY;"},
      {"export function f(a,", "f(a - ANY)ANY;"},
  };
  ALL_ARE(cases);
}

static void reads_comments(void **state) {
  (void)state;
  static const struct one cases[] = {
      {"/** Text.\n * @param {number} a it\n * @param {?string} [b=5] - it\n * @param "
       "{integer|null} "
       "c\n * @param {Uint8Array=} d\n * @returns {boolean} so\n */\nexport function f(a, b, c, d) "
       "{}",
       "f(a n REAL, b - TEXT?, c - BIGINT?, d - BLOB?)BOOLEAN;"},
      {"/** @param {{a: number, b: string[]}} a\n@param {Array<string|null>} b\n@param "
       "{(number|string)} "
       "c\n@param {Order} d\n@param {number} a.b nested\n@returns {void} */export const f = (a, b, "
       "c, d) "
       "=> 1",
       "f(a - JSON, b - JSON, c - ANY, d - JSON);"},
      {"/** @helios name s.f\n * @helios private\n * @helios default a 7 */ export function f(a) "
       "{}",
       "-s.f=f(a - ANY = 7)ANY;"},
      {"/** @private */ function f() {}\nexport { f as g }", "-g()ANY;"},
      {"/** @param {number} a */ /* other */ export function f(a) {}", "f(a n REAL)ANY;"},
      {"/** @param {numbr} a */ export function f(a) {}",
       "1:0 f: the type 'numbr' is none that a procedure can have|f(a - ANY)ANY;"},
      {"/**\n * @param {number} b */ export function f(a) {}",
       "2:0 f has no parameter 'b'|f(a - ANY)ANY;"},
      {"/** @returns {(number\n * @param {number */ export function f(a) {}", "f(a - ANY)ANY;"},
      {"/** @helios nonsense */ export function f() {}",
       "1:0 f: '@helios nonsense' is nothing that heliosc knows|f()ANY;"},
  };
  ALL_ARE(cases);
}

static void refuses(void **state) {
  (void)state;
  static const char async[] = "an async function can't be a procedure|",
                    unnamed[] = "a procedure needs a name, so a function can't be export default|";
  heard h;
  static const struct one cases[] = {
      {"export default 1", ""},
      {"export function (a) {}", "1:17 a procedure needs a name|"},
      {"\n export function f(...rest) {}",
       "2:20 a procedure has a fixed number of parameters, not ...|f()ANY;"},
      {"export { f } from './x.js'",
       "<./x.js 1:19>1:1 a procedure must be a function of this file|"},
      {"export * as a from \"x\"", "<x 1:20>1:1 a procedure must be a function of this file|"},
  };
  ALL_ARE(cases);
  static const char *const not_async[] = {"export async function f() {}",
                                          "export const f = async (a) => a;",
                                          "async function f() {} export { f }"};
  for (size_t i = 0; i < 3; i++) {
    read_source(&h, not_async[i], strlen(not_async[i]), true);
    assert_non_null(strstr(h.text, async));
    assert_null(strstr(h.text, ";"));
  }
  static const char *const not_default[] = {"export default function f() {}",
                                            "export default (a) => a", "export default async"};
  for (size_t i = 0; i < 3; i++) {
    read_source(&h, not_default[i], strlen(not_default[i]), true);
    assert_non_null(strstr(h.text, unnamed));
  }
}

static void finds_imports(void **state) {
  (void)state;
  static const char source[] =
      "import { a as b } from 'x';\nimport \"./y.js\"; import d, * as e from 'z'\n"
      "import('no'); import.meta; export function f() {} export * from 'w'";
  heard h;
  read_source(&h, source, sizeof source - 1, false);
  assert_string_equal(h.text, "<x 1:24><./y.js 2:8><z 2:40><w 3:65>");
}

/* Every beginning of a source ends in an answer. */
static void cut_anywhere(void **state) {
  (void)state;
  static const char source[] =
      "import { a } from 'x';/** @param {{a: (x)}|null} a\n * @helios default a 'x' */\n"
      "export function* f(a = 1.5, { b } = {}, c = 'd\\'') { return /[/]/ + `${a + `b`}`; }\n"
      "export const g = async (x = -1) => ({}); export { f as h, k }; function k(v) {}\n"
      "export default function () {} export * as z from \"w\"; /* open";
  heard h;
  for (size_t n = 0; n < sizeof source; n++) {
    read_source(&h, source, n, true);
    read_source(&h, source, n, false);
  }
}

static void too_many(void **state) {
  (void)state;
  hcc_buf text;
  heard h;
  hcc_buf_init(&text, 1 << 20);
  hcc_buf_text(&text, "export function f(");
  for (int i = 0; i < 101; i++) {
    hcc_buf_format(&text, "a%d,", i);
  }
  hcc_buf_text(&text, ") {}");
  read_source(&h, (const char *)text.data, text.size, true);
  assert_non_null(strstr(h.text, " f has more than 100 parameters|"));
  hcc_buf_free(&text);
}

/* ---- js_where.c ---- */

static void put_u32(hcc_buf *b, uint32_t v) {
  for (int i = 0; i < 4; i++) {
    hcc_buf_byte(b, (uint8_t)(v >> (8 * i)));
  }
}

static void put_file(hcc_buf *b, const char *name, const char *text) {
  put_u32(b, (uint32_t)strlen(name));
  put_u32(b, (uint32_t)strlen(text));
  hcc_buf_text(b, name);
  hcc_buf_text(b, text);
  hcc_buf_byte(b, 0);
}

static void put_script(hcc_buf *b) {
  hcc_buf_init(b, 1 << 20);
  hcc_buf_text(b, "HLS1");
  put_u32(b, 3);
  put_file(b, "p.js",
           "import a from './a.js';\n// import { lost } from './b.js'\nimport { x as lost,\n gone,"
           " default as d } from './lib/b.js';\nimport.meta; import('./b.js');\n"
           "export const gone2 = 'b.js';\nexport function f() {}\n");
  put_file(b, "lib/b.js", "export { y as z,\n q } from \"../a.js\";\nexport * as w from './c.js';");
  put_file(b, "helios:types", "f\n");
}

static void where__the_import_stands(void **state) {
  (void)state;
  static const struct one cases[] = {
      {"SyntaxError: Could not find export 'x' in module 'lib/b.js'", "p.js:3: "},
      {"SyntaxError: Could not find export 'gone' in module 'lib/b.js'", "p.js:4: "},
      {"SyntaxError: Could not find export 'default' in module 'a.js'", "p.js:1: "},
      {"Could not find export 'q' in module 'a.js'", "lib/b.js:2: "},
      {"Could not find export 'y' in module 'a.js'", "lib/b.js:1: "},
      {"Could not find export 'lost' in module 'lib/b.js'", ""}, /* its name here */
      {"Could not find export 'z' in module 'a.js'", ""},
      {"Could not find export 'gone2' in module 'b.js'", ""},
      {"Could not find export 'x' in module 'a.js'", ""},
      {"Could not find export 'x' in module 'lib/b.js", ""},
      {"Could not find export 'x'", ""},
      {"TypeError: x", ""},
  };
  hcc_buf b;
  put_script(&b);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char out[300] = "";
    uint8_t *copy = wb_exact(b.data, b.size);
    assert_int_equal(hcc_js_where(out, sizeof out, copy, b.size, cases[i].source),
                     cases[i].is[0] != 0);
    assert_string_equal(out, cases[i].is);
    free(copy);
  }
  hcc_buf_free(&b);
}

static void where__a_damaged_script(void **state) {
  (void)state;
  static const char gone[] = "Could not find export 'gone3' in module 'lib/b.js'";
  hcc_buf b;
  char out[300];
  put_script(&b);
  for (size_t n = 0; n < b.size; n++) { /* cut, and a length that is too great */
    uint8_t *cut = wb_exact(b.data, n), *changed = wb_exact(b.data, b.size);
    assert_false(hcc_js_where(out, sizeof out, cut, n, gone));
    changed[n] = 0xff;
    (void)hcc_js_where(out, sizeof out, changed, b.size, gone);
    free(cut);
    free(changed);
  }
  hcc_buf_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_functions),
      cmocka_unit_test(reads_parameters),
      cmocka_unit_test(reads_comments),
      cmocka_unit_test(refuses),
      cmocka_unit_test(finds_imports),
      cmocka_unit_test(cut_anywhere),
      cmocka_unit_test(too_many),
      cmocka_unit_test(where__the_import_stands),
      cmocka_unit_test(where__a_damaged_script),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
