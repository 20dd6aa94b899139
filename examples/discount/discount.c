/* discount.c - calculate_discount(customer_id BIGINT, order_total DECIMAL) RETURNS DECIMAL: what a
 * customer's loyalty tier takes off an order. Reads customers, writes one log line. */
#include <heliosdb.h>

static const struct {
  const char *name;
  unsigned length;
  double rate;
} tiers[] = {{HG_LIT("platinum"), 0.20}, {HG_LIT("gold"), 0.15}, {HG_LIT("silver"), 0.10}};

static double rate_of(const char *tier, unsigned length) {
  for (unsigned i = 0; i < sizeof tiers / sizeof *tiers; i++) {
    if (hg_same(tier, length, tiers[i].name, tiers[i].length)) {
      return tiers[i].rate;
    }
  }
  return 0.05;
}

static void log_discount(const char *tier, unsigned length, double discount) {
  char room[96];
  hg_text line = {room, 0, sizeof room};
  hg_put(&line, HG_LIT("Applied "));
  hg_put(&line, tier, length);
  hg_put(&line, HG_LIT(" discount: $"));
  hg_put_f64(&line, discount, 2);
  hg_log_text(HG_INFO, &line);
}

/* The tier's bytes to `tier`; how many, or less than 0 after the call was failed. */
static int find_tier(char *tier, unsigned cap, long long customer_id) {
  int stmt = hg_prepare(HG_LIT("SELECT loyalty_tier FROM customers WHERE id = ?1"));
  if (stmt < 0 || hg_bind_i64(stmt, 1, customer_id) < 0) {
    hg_fail_last(1);
    return -1;
  }
  int row = hg_step(stmt);
  if (row == 0) {
    hg_fail(404, HG_LIT("no such customer"));
    return -1;
  }
  int length = row == 1 ? hg_column_read(stmt, 0, 0, tier, cap) : -1;
  if (length < 0) {
    hg_fail_last(2);
  }
  hg_finalize(stmt);
  return length > (int)cap ? (int)cap : length;
}

HELIOS_PROCEDURE(calculate_discount)
double calculate_discount(long long customer_id, double order_total) {
  char tier[32];
  int length = find_tier(tier, sizeof tier, customer_id);
  if (length < 0) {
    return 0;
  }
  double discount = order_total * rate_of(tier, (unsigned)length);
  log_discount(tier, (unsigned)length, discount);
  return discount;
}

// clang-format off
HELIOS_MANIFEST({
  "v": 1,
  "name": "discount",
  "procedures": [{
    "name": "calculate_discount",
    "params": [{"name": "customer_id", "type": "BIGINT"}, {"name": "order_total", "type": "DECIMAL"}],
    "returns": "DECIMAL"
  }],
  "capabilities": ["read:customers", "log"]
});
