//! lib.rs - the procedure: what an amount is with tax.

use heliosdb_wasm_sdk::*;

procedure! {
    fn procedure_name(total: f64, rate: f64) -> Result<f64, Error> {
        if rate < 0.0 {
            return Err(Error::new(1, "a rate is not negative"));
        }
        Ok(total * (1.0 + rate))
    }
}
