/* std.c - modules of Python's library that need a machine, by the host: random, hashlib, time; and
 * those that are there so that imports of type checkers' names do no harm: typing, __future__. */
#include "engine.h"
#include "py/objstr.h"
#include "py/runtime.h"

extern const mp_obj_fun_builtin_fixed_t hp_hash_obj;

#define MODULE(module, dict)                                                                       \
  const mp_obj_module_t module = {.base = {&mp_type_module}, .globals = (mp_obj_dict_t *)&dict}
#define ENTRY(name, object)                                                                        \
  { MP_ROM_QSTR(MP_QSTR_##name), MP_ROM_PTR(&object) }

/* ---- random: the host's bytes, or a generator of one's own after seed() ---- */

static unsigned char pool[64];
static unsigned pool_left;
static unsigned long long seeded_state;
static bool seeded;

static unsigned long long random_bits(void) {
  unsigned long long bits;
  if (seeded) { /* splitmix64 */
    unsigned long long z = seeded_state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  if (pool_left == 0) {
    hp_check(hg_random(pool, sizeof pool));
    pool_left = sizeof pool;
  }
  pool_left -= sizeof bits;
  memcpy(&bits, pool + pool_left, sizeof bits);
  return bits;
}

/* Below n, every number as often. */
static unsigned long long below(unsigned long long n) {
  unsigned long long most = -1ull - -n % n, bits;
  do {
    bits = random_bits();
  } while (bits > most);
  return bits % n;
}

static mp_obj_t random_float(void) {
  return mp_obj_new_float((double)(random_bits() >> 11) * 0x1p-53);
}
static MP_DEFINE_CONST_FUN_OBJ_0(random_obj, random_float);

static mp_obj_t uniform(mp_obj_t from, mp_obj_t to) {
  double a = mp_obj_get_float(from), b = mp_obj_get_float(to);
  return mp_obj_new_float(a + (b - a) * ((double)(random_bits() >> 11) * 0x1p-53));
}
static MP_DEFINE_CONST_FUN_OBJ_2(uniform_obj, uniform);

static mp_obj_t seed(size_t count, const mp_obj_t *args) {
  seeded = count > 0 && args[0] != mp_const_none;
  seeded_state = seeded ? (unsigned long long)mp_obj_get_int_truncated(args[0]) : 0;
  return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(seed_obj, 0, 1, seed);

static mp_obj_t in_range(long long begin, long long end, long long step) {
  long long count = step > 0   ? (end - begin + step - 1) / step
                    : step < 0 ? (begin - end - step - 1) / -step
                               : 0;
  if (count <= 0) {
    mp_raise_ValueError(MP_ERROR_TEXT("empty range"));
  }
  return mp_obj_new_int_from_ll(begin + step * (long long)below((unsigned long long)count));
}

static mp_obj_t randrange(size_t count, const mp_obj_t *args) {
  mp_int_t first = mp_obj_get_int(args[0]);
  return count == 1
             ? in_range(0, first, 1)
             : in_range(first, mp_obj_get_int(args[1]), count > 2 ? mp_obj_get_int(args[2]) : 1);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(randrange_obj, 1, 3, randrange);

static mp_obj_t randint(mp_obj_t from, mp_obj_t to) {
  return in_range(mp_obj_get_int(from), (long long)mp_obj_get_int(to) + 1, 1);
}
static MP_DEFINE_CONST_FUN_OBJ_2(randint_obj, randint);

static mp_obj_t getrandbits(mp_obj_t count) {
  mp_int_t n = mp_obj_get_int(count);
  if (n < 0 || n > 64) {
    mp_raise_ValueError(MP_ERROR_TEXT("0 to 64 bits"));
  }
  return mp_obj_new_int_from_ull(n == 0 ? 0 : random_bits() >> (64 - n));
}
static MP_DEFINE_CONST_FUN_OBJ_1(getrandbits_obj, getrandbits);

static mp_obj_t item(mp_obj_t sequence, long long index) {
  return mp_obj_subscr(sequence, mp_obj_new_int_from_ll(index), MP_OBJ_SENTINEL);
}

static mp_obj_t choice(mp_obj_t sequence) {
  mp_int_t n = mp_obj_get_int(mp_obj_len(sequence));
  if (n == 0) {
    mp_raise_msg(&mp_type_IndexError, MP_ERROR_TEXT("empty sequence"));
  }
  return item(sequence, (long long)below((unsigned long long)n));
}
static MP_DEFINE_CONST_FUN_OBJ_1(choice_obj, choice);

static mp_obj_t shuffle(mp_obj_t list) {
  size_t n;
  mp_obj_t *items;
  mp_obj_list_get(list, &n, &items);
  for (size_t i = n; i > 1; i--) {
    size_t k = (size_t)below(i);
    mp_obj_t kept = items[i - 1];
    items[i - 1] = items[k];
    items[k] = kept;
  }
  return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(shuffle_obj, shuffle);

static const mp_rom_map_elem_t random_globals[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_random)},
    ENTRY(random, random_obj),
    ENTRY(uniform, uniform_obj),
    ENTRY(seed, seed_obj),
    ENTRY(randrange, randrange_obj),
    ENTRY(randint, randint_obj),
    ENTRY(getrandbits, getrandbits_obj),
    ENTRY(choice, choice_obj),
    ENTRY(shuffle, shuffle_obj),
};
static MP_DEFINE_CONST_DICT(random_dict, random_globals);
MODULE(hp_module_random, random_dict);
MP_REGISTER_MODULE(MP_QSTR_random, hp_module_random);

/* ---- hashlib: what is added is kept until the digest is asked for ---- */

typedef struct hasher {
  mp_obj_base_t base;
  qstr algorithm;
  vstr_t data;
} hasher;

static mp_obj_t hasher_update(mp_obj_t self, mp_obj_t data) {
  hasher *h = MP_OBJ_TO_PTR(self);
  if (mp_obj_is_str(data)) {
    mp_raise_TypeError(MP_ERROR_TEXT("bytes expected"));
  }
  hp_bytes b = hp_bytes_of(data);
  vstr_add_strn(&h->data, b.at, b.length);
  return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(update_obj, hasher_update);

static mp_obj_t hasher_digest(mp_obj_t self) {
  hasher *h = MP_OBJ_TO_PTR(self);
  mp_obj_t data = mp_obj_new_bytes((const byte *)h->data.buf, h->data.len);
  return mp_call_function_2(MP_OBJ_FROM_PTR(&hp_hash_obj), MP_OBJ_NEW_QSTR(h->algorithm), data);
}
static MP_DEFINE_CONST_FUN_OBJ_1(digest_obj, hasher_digest);

static mp_obj_t hasher_hexdigest(mp_obj_t self) {
  static const char digits[] = "0123456789abcdef";
  hp_bytes b = hp_bytes_of(hasher_digest(self));
  vstr_t text;
  vstr_init(&text, 2 * b.length);
  for (unsigned i = 0; i < b.length; i++) {
    vstr_add_byte(&text, (byte)digits[(unsigned char)b.at[i] >> 4]);
    vstr_add_byte(&text, (byte)digits[b.at[i] & 15]);
  }
  return mp_obj_new_str_from_vstr(&text);
}
static MP_DEFINE_CONST_FUN_OBJ_1(hexdigest_obj, hasher_hexdigest);

static const mp_rom_map_elem_t hasher_locals[] = {
    ENTRY(update, update_obj),
    ENTRY(digest, digest_obj),
    ENTRY(hexdigest, hexdigest_obj),
};
static MP_DEFINE_CONST_DICT(hasher_dict, hasher_locals);
static MP_DEFINE_CONST_OBJ_TYPE(type_hasher, MP_QSTR_hash, MP_TYPE_FLAG_NONE, locals_dict,
                                &hasher_dict);

static mp_obj_t new_hasher(qstr algorithm, size_t count, const mp_obj_t *args) {
  hasher *h = mp_obj_malloc(hasher, &type_hasher);
  h->algorithm = algorithm;
  vstr_init(&h->data, 64);
  if (count > 0) {
    hasher_update(MP_OBJ_FROM_PTR(h), args[0]);
  }
  return MP_OBJ_FROM_PTR(h);
}

#define HASHER(name)                                                                               \
  static mp_obj_t new_##name(size_t count, const mp_obj_t *args) {                                 \
    return new_hasher(MP_QSTR_##name, count, args);                                                \
  }                                                                                                \
  static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(name##_obj, 0, 1, new_##name)
HASHER(sha256);
HASHER(sha384);
HASHER(sha512);
HASHER(sha3_256);
HASHER(blake2b);
HASHER(sha1);

static const mp_rom_map_elem_t hashlib_globals[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_hashlib)},
    ENTRY(sha256, sha256_obj),
    ENTRY(sha384, sha384_obj),
    ENTRY(sha512, sha512_obj),
    ENTRY(sha3_256, sha3_256_obj),
    ENTRY(blake2b, blake2b_obj),
    ENTRY(sha1, sha1_obj),
};
static MP_DEFINE_CONST_DICT(hashlib_dict, hashlib_globals);
MODULE(hp_module_hashlib, hashlib_dict);
MP_REGISTER_MODULE(MP_QSTR_hashlib, hp_module_hashlib);

/* ---- time ---- */

static long long now_us(void) {
  long long now = hg_now_us();
  hp_check(now < 0 ? (int)now : 0);
  return now;
}
static mp_obj_t time_float(void) {
  return mp_obj_new_float((double)now_us() / 1e6);
}
static MP_DEFINE_CONST_FUN_OBJ_0(time_obj, time_float);
static mp_obj_t time_ns(void) {
  return mp_obj_new_int_from_ll(now_us() * 1000);
}
static MP_DEFINE_CONST_FUN_OBJ_0(time_ns_obj, time_ns);

static const mp_rom_map_elem_t time_globals[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_time)},
    ENTRY(time, time_obj),
    ENTRY(time_ns, time_ns_obj),
};
static MP_DEFINE_CONST_DICT(time_dict, time_globals);
MODULE(hp_module_time, time_dict);
MP_REGISTER_MODULE(MP_QSTR_time, hp_module_time);

/* ---- names of annotations ---- */

static const mp_rom_map_elem_t typing_globals[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_typing)},
    ENTRY(Any, mp_type_object),
    ENTRY(Callable, mp_type_object),
    ENTRY(Dict, mp_type_dict),
    ENTRY(Iterable, mp_type_object),
    ENTRY(Iterator, mp_type_object),
    ENTRY(List, mp_type_list),
    ENTRY(Optional, mp_type_object),
    ENTRY(Sequence, mp_type_object),
    ENTRY(Tuple, mp_type_tuple),
    ENTRY(Union, mp_type_object),
};
static MP_DEFINE_CONST_DICT(typing_dict, typing_globals);
MODULE(hp_module_typing, typing_dict);
MP_REGISTER_MODULE(MP_QSTR_typing, hp_module_typing);

static const mp_rom_map_elem_t future_globals[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR___future__)},
    ENTRY(annotations, mp_type_object),
};
static MP_DEFINE_CONST_DICT(future_dict, future_globals);
MODULE(hp_module_future, future_dict);
MP_REGISTER_MODULE(MP_QSTR___future__, hp_module_future);
