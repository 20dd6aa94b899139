/* audit_chain.c - an audit log that shows when somebody changed it: each entry holds the SHA-256 of itself
 * and of the entry before. audit_append adds one, audit_broken names the first that does not fit.
 *
 * What is hashed: the hash before, then actor and action, each with its length in 4 bytes before it, so
 * that no two entries have the same bytes. */
#include <heliosdb.h>

enum { HASH = 32 };

static void put_field(unsigned char **at, const char *p, unsigned n) {
  for (int shift = 0; shift < 32; shift += 8) {
    *(*at)++ = (unsigned char)(n >> shift);
  }
  for (unsigned i = 0; i < n; i++) {
    *(*at)++ = (unsigned char)p[i];
  }
}

static void hash_entry(unsigned char out[HASH], const unsigned char before[HASH], helios_text actor,
                       helios_text action) {
  if (actor.length > 65536 || action.length > 65536) {
    helios_fail(1, "an actor or action is too long");
  }
  unsigned char *bytes = helios_alloc(HASH + 8 + actor.length + action.length), *at = bytes;
  for (int i = 0; i < HASH; i++) {
    *at++ = before[i];
  }
  put_field(&at, actor.at, actor.length);
  put_field(&at, action.at, action.length);
  helios_check(hg_hash(HG_SHA256, bytes, (unsigned)(at - bytes), out, HASH));
}

/* A column that should be a hash; false if it is not one. */
static bool read_hash(unsigned char out[HASH], helios_stmt s, unsigned column) {
  return hg_column_len(s.handle, column) == HASH &&
         hg_column_read(s.handle, column, 0, out, HASH) == HASH;
}

/** Adds an entry; its number.
 * @helios capability read:audit, write:audit, crypto */
long long audit_append(helios_text actor, helios_text action) {
  unsigned char before[HASH] = {0}, hash[HASH];
  long long id = 1;
  helios_stmt last = helios_prepare("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1");
  if (helios_step(last)) {
    id = helios_column_i64(last, 0) + 1;
    if (!read_hash(before, last, 1)) {
      helios_fail(2, "the last entry has no hash");
    }
  }
  helios_finalize(last);
  hash_entry(hash, before, actor, action);
  helios_stmt add = helios_prepare("INSERT INTO audit(id, actor, action, hash) VALUES (?1, ?2, ?3, ?4)");
  helios_bind_i64(add, 1, id);
  helios_bind_text(add, 2, actor);
  helios_bind_text(add, 3, action);
  helios_bind_blob(add, 4, (helios_blob){hash, HASH});
  helios_step(add);
  helios_finalize(add);
  return id;
}

/** The number of the first entry that was changed, or that follows one that was taken out; NULL if all fit.
 * @helios capability read:audit, crypto */
long long audit_broken(void) {
  unsigned char before[HASH] = {0}, hash[HASH], kept[HASH];
  long long expected = 1;
  helios_stmt s = helios_prepare("SELECT id, actor, action, hash FROM audit ORDER BY id");
  while (helios_step(s)) {
    long long id = helios_column_i64(s, 0);
    hash_entry(hash, before, helios_column_text(s, 1), helios_column_text(s, 2));
    if (id != expected++ || !read_hash(kept, s, 3) ||
        !hg_same((char *)hash, HASH, (char *)kept, HASH)) {
      return id;
    }
    for (int i = 0; i < HASH; i++) {
      before[i] = hash[i];
    }
  }
  return helios_null();
}
