/* shell_cut_test.c - where the shell ends a statement, and what it lets through to a terminal. */
#include "cli/buf.c"
#include "cli/cut.c"
#include "cli/text.c"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h> /* after the sources: it has a macro `skip` */

/* '|' marks where the cut must be; without one the statement must be incomplete. */
static const char *const cuts[] = {
    "SELECT 1;|SELECT 2;",
    "SELECT 1",
    ";|;",
    "",
    "   ",
    "-- only; a comment",
    "-- a; b\nSELECT 1;|",
    "/* a; b */ SELECT 1;| /* c */",
    "/* open; ",
    "SELECT 1 -- a; b",
    "SELECT 'a;b';|x",
    "SELECT 'it''s; x';|x",
    "SELECT 'open; ",
    "SELECT \"a;b\", `c;d`, [e;f];|x",
    "SELECT [open; ",
    "SELECT 1 - -1;|x",
    "SELECT 1 / 2;|x",
    "SELECT $a, $b;|x",
    "SELECT $a$;|x$a$;",
    "CREATE PROCEDURE p() AS $$ a; b $$;|x",
    "CREATE PROCEDURE p() AS $wasm$ a; $$ b $wasm$;|x",
    "CREATE PROCEDURE p() AS $wasm$ a; $wasm;",
    "alter procedure p as $x$;$x$;|x",
    "CREATE TABLE t(a$b, c);|x",
    "CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; END;|x",
    "CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; END",
    "CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1;",
    "create temp trigger t after insert on x begin select 1; select 2; end ;|x",
    "CREATE TEMPORARY TRIGGER IF NOT EXISTS t AFTER INSERT ON x BEGIN SELECT 1;/*;*/END;|x",
    "CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT CASE WHEN 1 THEN 2 END; SELECT 'END;'; END;|x",
    "EXPLAIN CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; END;|x",
    "CREATE TABLE trigger_(a);|x",
    "CREATE INDEX i ON trigger(a);|x",
    "SELECT 'CREATE TRIGGER';|x",
    "SELECT \"x\"\"y;z\";|x",
};

static void cut__each(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
    char text[256];
    const char *bar = strchr(cuts[i], '|');
    size_t at = bar == NULL ? strlen(cuts[i]) : (size_t)(bar - cuts[i]);
    memcpy(text, cuts[i], at);
    strcpy(text + at, bar == NULL ? "" : bar + 1);
    bool complete, blank;
    size_t length = sh_cut(text, strlen(text), &complete, &blank);
    if (length != at || complete != (bar != NULL)) {
      fail_msg("%s: cut at %zu, %s", cuts[i], length, complete ? "complete" : "incomplete");
    }
  }
}

static void cut__blank(void **state) {
  (void)state;
  static const char *const blanks[] = {"", " \n", ";", "-- x", "/* x; */ ;"};
  bool complete, blank;
  for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
    sh_cut(blanks[i], strlen(blanks[i]), &complete, &blank);
    assert_true(blank);
  }
  sh_cut("/* x */ y", 9, &complete, &blank);
  assert_false(blank);
}

/* Any prefix of anything is cut inside itself. */
static void cut__prefixes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
    for (size_t n = 0; n <= strlen(cuts[i]); n++) {
      char *text = malloc(n + 1); /* no NUL behind it: a read past the end is seen */
      bool complete, blank;
      memcpy(text, cuts[i], n);
      size_t length = sh_cut(text, n, &complete, &blank);
      assert_true(length <= n && (length > 0 || n == 0));
      free(text);
    }
  }
}

static void shown(const char *text, size_t length, bool lines, const char *expected,
                  size_t columns) {
  sh_buf out = {.data = NULL};
  size_t got = sh_show(&out, text, length, lines);
  assert_string_equal(out.data == NULL ? "" : out.data, expected);
  assert_int_equal(got, columns);
  sh_buf_free(&out);
}

static void show__each(void **state) {
  (void)state;
  setlocale(LC_CTYPE, "C.UTF-8");
  shown("plain", 5, false, "plain", 5);
  shown("\0", 1, false, "^@", 2);
  shown("\033[1m\007\177", 6, false, "^[[1m^G^?", 9);
  shown("a\n\tb", 4, true, "a\n\tb", 4);
  shown("a\n\tb", 4, false, "a^J^Ib", 6);
  shown("\r", 1, true, "^M", 2);
  shown("t\xc3\xbcr", 4, false, "t\xc3\xbcr", 3);
  shown("\xe6\xbc\xa2", 3, false, "\xe6\xbc\xa2", 2);              /* a wide character */
  shown("e\xcc\x81", 3, false, "e\xcc\x81", 1);                    /* one that combines */
  shown("\xe2\x80\xae", 3, false, "\\u{202e}", 8);                 /* turns the direction */
  shown("\xc2\x9b", 2, false, "\\u{9b}", 6);                       /* C1: CSI */
  shown("\xf3\xa0\x81\x81", 4, false, "\\u{e0041}", 9);            /* a tag */
  shown("\xff", 1, false, "\\xff", 4);                             /* no UTF-8 */
  shown("\xc0\x80", 2, false, "\\xc0\\x80", 8);                    /* overlong */
  shown("\xe0\x82\x9b", 3, false, "\\xe0\\x82\\x9b", 12);          /* overlong CSI */
  shown("\xed\xa0\x80", 3, false, "\\xed\\xa0\\x80", 12);          /* surrogate */
  shown("\xf4\x90\x80\x80", 4, false, "\\xf4\\x90\\x80\\x80", 16); /* beyond Unicode */
  shown("\xe2\x80", 2, false, "\\xe2\\x80", 8);                    /* cut short */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cut__each),
      cmocka_unit_test(cut__blank),
      cmocka_unit_test(cut__prefixes),
      cmocka_unit_test(show__each),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
