"""plain_test.py - SQL that a procedure runs gives what plain SQLite gives: names of columns, rows, changes, errors.
Statements of every kind, then made ones: the same each time. Run by run.py in a folder that holds the modules and
helios_sqlite.so."""
import json
import random
import sqlite3
import unittest
from pathlib import Path

from guest_test import Case, create, one

TABLES = """
CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c);
INSERT INTO t VALUES (1, 'A', 'one'), (2, ' B ', 'two'), (3, NULL, 'three'), (4, 'it''s', 1.5), (5, '日本', x'4142');
CREATE TABLE u(a INT, d REAL, "e x" TEXT COLLATE NOCASE); INSERT INTO u VALUES (1, 2.5, 'abc'), (1, NULL, 'ABC'), (7, 1, ' ');
CREATE INDEX ua ON u(a, d);
CREATE TABLE w(word TEXT PRIMARY KEY, count INT DEFAULT 1); INSERT INTO w(word) VALUES ('jovial');
CREATE TABLE g(a INTEGER PRIMARY KEY, b INT CHECK (b > 0), c AS (a * b), d AS (trim(b || ' ')) STORED);
CREATE TABLE log(op, id);
CREATE TRIGGER added AFTER INSERT ON t BEGIN INSERT INTO log VALUES ('added', trim(new.b)); END;
CREATE VIEW v AS SELECT a, trim(b) AS tb, (SELECT count(*) FROM u WHERE u.a = t.a) AS n FROM t;
CREATE TABLE trim(replace, instr); INSERT INTO trim VALUES (' a ', 'b');
"""
GRANTS = ["query", "read:*", "read:v", "write:*", "ddl:*", "log", "transaction", "clock"]
STATEMENTS = [
    # Names of columns.
    "SELECT trim(b), trim ( b ) , 'x' || trim(b) || b, replace(b,'A','B') AS r, instr(b,'i') i, -instr(b, 'B') FROM t",
    "SELECT trim(b) /* c */, ltrim(b)-- d\n, CASE WHEN trim(b) = 'A' THEN 1 END, trim(b) IS NULL, rtrim(b) ISNULL FROM t -- e",
    "SELECT trim(b) IN ('A'), trim(b) LIKE 'a%', trim(b) BETWEEN 'A' AND 'B', trim(b) COLLATE NOCASE, \"trim\"(b) FROM t",
    "SELECT DISTINCT \"trim(b)\", 1 FROM (SELECT trim(b) FROM t)", "SELECT (SELECT trim(b) FROM t LIMIT 1), trim(b)+1 FROM t;",
    "SELECT json_set('{}', '$.'||'a', trim(b)), json_insert('[]', '$[#]', 1) FROM t",
    "SELECT trim(b) FROM t UNION SELECT trim(c) FROM t ORDER BY trim(b)", "SELECT trim(b) FROM t GROUP BY trim(b) ORDER BY trim(b)",
    "SELECT trim(replace), instr(instr, 'b') FROM trim", "WITH trim(x) AS (SELECT 1) SELECT x, trim(x) FROM trim",
    "SELECT group_concat(trim(b), ',') FROM t", "SELECT a IS NOT DISTINCT FROM trim(b), count(trim(b)) OVER (ORDER BY a) FROM t",
    "SELECT CASE trim(b) WHEN 'A' THEN 1 END \"END\", trim(b) 'name', trim(b) \"it\"\"s\", trim(b)||'\"' FROM t",
    "SELECT trim(b)||glob FROM (SELECT b, a AS glob FROM t)", "SELECT trim(b)||window FROM (SELECT b, a AS window FROM t)",
    # Errors; their texts are in linear_test.c.
    "SELECT trim()", "SELECT trim(1, 2, 3)", "SELECT replace(1, 2)", "SELECT instr(1)", "SELECT nope FROM t", "SELECT nope(1)",
    "SELECT 1 FROM nope", "SELEC 1", "SELECT (1", "SELECT 'a", "INSERT INTO t(a) VALUES (1)", "INSERT INTO g(b) VALUES (0)",
    "INSERT INTO g(c) VALUES (1)", "SELECT sum(a) FROM t WHERE sum(a) > 1", "SELECT 1 UNION SELECT 1, 2", "SELECT trim(b) OVER () FROM t",
    # Recursion.
    "WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c WHERE x < 1000) SELECT count(*), sum(x) FROM c",
    """WITH RECURSIVE x(x) AS (VALUES (-2.0) UNION ALL SELECT x + 0.1 FROM x WHERE x < 1.2),
         y(y) AS (VALUES (-1.0) UNION ALL SELECT y + 0.2 FROM y WHERE y < 1.0),
         m(i, cx, cy, x, y) AS (SELECT 0, x, y, 0.0, 0.0 FROM x, y UNION ALL
           SELECT i + 1, cx, cy, x * x - y * y + cx, 2.0 * x * y + cy FROM m WHERE x * x + y * y < 4.0 AND i < 28),
         n(i, cx, cy) AS (SELECT max(i), cx, cy FROM m GROUP BY cx, cy),
         a(t) AS (SELECT group_concat(substr(' .+*#', 1 + min(i / 7, 4), 1), '') FROM n GROUP BY cy)
       SELECT group_concat(rtrim(t), x'0a') FROM a""",
    """WITH RECURSIVE input(s) AS (VALUES ('53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79')),
         digits(z, n) AS (VALUES ('1', 1) UNION ALL SELECT CAST(n + 1 AS TEXT), n + 1 FROM digits WHERE n < 9),
         x(s, at) AS (SELECT s, instr(s, '.') FROM input UNION ALL
           SELECT substr(s, 1, at - 1) || z || substr(s, at + 1), instr(substr(s, 1, at - 1) || z || substr(s, at + 1), '.')
           FROM x, digits AS z WHERE at > 0 AND NOT EXISTS (SELECT 1 FROM digits AS n WHERE
             z.z = substr(s, (at - 1) / 9 * 9 + n, 1) OR z.z = substr(s, (at - 1) % 9 + (n - 1) * 9 + 1, 1) OR
             z.z = substr(s, (at - 1) / 3 % 3 * 3 + (at - 1) / 27 * 27 + n + (n - 1) / 3 * 6, 1)))
       SELECT s FROM x WHERE at = 0""",
    # Windows, compounds, VALUES, joins, JSON.
    "SELECT a, ntile(2) OVER w, lag(c, 1, 'x') OVER w, sum(a) FILTER (WHERE a > 1) OVER (w ROWS 1 PRECEDING) FROM t WINDOW w AS (ORDER BY a)",
    "SELECT group_concat(c) OVER (ORDER BY a GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM t",
    "VALUES (1, 'x'), (2, NULL)", "SELECT column1, count(*) FROM (VALUES (1), (1), (2)) GROUP BY 1 HAVING count(*) BETWEEN 1 AND 2",
    "SELECT t.a FROM t EXCEPT SELECT u.a FROM u UNION ALL SELECT 9 ORDER BY 1 DESC LIMIT 3 OFFSET 1",
    "SELECT * FROM t LEFT JOIN u USING (a) ORDER BY a, d", "SELECT u.*, t.a FROM t FULL JOIN u ON t.a = u.a ORDER BY 1, 2, 4",
    "SELECT v.*, x.n FROM v JOIN v AS x USING (a) ORDER BY 1", "SELECT fullkey, atom FROM json_tree('{\"a\": [1, {\"b\": null}]}')",
    "SELECT json('[1]') -> 0, '{\"a\":2}' ->> 'a', json_group_array(a), json_group_object(a, b) FROM t",
    "SELECT (a, b) IN (SELECT a, \"e x\" FROM u), EXISTS (SELECT 1 FROM u WHERE u.a = t.a), a IN u2 FROM t, (SELECT 1 AS u2)",
    "SELECT \"T\".[a] AS `q q`, 0x1F, 1e3, .5, x'41', 'it''s', \"b\" FROM t AS \"T\" /* ; */ WHERE /* ' */ a < 3 -- \"",
    # Changes.
    "INSERT INTO w(word) VALUES ('jovial'), ('b') ON CONFLICT(word) DO UPDATE SET count = count + 1 WHERE excluded.word <> trim(' b ')",
    "UPDATE w SET count = count * 2 RETURNING word, replace(word, 'b', 'c'), count + 1", "REPLACE INTO w VALUES ('b', 7)",
    "INSERT INTO t(b, c) SELECT trim(b), replace(c, 'e', 'E') FROM t WHERE a < 3 RETURNING a, trim(b)", "SELECT * FROM log",
    "UPDATE t SET c = n.d FROM (SELECT a, max(d) AS d FROM u GROUP BY a) AS n WHERE n.a = t.a", "DELETE FROM t WHERE a > 5 AND trim(b) = 'A'",
    "INSERT OR IGNORE INTO t(a) VALUES (1)", "INSERT INTO g(b) VALUES (3) RETURNING *", "SELECT * FROM g", "SELECT * FROM t ORDER BY a",
    "WITH x AS (SELECT 1 AS a) DELETE FROM u WHERE a IN (SELECT a FROM x) RETURNING *",
    "CREATE TABLE n(a, b CHECK (trim(b) <> ''), UNIQUE (a))", "INSERT INTO n VALUES (1, ' ')", "CREATE INDEX nb ON n(b) WHERE b > 1",
    "ALTER TABLE n ADD COLUMN c DEFAULT 5", "INSERT INTO n(a, b) VALUES (1, 2) RETURNING c", "DROP TABLE n",
]


class Made:
    """Statements at random, with names quoted in all ways, comments, subqueries and what is written anew for procedures."""
    literals = ["NULL", "0", "3", "-1", "2.5", "0x1F", "'abc'", "'it''s'", "' A '", "'('", "'-- '", "''", "x'6162'", "'日本'"]

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.n = 0

    def pick(self, *of):
        return self.random.choice(of)

    def blank(self):
        return self.pick(" ", " ", " ", " ", "\n", " /* ' ( */ ", " -- , \"\n")

    def name(self, name):
        return self.pick(name, '"%s"', "[%s]", "`%s`").replace("%s", name) if name.isalnum() else f'"{name}"'

    def expression(self, depth, columns):
        if depth == 0:
            return self.pick(*columns, *columns, self.pick(*self.literals)) if columns else self.pick(*self.literals)
        e = [self.expression(self.random.randrange(depth), columns) for _ in range(3)]
        return self.pick(
            f"{e[0]}{self.blank()}{self.pick('+', '-', '*', '||', '=', '<', 'IS', 'AND', 'OR', 'IS DISTINCT FROM')} {e[1]}",
            f"({e[0]} BETWEEN {e[1]} AND {e[2]})", f"CASE WHEN {e[0]} THEN {e[1]} ELSE {e[2]} END", f"CASE {e[0]} WHEN {e[1]} THEN 1 END",
            f"{self.pick('trim', 'LTRIM', '[rtrim]')}{self.pick('', ' ')}({e[0]})", f"trim({e[0]},{self.blank()}{e[1]})",
            f"{self.pick('replace', '`replace`')}({e[0]}, {e[1]}, {e[2]})", f"instr({e[0]}, {e[1]})", f"json_set('{{}}', '$.' || 'k', {e[0]} || '')",
            f"coalesce({e[0]}, {e[1]})", f"upper({e[0]})", f"{e[0]} IN ({e[1]}, {e[2]})", f"({e[0]} COLLATE NOCASE)", f"{e[0]} IS NULL", f"-({e[0]})",
            f"({self.select(depth - 1, 1, columns)} LIMIT 1)", f"EXISTS ({self.select(depth - 1, 1, columns)})",
            f"({e[0]} IN ({self.select(depth - 1, 1, columns)}))", f"CAST({e[0]} AS TEXT)")

    def source(self, depth):
        self.n += 1
        alias = f"s{self.n}"
        if depth > 0 and self.pick(True, False):
            return f"({self.select(depth - 1, 2, [], True)}) AS {alias}", [f"{alias}.n0", f"{alias}.n1"]
        table, columns = self.pick(("t", ["a", "b", "c"]), ("u", ["a", "d", "e x"]), ("v", ["a", "tb", "n"]))
        return f"{self.name(table)} AS {self.name(alias)}", [f"{alias}.{self.name(c)}" for c in columns]

    def select(self, depth, width, outer, named=False):
        source, columns = self.source(depth)
        if self.pick(True, False, False):
            other, more = self.source(0)
            source += f" {self.pick('JOIN', 'LEFT JOIN')} {other} ON {columns[0]} = {more[0]}"
            columns = columns + more
        items = [self.expression(depth, columns + outer) + (f" AS n{i}" if named else "") for i in range(width)]
        text = f"SELECT {self.pick('', 'DISTINCT ')}{(',' + self.blank()).join(items)}{self.blank()}FROM {source}"
        return text + self.pick("", f" WHERE {self.expression(depth, columns + outer)}")

    def statement(self):
        width, depth = self.pick(1, 2, 3), self.pick(1, 2, 2, 3)
        text = self.select(depth, width, [])
        if self.pick(True, False, False, False):
            text += self.pick(" UNION ", " UNION ALL ", " EXCEPT ") + self.select(depth - 1, width, [])
        return text


class Plain(Case):
    def setUp(self):
        super().setUp()
        Path("nine_env.wat").write_text(Path("nine.wat").read_text().replace("MODULE", "env"))
        self.plain = sqlite3.connect(":memory:", isolation_level=None)
        self.addCleanup(self.plain.close)
        self.plain.executescript(TABLES)
        self.db.executescript(TABLES)
        create(self.db, "run", "(x TEXT) RETURNS TEXT", "nine_env.wat", *GRANTS)

    def expected(self, sql):
        try:
            rows = self.plain.execute(sql)
            names = [d[0] for d in rows.description or []]
            return [list(zip(names, (v.hex() if isinstance(v, bytes) else v for v in row))) for row in rows]
        except sqlite3.Error as error:
            return str(error)

    def got(self, sql):
        try:
            text = self.db.execute("SELECT run(?)", [sql]).fetchone()[0]
            return json.loads(text, object_pairs_hook=list)  # of pairs: names may come twice
        except sqlite3.Error as error:
            return str(error)

    def same(self, sql, ordered=True):
        before = self.db.total_changes, self.plain.total_changes
        expected, got = self.expected(sql), self.got(sql)
        if isinstance(expected, str):
            self.assertEqual(got, "procedure run: refused", f"{sql}: {expected}")
        else:
            self.assertEqual(*(rows if ordered or isinstance(rows, str) else sorted(rows, key=repr) for rows in (got, expected)), sql)
        self.assertEqual(self.db.total_changes - before[0], self.plain.total_changes - before[1], sql)
        return expected

    def test_statements(self):
        for sql in STATEMENTS:
            self.same(sql)

    def test_made(self):
        made, rows = Made(7), 0
        for _ in range(1000):
            rows += not isinstance(self.same(made.statement(), False), str)
        self.assertGreater(rows, 700)

    def test_text_of_a_schema_is_left_alone(self):
        self.same("CREATE TABLE k(a CHECK (trim(a) <> ''), b AS (replace(a, 'x', 'y')))")
        self.assertNotIn("helios_", one(self.db, "SELECT sql FROM sqlite_schema WHERE name = 'k'"))


if __name__ == "__main__":
    unittest.main()
