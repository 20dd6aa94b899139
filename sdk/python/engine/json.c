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

/* What is parsed. A NUL stands at the end, which ends all but strings. */
typedef struct parser {
  const char *begin, *end;
} parser;

/* Where one is in the text is a local of each function, and what it gives back behind what it has
 * read: in memory it would be read and written for each byte. The value goes to *out. */
static const char *value(mp_obj_t *out, const parser *p, const char *at);

static NORETURN void wrong(const parser *p, const char *at, const char *what) {
  mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("not JSON: %s at byte %u"), what,
                    (unsigned)(at - p->begin));
}

static inline const char *blanks(const char *at) {
  while ((unsigned char)*at <= ' ' && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) {
    at++;
  }
  return at;
}

static const char *hex4(unsigned *out, const parser *p, const char *at) {
  unsigned v = 0;
  if (p->end - at < 4) {
    wrong(p, at, "a short escape");
  }
  for (int i = 0; i < 4; i++, at++) {
    char c = *at;
    unsigned digit = c >= '0' && c <= '9'                 ? (unsigned)(c - '0')
                     : (c | 32) >= 'a' && (c | 32) <= 'f' ? (unsigned)((c | 32) - 'a' + 10)
                                                          : 16;
    if (digit == 16) {
      wrong(p, at, "a bad escape");
    }
    v = v << 4 | digit;
  }
  *out = v;
  return at;
}

/* Behind \u: one character, of two escapes beyond U+FFFF. */
static const char *unicode_escape(unsigned *out, const parser *p, const char *at) {
  unsigned v, low;
  at = hex4(&v, p, at);
  if (v >= 0xd800 && v < 0xdc00 && p->end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
    at = hex4(&low, p, at + 2);
    if (low < 0xdc00 || low > 0xdfff) {
      wrong(p, at, "half of a surrogate pair");
    }
    v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
  } else if (v >= 0xd800 && v < 0xe000) {
    wrong(p, at, "half of a surrogate pair");
  }
  *out = v;
  return at;
}

static const char *escape(vstr_t *out, const parser *p, const char *at) {
  static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
  char c = at < p->end ? *at : '\0';
  const char *found = c == '\0' ? NULL : strchr(names, c);
  if (c == 'u') {
    unsigned v;
    at = unicode_escape(&v, p, at + 1);
    vstr_add_char(out, v);
    return at;
  }
  if (found == NULL) {
    wrong(p, at, "a bad escape");
  }
  vstr_add_byte(out, (byte)bytes[found - names]);
  return at + 1;
}

static const char *escaped_string(mp_obj_t *out, const parser *p, const char *begin,
                                  const char *at) {
  vstr_t v;
  vstr_init(&v, (size_t)(at - begin) + 32);
  vstr_add_strn(&v, begin, (size_t)(at - begin));
  while (at < p->end && *at != '"') {
    if ((unsigned char)*at < 0x20) {
      wrong(p, at, "a control character");
    }
    if (*at == '\\') {
      at = escape(&v, p, at + 1);
    } else {
      vstr_add_byte(&v, (byte)*at++);
    }
  }
  *out = mp_obj_new_str(v.buf, v.len);
  return at;
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
static const char *string(mp_obj_t *out, const parser *p, const char *begin) {
  const char *at = hp_json_plain_end(begin, p->end);
  if (at < p->end && *at == '"') {
    *out = plain_string(begin, (size_t)(at - begin));
    return at + 1;
  }
  at = escaped_string(out, p, begin, at);
  if (at == p->end) {
    wrong(p, at, "a string without an end");
  }
  return at + 1;
}

/* Behind the quote. Keys are mostly names that the script has, too: as interned strings they are
 * found by their address. */
static const char *long_key(mp_obj_t *out, const parser *p, const char *begin) {
  const char *end = hp_json_plain_end(begin, p->end);
  bool plain = end < p->end && *end == '"';
  qstr name = plain ? qstr_find_strn(begin, (size_t)(end - begin)) : MP_QSTRnull;
  if (name == MP_QSTRnull) {
    return string(out, p, begin);
  }
  *out = MP_OBJ_NEW_QSTR(name);
  return end + 1;
}

static inline const char *object_key(mp_obj_t *out, const parser *p, const char *begin) {
  uint64_t eight;
  if (p->end - begin > 8) {
    memcpy(&eight, begin, 8);
    unsigned n = plain_bytes(eight);
    bool all = n > 0 && begin[n] == '"';
    qstr name =
        all ? hp_short_name(n == 8 ? eight : eight & ((1ull << 8 * n) - 1), n) : MP_QSTRnull;
    if (name != MP_QSTRnull) {
      *out = MP_OBJ_NEW_QSTR(name);
      return begin + n + 1;
    }
  }
  return long_key(out, p, begin);
}

/* ---- numbers ---- */

static inline const char *digits(uint64_t *value, const char *at) {
  for (unsigned digit; (digit = (unsigned)(unsigned char)*at - '0') < 10; at++) {
    *value = *value * 10 + digit;
  }
  return at;
}

/* Of ten, behind the 'e'. */
static const char *exponent(int *out, const parser *p, const char *at) {
  uint64_t e = 0;
  bool minus = *at == '-';
  at += *at == '+' || *at == '-';
  const char *end = digits(&e, at);
  if (end == at) {
    wrong(p, at, "a bad number");
  }
  int by = end - at > 4 ? 9999 : (int)e;
  *out += minus ? -by : by;
  return end;
}

/* at is behind the whole part, which has the value m and so many digits. */
static const char *real_number(mp_obj_t *out, const parser *p, const char *at, const char *begin,
                               uint64_t m, size_t count) {
  bool minus = *begin == '-';
  int power = 0;
  if (*at == '.') {
    const char *end = digits(&m, at + 1);
    power = -(int)(end - at - 1);
    count += (size_t)-power;
    at = end;
    if (power == 0) {
      wrong(p, at, "a bad number");
    }
  }
  if ((*at | 32) == 'e') {
    at = exponent(&power, p, at + 1);
  }
  double v = count <= SMALL_DIGITS ? hp_double_of(m, power)
                                   : hp_read_double(begin + minus, (size_t)(at - begin) - minus);
  *out = mp_obj_new_float(minus ? -v : v);
  return at;
}

static const char *number(mp_obj_t *out, const parser *p, const char *begin) {
  const char *whole = begin + (*begin == '-');
  uint64_t m = 0;
  const char *at = digits(&m, whole);
  size_t count = (size_t)(at - whole);
  if (count == 0 || (*whole == '0' && count > 1)) {
    wrong(p, at, "a bad number");
  }
  if (*at == '.' || (*at | 32) == 'e') {
    return real_number(out, p, at, begin, m, count);
  }
  *out = count > SMALL_DIGITS ? mp_parse_num_integer(begin, (size_t)(at - begin), 10, NULL)
                              : hp_int_of(whole > begin ? -(long long)m : (long long)m);
  return at;
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

static inline const char *member(mp_map_elem_t *out, const parser *p, const char *at) {
  at = blanks(at);
  if (*at != '"') {
    wrong(p, at, "no key");
  }
  at = blanks(object_key(&out->key, p, at + 1));
  if (*at != ':') {
    wrong(p, at, "no ':'");
  }
  return blanks(value(&out->value, p, at + 1));
}

/* At the first member. What has more than a few goes on in the dict. */
static const char *object(mp_obj_t *out, const parser *p, const char *at) {
  mp_obj_t dict = MP_OBJ_NULL;
  size_t count = 0;
  mp_map_elem_t *few = mp_pystack_alloc(HP_SMALL_DICT * sizeof *few);
  for (;; at++) {
    if (count == HP_SMALL_DICT) {
      dict = hp_small_dict(few, count);
      count = 0;
    }
    mp_map_elem_t *e = &few[count];
    at = member(e, p, at);
    if (dict == MP_OBJ_NULL) {
      size_t same = find_key(few, count, e->key);
      few[same].value = e->value;
      count += same == count;
    } else {
      mp_map_lookup(mp_obj_dict_get_map(dict), e->key, MP_MAP_LOOKUP_ADD_IF_NOT_FOUND)->value =
          e->value;
    }
    if (*at != ',') {
      break;
    }
  }
  if (*at != '}') {
    wrong(p, at, "an object without an end");
  }
  *out = dict == MP_OBJ_NULL ? hp_small_dict(few, count) : dict;
  mp_pystack_free(few);
  return at + 1;
}

/* At the first element. */
static const char *array(mp_obj_t *out, const parser *p, const char *at) {
  mp_obj_t list = MP_OBJ_NULL;
  size_t count = 0;
  mp_obj_t *few = mp_pystack_alloc(FEW * sizeof *few);
  for (;; at++) {
    if (count == FEW) {
      list = mp_obj_new_list(count, few);
      count = 0;
    }
    at = blanks(value(&few[count], p, at));
    if (list == MP_OBJ_NULL) {
      count++;
    } else {
      mp_obj_list_append(list, few[0]);
    }
    if (*at != ',') {
      break;
    }
  }
  if (*at != ']') {
    wrong(p, at, "an array without an end");
  }
  *out = list == MP_OBJ_NULL ? mp_obj_new_list(count, few) : list;
  mp_pystack_free(few);
  return at + 1;
}

static const char *word(mp_obj_t *out, const parser *p, const char *at, const char *text,
                        mp_obj_t v) {
  size_t n = strlen(text);
  if ((size_t)(p->end - at) < n || memcmp(at, text, n) != 0) {
    wrong(p, at, "no value");
  }
  *out = v;
  return at + n;
}

static const char *container(mp_obj_t *out, const parser *p, const char *at) {
  bool object_begins = *at == '{';
  mp_cstack_check();
  at = blanks(at + 1);
  if (*at == (object_begins ? '}' : ']')) {
    *out = object_begins ? mp_obj_new_dict(0) : mp_obj_new_list(0, NULL);
    return at + 1;
  }
  return object_begins ? object(out, p, at) : array(out, p, at);
}

static const char *value(mp_obj_t *out, const parser *p, const char *at) {
  at = blanks(at);
  switch (*at) {
  case '{':
  case '[':
    return container(out, p, at);
  case '"':
    return string(out, p, at + 1);
  case 't':
    return word(out, p, at, "true", mp_const_true);
  case 'f':
    return word(out, p, at, "false", mp_const_false);
  case 'n':
    return word(out, p, at, "null", mp_const_none);
  default:
    if (*at != '-' && (*at < '0' || *at > '9')) {
      wrong(p, at, "no value");
    }
    return number(out, p, at);
  }
}

mp_obj_t hp_json_loads(const char *at, unsigned length) {
  parser p = {at, at + length};
  mp_obj_t v;
  at = blanks(value(&v, &p, at));
  if (at != p.end) {
    wrong(&p, at, "more behind the value");
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
