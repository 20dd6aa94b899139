/* names.c - finds interned strings by a hash. MicroPython looks for each new string among all of
 * them, one by one, which costs more than making the string; the build renames that search to
 * hp_scan_names.
 *
 * Invariant: entries name strings that exist; what is not in the table, and could not be, is
 * scanned for. */
#include "engine.h"
#include "py/mpstate.h"
#include "py/qstr.h"

#define SLOTS 4096u
#define MOST 3000u /* entries: three quarters */

qstr hp_scan_names(const char *at, size_t length);

static uint16_t table[SLOTS]; /* 0: free; else a qstr */
static uint32_t indexed = 1;  /* qstrs below are in the table */
static size_t longest;        /* of these */

static uint32_t hash(const char *at, size_t length) {
  uint32_t h = (uint32_t)length * 0x9e3779b1u;
  for (size_t i = 0; i < length; i++) {
    h = (h ^ (unsigned char)at[i]) * 0x01000193u;
  }
  return h ^ h >> 15;
}

/* Names of up to 8 bytes as such: most keys of JSON are. */
#define SHORT_SLOTS 2048u
#define SHORT_MOST 1500u
static uint64_t short_names[SHORT_SLOTS]; /* 0: free */
static struct {
  uint16_t q;
  uint8_t length;
} shorts[SHORT_SLOTS];
static uint32_t short_count;

static uint32_t short_slot(uint64_t eight) {
  return (uint32_t)(eight * 0x9e3779b97f4a7c15u >> 53);
}

static void add_short(qstr q, const char *at, size_t length) {
  uint64_t eight = 0;
  memcpy(&eight, at, length);
  uint32_t slot = short_slot(eight);
  if (eight == 0 || short_count == SHORT_MOST) {
    return;
  }
  while (short_names[slot] != 0) {
    slot = (slot + 1) % SHORT_SLOTS;
  }
  short_names[slot] = eight;
  shorts[slot].q = (uint16_t)q;
  shorts[slot].length = (uint8_t)length;
  short_count++;
}

qstr hp_short_name(uint64_t eight, size_t length) {
  for (uint32_t slot = short_slot(eight); short_names[slot] != 0; slot = (slot + 1) % SHORT_SLOTS) {
    if (short_names[slot] == eight && shorts[slot].length == length) {
      return shorts[slot].q;
    }
  }
  return MP_QSTRnull;
}

static void add(qstr q) {
  size_t length;
  const char *at = (const char *)qstr_data(q, &length);
  if (length <= 8) {
    add_short(q, at, length);
  }
  longest = length > longest ? length : longest;
  uint32_t slot = hash(at, length) % SLOTS;
  while (table[slot] != 0) {
    slot = (slot + 1) % SLOTS;
  }
  table[slot] = (uint16_t)q;
}

qstr qstr_find_strn(const char *at, size_t length) {
  const qstr_pool_t *last = MP_STATE_VM(last_pool);
  uint32_t total = (uint32_t)(last->total_prev_len + last->len);
  if (length == 0) {
    return MP_QSTR_;
  }
  while (indexed < total && indexed < MOST) {
    add(indexed++);
  }
  if (length > longest) {
    return total > MOST ? hp_scan_names(at, length) : MP_QSTRnull;
  }
  for (uint32_t slot = hash(at, length) % SLOTS; table[slot] != 0; slot = (slot + 1) % SLOTS) {
    size_t n;
    const char *found = (const char *)qstr_data(table[slot], &n);
    if (n == length && memcmp(found, at, n) == 0) {
      return table[slot];
    }
  }
  return total > MOST ? hp_scan_names(at, length) : MP_QSTRnull;
}
