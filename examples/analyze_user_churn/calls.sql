SELECT 'one of each kind';
SELECT id, json_extract(a, '$.statistics'), json_extract(a, '$.features'), round(json_extract(a, '$.churn_probability'), 4)
FROM (SELECT id, analyze_user_churn(id) AS a FROM users WHERE id IN (1, 2, 3));
SELECT 'without data: ' || quote(analyze_user_churn(61));
SELECT 'no such user: ' || quote(analyze_user_churn(99));
SELECT 'likely to leave: ' || group_concat(id) FROM users
WHERE id <= 60 AND json_extract(analyze_user_churn(id), '$.churn_probability') > 0.5;
SELECT 'statistics that are not as plain SQL says: ' || count(*)
FROM (SELECT id, json_extract(analyze_user_churn(id), '$.statistics') AS s FROM users WHERE id <= 60) AS u
JOIN (SELECT user_id, count(*) AS days, avg(count) AS mean, max(day) FILTER (WHERE count > 0) AS last, max(count) AS most,
             avg(count) FILTER (WHERE day >= 21) AS week FROM sessions GROUP BY user_id) AS w ON w.user_id = u.id
WHERE json_extract(s, '$.days') IS NOT days OR json_extract(s, '$.mean') IS NOT mean OR json_extract(s, '$.max') IS NOT most
   OR json_extract(s, '$.last_week') IS NOT week OR json_extract(s, '$.idle_days') IS NOT days - 1 - last;
