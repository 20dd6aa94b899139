/* recursion.c - see recursion.h, which has the invariants. Must never change code but the name that
 * a call has. */
#include "recursion.h"

#include <stdio.h>

#include "recursion_fuel.h"

/* The text of a function, and with all its copies. A larger one does more in an activation than its
 * call costs, and what clang puts in place of other calls in it, it then doesn't (measured, as the
 * number of levels: docs/performance.md). */
#define SMALL 2048u
#define COPIES_MAX 16384u
#define LEVELS 3u
#define NAME 64         /* of a copy, and what follows it */
#define NAME_MOST 24    /* of the function */
#define WASM2C "w2c_m_" /* what its name begins with */
#define SPENT (2 * HCC_LATE_NAME + 32)

#define FUEL "w2c_h_fuel(" /* what a checkpoint calls when it has something to do */

static uint32_t count_calls(span text, const char *call) {
  uint32_t n = 0;
  const char *at;
  while ((at = span_find(text, call, '(')) != NULL) {
    n++;
    text = span_after(text, (size_t)(at - text.at) + strlen(call));
  }
  return n;
}

/* How many levels of copies there may be: the text of each is in the one before it as often as that
 * one calls. */
static uint32_t levels_of(size_t size, uint32_t calls) {
  uint64_t level = (uint64_t)size * calls, total = size + level;
  uint32_t n = 0;
  for (; calls != 0 && n < LEVELS && total <= COPIES_MAX; n++) {
    level *= calls;
    total += level;
  }
  return n;
}

typedef struct function {
  span before; /* up to the result's type: a #line */
  span type;   /* of the result, and a space */
  span params; /* the instance's first */
  span code;   /* within its braces */
  span after;
  char name[NAME]; /* and a "(" */
  bool is_late;    /* its copies have no checkpoint at their entry */
  hcc_late late;
} function;

/* False: to be left as it is. So are functions that use a global, as those do whose frames are in
 * the guest's memory: more activations on our stack, and such a recursion would end there, out of
 * bounds, instead of with a stack that is exhausted. */
static bool parse(function *out, span text) {
  bool begins = span_begins(text, "#line ");
  const char *line = begins ? span_find(text, "\n", '\n') : NULL, *end = text.at + text.size;
  const char *at = line != NULL ? span_find(span_between(line, end), WASM2C, 'w') : NULL;
  const char *params = at != NULL ? memchr(at, '(', (size_t)(end - at)) : NULL;
  const char *close = memrchr(text.at, '}', text.size);
  if (params == NULL || ++params - at > NAME_MOST || close == NULL) {
    return false;
  }
  const char *open = span_find(span_between(params, end), ") {", '{');
  if (open == NULL || open + 3 > close) {
    return false;
  }
  *out = (function){.before = span_between(text.at, line + 1),
                    .type = span_between(line + 1, at),
                    .params = span_between(params, open),
                    .code = span_between(open + 3, close),
                    .after = span_between(close + 1, end)};
  snprintf(out->name, sizeof out->name, "%.*s", (int)(params - at), at);
  out->is_late = hcc_late_find(&out->late, out->params, out->code, out->name);
  return !span_begins(out->type, "static") && span_find(text, "instance->w2c_g", 'g') == NULL;
}

typedef struct renaming {
  const char *from, *to;
} renaming;

/* The text with other names of what is called. */
static void put_renamed(hcc_buf *out, span text, const renaming *names, size_t count) {
  while (text.size != 0) {
    const renaming *next = NULL;
    span before = text;
    for (size_t i = 0; i < count; i++) {
      const char *at = span_find(before, names[i].from, names[i].from[strlen(names[i].from) - 1]);
      if (at != NULL) {
        before.size = (size_t)(at - text.at);
        next = &names[i];
      }
    }
    hcc_buf_add(out, before.at, before.size);
    hcc_buf_text(out, next != NULL ? next->to : "");
    text = span_after(text, before.size + (next != NULL ? strlen(next->from) : 0));
  }
}

static void put_head(hcc_buf *out, const function *f, const char *before, const char *name) {
  span_put(out, "@@@@@) {",
           (span[]){f->before, span_text(before), f->type, span_text(name), f->params});
}

/* Is what a checkpoint would have looked at handed from copy to copy? */
static bool hands_on(const function *f) {
  return f->is_late && !f->late.prompt;
}

/* A checkpoint of what that variable has of the fuel, and what stands behind it. */
static void write_spent(char text[SPENT], const function *f, span fuel, const char *behind) {
  span unseen = hands_on(f) ? span_text("*hsb_unseen") : fuel;
  snprintf(text, SPENT, "HSB_SPENT(%.*s, %.*s) %s", (int)fuel.size, fuel.at, (int)unseen.size,
           unseen.at, behind);
}

/* The code, where a copy has no checkpoint at its entry. */
static void put_code(hcc_buf *out, const function *f, bool copy, const renaming *names,
                     size_t count) {
  const hcc_late *late = &f->late;
  char spent[SPENT];
  const char *begin = f->code.at, *end = begin + f->code.size;
  if (!f->is_late) {
    put_renamed(out, f->code, names, count);
    return;
  }
  hcc_buf_add(out, begin, (size_t)(late->entry - begin));
  hcc_buf_text(out, "HSB_LATE; ");
  if (hands_on(f)) {
    span_put(out, copy ? "*hsb_unseen = @; " : "HSB_UNSEEN; ", &late->fuel);
  }
  hcc_buf_text(out, copy ? "if (0) " : "");
  put_renamed(out, span_between(late->entry, late->end), names, count);
  write_spent(spent, f, late->rest, "");
  hcc_buf_text(out, copy ? "" : spent);
  hcc_buf_add(out, late->end, (size_t)(end - late->end));
}

/* What a copy's name has behind it, where it is written and where it is called. */
static void name_copy(char head[NAME], char call[NAME], const function *f, const char *name) {
  snprintf(head, NAME, "%s%s", name, hands_on(f) ? "u64 *const hsb_unseen, " : "");
  snprintf(call, NAME, "%s%s", name, hands_on(f) ? "hsb_unseen, " : "");
}

/* The function or a copy, whose calls of itself are of callee. */
static void put(hcc_buf *out, const function *f, const char *head, const char *callee) {
  char back[SPENT];
  bool copy = head != f->name;
  const renaming names[] = {{f->name, callee}, {HCC_LATE_BACK, back}, {FUEL, "HSB_ASK("}};
  write_spent(back, f, f->late.fuel, HCC_LATE_BACK);
  put_head(out, f, copy ? "HSB_COPY " : "", head);
  put_code(out, f, copy, names, hands_on(f) ? 3 : f->is_late ? 2 : 1);
  span_put(out, "}@", &f->after);
}

/* Whether what is called by that name changes nothing that outlives the call: reads, and operators,
 * which have names in capitals. */
static bool only_reads(span word) {
  static const char *const begins[] = {"i32_load",   "i64_load",  "f32_load",  "f64_load",
                                       "v128_load",  "simde_",    "w2c_h_min", "w2c_h_max",
                                       "w2c_h_umin", "w2c_h_umax"};
  bool capitals = !span_is(word, "CALL_INDIRECT"), reads = false;
  for (size_t i = 0; i < word.size; i++) {
    capitals = capitals && !(word.at[i] >= 'a' && word.at[i] <= 'z');
  }
  for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
    reads = reads || span_begins(word, begins[i]);
  }
  return capitals || reads;
}

/* Whether the text calls nothing else than itself ("name(") and the checkpoint. What is no call
 * changes a local, or drops a segment, which may be done twice. */
static bool changes_nothing(span text, const char *name) {
  const char *end = text.at + text.size, *begin = text.at;
  for (const char *at = text.at; at < end; at++) {
    if (*at == '(' && at != begin) {
      span word = {begin, (size_t)(at - begin)}, call = {begin, word.size + 1};
      if (!only_reads(word) && !span_is(call, name) && !span_is(call, FUEL)) {
        return false;
      }
    }
    begin = span_is_word(*at) ? begin : at + 1;
  }
  return true;
}

/* Each parameter's name but the instance's, by a pattern. */
static void put_params(hcc_buf *out, span params, const char *pattern) {
  const char *end = params.at + params.size, *at = params.at, *comma;
  while ((comma = memchr(at, ',', (size_t)(end - at))) != NULL) {
    at = comma + 1;
    const char *next = memchr(at, ',', (size_t)(end - at));
    span one = span_between(at, next != NULL ? next : end);
    const char *space = memrchr(one.at, ' ', one.size);
    span name = space != NULL ? span_between(space + 1, one.at + one.size) : one;
    span_put(out, pattern, (span[]){name, name});
  }
}

/* The base case: the function as far as the first call of itself, or a checkpoint that has
 * something to do; there it is called, with what the copy was given, and begins anew. If its end
 * looks at the fuel that it gives back, clang is told, so that the copies do not look again. */
static void put_base(hcc_buf *out, const function *f, const char *head) {
  char again[NAME];
  span field = f->late.rest; /* of several results, each has the name of its variable */
  bool looked = f->is_late && f->late.prompt && span_skip(&field, "var_");
  bool in_struct = span_begins(f->type, "struct ");
  snprintf(again, sizeof again, "HSB_AGAIN(%.*s, ", (int)strlen(f->name) - 1, f->name);
  put_head(out, f, "HSB_COPY ", head);
  put_params(out, f->params, "const __auto_type hsb_@ = @; ");
  put_code(out, f, true, (renaming[]){{f->name, again}, {FUEL, "HSB_AGAIN(w2c_h_fuel, "}}, 2);
  hcc_buf_text(out, hands_on(f) ? "hsb_again: *hsb_unseen = 0; " : "hsb_again: ");
  span_put(out, looked ? "return HSB_LOOKED(@instance" : "return @instance",
           (span[]){span_text(f->name)});
  put_params(out, f->params, ", hsb_@");
  span_put(out, !looked ? "); }" : in_struct ? "), .@); }" : "), ); }", &field);
  hcc_buf_add(out, f->after.at, f->after.size);
}

void hcc_recursion_copy(hcc_buf *out, size_t from) {
  char text[SMALL], copy[NAME], head[NAME], callee[NAME], next[NAME];
  function f;
  if (out->failed || out->size - from > sizeof text) {
    return;
  }
  span all = {text, out->size - from};
  memcpy(text, out->data + from, all.size);
  uint32_t levels = parse(&f, all) ? levels_of(all.size, count_calls(f.code, f.name)) : 0;
  if (levels == 0) {
    return;
  }
  const char *own = f.name + strlen(WASM2C);
  out->size = from;
  snprintf(callee, sizeof callee, "%s", f.name);
  if (changes_nothing(f.code, f.name)) {
    snprintf(copy, sizeof copy, "hsb_base_%s", own);
    name_copy(head, callee, &f, copy);
    put_base(out, &f, head);
  }
  /* The innermost first, which calls the base case or the function itself. */
  for (uint32_t i = 1; i <= levels; i++) {
    snprintf(copy, sizeof copy, "hsb_copy%u_%s", i, own);
    name_copy(head, next, &f, copy);
    put(out, &f, head, callee);
    snprintf(callee, sizeof callee, "%s", next);
  }
  put(out, &f, f.name, callee);
}
