/* parse_create.c - CREATE: parameters, types, and clauses in any order, each at most once; a table
 * of them (clauses[]) drives parsing, messages and did-you-mean.
 *
 * Invariant: nothing that was written is ignored. */
#include <string.h>
#include <strings.h>

#include "ddl/literal.h"
#include "ddl/parse.h"

/* ---- types and parameters ---- */

/* The second words that some type names have. */
static void skip_type_tail(hrt_parser *p, const char *type) {
  if (strcmp(type, "DOUBLE") == 0) {
    (void)hrt_parse_accept_word(p, "PRECISION");
  } else if (strcmp(type, "CHARACTER") == 0 || strcmp(type, "CHAR") == 0) {
    (void)hrt_parse_accept_word(p, "VARYING");
  }
}

static int parse_type_size(hrt_parser *p, hrt_type_decl *out) {
  int status = 0;
  if (!hrt_parse_accept_punct(p, '(')) {
    return 0;
  }
  HRT_TRY(hrt_parse_uint(p, &out->length, 1000000000, "a length"));
  if (hrt_parse_accept_punct(p, ',')) {
    HRT_TRY(hrt_parse_uint(p, &out->scale, 1000, "a scale"));
  }
  HRT_TRY(hrt_parse_need_punct(p, ')'));
out:
  return status;
}

static int parse_type(hrt_parser *p, hrt_type_decl *out) {
  int status = 0;
  if (p->token.kind != HRT_TOKEN_WORD) {
    return hrt_parse_expected(p, "a type");
  }
  HRT_TRY(hrt_parse_copy(p, out->name, HRT_TYPE_BYTES, "type"));
  for (char *c = out->name; *c; c++) {
    *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
  }
  skip_type_tail(p, out->name);
  HRT_TRY(parse_type_size(p, out));
out:
  return status;
}

static int parse_default(hrt_parser *p, hrt_param *out) {
  const char *from = p->token.at;
  size_t length;
  if (!hrt_literal_take(&length, &p->lexer, &p->token)) {
    return hrt_parse_expected(p, "a literal: NULL, TRUE, FALSE, a number, '..' or X'..'");
  }
  if (length >= HRT_DEFAULT_BYTES || memchr(from, 0, length)) {
    return hrt_parse_expected(p, "a DEFAULT of at most 127 bytes before this");
  }
  memcpy(out->fallback, from, length);
  out->fallback[length] = 0;
  return 0;
}

/* [IN] [name] type [DEFAULT literal]: one word alone is a type. */
static int parse_param(hrt_parser *p, hrt_param *out) {
  static const char *const modes[] = {"OUT", "INOUT", "VARIADIC", NULL};
  int status = 0;
  for (const char *const *mode = modes; *mode; mode++) {
    if (hrt_token_is(&p->token, *mode)) {
      return hrt_parse_unsupported(p, "OUT, INOUT and VARIADIC parameters");
    }
  }
  (void)hrt_parse_accept_word(p, "IN");
  hrt_lexer ahead = p->lexer;
  hrt_token next = hrt_lexer_next(&ahead);
  bool named = next.kind == HRT_TOKEN_WORD && !hrt_token_is(&next, "DEFAULT");
  if (named || p->token.kind == HRT_TOKEN_QUOTED) {
    HRT_TRY(hrt_parse_name(p, out->name, "a parameter"));
  }
  HRT_TRY(parse_type(p, &out->type));
  if (hrt_parse_accept_word(p, "DEFAULT") || hrt_parse_accept_punct(p, '=')) {
    HRT_TRY(parse_default(p, out));
  }
out:
  return status;
}

/* Arguments are left out from the end, so each parameter behind one with a DEFAULT needs one. */
static int check_default(hrt_parser *p, const hrt_token *at, uint32_t index) {
  const hrt_param *params = p->ddl->def.params;
  if (index == 0 || params[index - 1].fallback[0] == 0 || params[index].fallback[0]) {
    return 0;
  }
  return hrt_parse_fail(p, at, "the parameter",
                        " needs a DEFAULT, since the one before it has one");
}

/* No two names alike: calls and messages name them. */
static int check_name(hrt_parser *p, const hrt_token *at, uint32_t index) {
  const hrt_param *params = p->ddl->def.params;
  for (uint32_t i = 0; i < index && params[index].name[0]; i++) {
    if (strcasecmp(params[i].name, params[index].name) == 0) {
      return hrt_parse_fail(p, at, "the parameter", " has the name of an earlier one");
    }
  }
  return 0;
}

static int parse_params(hrt_parser *p) {
  hrt_definition *d = &p->ddl->def;
  int status = 0;
  if (!hrt_parse_accept_punct(p, '(')) {
    return 0;
  }
  p->ddl->params_given = true;
  if (hrt_parse_accept_punct(p, ')')) {
    return 0;
  }
  do {
    if (d->param_count == HRT_PARAMS_MAX) {
      return hrt_parse_expected(p, "at most 100 parameters");
    }
    const hrt_token at = p->token;
    HRT_TRY(parse_param(p, &d->params[d->param_count]));
    HRT_TRY(check_default(p, &at, d->param_count));
    HRT_TRY(check_name(p, &at, d->param_count));
    d->param_count++;
  } while (hrt_parse_accept_punct(p, ','));
  if (!hrt_parse_accept_punct(p, ')')) {
    status = hrt_parse_expected(p, "',' or ')' after a parameter");
  }
out:
  return status;
}

/* ---- clauses of CREATE ---- */

/* Columns and parameters are the columns of one virtual table. */
static int check_column(hrt_parser *p, const hrt_token *at, const char *name, uint32_t index) {
  const hrt_definition *d = &p->ddl->def;
  for (uint32_t i = 0; i < index; i++) {
    if (strcasecmp(d->columns[i].name, name) == 0) {
      return hrt_parse_fail(p, at, "the column", " has the name of an earlier one");
    }
  }
  for (uint32_t i = 0; i < d->param_count; i++) {
    if (strcasecmp(d->params[i].name, name) == 0) {
      return hrt_parse_fail(p, at, "the column", " has the name of a parameter");
    }
  }
  return 0;
}

/* name type */
static int parse_column(hrt_parser *p) {
  hrt_definition *d = &p->ddl->def;
  hrt_column *column = &d->columns[d->column_count];
  const hrt_token at = p->token;
  int status = 0;
  if (d->column_count == HRT_COLUMNS_MAX) {
    return hrt_parse_expected(p, "at most 100 columns");
  }
  HRT_TRY(hrt_parse_name(p, column->name, "a column's name"));
  HRT_TRY(check_column(p, &at, column->name, d->column_count));
  HRT_TRY(parse_type(p, &column->type));
  d->column_count++;
out:
  return status;
}

static int clause_returns(hrt_parser *p) {
  int status = 0;
  if (!hrt_parse_accept_word(p, "TABLE")) {
    return parse_type(p, &p->ddl->def.returns);
  }
  HRT_TRY(hrt_parse_need_punct(p, '('));
  do {
    HRT_TRY(parse_column(p));
  } while (hrt_parse_accept_punct(p, ','));
  if (!hrt_parse_accept_punct(p, ')')) {
    status = hrt_parse_expected(p, "',' or ')' after a column");
  }
out:
  return status;
}

static bool accept_language(hrt_parser *p, const char *language) {
  const hrt_token *t = &p->token;
  bool quoted = t->kind == HRT_TOKEN_STRING && t->body_length == strlen(language) &&
                strncasecmp(t->body, language, t->body_length) == 0;
  if (quoted) {
    hrt_parse_advance(p);
  }
  return quoted || hrt_parse_accept_word(p, language);
}

static int clause_language(hrt_parser *p) {
  static const char *const known[] = {"javascript", "js", "typescript", "python",  "rust",
                                      "go",         "c",  "cpp",        "plpgsql", NULL};
  static const char *const ours[] = {"wasm", "sql", NULL};
  for (const char *const *word = known; *word; word++) {
    if (hrt_token_is(&p->token, *word)) {
      int status = hrt_parse_unsupported(p, "languages other than wasm and sql");
      hrt_hint(p->err, "build its source with heliosc build, then LANGUAGE wasm AS the .so");
      return status;
    }
  }
  p->ddl->def.sql = accept_language(p, "sql");
  return p->ddl->def.sql || accept_language(p, "wasm")
             ? 0
             : hrt_parse_expected_word(p, "wasm or sql", ours);
}

static int clause_export(hrt_parser *p) {
  return hrt_parse_string(p, p->ddl->def.export_name, HRT_NAME_BYTES, "the export's name in '..'");
}

static int clause_deterministic(hrt_parser *p) {
  p->ddl->def.deterministic = true;
  return 0;
}

static int clause_strict(hrt_parser *p) {
  p->null_rule_given = true;
  return 0;
}

static int clause_called(hrt_parser *p) {
  int status = 0;
  p->null_rule_given = true;
  p->ddl->def.called_on_null = true;
  HRT_TRY(hrt_parse_need_word(p, "ON"));
  HRT_TRY(hrt_parse_need_word(p, "NULL"));
  HRT_TRY(hrt_parse_need_word(p, "INPUT"));
out:
  return status;
}

int hrt_parse_profile(hrt_parser *p) {
  int status = 0;
  HRT_TRY(hrt_parse_need_word(p, "PROFILE"));
  HRT_TRY(hrt_parse_string(p, p->ddl->def.profile, HRT_NAME_BYTES, "a profile's name in '..'"));
out:
  return status;
}

int hrt_parse_capability(hrt_parser *p) {
  hrt_definition *d = &p->ddl->def;
  if (d->capability_count == HRT_CAPABILITIES_MAX) {
    return hrt_parse_expected(p, "at most 64 capabilities");
  }
  int status = hrt_parse_string(p, d->capabilities[d->capability_count], HRT_CAPABILITY_BYTES,
                                "a capability in '..'");
  d->capability_count += status == 0;
  return status;
}

static int clause_capabilities(hrt_parser *p) {
  int status = 0;
  HRT_TRY(hrt_parse_need_punct(p, '('));
  if (hrt_parse_accept_punct(p, ')')) {
    return 0;
  }
  do {
    HRT_TRY(hrt_parse_capability(p));
  } while (hrt_parse_accept_punct(p, ','));
  if (!hrt_parse_accept_punct(p, ')')) {
    status = hrt_parse_expected(p, "',' or ')' after a capability");
  }
out:
  return status;
}

/* Value of an option: a word, number or string. */
static int parse_option_value(hrt_parser *p, hrt_option option) {
  char text[64];
  hrt_token t = p->token;
  if (t.kind != HRT_TOKEN_WORD && t.kind != HRT_TOKEN_NUMBER && t.kind != HRT_TOKEN_STRING) {
    return hrt_parse_expected(p, "a value");
  }
  int status = 0;
  HRT_TRY(hrt_parse_copy(p, text, sizeof text, "value"));
  status = hrt_option_parse(&p->ddl->def.options[option], option, text, strlen(text), p->err);
  if (status != 0 && p->err != NULL) {
    p->err->offset = hrt_parse_offset(p, &t);
  }
  p->ddl->def.options_given |= 1u << option;
out:
  return status;
}

int hrt_parse_option(hrt_parser *p) {
  static const char *const names[] = {
#define HRT_OPTION(NAME, name, kind, choices, doc) name,
#include "registry/options.def"
#undef HRT_OPTION
      NULL};
  int option = p->token.kind == HRT_TOKEN_WORD ? hrt_option_find(p->token.at, p->token.length) : -1;
  if (option < 0) {
    return hrt_parse_expected_word(p, "an option", names);
  }
  if (p->ddl->def.options_given & 1u << option) {
    return hrt_parse_fail(p, &p->token, "this option", " was given before");
  }
  int status = 0;
  hrt_parse_advance(p);
  if (!hrt_parse_accept_word(p, "TO")) {
    HRT_TRY(hrt_parse_need_punct(p, '='));
  }
  HRT_TRY(parse_option_value(p, (hrt_option)option));
out:
  return status;
}

static int clause_with(hrt_parser *p) {
  int status = 0;
  HRT_TRY(hrt_parse_need_punct(p, '('));
  do {
    HRT_TRY(hrt_parse_option(p));
  } while (hrt_parse_accept_punct(p, ','));
  if (!hrt_parse_accept_punct(p, ')')) {
    status = hrt_parse_expected(p, "',' or ')' after an option");
  }
out:
  return status;
}

static const struct clause {
  const char *word;
  int (*parse)(hrt_parser *p);
} clauses[] = {
    {"RETURNS", clause_returns},     {"LANGUAGE", clause_language},
    {"EXPORT", clause_export},       {"DETERMINISTIC", clause_deterministic},
    {"STRICT", clause_strict},       {"CALLED", clause_called},
    {"SECURITY", hrt_parse_profile}, {"CAPABILITIES", clause_capabilities},
    {"WITH", clause_with},           {"AS", hrt_parse_source},
};
enum { CLAUSES = sizeof clauses / sizeof *clauses, STRICT = 4, CALLED = 5 };
_Static_assert(CLAUSES <= sizeof((hrt_parser *)0)->clause_at / sizeof(hrt_token), "a place each");

static int parse_clause(hrt_parser *p) {
  const char *words[CLAUSES + 1] = {0};
  for (unsigned i = 0; i < CLAUSES; i++) {
    words[i] = clauses[i].word;
    if (!hrt_token_is(&p->token, clauses[i].word)) {
      continue;
    }
    bool again = p->clauses_seen & 1u << i;
    bool both = (i == STRICT || i == CALLED) && p->null_rule_given;
    if (again || both) {
      return hrt_parse_fail(p, &p->token, "this clause",
                            both && !again ? " contradicts an earlier one" : " was given before");
    }
    p->clauses_seen |= 1u << i;
    p->clause_at[i] = p->token;
    hrt_parse_advance(p);
    return clauses[i].parse(p);
  }
  return hrt_parse_expected_word(
      p,
      "RETURNS, LANGUAGE, EXPORT, DETERMINISTIC, STRICT, CALLED ON NULL INPUT, "
      "SECURITY PROFILE, CAPABILITIES, WITH or AS",
      words);
}

static bool saw(const hrt_parser *p, const char *word) {
  for (unsigned i = 0; i < CLAUSES; i++) {
    if (strcmp(clauses[i].word, word) == 0) {
      return p->clauses_seen & 1u << i;
    }
  }
  return false;
}

static int refuse_clauses(hrt_parser *p, const char *const *refused, const char *why) {
  for (; *refused; refused++) {
    for (unsigned i = 0; i < CLAUSES; i++) {
      if ((p->clauses_seen & 1u << i) && strcmp(clauses[i].word, *refused) == 0) {
        return hrt_parse_fail(p, &p->clause_at[i], "this clause", why);
      }
    }
  }
  return 0;
}

/* A procedure in SQL has its caller's rights and no module. */
static int check_sql(hrt_parser *p) {
  static const char *const refused[] = {"EXPORT", "DETERMINISTIC", "SECURITY", "CAPABILITIES",
                                        NULL};
  return refuse_clauses(p, refused, " is not for LANGUAGE sql");
}

/* What an aggregate's exports take can't be told from their number: both are written, or both are
 * the manifest's. */
static int check_aggregate(hrt_parser *p) {
  const hrt_definition *d = &p->ddl->def;
  if (d->sql || d->column_count > 0) {
    return hrt_parse_fail(p, &p->token, "an aggregate",
                          d->sql ? " is written in wasm" : " does not return a table");
  }
  return p->ddl->params_given != saw(p, "RETURNS")
             ? hrt_parse_expected(p, "parameters and RETURNS, which an aggregate needs,")
             : 0;
}

int hrt_parse_create(hrt_parser *p) {
  int status = 0;
  p->ddl->action = HRT_DDL_CREATE;
  HRT_TRY(hrt_parse_name(p, p->ddl->def.name, "the procedure's name"));
  HRT_TRY(parse_params(p));
  while (!hrt_parse_at_end(p)) {
    if (p->ddl->or_replace && hrt_parse_accept_word(p, "CASCADE")) {
      p->ddl->cascade = true;
      break;
    }
    HRT_TRY(parse_clause(p));
  }
  if (!saw(p, "LANGUAGE")) {
    status = hrt_parse_expected(p, "LANGUAGE wasm or LANGUAGE sql");
  } else if (!saw(p, "AS")) {
    status = hrt_parse_expected(p, "AS and a source");
  } else if (p->ddl->def.sql) {
    status = check_sql(p);
  }
  if (status == 0 && p->ddl->def.aggregate) {
    status = check_aggregate(p);
  }
out:
  return status;
}

/* The module's manifest says the rest. */
int hrt_parse_create_extension(hrt_parser *p) {
  static const char *const refused[] = {"RETURNS", "EXPORT", "DETERMINISTIC",
                                        "STRICT",  "CALLED", NULL};
  int status = 0;
  HRT_TRY(hrt_parse_create(p));
  p->ddl->action = HRT_DDL_CREATE_EXTENSION;
  HRT_TRY(refuse_clauses(p, refused, " is not for an extension"));
  if (p->ddl->params_given || p->ddl->def.sql) {
    status = hrt_parse_expected(p, "an extension's name and LANGUAGE wasm,");
  }
out:
  return status;
}
