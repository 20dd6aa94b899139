/* tryout.c - the parent of the child that evaluates a script: runs it, hands on what it said.
 * Invariants: see tryout.h. */
#include "tryout.h"

#include <stdlib.h>
#include <string.h>

#include "fs.h"
#include "source.h"

/* What Python has and MicroPython has not looks like a mistake. */
static const char *hint_for(const char *file, const char *text) {
  size_t stem;
  const hcc_language *l = hcc_language_of(&stem, file);
  bool lacks = strncmp(text, "ImportError", 11) == 0 || strncmp(text, "SyntaxError", 11) == 0;
  return lacks && l != NULL && l->build == hcc_build_python
             ? "if Python has it: MicroPython is a subset; what is not there: docs/sdk-python.md"
             : NULL;
}

/* "proc.js:12: text" to a message with its place. */
static void tell(char *said, const hcc_listener *listener) {
  hcc_message m = {.level = "error", .text = said};
  char *colon = strchr(said, ':'), *end = NULL;
  unsigned long line = colon == NULL ? 0 : strtoul(colon + 1, &end, 10);
  if (line > 0 && line < UINT32_MAX && *end == ':') {
    *colon = '\0';
    m.file = said;
    m.line = (unsigned)line;
    m.text = end + 1 + (end[1] == ' ');
    m.hint = hint_for(said, m.text);
  }
  if (listener->hear != NULL) {
    listener->hear(listener->arg, &m);
  }
}

int hcc_tryout(const char *plugin, const char *folder, const hcc_jail *jail, uint32_t seconds,
               const hcc_listener *listener, hcc_error *err) {
  const char *argv[] = {"/proc/self/exe", HCC_TRYOUT, plugin, NULL};
  char own[HCC_PATH];
  hcc_jail roomy = *jail;
  int status = hcc_source_folder(own, "/proc/self/exe", err);
  if (status != 0) {
    return status;
  }
  hcc_ran *ran = calloc(1, sizeof *ran);
  hcc_error failure = {.code = HCC_OK};
  if (ran == NULL) {
    return hcc_fail(err, HCC_E_NO_MEMORY, HCC_NO_OFFSET, "no memory to try the script");
  }
  roomy.readable[0] = own;
  roomy.memory = UINT64_MAX; /* address space: memory has a limit of its own there */
  hcc_run run = {
      .tool = "the script", .argv = argv, .folder = folder, .jail = &roomy, .seconds = seconds};
  status = hcc_run_one(ran, &run, &failure);
  char *end = strchr(ran->output, '\n');
  if (end != NULL) {
    *end = '\0';
  }
  if (status != 0) {
    status = hcc_fail(err, failure.code, HCC_NO_OFFSET, "%s", failure.text);
  } else if (strncmp(ran->output, "error ", 6) == 0) {
    tell(ran->output + 6, listener);
    status = hcc_fail(err, HCC_E_SOURCE, HCC_NO_OFFSET, "the script can't be evaluated");
  }
  free(ran);
  return status;
}
