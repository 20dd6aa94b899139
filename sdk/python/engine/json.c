/* json.c - module json, and JSON arguments. MicroPython's own takes '{' for {} and leaves halves of
 * surrogate pairs in strings; this one takes what RFC 8259 allows and nothing else. Must check the
 * stack at each level: nesting is the caller's. */
#include "engine.h"
#include "py/builtin.h"
#include "py/cstack.h"
#include "py/objstr.h"
#include "py/parsenum.h"
#include "py/stream.h"

#define SMALL_DIGITS 18u /* numbers of so many fit 64 bits */

typedef struct parser {
  const char *begin, *at, *end;
} parser;

static mp_obj_t value(parser *p);

static NORETURN void wrong(const parser *p, const char *what) {
  mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("not JSON: %s at byte %u"), what,
                    (unsigned)(p->at - p->begin));
}

static void blanks(parser *p) {
  while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')) {
    p->at++;
  }
}

static bool take(parser *p, char c) {
  blanks(p);
  bool there = p->at < p->end && *p->at == c;
  p->at += there;
  return there;
}

static unsigned hex4(parser *p) {
  unsigned v = 0;
  if (p->end - p->at < 4) {
    wrong(p, "a short escape");
  }
  for (int i = 0; i < 4; i++, p->at++) {
    char c = *p->at;
    unsigned digit = c >= '0' && c <= '9'                 ? (unsigned)(c - '0')
                     : (c | 32) >= 'a' && (c | 32) <= 'f' ? (unsigned)((c | 32) - 'a' + 10)
                                                          : 16;
    if (digit == 16) {
      wrong(p, "a bad escape");
    }
    v = v << 4 | digit;
  }
  return v;
}

/* Behind \u: one character, of two escapes beyond U+FFFF. */
static unsigned unicode_escape(parser *p) {
  unsigned v = hex4(p);
  if (v >= 0xd800 && v < 0xdc00 && p->end - p->at >= 6 && p->at[0] == '\\' && p->at[1] == 'u') {
    p->at += 2;
    unsigned low = hex4(p);
    if (low < 0xdc00 || low > 0xdfff) {
      wrong(p, "half of a surrogate pair");
    }
    return 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
  }
  if (v >= 0xd800 && v < 0xe000) {
    wrong(p, "half of a surrogate pair");
  }
  return v;
}

static void escape(vstr_t *out, parser *p) {
  static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
  char c = p->at < p->end ? *p->at : '\0';
  const char *found = c == '\0' ? NULL : strchr(names, c);
  if (c == 'u') {
    p->at++;
    vstr_add_char(out, unicode_escape(p));
  } else if (found != NULL) {
    vstr_add_byte(out, (byte)bytes[found - names]);
    p->at++;
  } else {
    wrong(p, "a bad escape");
  }
}

static mp_obj_t escaped_string(parser *p, const char *begin) {
  vstr_t v;
  vstr_init(&v, (size_t)(p->at - begin) + 32);
  vstr_add_strn(&v, begin, (size_t)(p->at - begin));
  while (p->at < p->end && *p->at != '"') {
    if ((unsigned char)*p->at < 0x20) {
      wrong(p, "a control character");
    }
    if (*p->at == '\\') {
      p->at++;
      escape(&v, p);
    } else {
      vstr_add_byte(&v, (byte)*p->at++);
    }
  }
  return mp_obj_new_str(v.buf, v.len);
}

/* It is UTF-8, as all of the text. Keys are mostly names that the script has, too: as interned
 * strings they are found by their address. */
static mp_obj_t plain_string(const char *at, size_t n, bool is_key) {
  qstr name = is_key ? qstr_find_strn(at, n) : MP_QSTRnull;
  if (name != MP_QSTRnull) {
    return MP_OBJ_NEW_QSTR(name);
  }
  char *own = m_new(char, n + 1);
  memcpy(own, at, n);
  own[n] = '\0';
  return hp_text_at(own, n);
}

/* Behind the quote. */
static mp_obj_t string(parser *p, bool is_key) {
  const char *begin = p->at;
  while (p->at < p->end && *p->at != '"' && *p->at != '\\' && (unsigned char)*p->at >= 0x20) {
    p->at++;
  }
  bool plain = p->at < p->end && *p->at == '"';
  mp_obj_t s =
      plain ? plain_string(begin, (size_t)(p->at - begin), is_key) : escaped_string(p, begin);
  if (p->at == p->end) {
    wrong(p, "a string without an end");
  }
  p->at++;
  return s;
}

/* What the digits of a number say: value * 10^power, if they are not too many. */
typedef struct figures {
  unsigned long long value;
  unsigned count; /* of digits, with zeros in front */
  int power;
} figures;

static unsigned digits(parser *p, figures *f) {
  const char *begin = p->at;
  while (p->at < p->end && *p->at >= '0' && *p->at <= '9') {
    f->value = f->value * 10 + (unsigned)(*p->at++ - '0');
  }
  unsigned n = (unsigned)(p->at - begin);
  f->count += n;
  return n;
}

static void exponent(parser *p, figures *f) {
  figures e = {0};
  bool minus = ++p->at < p->end && *p->at == '-';
  p->at += p->at < p->end && (*p->at == '+' || *p->at == '-');
  if (digits(p, &e) == 0) {
    wrong(p, "a bad number");
  }
  int by = e.count > 4 ? 9999 : (int)e.value;
  f->power += minus ? -by : by;
}

static mp_obj_t real_number(const figures *f, const char *begin, size_t n) {
  bool minus = *begin == '-';
  double v = f->count <= SMALL_DIGITS ? hp_double_of(f->value, f->power)
                                      : hp_read_double(begin + minus, n - minus);
  return mp_obj_new_float(minus ? -v : v);
}

static mp_obj_t number(parser *p) {
  const char *begin = p->at;
  bool real = false, minus = *begin == '-';
  figures f = {0};
  p->at += minus;
  bool zero = p->at < p->end && *p->at == '0';
  unsigned whole = digits(p, &f);
  if (whole == 0 || (zero && whole > 1)) {
    wrong(p, "a bad number");
  }
  if (p->at < p->end && *p->at == '.') {
    real = true;
    p->at++;
    f.power = -(int)digits(p, &f);
    if (f.power == 0) {
      wrong(p, "a bad number");
    }
  }
  if (p->at < p->end && (*p->at | 32) == 'e') {
    real = true;
    exponent(p, &f);
  }
  size_t n = (size_t)(p->at - begin);
  if (real) {
    return real_number(&f, begin, n);
  }
  return whole > SMALL_DIGITS ? mp_parse_num_integer(begin, n, 10, NULL)
                              : hp_int_of(minus ? -(long long)f.value : (long long)f.value);
}

static mp_obj_t object(parser *p) {
  mp_obj_t dict = mp_obj_new_dict(0);
  mp_map_t *map = mp_obj_dict_get_map(dict);
  if (take(p, '}')) {
    return dict;
  }
  do {
    if (!take(p, '"')) {
      wrong(p, "no key");
    }
    mp_obj_t key = string(p, true);
    if (!take(p, ':')) {
      wrong(p, "no ':'");
    }
    mp_obj_t v = value(p);
    mp_map_lookup(map, key, MP_MAP_LOOKUP_ADD_IF_NOT_FOUND)->value = v;
  } while (take(p, ','));
  if (!take(p, '}')) {
    wrong(p, "an object without an end");
  }
  return dict;
}

static mp_obj_t array(parser *p) {
  mp_obj_t list = mp_obj_new_list(0, NULL);
  if (take(p, ']')) {
    return list;
  }
  do {
    mp_obj_list_append(list, value(p));
  } while (take(p, ','));
  if (!take(p, ']')) {
    wrong(p, "an array without an end");
  }
  return list;
}

static mp_obj_t word(parser *p, const char *text, mp_obj_t v) {
  size_t n = strlen(text);
  if ((size_t)(p->end - p->at) < n || memcmp(p->at, text, n) != 0) {
    wrong(p, "no value");
  }
  p->at += n;
  return v;
}

static mp_obj_t value(parser *p) {
  mp_cstack_check();
  blanks(p);
  char c = p->at < p->end ? *p->at : '\0';
  switch (c) {
  case '{':
    p->at++;
    return object(p);
  case '[':
    p->at++;
    return array(p);
  case '"':
    p->at++;
    return string(p, false);
  case 't':
    return word(p, "true", mp_const_true);
  case 'f':
    return word(p, "false", mp_const_false);
  case 'n':
    return word(p, "null", mp_const_none);
  default:
    if (c != '-' && (c < '0' || c > '9')) {
      wrong(p, "no value");
    }
    return number(p);
  }
}

mp_obj_t hp_json_loads(const char *at, unsigned length) {
  parser p = {at, at, at + length};
  mp_obj_t v = value(&p);
  blanks(&p);
  if (p.at != p.end) {
    wrong(&p, "more behind the value");
  }
  return v;
}

void hp_json_dumps(vstr_t *out, mp_obj_t v, const char *item, const char *key) {
  mp_print_ext_t print;
  vstr_init_print(out, 64, &print.base);
  print.item_separator = item;
  print.key_separator = key;
  mp_obj_print_helper(&print.base, v, PRINT_JSON);
}

/* ---- module json ---- */

static mp_obj_t loads(mp_obj_t text) {
  hp_bytes b = hp_bytes_of(text);
  if (!hp_is_utf8((const unsigned char *)b.at, b.length)) {
    mp_raise_msg(&mp_type_UnicodeError, MP_ERROR_TEXT("JSON that is not valid UTF-8"));
  }
  return hp_json_loads(b.at, b.length);
}
static MP_DEFINE_CONST_FUN_OBJ_1(loads_obj, loads);

/* dumps(value, separators=(", ", ": ")) */
static mp_obj_t dumps(size_t count, const mp_obj_t *args, mp_map_t *named) {
  static const mp_arg_t allowed[] = {
      {MP_QSTR_separators, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}}};
  mp_arg_val_t given[MP_ARRAY_SIZE(allowed)];
  const char *item = ", ", *key = ": ";
  vstr_t text;
  mp_arg_parse_all(count - 1, args + 1, named, MP_ARRAY_SIZE(allowed), allowed, given);
  if (given[0].u_obj != mp_const_none) {
    mp_obj_t *both;
    mp_obj_get_array_fixed_n(given[0].u_obj, 2, &both);
    item = mp_obj_str_get_str(both[0]);
    key = mp_obj_str_get_str(both[1]);
  }
  hp_json_dumps(&text, args[0], item, key);
  return mp_obj_new_str_from_utf8_vstr(&text);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(dumps_obj, 1, dumps);

static const mp_rom_map_elem_t globals[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_json)},
    {MP_ROM_QSTR(MP_QSTR_loads), MP_ROM_PTR(&loads_obj)},
    {MP_ROM_QSTR(MP_QSTR_dumps), MP_ROM_PTR(&dumps_obj)},
};
static MP_DEFINE_CONST_DICT(globals_dict, globals);
const mp_obj_module_t hp_module_json = {.base = {&mp_type_module},
                                        .globals = (mp_obj_dict_t *)&globals_dict};
MP_REGISTER_MODULE(MP_QSTR_json, hp_module_json);
