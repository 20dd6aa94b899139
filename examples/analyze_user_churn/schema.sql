-- 60 users with the sessions of their last 28 days: a row a day, and the same as a BLOB, a byte a day. The same every time.
CREATE TABLE sessions(user_id INTEGER NOT NULL, day INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY(user_id, day));
WITH RECURSIVE u(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM u WHERE id < 60),
               d(day) AS (SELECT 0 UNION ALL SELECT day + 1 FROM d WHERE day < 27)
INSERT INTO sessions
SELECT id, day, CASE id % 3 WHEN 0 THEN (id * 5 + day * 11) % 9 + 1 -- goes on as ever
                            WHEN 1 THEN max(0, 14 - day + id * day % 3) -- loses interest
                            ELSE day / 4 + (id + day) % 2 END -- comes to like it
FROM u, d;
CREATE TABLE users(id INTEGER PRIMARY KEY, behavior_data BLOB);
INSERT INTO users SELECT user_id, CAST(group_concat(char(count + 1), '') AS BLOB) FROM (SELECT * FROM sessions ORDER BY user_id, day) GROUP BY user_id;
INSERT INTO users VALUES (61, NULL), (62, x'');

-- The three languages in one workflow.
CREATE PROCEDURE analyze_user_churn(user_id BIGINT)
RETURNS JSON
LANGUAGE sql
AS $$
  WITH user_data AS (
    SELECT behavior_data FROM users WHERE id = :user_id
  ), statistics AS MATERIALIZED (
    SELECT calculate_statistics(behavior_data) AS stats FROM user_data
  ), features AS MATERIALIZED (
    SELECT transform_data(stats) AS user_features FROM statistics
  )
  SELECT json_object(
    'churn_probability', predict_churn(user_features),
    'statistics', json(stats),
    'features', json(user_features)
  ) FROM features, statistics;
$$;
