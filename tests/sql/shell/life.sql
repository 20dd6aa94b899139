-- The whole life of a procedure, through the extension in the stock shell.
.load ./helios_sqlite
SELECT helios_ddl('CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm AS ''v1.wat''');
SELECT answer();
SELECT helios_ddl('ALTER PROCEDURE answer VERSION 2 AS $wasm$ file://v2.wat $wasm$');
SELECT answer();
SELECT helios_ddl('ALTER PROCEDURE answer USE VERSION 1');
SELECT answer();
SELECT helios_ddl('CREATE OR REPLACE PROCEDURE answer(x BIGINT) RETURNS BIGINT LANGUAGE wasm EXPORT ''mark'' AS ''v2.wat''');
SELECT answer(4);
SELECT version, export, params, returns FROM helios_version ORDER BY version;
SELECT name, kind, current_version FROM helios_procedure;
SELECT hex(substr(wasm, 1, 4)) FROM helios_module;
-- Numbers, text, NULL, per row, in every clause.
SELECT helios_ddl('CREATE FUNCTION half(x DOUBLE PRECISION) RETURNS REAL LANGUAGE wasm AS ''v1.wat''');
SELECT helios_ddl('CREATE FUNCTION echo(x TEXT) RETURNS TEXT LANGUAGE wasm AS ''v1.wat''');
SELECT helios_ddl('CREATE FUNCTION mark LANGUAGE wasm DETERMINISTIC AS ''v1.wat''');
CREATE TABLE t(a, b);
INSERT INTO t VALUES (1, 'one'), (2, 'zwölf'), (3, NULL), (4, '');
SELECT a, half(a), mark(a), echo(b), length(echo(b)) FROM t WHERE mark(a) < 41 ORDER BY half(-a);
SELECT sum(mark(a)) FROM t GROUP BY mark(a) > 25;
CREATE INDEX i ON t(mark(a));
SELECT a FROM t WHERE mark(a) = 31;
UPDATE t SET b = echo('new ' || b) WHERE a = 1;
SELECT b FROM t WHERE a = 1;
-- A pure module's calls start fresh.
SELECT helios_ddl('CREATE FUNCTION counted() RETURNS INTEGER LANGUAGE wasm EXPORT ''count'' AS ''v1.wat''');
SELECT counted() FROM t;
-- Open again.
.open test.db
.load ./helios_sqlite
SELECT half(5), echo('again'), answer(7);
SELECT helios_ddl('DROP FUNCTION half');
SELECT half(5);
SELECT helios_ddl('DROP FUNCTION half');
SELECT helios_ddl('DROP FUNCTION IF EXISTS half');
SELECT helios_ddl('DROP FUNCTION mark');
SELECT helios_ddl('DROP FUNCTION mark CASCADE');
SELECT name FROM sqlite_schema WHERE type = 'index' AND name = 'i';
SELECT name FROM helios_procedure ORDER BY id;
