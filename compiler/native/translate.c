/* translate.c - runs wasm2c and deals its functions out to files. Must not let a byte of wasm2c's
 * text through that ctext.c has not seen. Invariants: see translate.h. */
#include "translate.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctext.h"
#include "limits.h"
#include "recursion.h"
#include "share.h"

/* Up to here everything is one file: clang sees each call, and starts once (measured: 96 KiB of
 * canonical module are about 3 s of clang -O3). */
#define ONE_PART (64u << 10)
#define PART (128u << 10)

#define TEXT_MAX HCC_MAX_PLUGIN /* of a part */

uint32_t hcc_parts(size_t module_size) {
  size_t parts = module_size <= ONE_PART ? 1 : 1 + module_size / PART;
  return parts > HCC_MAX_PARTS ? HCC_MAX_PARTS : (uint32_t)parts;
}

/* The last ones have half the text of the others: no processor waits long for another's last. */
#define SMALL 4u
#define SMALL_FROM (2 * SMALL) /* parts */

uint64_t hcc_part_end(uint64_t bytes, uint32_t parts, uint32_t part) {
  uint32_t small = parts < SMALL_FROM ? 0 : SMALL, large = parts - small, done = part + 1;
  uint64_t halves = done <= large ? 2 * (uint64_t)done : (uint64_t)large + done;
  return bytes * halves / (2 * (uint64_t)large + small);
}

typedef struct text { /* a file of wasm2c's, mapped */
  char *at;
  size_t size;
  hcc_ctext parsed;
} text;

static int fail_file(hcc_error *err, const char *what, const char *name) {
  return hcc_fail(err, HCC_E_IO, HCC_NO_OFFSET, "can't %s %s in the temporary folder", what, name);
}

static int open_text(text *t, const char *folder, const char *name, hcc_error *err) {
  char path[HCC_PATH];
  struct stat info;
  int status = hcc_path(path, err, "%s/%s", folder, name);
  if (status != 0) {
    return status;
  }
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 || fstat(fd, &info) != 0 || info.st_size <= 0) {
    HCC_TRY(fail_file(err, "read", name));
  }
  void *at = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (at == MAP_FAILED) {
    HCC_TRY(fail_file(err, "map", name));
  }
  t->at = at;
  t->size = (size_t)info.st_size;
  HCC_TRY(hcc_ctext_split(&t->parsed, t->at, t->size, err));
out:
  if (fd >= 0) {
    close(fd);
  }
  return status;
}

static void close_text(text *t) {
  hcc_ctext_free(&t->parsed);
  if (t->at != NULL) {
    munmap(t->at, t->size);
  }
}

static int run_wasm2c(hcc_translation *out, const hcc_translate_options *o, hcc_error *err) {
  const char *argv[] = {o->wasm2c->path,
                        "-n",
                        "m",
                        o->parts == 1 ? "--num-outputs=1" : "--num-outputs=2",
                        "--enable-extended-const",
                        "--no-debug-names",
                        "-o",
                        "m.c",
                        "m.wasm",
                        NULL};
  hcc_run run = {
      .tool = "wasm2c", .argv = argv, .folder = o->folder, .jail = o->jail, .seconds = o->seconds};
  hcc_ran ran;
  int status = hcc_run_one(&ran, &run, err);
  out->peak_kib = ran.peak_kib;
  return status;
}

/* Is it the last that the table has of its type? All others of the type are there, so what is none
 * of them traps. */
static bool is_last(const hcc_plan_callee *c, const hcc_plan_callee *end) {
  return c + 1 == end || c[1].type != c->type || c[1].table != c->table;
}

/* CALL_INDIRECT (hsb_table.h) anew, a macro for each type: whom a table is known to hold is called
 * by name. Which table it is, clang knows. */
static void put_calls(hcc_buf *out, const hcc_plan *plan) {
  const hcc_plan_callee *c = plan->callees, *end = c + plan->callee_count;
  hcc_buf_text(out, "#undef CALL_INDIRECT\n"
                    "#define CALL_INDIRECT(table, type, signature, x, self, ...) "
                    "HSB_CALL_##signature(table, type, signature, x, ##__VA_ARGS__)\n");
  for (uint32_t type = 0; type < plan->type_count; type++) {
    hcc_buf_format(
        out, "#define HSB_CALL_w2c_m_t%u(table, type, signature, x, ...) ({ u32 hsb_x = (x); ",
        type);
    const hcc_plan_callee *first = c;
    for (; c < end && c->type == type; c++) {
      hcc_buf_format(out,
                     "%s(&(table) == &instance->w2c_T%u && hsb_x == %uu) ? "
                     "w2c_m_%c%u(instance, ##__VA_ARGS__) : ",
                     is_last(c, end) ? "LIKELY" : "", c->table, c->slot, c->kind, c->number);
    }
    hcc_buf_format(out, "HSB_CALL%s(table, type, signature, hsb_x, ##__VA_ARGS__); })\n",
                   c != first && plan->metered ? "_BESIDE" : "");
  }
}

/* Prelude, what takes it over, then chunks. */
static void begin_part(hcc_buf *out, const text *t, const hcc_plan *plan,
                       const hcc_translate_options *o) {
  hcc_buf_init(out, TEXT_MAX);
  hcc_buf_add(out, t->at, t->parsed.prelude);
  hcc_buf_text(out, "\n#include \"hsb_override.h\"\n");
  if (o->direct && plan->callee_count != 0) {
    put_calls(out, plan);
  }
}

static int end_part(uint64_t *size, const hcc_buf *part, const char *folder, uint32_t n,
                    hcc_error *err) {
  char path[HCC_PATH];
  int status;
  if (part->failed) {
    return part->no_memory
               ? hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for the C text")
               : hcc_fail(err, HCC_E_LIMIT, HCC_NO_OFFSET, "more than 1 GiB of C text");
  }
  *size = part->size;
  HCC_TRY(hcc_path(path, err, "%s/p%u.c", folder, n));
  HCC_TRY(hcc_file_write(path, part->data, part->size, err));
out:
  return status;
}

static int write_function(hcc_buf *out, const hcc_chunk *c, hcc_fold *fold,
                          const hcc_translate_options *o, hcc_error *err) {
  size_t from = out->size;
  int status = hcc_ctext_write(out, c, fold, err);
  if (status == 0 && o->copies && c->kind != '-') {
    hcc_recursion_copy(out, from);
  }
  return status;
}

static int write_whole(hcc_translation *out, const text *t, const hcc_plan *plan,
                       const hcc_translate_options *o, hcc_error *err) {
  hcc_buf part;
  hcc_fold fold;
  int status = 0;
  hcc_fold_init(&fold, o->places);
  begin_part(&part, t, plan, o);
  for (uint32_t i = 0; i < t->parsed.count; i++) {
    HCC_TRY(write_function(&part, &t->parsed.chunks[i], o->fold ? &fold : NULL, o, err));
  }
  HCC_TRY(end_part(&out->c_bytes, &part, o->folder, 0, err));
out:
  hcc_fold_free(&fold);
  hcc_buf_free(&part);
  return status;
}

static uint32_t order(const hcc_chunk *c, const hcc_plan *plan) {
  if (c->kind == 'e') {
    return c->index < plan->export_count ? plan->exports[c->index].func : UINT32_MAX;
  }
  return c->index;
}

static int by_index(const void *a, const void *b) {
  const hcc_chunk *x = a, *y = b;
  return x->index != y->index ? (x->index < y->index ? -1 : 1) : (x->begin < y->begin ? -1 : 1);
}

typedef struct functions { /* that are translated, of both texts */
  hcc_chunk *at;
  uint32_t count;
  uint64_t bytes;
} functions;

/* In the order of the module: callers stay near callees. */
static int gather(functions *out, const text texts[2], const hcc_plan *plan, hcc_error *err) {
  uint32_t total = texts[0].parsed.functions + texts[1].parsed.functions;
  functions all = {.at = calloc((size_t)total + 1, sizeof *all.at)};
  if (all.at == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for %u functions", total);
  }
  for (int t = 0; t < 2; t++) {
    for (uint32_t i = 0; i < texts[t].parsed.count; i++) {
      const hcc_chunk *c = &texts[t].parsed.chunks[i];
      if (c->kind != '-' && all.count < total) {
        all.at[all.count] = *c;
        all.at[all.count++].index = order(c, plan);
        all.bytes += c->size;
      }
    }
  }
  qsort(all.at, all.count, sizeof *all.at, by_index);
  *out = all;
  return 0;
}

typedef struct parts { /* what the threads that write them share */
  const hcc_translate_options *options;
  const hcc_plan *plan;
  const text *texts; /* 2 */
  const hcc_chunk *functions;
  uint32_t ends[HCC_MAX_PARTS];  /* of each part's functions */
  uint64_t sizes[HCC_MAX_PARTS]; /* of each part's text, when it is written */
} parts;

static void deal(parts *p, const functions *all) {
  uint64_t done = 0;
  uint32_t next = 0;
  p->functions = all->at;
  for (uint32_t part = 0; part < p->options->parts; part++) {
    uint64_t until = hcc_part_end(all->bytes, p->options->parts, part);
    while (next < all->count && done < until) {
      done += all->at[next++].size;
    }
    p->ends[part] = next;
  }
}

/* Data, tables and initialisation go to part 0. */
static int write_rest(hcc_buf *out, const text *t, hcc_error *err) {
  int status = 0;
  for (uint32_t i = 0; i < t->parsed.count && status == 0; i++) {
    if (t->parsed.chunks[i].kind == '-') {
      status = hcc_ctext_write(out, &t->parsed.chunks[i], NULL, err);
    }
  }
  return status;
}

static int write_part(void *arg, uint32_t part, hcc_error *err) {
  parts *p = arg;
  const hcc_translate_options *o = p->options;
  hcc_buf out;
  hcc_fold fold;
  int status = 0;
  hcc_fold_init(&fold, o->places);
  begin_part(&out, &p->texts[0], p->plan, o);
  if (part == 0) {
    HCC_TRY(write_rest(&out, &p->texts[0], err));
    HCC_TRY(write_rest(&out, &p->texts[1], err));
  }
  for (uint32_t i = part == 0 ? 0 : p->ends[part - 1]; i < p->ends[part]; i++) {
    HCC_TRY(write_function(&out, &p->functions[i], o->fold ? &fold : NULL, o, err));
  }
  HCC_TRY(end_part(&p->sizes[part], &out, p->options->folder, part, err));
out:
  hcc_fold_free(&fold);
  hcc_buf_free(&out);
  return status;
}

static int write_parts(hcc_translation *out, const text texts[2], const hcc_plan *plan,
                       const hcc_translate_options *o, hcc_error *err) {
  functions all = {.at = NULL};
  parts p = {.options = o, .plan = plan, .texts = texts};
  int status = gather(&all, texts, plan, err);
  if (status != 0) {
    return status;
  }
  deal(&p, &all);
  status = hcc_share(write_part, &p, o->parts, o->jobs, err);
  for (uint32_t part = 0; part < o->parts; part++) {
    out->c_bytes += p.sizes[part];
  }
  free(all.at);
  return status;
}

typedef struct pair {
  text texts[2];
  const char *folder;
} pair;

static int open_one(void *arg, uint32_t i, hcc_error *err) {
  pair *p = arg;
  return open_text(&p->texts[i], p->folder, i == 0 ? "m_0.c" : "m_1.c", err);
}

int hcc_translate(hcc_translation *out, const uint8_t *module, size_t size, const hcc_plan *plan,
                  const hcc_translate_options *options, hcc_error *err) {
  char path[HCC_PATH];
  pair p = {.folder = options->folder};
  *out = (hcc_translation){.c_bytes = 0};
  int status = hcc_path(path, err, "%s/m.wasm", options->folder);
  if (status != 0) {
    return status;
  }
  HCC_TRY(hcc_file_write(path, module, size, err));
  HCC_TRY(run_wasm2c(out, options, err));
  if (options->parts == 1) {
    HCC_TRY(open_text(&p.texts[0], options->folder, "m.c", err));
    HCC_TRY(write_whole(out, &p.texts[0], plan, options, err));
  } else {
    HCC_TRY(hcc_share(open_one, &p, 2, options->jobs, err));
    HCC_TRY(write_parts(out, p.texts, plan, options, err));
  }
out:
  close_text(&p.texts[0]);
  close_text(&p.texts[1]);
  return status;
}
