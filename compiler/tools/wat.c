/* wat.c - runs wat2wasm. Must not be asked for binary modules: they need no tool. Invariants:
 * wat.h. */
#include "wat.h"

#include <string.h>

#include "limits.h"

bool hcc_is_binary(const uint8_t *bytes, size_t size) {
  return size >= 4 && memcmp(bytes, "\0asm", 4) == 0;
}

/* Does it look like text at all? A module begins with '(' or a comment. */
static bool is_text(const uint8_t *text, size_t size) {
  size_t at = 0;
  while (at < size && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0') {
    at++;
  }
  return at < size && (text[at] == '(' || text[at] == ';');
}

int hcc_wat(uint8_t **wasm, size_t *wasm_size, const uint8_t *text, size_t size, const char *folder,
            const hcc_tool *wat2wasm, const hcc_jail *jail, uint32_t seconds, hcc_error *err) {
  const char *argv[] = {wat2wasm->path,
                        "--debug-names",
                        "--enable-annotations",
                        "--enable-extended-const",
                        "in.wat",
                        "-o",
                        "in.wasm",
                        NULL};
  hcc_run run = {
      .tool = "wat2wasm", .argv = argv, .folder = folder, .jail = jail, .seconds = seconds};
  hcc_ran ran;
  hcc_error failure = {.code = HCC_OK};
  char path[HCC_PATH];
  int status;
  if (!is_text(text, size)) {
    return hcc_fail(err, HCC_E_MALFORMED, 0, "neither a binary nor a text module");
  }
  HCC_TRY(hcc_path(path, err, "%s/in.wat", folder));
  HCC_TRY(hcc_file_write(path, text, size, err));
  status = hcc_run_one(&ran, &run, &failure);
  if (status == HCC_E_TOOL_FAILED) {
    const char *said = strstr(failure.text, "in.wat:");
    HCC_TRY(hcc_fail(err, HCC_E_WAT, HCC_NO_OFFSET, "%s",
                     said == NULL ? failure.text : said + strlen("in.wat:")));
  }
  HCC_TRY(status == 0 ? 0 : hcc_fail(err, failure.code, HCC_NO_OFFSET, "%s", failure.text));
  HCC_TRY(hcc_path(path, err, "%s/in.wasm", folder));
  HCC_TRY(hcc_file_read(wasm, wasm_size, path, HCC_MAX_MODULE, err));
out:
  return status;
}
