/* profile_test.c - profiles of script engines: they fit the engines that heliosc has in itself,
 * they name functions and lines as the C does that clang gets, a function that has not changed
 * keeps its counts, and any text is taken. */
#include "build_kit.h"

#include "embedded.h"
#include "engines.h"
#include "limits.h"
#include "profile.h"
#include "python_engine.h"

/* Functions that the metered module imports before its own: fuel, marks, four orders, a copy, more.
 */
enum { IMPORTS = 8 };

/* A profile that says less of its engine is out of date: `python3 tests/bench/profile.py BUILD/bin`
 * writes it anew. */
#define FIT_PERCENT 60

#define G "(func $g (param i32) (result i32) (i32.load (local.get 0)))"
#define F(added)                                                                                   \
  "(func $f (export \"f\") (param i32) (result i32) (local i32)"                                   \
  "  (if (i32.eq (local.get 0) (i32.const 7)) (then (return (call $g (local.get 0)))))"            \
  "  (loop $l (local.set 1 (i32.add (local.get 1) (call $g (local.get 1))))" added                 \
  "    (br_if $l (i32.lt_u (local.get 1) (local.get 0))))"                                         \
  "  (if (result i32) (local.get 1) (then (i32.load offset=8 (local.get 1))) (else (i32.const "    \
  "3))))"
static const char FIRST[] = "(module (memory 1) " G F("") ")";
/* Another index of $g, and other places of everything. */
static const char MOVED[] = "(module (memory 1) (func (param i64) (result i64) "
                            "(local.get 0)) (global i32 (i32.const 1)) " G F("") ")";
static const char CHANGED[] = "(module (memory 1) " G F("(memory.size) (drop)") ")";

static hcc_module *module_of(const char *wat) {
  hcc_build_result result;
  hcc_error err = {.code = HCC_OK};
  hcc_module *m = NULL;
  size_t size;
  kit_must_build(&result, wat, (hcc_build_options){.emit = HCC_EMIT_MODULE});
  uint8_t *bytes = kit_read(result.output, &size);
  assert_int_equal(hcc_decode(&m, bytes, size, &err), 0);
  assert_int_equal(hcc_validate(m, &err), 0);
  return m; /* bytes stay: the module points into them */
}

static void drop(hcc_module *m) {
  const uint8_t *bytes = m->bytes;
  hcc_module_free(m);
  free((void *)(uintptr_t)bytes);
}

/* A profile of m in which each byte of the code ran so often as its offset says. */
static char *profile_of(const hcc_module *m) {
  enum { MOST = 4096 };
  static struct hsb_file_line lines[MOST];
  static hcc_profile_count counts[MOST];
  hcc_buf out;
  assert_in_range(m->size, 8, MOST);
  for (uint32_t i = 0; i < m->size; i++) {
    lines[i] = (struct hsb_file_line){i, i};
    counts[i] = (hcc_profile_count){i, i};
  }
  hcc_buf_init(&out, 1u << 20);
  assert_int_equal(
      hcc_profile_make(&out, m, lines, (uint32_t)m->size, counts, (uint32_t)m->size, NULL), 0);
  hcc_buf_byte(&out, '\0');
  assert_non_null(out.data);
  return (char *)out.data;
}

static char *use(hcc_profile_fit *fit, const hcc_module *m, const char *text) {
  hcc_plan_export export = {.func = m->func_count - 1}; /* $f */
  const hcc_plan plan = {.exports = &export, .export_count = 1};
  const char *const texts[] = {"# nothing\n", text, NULL};
  hcc_buf out;
  hcc_buf_init(&out, 1u << 20);
  assert_int_equal(hcc_profile(&out, fit, m, &plan, texts, IMPORTS, NULL), 0);
  hcc_buf_byte(&out, '\0');
  return (char *)out.data;
}

static void profile__has_functions_that_have_not_changed(void **state) {
  (void)state;
  hcc_module *first = module_of(FIRST), *moved = module_of(MOVED), *changed = module_of(CHANGED);
  char *text = profile_of(first);
  hcc_profile_fit fit;
  free(use(&fit, first, text));
  assert_int_equal(fit.functions, 2);
  assert_int_equal(fit.fits, fit.all);
  char *said = use(&fit, moved, text);
  assert_int_equal(fit.functions, 2);
  assert_int_equal(fit.fits, fit.all);
  assert_null(strstr(said, "w2c_m_f8:"));
  assert_non_null(strstr(said, "w2c_m_f9:"));
  assert_non_null(strstr(said, "w2c_m_e0_0:"));
  free(said);
  free(use(&fit, changed, text));
  assert_int_equal(fit.functions, 1); /* $g */
  assert_true(fit.fits < fit.all);
  free(text);
  drop(first);
  drop(moved);
  drop(changed);
}

/* In the C of the build: does this function begin at that line? */
static void assert_begins(const char *c, const char *function, uint32_t line) {
  char head[64], name[64];
  snprintf(head, sizeof head, "#line %u \"w\"\n", line);
  snprintf(name, sizeof name, " %s(w2c_m* instance", function);
  for (const char *at = c; (at = strstr(at, head)) != NULL; at++) {
    const char *text = at + strlen(head), *end = strchr(text, '\n');
    const char *found = strstr(text, name);
    if (found != NULL && found < end) {
      return;
    }
  }
  fail_msg("%s does not begin at line %u", name, line);
}

/* One profile for clang, against the C. Counts are those of blocks, so at least the offset of the
 * line's own instruction. */
static void check_lines(const char *c, const hcc_module *m, const char *said) {
  uint32_t begin = 0, lines = 0;
  for (const char *at = said; *at != '\0'; at = strchr(at, '\n') + 1) {
    unsigned offset, count;
    char line[64], function[16];
    if (sscanf(at, "w2c_m_%15[^:]", function) == 1) {
      begin = m->funcs[function[0] == 'e' ? m->func_count - 1
                                          : strtoul(function + 1, NULL, 10) - IMPORTS]
                  .code.begin;
      snprintf(line, sizeof line, "w2c_m_%s", function);
      assert_begins(c, line, begin);
      continue;
    }
    assert_int_equal(sscanf(at, " %u: %u", &offset, &count), 2);
    snprintf(line, sizeof line, "#line %u \"w\"\n", begin + offset);
    assert_non_null(strstr(c, line));
    assert_true(count >= begin + offset);
    lines++;
  }
  assert_in_range(lines, 9, 16); /* five blocks in $f, their loads, the loop's check; $g */
}

static void profile__has_the_lines_of_the_text(void **state) {
  (void)state;
  hcc_module *m = module_of(FIRST);
  hcc_build_result plain, result;
  hcc_profile_fit fit;
  char path[4200];
  size_t size;
  kit_must_build(&plain, FIRST, (hcc_build_options){.engine = false});
  kit_must_build(&result, FIRST, (hcc_build_options){.engine = true, .keep = true});
  assert_false(result.cached);
  snprintf(path, sizeof path, "%s/p0.c", result.folder);
  char *c = (char *)kit_read(path, &size), *text = profile_of(m);
  char *said = use(&fit, m, text);
  c = realloc(c, size + 1);
  assert_non_null(c);
  c[size] = '\0';
  check_lines(c, m, said);
  hcc_dir_remove(result.folder);
  free(said);
  free(text);
  free(c);
  drop(m);
}

static void profile__is_any_text(void **state) {
  (void)state;
  hcc_module *m = module_of(FIRST);
  hcc_profile_fit fit;
  char *text = profile_of(m);
  static const char *const nonsense[] = {"",
                                         "\n\n",
                                         "#",
                                         "x",
                                         "12",
                                         "12 1 0:1",
                                         "-1 -1 -1:-1",
                                         "0123456789abcdef",
                                         "0123456789abcdef ",
                                         "0123456789abcdef x",
                                         "0123456789abcdef 1",
                                         "0123456789abcdef 1 0:",
                                         "0123456789abcdef\n1 0:1",
                                         "0123456789abcdef 1 0:1 1",
                                         "0123456789abcdef 99999999999999999999 0:1",
                                         "0123456789abcdef0 1 0:1"};
  for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
    char *said = use(&fit, m, nonsense[i]);
    assert_string_equal(said, "");
    assert_int_equal(fit.functions, 0);
    free(said);
  }
  for (size_t n = 0; n < strlen(text); n++) { /* cut, and with blocks that the function has not */
    char *cut = strndup(text, n), *said = use(&fit, m, cut);
    assert_true(fit.functions <= 2);
    free(said);
    cut = realloc(cut, n + 64);
    assert_non_null(cut);
    strcpy(cut + n, " 99999:7 4294967295:7 18446744073709551615:7 0:99999999999\n");
    free(use(&fit, m, cut));
    free(cut);
  }
  free(text);
  drop(m);
}

static const char *embedded(const char *name) {
  for (const struct hcc_embedded *e = hcc_embedded_sdk; e->name != NULL; e++) {
    if (strcmp(e->name, name) == 0) {
      return (const char *)e->bytes;
    }
  }
  fail_msg("no %s in heliosc", name);
  return NULL;
}

static void check_engine(const char *name, const uint8_t *bytes, size_t size) {
  const char *const texts[] = {embedded(name), NULL};
  const hcc_plan plan = {.export_count = 0};
  hcc_error err = {.code = HCC_OK};
  hcc_module *m = NULL;
  hcc_profile_fit fit;
  hcc_buf out;
  assert_int_equal(hcc_decode(&m, bytes, size, &err), 0);
  assert_int_equal(hcc_validate(m, &err), 0);
  hcc_buf_init(&out, HCC_MAX_PLUGIN);
  assert_int_equal(hcc_profile(&out, &fit, m, &plan, texts, 2, &err), 0);
  print_message("%s: %.1f %% in %u functions\n", name, 100.0 * (double)fit.fits / (double)fit.all,
                fit.functions);
  if (fit.all == 0 || fit.fits < fit.all / 100 * FIT_PERCENT) {
    fail_msg("%s is out of date; run tests/bench/profile.py (docs/script-engines.md)", name);
  }
  hcc_buf_free(&out);
  hcc_module_free(m);
}

static void profile__fits_quickjs(void **state) {
  (void)state;
  const uint8_t *bytes;
  size_t size;
  if (hcc_engine(&bytes, &size, HCC_ENGINE_quickjs, NULL) != 0) {
    skip();
  }
  check_engine("engine/quickjs.profile", bytes, size);
}

static void profile__fits_micropython(void **state) {
  (void)state;
  size_t size = (size_t)(hcc_python_engine_end - hcc_python_engine);
  if (size == 0) {
    skip();
  }
  check_engine("engine/micropython.profile", hcc_python_engine, size);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(profile__has_functions_that_have_not_changed),
      cmocka_unit_test(profile__has_the_lines_of_the_text),
      cmocka_unit_test(profile__is_any_text),
      cmocka_unit_test(profile__fits_quickjs),
      cmocka_unit_test(profile__fits_micropython),
  };
  return cmocka_run_group_tests(tests, kit_begin, kit_end);
}
