//! discount.rs - calculate_discount(customer_id BIGINT, order_total DECIMAL) RETURNS DECIMAL: what a
//! customer's loyalty tier takes off an order. Reads customers, writes one log line.

use heliosdb_wasm_sdk::*;

#[heliosdb_procedure(capability = "read:customers, log")]
fn calculate_discount(customer_id: i64, order_total: DecimalF64) -> Result<DecimalF64, Error> {
    let found: Option<(String,)> = query_optional("SELECT loyalty_tier FROM customers WHERE id = ?1", (customer_id,))?;
    let (tier,) = found.ok_or_else(|| Error::new(404, "no such customer"))?;
    let rate = match tier.as_str() {
        "platinum" => 0.20,
        "gold" => 0.15,
        "silver" => 0.10,
        _ => 0.05,
    };
    let discount = order_total.0 * rate;
    info(&format!("Applied {} discount: ${:.2}", tier, discount))?;
    Ok(DecimalF64(discount))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_tier() {
        mock::begin();
        mock::sql("SELECT loyalty_tier FROM customers WHERE id = ?1").row(["gold"]);
        assert_eq!(calculate_discount(7, DecimalF64(100.0)), Ok(DecimalF64(15.0)));
        assert_eq!((mock::bound(1), mock::logged("gold discount: $15.00")), (Value::I64(7), 1));
    }

    #[test]
    fn nobody() {
        mock::begin();
        mock::sql("SELECT loyalty_tier FROM customers WHERE id = ?1");
        assert_eq!(calculate_discount(8, DecimalF64(100.0)).unwrap_err().code, 404);
    }
}
