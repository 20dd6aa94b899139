/* options.c - names and values of WITH options, from options.def. Knows nothing of what they do.
 *
 * Invariant: a value that the option can't have is refused here, so the catalog holds none. */
#include <string.h>
#include <strings.h>

#include "hsb_abi.h"
#include "hsb_check.h"
#include "registry/definition.h"

enum kind { COUNT, SIZE, DURATION, SWITCH, CHOICE };

static const struct option {
  const char *name;
  enum kind kind;
  const char *choices;
} options[] = {
#define HRT_OPTION(NAME, name, kind, choices, doc) {name, kind, choices},
#include "registry/options.def"
#undef HRT_OPTION
};

struct unit {
  const char *name;
  uint64_t factor;
};

static const struct unit sizes[] = {
    {"", 1},           {"b", 1},         {"kb", 1u << 10},  {"kib", 1u << 10}, {"mb", 1u << 20},
    {"mib", 1u << 20}, {"gb", 1u << 30}, {"gib", 1u << 30}, {NULL, 0},
};
static const struct unit durations[] = {
    {"ms", 1}, {"s", 1000}, {"sec", 1000}, {"min", 60000}, {"h", 3600000}, {NULL, 0},
};
static const struct unit plain[] = {{"", 1}, {NULL, 0}};

const char *hrt_option_name(hrt_option option) {
  return options[option].name;
}

int hrt_option_find(const char *name, size_t length) {
  for (int i = 0; i < HRT_OPTION_COUNT; i++) {
    if (strlen(options[i].name) == length && strncasecmp(options[i].name, name, length) == 0) {
      return i;
    }
  }
  return -1;
}

/* Index of text in "a|b|c" (ends at ';' or NUL), or -1. */
static int word_index(const char *list, const char *text, size_t length) {
  for (int i = 0;; i++) {
    size_t n = strcspn(list, "|");
    if (n == length && strncasecmp(list, text, n) == 0) {
      return i;
    }
    if (list[n] != '|') {
      return -1;
    }
    list += n + 1;
  }
}

static int bad(const struct option *o, const char *text, size_t length, const char *wanted,
               helios_error *err) {
  char escaped[HRT_ESCAPED];
  return hrt_fail(err, HELIOS_E_SYNTAX, "option %s can't be \"%s\": %s", o->name,
                  hrt_escape(escaped, text, length), wanted);
}

static const struct unit *find_unit(const struct unit *units, const char *text, size_t length) {
  for (; units->name; units++) {
    if (strlen(units->name) == length && strncasecmp(units->name, text, length) == 0) {
      return units;
    }
  }
  return NULL;
}

/* "<digits><spaces><unit>" to a number > 0. */
static bool parse_amount(int64_t *out, const struct unit *units, const char *text, size_t length) {
  uint64_t value = 0;
  size_t i = 0;
  for (; i < length && text[i] >= '0' && text[i] <= '9'; i++) {
    if (!hsb_mul64(&value, value, 10) || !hsb_add64(&value, value, (uint64_t)(text[i] - '0'))) {
      return false;
    }
  }
  size_t digits = i;
  while (i < length && text[i] == ' ') {
    i++;
  }
  const struct unit *unit = find_unit(units, text + i, length - i);
  if (digits == 0 || unit == NULL || !hsb_mul64(&value, value, unit->factor) || value > INT64_MAX ||
      value == 0) {
    return false;
  }
  *out = (int64_t)value;
  return true;
}

static int parse_switch(int64_t *out, const struct option *o, const char *text, size_t length,
                        helios_error *err) {
  int yes = word_index("true|on|1|yes", text, length);
  int no = word_index("false|off|0|no", text, length);
  if (yes < 0 && no < 0) {
    return bad(o, text, length, "it is true or false", err);
  }
  *out = yes >= 0;
  return 0;
}

static int parse_choice(int64_t *out, const struct option *o, const char *text, size_t length,
                        helios_error *err) {
  int at = word_index(o->choices, text, length);
  if (at < 0) {
    char wanted[128] = "it is one of ";
    strncat(wanted, o->choices, 100);
    return bad(o, text, length, wanted, err);
  }
  *out = at;
  return 0;
}

int hrt_option_parse(int64_t *out, hrt_option option, const char *text, size_t length,
                     helios_error *err) {
  const struct option *o = &options[option];
  switch (o->kind) {
  case COUNT:
    return parse_amount(out, plain, text, length)
               ? 0
               : bad(o, text, length, "it is a whole number above zero", err);
  case SIZE:
    return parse_amount(out, sizes, text, length) && *out >= HSB_PAGE
               ? 0
               : bad(o, text, length,
                     "it is a size such as '16MB' or a number of bytes, 64KB at least", err);
  case DURATION:
    return parse_amount(out, durations, text, length)
               ? 0
               : bad(o, text, length, "it is a time with its unit, such as '10s' or '500ms'", err);
  case SWITCH:
    return parse_switch(out, o, text, length, err);
  case CHOICE:
    return parse_choice(out, o, text, length, err);
  }
  return hrt_fail(err, HELIOS_E_INTERNAL, "option %s has no kind", o->name);
}

bool hrt_option_valid(hrt_option option, int64_t value) {
  char word[2];
  return options[option].kind != CHOICE ||
         (value >= 0 && value < 8 && hrt_option_choice(option, value, word, sizeof word)[0] != 0);
}

const char *hrt_option_choice(hrt_option option, int64_t value, char *out, size_t size) {
  const char *list = options[option].choices;
  for (int64_t i = 0; i < value; i++) {
    list += strcspn(list, "|");
    list += *list == '|';
  }
  size_t n = strcspn(list, "|");
  n = n < size ? n : size - 1;
  memcpy(out, list, n);
  out[n] = 0;
  return out;
}
