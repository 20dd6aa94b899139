"""host.py - each function of module heliosdb, once. host_test.py runs it in the engine, with all grants and without any,
and by the package's mock host in its own Python: what both say must be the same."""
import hashlib
import random
import time
from typing import Optional

import heliosdb
from heliosdb import (Decimal, HeliosError, Integer, Json, Table, commit, begin, execute, query, query_one, query_value, rollback, rows,
                      savepoint, transaction)

SEED = bytes(bytearray(range(32)))


def _undone(scope):
    """Leaves a scope by an exception."""
    try:
        with scope:
            execute("INSERT INTO t VALUES (9, 'nine')")
            raise KeyError("out")
    except KeyError:
        return "undone"


def _kept(scope):
    with scope:
        execute("UPDATE t SET b = b")
    return "kept"


def _begun(end):
    begin()
    execute("UPDATE t SET b = b")
    return end()


def _file(folder):
    path = folder + "/f.txt"
    heliosdb.write_file(path, "eins")
    heliosdb.write_file(path, b" zwei", True)
    data = heliosdb.read_file(path)
    names = heliosdb.list_files(folder)
    heliosdb.remove_file(path)
    return [data.decode(), names, _refusal(lambda: heliosdb.read_file(path))[1], _refusal(lambda: heliosdb.remove_file(path))[1]]


def _kv():
    heliosdb.kv_set("a/2", b"\xff")
    heliosdb.kv_set(b"a/1", "eins")
    heliosdb.kv_set("b", "")
    gone = heliosdb.kv_delete("b"), heliosdb.kv_delete("b")
    return [heliosdb.kv_get("a/1").decode(), heliosdb.kv_get("a/2").hex(), heliosdb.kv_get("none"), gone,
            [k.decode() for k in heliosdb.kv_keys("a/")], len(heliosdb.kv_keys())]


def _session():
    heliosdb.session_set("app.x", "wér")
    return [heliosdb.session_get("app.x"), heliosdb.session_get("app.none")]


def _levels():
    for level in ("debug", "info", "warn", "error", "warning", 1):
        heliosdb.log(level, "by " + str(level))
    for name in ("debug", "info", "warn", "error"):
        getattr(heliosdb, name)("as " + name)
    heliosdb.info({"a": [1, None]})
    print("printed", 1)
    return _refusal(lambda: heliosdb.log("loud", "x"))


def _random():
    a, b = heliosdb.random_bytes(16), heliosdb.random_bytes(16)
    random.seed(5)
    x = [random.random(), random.randint(1, 6), random.randrange(10), random.getrandbits(8)]
    random.seed(5)
    y = [random.random(), random.randint(1, 6), random.randrange(10), random.getrandbits(8)]
    random.seed()
    cards = list(range(20))
    random.shuffle(cards)
    return [len(a), a != b, x == y, 0 <= random.random() < 1, random.choice("x"), sorted(cards) == list(range(20)), 1 <= random.uniform(1, 2) <= 2]


def _http(url):
    r = heliosdb.http("POST", url, {"Content-Type": "text/plain"}, "Grüße")
    return [r.status, r.body.decode(), r.header("X-Test"), r.header("x-none")]


CALLS = {
    "query": lambda _: query("SELECT a, b FROM t WHERE a < ?1 ORDER BY a", 3),
    "query_one": lambda _: [query_one("SELECT a, b FROM t WHERE a = ?1", 1), query_one("SELECT a FROM t WHERE a = ?1", 99)],
    "query_value": lambda _: [query_value("SELECT b FROM t WHERE a = ?1", [1]), query_value("SELECT a FROM t WHERE a = ?1", 99)],
    "rows": lambda _: [row["a"] for row in rows("SELECT a, b FROM t ORDER BY a")],
    "execute": lambda _: [execute("UPDATE t SET b = b"), execute("UPDATE t SET b = ?1 WHERE a = ?2", ("x", 1))],
    "begin": lambda _: [_begun(commit), _begun(rollback), _refusal(commit)[1]],
    "transaction": lambda _: [_kept(transaction()), _undone(transaction())],
    "savepoint": lambda _: [_kept(savepoint("s")), _undone(savepoint("s"))],
    "log": lambda _: _levels(),
    "now_us": lambda _: [heliosdb.now_us() > 1600000000000000, time.time() > 1.6e9, time.time_ns() > 10 ** 18],
    "random_bytes": lambda _: _random(),
    "hash": lambda _: [heliosdb.hash(a, "abc").hex() for a in ("sha256", "sha384", "sha512", "sha3_256", "blake2b", "sha1")]
    + [hashlib.sha256(b"abc").hexdigest(), _refusal(lambda: heliosdb.hash("md5", ""))[0]],
    "hmac": lambda _: heliosdb.hmac("sha256", b"key", "data").hex(),
    "sign": lambda _: len(heliosdb.sign(SEED, "text")),
    "verify": lambda public: [heliosdb.verify(bytes.fromhex(public), "text", heliosdb.sign(SEED, t)) for t in ("text", "other")],
    "kv_set": lambda _: _kv(),
    "kv_get": lambda _: heliosdb.kv_get("none"),
    "kv_delete": lambda _: heliosdb.kv_delete("none"),
    "kv_keys": lambda _: heliosdb.kv_keys("none"),
    "session_set": lambda _: _session(),
    "session_get": lambda _: heliosdb.session_get("app.none"),
    "env_get": lambda name: heliosdb.env_get(name),
    "metric_add": lambda _: heliosdb.metric_add("made", 2),
    "metric_set": lambda _: heliosdb.metric_set("level", 1.5),
    "read_file": lambda path: heliosdb.read_file(path).decode(),
    "write_file": lambda folder: _file(folder),
    "remove_file": lambda path: heliosdb.remove_file(path),
    "list_files": lambda path: heliosdb.list_files(path),
    "http": lambda url: _http(url),
    # the names of the HeliosDB design
    "heliosdb_query": lambda _: heliosdb.heliosdb_query("SELECT a, b FROM t WHERE a < ?1 ORDER BY a", 3),
    "heliosdb_log": lambda _: heliosdb.heliosdb_log("info", "old"),
    "heliosdb_now": lambda _: heliosdb.heliosdb_now() > 0,
    "heliosdb_begin_tx": lambda _: [heliosdb.heliosdb_begin_tx(), heliosdb.heliosdb_commit_tx(), heliosdb.heliosdb_begin_tx(), heliosdb.heliosdb_rollback_tx()],
}


def _refusal(work):
    """What an exception says: its class and a HeliosError's code."""
    try:
        return ["", work()]
    except HeliosError as e:
        return ["HeliosError", e.code]
    except Exception as e:
        return [type(e).__name__, 0]


def names() -> Json:
    return list(CALLS)


def gives(name: str, argument: str) -> Json:
    return CALLS[name](argument)


def refused(name: str, argument: str) -> Json:
    return _refusal(lambda: CALLS[name](argument))


def ends(name: str, argument: str) -> Json:
    """Nobody catches it."""
    return CALLS[name](argument)


def error_of_host() -> Json:
    try:
        execute("INSERT INTO t VALUES (1, 'again')")
    except HeliosError as e:
        return [e.code == heliosdb.CONSTRAINT, e.message == str(e), "UNIQUE" in str(e), isinstance(e, Exception)]


def json_of_bytes(v: bytes) -> Json:
    return {"v": [v]}


word = "before"
gone = 1


def names_change() -> Json:
    """What names of the module and builtins stand for when the call changes them."""
    global word, gone, late
    seen = [len("abc"), word, gone]
    word = "after"
    globals()["len"] = lambda s: -1
    seen += [len("abc"), word]
    del gone, globals()["len"]
    try:
        gone
    except NameError as e:
        seen.append(len(str(e)) > 0)
    late, gone = 2, 3
    for i in range(300):
        globals()["name%d" % i] = i
    seen += [late, gone, name299, len("abc")]
    import builtins
    builtins.ord = lambda c: 7
    seen += [ord("a"), word, late]
    del builtins.ord
    return seen + [ord("a")]


def json_round(v: Json) -> Json:
    return v


def kinds(a: Optional[str], b: Optional[bytes], c: Optional[int], d: Optional[float]) -> str:
    return ", ".join("%s %s" % (type(v).__name__, len(v) if isinstance(v, (str, bytes)) else v) for v in (a, b, c, d))


def listed(n: int) -> Table:
    for i in range(n):
        yield i, "n%d" % i


def _inner(n):
    return {}["key"] if n == 1 else [][n] if n == 2 else int("x") if n == 3 else None.attribute if n == 4 else undefined


def trace(n: int) -> Integer:
    def middle(k):
        return _inner(k)
    return middle(n)
