/* access.c - see access.h. Must never write an address that is not base plus an index plus a
 * constant, nor take for an index what has more than 32 bits. */
#include "access.h"

#include "span.h"

typedef struct kind {
  const char *name, *type; /* the type in memory; its sign is that of the widening */
} kind;

/* No float: where its bits are wanted clang would read an integer instead, and forget the line. */
static const kind loads[] = {{"i32_load", "u32"},
                             {"i64_load", "u64"},
                             {"i32_load8_s", "s8"},
                             {"i64_load8_s", "s8"},
                             {"i32_load8_u", "u8"},
                             {"i64_load8_u", "u8"},
                             {"i32_load16_s", "s16"},
                             {"i64_load16_s", "s16"},
                             {"i32_load16_u", "u16"},
                             {"i64_load16_u", "u16"},
                             {"i64_load32_s", "s32"},
                             {"i64_load32_u", "u32"},
                             {NULL, NULL}};

static const kind stores[] = {{"i32_store", "u32"}, {"i64_store", "u64"},   {"f32_store", "f32"},
                              {"f64_store", "f64"}, {"i32_store8", "u8"},   {"i32_store16", "u16"},
                              {"i64_store8", "u8"}, {"i64_store16", "u16"}, {"i64_store32", "u32"},
                              {NULL, NULL}};

/* "NAME(&instance->w2c_M0, " */
static const char *skip_name(span *s, const kind *kinds) {
  for (; kinds->name != NULL; kinds++) {
    span rest = *s;
    if (span_skip(&rest, kinds->name) && span_skip(&rest, "(&instance->w2c_M0, ")) {
      *s = rest;
      return kinds->type;
    }
  }
  return NULL;
}

/* The text of the parentheses that s begins with, which are skipped. */
static bool skip_group(span *inner, span *s) {
  size_t open = 0;
  for (size_t i = 0; i < s->size; i++) {
    open += s->at[i] == '(';
    if (open == 0) {
      return false;
    }
    open -= s->at[i] == ')';
    if (open == 0) {
      *inner = (span){s->at + 1, i - 1};
      *s = span_after(*s, i + 1);
      return true;
    }
  }
  return false;
}

static size_t digits(span s) {
  size_t n = 0;
  while (n < s.size && s.at[n] >= '0' && s.at[n] <= '9') {
    n++;
  }
  return n;
}

static bool skip_digits(span *s) {
  size_t n = digits(*s);
  *s = span_after(*s, n);
  return n > 0;
}

/* "var_l12", which validation has given 32 bits, "(var_l12 + 8u)", or one cast of all to 32 bits:
 * to a pointer such are added without their sign. */
static bool is_plain(span index) {
  span rest = index, inner;
  if (span_skip(&rest, "(u32)")) {
    return skip_group(&inner, &rest) && rest.size == 0;
  }
  bool sum = span_skip(&rest, "(");
  bool known = span_skip(&rest, "var_i") || span_skip(&rest, "var_l") || span_skip(&rest, "var_p");
  if (!known || !skip_digits(&rest)) {
    return false;
  }
  bool ends = !sum || (span_skip(&rest, " + ") && skip_digits(&rest) && span_skip(&rest, "u)"));
  return ends && rest.size == 0;
}

typedef struct address {
  span index, constant; /* without its suffix; size 0: none */
} address;

/* "(u64)(INDEX)", perhaps with " + CONSTANTu" */
static bool skip_address(address *a, span *s) {
  if (!span_skip(s, "(u64)") || !skip_group(&a->index, s)) {
    return false;
  }
  a->constant = (span){s->at, 0};
  if (span_skip(s, " + ")) {
    a->constant = (span){s->at, digits(*s)};
    *s = span_after(*s, a->constant.size);
    span_skip(s, "u");
    return a->constant.size > 0 && a->constant.size <= 10;
  }
  return true;
}

static void write_place(hcc_buf *out, const char *type, const char *kept, const address *a) {
  hcc_buf_text(out, "*(hsb_");
  hcc_buf_text(out, kept);
  hcc_buf_text(out, type);
  span_put(out, is_plain(a->index) ? " *)(base + @" : " *)(base + (u64)(@)", &a->index);
  if (a->constant.size > 0) {
    span_put(out, " + @u", &a->constant);
  }
  hcc_buf_byte(out, ')');
}

bool hcc_access_load(hcc_buf *out, const char *text, size_t size, bool sure) {
  span s = {text, size};
  address a;
  const char *type = skip_name(&s, loads);
  if (type == NULL || !skip_address(&a, &s) || !span_skip(&s, ")") || s.size != 0) {
    return false;
  }
  write_place(out, type, sure ? "" : "v", &a);
  return true;
}

bool hcc_access_store(hcc_buf *out, const char *line, size_t size) {
  span s = {line, size};
  address a;
  const char *type = skip_name(&s, stores);
  if (type == NULL || !skip_address(&a, &s) || !span_skip(&s, ", ") || s.size < 3 ||
      memcmp(s.at + s.size - 2, ");", 2) != 0) {
    return false;
  }
  write_place(out, type, "", &a);
  span_put(out, " = @;", &(span){s.at, s.size - 2});
  return true;
}
