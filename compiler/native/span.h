/* span.h - a piece of text that is not ours to free, and what the rewriting of wasm2c's text asks
 * of it. Must never read behind its end. */
#ifndef HCC_SPAN_H
#define HCC_SPAN_H

#include <string.h>

#include "buf.h"

typedef struct span {
  const char *at;
  size_t size;
} span;

static inline span span_text(const char *text) {
  return (span){text, strlen(text)};
}

static inline span span_between(const char *begin, const char *end) {
  return (span){begin, (size_t)(end - begin)};
}

static inline bool span_is(span s, const char *text) {
  return s.size == strlen(text) && memcmp(s.at, text, s.size) == 0;
}

static inline bool span_same(span a, span b) {
  return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

static inline bool span_begins(span s, const char *text) {
  return s.size >= strlen(text) && memcmp(s.at, text, strlen(text)) == 0;
}

static inline span span_after(span s, size_t n) {
  return (span){s.at + n, s.size - n};
}

/* Past the text, if s begins with it. */
static inline bool span_skip(span *s, const char *text) {
  bool begins = span_begins(*s, text);
  *s = span_after(*s, begins ? strlen(text) : 0);
  return begins;
}

/* Of a name? */
static inline bool span_is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The first place of a text in s, or NULL. rare: the byte of it that is found least often. */
static inline const char *span_find(span s, const char *text, char rare) {
  size_t n = strlen(text), before = (size_t)(strchr(text, rare) - text);
  const char *at = s.at + before, *end = s.at + s.size;
  if (s.size < n) {
    return NULL;
  }
  for (; at < end && (at = memchr(at, rare, (size_t)(end - at))) != NULL; at++) {
    const char *begin = at - before;
    if ((size_t)(end - begin) < n) {
      return NULL;
    }
    if (memcmp(begin, text, n) == 0) {
      return begin;
    }
  }
  return NULL;
}

/* The pattern with a text in place of each '@'. */
static inline void span_put(hcc_buf *out, const char *pattern, const span *texts) {
  for (const char *at; *pattern != '\0'; pattern = at) {
    at = strchrnul(pattern, '@');
    hcc_buf_add(out, pattern, (size_t)(at - pattern));
    if (*at == '@') {
      hcc_buf_add(out, texts->at, texts->size);
      texts++;
      at++;
    }
  }
}

#endif
