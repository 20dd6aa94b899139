/* tablepin.c - the version that answers all places of a statement that read a procedure's table.
 * SQLite tells a virtual table nothing of the statement, so pins are in a list of the connection,
 * each with its statement as far as running.c can tell it.
 *
 * Invariants: a pin that a cursor holds is of a statement that runs, since SQLite closes cursors at
 * the end; one that none holds (a trigger's is closed with each row) serves the same step only. */
#include "plugin/alloc.h"
#include "sqlite/flush.h"
#include "sqlite/pin.h"

static bool is_held(const hrt_pin *p) {
  return p->users > 1;
}

static void drop_if(helios *h, bool (*gone)(helios *, const hrt_pin *)) {
  for (hrt_pin **at = &h->table_pins; *at;) {
    hrt_pin *p = *at;
    if (is_held(p) || !gone(h, p)) {
      at = &p->next;
      continue;
    }
    *at = p->next;
    hrt_pin_unref(p);
  }
}

static bool has_ended(helios *h, const hrt_pin *p) {
  return !hrt_running_still(h, &p->in);
}

static bool is_unheld(helios *h, const hrt_pin *p) {
  (void)h, (void)p;
  return true;
}

void hrt_table_pins_check(helios *h) {
  drop_if(h, has_ended);
}

void hrt_table_pins_drop(helios *h) {
  drop_if(h, is_unheld);
}

hrt_pin *hrt_table_pin_found(const hrt_entry *e, const hrt_running *place) {
  hrt_pin *p = e->h->table_pins;
  for (; p; p = p->next) {
    bool same = is_held(p) ? p->in.stmt == place->stmt : hrt_running_same(&p->in, place);
    if (p->entry == e && place->stmt && same) {
      p->users++;
      return p;
    }
  }
  return NULL;
}

static int make(hrt_pin **out, hrt_entry *e, const hrt_running *place, helios_error *err) {
  helios *h = e->h;
  hrt_version *v;
  int status = hrt_resolve(&v, e, err);
  hrt_pin *p = status == 0 ? hrt_alloc(sizeof *p) : NULL;
  if (p == NULL) {
    return status != 0 ? status : hrt_fail(err, HELIOS_E_MEMORY, "out of memory");
  }
  *p = (hrt_pin){.version = hrt_version_ref(v), .entry = e, .users = 1, .in = *place};
  hrt_tally_begin(&p->tally, v, NULL, NULL, 0);
  (void)hrt_flush(NULL, h, HRT_FLUSH_BEGIN, NULL);
  if (place->stmt) {
    p->users++;
    p->next = h->table_pins;
    h->table_pins = p;
  }
  *out = p;
  return 0;
}

int hrt_table_pin(hrt_pin **out, hrt_entry *e, const hrt_running *place, helios_error *err) {
  hrt_table_pins_check(e->h);
  *out = hrt_table_pin_found(e, place);
  return *out ? 0 : make(out, e, place, err);
}
