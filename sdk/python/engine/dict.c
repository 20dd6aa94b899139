/* dict.c - dicts that keep the order of insertion, in the place of MicroPython's maps (its sets
 * stay).
 *
 * table is entries in the order in which they came, as everyone who walks a map expects; a removed
 * one leaves MP_OBJ_SENTINEL as its key, a free one behind all others has MP_OBJ_NULL. Up to SMALL
 * entries are searched from the first. Behind more stand an index and how many entries it knows:
 * open addressing by hash, each place the number of an entry and one, 0 where it is free.
 *
 * Invariant: an index that knows of no entry is not made yet, as in the copy of a dict; otherwise
 * it has a place for each entry that was ever taken since the last growth. */
#include "engine.h"
#include "py/builtin.h"
#include "py/mpstate.h"

#define SMALL HP_SMALL_DICT
#define BUILTINS_MOST 255

static byte builtin_at[MP_QSTRnumber_of]; /* the place in the builtins' table and one */

/* The same in that of the script's module, when it had been evaluated. */
#define GLOBAL_NAMES 4096u
static uint16_t global_at[GLOBAL_NAMES];

/* ---- the index ---- */

/* A power of two, a half more at least. */
static size_t places(size_t alloc) {
  size_t least = alloc + alloc / 2;
  return least <= 16 ? 16 : (size_t)1 << (32 - __builtin_clz((unsigned)least - 1));
}

/* Bytes of a place: enough for alloc + 1. */
static size_t width(size_t alloc) {
  return alloc < 0xff ? 1 : alloc < 0xffff ? 2 : 4;
}

static size_t table_bytes(size_t alloc) {
  size_t entries = alloc * sizeof(mp_map_elem_t);
  return alloc <= SMALL ? entries : entries + sizeof(uint32_t) + places(alloc) * width(alloc);
}

static mp_map_elem_t *new_table(size_t alloc) {
  if (alloc > SIZE_MAX / 64) {
    m_malloc_fail(SIZE_MAX);
  }
  return m_malloc0(table_bytes(alloc));
}

static uint32_t *known(const mp_map_t *map) {
  return (uint32_t *)(map->table + map->alloc);
}

static size_t place(const mp_map_t *map, size_t at) {
  const void *index = known(map) + 1;
  switch (width(map->alloc)) {
  case 1:
    return ((const uint8_t *)index)[at];
  case 2:
    return ((const uint16_t *)index)[at];
  default:
    return ((const uint32_t *)index)[at];
  }
}

static void set_place(const mp_map_t *map, size_t at, size_t entry) {
  void *index = known(map) + 1;
  switch (width(map->alloc)) {
  case 1:
    ((uint8_t *)index)[at] = (uint8_t)entry;
    break;
  case 2:
    ((uint16_t *)index)[at] = (uint16_t)entry;
    break;
  default:
    ((uint32_t *)index)[at] = (uint32_t)entry;
  }
}

/* Spread over 32 bits: that of a string has 16. */
static uint32_t hash_of(mp_obj_t key) {
  size_t h = mp_obj_is_qstr(key) ? qstr_hash(MP_OBJ_QSTR_VALUE(key))
             : mp_obj_is_small_int(key)
                 ? (size_t)MP_OBJ_SMALL_INT_VALUE(key)
                 : (size_t)MP_OBJ_SMALL_INT_VALUE(mp_unary_op(MP_UNARY_OP_HASH, key));
  return (uint32_t)h * 0x9e3779b1u;
}

static bool is_live(mp_obj_t key) {
  return key != MP_OBJ_NULL && key != MP_OBJ_SENTINEL;
}

/* Where the search for it begins: the upper bits. */
static size_t first_place(uint32_t hash, size_t count) {
  return (size_t)((uint64_t)hash * count >> 32);
}

static void enter(const mp_map_t *map, size_t entry, uint32_t hash) {
  size_t count = places(map->alloc), mask = count - 1, at = first_place(hash, count);
  while (place(map, at) != 0) {
    at = (at + 1) & mask;
  }
  set_place(map, at, entry + 1);
}

/* Of entries that stand there. What raises in between leaves no index. */
static void make_index(const mp_map_t *map) {
  size_t top = 0;
  memset(known(map) + 1, 0, places(map->alloc) * width(map->alloc));
  for (size_t i = 0; i < map->alloc && map->table[i].key != MP_OBJ_NULL; i++) {
    if (is_live(map->table[i].key)) {
      enter(map, i, hash_of(map->table[i].key));
    }
    top = i + 1;
  }
  *known(map) = (uint32_t)top;
}

/* ---- growth ---- */

/* Room for one more at the end: without the removed ones, and larger if they were few. */
static void make_room(mp_map_t *map) {
  mp_map_t next = *map;
  size_t to = 0;
  next.alloc = map->used * 2 > map->alloc ? map->alloc * 2 : map->alloc;
  next.alloc = next.alloc < 4 ? 4 : next.alloc;
  next.table = new_table(next.alloc);
  for (size_t i = 0; i < map->alloc; i++) {
    if (is_live(map->table[i].key)) {
      next.table[to++] = map->table[i];
    }
  }
  if (next.alloc > SMALL) {
    make_index(&next);
  }
  m_del(mp_map_elem_t, map->table, map->alloc);
  *map = next;
}

static mp_map_elem_t *add_at(mp_map_t *map, size_t entry, mp_obj_t key) {
  hp_names_settled &= map != &MP_STATE_VM(dict_main).map;
  map->used++;
  map->table[entry] = (mp_map_elem_t){key, MP_OBJ_NULL};
  map->all_keys_are_qstrs &= mp_obj_is_qstr(key);
  return &map->table[entry];
}

static mp_map_elem_t *found(mp_map_t *map, mp_map_elem_t *e, mp_map_lookup_kind_t kind) {
  if (kind == MP_MAP_LOOKUP_REMOVE_IF_FOUND) {
    map->used--;
    e->key = MP_OBJ_SENTINEL; /* the caller takes the value */
  }
  return e;
}

/* ---- search ---- */

/* Not the same object: may they be equal? */
static bool equals(mp_obj_t key, mp_obj_t wanted) {
  bool small = mp_obj_is_small_int(key) && mp_obj_is_small_int(wanted);
  bool names = mp_obj_is_qstr(key) && mp_obj_is_qstr(wanted);
  return !small && !names && is_live(key) && mp_obj_equal(key, wanted);
}

static mp_map_elem_t *search_indexed(mp_map_t *map, mp_obj_t key, bool by_address,
                                     mp_map_lookup_kind_t kind) {
  uint32_t hash = hash_of(key);
  if (*known(map) == 0) {
    make_index(map);
  }
  size_t count = places(map->alloc), mask = count - 1;
  for (size_t at = first_place(hash, count), entry; (entry = place(map, at)) != 0;
       at = (at + 1) & mask) {
    mp_map_elem_t *e = &map->table[entry - 1];
    if (e->key == key || (!by_address && equals(e->key, key))) {
      return found(map, e, kind);
    }
  }
  if (kind != MP_MAP_LOOKUP_ADD_IF_NOT_FOUND) {
    return NULL;
  }
  if (*known(map) == map->alloc) {
    make_room(map);
  }
  size_t top = (*known(map))++;
  enter(map, top, hash);
  return add_at(map, top, key);
}

static mp_map_elem_t *search_small(mp_map_t *map, mp_obj_t key, bool by_address,
                                   mp_map_lookup_kind_t kind) {
  size_t i = 0;
  if (!mp_obj_is_qstr(key) && !mp_obj_is_exact_type(key, &mp_type_str)) {
    hash_of(key); /* raises if it has none */
  }
  for (; i < map->alloc && map->table[i].key != MP_OBJ_NULL; i++) {
    mp_map_elem_t *e = &map->table[i];
    if (e->key == key || (!by_address && equals(e->key, key))) {
      return found(map, e, kind);
    }
  }
  if (kind != MP_MAP_LOOKUP_ADD_IF_NOT_FOUND) {
    return NULL;
  }
  if (i < map->alloc) {
    return add_at(map, i, key);
  }
  make_room(map);
  return mp_map_lookup(map, key, kind);
}

static mp_map_elem_t *search_fixed(const mp_map_t *map, mp_obj_t key, bool by_address) {
  for (size_t i = 0; i < map->used; i++) {
    mp_map_elem_t *e = &map->table[i];
    if (e->key == key || (!by_address && equals(e->key, key))) {
      return e;
    }
  }
  return NULL;
}

static mp_map_elem_t *builtin(const mp_map_t *map, qstr name) {
  size_t at = name < MP_QSTRnumber_of ? builtin_at[name] : 0;
  return at == 0 ? NULL : &map->table[at - 1];
}

mp_map_elem_t *mp_map_lookup(mp_map_t *map, mp_obj_t key, mp_map_lookup_kind_t kind) {
  bool by_address = map->all_keys_are_qstrs && mp_obj_is_qstr(key);
  if (map->all_keys_are_qstrs && !by_address && kind != MP_MAP_LOOKUP_ADD_IF_NOT_FOUND &&
      !mp_obj_is_exact_type(key, &mp_type_str)) {
    return NULL;
  }
  if (!map->is_fixed) {
    return map->alloc > SMALL ? search_indexed(map, key, by_address, kind)
                              : search_small(map, key, by_address, kind);
  }
  return by_address && map == &mp_module_builtins_globals.map ? builtin(map, MP_OBJ_QSTR_VALUE(key))
                                                              : search_fixed(map, key, by_address);
}

/* ---- names of the script's module ---- */

void hp_names_settle(void) {
  const mp_map_t *map = &MP_STATE_VM(dict_main).map;
  for (size_t i = 0; i < map->alloc && i < UINT16_MAX; i++) {
    qstr name = mp_obj_is_qstr(map->table[i].key) ? MP_OBJ_QSTR_VALUE(map->table[i].key) : 0;
    if (name != 0 && name < GLOBAL_NAMES) {
      global_at[name] = (uint16_t)(i + 1);
    }
  }
  hp_names_settled = true;
}

mp_obj_t hp_settled_name(qstr name) {
  const mp_map_t *map = &mp_globals_get()->map;
  const mp_map_elem_t *e = NULL;
  size_t at = name < GLOBAL_NAMES ? global_at[name] : 0;
  if (name >= GLOBAL_NAMES || map != &MP_STATE_VM(dict_main).map) {
    return MP_OBJ_NULL;
  }
  if (at == 0) {
    bool plain = hp_names_settled && MP_STATE_VM(mp_module_builtins_override_dict) == NULL;
    e = plain ? builtin(&mp_module_builtins_globals.map, name) : NULL;
  } else if (at <= map->alloc && map->table[at - 1].key == MP_OBJ_NEW_QSTR(name)) {
    e = &map->table[at - 1];
  }
  return e == NULL ? MP_OBJ_NULL : e->value;
}

/* ---- MicroPython's other functions ---- */

void mp_map_init(mp_map_t *map, size_t n) {
  *map = (mp_map_t){.all_keys_are_qstrs = 1, .alloc = n, .table = n == 0 ? NULL : new_table(n)};
}

mp_obj_t hp_small_dict(const mp_map_elem_t *entries, size_t count) {
  mp_obj_dict_t *dict = mp_obj_malloc(mp_obj_dict_t, &mp_type_dict);
  bool names = true;
  dict->map = (mp_map_t){.used = count, .alloc = count, .table = m_new(mp_map_elem_t, count)};
  for (size_t i = 0; i < count; i++) {
    dict->map.table[i] = entries[i];
    names &= mp_obj_is_qstr(entries[i].key);
  }
  dict->map.all_keys_are_qstrs = names;
  return MP_OBJ_FROM_PTR(dict);
}

void mp_map_init_fixed_table(mp_map_t *map, size_t n, const mp_obj_t *table) {
  *map = (mp_map_t){.all_keys_are_qstrs = 1,
                    .is_fixed = 1,
                    .is_ordered = 1,
                    .used = n,
                    .alloc = n,
                    .table = (mp_map_elem_t *)table};
}

void mp_map_deinit(mp_map_t *map) {
  if (!map->is_fixed) {
    m_del(mp_map_elem_t, map->table, map->alloc);
  }
  map->used = map->alloc = 0;
}

void mp_map_clear(mp_map_t *map) {
  bool ordered = map->is_ordered;
  mp_map_deinit(map);
  mp_map_init(map, 0);
  map->is_ordered = ordered;
}

/* Where the last entry is, for popitem; the map has one. */
size_t hp_map_last(const mp_map_t *map); /* objdict.c, as the build makes it, declares it itself */
size_t hp_map_last(const mp_map_t *map) {
  size_t i = map->alloc;
  while (i > 0 && !is_live(map->table[i - 1].key)) {
    i--;
  }
  return i == 0 ? 0 : i - 1;
}

void hp_map_begin(void) {
  const mp_map_t *map = &mp_module_builtins_globals.map;
  for (size_t i = 0; i < map->used && i < BUILTINS_MOST; i++) {
    builtin_at[MP_OBJ_QSTR_VALUE(map->table[i].key)] = (byte)(i + 1);
  }
}
