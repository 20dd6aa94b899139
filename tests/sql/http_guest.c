/* http_guest.c - one request, and what came of it: what http_test.py calls. */
#include <heliosdb.h>

HELIOS_ARENA(65536)

static char out[4096], part[1024], big[1 << 20];

/* "status x-test length body", or the call fails with the host's text. */
HELIOS_PROCEDURE(ask)
hg_bytes ask(const char *method, unsigned method_n, const char *url, unsigned url_n,
             const char *headers, unsigned headers_n, const char *body, unsigned body_n) {
  hg_text t = {out, 0, sizeof out};
  int status = hg_http(method, method_n, url, url_n, headers, headers_n, body, body_n);
  if (status < 0) {
    hg_fail_last(status);
    return 0;
  }
  hg_put_i64(&t, status);
  hg_put(&t, " ", 1);
  int n = hg_http_header(HG_LIT("X-Test"), part, sizeof part);
  hg_put(&t, n >= 0 ? part : "-", n >= 0 ? (unsigned)n : 1);
  hg_put(&t, " ", 1);
  int length = hg_http_read(0, part, sizeof part);
  hg_put_i64(&t, length);
  hg_put(&t, " ", 1);
  hg_put(&t, part, length < (int)sizeof part ? (unsigned)length : (unsigned)sizeof part);
  return hg_pack(out, t.length);
}

/* A body of n MiB by POST; the status. */
HELIOS_PROCEDURE(send_much) int send_much(const char *url, unsigned url_n, int mib) {
  return hg_http(HG_LIT("POST"), url, url_n, 0, 0, big, (unsigned)mib << 20);
}

/* There is no response before the first request. */
HELIOS_PROCEDURE(early) int early(void) {
  return hg_http_read(0, part, 1) == HG_E_STATE && hg_http_header("a", 1, part, 1) == HG_E_STATE;
}
