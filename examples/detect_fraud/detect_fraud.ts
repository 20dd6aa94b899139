// detect_fraud.ts - detectFraud(transactionId): how risky a transaction is, by its customer's last hour and last month. In
// AssemblyScript; detect_fraud.js is the same in JavaScript.
import { HeliosError, Json, log, query, Value } from "heliosdb-as";

// @helios capability query, read:transactions, clock, log
export function detectFraud(transactionId: i64): Json {
  const tx = query("SELECT amount, customer_id, timestamp FROM transactions WHERE id = ?1", [Value.of(transactionId)]);
  if (!tx.next()) {
    throw new HeliosError(404, "no such transaction");
  }
  const amount = tx.f64(0);
  const customer = tx.value(1);
  const at = tx.value(2);

  // Check recent transaction velocity
  const velocity = query(
    "SELECT COUNT(*) AS count FROM transactions WHERE customer_id = ?1 AND timestamp > datetime(?2, '-1 hour') AND timestamp <= ?2",
    [customer, at]);
  velocity.next();

  // Check amount anomaly
  const average = query(
    "SELECT AVG(amount) AS avg_amount FROM transactions WHERE customer_id = ?1 AND timestamp > datetime(?2, '-30 days') AND timestamp <= ?2",
    [customer, at]);
  average.next();

  // Fraud detection logic
  let riskScore = 0;
  if (velocity.i64(0) > 10) riskScore += 30;
  if (amount > average.f64(0) * 3) riskScore += 40;
  if (amount > 10000) riskScore += 20;

  log.info(`Transaction ${transactionId} risk score: ${riskScore}`);
  const result = Json.object();
  result.set("is_fraud", riskScore >= 50);
  result.set("risk_score", riskScore);
  result.set("reason", riskScore >= 50 ? "High risk detected" : "Normal");
  return result;
}
