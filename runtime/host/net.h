/* net.h - HTTPS for guests: net_rules.c says what may be asked and reached, curl.c does one
 * exchange by libcurl, http.c is the host functions and the redirects. docs/guest-abi.md has the
 * contract.
 *
 * Invariants: every URL, also a redirect's, is judged by the parse that is then used; the address
 * that is judged is the one that is connected to; nothing waits longer than the call's budget. */
#ifndef HRT_HOST_NET_H
#define HRT_HOST_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "host/internal.h"

#define HRT_HTTP_URL 8192            /* bytes */
#define HRT_HTTP_HEADERS (16u << 10) /* of a request, bytes */
#define HRT_HTTP_LINES 64            /* headers of a request */
#define HRT_HTTP_BODY (16u << 20)    /* of a request, of a response */
#define HRT_HTTP_ANSWER (64u << 10)  /* headers of a response, bytes */
#define HRT_HTTP_HOPS 5              /* redirects followed */
#define HRT_HTTP_CONNECT_MS 10000    /* until a connection stands */
#define HRT_HTTP_LOOK_MS 4           /* between two looks at the call's budget */

/* ---- net_rules.c ---- */

typedef enum hrt_method {
  HRT_GET,
  HRT_HEAD,
  HRT_POST,
  HRT_PUT,
  HRT_PATCH,
  HRT_DELETE,
  HRT_METHODS,
} hrt_method;

extern const char *const hrt_method_names[HRT_METHODS];
hrt_method hrt_method_of(const char *name, size_t length); /* HRT_METHODS: none of them */

/* Is it an address that is not of the public internet: loopback, private, link-local, multicast,
 * or one that carries such a one? */
bool hrt_net_private(const struct sockaddr *address);

/* Lines "Name: value" to strings in place: line[i] ends with NUL. Why not, or NULL: names are
 * tokens and not those that the engine sets, values have no control characters. */
const char *hrt_net_headers(char *line[HRT_HTTP_LINES], size_t *count, char *text, size_t length);
/* Must it stay behind when a redirect leads to another host? */
bool hrt_net_secret(const char *line);

/* ---- curl.c ---- */

typedef struct hrt_exchange {
  /* asked */
  hrt_method method;
  const char *url; /* judged by hrt_exchange_host */
  char *const *lines;
  size_t line_count;
  const uint8_t *body;
  size_t body_length;
  bool private_too; /* addresses of private networks */
  const hrt_budget *budget;
  /* answered; owned, freed by hrt_exchange_clear */
  uint32_t status;
  char *headers;
  size_t headers_length;
  uint8_t *bytes;
  size_t length, room;
  char *redirect; /* the URL that it leads to, or NULL */
  char why[256];  /* after an error */
  /* its own */
  int failure;      /* LIMIT, DENIED: found by a callback */
  helios_code stop; /* the budget ended it */
} hrt_exchange;

/* 0, or a status with x->why; x->stop is set if the call is to be ended. */
int hrt_exchange_run(hrt_exchange *x);
void hrt_exchange_clear(hrt_exchange *x); /* what was answered */
/* Host of an https URL in lower case, and its origin "host:port". STATE: no libcurl; TYPE: not such
 * a URL; with the reason in why. */
int hrt_exchange_host(char host[256], char origin[264], const char *url, char why[256]);

#endif
