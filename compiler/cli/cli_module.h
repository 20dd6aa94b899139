/* cli_module.h - a decoded module described for people: as JSON first, which is printed as it is or
 * as text. Names are escaped in it (hcc_escape). */
#ifndef HCC_CLI_MODULE_H
#define HCC_CLI_MODULE_H

#include "cli.h"
#include "module.h"

/* Adds "sha256", "imports", "exports", "memory" ... to o. manifest: JSON of hcc_manifest, or NULL.
 */
void hcc_cli_describe(cJSON *o, const hcc_module *m, const cJSON *manifest);
/* Prints what hcc_cli_describe added. */
void hcc_cli_print_module(hcc_cli *cli, const cJSON *o);

/* Reads a file, at most max bytes; of a source the module that it becomes. */
int hcc_cli_read(hcc_cli *cli, uint8_t **bytes, size_t *size, const char *path, size_t max,
                 hcc_error *err);

/* *bytes (malloc'ed) is a text module; makes it a binary one, in the jail that a build would use.
 */
int hcc_cli_assemble(hcc_cli *cli, uint8_t **bytes, size_t *size, hcc_error *err);

#endif
