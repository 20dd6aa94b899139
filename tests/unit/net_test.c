/* net_test.c - what a guest may ask for over the network: every kind of address that is not of the
 * public internet, headers, methods. tests/sql/http_test.py asks real servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>

#include "host/net.h"

static bool is_private(const char *text) {
  struct sockaddr_in in = {.sin_family = AF_INET};
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
  if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
    return hrt_net_private((const struct sockaddr *)&in);
  }
  if (inet_pton(AF_INET6, text, &in6.sin6_addr) != 1) {
    fail_msg("%s is no address", text);
  }
  return hrt_net_private((const struct sockaddr *)&in6);
}

static void address__private(void **state) {
  (void)state;
  static const char *const cases[] = {"0.0.0.0",
                                      "0.255.255.255",
                                      "10.0.0.0",
                                      "10.255.255.255",
                                      "100.64.0.0",
                                      "100.127.255.255",
                                      "127.0.0.1",
                                      "127.255.255.255",
                                      "169.254.0.1",
                                      "169.254.169.254",
                                      "172.16.0.0",
                                      "172.31.255.255",
                                      "192.0.0.1",
                                      "192.0.2.1",
                                      "192.88.99.1",
                                      "192.168.0.0",
                                      "192.168.255.255",
                                      "198.18.0.0",
                                      "198.19.255.255",
                                      "198.51.100.1",
                                      "203.0.113.255",
                                      "224.0.0.1",
                                      "239.255.255.255",
                                      "240.0.0.0",
                                      "255.255.255.255",
                                      "::",
                                      "::1",
                                      "::ffff:8.8.8.8",
                                      "::ffff:10.0.0.1",
                                      "::8.8.8.8",
                                      "64:ff9b::a00:1",
                                      "64:ff9b:1::1",
                                      "100::1",
                                      "2001::1",
                                      "2001:10::1",
                                      "2001:1ff::1",
                                      "2001:db8::1",
                                      "2002:a00:1::1",
                                      "3fff::1",
                                      "3fff:fff::1",
                                      "4000::1",
                                      "fc00::1",
                                      "fdff::1",
                                      "fe80::1",
                                      "febf::1",
                                      "fec0::1",
                                      "ff02::1"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (!is_private(cases[i])) {
      fail_msg("%s is taken for public", cases[i]);
    }
  }
  struct sockaddr other = {.sa_family = AF_UNIX};
  assert_true(hrt_net_private(&other));
}

static void address__public(void **state) {
  (void)state;
  static const char *const cases[] = {
      "1.0.0.1",         "8.8.8.8",         "9.255.255.255",   "11.0.0.0",
      "100.63.255.255",  "100.128.0.0",     "126.255.255.255", "128.0.0.1",
      "169.253.255.255", "169.255.0.0",     "172.15.255.255",  "172.32.0.0",
      "192.0.1.0",       "192.167.255.255", "192.169.0.0",     "198.17.255.255",
      "198.20.0.0",      "223.255.255.255", "2001:200::1",     "2001:4860:4860::8888",
      "2003::1",         "2a00:1450::1",    "2606:4700::1111", "3ffe:ffff::1",
      "3fff:1000::1"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (is_private(cases[i])) {
      fail_msg("%s is taken for private", cases[i]);
    }
  }
}

static const char *headers(size_t *count, const char *text, size_t length) {
  static char copy[4096];
  static char *lines[HRT_HTTP_LINES];
  memcpy(copy, text, length);
  copy[length] = 'X'; /* is overwritten: there is room for a NUL */
  return hrt_net_headers(lines, count, copy, length);
}

static void header__lines(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t count;
    bool fine;
  } cases[] = {
      {"", 0, true},
      {"\n\n", 0, true},
      {"A: b", 1, true},
      {"A: b\nC:\n", 2, true},
      {"A: tab\tand \xc3\xa4", 1, true},
      {"!#$%&'*+-.^_`|~09: x", 1, true},
      {"A", 0, false},
      {":", 0, false},
      {"A b: c", 0, false},
      {"A : c", 0, false},
      {"\xc3\xa4: c", 0, false},
      {"A: b\r\n", 0, false},
      {"A: b\x01", 0, false},
      {"A: b\n B: folded", 0, false},
      {"HOST: a", 0, false},
      {"content-LENGTH: 1", 0, false},
      {"Hosts: a", 1, true},
      {"TE: trailers", 0, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    size_t count = 0;
    const char *why = headers(&count, cases[i].text, strlen(cases[i].text));
    if ((why == NULL) != cases[i].fine || (why == NULL && count != cases[i].count)) {
      fail_msg("%zu: %s", i, why != NULL ? why : "taken");
    }
  }
  size_t count = 0;
  char many[65 * 5 + 1];
  assert_non_null(headers(&count, "A: b\0c", 6));
  for (int i = 0; i < 65; i++) {
    memcpy(many + 5 * i, "A: b\n", 5);
  }
  assert_null(headers(&count, many, 64 * 5));
  assert_int_equal(count, 64);
  assert_non_null(headers(&count, many, 65 * 5));
}

static void header__secrets(void **state) {
  (void)state;
  static const char *const secret[] = {"Authorization: x", "COOKIE: a", "x-api-key: 1",
                                       "Referer:u"};
  static const char *const open[] = {"Accept: x", "Content-Type: x", "Cookies: x", "X: 1",
                                     "xy-z: 1"};
  for (size_t i = 0; i < sizeof secret / sizeof *secret; i++) {
    assert_true(hrt_net_secret(secret[i]));
  }
  for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
    assert_false(hrt_net_secret(open[i]));
  }
}

static void method__names(void **state) {
  (void)state;
  for (int i = 0; i < HRT_METHODS; i++) {
    assert_int_equal(hrt_method_of(hrt_method_names[i], strlen(hrt_method_names[i])), i);
  }
  assert_int_equal(hrt_method_of("get", 3), HRT_METHODS);
  assert_int_equal(hrt_method_of("GETX", 4), HRT_METHODS);
  assert_int_equal(hrt_method_of("GE", 2), HRT_METHODS);
  assert_int_equal(hrt_method_of("", 0), HRT_METHODS);
}

static void url__hosts(void **state) {
  (void)state;
  static const struct {
    const char *url, *host, *origin;
  } cases[] = {
      {"https://API.example.com", "api.example.com", "api.example.com:443"},
      {"https://a.b:8443/x?y#z", "a.b", "a.b:8443"},
      {"https://127.1/", "127.0.0.1", "127.0.0.1:443"},
      {"https://0x7f.0.0.1/", "127.0.0.1", "127.0.0.1:443"},
      {"https://017700000001/", "127.0.0.1", "127.0.0.1:443"},
      {"http://a.b", NULL, NULL},
      {"https://u@a.b", NULL, NULL},
      {"https://u:p@a.b", NULL, NULL},
      {"a.b", NULL, NULL},
      {"//a.b", NULL, NULL},
      {"https:a.b", NULL, NULL},
      {"https://a b/", NULL, NULL},
      {"https://a.b:0x1bb/", NULL, NULL},
      {"file://localhost/etc/passwd", NULL, NULL},
      {"", NULL, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char host[256] = "", origin[264] = "", why[256] = "";
    int status = hrt_exchange_host(host, origin, cases[i].url, why);
    if (status == HSB_STATUS_STATE) {
      fail_msg("%s", why);
    }
    if (status != 0 && cases[i].host != NULL) {
      fail_msg("%s: %s", cases[i].url, why);
    }
    assert_int_equal(status, cases[i].host != NULL ? 0 : HSB_STATUS_TYPE);
    if (status == 0) {
      assert_string_equal(host, cases[i].host);
      assert_string_equal(origin, cases[i].origin);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(address__private), cmocka_unit_test(address__public),
      cmocka_unit_test(header__lines),    cmocka_unit_test(header__secrets),
      cmocka_unit_test(method__names),    cmocka_unit_test(url__hosts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
