SELECT 'two days';
SELECT json_extract(s, '$.total_orders'), printf('%.2f', json_extract(s, '$.total_revenue')), printf('%.6f', json_extract(s, '$.avg_order_value')), json_array_length(s, '$.daily_breakdown')
FROM (SELECT aggregate_sales('2024-02-28 00:00:00', '2024-02-29 23:59:59') AS s);
SELECT json_extract(value, '$.date'), json_extract(value, '$.order_count'), printf('%.2f', json_extract(value, '$.daily_total'))
FROM json_each(aggregate_sales('2024-02-28 00:00:00', '2024-02-29 23:59:59'), '$.daily_breakdown');
SELECT 'no orders';
SELECT json_extract(s, '$.total_orders'), printf('%.2f', json_extract(s, '$.total_revenue')), printf('%.2f', json_extract(s, '$.avg_order_value')), json_array_length(s, '$.daily_breakdown')
FROM (SELECT aggregate_sales('1999-01-01', '1999-12-31') AS s);
SELECT 'days that are not as plain SQL says: ' || count(*)
FROM json_each(aggregate_sales('2024-01-01', '2024-12-31'), '$.daily_breakdown') AS day
JOIN (SELECT date(order_date) AS d, sum(total) AS t, count(*) AS c, avg(total) AS a FROM orders GROUP BY 1) AS w
  ON w.d = json_extract(day.value, '$.date')
WHERE json_extract(day.value, '$.daily_total') IS NOT t OR json_extract(day.value, '$.order_count') IS NOT c
   OR json_extract(day.value, '$.avg_order_value') IS NOT a;
SELECT 'all as plain SQL says: ' || ((SELECT sum(total) FROM orders) IS json_extract(s, '$.total_revenue') AND
                                     (SELECT count(*) FROM orders) IS json_extract(s, '$.total_orders'))
FROM (SELECT aggregate_sales('2024-01-01', '2024-12-31') AS s);
