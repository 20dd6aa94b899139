/* copies.c - what SQLite copies of a guest's statement by itself, where nobody can interrupt it: a
 * result column where its alias, or its number behind BY, is read; what stands left of BETWEEN; a
 * WINDOW for each OVER. An alias may be read in a column of a subquery whose alias is read in turn,
 * so that fifteen levels are 2^15.
 *
 * Must never count less than SQLite copies; what it counts too much is only refused. An alias is
 * read behind its select's FROM only, and never in a subquery that stands there. Not counted is a
 * WINDOW whose own text has more than one level of OVER in it. */
#include <string.h>

#include "host/internal.h"
#include "host/scan.h"
#include "plugin/alloc.h"

enum {
  NAMES = 2000, /* in sight at a time; SQLite takes no more columns */
  BUCKETS = 1024,
  NESTED = 128, /* SQLite's parser takes fewer */
  SHORT = 100,  /* bytes of a text that can't become long */
  BETWEENS = 3, /* copies of what stands left: its own, and two that WHERE may look up */
};

typedef struct alias {
  hrt_scan_token name;
  uint32_t bucket;
  uint32_t next;  /* of the same bucket, older; NAMES: none */
  uint64_t words; /* of its column, copies included */
  size_t hidden;  /* from here: by its own list of columns, by brackets in FROM */
} alias;

/* What is open in brackets. */
typedef struct level {
  bool columns, tables, by, source; /* in one of these lists; a select that stands in FROM */
  bool has_case;                    /* in the operand: its AND and OR end nothing */
  size_t first;                     /* alias of its own */
  size_t betweens;                  /* whose AND has not come */
  uint64_t from, operand, widest;   /* where the column, the operand began; of its columns */
} level;

typedef struct walk {
  hrt_scan s;
  hrt_scan_token t, before;
  size_t count, depth, tokens;   /* of the column */
  uint64_t raw, words, extra;    /* so far; with aliases; what BETWEEN copies, beside these */
  uint64_t over, before_windows; /* what OVER stands for; 0: no WINDOW yet */
  bool fits;
  alias names[NAMES];
  uint32_t newest[BUCKETS]; /* of the aliases in sight, by hash */
  level at[NESTED];
} walk;

static uint64_t all(const walk *w) {
  return w->words + w->extra;
}

/* What a name adds where it is read: the longest that it may stand for. */
static uint64_t read(const walk *w) {
  uint64_t most = 0;
  if (w->count == 0 || hrt_scan_char(&w->before, '.')) {
    return 0;
  }
  for (uint32_t i = w->newest[hrt_scan_hash(&w->t) % BUCKETS]; i < NAMES; i = w->names[i].next) {
    const alias *a = &w->names[i];
    if (a->hidden == 0 && a->words > most && hrt_scan_same(&a->name, &w->t)) {
      most = a->words;
    }
  }
  return most;
}

/* The word before names a column of so many words. */
static void keep(walk *w, uint64_t words) {
  uint32_t bucket = hrt_scan_hash(&w->before) % BUCKETS;
  w->fits = w->fits && w->count < NAMES;
  if (w->fits) {
    w->names[w->count] = (alias){w->before, bucket, w->newest[bucket], words, 1};
    w->newest[bucket] = (uint32_t)w->count++;
  }
}

/* All from this one on are out of sight: the newest go first. */
static void forget(walk *w, size_t first) {
  while (w->count > first) {
    const alias *a = &w->names[--w->count];
    w->newest[a->bucket] = a->next;
  }
}

/* The last word of more than one names the column, with AS or without. */
static void end_column(walk *w) {
  level *l = &w->at[w->depth];
  uint64_t words = all(w) - l->from;
  l->widest = words > l->widest ? words : l->widest;
  if (w->tokens > 1 && hrt_scan_name(&w->before)) {
    keep(w, words);
  }
  l->from = all(w);
  w->tokens = 0;
}

static void show(walk *w, size_t first, int by) {
  for (size_t i = first; i < w->count; i++) {
    w->names[i].hidden += (size_t)by;
  }
}

/* The select of this level has all its columns: they can be read from here. */
static void end_columns(walk *w) {
  level *l = &w->at[w->depth];
  if (l->columns) {
    end_column(w);
    l->columns = false;
    show(w, l->first, -1);
  }
}

static void open(walk *w) {
  static const char *const before[] = {"FROM", "JOIN", NULL};
  const level *outer = &w->at[w->depth];
  bool listed = outer->tables && (hrt_scan_char(&w->before, ',') || hrt_scan_char(&w->before, '('));
  bool source = listed || hrt_scan_any(&w->before, before);
  if (source) {
    show(w, outer->first, 1);
  }
  w->at[++w->depth] = (level){.tables = source,
                              .source = source,
                              .by = outer->by,
                              .first = w->count,
                              .widest = outer->widest,
                              .operand = w->words};
}

static void shut(walk *w) {
  if (w->depth > 0) {
    const level *l = &w->at[w->depth--];
    forget(w, l->first);
    if (l->source) {
      show(w, w->at[w->depth].first, -1);
    }
  }
}

static void begin_operand(walk *w) {
  level *l = &w->at[w->depth];
  l->operand = w->words;
  l->betweens = 0;
  l->has_case = false;
}

/* A clause of this level's select begins; all these words are reserved. */
static void clause(walk *w, bool select) {
  level *l = &w->at[w->depth];
  end_columns(w);
  l->tables = hrt_scan_is(&w->t, "FROM");
  l->by = false;
  begin_operand(w);
  if (select) {
    forget(w, l->first);
    l->columns = true;
    l->widest = 0;
    l->from = all(w);
    w->tokens = 0;
  }
}

/* Of an operand of BETWEEN, which takes the next AND for its own. */
static void logic(walk *w) {
  level *l = &w->at[w->depth];
  bool is_and = hrt_scan_is(&w->t, "AND"), mine = l->betweens > 0;
  if (hrt_scan_is(&w->t, "BETWEEN")) {
    w->extra += BETWEENS * (w->words - l->operand);
    l->betweens++;
  } else if (is_and && mine) {
    l->betweens--;
  } else if ((is_and || hrt_scan_is(&w->t, "OR")) && !mine && !l->has_case) {
    begin_operand(w);
  }
  l->has_case |= hrt_scan_is(&w->t, "CASE");
}

static void word(walk *w) {
  static const char *const clauses[] = {"WHERE", "GROUP",  "ORDER",     "HAVING", "LIMIT",
                                        "UNION", "EXCEPT", "INTERSECT", NULL};
  level *l = &w->at[w->depth];
  bool select = hrt_scan_is(&w->t, "SELECT");
  bool from = hrt_scan_is(&w->t, "FROM") && !hrt_scan_is(&w->before, "DISTINCT");
  if (select || from || hrt_scan_any(&w->t, clauses)) {
    clause(w, select);
    return;
  }
  l->by |= hrt_scan_is(&w->t, "BY");
  if (hrt_scan_is(&w->t, "OVER")) {
    w->words += w->over;
  } else if (w->before_windows == 0 && hrt_scan_is(&w->t, "WINDOW")) {
    w->before_windows = all(w);
  } else if (l->by && *w->t.at >= '0' && *w->t.at <= '9') {
    w->words += l->widest;
  }
  logic(w);
}

static void token(walk *w) {
  bool comma = hrt_scan_char(&w->t, ',');
  if (comma && w->at[w->depth].columns) {
    end_column(w);
  }
  if (comma) {
    begin_operand(w);
  } else if (hrt_scan_char(&w->t, '(')) {
    open(w);
  } else if (hrt_scan_char(&w->t, ')')) {
    shut(w);
  } else if (hrt_scan_name(&w->t)) {
    w->words += read(w);
    word(w);
  }
  w->tokens += !comma && !hrt_scan_is(&w->t, "SELECT");
  w->words++;
  w->raw++;
}

/* False: more than HRT_EXPANDED_WORDS are copied, too many names, nested too deep. */
static bool count(walk *w, const char *sql, size_t length, uint64_t over) {
  w->s = (hrt_scan){sql, 0, length};
  w->count = w->depth = w->tokens = 0;
  for (size_t i = 0; i < BUCKETS; i++) {
    w->newest[i] = NAMES;
  }
  w->raw = w->words = w->extra = w->before_windows = 0;
  w->over = over;
  w->fits = true;
  w->at[0] = (level){.first = 0};
  w->before.kind = HRT_SCAN_END;
  for (w->t = hrt_scan_next(&w->s); w->fits && w->t.kind != HRT_SCAN_END;
       w->t = hrt_scan_next(&w->s)) {
    token(w);
    w->fits = w->fits && w->depth + 1 < NESTED && all(w) - w->raw <= HRT_EXPANDED_WORDS;
    w->before = w->t;
  }
  return w->fits;
}

int hrt_copies(uint64_t *copied, hrt_host_env *env, const char *sql, size_t length) {
  *copied = 0;
  if (length <= SHORT) {
    return 0;
  }
  walk *w = hrt_alloc(sizeof *w);
  if (w == NULL) {
    return hrt_refuse(env, HSB_STATUS_NOMEM, NULL);
  }
  bool is_within = count(w, sql, length, 0);
  if (is_within && w->before_windows != 0) {
    is_within = count(w, sql, length, all(w) - w->before_windows);
  }
  *copied = all(w) - w->raw;
  hrt_free(w);
  return is_within ? 0
                   : hrt_refuse(env, HSB_STATUS_LIMIT,
                                "aliases, BETWEEN and OVER stand for more than %llu words",
                                (unsigned long long)HRT_EXPANDED_WORDS);
}
