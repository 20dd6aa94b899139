/* wasmopt.c - wasm-opt's command line. It is told the features that heliosc takes and no other, so
 * that it never writes what would be refused. Invariants: see wasmopt.h. */
#include "wasmopt.h"

#include "fs.h"
#include "limits.h"

int hcc_wasm_opt(uint8_t **wasm, size_t *wasm_size, const uint8_t *bytes, size_t size,
                 const char *folder, const hcc_tool *tool, const hcc_jail *jail, uint32_t seconds,
                 hcc_error *err) {
  const char *argv[] = {tool->path,
                        "--strip-dwarf", /* it faults at a table of lines that stands alone */
                        "-O3",
                        "--debuginfo", /* names of functions: errors show them */
                        "--mvp-features",
                        "--enable-bulk-memory",
                        "--enable-simd",
                        "--enable-sign-ext",
                        "--enable-nontrapping-float-to-int",
                        "--enable-mutable-globals",
                        "--enable-multivalue",
                        "--enable-reference-types",
                        "before.wasm",
                        "-o",
                        "after.wasm",
                        NULL};
  hcc_run run = {
      .tool = "wasm-opt", .argv = argv, .folder = folder, .jail = jail, .seconds = seconds};
  hcc_ran ran;
  char path[HCC_PATH];
  int status = hcc_path(path, err, "%s/before.wasm", folder);
  HCC_TRY(status);
  HCC_TRY(hcc_file_write(path, bytes, size, err));
  HCC_TRY(hcc_run_one(&ran, &run, err));
  HCC_TRY(hcc_path(path, err, "%s/after.wasm", folder));
  HCC_TRY(hcc_file_read(wasm, wasm_size, path, HCC_MAX_MODULE, err));
out:
  return status;
}
