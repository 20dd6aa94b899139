//! discount.rs - calculate_discount(customer_id BIGINT, order_total DECIMAL) RETURNS DECIMAL: what a
//! customer's loyalty tier takes off an order. Reads customers, writes one log line.

use heliosdb_wasm_sdk::*;

procedure! {
    fn calculate_discount(customer_id: i64, order_total: f64) -> Result<f64, Error> {
        let mut find = Statement::prepare("SELECT loyalty_tier FROM customers WHERE id = ?1")?;
        find.bind_i64(1, customer_id)?;
        if !find.step()? {
            return Err(Error::new(404, "no such customer"));
        }
        let tier = find.string(0)?;
        let rate = match tier.as_str() {
            "platinum" => 0.20,
            "gold" => 0.15,
            "silver" => 0.10,
            _ => 0.05,
        };
        let discount = order_total * rate;
        heliosdb_log(LogLevel::Info, &format!("Applied {} discount: ${:.2}", tier, discount))?;
        Ok(discount)
    }
}
