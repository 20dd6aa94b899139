/* rewrite_main.c - `rewrite_tool`: rewrites modules for the Node tests. A line "IN OUT" of stdin
 * each; a line of JSON on stdout for each: what became of it and where its exports are. Each module
 * is also rewritten with every other combination of options, and every result must decode and
 * validate. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rewrite.h"

#define OUTPUT_MAX (1u << 30)

static int read_file(hcc_buf *out, const char *path) {
  FILE *f = fopen(path, "rb");
  char chunk[65536];
  size_t n;
  if (f == NULL) {
    return 1;
  }
  while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) {
    hcc_buf_add(out, chunk, n);
  }
  int status = ferror(f) || out->failed;
  fclose(f);
  return status;
}

static int write_file(const char *path, const hcc_buf *bytes) {
  FILE *f = fopen(path, "wb");
  if (f == NULL) {
    return 1;
  }
  int status = fwrite(bytes->data, 1, bytes->size, f) != bytes->size;
  return fclose(f) != 0 || status;
}

static int load(hcc_module **out, const hcc_buf *bytes, hcc_error *err) {
  int status;
  HCC_TRY(hcc_decode(out, bytes->data, bytes->size, err));
  HCC_TRY(hcc_validate(*out, err));
out:
  if (status != 0) {
    hcc_module_free(*out);
    *out = NULL;
  }
  return status;
}

/* The result must be a module again. What the rewrite adds may exceed a limit of the input. */
static int check(const hcc_buf *bytes, hcc_error *err) {
  hcc_module *m = NULL;
  hcc_error own = {0};
  int status = load(&m, bytes, &own);
  hcc_module_free(m);
  if (status == HCC_E_LIMIT) {
    return 0;
  }
  if (status != 0) {
    *err = own;
  }
  return status;
}

static int rewrite(hcc_buf *out, hcc_plan *plan, const hcc_module *m, unsigned bits,
                   hcc_error *err) {
  hcc_rewrite_options options = {
      .meter = bits & 1, .marks = (bits & 2) != 0, .alone = (bits & 4) != 0};
  int status;
  HCC_TRY(hcc_rewrite(out, plan, m, &options, err));
  HCC_TRY(check(out, err));
out:
  return status;
}

static void print_plan(const hcc_module *m, const hcc_plan *plan) {
  const char *comma = "";
  printf("{\"ok\":true,\"imports\":%" PRIu32 ",\"start\":%s,\"exports\":{", m->imported_funcs,
         m->start != HCC_NO_START ? "true" : "false");
  for (uint32_t i = 0; i < m->export_count; i++) {
    uint32_t at = 0;
    while (at < plan->export_count && plan->exports[at].func != m->exports[i].index) {
      at++;
    }
    if (m->exports[i].kind == HCC_FUNC && at < plan->export_count) {
      printf("%s\"", comma);
      for (uint32_t k = m->exports[i].name.begin; k < m->exports[i].name.end; k++) {
        printf("%02x", m->bytes[k]);
      }
      printf("\":%" PRIu32, at);
      comma = ",";
    }
  }
  printf("}}\n");
}

static int run(const char *in, const char *out, hcc_error *err) {
  hcc_module *m = NULL;
  hcc_buf bytes, result;
  hcc_plan plan = {0};
  int status;
  hcc_buf_init(&bytes, OUTPUT_MAX);
  hcc_buf_init(&result, OUTPUT_MAX);
  if (read_file(&bytes, in) != 0) {
    status = hcc_fail(err, HCC_E_IO, HCC_NO_OFFSET, "can't read the input");
    goto out;
  }
  HCC_TRY(load(&m, &bytes, err));
  for (unsigned bits = 0; bits < 8; bits++) {
    hcc_buf_free(&result);
    hcc_plan_free(&plan);
    HCC_TRY(rewrite(&result, &plan, m, bits ^ 2, err)); /* the last one: metered, data kept */
  }
  if (write_file(out, &result) != 0) {
    status = hcc_fail(err, HCC_E_IO, HCC_NO_OFFSET, "can't write the output");
    goto out;
  }
  print_plan(m, &plan);
out:
  hcc_plan_free(&plan);
  hcc_buf_free(&result);
  hcc_buf_free(&bytes);
  if (status != 0) {
    printf("{\"ok\":false,\"input\":%s,\"code\":%d}\n", m == NULL ? "true" : "false", err->code);
    fprintf(stderr, "%s: %s: %s at %" PRIu64 "\n", in, hcc_code_title(err->code), err->text,
            err->offset);
  }
  hcc_module_free(m);
  return status;
}

int main(void) {
  char line[8192];
  while (fgets(line, sizeof line, stdin) != NULL) {
    hcc_error err = {0};
    char *in = strtok(line, " \n"), *out = strtok(NULL, " \n");
    if (in != NULL && out != NULL) {
      run(in, out, &err);
      fflush(stdout);
    }
  }
  return ferror(stdin) ? 1 : 0;
}
