/* parser.c - recursive descent over lexer.h's tokens; docs/sql.md has the grammar. Clauses of
 * CREATE come in any order, each at most once; a table of them (clauses[]) drives parsing, messages
 * and did-you-mean.
 *
 * Invariants: every error has the byte offset of its token; nothing that was written is ignored. */
#include <string.h>
#include <strings.h>

#include "ddl/ddl.h"
#include "ddl/lexer.h"
#include "plugin/nearest.h"

typedef struct parser {
  hrt_lexer lexer;
  hrt_token token; /* the one under the eye */
  hrt_ddl *ddl;
  uint32_t clauses_seen; /* bits of clauses[] */
  bool null_rule_given;  /* STRICT or CALLED */
  helios_error *err;
} parser;

static uint32_t offset_of(const parser *p, const hrt_token *t) {
  return (uint32_t)(t->at - p->lexer.text);
}

static void advance(parser *p) {
  p->token = hrt_lexer_next(&p->lexer);
}

static bool at_end(const parser *p) {
  return p->token.kind == HRT_TOKEN_END || hrt_token_punct(&p->token, ';');
}

static int fail_at(parser *p, const hrt_token *t, const char *what, const char *expected) {
  char escaped[HRT_ESCAPED];
  int status;
  if (t->kind == HRT_TOKEN_UNTERMINATED) {
    status = hrt_fail(p->err, HELIOS_E_SYNTAX, "syntax error at byte %u: %s never ends",
                      offset_of(p, t), hrt_escape(escaped, t->at, t->length < 16 ? t->length : 16));
  } else if (t->kind == HRT_TOKEN_END || hrt_token_punct(t, ';')) {
    status = hrt_fail(p->err, HELIOS_E_SYNTAX, "syntax error at the end of the statement: %s%s",
                      what, expected);
  } else {
    status = hrt_fail(p->err, HELIOS_E_SYNTAX, "syntax error at \"%s\" (byte %u): %s%s",
                      hrt_escape(escaped, t->at, t->length), offset_of(p, t), what, expected);
  }
  if (p->err != NULL) {
    p->err->offset = offset_of(p, t);
  }
  return status;
}

static int expected(parser *p, const char *what) {
  return fail_at(p, &p->token, "expected ", what);
}

/* As expected(), with a hint when the token is nearly one of the words. */
static int expected_word(parser *p, const char *what, const char *const *words) {
  int status = expected(p, what);
  hrt_nearest near;
  if (p->token.kind != HRT_TOKEN_WORD) {
    return status;
  }
  hrt_nearest_begin(&near, p->token.at, p->token.length);
  for (; *words; words++) {
    hrt_nearest_try(&near, *words);
  }
  if (near.best != NULL) {
    hrt_hint(p->err, "did you mean %s?", near.best);
  }
  return status;
}

static int unsupported(parser *p, const char *clause) {
  int status = hrt_fail(p->err, HELIOS_E_SYNTAX, "not supported yet: %s", clause);
  if (p->err != NULL) {
    p->err->offset = offset_of(p, &p->token);
  }
  return status;
}

static bool accept_word(parser *p, const char *word) {
  if (!hrt_token_is(&p->token, word)) {
    return false;
  }
  advance(p);
  return true;
}

static bool accept_punct(parser *p, char byte) {
  if (!hrt_token_punct(&p->token, byte)) {
    return false;
  }
  advance(p);
  return true;
}

static int need_word(parser *p, const char *word) {
  const char *const words[] = {word, NULL};
  return accept_word(p, word) ? 0 : expected_word(p, word, words);
}

static int need_punct(parser *p, char byte) {
  const char what[] = {'\'', byte, '\'', 0};
  return accept_punct(p, byte) ? 0 : expected(p, what);
}

static bool is_name(const hrt_token *t) {
  return t->kind == HRT_TOKEN_WORD || t->kind == HRT_TOKEN_QUOTED;
}

static bool printable(const char *text) {
  for (; *text; text++) {
    if ((unsigned char)*text < 0x20 || *text == 0x7f) {
      return false;
    }
  }
  return true;
}

static int copy_token(parser *p, char *out, size_t size, const char *what) {
  if (hrt_token_copy(&p->token, out, size) <= 0 || !printable(out)) {
    return fail_at(p, &p->token, what, " is empty, too long or has control characters");
  }
  advance(p);
  return 0;
}

static int parse_name(parser *p, char out[HRT_NAME_BYTES], const char *what) {
  return is_name(&p->token) ? copy_token(p, out, HRT_NAME_BYTES, what) : expected(p, what);
}

static int parse_string(parser *p, char *out, size_t size, const char *what) {
  return p->token.kind == HRT_TOKEN_STRING ? copy_token(p, out, size, what) : expected(p, what);
}

static int parse_uint(parser *p, uint32_t *out, uint32_t max, const char *what) {
  uint64_t value = 0;
  const hrt_token *t = &p->token;
  if (t->kind != HRT_TOKEN_NUMBER) {
    return expected(p, what);
  }
  for (size_t i = 0; i < t->length; i++) {
    if (t->at[i] < '0' || t->at[i] > '9' || value > max) {
      return expected(p, what);
    }
    value = value * 10 + (uint64_t)(t->at[i] - '0');
  }
  if (value > max) {
    return expected(p, what);
  }
  *out = (uint32_t)value;
  advance(p);
  return 0;
}

/* ---- types and parameters ---- */

/* The second words that some type names have. */
static void skip_type_tail(parser *p, const char *type) {
  if (strcmp(type, "DOUBLE") == 0) {
    (void)accept_word(p, "PRECISION");
  } else if (strcmp(type, "CHARACTER") == 0 || strcmp(type, "CHAR") == 0) {
    (void)accept_word(p, "VARYING");
  }
}

static int parse_type_size(parser *p, hrt_type_decl *out) {
  int status = 0;
  if (!accept_punct(p, '(')) {
    return 0;
  }
  HRT_TRY(parse_uint(p, &out->length, 1000000000, "a length"));
  if (accept_punct(p, ',')) {
    HRT_TRY(parse_uint(p, &out->scale, 1000, "a scale"));
  }
  HRT_TRY(need_punct(p, ')'));
out:
  return status;
}

static int parse_type(parser *p, hrt_type_decl *out) {
  int status = 0;
  if (p->token.kind != HRT_TOKEN_WORD) {
    return expected(p, "a type");
  }
  HRT_TRY(copy_token(p, out->name, HRT_TYPE_BYTES, "type"));
  for (char *c = out->name; *c; c++) {
    *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
  }
  skip_type_tail(p, out->name);
  HRT_TRY(parse_type_size(p, out));
out:
  return status;
}

/* [IN] [name] type: one word alone is a type. */
static int parse_param(parser *p, hrt_param *out) {
  static const char *const modes[] = {"OUT", "INOUT", "VARIADIC", NULL};
  int status = 0;
  for (const char *const *mode = modes; *mode; mode++) {
    if (hrt_token_is(&p->token, *mode)) {
      return unsupported(p, "OUT, INOUT and VARIADIC parameters");
    }
  }
  (void)accept_word(p, "IN");
  hrt_lexer ahead = p->lexer;
  hrt_token next = hrt_lexer_next(&ahead);
  if (next.kind == HRT_TOKEN_WORD || p->token.kind == HRT_TOKEN_QUOTED) {
    HRT_TRY(parse_name(p, out->name, "a parameter"));
  }
  HRT_TRY(parse_type(p, &out->type));
  if (hrt_token_is(&p->token, "DEFAULT") || hrt_token_punct(&p->token, '=')) {
    return unsupported(p, "DEFAULT values of parameters");
  }
out:
  return status;
}

static int parse_params(parser *p) {
  hrt_definition *d = &p->ddl->def;
  int status = 0;
  if (!accept_punct(p, '(')) {
    return 0;
  }
  p->ddl->params_given = true;
  if (accept_punct(p, ')')) {
    return 0;
  }
  do {
    if (d->param_count == HRT_PARAMS_MAX) {
      return expected(p, "at most 100 parameters");
    }
    HRT_TRY(parse_param(p, &d->params[d->param_count]));
    d->param_count++;
  } while (accept_punct(p, ','));
  if (!accept_punct(p, ')')) {
    status = expected(p, "',' or ')' after a parameter");
  }
out:
  return status;
}

/* ---- sources ---- */

static bool starts(const char *at, size_t length, const char *prefix) {
  size_t n = strlen(prefix);
  return length >= n && memcmp(at, prefix, n) == 0;
}

static bool blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Drops white space at both ends and whole-line comments at the beginning. */
static void trim(const char **at, size_t *length) {
  while (*length > 0) {
    if (blank(**at)) {
      (*at)++, (*length)--;
    } else if (starts(*at, *length, "--")) {
      const char *end = memchr(*at, '\n', *length);
      size_t skip = end ? (size_t)(end - *at) + 1 : *length;
      *at += skip, *length -= skip;
    } else {
      break;
    }
  }
  while (*length > 0 && blank((*at)[*length - 1])) {
    (*length)--;
  }
}

/* Text is base64 of a module ("\0asm") or a plugin ("\177ELF") if it begins as those do; else a
 * path. */
static void classify(hrt_ddl_source *s) {
  trim(&s->at, &s->length);
  if (starts(s->at, s->length, "file://")) {
    s->at += 7, s->length -= 7;
    s->kind = HRT_SOURCE_PATH;
  } else if (starts(s->at, s->length, "AGFzb") || starts(s->at, s->length, "f0VMR")) {
    s->kind = HRT_SOURCE_BASE64;
  } else {
    s->kind = HRT_SOURCE_PATH;
  }
}

static int parse_source(parser *p) {
  hrt_ddl_source *s = &p->ddl->source;
  const hrt_token t = p->token;
  *s = (hrt_ddl_source){HRT_SOURCE_HEX, t.body, t.body_length, t.kind == HRT_TOKEN_STRING,
                        offset_of(p, &t)};
  if (t.kind == HRT_TOKEN_STRING || t.kind == HRT_TOKEN_DOLLAR) {
    classify(s);
  } else if (t.kind != HRT_TOKEN_BLOB) {
    return expected(p, "a source: '<path>', '<base64>', X'..' or $wasm$ .. $wasm$");
  }
  if (s->length == 0) {
    return fail_at(p, &t, "the source", " is empty");
  }
  advance(p);
  return 0;
}

/* ---- clauses of CREATE ---- */

static int clause_returns(parser *p) {
  static const char *const unready[] = {"TABLE", "SETOF", NULL};
  for (const char *const *word = unready; *word; word++) {
    if (hrt_token_is(&p->token, *word)) {
      return unsupported(p, "RETURNS TABLE");
    }
  }
  return parse_type(p, &p->ddl->def.returns);
}

static int clause_language(parser *p) {
  static const char *const known[] = {"sql", "javascript", "python", "rust", "c", NULL};
  static const char *const wasm[] = {"wasm", NULL};
  for (const char *const *word = known; *word; word++) {
    if (hrt_token_is(&p->token, *word)) {
      int status = unsupported(p, "languages other than wasm");
      hrt_hint(p->err, "compile the procedure to WebAssembly and use LANGUAGE wasm");
      return status;
    }
  }
  if (p->token.kind == HRT_TOKEN_STRING && p->token.body_length == 4 &&
      strncasecmp(p->token.body, "wasm", 4) == 0) {
    advance(p);
    return 0;
  }
  return accept_word(p, "wasm") ? 0 : expected_word(p, "wasm", wasm);
}

static int clause_export(parser *p) {
  return parse_string(p, p->ddl->def.export_name, HRT_NAME_BYTES, "the export's name in '..'");
}

static int clause_deterministic(parser *p) {
  p->ddl->def.deterministic = true;
  return 0;
}

static int clause_strict(parser *p) {
  p->null_rule_given = true;
  return 0;
}

static int clause_called(parser *p) {
  int status = 0;
  p->null_rule_given = true;
  p->ddl->def.called_on_null = true;
  HRT_TRY(need_word(p, "ON"));
  HRT_TRY(need_word(p, "NULL"));
  HRT_TRY(need_word(p, "INPUT"));
out:
  return status;
}

static int clause_profile(parser *p) {
  int status = 0;
  HRT_TRY(need_word(p, "PROFILE"));
  HRT_TRY(parse_string(p, p->ddl->def.profile, HRT_NAME_BYTES, "a profile's name in '..'"));
out:
  return status;
}

static int parse_capability_text(parser *p) {
  hrt_definition *d = &p->ddl->def;
  if (d->capability_count == HRT_CAPABILITIES_MAX) {
    return expected(p, "at most 64 capabilities");
  }
  int status = parse_string(p, d->capabilities[d->capability_count], HRT_CAPABILITY_BYTES,
                            "a capability in '..'");
  d->capability_count += status == 0;
  return status;
}

static int clause_capabilities(parser *p) {
  int status = 0;
  HRT_TRY(need_punct(p, '('));
  if (accept_punct(p, ')')) {
    return 0;
  }
  do {
    HRT_TRY(parse_capability_text(p));
  } while (accept_punct(p, ','));
  if (!accept_punct(p, ')')) {
    status = expected(p, "',' or ')' after a capability");
  }
out:
  return status;
}

/* Value of an option: a word, number or string. */
static int parse_option_value(parser *p, hrt_option option) {
  char text[64];
  hrt_token t = p->token;
  if (t.kind != HRT_TOKEN_WORD && t.kind != HRT_TOKEN_NUMBER && t.kind != HRT_TOKEN_STRING) {
    return expected(p, "a value");
  }
  int status = 0;
  HRT_TRY(copy_token(p, text, sizeof text, "value"));
  status = hrt_option_parse(&p->ddl->def.options[option], option, text, strlen(text), p->err);
  if (status != 0 && p->err != NULL) {
    p->err->offset = offset_of(p, &t);
  }
  p->ddl->def.options_given |= 1u << option;
out:
  return status;
}

static int parse_option(parser *p) {
  static const char *const names[] = {
#define HRT_OPTION(NAME, name, kind, only, doc) name,
#include "registry/options.def"
#undef HRT_OPTION
      NULL};
  int option = p->token.kind == HRT_TOKEN_WORD ? hrt_option_find(p->token.at, p->token.length) : -1;
  if (option < 0) {
    return expected_word(p, "an option", names);
  }
  if (p->ddl->def.options_given & 1u << option) {
    return fail_at(p, &p->token, "this option", " was given before");
  }
  int status = 0;
  advance(p);
  if (!accept_word(p, "TO")) {
    HRT_TRY(need_punct(p, '='));
  }
  HRT_TRY(parse_option_value(p, (hrt_option)option));
out:
  return status;
}

static int clause_with(parser *p) {
  int status = 0;
  HRT_TRY(need_punct(p, '('));
  do {
    HRT_TRY(parse_option(p));
  } while (accept_punct(p, ','));
  if (!accept_punct(p, ')')) {
    status = expected(p, "',' or ')' after an option");
  }
out:
  return status;
}

static const struct clause {
  const char *word;
  int (*parse)(parser *p);
} clauses[] = {
    {"RETURNS", clause_returns},  {"LANGUAGE", clause_language},
    {"EXPORT", clause_export},    {"DETERMINISTIC", clause_deterministic},
    {"STRICT", clause_strict},    {"CALLED", clause_called},
    {"SECURITY", clause_profile}, {"CAPABILITIES", clause_capabilities},
    {"WITH", clause_with},        {"AS", parse_source},
};
enum { CLAUSES = sizeof clauses / sizeof *clauses, STRICT = 4, CALLED = 5 };

static int parse_clause(parser *p) {
  const char *words[CLAUSES + 1] = {0};
  for (unsigned i = 0; i < CLAUSES; i++) {
    words[i] = clauses[i].word;
    if (!hrt_token_is(&p->token, clauses[i].word)) {
      continue;
    }
    bool again = p->clauses_seen & 1u << i;
    bool both = (i == STRICT || i == CALLED) && p->null_rule_given;
    if (again || both) {
      return fail_at(p, &p->token, "this clause",
                     both && !again ? " contradicts an earlier one" : " was given before");
    }
    p->clauses_seen |= 1u << i;
    advance(p);
    return clauses[i].parse(p);
  }
  return expected_word(p,
                       "RETURNS, LANGUAGE, EXPORT, DETERMINISTIC, STRICT, CALLED ON NULL INPUT, "
                       "SECURITY PROFILE, CAPABILITIES, WITH or AS",
                       words);
}

static bool saw(const parser *p, const char *word) {
  for (unsigned i = 0; i < CLAUSES; i++) {
    if (strcmp(clauses[i].word, word) == 0) {
      return p->clauses_seen & 1u << i;
    }
  }
  return false;
}

static int parse_create(parser *p) {
  int status = 0;
  p->ddl->action = HRT_DDL_CREATE;
  HRT_TRY(parse_name(p, p->ddl->def.name, "the procedure's name"));
  HRT_TRY(parse_params(p));
  while (!at_end(p)) {
    HRT_TRY(parse_clause(p));
  }
  if (!saw(p, "LANGUAGE")) {
    status = expected(p, "LANGUAGE wasm");
  } else if (!saw(p, "AS")) {
    status = expected(p, "AS and a source");
  }
out:
  return status;
}

/* ---- ALTER ---- */

static int parse_version(parser *p) {
  hrt_token at = p->token;
  int status = parse_uint(p, &p->ddl->def.version, 1000000000, "a version number");
  return status == 0 && p->ddl->def.version == 0 ? fail_at(p, &at, "versions", " count from 1")
                                                 : status;
}

static int alter_version(parser *p) {
  int status = 0;
  p->ddl->action = HRT_DDL_ADD_VERSION;
  HRT_TRY(parse_version(p));
  HRT_TRY(need_word(p, "AS"));
  HRT_TRY(parse_source(p));
out:
  return status;
}

static int alter_use(parser *p) {
  int status = 0;
  p->ddl->action = HRT_DDL_USE_VERSION;
  HRT_TRY(need_word(p, "VERSION"));
  HRT_TRY(parse_version(p));
out:
  return status;
}

static int alter_set(parser *p) {
  if (accept_word(p, "SOURCE")) {
    p->ddl->action = HRT_DDL_ADD_VERSION;
    return parse_source(p);
  }
  if (accept_word(p, "SECURITY")) {
    p->ddl->action = HRT_DDL_SET_PROFILE;
    return clause_profile(p);
  }
  p->ddl->action = HRT_DDL_SET_OPTION;
  return parse_option(p);
}

/* NAME or NAME('object') or '<short form>': kept as text for hrt_caps_add. */
static int parse_long_capability(parser *p) {
  hrt_definition *d = &p->ddl->def;
  if (p->token.kind == HRT_TOKEN_STRING) {
    return parse_capability_text(p);
  }
  if (p->token.kind != HRT_TOKEN_WORD) {
    return expected(p, "a capability, e.g. DATABASE_READ('orders') or 'read:orders'");
  }
  const char *from = p->token.at;
  const char *to = from + p->token.length;
  int status = 0;
  advance(p);
  if (accept_punct(p, '(')) {
    if (p->token.kind != HRT_TOKEN_STRING) {
      return expected(p, "an object in '..'");
    }
    advance(p);
    to = p->token.at + 1;
    HRT_TRY(need_punct(p, ')'));
  }
  size_t length = (size_t)(to - from);
  if (length >= HRT_CAPABILITY_BYTES || d->capability_count == HRT_CAPABILITIES_MAX) {
    return expected(p, "a shorter list of capabilities");
  }
  memcpy(d->capabilities[d->capability_count], from, length);
  d->capabilities[d->capability_count++][length] = 0;
out:
  return status;
}

static int parse_grant_list(parser *p) {
  int status = 0;
  HRT_TRY(need_word(p, "CAPABILITY"));
  do {
    HRT_TRY(parse_long_capability(p));
  } while (accept_punct(p, ','));
out:
  return status;
}

static int alter_grant(parser *p) {
  p->ddl->action = HRT_DDL_GRANT;
  return parse_grant_list(p);
}

static int alter_revoke(parser *p) {
  p->ddl->action = HRT_DDL_REVOKE;
  return parse_grant_list(p);
}

static int alter_canary(parser *p) {
  return unsupported(p, "CANARY, PROMOTE and ROLLBACK of versions");
}

static const struct clause alters[] = {
    {"VERSION", alter_version}, {"USE", alter_use},         {"SET", alter_set},
    {"GRANT", alter_grant},     {"REVOKE", alter_revoke},   {"CANARY", alter_canary},
    {"PROMOTE", alter_canary},  {"ROLLBACK", alter_canary},
};
enum { ALTERS = sizeof alters / sizeof *alters };

static int parse_alter(parser *p) {
  const char *words[ALTERS + 1] = {0};
  int status = 0;
  HRT_TRY(parse_name(p, p->ddl->def.name, "the procedure's name"));
  for (unsigned i = 0; i < ALTERS; i++) {
    words[i] = alters[i].word;
    if (accept_word(p, alters[i].word)) {
      return alters[i].parse(p);
    }
  }
  status = expected_word(p, "VERSION, USE VERSION, SET, GRANT or REVOKE", words);
out:
  return status;
}

/* ---- DROP, CALL ---- */

static int parse_drop(parser *p) {
  int status = 0;
  p->ddl->action = HRT_DDL_DROP;
  if (accept_word(p, "IF")) {
    HRT_TRY(need_word(p, "EXISTS"));
    p->ddl->if_exists = true;
  }
  HRT_TRY(parse_name(p, p->ddl->def.name, "the procedure's name"));
  p->ddl->cascade = accept_word(p, "CASCADE");
  if (!p->ddl->cascade) {
    (void)accept_word(p, "RESTRICT");
  }
out:
  return status;
}

/* The arguments are any SQL expressions: only their brackets are counted here. */
static int parse_call(parser *p) {
  unsigned depth = 1;
  int status = 0;
  p->ddl->action = HRT_DDL_CALL;
  HRT_TRY(parse_name(p, p->ddl->def.name, "the procedure's name"));
  p->ddl->call = offset_of(p, &p->token);
  HRT_TRY(need_punct(p, '('));
  for (;;) {
    if (p->token.kind == HRT_TOKEN_UNTERMINATED || at_end(p)) {
      return expected(p, "')'");
    }
    depth += hrt_token_punct(&p->token, '(');
    depth -= hrt_token_punct(&p->token, ')');
    if (depth == 0) {
      break;
    }
    advance(p);
  }
  p->ddl->call_length = offset_of(p, &p->token) + 1 - p->ddl->call;
  advance(p);
out:
  return status;
}

/* ---- statements ---- */

static int parse_object(parser *p, int (*rest)(parser *p)) {
  static const char *const words[] = {"PROCEDURE", "FUNCTION", NULL};
  if (hrt_token_is(&p->token, "AGGREGATE")) {
    return unsupported(p, "CREATE AGGREGATE");
  }
  if (hrt_token_is(&p->token, "EXTENSION")) {
    return unsupported(p, "CREATE EXTENSION");
  }
  p->ddl->def.function = hrt_token_is(&p->token, "FUNCTION");
  if (!accept_word(p, "PROCEDURE") && !accept_word(p, "FUNCTION")) {
    return expected_word(p, "PROCEDURE or FUNCTION", words);
  }
  return rest(p);
}

static int parse_statement(parser *p) {
  static const char *const words[] = {"CREATE", "ALTER", "DROP", "CALL", NULL};
  int status = 0;
  if (accept_word(p, "CREATE")) {
    if (accept_word(p, "OR")) {
      HRT_TRY(need_word(p, "REPLACE"));
      p->ddl->or_replace = true;
    }
    HRT_TRY(parse_object(p, parse_create));
  } else if (accept_word(p, "ALTER")) {
    HRT_TRY(parse_object(p, parse_alter));
  } else if (accept_word(p, "DROP")) {
    HRT_TRY(parse_object(p, parse_drop));
  } else if (accept_word(p, "CALL")) {
    HRT_TRY(parse_call(p));
  } else {
    HRT_TRY(expected_word(p, "CREATE, ALTER, DROP or CALL", words));
  }
  if (!at_end(p)) {
    HRT_TRY(expected(p, "the end of the statement"));
  }
out:
  return status;
}

int hrt_ddl_parse(hrt_ddl *out, const char *text, size_t length, helios_error *err) {
  parser p = {.ddl = out, .err = err};
  memset(out, 0, sizeof *out);
  if (length > UINT32_MAX / 2) {
    return hrt_fail(err, HELIOS_E_SYNTAX, "the statement is longer than 2 GiB");
  }
  hrt_lexer_init(&p.lexer, text, length);
  advance(&p);
  int status = parse_statement(&p);
  out->end = p.lexer.position;
  return status;
}

bool hrt_ddl_is(const char *text, size_t length) {
  static const char *const objects[] = {"PROCEDURE", "FUNCTION", "AGGREGATE", "EXTENSION", NULL};
  hrt_lexer lexer;
  hrt_lexer_init(&lexer, text, length);
  hrt_token t = hrt_lexer_next(&lexer);
  if (hrt_token_is(&t, "CALL")) {
    return true;
  }
  bool create = hrt_token_is(&t, "CREATE");
  if (!create && !hrt_token_is(&t, "ALTER") && !hrt_token_is(&t, "DROP")) {
    return false;
  }
  t = hrt_lexer_next(&lexer);
  if (create && hrt_token_is(&t, "OR")) {
    (void)hrt_lexer_next(&lexer);
    t = hrt_lexer_next(&lexer);
  }
  for (const char *const *object = objects; *object; object++) {
    if (hrt_token_is(&t, *object)) {
      return true;
    }
  }
  return false;
}

bool hrt_ddl_extent(size_t *end, const char *text, size_t length) {
  hrt_lexer lexer;
  hrt_token t;
  hrt_lexer_init(&lexer, text, length);
  do {
    t = hrt_lexer_next(&lexer);
  } while (t.kind != HRT_TOKEN_END && t.kind != HRT_TOKEN_UNTERMINATED &&
           !hrt_token_punct(&t, ';'));
  bool ended = hrt_token_punct(&t, ';');
  *end = ended ? lexer.position : length;
  return ended;
}

bool hrt_ddl_blank(const char *text, size_t length) {
  hrt_lexer lexer;
  hrt_token t;
  hrt_lexer_init(&lexer, text, length);
  do {
    t = hrt_lexer_next(&lexer);
  } while (hrt_token_punct(&t, ';'));
  return t.kind == HRT_TOKEN_END;
}
