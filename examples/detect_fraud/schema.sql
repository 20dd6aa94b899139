-- 2,000 transactions of 25 customers, four minutes apart; customer 7 is quick, some amounts stand out. The same rows every time.
CREATE TABLE transactions(
  id INTEGER PRIMARY KEY, amount REAL NOT NULL, merchant_id INTEGER NOT NULL, customer_id INTEGER NOT NULL, timestamp TEXT NOT NULL);
CREATE INDEX transactions_customer ON transactions(customer_id, timestamp);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
INSERT INTO transactions
SELECT i, CASE WHEN i % 97 = 0 THEN 12000 + i WHEN i % 41 = 0 THEN 900.5 ELSE i * 7919 % 20000 / 100.0 END, i * 31 % 50 + 1,
       CASE WHEN i BETWEEN 1000 AND 1040 THEN 7 ELSE i * 17 % 25 + 1 END, datetime('2024-03-01', (i * 4) || ' minutes')
FROM n;
