/* query.c - the guest side of bench_host: looks rows up with a prepared statement, one a call and
 * many in one call. */
#include <heliosdb.h>

static const char sql[] = "SELECT score, tier FROM customers WHERE id = ?1";

/* The score and the length of the tier of a customer. */
static long long look_up(int stmt, long long id) {
  char tier[32];
  if (hg_bind_i64(stmt, 1, id) < 0 || hg_step(stmt) != 1) {
    hg_fail_last(1);
    return 0;
  }
  return hg_column_i64(stmt, 0) + hg_column_read(stmt, 1, 0, tier, sizeof tier);
}

HELIOS_PROCEDURE(lookup)
long long lookup(long long id) {
  int stmt = hg_prepare(sql, sizeof sql - 1);
  long long score = look_up(stmt, id);
  hg_finalize(stmt);
  return score;
}

HELIOS_PROCEDURE(lookup_many)
long long lookup_many(long long count) {
  int stmt = hg_prepare(sql, sizeof sql - 1);
  long long sum = 0;
  for (long long i = 1; i <= count; i++) {
    sum += look_up(stmt, i * 7919 % 10000 + 1);
    hg_reset(stmt);
  }
  return sum;
}
