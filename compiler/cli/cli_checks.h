/* cli_checks.h - a list of checks as `verify` and `doctor` print it: one line each, ok, warn or
 * fail, with what to do. */
#ifndef HCC_CLI_CHECKS_H
#define HCC_CLI_CHECKS_H

#include "cli.h"

enum hcc_check { HCC_CHECK_OK, HCC_CHECK_WARN, HCC_CHECK_FAIL };

/* fix: what to do, may be NULL. text and fix hold no byte of a file unescaped. */
void hcc_cli_check(hcc_cli *cli, enum hcc_check result, const char *name, const char *text,
                   const char *fix);

#endif
