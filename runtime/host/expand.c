/* expand.c - how long a guest's SQL becomes when SQLite writes out what names stand for: it copies
 * a SELECT of WITH wherever it is read, and compiles a computed column wherever another is computed
 * from it, so that thirty names that each say the one before twice are a billion.
 *
 * Must never count less than SQLite copies; what it counts too much is only refused. */
#include <string.h>

#include "host/internal.h"
#include "plugin/alloc.h"

enum {
  NAMES = HRT_WITH_NAMES,
  NESTED = 128, /* SQLite's parser takes fewer */
  NONE = NAMES, /* the statement itself, beside its names */
};

/* A name and its text in brackets; where it is known. */
typedef struct definition {
  hrt_scan_token name;
  size_t from, to, known_from, known_to;
} definition;

typedef struct names {
  size_t count;
  definition at[NAMES];
  uint32_t read[NAMES + 1][NAMES]; /* how often the first one reads the second */
  uint64_t words[NAMES + 1], whole[NAMES + 1];
} names;

/* What is open in brackets. */
typedef struct level {
  bool defines;        /* a list of definitions */
  bool reads;          /* a list of tables */
  size_t from, owner;  /* where it opened, in whose text */
  hrt_scan_token name; /* the first of the item */
} level;

typedef struct walk {
  hrt_scan s;
  hrt_scan_token t, before, second; /* this one, the last two before it */
  bool columns;                     /* of CREATE TABLE; else WITH */
  size_t depth, seen;
  level at[NESTED];
} walk;

/* IS DISTINCT FROM is an operator. */
static bool at_table(const walk *w) {
  bool from = hrt_scan_is(&w->before, "FROM") && !hrt_scan_is(&w->second, "DISTINCT");
  return w->at[w->depth].reads &&
         (from || hrt_scan_is(&w->before, "JOIN") || hrt_scan_char(&w->before, ',') ||
          hrt_scan_char(&w->before, '('));
}

/* At an opening bracket. */
static void open(walk *w, names *n) {
  static const char *const words[] = {"AS", "MATERIALIZED", NULL};
  const level *outer = &w->at[w->depth];
  level inner = {.from = (size_t)(w->t.at - w->s.sql), .owner = outer->owner, .reads = at_table(w)};
  inner.defines = w->columns && w->depth == 0;
  if (outer->defines && hrt_scan_name(&outer->name) && hrt_scan_any(&w->before, words)) {
    if (w->seen == n->count) {
      n->at[n->count++] =
          (definition){outer->name, inner.from, w->s.length, outer->from, w->s.length};
    }
    inner.owner = w->seen++;
  }
  w->at[++w->depth] = inner;
}

static void shut(walk *w, names *n) {
  size_t from = w->at[w->depth].from, here = (size_t)(w->t.at - w->s.sql);
  for (size_t i = 0; w->depth > 0 && i < n->count; i++) {
    n->at[i].to = n->at[i].from == from ? here : n->at[i].to;
    n->at[i].known_to = n->at[i].known_from == from ? here : n->at[i].known_to;
  }
  w->depth -= w->depth > 0;
}

/* The lists that a word begins or ends. */
static void word(walk *w) {
  static const char *const ends[] = {"SELECT", "VALUES", "WHERE", "GROUP",  "ORDER",     "HAVING",
                                     "LIMIT",  "SET",    "UNION", "EXCEPT", "INTERSECT", NULL};
  level *l = &w->at[w->depth];
  if (hrt_scan_is(&w->t, "WITH")) {
    l->defines = true;
    l->name.kind = HRT_SCAN_END;
  } else if (hrt_scan_is(&w->t, "FROM") || hrt_scan_is(&w->t, "JOIN")) {
    l->reads |= !hrt_scan_is(&w->before, "DISTINCT");
  } else if (hrt_scan_any(&w->t, ends)) {
    l->reads = false;
    l->defines = w->columns && l->defines;
  } else if (!hrt_scan_name(&l->name) &&
             !(hrt_scan_is(&w->before, "WITH") && hrt_scan_is(&w->t, "RECURSIVE"))) {
    l->name = w->t;
  }
}

/* A name that may be read here: by the text that it stands in. A definition that reads itself is
 * not copied into itself. */
static void read(const walk *w, names *n) {
  size_t owner = w->at[w->depth].owner, here = (size_t)(w->t.at - w->s.sql);
  for (size_t i = 0; i < n->count; i++) {
    const definition *d = &n->at[i];
    bool inside = here > d->from && here < d->to;
    bool known = w->columns || (here >= d->known_from && here < d->known_to);
    n->read[owner][i] += !inside && known && hrt_scan_same(&d->name, &w->t);
  }
}

/* Once to find the names, then again for who reads them. False: too many, or nested too deep. */
static bool look(names *n, const char *sql, size_t length, bool columns, bool again) {
  walk w = {.s = {sql, 0, length}, .columns = columns, .at[0].owner = NONE};
  w.before.kind = w.second.kind = w.at[0].name.kind = HRT_SCAN_END;
  for (w.t = hrt_scan_next(&w.s); w.t.kind != HRT_SCAN_END; w.t = hrt_scan_next(&w.s)) {
    bool reads =
        columns ? w.at[w.depth].owner != NONE : at_table(&w) || hrt_scan_is(&w.before, "IN");
    n->words[w.at[w.depth].owner] += again;
    if (again && reads && hrt_scan_name(&w.t)) {
      read(&w, n);
    }
    if (hrt_scan_char(&w.t, '(')) {
      if (w.depth + 1 == NESTED || n->count == NAMES) {
        return false;
      }
      open(&w, n);
    } else if (hrt_scan_char(&w.t, ')')) {
      shut(&w, n);
    } else if (hrt_scan_char(&w.t, ',')) {
      w.at[w.depth].name.kind = HRT_SCAN_END;
    } else if (hrt_scan_name(&w.t)) {
      word(&w);
    }
    w.second = w.before;
    w.before = w.t;
  }
  return true;
}

/* Words of each with all that it reads written out; false: more than `most`. */
static bool is_within(names *n, uint64_t most) {
  bool changed = n->count > 0;
  memcpy(n->whole, n->words, sizeof n->whole);
  while (changed) {
    changed = false;
    for (size_t i = 0; i <= NONE; i = i + 1 == n->count ? NONE : i + 1) {
      uint64_t whole = n->words[i];
      for (size_t k = 0; k < n->count; k++) {
        whole += n->read[i][k] * n->whole[k];
      }
      if (whole > most) {
        return false;
      }
      changed |= whole != n->whole[i];
      n->whole[i] = whole;
    }
  }
  return true;
}

int hrt_expand_check(hrt_host_env *env, const char *sql, size_t length, uint64_t copied,
                     bool columns) {
  uint64_t most = columns ? HRT_EXPANDED_COLUMNS : HRT_EXPANDED_WORDS;
  if (!hrt_scan_word(sql, length, columns ? "as" : "with")) {
    return 0;
  }
  names *n = hrt_calloc(1, sizeof *n);
  if (n == NULL) {
    return hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  }
  bool fits = look(n, sql, length, columns, false) && look(n, sql, length, columns, true);
  for (size_t i = 0; i < n->count; i++) {
    n->words[i] += copied;
  }
  fits = fits && (n->count == 0 || is_within(n, most));
  hrt_free(n);
  return fits ? 0
              : hrt_refuse(env, HSB_STATUS_LIMIT,
                           "what the names of %s stand for is more than %llu words, written out",
                           columns ? "computed columns" : "WITH", (unsigned long long)most);
}

size_t hrt_expand_names(hrt_scan_token out[HRT_WITH_NAMES], const char *sql, size_t length) {
  names *n = hrt_calloc(1, sizeof *n);
  size_t count = 0;
  if (n != NULL && look(n, sql, length, false, false)) {
    for (; count < n->count; count++) {
      out[count] = n->at[count].name;
    }
  }
  hrt_free(n);
  return count;
}
