/* json.c - counts the tokens of a JSON text that it makes first: branches on every byte. */
#include "kernel.h"

static char text[1 << 20];

static u32 put(u32 at, const char *s) {
  while (*s) {
    text[at++] = *s++;
  }
  return at;
}

static u32 make(u32 rows) {
  u32 at = put(0, "[");
  for (u32 i = 0; i < rows && at < sizeof text - 128; i++) {
    at = put(at, i ? ",{\"id\":" : "{\"id\":");
    for (u32 v = i * 2654435761u, d = 0; d < 7; d++, v /= 10) {
      text[at++] = (char)('0' + v % 10);
    }
    at = put(at, ",\"name\":\"cust\\u006fmer\",\"ok\":true,\"tags\":[1,2.5,null]}");
  }
  return put(at, "]");
}

static u32 string_end(u32 at, u32 end) {
  while (at < end && text[at] != '"') {
    at += text[at] == '\\' ? 2 : 1;
  }
  return at + 1;
}

KERNEL(json) {
  u32 end = make(n), tokens = 0, hash = 0;
  for (u32 at = 0; at < end;) {
    char ch = text[at];
    if (ch == '"') {
      at = string_end(at + 1, end);
    } else if ((ch >= '0' && ch <= '9') || ch == '-') {
      while (at < end && ((text[at] >= '0' && text[at] <= '9') || text[at] == '.')) {
        hash = hash * 31 + (unsigned char)text[at++];
      }
    } else if (ch >= 'a' && ch <= 'z') {
      while (at < end && text[at] >= 'a' && text[at] <= 'z') {
        at++;
      }
    } else {
      at++;
    }
    tokens++;
  }
  return tokens ^ hash;
}
