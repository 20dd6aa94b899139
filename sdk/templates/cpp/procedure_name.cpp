/* procedure_name.cpp - the procedure: what an amount is with tax. Each function here that is not
 * static is one; see docs/sdk-c.md of heliosc for types and annotations. */
#include <heliosdb.h>

/** The total with tax.
 * @helios deterministic
 * @helios default rate 0.19 */
double procedure_name(double total, double rate) {
  if (rate < 0) {
    helios_fail(1, "a rate is not negative");
  }
  return total * (1 + rate);
}
