SELECT 'the first ten';
SELECT order_id, group_concat(product_id || ' x ' || quantity), validate_order(order_id)
FROM order_items WHERE order_id <= 10 GROUP BY order_id;
SELECT 'valid: ' || sum(validate_order(order_id)) || ' of ' || count(*) FROM (SELECT DISTINCT order_id FROM order_items);
SELECT 'an order without items: ' || validate_order(301);
SELECT 'not as plain SQL says: ' || count(*)
FROM (SELECT DISTINCT order_id AS id FROM order_items)
WHERE validate_order(id) <> NOT EXISTS (
  SELECT 1 FROM order_items i JOIN inventory v ON v.product_id = i.product_id
  WHERE i.order_id = id AND v.available_quantity < i.quantity);
