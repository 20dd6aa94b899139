/* search.c - finds words in a text: Horspool's skips for one, LIKE with wildcards for another. */
#include "kernel.h"
#include "random.h"

#define BYTES (1u << 16)
static unsigned char text[BYTES];

static u32 length_of(const char *s) {
  u32 n = 0;
  while (s[n]) {
    n++;
  }
  return n;
}

static u32 count_word(const char *word) {
  u32 skip[256], length = length_of(word), count = 0;
  for (u32 i = 0; i < 256; i++) {
    skip[i] = length;
  }
  for (u32 i = 0; i + 1 < length; i++) {
    skip[(unsigned char)word[i]] = length - 1 - i;
  }
  for (u32 at = 0; at + length <= BYTES; at += skip[text[at + length - 1]]) {
    u32 i = length;
    while (i > 0 && text[at + i - 1] == (unsigned char)word[i - 1]) {
      i--;
    }
    count += i == 0;
  }
  return count;
}

/* '%' stands for any text, '_' for any byte. */
static int like(const unsigned char *s, const unsigned char *end, const char *pattern) {
  const unsigned char *again = 0;
  const char *star = 0;
  while (s < end) {
    if (*pattern == '%') {
      star = ++pattern;
      again = s;
    } else if (*pattern == '_' || (unsigned char)*pattern == *s) {
      pattern++;
      s++;
    } else if (star) {
      pattern = star;
      s = ++again;
    } else {
      return 0;
    }
  }
  while (*pattern == '%') {
    pattern++;
  }
  return *pattern == 0;
}

KERNEL(search) {
  static const char syllables[8][4] = {"lor", "em ", "ips", "um ", "dol", "or ", "sit", ", a"};
  u32 state = 77, found = 0;
  for (u32 i = 0; i + 3 <= BYTES; i += 3) {
    const char *from = syllables[next_random(&state) >> 29];
    for (u32 j = 0; j < 3; j++) {
      text[i + j] = (unsigned char)from[j];
    }
  }
  for (u32 i = 0; i < n; i++) {
    found = found * 3 + count_word("ipsum dolor");
    for (u32 at = 0; at + 64 <= BYTES; at += 64) {
      found += (u32)like(text + at, text + at + 64, "%lor%sit_ a%um%");
    }
    text[(i * 97) % BYTES] = 'x';
  }
  return found;
}
