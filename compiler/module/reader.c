/* reader.c - primitive values of the binary format: bytes, LEB128, types, counts, UTF-8. It never
 * allocates and never looks past reader.end. Invariants: see reader.h. */
#include "reader.h"

#include <inttypes.h>

/* Types that belong to proposals heliosc refuses. */
static const struct {
  uint8_t type;
  const char *name, *proposal;
} refused_types[] = {
    {0x61, "stringview_iter", "stringref"},
    {0x62, "stringview_wtf16", "stringref"},
    {0x63, "ref null", "function references"},
    {0x64, "ref", "function references"},
    {0x66, "stringview_wtf8", "stringref"},
    {0x67, "stringref", "stringref"},
    {0x68, "contref", "stack switching"},
    {0x69, "exnref", "exceptions"},
    {0x6a, "arrayref", "GC"},
    {0x6b, "structref", "GC"},
    {0x6c, "i31ref", "GC"},
    {0x6d, "eqref", "GC"},
    {0x6e, "anyref", "GC"},
    {0x71, "nullref", "GC"},
    {0x72, "nullexternref", "GC"},
    {0x73, "nullfuncref", "GC"},
    {0x74, "nullexnref", "exceptions"},
    {0x75, "nullcontref", "stack switching"},
    {0x77, "i16", "GC"},
    {0x78, "i8", "GC"},
};

int hcc_read_byte(uint8_t *out, hcc_reader *r, hcc_error *err) {
  if (r->pos >= r->end) {
    return hcc_fail(err, HCC_E_MALFORMED, r->pos, "unexpected end");
  }
  *out = r->bytes[r->pos++];
  return 0;
}

int hcc_read_range(hcc_range *out, uint32_t n, hcc_reader *r, hcc_error *err) {
  if (n > r->end - r->pos) {
    return hcc_fail(err, HCC_E_MALFORMED, r->pos,
                    "unexpected end: %" PRIu32 " bytes needed, %" PRIu32 " left", n,
                    r->end - r->pos);
  }
  *out = (hcc_range){r->pos, r->pos + n};
  r->pos += n;
  return 0;
}

/* Are the bits of the last possible byte above the value's own zero, or copies of its sign? */
static bool unused_bits_fit(uint8_t byte, unsigned used, bool is_signed) {
  unsigned unused = 0x7fu & ~((1u << used) - 1);
  bool negative = is_signed && (byte >> (used - 1) & 1) != 0;
  return (byte & unused) == (negative ? unused : 0);
}

static int read_long(uint64_t *out, hcc_reader *r, unsigned bits, bool is_signed, hcc_error *err) {
  uint64_t value = 0;
  uint32_t pos = r->pos;
  uint8_t byte = 0x80;
  unsigned shift = 0;
  for (; byte & 0x80; shift += 7) {
    if (pos >= r->end) {
      return hcc_fail(err, HCC_E_MALFORMED, pos, "unexpected end in an integer");
    }
    byte = r->bytes[pos++];
    if (bits - shift < 7) {
      if (byte & 0x80) {
        return hcc_fail(err, HCC_E_MALFORMED, pos - 1, "integer representation too long");
      }
      if (!unused_bits_fit(byte, bits - shift, is_signed)) {
        return hcc_fail(err, HCC_E_MALFORMED, pos - 1, "integer too large");
      }
    }
    value |= (uint64_t)(byte & 0x7f) << shift;
  }
  if (is_signed && shift < 64 && (byte & 0x40)) {
    value |= UINT64_MAX << shift;
  }
  *out = value;
  r->pos = pos;
  return 0;
}

/* Nearly all have one byte. */
static inline int read_leb(uint64_t *out, hcc_reader *r, unsigned bits, bool is_signed,
                           hcc_error *err) {
  if (r->pos >= r->end || (r->bytes[r->pos] & 0x80) != 0) {
    return read_long(out, r, bits, is_signed, err);
  }
  uint64_t byte = r->bytes[r->pos++];
  *out = is_signed && (byte & 0x40) != 0 ? byte | UINT64_MAX << 7 : byte;
  return 0;
}

int hcc_read_u32(uint32_t *out, hcc_reader *r, hcc_error *err) {
  uint64_t value;
  int status = read_leb(&value, r, 32, false, err);
  if (status == 0) {
    *out = (uint32_t)value;
  }
  return status;
}

int hcc_read_s32(int32_t *out, hcc_reader *r, hcc_error *err) {
  uint64_t value;
  int status = read_leb(&value, r, 32, true, err);
  if (status == 0) {
    *out = (int32_t)(uint32_t)value;
  }
  return status;
}

int hcc_read_s33(int64_t *out, hcc_reader *r, hcc_error *err) {
  uint64_t value;
  int status = read_leb(&value, r, 33, true, err);
  if (status == 0) {
    *out = (int64_t)value;
  }
  return status;
}

int hcc_read_s64(int64_t *out, hcc_reader *r, hcc_error *err) {
  uint64_t value;
  int status = read_leb(&value, r, 64, true, err);
  if (status == 0) {
    *out = (int64_t)value;
  }
  return status;
}

static int refuse_type(uint8_t type, uint32_t offset, const char *what, hcc_error *err) {
  for (size_t i = 0; i < sizeof refused_types / sizeof *refused_types; i++) {
    if (refused_types[i].type == type) {
      return hcc_fail(err, HCC_E_PROPOSAL, offset, "type %s needs the %s proposal",
                      refused_types[i].name, refused_types[i].proposal);
    }
  }
  return hcc_fail(err, HCC_E_MALFORMED, offset, "malformed %s type 0x%02x", what, type);
}

int hcc_read_type(uint8_t *out, hcc_reader *r, hcc_error *err) {
  uint8_t type = 0;
  int status = hcc_read_byte(&type, r, err);
  if (status != 0) {
    return status;
  }
  if ((type < HCC_V128 || type > HCC_I32) && type != HCC_FUNCREF && type != HCC_EXTERNREF) {
    r->pos--;
    return refuse_type(type, r->pos, "value", err);
  }
  *out = type;
  return 0;
}

int hcc_read_ref_type(uint8_t *out, hcc_reader *r, hcc_error *err) {
  uint8_t type = 0;
  int status = hcc_read_byte(&type, r, err);
  if (status != 0) {
    return status;
  }
  if (type != HCC_FUNCREF && type != HCC_EXTERNREF) {
    r->pos--;
    return refuse_type(type, r->pos, "reference", err);
  }
  *out = type;
  return 0;
}

int hcc_read_count(uint32_t *out, const char *what, uint32_t limit, uint32_t item_size,
                   hcc_reader *r, hcc_error *err) {
  hcc_reader copy = *r;
  uint32_t count;
  int status = hcc_read_u32(&count, &copy, err);
  if (status != 0) {
    return status;
  }
  if (count > limit) {
    return hcc_fail(err, HCC_E_LIMIT, r->pos, "%" PRIu32 " %s, at most %" PRIu32 " are allowed",
                    count, what, limit);
  }
  if ((uint64_t)count * item_size > copy.end - copy.pos) {
    return hcc_fail(err, HCC_E_MALFORMED, r->pos, "%" PRIu32 " %s don't fit in what is left", count,
                    what);
  }
  *r = copy;
  *out = count;
  return 0;
}

const char *hcc_type_name(uint8_t type) {
  switch (type) {
  case HCC_I32:
    return "i32";
  case HCC_I64:
    return "i64";
  case HCC_F32:
    return "f32";
  case HCC_F64:
    return "f64";
  case HCC_V128:
    return "v128";
  case HCC_FUNCREF:
    return "funcref";
  case HCC_EXTERNREF:
    return "externref";
  default:
    return "any type";
  }
}

/* Bytes of the code point at the beginning of p[0..left), 0 if malformed. */
static size_t code_point(const uint8_t *p, size_t left) {
  size_t length = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
  if (length == 0 || length > left || p[0] > 0xf4) {
    return 0;
  }
  for (size_t i = 1; i < length; i++) {
    if ((p[i] & 0xc0) != 0x80) {
      return 0;
    }
  }
  bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
  bool surrogate = p[0] == 0xed && p[1] > 0x9f;
  bool too_large = p[0] == 0xf4 && p[1] > 0x8f;
  return overlong || surrogate || too_large ? 0 : length;
}

bool hcc_is_utf8(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size;) {
    size_t length = code_point(bytes + i, size - i);
    if (length == 0) {
      return false;
    }
    i += length;
  }
  return true;
}
