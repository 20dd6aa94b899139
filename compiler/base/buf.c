/* buf.c - a growing byte buffer with a maximum. It never holds more than max bytes and never
 * reports an error by itself: the writer asks b->failed once at the end. Invariants: see buf.h. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "hsb_check.h"

#define FIRST_CAPACITY 256u

void hcc_buf_init(hcc_buf *b, size_t max) {
  *b = (hcc_buf){.max = max < SIZE_MAX ? max : SIZE_MAX - 1};
}

void hcc_buf_free(hcc_buf *b) {
  free(b->data);
  hcc_buf_init(b, b->max);
}

static void fail(hcc_buf *b) {
  hcc_buf_free(b);
  b->failed = true;
}

bool hcc_buf_reserve(hcc_buf *b, size_t n) {
  uint64_t need;
  if (b->failed) {
    return false;
  }
  if (!hsb_add64(&need, b->size, n) || need > b->max) {
    fail(b);
    return false;
  }
  if (b->data != NULL && need <= b->capacity) {
    return true;
  }
  size_t capacity = b->capacity < b->max / 2 ? b->capacity * 2 : b->max;
  capacity = capacity < FIRST_CAPACITY ? FIRST_CAPACITY : capacity;
  capacity = capacity < need ? (size_t)need : capacity;
  capacity = capacity > b->max ? b->max : capacity;
  uint8_t *data = realloc(b->data, capacity + 1);
  if (data == NULL) {
    fail(b);
    b->no_memory = true;
    return false;
  }
  b->data = data;
  b->capacity = capacity;
  return true;
}

void hcc_buf_format(hcc_buf *b, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (length < 0) {
    fail(b);
    return;
  }
  if (!hcc_buf_reserve(b, (size_t)length)) {
    return;
  }
  va_start(args, format);
  vsnprintf((char *)b->data + b->size, (size_t)length + 1, format, args);
  va_end(args);
  b->size += (size_t)length;
}

void hcc_buf_u64(hcc_buf *b, uint64_t v) {
  uint8_t bytes[10];
  size_t n = 0;
  do {
    uint8_t more = v >= 0x80 ? 0x80 : 0;
    bytes[n++] = (uint8_t)((v & 0x7f) | more);
    v >>= 7;
  } while (v != 0);
  hcc_buf_add(b, bytes, n);
}

void hcc_buf_u32(hcc_buf *b, uint32_t v) {
  hcc_buf_u64(b, v);
}

void hcc_buf_s64(hcc_buf *b, int64_t v) {
  uint8_t bytes[10];
  size_t n = 0;
  bool more = true;
  while (more) {
    uint8_t low = (uint8_t)(v & 0x7f);
    v >>= 7; /* arithmetic */
    more = !((v == 0 && (low & 0x40) == 0) || (v == -1 && (low & 0x40) != 0));
    bytes[n++] = (uint8_t)(low | (more ? 0x80 : 0));
  }
  hcc_buf_add(b, bytes, n);
}

void hcc_buf_s32(hcc_buf *b, int32_t v) {
  hcc_buf_s64(b, v);
}
