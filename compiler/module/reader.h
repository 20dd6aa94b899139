/* reader.h - reads the primitive values of the binary format (core specification 5.2, 5.3) from a
 * byte range. The only place that moves through input bytes.
 *
 * Invariant: pos <= end always; a failed read does not move the reader. Every error is MALFORMED
 * unless it says otherwise, at the byte that is wrong. */
#ifndef HCC_READER_H
#define HCC_READER_H

#include "error.h"
#include "module.h"

typedef struct hcc_reader {
  const uint8_t *bytes; /* of the whole input; pos and end count from here */
  uint32_t pos, end;
} hcc_reader;

int hcc_read_byte(uint8_t *out, hcc_reader *r, hcc_error *err);
/* n bytes as a range of the input */
int hcc_read_range(hcc_range *out, uint32_t n, hcc_reader *r, hcc_error *err);
/* LEB128 (5.2.2): too many bytes and unused bits that are not a sign are errors. s33 is a block
 * type. */
int hcc_read_u32(uint32_t *out, hcc_reader *r, hcc_error *err);
int hcc_read_s32(int32_t *out, hcc_reader *r, hcc_error *err);
int hcc_read_s33(int64_t *out, hcc_reader *r, hcc_error *err);
int hcc_read_s64(int64_t *out, hcc_reader *r, hcc_error *err);
/* One byte of enum hcc_type; a type of a refused proposal is PROPOSAL. */
int hcc_read_type(uint8_t *out, hcc_reader *r, hcc_error *err);
int hcc_read_ref_type(uint8_t *out, hcc_reader *r, hcc_error *err);
/* A count of items that take at least item_size bytes each: LIMIT if above limit, MALFORMED if the
 * rest of the range can't hold them. */
int hcc_read_count(uint32_t *out, const char *what, uint32_t limit, uint32_t item_size,
                   hcc_reader *r, hcc_error *err);

/* "i32" and so on; never NULL. */
const char *hcc_type_name(uint8_t type);
/* Is it UTF-8 (5.2.4): no overlong form, no surrogate, nothing above U+10FFFF? */
bool hcc_is_utf8(const uint8_t *bytes, size_t size);

#endif
