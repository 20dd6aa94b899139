/* mask.c - hides digits and the local part of mail addresses in a text: a state machine over bytes.
 */
#include "kernel.h"
#include "random.h"

#define BYTES (1u << 16)
static unsigned char text[BYTES], masked[BYTES];

static int is_digit(unsigned char c) {
  return c >= '0' && c <= '9';
}

static int is_word(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '.' || c == '_';
}

/* All but the last four digits of a run, and all but the first letter before an '@'. */
static u32 mask(const unsigned char *from, unsigned char *to, u32 length) {
  u32 hidden = 0;
  for (u32 at = 0; at < length;) {
    u32 end = at, digits = 0;
    while (end < length && is_word(from[end])) {
      digits += (u32)is_digit(from[end]);
      end++;
    }
    if (end < length && from[end] == '@' && end > at) {
      to[at] = from[at];
      for (u32 i = at + 1; i < end; i++, hidden++) {
        to[i] = '*';
      }
    } else {
      for (u32 i = at, left = digits; i < end; i++) {
        int hide = is_digit(from[i]) && left-- > 4;
        hidden += (u32)hide;
        to[i] = hide ? 'X' : from[i];
      }
    }
    if (end < length) {
      to[end] = from[end];
      end++;
    }
    at = end;
  }
  return hidden;
}

KERNEL(mask) {
  static const char words[] =
      "card 4111111111111111, mail jane.doe@example.com, phone +49 30 1234567; ";
  u32 state = 7, hash = 0;
  for (u32 i = 0; i < BYTES; i++) {
    text[i] = (unsigned char)words[i % (sizeof words - 1)];
    if (next_random(&state) % 16 == 0) {
      text[i] = (unsigned char)('a' + state % 26);
    }
  }
  for (u32 i = 0; i < n; i++) {
    hash = hash * 31 + mask(text, masked, BYTES);
    text[i % BYTES] ^= 1;
  }
  for (u32 i = 0; i < BYTES; i++) {
    hash = hash * 31 + masked[i];
  }
  return hash;
}
