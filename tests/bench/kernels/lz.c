/* lz.c - compresses a text once into LZ77 tokens (the layout of LZ4's blocks), expands it n times:
 * short copies, some overlapping. */
#include "kernel.h"
#include "random.h"

#define BYTES (1u << 16)
static unsigned char plain[BYTES + 64], packed[2 * BYTES], again[BYTES + 64];
static u32 seen[1 << 12];

static u32 word_at(const unsigned char *p) {
  return p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static unsigned char *put_length(unsigned char *to, u32 length) {
  for (; length >= 255; length -= 255) {
    *to++ = 255;
  }
  *to++ = (unsigned char)length;
  return to;
}

static unsigned char *put_sequence(unsigned char *to, u32 from, u32 literals, u32 match, u32 back) {
  unsigned char *token = to++;
  *token = (unsigned char)((literals < 15 ? literals : 15) << 4 | (match < 15 ? match : 15));
  to = literals >= 15 ? put_length(to, literals - 15) : to;
  for (u32 i = 0; i < literals; i++) {
    *to++ = plain[from + i];
  }
  *to++ = (unsigned char)back;
  *to++ = (unsigned char)(back >> 8);
  return match >= 15 ? put_length(to, match - 15) : to;
}

static u32 compress(void) {
  unsigned char *to = packed;
  u32 from = 0, at = 0;
  for (u32 i = 0; i < 1 << 12; i++) {
    seen[i] = 0;
  }
  while (at + 12 < BYTES) {
    u32 hash = word_at(plain + at) * 2654435761u >> 20, candidate = seen[hash];
    seen[hash] = at;
    if (candidate < at && at - candidate < 65536 &&
        word_at(plain + candidate) == word_at(plain + at)) {
      u32 match = 4;
      while (at + match < BYTES && plain[candidate + match] == plain[at + match]) {
        match++;
      }
      to = put_sequence(to, from, at - from, match - 4, at - candidate);
      at += match;
      from = at;
    } else {
      at++;
    }
  }
  to = put_sequence(to, from, BYTES - from, 0, 0);
  return (u32)(to - packed);
}

static u32 get_length(const unsigned char **from, u32 length) {
  if (length == 15) {
    unsigned char more;
    do {
      more = *(*from)++;
      length += more;
    } while (more == 255);
  }
  return length;
}

/* Returns the bytes written; 0 if the data is not sound. */
static u32 expand(const unsigned char *from, const unsigned char *end) {
  unsigned char *to = again, *const limit = again + BYTES;
  while (from < end) {
    u32 token = *from++, literals = get_length(&from, token >> 4);
    if (literals > (u32)(limit - to)) {
      return 0;
    }
    for (u32 i = 0; i < literals; i++) {
      *to++ = *from++;
    }
    u32 back = from[0] | (u32)from[1] << 8;
    from += 2;
    if (back == 0) {
      break;
    }
    u32 match = get_length(&from, token & 15) + 4;
    if (back > (u32)(to - again) || match > (u32)(limit - to)) {
      return 0;
    }
    for (u32 i = 0; i < match; i++, to++) {
      *to = to[-(int)back];
    }
  }
  return (u32)(to - again);
}

KERNEL(lz) {
  static const char words[16][8] = {"order", " item",   "price", "; id=", "name:", "2026-",
                                    "null,", "\"qty\"", "aaaaa", "total", " cust", "omer ",
                                    "-0001", "99.95",   "EUR; ", "true "};
  u32 state = 5, hash = 0;
  for (u32 i = 0; i < BYTES;) {
    const char *word = words[next_random(&state) >> 28];
    for (u32 j = 0; j < 5 && i < BYTES; j++) {
      plain[i++] = (unsigned char)word[j];
    }
    if (state % 8 == 0 && i < BYTES) {
      plain[i++] = (unsigned char)state;
    }
  }
  u32 size = compress();
  for (u32 i = 0; i < n; i++) {
    hash = hash * 31 + expand(packed, packed + size);
  }
  for (u32 i = 0; i < BYTES; i++) {
    if (again[i] != plain[i]) {
      return i;
    }
  }
  return hash + size;
}
