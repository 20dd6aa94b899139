"""hostile_test.py - database files that someone else wrote: swapped and cut plugins, rows of wrong types and sizes, catalogs
that are views, triggers or call themselves, schemas that call procedures, damaged pages. Each is opened by stock SQLite
with the extension and by helios. Never a crash, and never code that nobody here vouches for.
Run by run.py in a folder that holds the modules and helios_sqlite.so."""
import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import unittest
from pathlib import Path

BIN = Path(os.environ["HELIOS_BIN"])
COMPILER = os.environ["HELIOS_HELIOSC"]
TWICE = '(module (func (export "twice") (param i64) (result i64) (i64.add (local.get 0) (local.get 0))))'
BASE = [
    "CREATE FUNCTION twice(a BIGINT) RETURNS BIGINT LANGUAGE wasm DETERMINISTIC AS 'twice.wat'",
    "CREATE PROCEDURE answer() RETURNS BIGINT LANGUAGE wasm CAPABILITIES ('log', 'read:t') AS 'v1.wat'",
    "ALTER PROCEDURE answer VERSION 2 AS 'v2.wat'", "ALTER PROCEDURE answer USE VERSION 1",
    "ALTER PROCEDURE answer CANARY VERSION 2 PERCENT 50",
    "CREATE FUNCTION mark(a BIGINT = 3) RETURNS BIGINT LANGUAGE wasm AS 'v1.wat'",
]
SCHEMA = """CREATE TABLE t(a INTEGER, b AS (twice(a)) STORED);
            CREATE INDEX i ON t(twice(a)); INSERT INTO t(a) VALUES (1), (2);
            CREATE VIEW v AS SELECT a, twice(a) AS two FROM t"""
PROBES = [
    "SELECT twice(21)", "SELECT answer()", "SELECT mark(1), mark()", "SELECT b FROM t WHERE twice(a) = 4", "SELECT * FROM v",
    "INSERT INTO t(a) VALUES (7)", "SELECT helios_refresh()", "SELECT helios_rebuild()", "SELECT helios_adopt()",
    "SELECT answer(), twice(2)", "SELECT helios_ddl('ALTER PROCEDURE answer GRANT CAPABILITY ''clock''')",
    "SELECT helios_ddl('ALTER PROCEDURE answer PROMOTE')", "SELECT helios_ddl('ALTER PROCEDURE answer USE VERSION 2')",
    "SELECT helios_ddl('CREATE FUNCTION fresh() RETURNS BIGINT LANGUAGE wasm EXPORT ''answer'' AS ''v1.so''')",
    "SELECT fresh()", "SELECT helios_ddl('DROP FUNCTION mark')", "SELECT helios_ddl('DROP PROCEDURE answer CASCADE')",
]
SOME = [PROBES[i] for i in (0, 1, 2, 7, 8, 9, 10, 12, 15)] # without those that load a plugin
VALUES = [None, -1, 2**63 - 1, 1e308, "", "[" * 5000, "\U0001f600" * 50, b"\0\xff", bytes(100000)]


def connect(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension("./helios_sqlite")
    db.enable_load_extension(False)
    db.execute("PRAGMA synchronous = OFF")
    return db


def plain(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.create_function("twice", 1, lambda a: None if a is None else a * 2, deterministic=True)
    db.create_function("answer", 0, lambda: None, deterministic=True)
    db.create_function("mark", 1, lambda a: None, deterministic=True)
    db.execute("PRAGMA synchronous = OFF")
    return db


def attempt(db, sql):
    try:
        return db.execute(sql).fetchall()
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as e:
        return str(e)


def probe(path, statements=None):
    """What each statement gave, through the extension; text: its error."""
    try:
        db = connect(path)
    except (sqlite3.Error, UnicodeDecodeError) as e:
        return {"open": str(e)}
    seen = {sql: attempt(db, sql) for sql in statements or PROBES}
    seen["plugins"] = attempt(db, "SELECT plugins FROM helios_connection")
    db.close()
    return seen


def helios(path, *statements):
    command = [str(BIN / "helios"), path]
    for sql in statements:
        command += ["-c", sql]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    if done.returncode not in (0, 1, 2) or "AddressSanitizer" in text or "runtime error" in text:
        raise AssertionError(f"helios ended with {done.returncode}: {text[-2000:]}")
    return text


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Path("twice.wat").write_text(TWICE)
        for name in ("v1", "twice"):
            subprocess.run([COMPILER, "-q", f"{name}.wat"], check=True)
        db = connect("base.db")
        for sql in BASE:
            db.execute("SELECT helios_ddl(?)", [sql])
        db.executescript(SCHEMA)
        db.close()
        for name in ("foreign", "signer"):
            Path(f"{name}.key").write_bytes(hashlib.sha256(name.encode()).digest())
            os.chmod(f"{name}.key", 0o600)

    def setUp(self):
        self.path = f"{self._testMethodName}.db"
        self.key = os.environ["HELIOS_KEY"]
        os.environ["HELIOS_HELIOSC"] = "/none" # what is not vouched for stays broken

    def tearDown(self):
        os.environ["HELIOS_KEY"] = self.key
        os.environ["HELIOS_HELIOSC"] = COMPILER
        Path(self.path).unlink(missing_ok=True)

    def fresh(self, *changes):
        """A copy of the base, with changes by plain SQL: texts, or (text, parameters)."""
        Path(self.path).unlink(missing_ok=True)
        shutil.copy("base.db", self.path)
        db = plain(self.path)
        for change in changes:
            db.execute(*((change,) if isinstance(change, str) else change))
        db.close()

    def refused(self, part):
        """No function runs, for this reason; nothing of the file is mapped."""
        db = connect(self.path)
        for sql in ("SELECT twice(21)", "SELECT mark(1)"):
            self.assertIn(part, str(attempt(db, sql)))
            self.assertEqual(attempt(db, "SELECT plugins FROM helios_connection"), [(0,)])
        db.close()
        self.assertIn(part, helios(self.path, "SELECT twice(21)", "SELECT mark(1)"))
        probe(self.path)

    # ---- code ----

    def test_sealed_elsewhere(self):
        os.environ["HELIOS_KEY"] = str(Path("foreign.key").resolve())
        self.fresh()
        self.refused("seal does not match")

    def test_swapped(self):
        """Plugins of this machine, each in the place of the other: the hash is right, the module is not."""
        so = {n: Path(f"{n}.so").read_bytes() for n in ("v1", "twice")}
        db = plain("base.db")
        modules = {f: h for f, h in db.execute("SELECT p.name, v.module_hash FROM helios_version v JOIN helios_procedure p "
                                               "ON p.id = v.procedure_id AND v.version = 1")}
        db.close()
        swap = "UPDATE helios_plugin SET so = ?, so_hash = ? WHERE module_hash = ?"
        for hashed, part in ((True, "not made from this version's module"), (False, "not the one that the catalog recorded")):
            one, two = ((so[n], hashlib.sha256(so[n]).digest() if hashed else b"x" * 32) for n in ("v1", "twice"))
            self.fresh((swap, [*one, modules["twice"]]), (swap, [*two, modules["mark"]]))
            self.refused(part)

    def test_forged_bytes(self):
        """Any change, with a hash that fits."""
        def forge(change):
            self.fresh()
            db = plain(self.path)
            for rowid, so in db.execute("SELECT rowid, so FROM helios_plugin").fetchall():
                so = change(bytearray(so))
                db.execute("UPDATE helios_plugin SET so = ?, so_hash = ? WHERE rowid = ?",
                           [bytes(so), hashlib.sha256(so).digest(), rowid])
            db.close()
        def flip(at):
            def change(so):
                so[at] ^= 1
                return so
            return change
        for change, part in [(lambda so: so[:0], "not a helios plugin"), (lambda so: so[:79], "not a helios plugin"),
                             (lambda so: so[:-1], "not a helios plugin"), (lambda so: so[100:], "damaged plugin"),
                             (lambda so: so + so, "damaged plugin"), (flip(200), "seal"), (flip(5000), "seal"),
                             (flip(-40), "seal"), (flip(-70), "seal"), (flip(-1), "length"),
                             (lambda so: so + bytes(96) + (1).to_bytes(8, "little") + len(so).to_bytes(8, "little") + b"HELIOSG1"
                              + (len(so) + 128).to_bytes(8, "little"), None),
                             (lambda so: so + b"HELIOSG1" + b"\xff" * 8, "signatures out of place")]:
            forge(change)
            if part is None: # a signature that is none does no harm to a good seal
                self.assertEqual(probe(self.path)["SELECT twice(21)"], [(42,)])
                forge(change)
                os.environ["HELIOS_KEY"] = str(Path("foreign.key").resolve())
                self.refused("no key of the trust root signed it")
                os.environ["HELIOS_KEY"] = self.key
            else:
                self.refused(part)

    def test_module_forged(self):
        """A rebuild compiles nothing but the module that the version names."""
        os.environ["HELIOS_HELIOSC"] = COMPILER
        other = Path("twice.wat").read_bytes().replace(b"i64.add", b"i64.mul")
        for wasm in (b"", b"\0asm\1\0\0\0", other, bytes(1000), None, 7, "text"):
            self.fresh("CREATE TABLE m(hash, wasm)", ("INSERT INTO m SELECT hash, ? FROM helios_module", [wasm]),
                       "DROP TABLE helios_module", "ALTER TABLE m RENAME TO helios_module", "DELETE FROM helios_plugin")
            self.refused("damaged")

    # ---- rows ----

    def test_wrong_types(self):
        """Every column of every table, without the constraints that the engine gave it."""
        db = plain("base.db")
        tables = {t: [c[1] for c in db.execute(f"PRAGMA table_info({t})")]
                  for (t,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'helios%'").fetchall()}
        db.close()
        self.assertGreaterEqual(len(tables), 7)
        shown = 0
        for table, columns in tables.items():
            for column in columns:
                for n, value in enumerate(VALUES):
                    self.fresh(f"CREATE TABLE loose AS SELECT * FROM {table}", f"DROP TABLE {table}",
                               f"ALTER TABLE loose RENAME TO {table}", (f"UPDATE {table} SET {column} = ?", [value]))
                    probe(self.path, SOME)
                    shown += 1
                    if n == 5: # a process each: some only
                        helios(self.path, "SELECT twice(21)", "SELECT answer()", "SELECT helios_adopt()", "DROP FUNCTION mark")
            self.fresh(f"DROP TABLE {table}")
            probe(self.path)
            self.fresh(f"DROP TABLE {table}", f"CREATE TABLE {table}(x)")
            probe(self.path)
        self.assertGreater(shown, 300)

    def test_huge(self):
        many = json.dumps([{"name": f"p{i}", "type": "BIGINT"} for i in range(100000)])
        deep = "[" * 100000 + "]" * 100000
        grants = json.dumps([f"read:t{i}" for i in range(50000)])
        for change in (("UPDATE helios_version SET params = ?", [many]), ("UPDATE helios_version SET params = ?", [deep]),
                       ("UPDATE helios_version SET capabilities = ?", [grants]), ("UPDATE helios_version SET options = ?", [deep]),
                       ("UPDATE helios_version SET returns = ?", ['{"table":' + many + "}"]),
                       ("UPDATE helios_version SET options = ?", ['{"fuel_limit":1e999,"memory_limit":-5,"timeout":1e18}']),
                       ("UPDATE helios_plugin SET so = zeroblob(50000000)",),
                       ("UPDATE helios_module SET wasm = zeroblob(50000000)",)):
            self.fresh(change)
            probe(self.path)
            helios(self.path, "SELECT twice(21)")

    def test_many_names(self):
        """5,000 procedures, and names that others have or that are none."""
        copy = ("INSERT INTO helios_version SELECT ?, version, stamp, language, export, params, returns, strict, profile, "
                "capabilities, options, module_hash, plugin_options, created FROM helios_version WHERE version = 1 LIMIT 1")
        add = ("INSERT INTO helios_procedure(id, name, kind, deterministic, current_version, created) "
               "VALUES (?, ?, 'function', ?, 1, '')")
        names = [f"n{i}" for i in range(5000)]
        names += ["", "lower", "helios_ddl", "helios_adopt", "count", "sqlite_x", "a" * 127, "b" * 128, "c" * 300, "x\0y", "\u202e",
                  "select", 'q"u', "new\nline", "json_each"]
        self.fresh()
        db = plain(self.path)
        db.execute("BEGIN")
        for n, name in enumerate(names):
            db.execute(add, [1000 + n, name, n % 2])
            db.execute(copy, [1000 + n])
        db.execute("COMMIT")
        db.close()
        seen = probe(self.path)
        self.assertEqual(seen["SELECT twice(21)"], [(42,)])
        db = connect(self.path)
        self.assertEqual(attempt(db, "SELECT lower('A'), n7(4)"), [("a", 8)])
        db.close()
        self.assertIn("a|8", helios(self.path, "SELECT lower('A'), n7(4)"))

    # ---- catalogs that are no tables, or do things ----

    def test_catalog_calls_itself(self):
        """The engine reads a view, generated column or virtual table that calls a procedure, which makes it read."""
        for table in ("helios_meta", "helios_procedure", "helios_version", "helios_plugin", "helios_vouch", "helios_module"):
            db = plain("base.db")
            columns = [c[1] for c in db.execute(f"PRAGMA table_info({table})")]
            db.close()
            calls = ", ".join(f"CASE WHEN twice(1) = 2 THEN {c} END AS {c}" for c in columns)
            self.fresh(f"ALTER TABLE {table} RENAME TO real_one", f"CREATE VIEW {table} AS SELECT {calls} FROM real_one")
            probe(self.path)
            helios(self.path, "SELECT twice(21)", "SELECT answer()", "SELECT helios_rebuild()")
            self.fresh(f"CREATE TRIGGER again BEFORE INSERT ON {table} BEGIN SELECT twice(1), mark(2); END",
                       f"CREATE TRIGGER change AFTER UPDATE ON {table} BEGIN SELECT twice(3); DELETE FROM {table}; END",
                       f"CREATE TRIGGER gone AFTER DELETE ON {table} BEGIN INSERT INTO t(a) VALUES (1); SELECT RAISE(ABORT, 'no'); END")
            probe(self.path)
            self.fresh(f"CREATE INDEX calls ON {table}(twice({columns[0]}))")
            probe(self.path)
        cycle = ("WITH RECURSIVE c(key, value) AS (SELECT 'stamp', 5 UNION ALL SELECT key, twice(value) & 1023 FROM c LIMIT 100000) "
                 "SELECT key, value FROM c")
        self.fresh("DROP TABLE helios_meta", f"CREATE VIEW helios_meta AS {cycle}")
        probe(self.path)
        self.fresh("DROP TABLE helios_meta", "CREATE VIEW helios_meta AS SELECT 'stamp' AS key, count(*) AS value FROM helios_procedure",
                   "ALTER TABLE helios_procedure RENAME TO p", "CREATE VIEW helios_procedure AS SELECT p.* FROM p, helios_meta")
        probe(self.path)

    def test_names_in_the_way(self):
        """Tables of the names that the engine asks SQLite by: none makes it replace a function of SQLite's."""
        self.fresh("UPDATE helios_procedure SET name = 'lower' WHERE name = 'mark'",
                   "UPDATE helios_procedure SET name = 'char' WHERE name = 'twice'", "DROP VIEW v", "DROP TABLE t",
                   "CREATE TABLE pragma_function_list(name, builtin, type, enc, narg, flags)",
                   "CREATE TABLE pragma_module_list(name)", "CREATE TABLE helios_connection(version, names, plugins)",
                   "CREATE TABLE json_each(value)", "CREATE TABLE helios_versions(name, version, status)")
        db = connect(self.path)
        self.assertEqual(attempt(db, "SELECT lower('ABC'), char(65)"), [("abc", "A")])
        # what the DBA would look at before the word is given is not what it says
        self.assertIn("helios_versions", str(attempt(db, "SELECT helios_adopt()")))
        db.close() # no statement of the engine's is left
        self.assertIn("abc|A", helios(self.path, "SELECT lower('ABC'), char(65)"))

    def test_schema_that_calls(self):
        """What runs by itself when a schema is used: only proven pure functions, and only vouched code."""
        self.fresh("CREATE VIEW evil AS SELECT answer()", "CREATE TRIGGER e AFTER INSERT ON t BEGIN SELECT answer(), mark(1); END",
                   "CREATE TABLE g(a, b AS (mark(a)) STORED)", "CREATE VIEW hd AS SELECT helios_ddl('DROP FUNCTION mark'), helios_adopt()",
                   "CREATE VIEW hr AS SELECT helios_rebuild()")
        db = connect(self.path)
        for sql in ("SELECT * FROM evil", "INSERT INTO t(a) VALUES (1)", "SELECT * FROM hd", "SELECT * FROM hr"):
            self.assertRegex(str(attempt(db, sql)), "unsafe use of|prohibited", sql)
        # SQLite 3.40 lets generated columns and checks through: they reach what has no grants
        self.fresh("CREATE TABLE g(a, b AS (mark(a)) STORED, CHECK (answer() = 1))", "DELETE FROM helios_vouch")
        db.close()
        db = connect(self.path)
        self.assertIn("its grants were not given", str(attempt(db, "INSERT INTO g(a) VALUES (1)")))
        db.close()

    def test_index_without_its_function(self):
        """The function is not there, or broken: what uses the index fails, nothing else does."""
        self.fresh("DELETE FROM helios_procedure WHERE name = 'twice'")
        seen = probe(self.path)
        self.assertIn("no such function", seen["SELECT b FROM t WHERE twice(a) = 4"])
        self.fresh("DELETE FROM helios_plugin")
        seen = probe(self.path)
        self.assertEqual(seen["SELECT b FROM t WHERE twice(a) = 4"], [(4,)]) # what is stored is the file's own business
        self.assertIn("no compiled form", str(seen["INSERT INTO t(a) VALUES (7)"]))
        db = plain(self.path)
        self.assertEqual(attempt(db, "SELECT count(*) FROM t"), [(2,)])
        db.close()

    # ---- pages ----

    def test_damaged_pages(self):
        rng = random.Random(4)
        good = Path("base.db").read_bytes()
        pages = len(good) // 4096
        for n in range(100):
            data = bytearray(good)
            for _ in range(rng.choice((1, 3, 30))):
                # most of the pages hold plugins: half of the damage is done to the others
                at = rng.randrange(len(data)) if rng.random() < 0.5 else rng.randrange(min(pages, 24)) * 4096 + rng.randrange(4096)
                data[max(at, 24)] = rng.randrange(256)
            if n % 10 == 0:
                del data[rng.randrange(4096, len(data)):]
            Path(self.path).write_bytes(data)
            probe(self.path)
            if n % 5 == 0:
                Path(self.path).write_bytes(data)
                helios(self.path, "SELECT twice(21)", "SELECT answer()", "SELECT helios_adopt()", "DROP FUNCTION mark")


if __name__ == "__main__":
    unittest.main()
