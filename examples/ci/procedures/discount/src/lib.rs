//! lib.rs - what a customer's tier takes off an order. `cargo test` tests the logic, `heliosc test` the module.

use heliosdb_wasm_sdk::*;

/// The discount of an order.
#[heliosdb_procedure]
pub fn calculate_discount(order_total: f64, tier: &str) -> Result<f64, Error> {
    if order_total < 0.0 {
        return Err(Error::new(1, "an order's total is not negative"));
    }
    let rate = match tier {
        "platinum" => 0.20,
        "gold" => 0.15,
        "silver" => 0.10,
        _ => 0.05,
    };
    Ok(order_total * rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_calculate_discount() {
        assert_eq!(calculate_discount(1000.0, "gold").unwrap(), 150.0);
        assert_eq!(calculate_discount(1000.0, "").unwrap(), 50.0);
    }

    #[test]
    fn test_refusal() {
        assert_eq!(calculate_discount(-1.0, "gold").unwrap_err().text, "an order's total is not negative");
    }
}
