/* flatten.c - may SQLite merge the subqueries of a guest's statement with what reads them? It puts
 * a copy of a result column wherever its name is read, so that `SELECT x + x AS x` of the same,
 * four times with thirty x, is a million; it copies a reader for each term of UNION ALL, and what a
 * reader asks into each of those. Where that could be too much all is compiled without
 * (compile_bounds.c).
 *
 * The bound knows no names: a column is read through any of the selects in FROM and WITH, each
 * once, so what it becomes is no longer than all their longest columns, times the reads in each.
 * Must never count less than SQLite copies; what it counts too much only runs slower. Not
 * counted is a select of WITH that is used within its own reader and reads that one's columns. */
#include <string.h>

#include "host/internal.h"
#include "host/scan.h"

enum { NESTED = 128, VIEW_WORDS = 10 }; /* words of a view's column, which nobody here has read */

typedef struct level {
  bool tables, source, grouped; /* in a list of tables; a select that others read; GROUP BY */
  bool columns, values, inside; /* in a list of result columns; of rows; in one of the columns */
  uint64_t words, reads, from_w, from_r; /* the most of a column; before this column */
  uint64_t terms;                        /* of UNION ALL, of VALUES */
} level;

typedef struct walk {
  hrt_scan s;
  hrt_scan_token t, before;
  size_t depth;
  uint64_t words, reads, asked;     /* so far; reads that are in no result column */
  uint64_t longest, factor, copies; /* of the selects that are shut */
  uint64_t sources, grouped;        /* how many; reads of a column of those with GROUP BY */
  level at[NESTED];
} walk;

static uint64_t times(uint64_t a, uint64_t b) {
  uint64_t product;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/* May it name a column? */
static bool reads(const hrt_scan_token *t) {
  static const char *const others[] = {"CASE", "WHEN",    "THEN",   "ELSE",  "AND",   "OR", "NOT",
                                       "IS",   "NULL",    "IN",     "AS",    "FROM",  "ON", "WHERE",
                                       "JOIN", "BETWEEN", "SELECT", "GROUP", "ORDER", NULL};
  return t->kind == HRT_SCAN_QUOTED ||
         (t->kind == HRT_SCAN_WORD && (*t->at < '0' || *t->at > '9') && !hrt_scan_any(t, others));
}

static void end_column(walk *w) {
  level *l = &w->at[w->depth];
  uint64_t words = w->words - l->from_w, of = w->reads - l->from_r;
  l->words = words > l->words ? words : l->words;
  l->reads = of > l->reads ? of : l->reads;
  l->from_w = w->words;
  l->from_r = w->reads;
}

static void shut(walk *w) {
  level *l = &w->at[w->depth];
  if (l->columns || l->values) {
    end_column(w);
  }
  uint64_t of = l->reads > 0 ? l->reads : 1;
  if (l->source && l->grouped && l->terms == 1) {
    w->grouped = of > w->grouped ? of : w->grouped;
  } else if (l->source) {
    w->factor = times(w->factor, of);
  }
  if (l->source) {
    w->sources++;
    w->longest += l->words;
    w->copies = times(w->copies, l->terms);
  }
  w->depth -= w->depth > 0;
}

/* A bracket where a table may stand, or the text of a name of WITH. */
static void open(walk *w) {
  static const char *const before[] = {"FROM", "JOIN", "AS", "MATERIALIZED", NULL};
  const level *outer = &w->at[w->depth];
  bool listed = outer->tables && (hrt_scan_char(&w->before, ',') || hrt_scan_char(&w->before, '('));
  bool table = listed || hrt_scan_any(&w->before, before);
  bool inside = !table && (outer->columns || outer->inside);
  w->at[++w->depth] = (level){.tables = table, .source = table, .inside = inside, .terms = 1};
}

static void word(walk *w) {
  static const char *const ends[] = {"WHERE", "GROUP",  "ORDER",     "HAVING",    "LIMIT", "SET",
                                     "UNION", "EXCEPT", "INTERSECT", "RETURNING", NULL};
  level *l = &w->at[w->depth];
  bool from = hrt_scan_is(&w->t, "FROM") && !hrt_scan_is(&w->before, "DISTINCT");
  bool select = hrt_scan_is(&w->t, "SELECT"), end = hrt_scan_any(&w->t, ends);
  if (l->columns && (from || end)) {
    end_column(w);
    l->columns = false;
  }
  l->tables = (l->tables || from) && !end && !select;
  if (select || hrt_scan_is(&w->t, "VALUES")) {
    l->columns = select;
    l->values = !select;
    l->inside = false;
    l->from_w = w->words;
    l->from_r = w->reads;
  }
  l->terms += hrt_scan_is(&w->t, "UNION");
  l->grouped |= hrt_scan_is(&w->t, "GROUP");
}

static void token(walk *w) {
  level *l = &w->at[w->depth];
  if (hrt_scan_char(&w->t, ',') && (l->columns || l->values)) {
    end_column(w);
    l->terms += l->values;
  } else if (w->t.kind == HRT_SCAN_WORD) {
    word(w);
  }
  bool read = reads(&w->t);
  l = &w->at[w->depth];
  w->words++;
  w->reads += read;
  w->asked += read && !l->columns && !l->inside;
}

/* Each select keeps what its reader asks of it, and hands it on. One with GROUP BY is not merged,
 * and hands on nothing. */
static bool is_within(const walk *w) {
  uint64_t column = times(w->longest + VIEW_WORDS, w->factor);
  uint64_t asked = times(w->asked, times(w->sources + 1, w->grouped));
  return times(times(column, w->copies),
               w->reads + (asked < HRT_FLAT_WORDS ? asked : HRT_FLAT_WORDS)) <= HRT_FLAT_WORDS;
}

/* Is there a select in brackets? Most texts have none: then there are views to be merged at most.
 */
static bool has_select(const char *sql, size_t length) {
  hrt_scan s = {sql, 0, length};
  bool bracket = false;
  if (memchr(sql, '(', length) == NULL) {
    return false;
  }
  for (hrt_scan_token t = hrt_scan_next(&s); t.kind != HRT_SCAN_END; t = hrt_scan_next(&s)) {
    if (bracket &&
        (hrt_scan_is(&t, "SELECT") || hrt_scan_is(&t, "VALUES") || hrt_scan_is(&t, "WITH"))) {
      return true;
    }
    bracket = hrt_scan_char(&t, '(');
  }
  return false;
}

bool hrt_flatten_fits(const char *sql, size_t length, uint64_t copied) {
  if (length <= HRT_FLAT_WORDS / VIEW_WORDS && !has_select(sql, length)) {
    return true;
  }
  walk w = {.s = {sql, 0, length},
            .longest = copied,
            .reads = copied,
            .asked = copied,
            .factor = 1,
            .copies = 1,
            .grouped = 1,
            .at[0].terms = 1};
  w.before.kind = HRT_SCAN_END;
  for (w.t = hrt_scan_next(&w.s); w.t.kind != HRT_SCAN_END; w.t = hrt_scan_next(&w.s)) {
    if (w.depth + 1 == NESTED) {
      return false;
    }
    if (hrt_scan_char(&w.t, '(')) {
      open(&w);
    } else if (hrt_scan_char(&w.t, ')')) {
      shut(&w);
    }
    token(&w);
    w.before = w.t;
  }
  return is_within(&w);
}
