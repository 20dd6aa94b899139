/* recursion_fuel.c - see recursion_fuel.h, which has the invariants. Must never take for harmless
 * what it does not know. */
#include "recursion_fuel.h"

#include <stdio.h>

#define CONDITION "if ("
#define FUEL "w2c_h_fuel("
#define END "FUNC_EPILOGUE;"

/* The word at the end of s. */
static span last_word(span s) {
  size_t n = 0;
  while (n < s.size && span_is_word(s.at[s.size - 1 - n])) {
    n++;
  }
  return span_after(s, s.size - n);
}

static bool is_short(span name) {
  return name.size < HCC_LATE_NAME;
}

/* Without the text at the end of s, if it is there. */
static bool drop(span *s, span text) {
  bool is = s->size >= text.size && memcmp(s->at + s->size - text.size, text.at, text.size) == 0;
  s->size -= is ? text.size : 0;
  return is;
}

static bool ends_with(span s, const char *text) {
  return drop(&s, span_text(text));
}

/* Neither traps nor changes anything. The empty word is that of a cast or a condition. */
static bool is_harmless(span called) {
  static const char *const names[] = {"",          "I32_ROTL",   "I32_ROTR",   "I32_CLZ",
                                      "I32_CTZ",   "I32_POPCNT", "I64_ROTL",   "I64_ROTR",
                                      "I64_CLZ",   "I64_CTZ",    "I64_POPCNT", "w2c_h_min",
                                      "w2c_h_max", "w2c_h_umin", "w2c_h_umax"};
  bool is = false;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    is = is || span_is(called, names[i]);
  }
  return is;
}

/* No call but of itself and of what is harmless, no access to memory, no trap. */
static bool is_quiet(span code, const char *name) {
  bool quiet =
      span_find(code, "(base ", 'b') == NULL && span_find(code, "UNREACHABLE", 'B') == NULL;
  for (size_t i = 0; i < code.size && quiet; i++) {
    if (code.at[i] == '(') {
      span word = last_word((span){code.at, i}), call = {word.at, word.size + 1};
      quiet = is_harmless(word) || span_is(call, name) || span_is(call, FUEL);
    }
  }
  return quiet;
}

/* Is each branch back a statement that another one can stand before? */
static bool has_room(span code) {
  bool room = true;
  for (const char *at; room && (at = span_find(code, HCC_LATE_BACK, 'L')) != NULL;) {
    span before = span_between(code.at, at);
    room = ends_with(before, "{") || ends_with(before, "; ") || ends_with(before, ": ");
    code = span_after(code, before.size + strlen(HCC_LATE_BACK));
  }
  return room;
}

/* The first condition is that of the checkpoint at the entry. */
static bool find_entry(hcc_late *out, span code) {
  const char *ask = span_find(code, FUEL, 'h');
  span before = span_between(code.at, ask != NULL ? ask : code.at);
  out->entry = span_find(before, CONDITION, 'f');
  return out->entry != NULL && memchr(out->entry, ';', (size_t)(ask - out->entry)) == NULL;
}

/* Before the end stands "rest = fuel; ". */
static bool find_rest(hcc_late *out, span code) {
  char text[HCC_LATE_NAME + sizeof " = ; "];
  const char *end = span_find(code, END, 'F');
  span before = span_between(code.at, end != NULL ? end : code.at);
  snprintf(text, sizeof text, " = %.*s; ", (int)out->fuel.size, out->fuel.at);
  bool is = drop(&before, span_text(text));
  out->end = end;
  out->rest = last_word(before);
  return is;
}

/* Is the next of what decides where to go on a call of the function, or its first condition? */
static bool is_looked_at(span rest, const char *name, const char *entry) {
  static const char *const ways[] = {"if (", "goto ", "}"};
  const char *call = span_find(rest, name, '(');
  bool before = call != NULL;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    const char *way = span_find(rest, ways[i], ways[i][0]);
    if (way != NULL && way == entry) {
      return true;
    }
    before = before && (way == NULL || call < way);
  }
  return before;
}

/* Does whatever changes the fuel come before a checkpoint with no way in between that avoids it? */
static bool is_prompt(const hcc_late *late, span code, const char *name) {
  const char *ask = span_find(code, FUEL, 'h');
  bool prompt = true;
  for (size_t i = late->fuel.size; i + 4 < code.size && prompt; i++) {
    span before = {code.at, i}, rest = span_after(code, i);
    if (drop(&before, late->fuel)) {
      bool gets = span_begins(rest, " = ") && !span_begins(rest, " = tmp_") && code.at + i > ask;
      prompt = !gets && (!span_begins(rest, " -= ") || is_looked_at(rest, name, late->entry));
    }
  }
  return prompt;
}

bool hcc_late_find(hcc_late *out, span params, span code, const char *name) {
  drop(&params, span_text(" "));
  drop(&params, span_text(")"));
  *out = (hcc_late){.fuel = last_word(params)};
  bool late = is_short(out->fuel) && is_quiet(code, name) && has_room(code) &&
              find_entry(out, code) && find_rest(out, code) && is_short(out->rest);
  out->prompt = late && is_prompt(out, code, name);
  return late;
}
