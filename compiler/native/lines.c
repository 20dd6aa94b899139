/* lines.c - decodes .debug_line (DWARF 5 specification, 6.2; DWARF 4 differs in the header). Must
 * check every byte: the table comes from a compiler that read hostile input. Invariants: lines.h.
 */
#include "lines.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "hsb_abi.h"

#define FILES_MAX 100000u

enum { /* standard opcodes */
       LNS_COPY = 1,
       LNS_ADVANCE_PC,
       LNS_ADVANCE_LINE,
       LNS_SET_FILE,
       LNS_SET_COLUMN,
       LNS_NEGATE_STMT,
       LNS_SET_BASIC_BLOCK,
       LNS_CONST_ADD_PC,
       LNS_FIXED_ADVANCE_PC,
       LNS_SET_PROLOGUE_END,
       LNS_SET_EPILOGUE_BEGIN,
       LNS_SET_ISA,
};
enum { LNE_END_SEQUENCE = 1, LNE_SET_ADDRESS = 2, LNE_SET_DISCRIMINATOR = 4 };
enum { LNCT_PATH = 1 };

/* A failed read sets bad and gives zeros. */
typedef struct cursor {
  const uint8_t *at, *end;
  bool bad;
} cursor;

typedef struct rows {
  struct hsb_file_line *at;
  uint32_t count, room, most;
  bool failed, many;
} rows;

typedef struct unit {
  const hcc_line_tables *in;
  uint16_t version;
  uint8_t min_length, line_range, opcode_base, opcode_lengths[256];
  int8_t line_base;
  uint32_t first_file, file_count; /* index of files[0] */
  const char **files;              /* in the tables */
  bool no_memory;
} unit;

static const uint8_t *take(cursor *c, size_t n) {
  static const uint8_t zeros[16];
  if ((size_t)(c->end - c->at) < n) {
    c->bad = true;
    c->at = c->end;
    return zeros;
  }
  c->at += n;
  return c->at - n;
}

static uint64_t fixed(cursor *c, size_t n) { /* little-endian, at most 8 bytes */
  uint64_t v = 0;
  const uint8_t *bytes = take(c, n);
  for (size_t i = 0; i < n; i++) {
    v |= (uint64_t)bytes[i] << (8 * i);
  }
  return v;
}

static uint64_t uleb(cursor *c) {
  uint64_t v = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    uint8_t byte = (uint8_t)fixed(c, 1);
    v |= (uint64_t)(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      return v;
    }
  }
  c->bad = true;
  return 0;
}

static int64_t sleb(cursor *c) {
  uint64_t v = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    uint8_t byte = (uint8_t)fixed(c, 1);
    v |= (uint64_t)(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      return (int64_t)(byte & 0x40 && shift < 57 ? v | UINT64_MAX << (shift + 7) : v);
    }
  }
  c->bad = true;
  return 0;
}

static const char *text(cursor *c) {
  const uint8_t *begin = c->at;
  const uint8_t *end = memchr(begin, 0, (size_t)(c->end - begin));
  if (end == NULL) {
    c->bad = true;
    return "";
  }
  c->at = end + 1;
  return (const char *)begin;
}

/* A string of another section, which ends with a NUL. */
static const char *text_at(cursor *c, hcc_span span) {
  uint64_t offset = fixed(c, 4);
  if (offset >= span.size) {
    c->bad = true;
    return "";
  }
  return (const char *)span.at + offset;
}

/* Reads one attribute value; its text, or NULL if it is none. */
static const char *form(cursor *c, const hcc_line_tables *in, uint64_t which) {
  switch (which) {
  case 0x08: /* DW_FORM_string */
    return text(c);
  case 0x0e: /* DW_FORM_strp */
    return text_at(c, in->strings);
  case 0x1f: /* DW_FORM_line_strp */
    return text_at(c, in->line_strings);
  case 0x0f: /* DW_FORM_udata */
    uleb(c);
    return NULL;
  case 0x0b: /* data1, data2, data4, data8, data16 */
  case 0x05:
  case 0x06:
  case 0x07:
  case 0x1e:
    take(c, which == 0x0b ? 1 : which == 0x05 ? 2 : which == 0x06 ? 4 : which == 0x07 ? 8 : 16);
    return NULL;
  default:
    c->bad = true;
    return NULL;
  }
}

static bool add_file(unit *u, const char *name) {
  if (u->file_count >= FILES_MAX) {
    return false;
  }
  if ((u->file_count & (u->file_count + 1)) == 0) { /* room doubles at 0, 1, 3, 7 ... */
    const char **grown = reallocarray(u->files, ((size_t)u->file_count + 1) * 2, sizeof *grown);
    if (grown == NULL) {
      u->no_memory = true;
      return false;
    }
    u->files = grown;
  }
  u->files[u->file_count++] = name;
  return true;
}

/* A list of folders or of files (6.2.4.1). */
static void list_5(cursor *c, unit *u, bool files) {
  uint64_t formats[16][2];
  uint64_t format_count = fixed(c, 1);
  if (format_count > 16) {
    c->bad = true;
    return;
  }
  for (uint64_t i = 0; i < format_count; i++) {
    formats[i][0] = uleb(c);
    formats[i][1] = uleb(c);
  }
  uint64_t count = uleb(c);
  for (uint64_t n = 0; n < count && !c->bad; n++) {
    const char *name = "";
    for (uint64_t i = 0; i < format_count; i++) {
      const char *value = form(c, u->in, formats[i][1]);
      name = formats[i][0] == LNCT_PATH && value != NULL ? value : name;
    }
    if (format_count == 0 || (files && !add_file(u, name))) {
      c->bad = true;
    }
  }
}

static void lists_4(cursor *c, unit *u) {
  while (!c->bad && text(c)[0] != '\0') {
  }
  while (!c->bad) {
    const char *name = text(c);
    if (name[0] == '\0') {
      return;
    }
    uleb(c); /* folder, time, length */
    uleb(c);
    uleb(c);
    c->bad |= !add_file(u, name);
  }
}

/* The header; leaves c at the program. c ends where the unit does. */
static void read_header(cursor *c, unit *u) {
  u->version = (uint16_t)fixed(c, 2);
  c->bad |= u->version != 4 && u->version != 5;
  if (u->version == 5) {
    c->bad |= fixed(c, 1) != u->in->address_bytes;
    c->bad |= fixed(c, 1) != 0; /* segment selectors */
  }
  uint64_t length = fixed(c, 4);
  c->bad |= length > (uint64_t)(c->end - c->at);
  const uint8_t *program = c->bad ? c->end : c->at + length;
  u->min_length = (uint8_t)fixed(c, 1);
  c->bad |= fixed(c, 1) != 1; /* operations an instruction: no VLIW */
  take(c, 1);                 /* default is_stmt */
  u->line_base = (int8_t)fixed(c, 1);
  u->line_range = (uint8_t)fixed(c, 1);
  u->opcode_base = (uint8_t)fixed(c, 1);
  c->bad |= u->line_range == 0 || u->opcode_base == 0;
  for (unsigned i = 1; i < u->opcode_base; i++) {
    u->opcode_lengths[i] = (uint8_t)fixed(c, 1);
  }
  if (u->version == 5) {
    list_5(c, u, false);
    list_5(c, u, true);
  } else {
    u->first_file = 1;
    lists_4(c, u);
  }
  c->bad |= c->at != program;
}

typedef struct state {
  uint64_t pc, line, file;
  uint64_t start; /* of the sequence */
  bool begun, placed, counts;
} state;

static void add_row(rows *r, uint64_t pc, uint32_t offset) {
  if (r->count > 0 && r->at[r->count - 1].pc == pc) {
    r->at[r->count - 1].offset = offset;
    return;
  }
  if (r->count > 0 && r->at[r->count - 1].offset == offset) {
    return;
  }
  if (r->count == r->room) {
    uint32_t room = r->room == 0 ? 1024 : r->room * 2;
    r->many = room > r->most;
    struct hsb_file_line *grown = r->many ? NULL : reallocarray(r->at, room, sizeof *r->at);
    if (grown == NULL) {
      r->failed = !r->many;
      return;
    }
    r->at = grown;
    r->room = room;
  }
  r->at[r->count++] = (struct hsb_file_line){(uint32_t)pc, offset};
}

/* A row of the matrix. Line 0 is "compiler-made": it belongs to what is around it, so it only
 * counts as a beginning. Sequences of sections that the linker dropped lie outside of the code. */
static void emit(rows *r, state *s, const unit *u, bool end) {
  const hcc_line_tables *in = u->in;
  uint64_t index = s->file - u->first_file;
  if (!s->begun) {
    s->begun = true;
    s->start = s->pc;
    s->counts = s->pc >= in->code && s->pc < in->code_end;
    if (s->counts) {
      add_row(r, s->pc, HSB_FILE_NO_OFFSET);
    }
  }
  if (!s->counts || s->pc < s->start || s->pc > in->code_end) {
    return;
  }
  const char *file = !end && index < u->file_count ? u->files[index] : NULL;
  if (file != NULL && s->line == 0 && in->value(in->arg, file, 0) != HSB_FILE_NO_OFFSET) {
    return;
  }
  uint32_t value = file == NULL ? HSB_FILE_NO_OFFSET : in->value(in->arg, file, s->line);
  add_row(r, s->placed ? s->pc : s->start, value);
  s->placed = true;
}

static void reset(state *s) {
  *s = (state){.line = 1, .file = 1};
}

static void extended(cursor *c, state *s, rows *r, const unit *u) {
  uint8_t address = u->in->address_bytes;
  uint64_t length = uleb(c);
  if (length == 0 || length > (uint64_t)(c->end - c->at)) {
    c->bad = true;
    return;
  }
  const uint8_t *next = c->at + length;
  switch (fixed(c, 1)) {
  case LNE_END_SEQUENCE:
    emit(r, s, u, true);
    reset(s);
    break;
  case LNE_SET_ADDRESS:
    c->bad |= length != address + 1u;
    s->pc = fixed(c, address);
    break;
  case LNE_SET_DISCRIMINATOR:
    uleb(c);
    break;
  default: /* its length says where it ends */
    c->at = next;
  }
  c->bad |= c->at != next;
}

static void standard(cursor *c, state *s, rows *r, const unit *u, unsigned op) {
  switch (op) {
  case LNS_COPY:
    emit(r, s, u, false);
    break;
  case LNS_ADVANCE_PC:
    s->pc += uleb(c) * u->min_length;
    break;
  case LNS_ADVANCE_LINE:
    s->line += (uint64_t)sleb(c);
    break;
  case LNS_SET_FILE:
    s->file = uleb(c);
    break;
  case LNS_CONST_ADD_PC:
    s->pc += (uint64_t)((255 - u->opcode_base) / u->line_range) * u->min_length;
    break;
  case LNS_FIXED_ADVANCE_PC:
    s->pc += fixed(c, 2);
    break;
  default: /* no effect on what is kept */
    for (unsigned i = 0; i < u->opcode_lengths[op]; i++) {
      uleb(c);
    }
  }
}

static void run(cursor *c, rows *r, const unit *u) {
  state s;
  reset(&s);
  while (!c->bad && !r->failed && !r->many && c->at < c->end) {
    unsigned op = (unsigned)fixed(c, 1);
    if (op == 0) {
      extended(c, &s, r, u);
    } else if (op < u->opcode_base) {
      standard(c, &s, r, u, op);
    } else {
      unsigned adjusted = op - u->opcode_base;
      s.pc += (uint64_t)(adjusted / u->line_range) * u->min_length;
      s.line += (uint64_t)(int64_t)(u->line_base + (int)(adjusted % u->line_range));
      emit(r, &s, u, false);
    }
  }
  c->bad |= s.begun; /* a sequence without an end */
}

static int by_pc(const void *a, const void *b) {
  const struct hsb_file_line *x = a, *y = b;
  if (x->pc != y->pc) {
    return x->pc < y->pc ? -1 : 1;
  }
  /* an end and the next beginning at one address: what is known comes last and wins */
  return (x->offset != HSB_FILE_NO_OFFSET) - (y->offset != HSB_FILE_NO_OFFSET);
}

/* One entry an address; and none that says what the one before it says. */
static uint32_t tidy(struct hsb_file_line *at, uint32_t count) {
  uint32_t kept = 0;
  qsort(at, count, sizeof *at, by_pc);
  for (uint32_t i = 0; i < count; i++) {
    if (i + 1 < count && at[i + 1].pc == at[i].pc) {
      continue;
    }
    if (kept == 0 || at[kept - 1].offset != at[i].offset) {
      at[kept++] = at[i];
    }
  }
  return kept;
}

/* Up to the last NUL: wherever a text begins in that, it ends in it. */
static hcc_span whole_texts(hcc_span span) {
  while (span.size > 0 && span.at[span.size - 1] != 0) {
    span.size--;
  }
  return span;
}

int hcc_line_rows(struct hsb_file_line **out, uint32_t *count, const hcc_line_tables *tables,
                  hcc_error *err) {
  hcc_line_tables in = *tables;
  in.strings = whole_texts(in.strings);
  in.line_strings = whole_texts(in.line_strings);
  cursor all = {in.lines.at, in.lines.at + in.lines.size, false};
  rows r = {.at = NULL, .most = in.rows_max};
  while (!all.bad && !r.failed && !r.many && all.at < all.end) {
    uint64_t length = fixed(&all, 4);
    cursor one = {all.at, all.at, false};
    if (length >= 0xfffffff0u || length > (uint64_t)(all.end - all.at)) {
      all.bad = true; /* 64-bit DWARF, or too long */
      break;
    }
    one.end = all.at += length;
    unit u = {.in = &in};
    read_header(&one, &u);
    run(&one, &r, &u);
    free(u.files);
    all.bad = one.bad || r.many;
    r.failed |= u.no_memory;
  }
  if (all.bad || r.failed) {
    free(r.at);
    return r.failed ? hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the line table")
                    : hcc_fail(err, HCC_E_INTERNAL, HCC_NO_OFFSET, "clang wrote an odd line table");
  }
  *count = r.count == 0 ? 0 : tidy(r.at, r.count);
  *out = r.at;
  return 0;
}

/* What stands in a line of the file "w": an offset. */
static uint32_t offset_of(void *arg, const char *file, uint64_t line) {
  (void)arg;
  return strcmp(file, "w") == 0 && line < HSB_SEEN ? (uint32_t)line : HSB_FILE_NO_OFFSET;
}

int hcc_lines(struct hsb_file_line **out, uint32_t *count, const hcc_image *image, hcc_error *err) {
  hcc_line_tables in = {.lines = hcc_image_section(image, ".debug_line"),
                        .strings = hcc_image_section(image, ".debug_str"),
                        .line_strings = hcc_image_section(image, ".debug_line_str"),
                        .address_bytes = 8,
                        .code = image->code,
                        .code_end = image->code_end,
                        .rows_max = 64u << 20,
                        .value = offset_of};
  return hcc_line_rows(out, count, &in, err);
}
