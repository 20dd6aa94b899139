/* parse_alter.c - ALTER: versions, canaries, options and grants.
 *
 * Invariant: nothing that was written is ignored. */
#include <string.h>

#include "ddl/parse.h"
#include "host/date.h"
#include "host/types.h"

/* What uses the function is brought along to the version that becomes current. */
static int parse_cascade(hrt_parser *p) {
  p->ddl->cascade = hrt_parse_accept_word(p, "CASCADE");
  return 0;
}

static int parse_version(hrt_parser *p) {
  hrt_token at = p->token;
  int status = hrt_parse_uint(p, &p->ddl->def.version, 1000000000, "a version number");
  return status == 0 && p->ddl->def.version == 0
             ? hrt_parse_fail(p, &at, "versions", " count from 1")
             : status;
}

static int alter_version(hrt_parser *p) {
  int status = 0;
  p->ddl->action = HRT_DDL_ADD_VERSION;
  HRT_TRY(parse_version(p));
  HRT_TRY(hrt_parse_need_word(p, "AS"));
  HRT_TRY(hrt_parse_source(p));
  HRT_TRY(parse_cascade(p));
out:
  return status;
}

static int alter_use(hrt_parser *p) {
  int status = 0;
  p->ddl->action = HRT_DDL_USE_VERSION;
  HRT_TRY(hrt_parse_need_word(p, "VERSION"));
  HRT_TRY(parse_version(p));
  HRT_TRY(parse_cascade(p));
out:
  return status;
}

static int alter_set(hrt_parser *p) {
  if (hrt_parse_accept_word(p, "SOURCE")) {
    p->ddl->action = HRT_DDL_ADD_VERSION;
    int status = hrt_parse_source(p);
    return status ? status : parse_cascade(p);
  }
  if (hrt_parse_accept_word(p, "SECURITY")) {
    p->ddl->action = HRT_DDL_SET_PROFILE;
    return hrt_parse_profile(p);
  }
  p->ddl->action = HRT_DDL_SET_OPTION;
  return hrt_parse_option(p);
}

/* NAME or NAME('object') or '<short form>': kept as text for hrt_caps_add. */
static int parse_long_capability(hrt_parser *p) {
  hrt_definition *d = &p->ddl->def;
  if (p->token.kind == HRT_TOKEN_STRING) {
    return hrt_parse_capability(p);
  }
  if (p->token.kind != HRT_TOKEN_WORD) {
    return hrt_parse_expected(p, "a capability, e.g. DATABASE_READ('orders') or 'read:orders'");
  }
  const char *from = p->token.at;
  const char *to = from + p->token.length;
  int status = 0;
  hrt_parse_advance(p);
  if (hrt_parse_accept_punct(p, '(')) {
    if (p->token.kind != HRT_TOKEN_STRING) {
      return hrt_parse_expected(p, "an object in '..'");
    }
    hrt_parse_advance(p);
    to = p->token.at + 1;
    HRT_TRY(hrt_parse_need_punct(p, ')'));
  }
  size_t length = (size_t)(to - from);
  if (length >= HRT_CAPABILITY_BYTES || d->capability_count == HRT_CAPABILITIES_MAX) {
    return hrt_parse_expected(p, "a shorter list of capabilities");
  }
  memcpy(d->capabilities[d->capability_count], from, length);
  d->capabilities[d->capability_count++][length] = 0;
out:
  return status;
}

static int parse_grant_list(hrt_parser *p) {
  int status = 0;
  HRT_TRY(hrt_parse_need_word(p, "CAPABILITY"));
  do {
    HRT_TRY(parse_long_capability(p));
  } while (hrt_parse_accept_punct(p, ','));
out:
  return status;
}

static int alter_grant(hrt_parser *p) {
  p->ddl->action = HRT_DDL_GRANT;
  return parse_grant_list(p);
}

static int alter_revoke(hrt_parser *p) {
  p->ddl->action = HRT_DDL_REVOKE;
  return parse_grant_list(p);
}

/* A percentage above 0, as a decimal number and '%'. */
static int parse_rate(hrt_parser *p, double *out) {
  char text[32];
  const hrt_token *t = &p->token;
  double rate = 0;
  int status = 0;
  if (t->kind == HRT_TOKEN_NUMBER && t->length + 2 < sizeof text) {
    text[hrt_decimal(text, t->at, t->length)] = 0;
    rate = hrt_decimal_double(text);
  }
  if (!(rate > 0 && rate <= 100)) {
    return hrt_parse_expected(p, "a percentage above 0 and up to 100, e.g. 1%");
  }
  hrt_parse_advance(p);
  HRT_TRY(hrt_parse_need_punct(p, '%'));
  *out = rate;
out:
  return status;
}

static int parse_percent(hrt_parser *p) {
  hrt_token at = p->token;
  int status = hrt_parse_uint(p, &p->ddl->canary_percent, 100, "a whole number from 1 to 100");
  return status == 0 && p->ddl->canary_percent == 0
             ? hrt_parse_fail(p, &at, "expected ", "a whole number from 1 to 100")
             : status;
}

/* CANARY VERSION k PERCENT n [ROLLBACK ON ERROR RATE x%] */
static int alter_canary(hrt_parser *p) {
  int status = 0;
  p->ddl->action = HRT_DDL_CANARY;
  HRT_TRY(hrt_parse_need_word(p, "VERSION"));
  HRT_TRY(parse_version(p));
  HRT_TRY(hrt_parse_need_word(p, "PERCENT"));
  HRT_TRY(parse_percent(p));
  if (hrt_parse_accept_word(p, "ROLLBACK")) {
    HRT_TRY(hrt_parse_need_word(p, "ON"));
    HRT_TRY(hrt_parse_need_word(p, "ERROR"));
    HRT_TRY(hrt_parse_need_word(p, "RATE"));
    HRT_TRY(parse_rate(p, &p->ddl->canary_error_rate));
  }
out:
  return status;
}

static int alter_promote(hrt_parser *p) {
  p->ddl->action = HRT_DDL_PROMOTE;
  return parse_cascade(p);
}

static int alter_rollback(hrt_parser *p) {
  p->ddl->action = HRT_DDL_ROLLBACK;
  return parse_cascade(p);
}

static int alter_rebuild(hrt_parser *p) {
  p->ddl->action = HRT_DDL_REBUILD;
  return 0;
}

static const struct {
  const char *word;
  int (*parse)(hrt_parser *p);
} alters[] = {
    {"VERSION", alter_version}, {"USE", alter_use},           {"SET", alter_set},
    {"GRANT", alter_grant},     {"REVOKE", alter_revoke},     {"CANARY", alter_canary},
    {"PROMOTE", alter_promote}, {"ROLLBACK", alter_rollback}, {"REBUILD", alter_rebuild},
};
enum { ALTERS = sizeof alters / sizeof *alters };

int hrt_parse_alter(hrt_parser *p) {
  const char *words[ALTERS + 1] = {0};
  int status = 0;
  HRT_TRY(hrt_parse_name(p, p->ddl->def.name, "the procedure's name"));
  for (unsigned i = 0; i < ALTERS; i++) {
    words[i] = alters[i].word;
    if (hrt_parse_accept_word(p, alters[i].word)) {
      return alters[i].parse(p);
    }
  }
  status = hrt_parse_expected_word(
      p, "VERSION, USE VERSION, SET, GRANT, REVOKE, CANARY, PROMOTE, ROLLBACK or REBUILD", words);
out:
  return status;
}
