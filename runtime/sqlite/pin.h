/* pin.h - what a running statement holds of a procedure: the version that answers all its calls, an
 * instance, what they cost. call.c makes and ends it; aggregate.c's groups hold it too.
 *
 * Invariant: a pin's version stays mapped until the last of its users is gone. */
#ifndef HRT_PIN_H
#define HRT_PIN_H

#include "instance/outermost.h"
#include "sqlite/tally.h"

#define HRT_FEW 2

struct hrt_pin {
  hrt_short ready; /* with the next: what its short calls find */
  uint32_t longs;  /* so many arguments, at most HRT_FEW, all i64 as the result is; or 0 */
  bool set;        /* both of these are, for the seat as it is */
  hrt_version *version;
  hrt_seat *seat; /* NULL: none yet, or it died, or the version keeps it */
  hrt_entry *entry;
  hrt_tally tally;
  uint32_t users; /* the statement, the call that makes it, groups */
  bool broken;    /* an aggregate's: its instance died, and the states of all groups with it */
  /* Of a table: in the connection's list, which is a user too, if it is known whose it is. */
  hrt_pin *next;
  hrt_running in;
};

/* The statement's pin, made now. *out has a use for the caller: unref it. */
int hrt_pin_new(hrt_pin **out, sqlite3_context *sql, hrt_entry *e, helios_error *err);
void hrt_pin_unref(void *pin);
/* The same for a table, which has no context: the pin that another place of the statement has made,
 * or a new one. e's procedure may turn out to return none. place: hrt_running_now, asked before
 * hrt_host_suspend. */
int hrt_table_pin(hrt_pin **out, hrt_entry *e, const hrt_running *place, helios_error *err);
/* The one that there is already, with a use for the caller, or NULL. */
hrt_pin *hrt_table_pin_found(const hrt_entry *e, const hrt_running *place);
/* All that the short calls of p find as it is set, until another pin's are or a call of another
 * kind is made. False: there is no seat, or a procedure runs. */
bool hrt_pin_arm(hrt_pin *p);
void hrt_pin_disarm(hrt_pin *p); /* before its seat is used in another way, or has gone */
/* Is it armed? Where two procedures are called in turn this comes with each call, so what is left
 * to do for one that was armed before is here. */
__attribute__((always_inline)) static inline bool hrt_pin_armed(hrt_pin *p, helios *h) {
  if (__builtin_expect(h->armed == p, 1)) {
    return true;
  }
  if (!p->set || !hrt_session_idle(h)) {
    return false;
  }
  hrt_allowance_set(h, p->version);
  h->armed = p;
  return true;
}
/* Can calls through t be answered by v? A pin serves all arities of the name. */
int hrt_pin_fits(const hrt_trampoline *t, const hrt_version *v, helios_error *err);
/* The arguments that were given, and DEFAULTs for the rest. */
sqlite3_value **hrt_pin_arguments(sqlite3_value *all[HRT_ARGS_MAX], const hrt_signature *s,
                                  uint32_t given, sqlite3_value **argv);
/* Gives the error to SQL. p: NULL if there is no pin. */
void hrt_pin_report(sqlite3_context *sql, hrt_entry *e, hrt_pin *p, int argc, sqlite3_value **argv,
                    helios_error *err);

#endif
