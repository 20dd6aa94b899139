"""procedures.py - the procedures that vectors.jsonl calls, in Python. Every procedures.* here has the same ones."""
from typing import Optional

import hashlib
from heliosdb import (Date, Decimal, HeliosError, Integer, Json, Table, Timestamp, execute, kv_get, kv_set, query_value, rows,
                      session_get, session_set, transaction, warn)

# ---- there and back ----


def echo_bool(v: bool) -> bool:
    return v


def echo_int(v: Integer) -> Integer:
    return v


def echo_i64(v: int) -> int:
    return v


def echo_f64(v: float) -> float:
    return v


def echo_text(v: str) -> str:
    return v


def echo_json(v: Json) -> Json:
    return v


def echo_blob(v: bytes) -> bytes:
    return v


def echo_decimal(v: Decimal) -> Decimal:
    return v


def next_day(v: Date) -> Date:
    return v + 1


def later(v: Timestamp) -> Timestamp:
    """By a microsecond."""
    return v + 1


# ---- what may be NULL ----


def maybe_bool(v: Optional[bool]) -> Optional[bool]:
    return None if v is None else not v


def maybe_i64(v: "int | None") -> int:
    return -1 if v is None else v


def maybe_f64(v: Optional[float]) -> Optional[float]:
    return None if v is None else v * 2


def maybe_text(v: Optional[str]) -> Optional[str]:
    if v is None:
        return "was NULL"
    return v or None


def maybe_blob(v: Optional[bytes]) -> Optional[bytes]:
    if v is None:
        return b""
    return v or None


def choose(a: Optional[str], b: str) -> str:
    """One that may be NULL and one that may not."""
    return b if a is None else a


# ---- computing ----


def plus(a: int, b: int) -> int:
    return a + b


def divide(a: int, b: int) -> int:
    """Towards zero, as SQL has it."""
    q = abs(a) // abs(b)
    return q if (a < 0) == (b < 0) else -q


def scale(v: int, by: int = 10) -> int:
    return v * by


def text_reverse(v: str) -> str:
    return "".join(reversed(list(v)))  # a list: finding character i of a str takes a walk


def text_length(v: str) -> int:
    return len(v)


def shout(v: str) -> str:
    """Of ASCII letters alone, as SQLite's upper()."""
    return v.upper()


def blob_sum(v: bytes) -> int:
    return sum(v)


def luhn(v: str) -> bool:
    """A card number's check digit is right; blanks are skipped."""
    total = digits = 0
    for c in reversed(v):
        if c == " ":
            continue
        if not "0" <= c <= "9":
            return False
        d = int(c) << (digits & 1)
        total += d - 9 if d > 9 else d
        digits += 1
    return digits > 1 and total % 10 == 0


def cards(count: int) -> int:
    """How many of the first `count` numbers of 15 digits are right."""
    good = 0
    for i in range(count):
        good += luhn("%015d" % (i * 1000003))
    return good


def moving(count: int, width: int) -> float:
    """The greatest mean of `width` neighbours among the first `count` of a row of pseudo-random numbers."""
    ring = [0.0] * width
    x = 1
    total = best = 0.0
    for i in range(count):
        x = x * 16807 % 2147483647
        v = x / 2147483647.0
        total += v - ring[i % width]
        ring[i % width] = v
        if i >= width - 1 and total / width > best:
            best = total / width
    return best


# ---- JSON ----


def json_name(v: Json) -> Optional[str]:
    return v.get("name")


def json_total(v: Json) -> float:
    return float(sum(i["price"] * i["count"] for i in v["items"]))


def json_pair(name: str, n: int) -> Json:
    return {"name": name, "n": n}


# ---- errors and limits ----


def refuse(code: Integer, message: str) -> Integer:
    raise HeliosError(code, message)


def spin() -> None:
    while True:
        pass


def recurse(depth: int) -> int:
    return 0 if depth <= 0 else 1 + recurse(depth - 1)


def fill(mib: int) -> int:
    """Takes this many MiB, writes to all of it and gives how many bytes it could."""
    total = 0
    pieces = []
    for _ in range(mib):
        pieces.append(b"\x01" * (1 << 20))
        total += sum(pieces[-1])
    return total


# ---- the database ----


def tier_of(id: int) -> Optional[str]:
    """@helios capability read:customers"""
    return query_value("SELECT tier FROM customers WHERE id = ?1", id)


def spent(customer: int) -> float:
    """Adds the rows up here.

    @helios capability read:orders
    """
    total = 0.0
    for row in rows("SELECT total FROM orders WHERE customer_id = ?1 AND total IS NOT NULL", customer):
        total += row["total"]
    return total


def add_customer(id: int, tier: str) -> int:
    """Its id.

    @helios capability write:customers
    """
    execute("INSERT INTO customers(id, tier) VALUES (?1, ?2)", id, tier)
    return id


class _Undo(Exception):
    pass


def undone(id: int) -> int:
    """Adds a customer and undoes it: how many there are then.

    @helios capability transaction
    """
    try:
        with transaction():
            add_customer(id, "none")
            raise _Undo()
    except _Undo:
        pass
    return query_value("SELECT count(*) FROM customers")


def visits(key: str) -> int:
    """How often it was called for this key."""
    n = int(kv_get(key) or b"0") + 1
    kv_set(key, str(n))
    return n


def sha256(v: bytes) -> str:
    """@helios capability crypto"""
    return hashlib.sha256(v).hexdigest()


def session_swap(name: str, value: str) -> Optional[str]:
    """Sets a variable of the connection and gives what it was before."""
    before = session_get(name)
    session_set(name, value)
    return before


def note(line: str) -> None:
    """@helios capability log"""
    warn(line)


def squares(upto: int) -> Table:
    """Rows of a number and its square."""
    for i in range(1, upto + 1):
        yield i, i * i


# @helios name other_name
def named() -> Integer:
    return 1


# @helios private
def hidden() -> Integer:
    return 2
