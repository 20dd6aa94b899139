-- 5,000 orders over 90 days. The same rows every time.
CREATE TABLE orders(order_id INTEGER PRIMARY KEY, order_date TEXT NOT NULL, total REAL NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO orders SELECT i, datetime('2024-01-01', (i * 7919 % 129600) || ' minutes'), (i * 104729 % 40000) / 4.0 FROM n;
