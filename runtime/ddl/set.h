/* set.h - SET, SHOW and RESET of session variables: small statements of their own, apart from the
 * grammar of procedures. docs/sql.md has it.
 *
 * Invariant: parsing reads text only; whether a name will do is host/variables.c's business. */
#ifndef HRT_DDL_SET_H
#define HRT_DDL_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "plugin/error.h"

typedef enum hrt_set_action { HRT_SET_SET, HRT_SET_SHOW, HRT_SET_RESET } hrt_set_action;

#define HRT_SET_NAME_BYTES 256 /* more than a name may have, with the NUL */

typedef struct hrt_set {
  hrt_set_action action; /* SET name TO DEFAULT is RESET */
  bool all;              /* SHOW ALL, RESET ALL: no name */
  char name[HRT_SET_NAME_BYTES];
  char *value; /* of SET; owned: hrt_free */
  size_t value_length;
  size_t end; /* bytes of the text that the statement takes, with its ';' */
} hrt_set;

/* Does the text begin with SET, SHOW or RESET? */
bool hrt_set_is(const char *text, size_t length);
/* Errors: E_SYNTAX, with the offset, E_MEMORY; then there is no value. */
int hrt_set_parse(hrt_set *out, const char *text, size_t length, helios_error *err);

#endif
