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

/* Up to here everything is one file: clang sees each call, and starts once (measured: 96 KiB of
 * canonical module are about 3 s of clang -O3). */
#define ONE_PART (64u << 10)
#define PART (128u << 10)

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

static int open_part(FILE **out, const char *folder, uint32_t n, hcc_error *err) {
  char path[HCC_PATH];
  int status = hcc_path(path, err, "%s/p%u.c", folder, n);
  if (status == 0 && (*out = fopen(path, "we")) == NULL) {
    status = fail_file(err, "create", "a part");
  }
  return status;
}

static int close_part(hcc_translation *out, FILE *file, int status, hcc_error *err) {
  long size = ftell(file);
  bool failed = ferror(file) != 0 || size < 0;
  if ((fclose(file) != 0 || failed) && status == 0) {
    status = fail_file(err, "write", "a part");
  }
  out->c_bytes += size > 0 ? (uint64_t)size : 0;
  return status;
}

/* Prelude, what takes it over, then the chunks of one kind or all. */
static void write_prelude(FILE *file, const text *t) {
  fwrite(t->at, 1, t->parsed.prelude, file);
  fputs("\n#include \"hsb_override.h\"\n", file);
}

static int write_whole(hcc_translation *out, const text *t, const char *folder, hcc_fold *fold,
                       hcc_error *err) {
  FILE *file;
  int status = open_part(&file, folder, 0, err);
  if (status != 0) {
    return status;
  }
  write_prelude(file, t);
  for (uint32_t i = 0; i < t->parsed.count && status == 0; i++) {
    status = hcc_ctext_write(file, &t->parsed.chunks[i], fold, err);
  }
  return close_part(out, file, status, err);
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

/* All translated functions of both texts in the order of the module: callers stay near callees. */
static int gather(hcc_chunk **out, uint32_t *count, uint64_t *bytes, const text texts[2],
                  const hcc_plan *plan, hcc_error *err) {
  uint32_t total = texts[0].parsed.functions + texts[1].parsed.functions, n = 0;
  hcc_chunk *all = calloc((size_t)total + 1, sizeof *all);
  if (all == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory for %u functions", total);
  }
  *bytes = 0;
  for (int t = 0; t < 2; t++) {
    for (uint32_t i = 0; i < texts[t].parsed.count; i++) {
      const hcc_chunk *c = &texts[t].parsed.chunks[i];
      if (c->kind != '-' && n < total) {
        all[n] = *c;
        all[n++].index = order(c, plan);
        *bytes += c->size;
      }
    }
  }
  qsort(all, n, sizeof *all, by_index);
  *out = all;
  *count = n;
  return 0;
}

/* Data, tables and initialisation go to part 0. */
static int write_rest(FILE *file, const text *t, hcc_error *err) {
  int status = 0;
  for (uint32_t i = 0; i < t->parsed.count && status == 0; i++) {
    if (t->parsed.chunks[i].kind == '-') {
      status = hcc_ctext_write(file, &t->parsed.chunks[i], NULL, err);
    }
  }
  return status;
}

static int write_parts(hcc_translation *out, const text texts[2], const hcc_plan *plan,
                       const hcc_translate_options *o, hcc_fold *fold, hcc_error *err) {
  hcc_chunk *all = NULL;
  uint32_t count = 0, next = 0;
  uint64_t bytes = 0, done = 0;
  int status = gather(&all, &count, &bytes, texts, plan, err);
  if (status != 0) {
    return status;
  }
  for (uint32_t part = 0; part < o->parts && status == 0; part++) {
    FILE *file;
    HCC_TRY(open_part(&file, o->folder, part, err));
    write_prelude(file, &texts[0]);
    for (int t = 0; t < 2 && part == 0 && status == 0; t++) {
      status = write_rest(file, &texts[t], err);
    }
    uint64_t until = hcc_part_end(bytes, o->parts, part);
    while (next < count && done < until && status == 0) {
      status = hcc_ctext_write(file, &all[next], fold, err);
      done += all[next++].size;
    }
    status = close_part(out, file, status, err);
  }
out:
  free(all);
  return status;
}

int hcc_translate(hcc_translation *out, const uint8_t *module, size_t size, const hcc_plan *plan,
                  const hcc_translate_options *options, hcc_error *err) {
  char path[HCC_PATH];
  text texts[2] = {{.at = NULL}, {.at = NULL}};
  hcc_fold state, *fold = options->fold ? &state : NULL;
  *out = (hcc_translation){.c_bytes = 0};
  hcc_fold_init(&state, options->places);
  int status = hcc_path(path, err, "%s/m.wasm", options->folder);
  if (status != 0) {
    return status;
  }
  HCC_TRY(hcc_file_write(path, module, size, err));
  HCC_TRY(run_wasm2c(out, options, err));
  if (options->parts == 1) {
    HCC_TRY(open_text(&texts[0], options->folder, "m.c", err));
    HCC_TRY(write_whole(out, &texts[0], options->folder, fold, err));
  } else {
    HCC_TRY(open_text(&texts[0], options->folder, "m_0.c", err));
    HCC_TRY(open_text(&texts[1], options->folder, "m_1.c", err));
    HCC_TRY(write_parts(out, texts, plan, options, fold, err));
  }
out:
  hcc_fold_free(&state);
  close_text(&texts[0]);
  close_text(&texts[1]);
  return status;
}
