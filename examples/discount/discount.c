/* discount.c - calculate_discount(customer_id BIGINT, order_total DECIMAL) RETURNS DECIMAL: what a
 * customer's loyalty tier takes off an order. Reads customers, writes one log line. */
#include <heliosdb.h>

static const struct {
  const char *name;
  unsigned length;
  double rate;
} tiers[] = {{HG_LIT("platinum"), 0.20}, {HG_LIT("gold"), 0.15}, {HG_LIT("silver"), 0.10}};

static void log_discount(const char *tier, unsigned tier_length, double discount) {
  char room[96];
  hg_text line = {room, 0, sizeof room};
  hg_put(&line, HG_LIT("Applied "));
  hg_put(&line, tier, tier_length);
  hg_put(&line, HG_LIT(" discount: $"));
  hg_put_f64(&line, discount, 2);
  hg_log_text(HG_INFO, &line);
}

HELIOS_PROCEDURE(calculate_discount)
double calculate_discount(long long customer_id, double order_total) {
  int stmt = hg_prepare(HG_LIT("SELECT loyalty_tier FROM customers WHERE id = ?1"));
  if (stmt < 0 || hg_bind_i64(stmt, 1, customer_id) < 0) {
    hg_fail_last(1);
    return 0;
  }
  int row = hg_step(stmt);
  if (row != 1) {
    row < 0 ? hg_fail_last(2) : hg_fail(404, HG_LIT("no such customer"));
    return 0;
  }
  char tier[32];
  int length = hg_column_read(stmt, 0, 0, tier, sizeof tier);
  if (length < 0) {
    hg_fail_last(3);
    return 0;
  }
  double rate = 0.05;
  for (unsigned i = 0; i < sizeof tiers / sizeof *tiers; i++) {
    if (hg_column_is(stmt, 0, tiers[i].name, tiers[i].length)) {
      rate = tiers[i].rate;
    }
  }
  hg_finalize(stmt);
  double discount = order_total * rate;
  log_discount(tier, length > (int)sizeof tier ? (unsigned)sizeof tier : (unsigned)length,
               discount);
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
