//! lib.rs - the procedure: what an amount is with tax.

use heliosdb_wasm_sdk::*;

#[heliosdb_procedure(deterministic)]
fn procedure_name(total: f64, rate: f64) -> Result<f64, Error> {
    if rate < 0.0 {
        return Err(Error::new(1, "a rate is not negative"));
    }
    Ok(total * (1.0 + rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_tax() {
        assert_eq!(procedure_name(100.0, 0.5), Ok(150.0));
    }

    #[test]
    fn refuses_a_negative_rate() {
        assert_eq!(procedure_name(100.0, -1.0).unwrap_err().code, 1);
    }
}
