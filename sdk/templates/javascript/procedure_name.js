// procedure_name.js - the procedure: what an amount is with tax. Each exported function is one; see
// docs/sdk-javascript.md of heliosc for types and annotations.
import { fail } from "heliosdb";

/**
 * The total with tax.
 * @param {number} total
 * @param {number} rate
 * @returns {number}
 * @helios deterministic
 */
export function procedure_name(total, rate = 0.19) {
  if (rate < 0) {
    fail(1, "a rate is not negative");
  }
  return total * (1 + rate);
}
