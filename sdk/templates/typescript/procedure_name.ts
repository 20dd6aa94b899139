// procedure_name.ts - the procedure: what an amount is with tax. Each function that is exported here is one; see
// docs/sdk-assemblyscript.md of heliosc for types and annotations.
import { HeliosError } from "heliosdb-as";

/** The total with tax.
 * @helios deterministic */
export function procedure_name(total: f64, rate: f64 = 0.19): f64 {
  if (rate < 0) {
    throw new HeliosError(1, "a rate is not negative");
  }
  return total * (1 + rate);
}
