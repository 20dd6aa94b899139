/* decimal.c - Decimal: an int and how many of its digits stand behind the point. Sums, differences
 * and products are exact; a quotient has 28 digits, as in CPython's default context. Must never go
 * by way of a float. */
#include "engine.h"
#include "py/builtin.h"
#include "py/objint.h"
#include "py/parsenum.h"

#define SCALE_MAX 10000
#define QUOTIENT_DIGITS 28

typedef struct decimal {
  mp_obj_base_t base;
  mp_obj_t digits; /* an int */
  int scale;       /* the value is digits / 10^scale */
} decimal;

static mp_obj_t make(mp_obj_t digits, int scale) {
  if (scale > SCALE_MAX) {
    mp_raise_ValueError(MP_ERROR_TEXT("too many decimals"));
  }
  decimal *d = mp_obj_malloc(decimal, &hp_type_Decimal);
  d->digits = digits;
  d->scale = scale;
  return MP_OBJ_FROM_PTR(d);
}

static mp_obj_t power_of_ten(int n) {
  return mp_binary_op(MP_BINARY_OP_POWER, MP_OBJ_NEW_SMALL_INT(10), MP_OBJ_NEW_SMALL_INT(n));
}

static NORETURN void no_decimal(void) {
  mp_raise_ValueError(MP_ERROR_TEXT("not a decimal number"));
}

/* The exponent behind 'e'. */
static int exponent(const char *at, unsigned length) {
  int value = 0, sign = 1;
  unsigned i = 0;
  if (length > 0 && (at[0] == '-' || at[0] == '+')) {
    sign = at[i++] == '-' ? -1 : 1;
  }
  if (i == length || length - i > 5) {
    no_decimal();
  }
  for (; i < length; i++) {
    if (at[i] < '0' || at[i] > '9') {
      no_decimal();
    }
    value = value * 10 + at[i] - '0';
  }
  return sign * value;
}

mp_obj_t hp_decimal_new(const char *at, unsigned length) {
  vstr_t digits;
  int scale = 0;
  bool point = false;
  unsigned i = 0, count = 0;
  vstr_init(&digits, length + 1);
  if (length > 0 && (at[0] == '-' || at[0] == '+')) {
    vstr_add_byte(&digits, (byte)at[i++]);
  }
  for (; i < length && at[i] != 'e' && at[i] != 'E'; i++) {
    if (at[i] == '.' && !point) {
      point = true;
      continue;
    }
    if (at[i] < '0' || at[i] > '9') {
      no_decimal();
    }
    vstr_add_byte(&digits, (byte)at[i]);
    scale += point;
    count++;
  }
  if (count == 0) {
    no_decimal();
  }
  scale -= i < length ? exponent(at + i + 1, length - i - 1) : 0;
  mp_obj_t value = mp_parse_num_integer(digits.buf, digits.len, 10, NULL);
  if (scale < 0) {
    value = mp_binary_op(MP_BINARY_OP_MULTIPLY, value, power_of_ten(-scale));
  }
  return make(value, scale < 0 ? 0 : scale);
}

static void print_int(vstr_t *out, mp_obj_t value) {
  vstr_t text;
  mp_print_t print;
  vstr_init_print(&text, 32, &print);
  mp_obj_print_helper(&print, value, PRINT_STR);
  vstr_add_strn(out, text.buf, text.len);
}

void hp_decimal_text(vstr_t *out, mp_obj_t o) {
  const decimal *d = MP_OBJ_TO_PTR(o);
  vstr_t text;
  vstr_init(&text, 32);
  print_int(&text, d->digits);
  size_t sign = text.len > 0 && text.buf[0] == '-', scale = (size_t)d->scale;
  vstr_add_strn(out, text.buf, sign);
  for (size_t digits = text.len - sign; digits < scale + 1; digits++) {
    vstr_ins_byte(&text, sign, '0');
  }
  size_t whole = text.len - scale;
  vstr_add_strn(out, text.buf + sign, whole - sign);
  if (scale > 0) {
    vstr_add_byte(out, '.');
    vstr_add_strn(out, text.buf + whole, scale);
  }
}

static void decimal_print(const mp_print_t *print, mp_obj_t self, mp_print_kind_t kind) {
  vstr_t text;
  vstr_init(&text, 32);
  hp_decimal_text(&text, self);
  mp_printf(print, kind == PRINT_REPR ? "Decimal('%.*s')" : "%.*s", (int)text.len, text.buf);
}

static mp_obj_t from_text(mp_obj_t o) {
  hp_bytes b = hp_text_of(o);
  return hp_decimal_new(b.at, b.length);
}

/* A float's own shortest text: Decimal(0.1) is 0.1. CPython has all the digits of the binary value.
 */
static mp_obj_t from_float(mp_obj_t o) {
  return from_text(mp_call_function_1(MP_OBJ_FROM_PTR(&mp_type_str), o));
}

static mp_obj_t convert(mp_obj_t o) {
  return mp_obj_is_type(o, &hp_type_Decimal) ? o
         : mp_obj_is_bool(o)                 ? make(MP_OBJ_NEW_SMALL_INT(o == mp_const_true), 0)
         : mp_obj_is_int(o)                  ? make(o, 0)
         : mp_obj_is_float(o)                ? from_float(o)
                                             : from_text(o);
}

static mp_obj_t decimal_make_new(const mp_obj_type_t *type, size_t count, size_t named,
                                 const mp_obj_t *args) {
  (void)type;
  mp_arg_check_num(count, named, 0, 1, false);
  return count == 0 ? make(MP_OBJ_NEW_SMALL_INT(0), 0) : convert(args[0]);
}

static mp_obj_t scaled(const decimal *d, int scale) {
  return d->scale == scale
             ? d->digits
             : mp_binary_op(MP_BINARY_OP_MULTIPLY, d->digits, power_of_ten(scale - d->scale));
}

static bool is_negative(mp_obj_t value) {
  return mp_obj_int_sign(value) < 0;
}

static mp_obj_t absolute(mp_obj_t value) {
  return is_negative(value) ? mp_unary_op(MP_UNARY_OP_NEGATIVE, value) : value;
}

/* a / b to an int, half to even. */
static mp_obj_t divide_rounded(mp_obj_t a, mp_obj_t b) {
  bool negative = is_negative(a) != is_negative(b);
  mp_obj_t top = absolute(a), bottom = absolute(b);
  mp_obj_t q = mp_binary_op(MP_BINARY_OP_FLOOR_DIVIDE, top, bottom);
  mp_obj_t rest =
      mp_binary_op(MP_BINARY_OP_SUBTRACT, top, mp_binary_op(MP_BINARY_OP_MULTIPLY, q, bottom));
  mp_obj_t twice = mp_binary_op(MP_BINARY_OP_ADD, rest, rest);
  bool more = mp_binary_op(MP_BINARY_OP_MORE, twice, bottom) == mp_const_true;
  bool odd = mp_binary_op(MP_BINARY_OP_AND, q, MP_OBJ_NEW_SMALL_INT(1)) == MP_OBJ_NEW_SMALL_INT(1);
  if (more || (odd && mp_obj_equal(twice, bottom))) {
    q = mp_binary_op(MP_BINARY_OP_ADD, q, MP_OBJ_NEW_SMALL_INT(1));
  }
  return negative ? mp_unary_op(MP_UNARY_OP_NEGATIVE, q) : q;
}

static int count_digits(mp_obj_t value) {
  vstr_t text;
  vstr_init(&text, 32);
  print_int(&text, absolute(value));
  return (int)text.len;
}

/* Without zeros at the end that nobody asked for. */
static mp_obj_t shortened(mp_obj_t digits, int scale, int least) {
  while (scale > least) {
    mp_obj_t tenth = mp_binary_op(MP_BINARY_OP_FLOOR_DIVIDE, digits, MP_OBJ_NEW_SMALL_INT(10));
    if (!mp_obj_equal(mp_binary_op(MP_BINARY_OP_MULTIPLY, tenth, MP_OBJ_NEW_SMALL_INT(10)),
                      digits)) {
      break;
    }
    digits = tenth;
    scale--;
  }
  return make(digits, scale);
}

static mp_obj_t divide(const decimal *a, const decimal *b) {
  if (mp_obj_equal(b->digits, MP_OBJ_NEW_SMALL_INT(0))) {
    mp_raise_msg(&mp_type_ZeroDivisionError, MP_ERROR_TEXT("divide by zero"));
  }
  int more = QUOTIENT_DIGITS + count_digits(b->digits) - count_digits(a->digits);
  int least = a->scale > b->scale ? a->scale - b->scale : 0;
  more = more < least + b->scale - a->scale ? least + b->scale - a->scale : more;
  more = more < 0 ? 0 : more;
  mp_obj_t top = mp_binary_op(MP_BINARY_OP_MULTIPLY, a->digits, power_of_ten(more));
  mp_obj_t q = divide_rounded(top, b->digits);
  int scale = more + a->scale - b->scale, extra = count_digits(q) - QUOTIENT_DIGITS;
  if (extra > 0 &&
      extra <=
          scale) { /* one digit more than wanted: from the beginning, so as not to round twice */
    q = divide_rounded(top, mp_binary_op(MP_BINARY_OP_MULTIPLY, b->digits, power_of_ten(extra)));
    scale -= extra;
  }
  if (scale < 0) {
    q = mp_binary_op(MP_BINARY_OP_MULTIPLY, q, power_of_ten(-scale));
    scale = 0;
  }
  return shortened(q, scale, least);
}

static mp_obj_t decimal_binary(mp_binary_op_t op, mp_obj_t left, mp_obj_t right) {
  if (!mp_obj_is_type(right, &hp_type_Decimal) && !mp_obj_is_int(right)) {
    return MP_OBJ_NULL;
  }
  const decimal *a = MP_OBJ_TO_PTR(convert(left)), *b = MP_OBJ_TO_PTR(convert(right));
  int scale = a->scale > b->scale ? a->scale : b->scale;
  switch (op) {
  case MP_BINARY_OP_REVERSE_ADD:
  case MP_BINARY_OP_REVERSE_SUBTRACT:
  case MP_BINARY_OP_REVERSE_MULTIPLY:
  case MP_BINARY_OP_REVERSE_TRUE_DIVIDE:
    return decimal_binary(op - MP_BINARY_OP_REVERSE_OR + MP_BINARY_OP_OR, MP_OBJ_FROM_PTR(b),
                          MP_OBJ_FROM_PTR(a));
  case MP_BINARY_OP_ADD:
  case MP_BINARY_OP_INPLACE_ADD:
    return make(mp_binary_op(MP_BINARY_OP_ADD, scaled(a, scale), scaled(b, scale)), scale);
  case MP_BINARY_OP_SUBTRACT:
  case MP_BINARY_OP_INPLACE_SUBTRACT:
    return make(mp_binary_op(MP_BINARY_OP_SUBTRACT, scaled(a, scale), scaled(b, scale)), scale);
  case MP_BINARY_OP_MULTIPLY:
  case MP_BINARY_OP_INPLACE_MULTIPLY:
    return make(mp_binary_op(MP_BINARY_OP_MULTIPLY, a->digits, b->digits), a->scale + b->scale);
  case MP_BINARY_OP_TRUE_DIVIDE:
  case MP_BINARY_OP_INPLACE_TRUE_DIVIDE:
    return divide(a, b);
  case MP_BINARY_OP_LESS:
  case MP_BINARY_OP_MORE:
  case MP_BINARY_OP_EQUAL:
  case MP_BINARY_OP_LESS_EQUAL:
  case MP_BINARY_OP_MORE_EQUAL:
    return mp_binary_op(op, scaled(a, scale), scaled(b, scale));
  default:
    return MP_OBJ_NULL;
  }
}

/* The int part, towards zero. */
static mp_obj_t whole(const decimal *d) {
  mp_obj_t part =
      mp_binary_op(MP_BINARY_OP_FLOOR_DIVIDE, absolute(d->digits), power_of_ten(d->scale));
  return is_negative(d->digits) ? mp_unary_op(MP_UNARY_OP_NEGATIVE, part) : part;
}

static mp_obj_t to_float(mp_obj_t self) {
  vstr_t text;
  vstr_init(&text, 32);
  hp_decimal_text(&text, self);
  return mp_parse_num_float(text.buf, text.len, false, NULL);
}

static mp_obj_t decimal_unary(mp_unary_op_t op, mp_obj_t self) {
  const decimal *d = MP_OBJ_TO_PTR(self);
  switch (op) {
  case MP_UNARY_OP_BOOL:
    return mp_obj_new_bool(!mp_obj_equal(d->digits, MP_OBJ_NEW_SMALL_INT(0)));
  case MP_UNARY_OP_NEGATIVE:
    return make(mp_unary_op(op, d->digits), d->scale);
  case MP_UNARY_OP_POSITIVE:
    return self;
  case MP_UNARY_OP_ABS:
    return make(absolute(d->digits), d->scale);
  case MP_UNARY_OP_INT_MAYBE:
    return whole(d);
  case MP_UNARY_OP_FLOAT_MAYBE:
    return to_float(self);
  case MP_UNARY_OP_HASH: {
    const decimal *shortest = MP_OBJ_TO_PTR(shortened(d->digits, d->scale, 0));
    return shortest->scale == 0 ? mp_unary_op(op, shortest->digits)
                                : mp_unary_op(op, to_float(self));
  }
  default:
    return MP_OBJ_NULL;
  }
}

/* As many decimals as the other one has, half to even. */
static mp_obj_t quantize(mp_obj_t self, mp_obj_t other) {
  const decimal *d = MP_OBJ_TO_PTR(self), *like = MP_OBJ_TO_PTR(convert(other));
  if (d->scale <= like->scale) {
    return make(scaled(d, like->scale), like->scale);
  }
  return make(divide_rounded(d->digits, power_of_ten(d->scale - like->scale)), like->scale);
}
static MP_DEFINE_CONST_FUN_OBJ_2(quantize_obj, quantize);

static const mp_rom_map_elem_t locals[] = {
    {MP_ROM_QSTR(MP_QSTR_quantize), MP_ROM_PTR(&quantize_obj)}};
static MP_DEFINE_CONST_DICT(locals_dict, locals);

MP_DEFINE_CONST_OBJ_TYPE(hp_type_Decimal, MP_QSTR_Decimal, MP_TYPE_FLAG_EQ_CHECKS_OTHER_TYPE,
                         make_new, decimal_make_new, print, decimal_print, binary_op,
                         decimal_binary, unary_op, decimal_unary, locals_dict, &locals_dict);

static const mp_rom_map_elem_t globals[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_decimal)},
    {MP_ROM_QSTR(MP_QSTR_Decimal), MP_ROM_PTR(&hp_type_Decimal)}};
static MP_DEFINE_CONST_DICT(globals_dict, globals);
const mp_obj_module_t hp_module_decimal = {.base = {&mp_type_module},
                                           .globals = (mp_obj_dict_t *)&globals_dict};
MP_REGISTER_MODULE(MP_QSTR_decimal, hp_module_decimal);
