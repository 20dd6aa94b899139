// detect_fraud.js - detectFraud(transactionId): how risky a transaction is, by its customer's last hour and last month.
// detect_fraud.ts is the same in AssemblyScript.
import { heliosdbQuery, heliosdbLog } from "heliosdb-wasm-sdk";

/**
 * @helios capability query, read:transactions, clock, log
 * @param {integer} transactionId
 * @returns {json}
 */
export function detectFraud(transactionId) {
  // Get transaction details
  const tx = heliosdbQuery("SELECT amount, merchant_id, customer_id, timestamp FROM transactions WHERE id = ?1", [transactionId])[0];

  // Check recent transaction velocity
  const velocity = heliosdbQuery(
    "SELECT COUNT(*) AS count FROM transactions WHERE customer_id = ?1 AND timestamp > datetime(?2, '-1 hour') AND timestamp <= ?2",
    [tx.customer_id, tx.timestamp])[0].count;

  // Check amount anomaly
  const avgAmount = heliosdbQuery(
    "SELECT AVG(amount) AS avg_amount FROM transactions WHERE customer_id = ?1 AND timestamp > datetime(?2, '-30 days') AND timestamp <= ?2",
    [tx.customer_id, tx.timestamp])[0].avg_amount;

  // Fraud detection logic
  let riskScore = 0;
  if (velocity > 10) riskScore += 30;
  if (tx.amount > avgAmount * 3) riskScore += 40;
  if (tx.amount > 10000) riskScore += 20;
  const isFraud = riskScore >= 50;

  heliosdbLog("info", `Transaction ${transactionId} risk score: ${riskScore}`);
  return { is_fraud: isFraud, risk_score: riskScore, reason: isFraud ? "High risk detected" : "Normal" };
}
