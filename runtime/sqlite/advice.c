/* advice.c - a hint for what is said of a name: the parameters of a procedure that was called with
 * too many or too few arguments, the procedure or extension that is nearest to a name which nothing
 * has.
 * For the application only, which can read the catalog: SQL of a guest does not come this way.
 *
 * Invariant: only the hint of the error is written, and only if there is none; but SQLite rolls
 * back a transaction if there is no memory to read in it, and if that happens here, the error says
 * so. */
#include <string.h>
#include <strings.h>

#include "plugin/alloc.h"
#include "plugin/nearest.h"
#include "sqlite/session.h"
#include "sqlite/words.h"

static void put_name(hrt_words *w, const char *before, const char *name) {
  char escaped[HRT_ESCAPED];
  hrt_words_put(w, before, hrt_escape(escaped, name, strlen(name)));
}

static void hint_params(helios_error *err, const hrt_definition *d) {
  hrt_words w = {.used = 0};
  put_name(&w, "", d->name);
  for (uint32_t i = 0; i < d->param_count; i++) {
    const hrt_param *p = &d->params[i];
    put_name(&w, i == 0 ? "(" : ", ", p->name);
    hrt_words_put(&w, p->name[0] ? " " : "", p->type.name);
    if (p->fallback[0]) {
      put_name(&w, " DEFAULT ", p->fallback);
    }
  }
  hrt_words_put(&w, d->param_count == 0 ? "()" : ")", "");
  hrt_hint(err, "%s%s", w.at, w.used >= sizeof w.at ? "..." : "");
}

static void advise_params(helios *h, helios_error *err, const char *name) {
  const hrt_entry *e = hrt_entry_find(h, name);
  hrt_definition *d = e ? hrt_alloc(sizeof *d) : NULL;
  if (d && hrt_catalog_find(d, h->catalog, e->name, 0, NULL) == 0) {
    hint_params(err, d);
  }
  hrt_free(d);
}

/* An entry outlives its procedure. */
static bool is_there(helios *h, const char *name) {
  int64_t id;
  bool deterministic;
  return hrt_catalog_lookup(&id, &deterministic, h->catalog, name, NULL) == 0;
}

static void advise_name(helios *h, helios_error *err, const char *name, bool table) {
  char escaped[HRT_ESCAPED];
  hrt_nearest near;
  hrt_nearest_begin(&near, name, strlen(name));
  for (const hrt_entry *e = h->entries; e; e = e->next) {
    if (strcasecmp(e->name, name) != 0 && (!table || e->table_key)) {
      hrt_nearest_try(&near, e->name);
    }
  }
  if (near.best && is_there(h, near.best)) {
    hrt_hint(err, "did you mean %s?", hrt_escape(escaped, near.best, strlen(near.best)));
  }
}

static void advise_extension(helios *h, helios_error *err, const char *name) {
  char escaped[HRT_ESCAPED], near[HRT_NAME_BYTES];
  hrt_catalog_near_extension(near, h->catalog, name);
  if (near[0]) {
    hrt_hint(err, "did you mean %s?", hrt_escape(escaped, near, strlen(near)));
  }
}

/* What stands in the text between these two; false if they are not there. */
static bool between(char name[HRT_NAME_BYTES], const char *text, const char *before,
                    const char *after) {
  size_t length = strlen(text), from = strlen(before), to = strlen(after);
  if (strncmp(text, before, from) != 0 || length < from + to ||
      length - from - to >= HRT_NAME_BYTES || strcmp(text + length - to, after) != 0) {
    return false;
  }
  memcpy(name, text + from, length - from - to);
  name[length - from - to] = 0;
  return true;
}

void hrt_advise(helios *h, helios_error *err) {
  char name[HRT_NAME_BYTES];
  bool ours = err->code == HELIOS_E_NOT_FOUND, within = hrt_within(h);
  if ((err->code != HELIOS_E_SQL && !ours) || err->hint[0]) {
    return;
  }
  if (ours && between(name, err->text, "no such procedure: ", "")) {
    advise_name(h, err, name, false);
  } else if (ours && between(name, err->text, "no such extension: ", "")) {
    advise_extension(h, err, name);
  } else if (between(name, err->text, "wrong number of arguments to function ", "()")) {
    advise_params(h, err, name);
  } else if (between(name, err->text, "no such function: ", "")) {
    advise_name(h, err, name, false);
  } else if (between(name, err->text, "no such table: ", "")) {
    advise_name(h, err, name, true);
  }
  (void)hrt_lost(h, within, "looking for a hint", err);
}
