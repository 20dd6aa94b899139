/* audit_test.c - the chain's logic against a mock host. The mock has no cryptography, so the test brings a
 * hash of its own: a sum, which is enough to see what is hashed. */
#include "audit_chain.c"

#include <heliosdb_mock.h>

int hg_hash(enum hg_hash_algorithm algorithm, const void *p, unsigned n, void *dst, unsigned cap) {
  const unsigned char *bytes = p;
  memset(dst, 0, cap);
  for (unsigned i = 0; i < n; i++) {
    ((unsigned char *)dst)[i % cap] += (unsigned char)(bytes[i] + i);
  }
  return algorithm == HG_SHA256 ? HASH : HG_E_ALGORITHM;
}

static const char *const last = "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1";
static const char *const add = "INSERT INTO audit(id, actor, action, hash) VALUES (?1, ?2, ?3, ?4)";

int main(void) {
  long long id = 0;
  unsigned char zero[HASH] = {0}, wanted[HASH];

  hm_begin(); /* an empty table */
  hm_sql(last);
  hm_sql(add);
  HM_CHECK(HM_CALL(id = audit_append(HELIOS_TEXT("ann"), HELIOS_TEXT("came"))) && id == 1);
  HM_CHECK(hm_ran("INSERT INTO audit") == 1 && hm_bound(1).i64 == 1 && hm_bound(2).length == 3);
  hash_entry(wanted, zero, HELIOS_TEXT("ann"), HELIOS_TEXT("came"));
  HM_CHECK(hm_bound(4).length == HASH && memcmp(hm_bound(4).at, wanted, HASH) == 0);

  hm_begin(); /* an entry whose hash is none */
  hm_sql(last);
  hm_row(2, hm_i64(7), hm_bytes(HG_BLOB, "x", 1));
  hm_sql(add);
  HM_CHECK(!HM_CALL(audit_append(HELIOS_TEXT("ann"), HELIOS_TEXT("went"))));
  HM_CHECK(hm.error_code == 2 && strcmp(hm.error, "the last entry has no hash") == 0);
  HM_CHECK(hm_ran("INSERT") == 0);

  hm_begin(); /* the host refuses: the call fails, whichever call it is */
  hm_sql(last);
  hm_sql(add);
  for (int n = 1; n <= 7; n++) {
    hm_refuse(n, HG_E_DENIED);
    HM_CHECK(!HM_CALL(audit_append(HELIOS_TEXT("ann"), HELIOS_TEXT("went"))));
    HM_CHECK(hm.error_code == HG_E_DENIED);
  }
  return hm_end();
}
