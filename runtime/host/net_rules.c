/* net_rules.c - what a guest may ask for over the network: methods, headers, addresses. Must never
 * pass a header that changes where a request goes or how it is framed, nor take an address for a
 * public one that leads inside. */
#include "host/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

const char *const hrt_method_names[HRT_METHODS] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};

hrt_method hrt_method_of(const char *name, size_t length) {
  for (int i = 0; i < HRT_METHODS; i++) {
    if (strlen(hrt_method_names[i]) == length && memcmp(hrt_method_names[i], name, length) == 0) {
      return (hrt_method)i;
    }
  }
  return HRT_METHODS;
}

/* ---- addresses ---- */

/* IANA's special-purpose registry, and multicast and what is reserved. */
static const struct {
  uint32_t net;
  uint8_t bits;
} inside[] = {
    {0x00000000, 8},  /* this network */
    {0x0a000000, 8},  /* private */
    {0x64400000, 10}, /* carrier's */
    {0x7f000000, 8},  /* loopback */
    {0xa9fe0000, 16}, /* link-local; clouds' metadata */
    {0xac100000, 12}, /* private */
    {0xc0000000, 24}, /* protocol assignments */
    {0xc0000200, 24}, /* documentation */
    {0xc0586300, 24}, /* 6to4 relays */
    {0xc0a80000, 16}, /* private */
    {0xc6120000, 15}, /* benchmarks */
    {0xc6336400, 24}, /* documentation */
    {0xcb007100, 24}, /* documentation */
    {0xe0000000, 4},  /* multicast */
    {0xf0000000, 4},  /* reserved, broadcast */
};

static bool private4(uint32_t a) {
  for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
    if ((a ^ inside[i].net) >> (32 - inside[i].bits) == 0) {
      return true;
    }
  }
  return false;
}

/* Public is 2000::/3 but for what tunnels or documents: 2001::/23, 2001:db8::/32, 2002::/16,
 * 3fff::/20. So loopback, mapped and translated addresses, fc00::/7 and fe80::/10 are not. */
static bool private6(const uint8_t a[16]) {
  bool global = (a[0] & 0xe0) == 0x20;
  bool special = a[0] == 0x20 && a[1] == 0x01 && (a[2] & 0xfe) == 0;
  bool documentation = (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8) ||
                       (a[0] == 0x3f && a[1] == 0xff && a[2] < 0x10);
  bool tunnel = a[0] == 0x20 && a[1] == 0x02;
  return !global || special || documentation || tunnel;
}

bool hrt_net_private(const struct sockaddr *address) {
  if (address->sa_family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, address, sizeof in);
    return private4(ntohl(in.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    struct sockaddr_in6 in;
    memcpy(&in, address, sizeof in);
    return private6(in.sin6_addr.s6_addr);
  }
  return true;
}

/* ---- headers ---- */

static bool token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool name_is(const char *line, size_t n, const char *name) {
  return strlen(name) == n && strncasecmp(line, name, n) == 0;
}

/* Where it goes and how it is framed is the engine's to say. */
static bool engines_own(const char *line, size_t n) {
  static const char *const names[] = {"host",
                                      "content-length",
                                      "transfer-encoding",
                                      "te",
                                      "connection",
                                      "keep-alive",
                                      "upgrade",
                                      "expect",
                                      "trailer",
                                      "via",
                                      "proxy-connection",
                                      "proxy-authorization",
                                      "http2-settings"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (name_is(line, n, names[i])) {
      return true;
    }
  }
  return false;
}

static const char *check_line(const char *line) {
  size_t n = 0;
  while (token_char(line[n])) {
    n++;
  }
  if (n == 0 || line[n] != ':') {
    return "a header is not \"Name: value\"";
  }
  if (engines_own(line, n)) {
    return "a header that the engine sets itself";
  }
  for (const char *c = line + n; *c != 0; c++) {
    if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f) {
      return "a control character in a header";
    }
  }
  return NULL;
}

const char *hrt_net_headers(char *line[HRT_HTTP_LINES], size_t *count, char *text, size_t length) {
  *count = 0;
  if (memchr(text, 0, length) != NULL) {
    return "a control character in a header";
  }
  for (char *at = text, *end = text + length; at < end;) {
    char *stop = memchr(at, '\n', (size_t)(end - at));
    char *next = stop != NULL ? stop + 1 : end;
    *(stop != NULL ? stop : end) = 0; /* text has room for a NUL behind it */
    if (*at != 0) {
      const char *why = *count == HRT_HTTP_LINES ? "too many headers" : check_line(at);
      if (why != NULL) {
        return why;
      }
      line[(*count)++] = at;
    }
    at = next;
  }
  return NULL;
}

bool hrt_net_secret(const char *line) {
  size_t n = strcspn(line, ":");
  return name_is(line, n, "authorization") || name_is(line, n, "cookie") ||
         name_is(line, n, "origin") || name_is(line, n, "referer") ||
         (n > 2 && strncasecmp(line, "x-", 2) == 0);
}
