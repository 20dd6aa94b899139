/* json_test.c - heliosdb_json.h against the C library's strtod, and what is in JSON against what is
 * said of it. Runs by the machine's own compiler. */
#include <heliosdb_json.h>
#include <heliosdb_mock.h>

static helios_json json(const char *text) {
  return (helios_json){text, (unsigned)strlen(text)};
}

static int same(helios_text got, const char *want) {
  return want == NULL ? got.at == NULL
                      : got.at != NULL && got.length == strlen(want) &&
                            memcmp(got.at, want, got.length) == 0;
}

static void check_number(const char *text) {
  double want = strtod(text, NULL), got = helios_json_f64(json(text), -12.5);
  if (memcmp(&want, &got, sizeof want) != 0) {
    printf("%s: %a, not %a\n", text, got, want);
    hm.failed_checks++;
  }
}

static unsigned long long next(void) {
  static unsigned long long x = 88172645463325252ull;
  x ^= x << 13;
  x ^= x >> 7;
  return x ^= x << 17;
}

/* Numbers of all sizes, written short and long, and half way between two doubles. */
static void numbers(void) {
  static const char *const some[] = {"0",
                                     "-0",
                                     "0.0",
                                     "1e22",
                                     "1e23",
                                     "123456789012345678",
                                     "9007199254740993",
                                     "1e400",
                                     "-1e400",
                                     "1e-400",
                                     "4.9e-324",
                                     "2.4703282292062327e-324",
                                     "2.4703282292062328e-324",
                                     "2.2250738585072011e-308",
                                     "1.7976931348623157e308",
                                     "1.7976931348623159e308",
                                     "0.000000000000000000000000000001",
                                     "100000000000000000000000000000000000000000000",
                                     "1E5",
                                     "1e+5",
                                     "7e-99999999999",
                                     "5e99999999999"};
  char text[1400];
  for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
    check_number(some[i]);
  }
  for (int i = 0; i < 40000; i++) {
    unsigned long long bits = next();
    double d;
    memcpy(&d, &bits, sizeof d);
    if (d != d || d - d != 0) {
      continue;
    }
    snprintf(text, sizeof text, "%.*g", 1 + i % 19, d);
    check_number(text);
    if (i % 40 == 0) {
      bits++;
      double above;
      memcpy(&above, &bits, sizeof above);
      snprintf(text, sizeof text, "%.780Lg", ((long double)d + (long double)above) / 2);
      check_number(text);
      snprintf(text, sizeof text, "%.1100f", d);
      check_number(text);
    }
  }
}

static void parts(void) {
  helios_json v = json(" { \"a\" : [ 1 , \"x]\\\"\" ,null, {\"b\":[]}], \"\\u0062\":{ }, \"n\": -7 "
                       ", \"t\":true,\"s\":\"\\u00e9\\ud83e\\udd80\\n\",\"n\":8}\n");
  helios_json list = helios_json_get(v, "a"), i = helios_json_first(list);
  HM_CHECK(helios_json_i64(i, 0) == 1 && same(helios_json_text(i), "1"));
  i = helios_json_after(list, i);
  HM_CHECK(same(helios_json_text(i), "x]\""));
  i = helios_json_after(list, i);
  HM_CHECK(i.length == 4 && same(helios_json_text(i), NULL) && helios_json_f64(i, 3) == 3);
  i = helios_json_after(list, i);
  HM_CHECK(helios_json_first(helios_json_get(i, "b")).at == 0 &&
           helios_json_after(list, i).at == 0);
  HM_CHECK(helios_json_get(helios_json_get(v, "b"), "c").at == 0 &&
           helios_json_get(v, "b").length == 3);
  HM_CHECK(helios_json_i64(helios_json_get(v, "n"), 0) == -7 &&
           helios_json_bool(helios_json_get(v, "t"), false));
  HM_CHECK(same(helios_json_text(helios_json_get(v, "s")), "é🦀\n"));
  HM_CHECK(helios_json_get(v, "none").at == 0 && helios_json_get(list, "a").at == 0 &&
           helios_json_first(v).at == 0);
  HM_CHECK(helios_json_f64(helios_json_get(v, "none"), 2.5) == 2.5 &&
           same(helios_json_text(helios_json_get(v, "none")), NULL));
  HM_CHECK(same(helios_json_text(json(" \"x\" ")), "x") && helios_json_i64(json(" 12 "), 0) == 12);
  HM_CHECK(helios_json_i64(json("9223372036854775807"), 0) == 9223372036854775807 &&
           helios_json_i64(json("9223372036854775808"), 5) == 5);
  HM_CHECK(helios_json_i64(json("-9223372036854775808"), 0) == -9223372036854775807 - 1 &&
           helios_json_i64(json("1.0"), 5) == 5);
}

/* Everything, so that whatever is wrong is met. */
static void walk(helios_json v, int depth) {
  helios_json_text(v);
  helios_json_f64(v, 0);
  helios_json_i64(v, 0);
  helios_json_bool(v, false);
  helios_json_get(v, "zz");
  for (helios_json i = helios_json_first(v); depth < 9 && i.at != 0; i = helios_json_after(v, i)) {
    walk(i, depth + 1);
  }
}

static int walked(helios_json v) {
  hm_begin();
  return HM_CALL(walk(v, 0));
}

static void wrong(void) {
  static const char *const texts[] = {"{",
                                      "[",
                                      "[1",
                                      "[1,",
                                      "[1 2]",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1",
                                      "{a:1}",
                                      "{\"a\" 1}",
                                      "\"",
                                      "\"\\\"",
                                      "\"\\",
                                      "\"\\x\"",
                                      "\"\\u12\"",
                                      "\"\\ud800\"",
                                      "\"\\udc00x\"",
                                      "\"\\ud83e\\u0041\"",
                                      "-",
                                      "1.",
                                      ".5]",
                                      "1e",
                                      "01x",
                                      "[,1]",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "[1}",
                                      "1 2",
                                      "-x"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    int fine = walked(json(texts[i]));
    bool expected =
        strcmp(texts[i], "-") == 0 || strcmp(texts[i], ".5]") == 0 || strcmp(texts[i], "-x") == 0;
    if (fine && !expected) {
      printf("taken: %s\n", texts[i]);
      hm.failed_checks++;
    }
  }
}

/* Texts cut and changed, each in memory of its own size, so that a sanitizer sees a byte read
 * behind it. */
static void cut(void) {
  static const char text[] = "{\"items\":[{\"price\":2.5e1,\"count\":-4},[[],{}]],\"name\":"
                             "\"\\u00e9 \\ud83e\\udd80\",\"t\":true,\"n\":null}";
  for (int turn = 0; turn < 20000; turn++) {
    size_t n = next() % sizeof text;
    char *copy = malloc(n + 1);
    memcpy(copy, text, n);
    for (int changes = turn % 4; changes > 0 && n > 0; changes--) {
      copy[next() % n] = "{}[]\",:\\0e-.u "[next() % 14];
    }
    char *exact = realloc(copy, n == 0 ? 1 : n);
    walked((helios_json){exact, (unsigned)n});
    free(exact);
  }
}

int main(void) {
  hm_begin();
  HM_CHECK(HM_CALL(numbers()));
  HM_CHECK(HM_CALL(parts()));
  wrong();
  cut();
  return hm_end();
}
