-- 300 orders of up to three items over 40 products, some of them scarce; order 301 has none. The same rows every time.
CREATE TABLE inventory(product_id INTEGER PRIMARY KEY, available_quantity INTEGER NOT NULL);
CREATE TABLE order_items(order_id INTEGER NOT NULL, product_id INTEGER NOT NULL, quantity INTEGER NOT NULL);
CREATE INDEX order_items_order ON order_items(order_id);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
INSERT INTO inventory SELECT i, i * 37 % 50 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
INSERT INTO order_items
SELECT i, (i * 7 + k * 13) % 40 + 1, (i * k) % 12 + 1 FROM n JOIN (SELECT 1 AS k UNION ALL SELECT 2 UNION ALL SELECT 3) ON k <= i % 3 + 1;
