/* parse_source.c - AS source: where the bytes of a module or a plugin are. Reads nothing but the
 * statement; source.c fetches them.
 *
 * Invariant: the source points into the statement. */
#include <string.h>

#include "ddl/parse.h"

static bool starts(const char *at, size_t length, const char *prefix) {
  size_t n = strlen(prefix);
  return length >= n && memcmp(at, prefix, n) == 0;
}

static bool blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Drops white space at both ends and whole-line comments at the beginning. */
static void trim(const char **at, size_t *length) {
  while (*length > 0) {
    if (blank(**at)) {
      (*at)++, (*length)--;
    } else if (starts(*at, *length, "--")) {
      const char *end = memchr(*at, '\n', *length);
      size_t skip = end ? (size_t)(end - *at) + 1 : *length;
      *at += skip, *length -= skip;
    } else {
      break;
    }
  }
  while (*length > 0 && blank((*at)[*length - 1])) {
    (*length)--;
  }
}

/* Text is base64 of a module ("\0asm") or a plugin ("\177ELF") if it begins as those do; else a
 * path. */
static void classify(hrt_ddl_source *s) {
  trim(&s->at, &s->length);
  if (starts(s->at, s->length, "file://")) {
    s->at += 7, s->length -= 7;
    s->kind = HRT_SOURCE_PATH;
  } else if (starts(s->at, s->length, "AGFzb") || starts(s->at, s->length, "f0VMR")) {
    s->kind = HRT_SOURCE_BASE64;
  } else {
    s->kind = HRT_SOURCE_PATH;
  }
}

int hrt_parse_source(hrt_parser *p) {
  hrt_ddl_source *s = &p->ddl->source;
  const hrt_token t = p->token;
  *s = (hrt_ddl_source){HRT_SOURCE_HEX, t.body, t.body_length,          t.kind == HRT_TOKEN_STRING,
                        NULL,           0,      hrt_parse_offset(p, &t)};
  if (t.kind == HRT_TOKEN_STRING || t.kind == HRT_TOKEN_DOLLAR) {
    s->text = t.body;
    s->text_length = t.body_length;
    classify(s);
  } else if (t.kind != HRT_TOKEN_BLOB) {
    return hrt_parse_expected(p, "a source: '<path>', '<base64>', X'..' or $wasm$ .. $wasm$");
  }
  if (s->length == 0) {
    return hrt_parse_fail(p, &t, "the source", " is empty");
  }
  hrt_parse_advance(p);
  return 0;
}
