/* profile.c - finds the functions of a profile in a module and says their counts by line. Must take
 * any text for a profile: what it does not understand it leaves out. Invariants: profile.h. */
#include "profile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"

#define OUT_MAX (64u << 20)
#define KEY_DIGITS 16u
#define OFFSET_MAX 0xffffu /* clang keeps 16 bits of a line's distance from the function's */

typedef struct line {
  uint32_t offset, block;
} line;

/* A function as profiles see it. */
typedef struct shape {
  uint64_t key;
  uint32_t blocks;
  hcc_buf lines; /* line[], ascending by offset: where a line of C begins, and its block */
} shape;

typedef struct entry { /* a line of a profile */
  uint64_t key, total;
  uint32_t blocks;
  bool used;
  const char *counts;
} entry;

static int no_memory(hcc_error *err) {
  return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to profile");
}

static uint64_t mix(uint64_t key, uint32_t code) { /* FNV-1a, 16 bits at a time */
  return (key ^ (code & 0xffffu)) * UINT64_C(0x100000001b3);
}

static void add_line(shape *s, uint32_t offset, uint32_t block) {
  line added = {offset, block};
  hcc_buf_add(&s->lines, &added, sizeof added);
}

/* The lines are those that meter.c marks, or more. */
static void add_instr(shape *s, const hcc_instr *i, enum hcc__flow_point point) {
  if (i->code == HCC_OP_LOOP) { /* of the check, which runs each turn */
    add_line(s, i->begin, s->blocks);
  } else if (i->info->flags & (HCC_OPF_TRAPS | HCC_OPF_BULK)) {
    add_line(s, i->begin, s->blocks - 1);
  }
  if (hcc__flow_begins(point)) {
    add_line(s, i->end, s->blocks++);
  }
}

static int read_shape(shape *s, hcc__flow *flow, const hcc_module *m, const hcc_func *func,
                      hcc_error *err) {
  hcc_reader r = {m->bytes, func->code.begin, func->code.end};
  int status = 0;
  s->key = UINT64_C(0xcbf29ce484222325);
  s->blocks = 1;
  s->lines.size = 0;
  add_line(s, func->code.begin, 0);
  hcc__flow_begin(flow);
  while (flow->depth > 0) {
    hcc_instr i;
    enum hcc__flow_point point;
    HCC_TRY(hcc_instr_next(&i, &r, err));
    HCC_TRY(hcc__flow_step(&point, flow, &i, 0, m->bytes, err));
    s->key = mix(s->key, i.code);
    if (point != HCC_FLOW_DEAD) {
      add_instr(s, &i, point);
    }
  }
  HCC_TRY(s->lines.failed ? no_memory(err) : 0);
out:
  return status;
}

static bool number(uint64_t *out, const char **at) {
  char *end;
  if (**at < '0' || **at > '9') { /* strtoull would take space and signs */
    return false;
  }
  *out = strtoull(*at, &end, 10);
  *at = end;
  return *out <= UINT32_MAX;
}

/* The next " block:count" of a line; false at its end. */
static bool next_count(const char **at, uint64_t *block, uint64_t *count) {
  if (*(*at)++ != ' ' || !number(block, at) || *(*at)++ != ':') {
    return false;
  }
  return number(count, at);
}

static bool read_entry(entry *e, const char *text) {
  uint64_t block, count;
  const char *at = text + KEY_DIGITS + 1;
  if (strspn(text, "0123456789abcdef") != KEY_DIGITS || text[KEY_DIGITS] != ' ' ||
      !number(&count, &at)) {
    return false;
  }
  *e = (entry){.key = strtoull(text, NULL, 16), .blocks = (uint32_t)count, .counts = at};
  while (next_count(&at, &block, &count)) {
    e->total += count;
  }
  return true;
}

static void read_entries(hcc_buf *entries, hcc_profile_fit *fit, const char *text) {
  while (*text != '\0') {
    entry e;
    if (read_entry(&e, text)) {
      fit->all += e.total;
      hcc_buf_add(entries, &e, sizeof e);
    }
    text += strcspn(text, "\n");
    text += *text == '\n';
  }
}

/* Of several functions of the same instructions the busiest. */
static entry *find(const hcc_buf *entries, const shape *s) {
  entry *all = (entry *)(void *)entries->data, *best = NULL;
  for (size_t i = 0; i < entries->size / sizeof *all; i++) {
    if (all[i].key == s->key && all[i].blocks == s->blocks &&
        (best == NULL || all[i].total > best->total)) {
      best = &all[i];
    }
  }
  return best;
}

/* As wasm2c names it: by its index, or by its export. */
static void write_name(hcc_buf *out, const hcc_plan *plan, uint32_t func, uint32_t added) {
  for (uint32_t i = 0; i < plan->export_count; i++) {
    if (plan->exports[i].func == func) {
      hcc_buf_format(out, "w2c_m_e%" PRIu32 "_0", i);
      return;
    }
  }
  hcc_buf_format(out, "w2c_m_f%" PRIu32, func + added);
}

/* Behind the name ":total:entries", then its lines. */
static int write_counts(hcc_buf *out, const shape *s, const entry *e, hcc_error *err) {
  const line *lines = (const line *)(const void *)s->lines.data;
  uint64_t block, count, *counts = calloc(s->blocks, sizeof *counts);
  if (counts == NULL) {
    return no_memory(err);
  }
  for (const char *at = e->counts; next_count(&at, &block, &count);) {
    if (block < s->blocks) {
      counts[block] = count;
    }
  }
  hcc_buf_format(out, ":%" PRIu64 ":%" PRIu64 "\n", e->total, counts[0]);
  for (size_t i = 0; i < s->lines.size / sizeof *lines; i++) {
    uint32_t offset = lines[i].offset - lines[0].offset;
    if (counts[lines[i].block] != 0 && offset <= OFFSET_MAX) {
      hcc_buf_format(out, " %" PRIu32 ": %" PRIu64 "\n", offset, counts[lines[i].block]);
    }
  }
  free(counts);
  return out->failed ? no_memory(err) : 0;
}

static int begin(shape *s, hcc__flow *flow, hcc_error *err) {
  *s = (shape){.key = 0};
  *flow = (hcc__flow){.frames = NULL};
  hcc_buf_init(&s->lines, OUT_MAX);
  return hcc__flow_new(flow, err);
}

int hcc_profile(hcc_buf *out, hcc_profile_fit *fit, const hcc_module *m, const hcc_plan *plan,
                const char *const *texts, uint32_t added, hcc_error *err) {
  shape s;
  hcc__flow flow;
  hcc_buf entries;
  int status;
  *fit = (hcc_profile_fit){.all = 0};
  hcc_buf_init(&entries, OUT_MAX);
  HCC_TRY(begin(&s, &flow, err));
  for (; *texts != NULL; texts++) {
    read_entries(&entries, fit, *texts);
  }
  for (uint32_t f = m->imported_funcs; f < m->func_count; f++) {
    HCC_TRY(read_shape(&s, &flow, m, &m->funcs[f], err));
    entry *e = find(&entries, &s);
    if (e != NULL) {
      fit->fits += e->used ? 0 : e->total;
      fit->functions++;
      e->used = true;
      write_name(out, plan, f, added);
      HCC_TRY(write_counts(out, &s, e, err));
    }
  }
  HCC_TRY(entries.failed ? no_memory(err) : 0);
out:
  hcc__flow_free(&flow);
  hcc_buf_free(&entries);
  hcc_buf_free(&s.lines);
  return status;
}

/* ---- making one ---- */

/* Times that some instruction of the offset ran, by line of LINES; the most of them. */
static void sum_lines(uint64_t *most, const struct hsb_file_line *lines, uint32_t line_count,
                      const hcc_profile_count *counts, uint32_t count) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < count; i++) {
    while (at < line_count && lines[at].pc <= counts[i].pc) {
      at++;
    }
    if (at > 0 && counts[i].count > most[at - 1]) {
      most[at - 1] = counts[i].count;
    }
  }
}

/* The block of an offset; NULL if it is not the function's. */
static const line *block_of(const shape *s, const hcc_func *func, uint32_t offset) {
  const line *lines = (const line *)(const void *)s->lines.data, *found = NULL;
  size_t low = 0, high = s->lines.size / sizeof *lines;
  if (offset < func->code.begin || offset >= func->code.end) {
    return NULL;
  }
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (lines[middle].offset <= offset) {
      found = &lines[middle];
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return found;
}

static int make_function(hcc_buf *out, const shape *s, const hcc_func *func,
                         const struct hsb_file_line *lines, uint32_t line_count,
                         const uint64_t *most, hcc_error *err) {
  uint64_t total = 0, *counts = calloc(s->blocks, sizeof *counts);
  if (counts == NULL) {
    return no_memory(err);
  }
  for (uint32_t i = 0; i < line_count; i++) {
    const line *l = most[i] == 0 ? NULL : block_of(s, func, lines[i].offset);
    if (l != NULL && most[i] > counts[l->block]) {
      counts[l->block] = most[i];
    }
  }
  for (uint32_t i = 0; i < s->blocks; i++) {
    total += counts[i];
  }
  if (total != 0) {
    hcc_buf_format(out, "%016" PRIx64 " %" PRIu32, s->key, s->blocks);
    for (uint32_t i = 0; i < s->blocks; i++) {
      if (counts[i] != 0) {
        hcc_buf_format(out, " %" PRIu32 ":%" PRIu64, i, counts[i]);
      }
    }
    hcc_buf_byte(out, '\n');
  }
  free(counts);
  return 0;
}

int hcc_profile_make(hcc_buf *out, const hcc_module *m, const struct hsb_file_line *lines,
                     uint32_t line_count, const hcc_profile_count *counts, uint32_t count,
                     hcc_error *err) {
  shape s;
  hcc__flow flow;
  uint64_t *most = calloc(line_count + 1u, sizeof *most);
  int status;
  HCC_TRY(begin(&s, &flow, err));
  HCC_TRY(most != NULL ? 0 : no_memory(err));
  sum_lines(most, lines, line_count, counts, count);
  for (uint32_t f = m->imported_funcs; f < m->func_count; f++) {
    HCC_TRY(read_shape(&s, &flow, m, &m->funcs[f], err));
    HCC_TRY(make_function(out, &s, &m->funcs[f], lines, line_count, most, err));
  }
  HCC_TRY(out->failed ? no_memory(err) : 0);
out:
  hcc__flow_free(&flow);
  hcc_buf_free(&s.lines);
  free(most);
  return status;
}
