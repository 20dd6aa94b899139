# Scripts: where statements end, dot commands, files in files, errors with their line, exit codes.
cat >inner.sql <<'SQL'
SELECT 'inner';
.foo
SELECT bad;
SQL
cat >script.sql <<'SQL'
-- a comment; with a semicolon
CREATE TABLE t(a, "b;c"); /* another; one */ INSERT INTO t VALUES ('x;y', 'it''s; fine');
CREATE TEMP TRIGGER tr AFTER INSERT ON t BEGIN
  UPDATE t SET a = 'END;' WHERE 0;
  SELECT CASE WHEN 1 THEN 2 END;
END;
INSERT INTO t VALUES (1, 2);
SELECT * FROM t;;
  .headers on
SELECT count(*) AS n FROM t;
.headers off
EXPLAIN QUERY PLAN SELECT 1;
.read inner.sql

SELECT nope(1),
  2;
SELECT 'ünïcode', oops FROM t;
.mode nothing
.read missing.sql
.tables
.schema t
.tables nothing%
SELECT 'last'
SQL
try helios -f script.sql
echo == stdin
try helios <script.sql >out 2>&1; lacks out 'script.sql'; has out '^last$'
echo == bail
try helios --bail -f script.sql
echo == codes
try helios -c 'SELECT 1' -c 'SELECT 2; SELECT 3'
try helios -c 'SELECT 1; SELEC 2; SELECT 3'
try helios -c "SELECT 'open"
try helios -c ''
try helios -c ';;; -- nothing'
try helios -c '.quit' -c 'SELECT 1'
printf '.bail on\nselec;\nselect 5;\n' | try helios
printf 'SELECT 1;\n.quit\nSELECT 2;\n' | try helios
echo '.read loop.sql' >loop.sql; try helios -f loop.sql
