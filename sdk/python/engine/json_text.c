/* json_text.c - values as JSON, straight into one text. Takes what CPython's json takes, and
 * Decimal; must raise a TypeError for all others, and check the stack at each level: nesting is the
 * caller's. */
#include "engine.h"
#include "py/cstack.h"
#include "py/objstr.h"
#include "py/objtuple.h"
#include "py/objtype.h"

typedef struct writer {
  vstr_t *out;
  hp_bytes item, key; /* separators */
} writer;

static void value(writer *w, mp_obj_t v);

static void add(writer *w, const char *at, size_t n) {
  memcpy(vstr_add_len(w->out, n), at, n);
}

static void add_text(writer *w, const char *text) {
  add(w, text, strlen(text));
}

static void escaped(writer *w, unsigned char c) {
  static const char names[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
  const char *found = c == '\0' ? NULL : strchr(names, c);
  char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
  if (found != NULL) {
    text[1] = letters[found - names];
  }
  add(w, text, found != NULL ? 2 : sizeof text);
}

static void string(writer *w, mp_obj_t v) {
  hp_bytes b = hp_text_of(v);
  const char *at = b.at, *end = at + b.length;
  vstr_add_byte(w->out, '"');
  while (at < end) {
    const char *plain = hp_json_plain_end(at, end);
    add(w, at, (size_t)(plain - at));
    at = plain;
    if (at < end) {
      escaped(w, (unsigned char)*at++);
    }
  }
  vstr_add_byte(w->out, '"');
}

static void small_int(writer *w, mp_int_t v) {
  char text[12], *at = text + sizeof text;
  mp_uint_t left = v < 0 ? 0 - (mp_uint_t)v : (mp_uint_t)v;
  do {
    *--at = (char)('0' + left % 10);
    left /= 10;
  } while (left > 0);
  if (v < 0) {
    *--at = '-';
  }
  add(w, at, (size_t)(text + sizeof text - at));
}

/* Large ints, floats, Decimals: as str. */
static void printed(writer *w, mp_obj_t v) {
  mp_print_t print = {w->out, (mp_print_strn_t)vstr_add_strn};
  mp_obj_print_helper(&print, v, PRINT_STR);
}

static void real(writer *w, mp_obj_t v) {
  double d = mp_obj_get_float(v);
  if (d - d == 0) {
    printed(w, v);
  } else {
    add_text(w, d != d ? "NaN" : d > 0 ? "Infinity" : "-Infinity");
  }
}

/* False: it is none of these. */
static bool scalar(writer *w, mp_obj_t v) {
  if (mp_obj_is_small_int(v)) {
    small_int(w, MP_OBJ_SMALL_INT_VALUE(v));
  } else if (v == mp_const_none || mp_obj_is_bool(v)) {
    add_text(w, v == mp_const_none ? "null" : v == mp_const_true ? "true" : "false");
  } else if (mp_obj_is_float(v)) {
    real(w, v);
  } else if (mp_obj_is_int(v)) {
    printed(w, v);
  } else {
    return false;
  }
  return true;
}

static void member_key(writer *w, mp_obj_t key) {
  if (mp_obj_is_str(key)) {
    string(w, key);
    return;
  }
  vstr_add_byte(w->out, '"');
  if (!scalar(w, key)) {
    mp_raise_msg_varg(&mp_type_TypeError,
                      MP_ERROR_TEXT("keys must be str, int, float, bool or None, not %s"),
                      mp_obj_get_type_str(key));
  }
  vstr_add_byte(w->out, '"');
}

static void object(writer *w, mp_obj_t v) {
  const mp_map_t *map = mp_obj_dict_get_map(v);
  bool first = true;
  vstr_add_byte(w->out, '{');
  for (size_t i = 0; i < map->alloc; i++) {
    if (!mp_map_slot_is_filled(map, i)) {
      continue;
    }
    if (!first) {
      add(w, w->item.at, w->item.length);
    }
    first = false;
    member_key(w, map->table[i].key);
    add(w, w->key.at, w->key.length);
    value(w, map->table[i].value);
  }
  vstr_add_byte(w->out, '}');
}

static void array(writer *w, mp_obj_t v) {
  size_t count;
  mp_obj_t *items;
  mp_obj_get_array(v, &count, &items);
  vstr_add_byte(w->out, '[');
  for (size_t i = 0; i < count; i++) {
    if (i > 0) {
      add(w, w->item.at, w->item.length);
    }
    value(w, items[i]);
  }
  vstr_add_byte(w->out, ']');
}

static bool is_tuple(mp_obj_t v) {
  const mp_obj_type_t *type = mp_obj_get_type(v);
  return MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, iter) == MP_OBJ_TYPE_GET_SLOT(&mp_type_tuple, iter);
}

/* What an instance of a class that a script derives from one of ours has inside; MP_OBJ_NULL:
 * nothing that JSON has. */
static mp_obj_t inside(mp_obj_t v) {
  static const mp_obj_type_t *const types[] = {&mp_type_dict, &mp_type_list, &mp_type_tuple,
                                               &mp_type_str,  &mp_type_int,  &mp_type_float};
  mp_obj_t found = MP_OBJ_NULL;
  for (size_t i = 0; i < MP_ARRAY_SIZE(types) && found == MP_OBJ_NULL; i++) {
    found = mp_obj_is_instance_type(mp_obj_get_type(v))
                ? mp_obj_cast_to_native_base(v, MP_OBJ_FROM_PTR(types[i]))
                : MP_OBJ_NULL;
  }
  return found;
}

static void value(writer *w, mp_obj_t v) {
  if (mp_obj_is_str(v)) {
    string(w, v);
    return;
  }
  if (scalar(w, v)) {
    return;
  }
  mp_cstack_check();
  if (mp_obj_is_dict_or_ordereddict(v)) {
    object(w, v);
  } else if (mp_obj_is_type(v, &mp_type_list) || is_tuple(v)) {
    array(w, v);
  } else if (mp_obj_is_type(v, &hp_type_Decimal)) {
    printed(w, v);
  } else if (inside(v) != MP_OBJ_NULL) {
    value(w, inside(v));
  } else {
    mp_raise_msg_varg(&mp_type_TypeError,
                      MP_ERROR_TEXT("object of type %s is not JSON serializable"),
                      mp_obj_get_type_str(v));
  }
}

void hp_json_dumps(vstr_t *out, mp_obj_t v, const char *item, const char *key) {
  writer w = {out, {item, (unsigned)strlen(item)}, {key, (unsigned)strlen(key)}};
  vstr_init(out, 128);
  value(&w, v);
}
