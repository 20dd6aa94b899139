/* demangle.c - parts of a name, each behind its length. Must not believe a length. Invariants:
 * demangle.h. */
#include "demangle.h"

#include <string.h>

/* Signs that rustc writes as words. */
static const struct {
  const char *word;
  char sign;
} signs[] = {{"$LT$", '<'},  {"$GT$", '>'},  {"$RF$", '&'},  {"$BP$", '*'},  {"$LP$", '('},
             {"$RP$", ')'},  {"$C$", ','},   {"$SP$", '@'},  {"$u20$", ' '}, {"$u27$", '\''},
             {"$u5b$", '['}, {"$u5d$", ']'}, {"$u7b$", '{'}, {"$u7d$", '}'}, {"$u7e$", '~'}};

typedef struct part {
  const uint8_t *at;
  size_t size;
} part;

/* Takes "4deep". */
static bool take(part *out, const uint8_t **at, const uint8_t *end) {
  size_t n = 0;
  const uint8_t *p = *at;
  while (p < end && *p >= '0' && *p <= '9' && n < 10000) {
    n = n * 10 + (size_t)(*p++ - '0');
  }
  if (n == 0 || n > (size_t)(end - p)) {
    return false;
  }
  *out = (part){p, n};
  *at = p + n;
  return true;
}

/* "h" and sixteen hexadecimal digits: rustc's hash. */
static bool is_hash(const part *p) {
  bool hash = p->size == 17 && p->at[0] == 'h';
  for (size_t i = 1; hash && i < p->size; i++) {
    hash = memchr("0123456789abcdef", p->at[i], 16) != NULL;
  }
  return hash;
}

/* Bytes of the part that stand for one sign; 0: the next byte is itself. */
static size_t sign_at(char *sign, const uint8_t *at, size_t left) {
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
    size_t n = strlen(signs[i].word);
    if (n <= left && memcmp(at, signs[i].word, n) == 0) {
      *sign = signs[i].sign;
      return n;
    }
  }
  return 0;
}

static void put_part(hcc_buf *out, const part *p) {
  size_t i = p->size > 1 && p->at[0] == '_' && p->at[1] == '$';
  while (i < p->size) {
    char sign;
    size_t n = sign_at(&sign, p->at + i, p->size - i);
    if (n > 0) {
      hcc_buf_byte(out, (uint8_t)sign);
    } else if (p->size - i >= 2 && memcmp(p->at + i, "..", 2) == 0) {
      hcc_buf_text(out, "::");
      n = 2;
    } else {
      hcc_buf_byte(out, p->at[i]);
      n = 1;
    }
    i += n;
  }
}

/* Of _ZN, parts, E: is all of that there? *at: the first part; *end: the E. */
static bool is_nested(const uint8_t **at, const uint8_t **end, const uint8_t *name, size_t size) {
  const uint8_t *p = name + 3;
  part one;
  if (size < 4 || memcmp(name, "_ZN", 3) != 0) {
    return false;
  }
  *at = p;
  while (take(&one, &p, name + size)) {
  }
  *end = p;
  return p > *at && p < name + size && *p == 'E';
}

void hcc_demangle(hcc_buf *out, const uint8_t *name, size_t size) {
  const uint8_t *at = name, *end = name + size;
  part p;
  if (is_nested(&at, &end, name, size)) {
    const char *between = "";
    while (at < end && take(&p, &at, end) && !(at == end && *between != 0 && is_hash(&p))) {
      hcc_buf_text(out, between);
      put_part(out, &p);
      between = "::";
    }
    return;
  }
  at = name + (size > 2 && memcmp(name, "_Z", 2) == 0 ? 2 : 0);
  if (at > name && take(&p, &at, name + size)) {
    hcc_buf_add(out, p.at, p.size);
  } else {
    hcc_buf_add(out, name, size);
  }
}
