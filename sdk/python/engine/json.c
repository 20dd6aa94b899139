/* json.c - module json, and JSON arguments; what is written is in json_text.c. MicroPython's own
 * takes '{' for {} and leaves halves of surrogate pairs in strings; this one takes what RFC 8259
 * allows and nothing else. Must check the stack at each level: nesting is the caller's. */
#include "engine.h"
#include "py/builtin.h"
#include "py/cstack.h"
#include "py/objstr.h"
#include "py/parsenum.h"
#include "py/stream.h"

#define SMALL_DIGITS 18u /* numbers of so many fit 64 bits */
#define FEW 16u          /* members of an array that are kept before there is one */

/* A NUL stands at the end, which ends all but strings. */
typedef struct parser {
  const char *begin, *at, *end;
} parser;

static mp_obj_t value(parser *p);

static NORETURN void wrong(const parser *p, const char *what) {
  mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("not JSON: %s at byte %u"), what,
                    (unsigned)(p->at - p->begin));
}

static inline void blanks(parser *p) {
  while ((unsigned char)*p->at <= ' ' &&
         (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')) {
    p->at++;
  }
}

static inline bool take(parser *p, char c) {
  blanks(p);
  bool there = *p->at == c;
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

/* How many of these bytes stand before a quote, a backslash or a control character. */
static unsigned plain_bytes(uint64_t eight) {
  const uint64_t ones = 0x0101010101010101u;
  uint64_t quote = eight ^ ones * '"', slash = eight ^ ones * '\\';
  uint64_t found =
      ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((eight - ones * 0x20) & ~eight);
  found &= ones << 7;
  return found == 0 ? 8 : (unsigned)__builtin_ctzll(found) / 8;
}

const char *hp_json_plain_end(const char *at, const char *end) {
  for (uint64_t eight; end - at >= 8;) {
    memcpy(&eight, at, 8);
    unsigned n = plain_bytes(eight);
    at += n;
    if (n < 8) {
      return at;
    }
  }
  while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20) {
    at++;
  }
  return at;
}

/* It is UTF-8, as all of the text. */
static mp_obj_t plain_string(const char *at, size_t n) {
  char *own = m_new(char, n + 1);
  memcpy(own, at, n);
  own[n] = '\0';
  return hp_text_at(own, n);
}

/* Behind the quote. */
static mp_obj_t string(parser *p) {
  const char *begin = p->at;
  p->at = hp_json_plain_end(begin, p->end);
  bool plain = p->at < p->end && *p->at == '"';
  mp_obj_t s = plain ? plain_string(begin, (size_t)(p->at - begin)) : escaped_string(p, begin);
  if (p->at == p->end) {
    wrong(p, "a string without an end");
  }
  p->at++;
  return s;
}

/* Keys are mostly names that the script has, too: as interned strings they are found by their
 * address. */
static mp_obj_t object_key(parser *p) {
  const char *begin = p->at;
  uint64_t eight;
  if (p->end - begin > 8) {
    memcpy(&eight, begin, 8);
    unsigned n = plain_bytes(eight);
    bool all = n > 0 && begin[n] == '"';
    qstr name =
        all ? hp_short_name(n == 8 ? eight : eight & ((1ull << 8 * n) - 1), n) : MP_QSTRnull;
    if (name != MP_QSTRnull) {
      p->at = begin + n + 1;
      return MP_OBJ_NEW_QSTR(name);
    }
  }
  const char *end = hp_json_plain_end(begin, p->end);
  bool plain = end < p->end && *end == '"';
  qstr name = plain ? qstr_find_strn(begin, (size_t)(end - begin)) : MP_QSTRnull;
  if (name == MP_QSTRnull) {
    return string(p);
  }
  p->at = end + 1;
  return MP_OBJ_NEW_QSTR(name);
}

/* ---- numbers ---- */

static const char *digits(uint64_t *value, const char *at) {
  for (unsigned digit; (digit = (unsigned)(unsigned char)*at - '0') < 10; at++) {
    *value = *value * 10 + digit;
  }
  return at;
}

/* Of ten, behind the 'e'. */
static int exponent(parser *p) {
  uint64_t e = 0;
  bool minus = *++p->at == '-';
  p->at += *p->at == '+' || *p->at == '-';
  const char *end = digits(&e, p->at);
  bool many = end - p->at > 4;
  if (end == p->at) {
    wrong(p, "a bad number");
  }
  p->at = end;
  int by = many ? 9999 : (int)e;
  return minus ? -by : by;
}

/* p->at is behind the whole part, which has the value m and so many digits. */
static mp_obj_t real_number(parser *p, const char *begin, uint64_t m, size_t count) {
  bool minus = *begin == '-';
  int power = 0;
  if (*p->at == '.') {
    const char *end = digits(&m, p->at + 1);
    power = -(int)(end - p->at - 1);
    p->at = end;
    count += (size_t)-power;
    if (power == 0) {
      wrong(p, "a bad number");
    }
  }
  if ((*p->at | 32) == 'e') {
    power += exponent(p);
  }
  double v = count <= SMALL_DIGITS ? hp_double_of(m, power)
                                   : hp_read_double(begin + minus, (size_t)(p->at - begin) - minus);
  return mp_obj_new_float(minus ? -v : v);
}

static mp_obj_t number(parser *p) {
  const char *begin = p->at, *whole = begin + (*begin == '-');
  uint64_t m = 0;
  p->at = digits(&m, whole);
  size_t count = (size_t)(p->at - whole);
  if (count == 0 || (*whole == '0' && count > 1)) {
    wrong(p, "a bad number");
  }
  if (*p->at == '.' || (*p->at | 32) == 'e') {
    return real_number(p, begin, m, count);
  }
  return count > SMALL_DIGITS ? mp_parse_num_integer(begin, (size_t)(p->at - begin), 10, NULL)
                              : hp_int_of(whole > begin ? -(long long)m : (long long)m);
}

/* ---- objects and arrays: the first members are kept until it is known how many there are ---- */

/* The place of the key among these. A name is never equal to a str that is none. */
static size_t find_key(const mp_map_elem_t *few, size_t count, mp_obj_t key) {
  size_t i = 0;
  bool name = mp_obj_is_qstr(key);
  while (i < count && few[i].key != key &&
         (name || mp_obj_is_qstr(few[i].key) || !mp_obj_equal(few[i].key, key))) {
    i++;
  }
  return i;
}

static mp_map_elem_t member(parser *p) {
  mp_map_elem_t e;
  if (!take(p, '"')) {
    wrong(p, "no key");
  }
  e.key = object_key(p);
  if (!take(p, ':')) {
    wrong(p, "no ':'");
  }
  e.value = value(p);
  return e;
}

static mp_obj_t object(parser *p) {
  mp_obj_t dict = MP_OBJ_NULL;
  size_t count = 0;
  if (take(p, '}')) {
    return mp_obj_new_dict(0);
  }
  mp_map_elem_t *few = mp_pystack_alloc(HP_SMALL_DICT * sizeof *few);
  do {
    mp_map_elem_t e = member(p);
    size_t at = dict == MP_OBJ_NULL ? find_key(few, count, e.key) : HP_SMALL_DICT;
    if (at < HP_SMALL_DICT) {
      few[at] = e;
      count += at == count;
      continue;
    }
    dict = dict == MP_OBJ_NULL ? hp_small_dict(few, count) : dict;
    mp_map_lookup(mp_obj_dict_get_map(dict), e.key, MP_MAP_LOOKUP_ADD_IF_NOT_FOUND)->value =
        e.value;
  } while (take(p, ','));
  if (!take(p, '}')) {
    wrong(p, "an object without an end");
  }
  dict = dict == MP_OBJ_NULL ? hp_small_dict(few, count) : dict;
  mp_pystack_free(few);
  return dict;
}

static mp_obj_t array(parser *p) {
  mp_obj_t list = MP_OBJ_NULL;
  size_t count = 0;
  if (take(p, ']')) {
    return mp_obj_new_list(0, NULL);
  }
  mp_obj_t *few = mp_pystack_alloc(FEW * sizeof *few);
  do {
    mp_obj_t v = value(p);
    if (count < FEW) {
      few[count++] = v;
      continue;
    }
    list = list == MP_OBJ_NULL ? mp_obj_new_list(count, few) : list;
    mp_obj_list_append(list, v);
  } while (take(p, ','));
  if (!take(p, ']')) {
    wrong(p, "an array without an end");
  }
  list = list == MP_OBJ_NULL ? mp_obj_new_list(count, few) : list;
  mp_pystack_free(few);
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
  blanks(p);
  switch (*p->at) {
  case '{':
    mp_cstack_check();
    p->at++;
    return object(p);
  case '[':
    mp_cstack_check();
    p->at++;
    return array(p);
  case '"':
    p->at++;
    return string(p);
  case 't':
    return word(p, "true", mp_const_true);
  case 'f':
    return word(p, "false", mp_const_false);
  case 'n':
    return word(p, "null", mp_const_none);
  default:
    if (*p->at != '-' && (*p->at < '0' || *p->at > '9')) {
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

/* ---- module json ---- */

static mp_obj_t loads(mp_obj_t text) {
  hp_bytes b = hp_bytes_of(text);
  if (!hp_is_utf8((const unsigned char *)b.at, b.length)) {
    mp_raise_msg(&mp_type_UnicodeError, MP_ERROR_TEXT("JSON that is not valid UTF-8"));
  }
  return hp_json_loads(hp_ended(text, b), b.length);
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
