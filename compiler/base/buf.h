/* buf.h - a growing byte buffer with a mandatory maximum. Failure is sticky and frees the bytes,
 * so a writer may append without checks and ask once at the end.
 *
 * Invariant: size <= capacity <= max, and there is one byte behind capacity; after a failure data
 * is NULL, size and capacity 0 and failed is true. */
#ifndef HCC_BUF_H
#define HCC_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct hcc_buf {
  uint8_t *data;
  size_t size, capacity, max;
  bool failed;
  bool no_memory; /* that is why; else it was its maximum */
} hcc_buf;

void hcc_buf_init(hcc_buf *b, size_t max);
void hcc_buf_free(hcc_buf *b);
/* Room for n more bytes, and one behind them; b->failed if there is none. */
bool hcc_buf_reserve(hcc_buf *b, size_t n);
void hcc_buf_format(hcc_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* LEB128, WebAssembly core specification 5.2.2 */
void hcc_buf_u32(hcc_buf *b, uint32_t v);
void hcc_buf_u64(hcc_buf *b, uint64_t v);
void hcc_buf_s32(hcc_buf *b, int32_t v);
void hcc_buf_s64(hcc_buf *b, int64_t v);

static inline void hcc_buf_add(hcc_buf *b, const void *bytes, size_t n) {
  if (n != 0 && (n <= b->capacity - b->size || hcc_buf_reserve(b, n))) {
    memcpy(b->data + b->size, bytes, n);
    b->size += n;
  }
}

static inline void hcc_buf_byte(hcc_buf *b, uint8_t byte) {
  hcc_buf_add(b, &byte, 1);
}

static inline void hcc_buf_text(hcc_buf *b, const char *text) {
  hcc_buf_add(b, text, strlen(text));
}

#endif
