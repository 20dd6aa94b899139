/* body.h - the body of a LANGUAGE sql procedure. body.c has the rules.
 *
 * Invariant: belongs to one version, and so to one connection. */
#ifndef HRT_BODY_H
#define HRT_BODY_H

#include "sqlite/session.h"

#define HRT_BODY_BYTES (1 << 20)
#define HRT_BODY_PARTS 100 /* statements */
#define HRT_BODY_COLONS 64 /* names of parameters without their colon, in a statement */
#define HRT_BODY_DEPTH 16  /* as calls of guests, with which they count */

typedef struct hrt_body hrt_body;

/* Cuts the text into statements. Errors: E_SYNTAX with the offset in the text, E_LIMIT, E_MEMORY.
 */
int hrt_body_make(hrt_body **out, const char *text, size_t length, helios_error *err);
void hrt_body_free(hrt_body *b); /* takes NULL */
/* Can it run on this database, as it is now? Compiles each statement. Errors: E_SQL, E_SYNTAX with
 * the offset, E_SIGNATURE. */
int hrt_body_check(const hrt_version *v, helios_error *err);
/* Under the allowance of its call. */
int hrt_body_run(const hrt_request *r, helios_error *err);
void hrt_body_quiesce(hrt_body *b); /* finalizes its statements */

#endif
