/* capability_test.c - grants: every way to write one, what each allows and - more cases - denies,
 * and what is refused as written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "capability/capability.h"
#include "plugin/alloc.h"
#include "plugin/nearest.h"

static hrt_caps *make(const char *text) {
  helios_error err = {0};
  hrt_caps *caps = NULL;
  assert_int_equal(hrt_caps_new(&caps, &err), 0);
  int status = hrt_caps_add(caps, text, strlen(text), &err);
  if (status != 0) {
    fail_msg("%s: %s", text, err.text);
  }
  assert_int_equal(err.code, HELIOS_OK);
  return caps;
}

static void parse__canonical(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"read:orders", "read:orders"},
      {"  READ:orders \n", "read:orders"},
      {"read:orders.total", "read:orders.total"},
      {"read:orders.*", "read:orders"},
      {"read", "read:*"},
      {"read:*", "read:*"},
      {"read:\"my \"\"odd\"\" table\".\"a.b\"", "read:\"my \"\"odd\"\" table\".\"a.b\""},
      {"read:\"orders\"", "read:orders"},
      {"DATABASE_READ('orders')", "read:orders"},
      {"database_read ( 'orders' , 'total' )", "read:orders.total"},
      {"DATABASE_READ('orders.total')", "read:orders.total"},
      {"DATABASE_READ('\"my \"\"odd\"\" table\"')", "read:\"my \"\"odd\"\" table\""},
      {"DATABASE_READ('\"it''s\"')", "read:\"it's\""},
      {"DATABASE_READ('\"it''s\".\"''\"')", "read:\"it's\".\"'\""},
      {"DATABASE_READ('\"it''s\"', '\"a\"\"''b\"')", "read:\"it's\".\"a\"\"'b\""},
      {"read:\"it's\"", "read:\"it's\""},
      {"FILESYSTEM_WRITE('/it''s')", "filesystem:/it's:rw"},
      {"DATABASE_READ", "read:*"},
      {"DATABASE_QUERY", "query"},
      {"write:t", "write:t"},
      {"DATABASE_DDL('t')", "ddl:t"},
      {"transaction", "transaction"},
      {"log", "log"},
      {"CLOCK_ACCESS", "clock"},
      {"random", "random"},
      {"crypto", "crypto"},
      {"filesystem:/data", "filesystem:/data:ro"},
      {"filesystem:/data//in/:rw", "filesystem:/data/in:rw"},
      {"filesystem:/", "filesystem:/:ro"},
      {"FILESYSTEM_WRITE('/data')", "filesystem:/data:rw"},
      {"network:API.example.com", "network:api.example.com"},
      {"network:*.example.com", "network:*.example.com"},
      {"network:db.internal:private", "network:db.internal:private"},
      {"NETWORK_CLIENT('DB.internal:private')", "network:db.internal:private"},
      {"env:HOME", "env:HOME"},
      {"ENVIRONMENT_READ('HOME')", "env:HOME"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hrt_caps *caps = make(cases[i][0]);
    assert_string_equal(hrt_caps_text(caps, 0), cases[i][1]);
    hrt_caps *again = make(hrt_caps_text(caps, 0));
    assert_string_equal(hrt_caps_text(again, 0), cases[i][1]);
    hrt_caps_free(again);
    hrt_caps_free(caps);
  }
}

static void parse__refused(void **state) {
  (void)state;
  static const char *const cases[] = {
      "",
      "raed:orders",
      "read:",
      "read:orders.total.x",
      "read:a b",
      "read:or*",
      "read:\"open",
      "read: orders",
      "log:x",
      "query:t",
      "write:t.c",
      "filesystem",
      "network",
      "env",
      "env:1A",
      "env:A=B",
      "env:A B",
      "filesystem:data",
      "filesystem:/a/../b",
      "filesystem:/a/.",
      "network:",
      "network:a..b",
      "network::private",
      "network:a:public",
      "network:a:private:private",
      "network:.a",
      "network:a b",
      "network:a/",
      "network:*.",
      "network:ex*.com",
      "network:-a.com",
      "DATABASE_READ('orders'",
      "DATABASE_READ(orders)",
      "DATABASE_READ('it''s')",
      "DATABASE_READ('\"it's\"')",
      "DATABASE_READ('orders'')",
      "DATABASE_READ('orders', 'it''s')",
      "read:it's",
      "read:orders.it's",
      "DATABASE_READ('a','b','c')",
      "DATABASE_WRITE('a','b')",
      "DATABASE_READ('*','b')",
      "log()",
      "read('t')",
      "DATABASE_READ:t",
      "everything",
      "read:t\x01",
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    helios_error err = {0};
    hrt_caps *caps = NULL;
    assert_int_equal(hrt_caps_new(&caps, &err), 0);
    if (hrt_caps_add(caps, cases[i], strlen(cases[i]), &err) != HELIOS_E_CAPABILITY) {
      fail_msg("accepted: %s", cases[i]);
    }
    assert_true(err.text[0] != 0);
    assert_int_equal(hrt_caps_count(caps), 0);
    hrt_caps_free(caps);
  }
}

static void parse__odd_bytes(void **state) {
  (void)state;
  helios_error err = {0};
  hrt_caps *caps = NULL;
  assert_int_equal(hrt_caps_new(&caps, &err), 0);
  assert_int_equal(hrt_caps_add(caps, "read:t\0x", 8, &err), HELIOS_E_CAPABILITY);
  char big[600];
  memset(big, 'a', sizeof big);
  memcpy(big, "read:", 5);
  err = (helios_error){0};
  assert_int_equal(hrt_caps_add(caps, big, sizeof big, &err), HELIOS_E_CAPABILITY);
  /* the longest that parses, all of it doubled by quoting */
  memset(big, '"', 512);
  memcpy(big, "read:", 5);
  err = (helios_error){0};
  assert_int_equal(hrt_caps_add(caps, big, 511, &err), 0);
  hrt_caps_free(caps);
}

static void parse__hint(void **state) {
  (void)state;
  helios_error err = {0};
  hrt_caps *caps = NULL;
  assert_int_equal(hrt_caps_new(&caps, &err), 0);
  assert_int_equal(hrt_caps_add(caps, "raed:orders", 11, &err), HELIOS_E_CAPABILITY);
  assert_string_equal(err.text, "capability 'raed:orders': unknown capability");
  assert_string_equal(err.hint, "did you mean 'read'?");
  static const char *const odd[] = {
      "read:it's",   "read:my table",          "write:a\"b",
      "read:t.it's", "DATABASE_READ('it''s')", "DATABASE_READ('t', 'it''s')",
      "ddl:a-b"};
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
    err = (helios_error){0};
    assert_int_equal(hrt_caps_add(caps, odd[i], strlen(odd[i]), &err), HELIOS_E_CAPABILITY);
    assert_non_null(strstr(err.text, "a name of other signs than letters, digits, _ and $ stands "
                                     "in double quotes"));
    assert_string_equal(err.hint, "'read:\"my table\".\"a \"\"column\"\"\"'");
  }
  hrt_caps_free(caps);
}

static void set__duplicates_and_limit(void **state) {
  (void)state;
  helios_error err = {0};
  hrt_caps *caps = make("read:t");
  assert_int_equal(hrt_caps_add(caps, "DATABASE_READ('t')", 18, &err), 0);
  assert_int_equal(hrt_caps_count(caps), 1);
  char text[32];
  int status = 0;
  for (int i = 0; i < 300 && status == 0; i++) {
    int n = snprintf(text, sizeof text, "read:t%d", i);
    status = hrt_caps_add(caps, text, (size_t)n, &err);
  }
  assert_int_equal(status, HELIOS_E_LIMIT);
  assert_int_equal(hrt_caps_count(caps), 256);
  hrt_caps_free(caps);
}

static void allow__tables(void **state) {
  (void)state;
  hrt_caps *caps = make("read:Orders");
  assert_true(hrt_caps_allow(caps, HRT_CAP_READ, "orders", "total"));
  assert_true(hrt_caps_allow(caps, HRT_CAP_READ, "ORDERS", NULL));
  assert_false(hrt_caps_allow(caps, HRT_CAP_READ, "orders2", "total"));
  assert_false(hrt_caps_allow(caps, HRT_CAP_READ, NULL, NULL));
  assert_false(hrt_caps_allow(caps, HRT_CAP_WRITE, "orders", NULL));
  assert_false(hrt_caps_allow(caps, HRT_CAP_QUERY, NULL, NULL));
  assert_true(hrt_caps_any(caps, HRT_CAP_READ));
  assert_false(hrt_caps_any(caps, HRT_CAP_WRITE));
  assert_true(hrt_caps_named(caps, HRT_CAP_READ, "orders"));
  hrt_caps_free(caps);
  caps = make("read");
  assert_true(hrt_caps_allow(caps, HRT_CAP_READ, "anything", "x"));
  assert_false(hrt_caps_named(caps, HRT_CAP_READ, "anything"));
  assert_false(hrt_caps_allow(caps, HRT_CAP_WRITE, "anything", NULL));
  hrt_caps_free(caps);
}

static void allow__columns(void **state) {
  (void)state;
  hrt_caps *caps = make("read:orders.total");
  assert_true(hrt_caps_allow(caps, HRT_CAP_READ, "orders", "TOTAL"));
  assert_true(hrt_caps_allow(caps, HRT_CAP_READ, "orders", "")); /* count(*) */
  assert_false(hrt_caps_allow(caps, HRT_CAP_READ, "orders", "card"));
  assert_false(hrt_caps_allow(caps, HRT_CAP_READ, "customers", "total"));
  hrt_caps_free(caps);
}

static void allow__paths(void **state) {
  (void)state;
  hrt_caps *caps = make("filesystem:/data:ro");
  assert_true(hrt_caps_allow(caps, HRT_CAP_FS_READ, "/data", NULL));
  assert_true(hrt_caps_allow(caps, HRT_CAP_FS_READ, "/data/a/b", NULL));
  assert_false(hrt_caps_allow(caps, HRT_CAP_FS_READ, "/database", NULL));
  assert_false(hrt_caps_allow(caps, HRT_CAP_FS_READ, "/data/../etc", NULL));
  assert_false(hrt_caps_allow(caps, HRT_CAP_FS_READ, "/data/..", NULL));
  assert_false(hrt_caps_allow(caps, HRT_CAP_FS_READ, "data", NULL));
  assert_false(hrt_caps_allow(caps, HRT_CAP_FS_WRITE, "/data/a", NULL));
  hrt_caps_free(caps);
  caps = make("filesystem:/:rw");
  assert_true(hrt_caps_allow(caps, HRT_CAP_FS_READ, "/etc", NULL));
  assert_true(hrt_caps_allow(caps, HRT_CAP_FS_WRITE, "/etc", NULL));
  hrt_caps_free(caps);
}

static void allow__domains_and_names(void **state) {
  (void)state;
  hrt_caps *caps = make("network:*.example.com");
  assert_true(hrt_caps_allow(caps, HRT_CAP_NETWORK, "api.Example.com", NULL));
  assert_false(hrt_caps_allow(caps, HRT_CAP_NETWORK, "example.com", NULL));
  assert_false(hrt_caps_allow(caps, HRT_CAP_NETWORK, "evilexample.com", NULL));
  assert_false(hrt_caps_allow(caps, HRT_CAP_NETWORK, ".example.com.evil.org", NULL));
  hrt_caps_free(caps);
  caps = make("network:api.example.com");
  assert_false(hrt_caps_allow(caps, HRT_CAP_NETWORK, "x.api.example.com", NULL));
  hrt_caps_free(caps);
  caps = make("network:*.example.com:private");
  assert_true(hrt_caps_allow(caps, HRT_CAP_NETWORK, "db.example.com", NULL));
  assert_true(hrt_caps_allow(caps, HRT_CAP_NETWORK, "db.example.com", "private"));
  assert_false(hrt_caps_allow(caps, HRT_CAP_NETWORK, "example.org", "private"));
  hrt_caps_free(caps);
  caps = make("network:api.example.com");
  assert_false(hrt_caps_allow(caps, HRT_CAP_NETWORK, "api.example.com", "private"));
  hrt_caps_free(caps);
  caps = make("network:10.0.0.7"); /* an address means itself */
  assert_true(hrt_caps_allow(caps, HRT_CAP_NETWORK, "10.0.0.7", "private"));
  assert_false(hrt_caps_allow(caps, HRT_CAP_NETWORK, "10.0.0.8", "private"));
  hrt_caps_free(caps);
  caps = make("env:HOME");
  assert_true(hrt_caps_allow(caps, HRT_CAP_ENV, "HOME", NULL));
  assert_false(hrt_caps_allow(caps, HRT_CAP_ENV, "home", NULL));
  hrt_caps_free(caps);
}

static void allow__nothing_by_default(void **state) {
  (void)state;
  for (int type = 0; type < HRT_CAP_COUNT; type++) {
    assert_false(hrt_caps_allow(NULL, (hrt_cap_type)type, "x", "y"));
    assert_false(hrt_caps_any(NULL, (hrt_cap_type)type));
  }
  assert_int_equal(HRT_CAP_COUNT, 13 + 1); /* the thirteen, and the applications' own */
}

static void memory__every_failure(void **state) {
  (void)state;
  long live = hrt_alloc_live();
  int status = HELIOS_E_MEMORY;
  for (long n = 0; status != 0 && n < 20; n++) {
    helios_error err = {0};
    hrt_caps *caps = NULL;
    hrt_alloc_fail(n, 1);
    status = hrt_caps_new(&caps, &err);
    if (status == 0) {
      status = hrt_caps_add(caps, "read:orders.total", 17, &err);
    }
    hrt_alloc_fail(-1, 0);
    assert_true(status == 0 || status == HELIOS_E_MEMORY);
    assert_true(n > 0 || status != 0);
    hrt_caps_free(caps);
  }
  assert_int_equal(status, 0);
  assert_int_equal(hrt_alloc_live(), live);
}

static void nearest__limits(void **state) {
  (void)state;
  hrt_nearest n;
  char big[80];
  memset(big, 'a', sizeof big);
  big[79] = 0;
  hrt_nearest_begin(&n, big, 79);
  hrt_nearest_try(&n, "aaaa");
  assert_null(n.best);
  hrt_nearest_begin(&n, "prepaer", 7);
  hrt_nearest_try(&n, big);
  hrt_nearest_try(&n, "step");
  assert_null(n.best);
  hrt_nearest_try(&n, "PREPARE");
  assert_string_equal(n.best, "PREPARE");
  hrt_nearest_try(&n, "prepaer");
  assert_string_equal(n.best, "prepaer");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parse__canonical),
      cmocka_unit_test(parse__refused),
      cmocka_unit_test(parse__odd_bytes),
      cmocka_unit_test(parse__hint),
      cmocka_unit_test(set__duplicates_and_limit),
      cmocka_unit_test(allow__tables),
      cmocka_unit_test(allow__columns),
      cmocka_unit_test(allow__paths),
      cmocka_unit_test(allow__domains_and_names),
      cmocka_unit_test(allow__nothing_by_default),
      cmocka_unit_test(memory__every_failure),
      cmocka_unit_test(nearest__limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
