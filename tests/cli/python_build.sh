# heliosc build, test, run, inspect and new with Python: types, annotations, messages at their places, errors of scripts.
if [ ! -d "$SOURCE/toolchain/src/micropython" ]; then echo "skipped: no source of micropython in toolchain/src"; exit 77; fi
sql() { helios -q "$@" 2>&1; }
cat >shop.py <<'P'
from typing import Optional
import heliosdb
from heliosdb import Decimal, HeliosError, Integer, Json, Table


def add_tax(total: float, rate: float = 0.19) -> float:
    """Total with tax.

    @helios name shop.add_tax
    @helios capability log
    """
    print("tax of", total)
    return total * (1 + rate)


def greet(name: Optional[str], greeting: "str" = "it's ") -> str:
    return greeting + (name or "nobody")


# @helios state connection
def tally():
    global _n
    _n += 1
    return _n


_n = 0


def typed(a: bool, b: Integer, c: "int | None", d: Decimal, e: heliosdb.Date, f: heliosdb.Timestamp, g: bytes,
          h: dict[str, int]) -> Json:
    return [a, b, c, str(d * 2), e, f, g.decode(), h]


def rows_of(upto: int) -> Table:
    yield 0, "zero"
    for i in range(1, upto):
        yield {"name": "n%d" % i, "n": i}


def broken(n: int) -> int:
    def inner():
        return [1][n]
    return inner() if n < 9 else {}["key"]


def refused(n: int) -> int:
    try:
        heliosdb.query("SELECT * FROM nothing")
    except HeliosError as e:
        if n == 1:
            raise
        return e.code


def sets(n: int):
    return {n}


def _helper(*args):
    '''def not_one(): pass'''


class Price:
    def method(self): pass


if True:
    def inside(): pass
P
try heliosc build -q shop.py
heliosc inspect shop.plugin.so | grep -qx 'language   Python' || fail "language"
heliosc inspect shop.plugin.so | sed -n '/^procedures/,/^sections/p'
heliosc build -q --emit=module shop.py && heliosc build -q -o again.so shop.wasm && cmp shop.plugin.so again.so || fail "not the same by way of the module"
sql t.db -c "CREATE PROCEDURE add_tax LANGUAGE wasm EXPORT 'add_tax' CAPABILITIES ('log') AS 'shop.plugin.so'" -c "SELECT add_tax(100), add_tax(100, 0.07), add_tax(NULL)"
for name in greet tally typed broken refused sets; do sql t.db -c "CREATE PROCEDURE $name LANGUAGE wasm AS 'shop.plugin.so'"; done
sql t.db -c "CREATE PROCEDURE rows_of RETURNS TABLE (n INTEGER, name TEXT) LANGUAGE wasm AS 'shop.plugin.so'" -c "SELECT * FROM rows_of(3)"
sql t.db -c "SELECT greet('you'), greet(NULL), greet('', NULL) IS NULL, tally(), tally(), tally()"
sql t.db -c "SELECT typed(1, 2, NULL, '1.25', '1970-01-02', '1970-01-01 00:00:01', x'61', '{\"k\": 1}'), typed(NULL, 2, 3, 4, '1970-01-01', '1970-01-01', x'', '[]') IS NULL"

cat >tables.py <<'P'
from typing import Iterator
from heliosdb import Table

def counted(upto: int) -> Iterator[tuple[int, str]]:
    """@helios table (n INTEGER, name TEXT)"""
    for i in range(1, upto + 1):
        yield (i, "odd") if i % 2 else {"name": "even", "n": i}

# @helios table(v any)
def listed(): return [["a"], [1.5]]
P
heliosc build -q tables.py && heliosc inspect tables.plugin.so | sed -n '/^procedures/,/^sections/p'
sql r.db -c "CREATE EXTENSION r LANGUAGE wasm AS 'tables.plugin.so'" -c "SELECT * FROM counted(3)" -c "SELECT v FROM listed()" -c "CREATE PROCEDURE other RETURNS BIGINT LANGUAGE wasm EXPORT 'counted' AS 'tables.plugin.so'"

echo "-- errors of scripts"
for call in "broken(3)" "broken(9)" "refused(0)" "sets(1)" "greet(x'61')" "greet(CAST(x'ff' AS TEXT))"; do sql t.db -c "SELECT $call"; done
sql t.db -c "ALTER PROCEDURE refused GRANT CAPABILITY 'query'" -c "SELECT refused(1)"
sql t.db -c "ALTER PROCEDURE broken GRANT CAPABILITY 'log'"
sql t.db -c "SELECT broken(3)" >/dev/null
sql t.db -c "SELECT text FROM helios_logs" 2>&1 | head -8
printf 'x = 1 // 0\ndef f(): return x\n' >init.py && try heliosc build init.py

echo "-- messages"
printf 'def f(a):\n    if a\n        return 1\n' >bad.py && try heliosc build bad.py
printf 'def f(a, b: set, *c, d: long = [1], e: int = 1 + 1) -> tuple:\n    """@helios determinstic\n    @helios default q 1"""\n' >bad.py && try heliosc build bad.py
printf 'def f(a):\n  return "abc\n' >bad.py && try heliosc build bad.py
printf 'def f(a:\n  return (\n' >bad.py && try heliosc build bad.py
printf '_x = 1\nclass A:\n  def f(self): pass\n' >bad.py && expect 1 heliosc build bad.py && has err 'no function that could be a procedure'
printf 'def f() -> int: "@helios table (n BIGINT)"\n' >bad.py && expect 1 heliosc build bad.py && has err 'f returns a table, and BIGINT'
printf 'def f(): "@helios table (n str)"\n' >bad.py && expect 1 heliosc build bad.py && has err "column 'n' has type 'str', which SQL does not have"
printf 'def f(): pass\ndef f(): pass\n' >bad.py && expect 1 heliosc build bad.py && has err "'f' is defined twice"
printf 'async def f(): pass\n' >bad.py && expect 1 heliosc build bad.py && has err 'there is no async' && has err 'bad.py:1:1'
printf 'def f(): return "\377"\n' >bad.py && expect 1 heliosc build bad.py && has err 'not valid UTF-8'
printf 'def f(): pass\n\0' >bad.py && expect 1 heliosc build bad.py && has err 'NUL byte'
[ ! -e bad.plugin.so ] || fail "written all the same"

echo "-- the language, and limits"
cp "$FILES/python_subset.py" . && heliosc run -q python_subset.py
cat >limits.py <<'P'
def deep(n: int) -> int:
    return 0 if n == 0 else 1 + deep(n - 1)
def nested(n: int) -> int:
    return max([n - 1], key=nested) if n > 0 else 0
def garbage(n: int) -> int:
    total = 0.5
    for i in range(n):
        total += float(len("text %d" % i))
    return int(total)
def all_of_it(n: int) -> int:
    kept = [bytearray(100000) for _ in range(n)]
    return len(kept)
def caught() -> str:
    try:
        return str(all_of_it(1000))
    except MemoryError:
        return "no memory"
# @helios state connection
def kept(n: int) -> int:
    return len("some text %d" % n)
# @helios state connection
def summed(n: int) -> int:
    return sum(len("some text %d" % i) for i in range(n))
def endless() -> None:
    while True: pass
P
heliosc build -q limits.py
for name in deep nested garbage all_of_it caught kept summed endless; do sql l.db -c "CREATE PROCEDURE $name LANGUAGE wasm AS 'limits.plugin.so'"; done
sql l.db -c "SELECT deep(500), garbage(200000), all_of_it(100), caught(), caught()"
sql l.db -c "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 300000) SELECT sum(kept(i)) FROM c"
sql l.db -c "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3000) SELECT sum(summed(300)) FROM c"
for call in "deep(100000)" "nested(100000)" "all_of_it(1000)"; do sql l.db -c "SELECT $call" | sed 's/memory allocation failed.*/memory allocation failed/'; done
sql l.db -c "ALTER PROCEDURE endless SET timeout = '50ms'" -c "SELECT endless()" | grep -c 'limits.py:[0-9]*: time limit exceeded in "endless"'

printf 'from heliosdb import query_value\ndef ask() -> int:\n    return query_value("SELECT count(*) FROM t")\n' >ask.py && heliosc build -q ask.py
expect 1 helios a.db -c "CREATE TABLE t(a)" -c "CREATE PROCEDURE ask LANGUAGE wasm AS 'ask.plugin.so'" -c "SELECT ask()"
has err "prepare needs the capability 'query'" && has err "hint: grant it: ALTER PROCEDURE"
expect 0 helios a.db -c "ALTER PROCEDURE ask GRANT CAPABILITY 'read:t'" -c "SELECT ask()" && has out '^0$'

echo "-- new"
heliosc new -q --lang python my_py && (cd my_py && heliosc build -q my_py.py && heliosc test my_py.py && python3 -m unittest my_py_test) >out 2>&1 || { cat out; fail "new"; }
has out '^4 passed, 0 failed' && has out '^OK' && ! grep -rq procedure_name my_py || fail "a placeholder is left"

echo "-- tests"
PYTHONPATH=$SOURCE/sdk/python/src python3 -c "
import heliosdb, heliosdb.mock, shop
host = heliosdb.mock.install()
assert shop.add_tax(100.0) == 119.0 and shop.greet(None) == \"it's nobody\"
host.answer('SELECT', [{'a': 1}])
host.refuse(1, heliosdb.DENIED)
assert shop.refused(0) == -2
with heliosdb.transaction():
    assert heliosdb.query_value('SELECT 1', 5) == 1 and host.ran == [('SELECT 1', (5,))]
assert host.events == ['begin', 'commit']
print('mock ok')"
