SELECT 'some';
SELECT id, detectFraud(id) FROM transactions WHERE id IN (1, 97, 1006, 1021, 1067);
SELECT 'risk scores and how many have them';
SELECT json_extract(detectFraud(id), '$.risk_score') AS risk, count(*) FROM transactions GROUP BY risk;
SELECT 'not as plain SQL says: ' || count(*)
FROM (SELECT id, json(detectFraud(id)) AS said, amount, customer_id AS who, timestamp AS at FROM transactions) AS t
JOIN (SELECT id, 30 * ((SELECT count(*) FROM transactions r WHERE r.customer_id = s.customer_id
                         AND r.timestamp > datetime(s.timestamp, '-1 hour') AND r.timestamp <= s.timestamp) > 10) +
             40 * (s.amount > 3 * (SELECT avg(amount) FROM transactions r WHERE r.customer_id = s.customer_id
                         AND r.timestamp > datetime(s.timestamp, '-30 days') AND r.timestamp <= s.timestamp)) +
             20 * (s.amount > 10000) AS risk FROM transactions s) AS w ON w.id = t.id
WHERE json_extract(said, '$.risk_score') IS NOT risk OR json_extract(said, '$.is_fraud') IS NOT (risk >= 50)
   OR json_extract(said, '$.reason') IS NOT CASE WHEN risk >= 50 THEN 'High risk detected' ELSE 'Normal' END;
