/* recursion.c - see recursion.h, which has the invariants. Must never change code but the name that
 * a call has. */
#include "recursion.h"

#include <stdio.h>

#include "span.h"

/* The text of a function, and with all its copies. A larger one does more in an activation than its
 * call costs, and what clang puts in place of other calls in it, it then doesn't (measured:
 * docs/performance.md). A third level makes as many slower as quicker. */
#define SMALL 2048u
#define COPIES_MAX 16384u
#define LEVELS 2u

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
  span head;   /* the result's type */
  span body;   /* from the parameters on */
} function;

/* False: to be left as it is. So are functions that use a global, as those do whose frames are in
 * the guest's memory: more activations on our stack, and such a recursion would end there, out of
 * bounds, instead of with a stack that is exhausted. */
static bool parse(function *out, span text, const char *name) {
  const char *line = span_find(text, "\n", '\n'), *at = span_find(text, name, '(');
  if (line == NULL || at == NULL || at < line) {
    return false;
  }
  size_t before = (size_t)(line + 1 - text.at), head = (size_t)(at - line - 1);
  *out = (function){.before = {text.at, before},
                    .head = {line + 1, head},
                    .body = span_after(text, before + head + strlen(name))};
  return !span_begins(out->head, "static") && span_find(text, "instance->w2c_g", 'g') == NULL;
}

/* The function under one name, whose calls of "name(" are of callee. */
static void put(hcc_buf *out, const function *f, const char *before, const char *own,
                const char *name, const char *callee) {
  span rest = f->body;
  const char *at;
  span_put(out, "@@@@", (span[]){f->before, {before, strlen(before)}, f->head, {own, strlen(own)}});
  while ((at = span_find(rest, name, '(')) != NULL) {
    size_t n = (size_t)(at - rest.at);
    hcc_buf_add(out, rest.at, n);
    hcc_buf_text(out, callee);
    rest = span_after(rest, n + strlen(name));
  }
  hcc_buf_add(out, rest.at, rest.size);
}

void hcc_recursion_copy(hcc_buf *out, size_t from, uint32_t index) {
  char text[SMALL], name[32], copies[LEVELS + 1][32];
  function f;
  if (out->failed || out->size - from > sizeof text) {
    return;
  }
  span all = {text, out->size - from};
  memcpy(text, out->data + from, all.size);
  snprintf(name, sizeof name, "w2c_m_f%u(", index);
  uint32_t levels = parse(&f, all, name) ? levels_of(all.size, count_calls(f.body, name)) : 0;
  if (levels == 0) {
    return;
  }
  out->size = from;
  snprintf(copies[0], sizeof copies[0], "%s", name);
  /* The innermost first, which calls the function itself. */
  for (uint32_t i = 1; i <= levels; i++) {
    snprintf(copies[i], sizeof copies[i], "hsb_copy%u_f%u(", i, index);
    put(out, &f, "HSB_COPY ", copies[i], name, copies[i - 1]);
  }
  put(out, &f, "", name, name, copies[levels]);
}
