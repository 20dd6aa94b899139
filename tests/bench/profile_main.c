/* profile_main.c - writes a profile of a script engine (profile.h) from what its plugin's
 * instructions did; profile.py runs it.
 *
 * usage: bench_profile MODULE PLUGIN < COUNTS
 *   COUNTS: lines "<address, hexadecimal> <how often>", ascending; all of one process's, at
 * whatever place the plugin was mapped */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs.h"
#include "limits.h"
#include "pack.h"
#include "profile.h"

#define COUNTS_MAX (4u << 20)
#define PAGE UINT64_C(4096)

typedef struct input {
  uint8_t *wasm, *plugin;
  size_t wasm_size, plugin_size, line_count;
  hcc_module *module;
  struct hsb_file_line *lines;
  hcc_profile_count *counts;
  uint32_t count;
} input;

static int read_counts(input *in) {
  in->counts = calloc(COUNTS_MAX, sizeof *in->counts);
  while (in->counts != NULL && in->count < COUNTS_MAX &&
         scanf("%" SCNx64 " %" SCNu64, &in->counts[in->count].pc, &in->counts[in->count].count) ==
             2) {
    in->count++;
  }
  return in->count == 0;
}

static int read_lines(input *in, hcc_error *err) {
  struct hsb_file_footer footer;
  size_t size;
  int status = hcc_unseal_footer(&footer, in->plugin, in->plugin_size, err);
  const uint8_t *at =
      status != 0 ? NULL
                  : hcc_pack_find(&size, in->plugin, in->plugin_size, &footer, HSB_SECTION_LINES);
  if (at == NULL || (in->lines = malloc(size + 1)) == NULL) {
    return hcc_fail(err, HCC_E_NOT_PLUGIN, HCC_NO_OFFSET, "no lines in the plugin");
  }
  memcpy(in->lines, at, size);
  in->line_count = size / sizeof *in->lines;
  return 0;
}

static int by_pc(const void *a, const void *b) {
  uint64_t x = ((const hcc_profile_count *)a)->pc, y = ((const hcc_profile_count *)b)->pc;
  return (x > y) - (x < y);
}

/* Beginnings of lines at which an instruction ran, if the plugin was mapped there. */
static uint32_t matches(const input *in, uint64_t base) {
  uint32_t found = 0;
  for (size_t i = 0; i < in->line_count; i++) {
    hcc_profile_count wanted = {.pc = base + in->lines[i].pc};
    found += bsearch(&wanted, in->counts, in->count, sizeof wanted, by_pc) != NULL;
  }
  return found;
}

/* Makes addresses those of the image. The right place is the one that explains most of them. */
static void rebase(input *in) {
  uint64_t span = in->lines[in->line_count - 1].pc + PAGE, busy = 0, pc = 0, best = 0;
  uint32_t most = 0, kept = 0;
  for (uint32_t i = 0; i < in->count; i++) {
    pc = in->counts[i].count > busy ? in->counts[i].pc : pc;
    busy = in->counts[i].count > busy ? in->counts[i].count : busy;
  }
  for (uint64_t base = (pc & ~(PAGE - 1)) - (span & ~(PAGE - 1)); base <= pc; base += PAGE) {
    uint32_t found = matches(in, base);
    best = found > most ? base : best;
    most = found > most ? found : most;
  }
  for (uint32_t i = 0; i < in->count; i++) {
    if (in->counts[i].pc - best < span) {
      in->counts[kept] = in->counts[i];
      in->counts[kept++].pc -= best;
    }
  }
  in->count = kept;
  fprintf(stderr, "bench_profile: %" PRIu32 " of %zu lines ran\n", most, in->line_count);
}

int main(int argc, char **argv) {
  hcc_error err = {.code = HCC_OK};
  hcc_buf out;
  input in = {.count = 0};
  int status = 0;
  hcc_buf_init(&out, 64u << 20);
  if (argc != 3) {
    HCC_TRY(hcc_fail(&err, HCC_E_USAGE, HCC_NO_OFFSET, "usage: bench_profile MODULE PLUGIN"));
  }
  HCC_TRY(hcc_file_read(&in.wasm, &in.wasm_size, argv[1], HCC_MAX_MODULE, &err));
  HCC_TRY(hcc_file_read(&in.plugin, &in.plugin_size, argv[2], HCC_MAX_PLUGIN, &err));
  HCC_TRY(hcc_decode(&in.module, in.wasm, in.wasm_size, &err));
  HCC_TRY(hcc_validate(in.module, &err));
  HCC_TRY(read_lines(&in, &err));
  HCC_TRY(read_counts(&in) == 0 ? 0 : hcc_fail(&err, HCC_E_IO, HCC_NO_OFFSET, "no counts"));
  rebase(&in);
  HCC_TRY(hcc_profile_make(&out, in.module, in.lines, (uint32_t)in.line_count, in.counts, in.count,
                           &err));
  fwrite(out.data, 1, out.size, stdout);
out:
  if (status != 0) {
    fprintf(stderr, "bench_profile: %s\n", err.text);
  }
  hcc_module_free(in.module);
  hcc_buf_free(&out);
  free(in.lines);
  free(in.counts);
  free(in.wasm);
  free(in.plugin);
  return status != 0;
}
