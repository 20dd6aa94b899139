/* audit.h - audit records of statements that change procedures. */
#ifndef HRT_AUDIT_H
#define HRT_AUDIT_H

#include "ddl/ddl.h"
#include "sqlite/session.h"

/* made: what became of it, as far as it came. err: if status is not 0. Inside of a transaction of
 * the caller's the record of what is done goes with it. Returns status; E_SQL if writing the record
 * ended the transaction. */
int hrt_audit_ddl(helios *h, const hrt_ddl *ddl, const hrt_definition *made, int status,
                  helios_error *err);
/* What became of records that went with a transaction: those that are gone leave another one. E_SQL
 * if looking for them ended the transaction. */
int hrt_audit_settle(helios *h, helios_error *err);
void hrt_audit_forget(helios *h);
/* Of helios_adopt, helios_rebuild: on one procedure, or on all (NULL). */
void hrt_audit_function(helios *h, const char *event, const char *procedure, int64_t count,
                        const helios_error *err);

#endif
