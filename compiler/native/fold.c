/* fold.c - see fold.h. Must never move a read or write of memory or of a global, a call or what may
 * trap. Works on text that ctext.c has looked at; what it does not know it leaves as it is. */
#include "fold.h"

#include <stdio.h>
#include <string.h>

#include "access.h"
#include "span.h"

#define LINE_MAX (1u << 28)
#define NO_DEPTH UINT32_MAX

typedef struct variable { /* of the stack: "var_j12" */
  span name;
  char letter; /* 0: it is none */
  uint32_t depth;
} variable;

static bool in_word(char c) {
  static const bool word_bytes[256] = {
      ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['_'] = true, ['a' ... 'z'] = true};
  return word_bytes[(unsigned char)c];
}

static bool digit(char c) {
  return c >= '0' && c <= '9';
}

/* The word, number or other byte that the text begins with. */
static span token(span s) {
  size_t n = 0;
  while (n < s.size && in_word(s.at[n])) {
    n++;
  }
  return (span){s.at, n == 0 && s.size > 0 ? 1 : n};
}

/* "var_" LETTERS[0] digits */
static variable parse_variable(span word, const char *letters) {
  variable v = {.name = word};
  if (word.size < 6 || word.size > 9 || !span_begins(word, "var_") || word.at[4] == '\0' ||
      strchr(letters, word.at[4]) == NULL) {
    return v;
  }
  for (size_t i = 5; i < word.size; i++) {
    if (!digit(word.at[i])) {
      return v;
    }
    v.depth = v.depth * 10 + (uint32_t)(word.at[i] - '0');
  }
  v.letter = word.at[4];
  return v;
}

static variable on_stack(span word) {
  return parse_variable(word, "ijfdore");
}

static bool is_local(span word) {
  return parse_variable(word, "lp").letter != 0;
}

static bool is_integer(variable v) {
  return v.letter == 'i' || v.letter == 'j';
}

static bool mentions(span text, span word) {
  for (span t; text.size > 0; text = span_after(text, t.size)) {
    t = token(text);
    if (span_same(t, word)) {
      return true;
    }
  }
  return false;
}

/* ---- values that wait ---- */

static struct hcc_waiting *waiting_for(hcc_fold *f, variable v) {
  bool there = is_integer(v) && v.depth < HCC_FOLD_DEPTH && (f->waits >> v.depth & 1) != 0 &&
               f->waiting[v.depth].letter == v.letter;
  return there ? &f->waiting[v.depth] : NULL;
}

static span text_of(const struct hcc_waiting *w) {
  return (span){w->text, w->size};
}

static void forget_from(hcc_fold *f, uint32_t depth) {
  f->waits &= depth < HCC_FOLD_DEPTH ? (UINT64_C(1) << depth) - 1 : UINT64_MAX;
}

static uint32_t lowest(uint64_t waits) {
  return (uint32_t)__builtin_ctzll(waits);
}

static void changes(hcc_fold *f, span name);

/* Writes one value, and before it those that are made of its variable's old one. */
static void write_one(hcc_fold *f, uint32_t depth) {
  const struct hcc_waiting *w = &f->waiting[depth];
  char digits[] = {(char)('0' + depth / 10), (char)('0' + depth % 10)};
  char name[] = {'v', 'a', 'r', '_', w->letter, depth < 10 ? digits[1] : digits[0], digits[1]};
  span whole = {name, depth < 10 ? 6 : 7};
  f->waits &= ~(UINT64_C(1) << depth);
  changes(f, whole);
  span_put(&f->out, "@ = @; ", (span[]){whole, text_of(w)});
}

static void write_out(hcc_fold *f) {
  while (f->waits != 0) {
    write_one(f, lowest(f->waits));
  }
}

/* Before this variable changes. */
static void changes(hcc_fold *f, span name) {
  for (uint64_t left = f->waits; left != 0; left &= left - 1) {
    uint32_t depth = lowest(left);
    bool waits = (f->waits >> depth & 1) != 0;
    if (waits && mentions(text_of(&f->waiting[depth]), name)) {
      write_one(f, depth);
    }
  }
}

/* Adds the text with its variables replaced; gives the least depth that it reads. */
static uint32_t replace(hcc_buf *out, hcc_fold *f, span text) {
  uint32_t least = NO_DEPTH;
  for (span t; text.size > 0; text = span_after(text, t.size)) {
    t = token(text);
    variable v = on_stack(t);
    struct hcc_waiting *w = waiting_for(f, v);
    if (v.letter != 0 && v.depth < least) {
      least = v.depth;
    }
    if (w != NULL) {
      hcc_buf_add(out, w->text, w->size);
    } else {
      hcc_buf_add(out, t.at, t.size);
    }
  }
  return least;
}

/* ---- integer operations ---- */

/* A type that is cast to, or what can't trap and evaluates its operands once. */
static bool is_operator(span word) {
  static const char *const words[] = {"u8",       "s8",       "u16",     "s16",       "u32",
                                      "s32",      "u64",      "s64",     "hsb_bits8", "I32_ROTL",
                                      "I32_ROTR", "I64_ROTL", "I64_ROTR"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (span_is(word, words[i])) {
      return true;
    }
  }
  return false;
}

/* Only numbers, integers of the stack and operators that can't trap? */
static bool is_pure(span text) {
  for (span t; text.size > 0; text = span_after(text, t.size)) {
    t = token(text);
    bool known = in_word(*t.at) ? digit(*t.at) || is_integer(on_stack(t)) || is_operator(t)
                                : strchr(" ()+-*&|^~!<>=?:,", *t.at) != NULL;
    if (!known) {
      return false;
    }
  }
  return true;
}

/* Is it one cast of all, "(u64)(...)"? */
static bool is_one_cast(span text, const char *cast) {
  int open = 1;
  size_t n = strlen(cast), i = n + 1;
  if (!span_begins(text, cast) || text.size < n + 2 || text.at[n] != '(') {
    return false;
  }
  for (; i < text.size && open > 0; i++) {
    open += (text.at[i] == '(') - (text.at[i] == ')');
  }
  return open == 0 && i == text.size;
}

/* Has it the variable's type already? A local has, and a number with its suffix. */
static bool has_type(span text, char letter) {
  if (text.size != token(text).size) {
    return is_one_cast(text, letter == 'i' ? "(u32)" : "(u64)");
  }
  bool wide = text.size > 3 && memcmp(text.at + text.size - 3, "ull", 3) == 0;
  bool number = digit(*text.at) && (wide || text.at[text.size - 1] == 'u');
  return is_local(text) || (number && wide == (letter == 'j'));
}

/* What an assignment of this gives the variable, as an operand of anything. */
static void cast_to(hcc_buf *out, char letter, span text) {
  const char *type = letter == 'i' ? "(u32)" : "(u64)";
  if (has_type(text, letter)) {
    hcc_buf_add(out, text.at, text.size);
  } else if (letter == 'i' && is_one_cast(text, "(u64)")) {
    span_put(out, "(u32)@", &(span){text.at + 5, text.size - 5});
  } else {
    hcc_buf_text(out, type);
    span_put(out, "(@)", &text);
  }
}

/* ---- lines ---- */

typedef struct assignment { /* "NAME OP= VALUE;" */
  span name, op, value;
} assignment;

static bool parse_assignment(assignment *a, span line) {
  a->name = token(line);
  if (a->name.size + 5 > line.size || line.at[a->name.size] != ' ') {
    return false;
  }
  span rest = span_after(line, a->name.size + 1);
  const char *equals = memchr(rest.at, '=', rest.size < 3 ? rest.size : 3);
  if (equals == NULL || equals[1] != ' ') {
    return false;
  }
  a->op = span_between(rest.at, equals);
  a->value = span_between(equals + 2, line.at + line.size - 1);
  return a->value.size > 0;
}

/* Is the first semicolon there? A jump stands in a line with the copy of its value. */
static bool ends_at(span line, size_t place) {
  const char *first = memchr(line.at, ';', line.size);
  return first == line.at + place;
}

/* Waits for its variable, whose depth is below HCC_FOLD_DEPTH. */
static void wait_as(hcc_fold *f, variable v, span text) {
  struct hcc_waiting *w = &f->waiting[v.depth];
  w->letter = v.letter;
  w->size = (uint32_t)text.size;
  memcpy(w->text, text.at, text.size);
  f->waits |= UINT64_C(1) << v.depth;
}

/* A new value of the variable that waits, or is written if it is long. */
static void hold(hcc_fold *f, variable v, span value) {
  forget_from(f, v.depth);
  if (value.size < HCC_FOLD_TEXT && v.depth < HCC_FOLD_DEPTH) {
    wait_as(f, v, value);
    return;
  }
  changes(f, v.name);
  span_put(&f->out, "@ = @; ", (span[]){v.name, value});
}

static span span_of(const hcc_buf *b) {
  return (span){(const char *)b->data, b->size};
}

/* The text with what waits in place of its variables, in f->operand or f->value. */
static span replaced(uint32_t *least, hcc_buf *in, hcc_fold *f, span text) {
  in->size = 0;
  *least = replace(in, f, text);
  f->out.failed |= in->failed;
  return span_of(in);
}

/* "(u32)(((u64)(var_l2) + 8ull))", which is how Go adds to an address, is "(var_l2 + 8u)". */
static bool narrowed(hcc_buf *out, span text) {
  uint64_t n = 0;
  size_t digits = 0;
  if (!span_skip(&text, "(u32)(((u64)(")) {
    return false;
  }
  span name = token(text);
  text = span_after(text, name.size);
  if (parse_variable(name, "ilp").letter == 0 || !span_skip(&text, ") + ")) {
    return false;
  }
  for (; digits < text.size && digit(text.at[digits]) && digits < 19; digits++) {
    n = n * 10 + (uint64_t)(text.at[digits] - '0');
  }
  bool whole = digits > 0 && span_is(span_after(text, digits), "ull))");
  if (whole) {
    hcc_buf_format(out, "(%.*s + %uu)", (int)name.size, name.at, (unsigned)(uint32_t)n);
  }
  return whole;
}

static void compute(hcc_fold *f, variable v, const assignment *a) {
  uint32_t least;
  span text = replaced(&least, &f->operand, f, a->value);
  f->value.size = 0;
  if (a->op.size == 0 && !f->out.failed) {
    if (v.letter != 'i' || !narrowed(&f->value, text)) {
      cast_to(&f->value, v.letter, text);
    }
  } else {
    const struct hcc_waiting *w = waiting_for(f, v);
    span_put(&f->value, "(@ @ @)", (span[]){w == NULL ? v.name : text_of(w), a->op, text});
  }
  f->out.failed |= f->value.failed;
  if (!f->out.failed) {
    hold(f, v, span_of(&f->value));
  }
}

/* The local that the next line sets to this variable, if it does. */
static span next_local(variable v, span next) {
  assignment a;
  bool copied = next.size > 0 && is_integer(v) && v.depth < HCC_FOLD_DEPTH &&
                ends_at(next, next.size - 1) && parse_assignment(&a, next) && is_local(a.name) &&
                a.op.size == 0 && span_same(a.value, v.name);
  return copied ? a.name : (span){NULL, 0};
}

/* What can't wait, and perhaps is a local's at once. */
static void write_value(hcc_fold *f, variable v, span op, span text, span next) {
  span local = op.size == 0 ? next_local(v, next) : (span){NULL, 0};
  span name = local.size > 0 ? local : v.name;
  forget_from(f, v.depth);
  changes(f, name);
  span_put(&f->out, "@ @= ", (span[]){name, op});
  if (!f->places || op.size > 0 || !hcc_access_load(&f->out, text.at, text.size, f->sure)) {
    hcc_buf_add(&f->out, text.at, text.size);
  }
  hcc_buf_byte(&f->out, ';');
  if (local.size > 0) {
    wait_as(f, v, local);
    f->skipping = true;
  }
}

/* A variable of the stack gets a value. */
static bool set_stack(hcc_fold *f, const assignment *a, span next) {
  variable v = on_stack(a->name);
  bool word = token(a->value).size == a->value.size;
  if (v.letter == 0 || (word && on_stack(a->value).letter != 0 && a->op.size == 0)) {
    return false; /* a copy is a jump's: what is above it may live on */
  }
  if (is_integer(v) && (is_pure(a->value) || (word && is_local(a->value)))) {
    compute(f, v, a);
    return true;
  }
  if (is_integer(v) && a->op.size > 0) {
    return false;
  }
  uint32_t least;
  span value = replaced(&least, &f->value, f, a->value);
  if (!f->out.failed) {
    write_value(f, v, a->op, value, next);
  }
  return true;
}

/* What the variable, which is read here, stands for: a copy of what waits for it, or its name. What
 * is not below it waits no longer. */
static span take(char copy[HCC_FOLD_TEXT], hcc_fold *f, variable v) {
  const struct hcc_waiting *w = waiting_for(f, v);
  span text = w == NULL ? v.name : (span){copy, w->size};
  if (w != NULL) {
    memcpy(copy, w->text, w->size);
  }
  forget_from(f, v.depth);
  return text;
}

/* "(var_l2 - 8u)" for var_l2 is "var_l2 -= 8u;" */
static void write_local(hcc_fold *f, span name, span text) {
  span rest = span_after(text, text.size > name.size + 6 ? name.size + 1 : text.size);
  bool same = rest.size > 0 && *text.at == '(' && memcmp(text.at + 1, name.at, name.size) == 0;
  if (same && rest.at[0] == ' ' && strchr("+-*&|^", rest.at[1]) != NULL && rest.at[2] == ' ') {
    span operand = span_after(rest, 3);
    if (token(operand).size + 1 == operand.size) {
      span_put(&f->out, "@ @= @;",
               (span[]){name, {rest.at + 1, 1}, {operand.at, operand.size - 1}});
      return;
    }
  }
  span_put(&f->out, "@ = @;", (span[]){name, text});
}

/* local.set or local.tee, which look the same: the value may still be on the stack, and is the
 * local's then. */
static bool set_local(hcc_fold *f, const assignment *a) {
  variable v = on_stack(a->value);
  if (!is_local(a->name) || v.letter == 0 || a->op.size != 0 || a->name.size >= HCC_FOLD_TEXT) {
    return false;
  }
  char copy[HCC_FOLD_TEXT];
  struct hcc_waiting *w = waiting_for(f, v);
  span text = take(copy, f, v);
  changes(f, a->name);
  write_local(f, a->name, text);
  if (w != NULL) {
    wait_as(f, v, a->name);
  }
  return true;
}

static bool is_store(span line) {
  static const char *const names[] = {"i32_store", "i64_store", "f32_store", "f64_store"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (span_begins(line, names[i])) {
      return true;
    }
  }
  return false;
}

/* Takes what it reads from the stack, and changes no variable. */
static bool consume(hcc_fold *f, span line) {
  if (!is_store(line) && !span_begins(line, "instance->w2c_g")) {
    return false;
  }
  uint32_t least;
  span text = replaced(&least, &f->value, f, line);
  forget_from(f, least);
  if (!f->out.failed && (!f->places || !hcc_access_store(&f->out, text.at, text.size))) {
    hcc_buf_add(&f->out, text.at, text.size);
  }
  return true;
}

/* "if (var_i0) {", perhaps with "goto var_B1;}" */
static bool condition(hcc_fold *f, span line) {
  static const char stem[] = "if (";
  if (!span_begins(line, stem)) {
    return false;
  }
  span rest = span_after(line, strlen(stem)), word = token(rest);
  variable v = on_stack(word);
  rest = span_after(rest, word.size);
  bool jump = span_begins(rest, ") {goto var_") && ends_at(rest, rest.size - 2);
  if (!is_integer(v) || !(span_is(rest, ") {") || jump)) {
    return false;
  }
  char copy[HCC_FOLD_TEXT];
  span text = take(copy, f, v);
  write_out(f);
  span_put(&f->out, "if (@@", (span[]){text, rest});
  return true;
}

/* ---- calls with several results ---- */

#define MULTI "struct wasm_multi_"
#define TMP " tmp = "

/* "struct wasm_multi_ij tmp = f(var_i0);": gives "ij", and "f(var_i0);". */
static bool parse_call(span *type, span *value, span line) {
  if (!span_begins(line, MULTI) || !ends_at(line, line.size - 1)) {
    return false;
  }
  *type = token(span_after(line, strlen(MULTI)));
  *value = span_after(line, strlen(MULTI) + type->size);
  if (type->size > HCC_FOLD_TEXT / 2 || !span_begins(*value, TMP)) {
    return false;
  }
  *value = span_after(*value, strlen(TMP));
  return true;
}

/* "struct wasm_multi_ij tmp_ij; " for each type that there is a call of. */
static void declare_results(hcc_buf *out, span text) {
  char row[HCC_FOLD_TEXT + 64] = "";
  for (const char *at; (at = memmem(text.at, text.size, MULTI, strlen(MULTI))) != NULL;) {
    text = span_after(text, (size_t)(at - text.at) + strlen(MULTI));
    span type = token(text);
    if (type.size > HCC_FOLD_TEXT / 2 || !span_begins(span_after(text, type.size), TMP)) {
      continue;
    }
    snprintf(row, sizeof row, MULTI "%.*s tmp_%.*s; ", (int)type.size, type.at, (int)type.size,
             type.at);
    if (out->size == 0 || memmem(out->data, out->size, row, strlen(row)) == NULL) {
      hcc_buf_text(out, row);
    }
  }
}

/* "var_i0 = tmp.i0;" waits as "tmp_ij.i0" if it is an integer. */
static bool result(hcc_fold *f, span line) {
  assignment a;
  char text[HCC_FOLD_TEXT];
  if (!parse_assignment(&a, line) || !span_begins(a.value, "tmp.")) {
    return false;
  }
  variable v = on_stack(a.name);
  span field = span_after(a.value, strlen("tmp."));
  int n = snprintf(text, sizeof text, "tmp_%s.%.*s", f->call, (int)field.size, field.at);
  if (v.letter == 0 || n < 0 || (size_t)n >= sizeof text) {
    return false;
  }
  if (is_integer(v) && v.depth < HCC_FOLD_DEPTH) {
    wait_as(f, v, (span){text, (size_t)n});
    return true;
  }
  changes(f, v.name);
  span_put(&f->out, "@ = @;", (span[]){v.name, {text, (size_t)n}});
  return true;
}

/* "{", "struct wasm_multi_ij tmp = f(var_i0);", then an assignment for each result, and "}" */
static bool call(hcc_fold *f, span line, span next) {
  span type, value;
  char name[HCC_FOLD_TEXT];
  if (span_is(line, "{") && parse_call(&type, &value, next)) {
    return true;
  }
  if (f->call[0] != '\0' && span_is(line, "}")) {
    f->call[0] = '\0';
    return true;
  }
  if (!parse_call(&type, &value, line)) {
    return f->call[0] != '\0' && result(f, line);
  }
  uint32_t least;
  snprintf(f->call, sizeof f->call, "%.*s", (int)type.size, type.at);
  snprintf(name, sizeof name, "tmp_%s", f->call);
  span text = replaced(&least, &f->value, f, value);
  forget_from(f, least);
  changes(f, (span){name, strlen(name)});
  span_put(&f->out, "@ = @", (span[]){{name, strlen(name)}, text});
  return true;
}

static bool statement(hcc_fold *f, span line, span next) {
  assignment a;
  return ends_at(line, line.size - 1) &&
         ((parse_assignment(&a, line) && (set_stack(f, &a, next) || set_local(f, &a))) ||
          consume(f, line));
}

/* What every function begins with. */
static bool prologue(hcc_fold *f, span line) {
  if (!span_is(line, "FUNC_PROLOGUE;")) {
    return false;
  }
  hcc_buf_add(&f->out, f->results.data, f->results.size);
  hcc_buf_text(&f->out, f->places ? "u8 *const base = (u8 *)instance + HSB_SPAN; " : "");
  hcc_buf_text(&f->out, "FUNC_PROLOGUE;");
  f->out.failed |= f->results.failed;
  return true;
}

void hcc_fold_line(hcc_fold *f, const char *line, size_t size, const char *next, size_t next_size) {
  span l = {line, size}, follower = {next, next_size};
  f->out.size = 0;
  if (f->skipping) {
    f->skipping = false;
    return;
  }
  if (!call(f, l, follower) && !statement(f, l, follower) && !condition(f, l) && !prologue(f, l)) {
    write_out(f);
    hcc_buf_add(&f->out, l.at, l.size);
  }
}

void hcc_fold_begin(hcc_fold *f, const char *text, size_t size) {
  forget_from(f, 0);
  f->call[0] = '\0';
  f->sure = f->skipping = false;
  f->results.size = 0;
  declare_results(&f->results, (span){text, size});
}

void hcc_fold_init(hcc_fold *f, bool places) {
  *f = (hcc_fold){.places = places};
  hcc_buf_init(&f->results, LINE_MAX);
  hcc_buf_init(&f->operand, LINE_MAX);
  hcc_buf_init(&f->value, LINE_MAX);
  hcc_buf_init(&f->out, LINE_MAX);
}

void hcc_fold_free(hcc_fold *f) {
  hcc_buf_free(&f->results);
  hcc_buf_free(&f->operand);
  hcc_buf_free(&f->value);
  hcc_buf_free(&f->out);
}
