/* linkcheck.h - is this ELF image what heliosc may emit? (DESIGN 3.7.) Shares no code with the rest
 * of the compiler: it includes nothing of it, so that a bug there can't hide here.
 *
 * Invariant: accepts only what it has understood to the last byte of .text. */
#ifndef HCC_LINKCHECK_H
#define HCC_LINKCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct hcc_linkcheck_report {
  uint64_t offset;       /* in the image, of the first refusal */
  char text[192];        /* empty if accepted */
  bool control_flow;     /* all is well but where jumps lead: other code may do the same and pass */
  bool no_memory;        /* it could not be looked at */
  uint64_t instructions; /* decoded */
  uint64_t text_bytes;
} hcc_linkcheck_report;

/* 0 if accepted, 1 if refused (report->text says why). image: the ELF bytes alone. */
int hcc_linkcheck(hcc_linkcheck_report *report, const void *image, size_t size);

#endif
