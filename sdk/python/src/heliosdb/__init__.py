"""heliosdb - the functions that a procedure in Python has, for the Python of your own machine.

In the database this module is a part of the engine (sdk/python/engine). Here every function asks the mock host of
heliosdb.mock: scripted rows, kept values, a clock that stands. What a test has not scripted is an error.
"""
from __future__ import annotations

from decimal import Decimal
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Union

from . import mock as _mock

__all__ = [
    "HeliosError", "Decimal", "Json", "Date", "Timestamp", "Integer", "Table", "query", "query_one", "query_value", "rows",
    "execute", "begin", "commit", "rollback", "transaction", "savepoint", "log", "debug", "info", "warn", "error", "now_us",
    "random_bytes", "hash", "hmac", "sign", "verify", "kv_get", "kv_set", "kv_delete", "kv_keys", "session_get", "session_set",
    "env_get", "metric_add", "metric_set", "read_file", "write_file", "remove_file", "list_files", "http", "Response",
    "heliosdb_query", "heliosdb_log", "heliosdb_error", "heliosdb_begin_tx", "heliosdb_commit_tx", "heliosdb_rollback_tx",
    "heliosdb_now", "SQL", "DENIED", "UTF8", "LIMIT", "STATE", "CONSTRAINT", "BUSY", "ABSENT", "EXISTS", "IO", "NETWORK",
]

# Types of annotations
Json = Any
Date = int  # days since 1970-01-01
Timestamp = int  # microseconds since 1970-01-01 UTC
Integer = int  # of 32 bits
Table = Iterable[Any]  # RETURNS TABLE: tuples, lists, or dicts by the names of columns
Value = Union[None, bool, int, float, str, bytes, Decimal, Dict[str, Any], List[Any]]
Row = Dict[str, Any]

# Statuses of the host
SQL, DENIED, UTF8, LIMIT, STATE, CONSTRAINT, BUSY = -1, -2, -8, -9, -10, -11, -12
ABSENT, EXISTS, IO, NETWORK = -16, -19, -20, -21


class HeliosError(Exception):
    """HeliosError(code, text): ends the call with them, if nobody catches it; also what the host refuses."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.code: int = args[0] if len(args) > 1 else 1
        self.message: str = args[1] if len(args) > 1 else args[0] if args else ""

    def __str__(self) -> str:
        return str(self.message)


_mock.HeliosError = HeliosError


def _params(params: Sequence[Value]) -> tuple:
    one = len(params) == 1 and isinstance(params[0], (list, tuple))
    return tuple(params[0]) if one else tuple(params)  # type: ignore[arg-type]


def query(sql: str, *params: Value) -> List[Row]:
    """All rows, as dicts."""
    return _mock.host().run(sql, _params(params))


def query_one(sql: str, *params: Value) -> Optional[Row]:
    """The first row, or None."""
    found = query(sql, *params)
    return found[0] if found else None


def query_value(sql: str, *params: Value) -> Any:
    """The first column of the first row, or None."""
    found = query(sql, *params)
    return next(iter(found[0].values())) if found else None


def rows(sql: str, *params: Value) -> Iterator[Row]:
    """Rows one after the other, as they are asked for."""
    return iter(query(sql, *params))


def execute(sql: str, *params: Value) -> int:
    """How many rows it changed."""
    return _mock.host().change(sql, _params(params))


def begin() -> None:
    _mock.host().begin()


def commit() -> None:
    _mock.host().end("commit")


def rollback() -> None:
    _mock.host().end("rollback")


class _Scope:
    def __init__(self, enter: Callable[[], None], leave: Callable[[bool], None]) -> None:
        self._enter, self._leave = enter, leave

    def __enter__(self) -> "_Scope":
        self._enter()
        return self

    def __exit__(self, kind: Any, value: Any, trace: Any) -> bool:
        self._leave(kind is not None)
        return False


def transaction() -> _Scope:
    """with transaction(): kept at the end, undone if an exception leaves it."""
    return _Scope(begin, lambda failed: rollback() if failed else commit())


def savepoint(name: str) -> _Scope:
    host = _mock.host()
    return _Scope(lambda: host.note("savepoint", name), lambda failed: host.note("rollback to" if failed else "release", name))


def log(level: Union[str, int], message: Any) -> None:
    _mock.host().log(level, message)


def debug(message: Any) -> None:
    log("debug", message)


def info(message: Any) -> None:
    log("info", message)


def warn(message: Any) -> None:
    log("warn", message)


def error(message: Any) -> None:
    log("error", message)


def now_us() -> int:
    """Microseconds since 1970-01-01 UTC."""
    return _mock.host().clock()


def random_bytes(n: int) -> bytes:
    return _mock.host().random_bytes(n)


def hash(algorithm: str, data: Union[str, bytes]) -> bytes:
    """sha256, sha384, sha512, sha3_256, blake2b, sha1"""
    return _mock.host().hash(algorithm, data)


def hmac(algorithm: str, key: Union[str, bytes], data: Union[str, bytes]) -> bytes:
    return _mock.host().hmac(algorithm, key, data)


def sign(secret_key: bytes, data: Union[str, bytes]) -> bytes:
    """Ed25519"""
    return _mock.host().scripted("sign", secret_key, data)


def verify(public_key: bytes, data: Union[str, bytes], signature: bytes) -> bool:
    return _mock.host().scripted("verify", public_key, data, signature)


def kv_get(key: Union[str, bytes]) -> Optional[bytes]:
    return _mock.host().kv_get(key)


def kv_set(key: Union[str, bytes], value: Union[str, bytes]) -> None:
    _mock.host().kv_set(key, value)


def kv_delete(key: Union[str, bytes]) -> bool:
    return _mock.host().kv_delete(key)


def kv_keys(prefix: Union[str, bytes] = b"") -> List[bytes]:
    return _mock.host().kv_keys(prefix)


def session_get(name: str) -> Optional[str]:
    return _mock.host().session_get(name)


def session_set(name: str, value: str) -> None:
    _mock.host().session_set(name, value)


def env_get(name: str) -> Optional[str]:
    return _mock.host().env_get(name)


def metric_add(name: str, value: float) -> None:
    _mock.host().metric(name, value, True)


def metric_set(name: str, value: float) -> None:
    _mock.host().metric(name, value, False)


def read_file(path: str) -> bytes:
    return _mock.host().read_file(path)


def write_file(path: str, data: Union[str, bytes], append: bool = False) -> None:
    _mock.host().write_file(path, data, append)


def remove_file(path: str) -> None:
    _mock.host().remove_file(path)


def list_files(path: str) -> List[str]:
    return _mock.host().list_files(path)


class Response:
    """What http gives. status: 100 to 599; body: bytes."""

    def __init__(self, status: int, body: bytes = b"", headers: Optional[Dict[str, str]] = None) -> None:
        self.status, self.body = status, body
        self._headers = {k.lower(): v for k, v in (headers or {}).items()}

    def header(self, name: str) -> Optional[str]:
        return self._headers.get(name.lower())

    def json(self) -> Any:
        import json
        return json.loads(self.body)


def http(method: str, url: str, headers: Optional[Dict[str, str]] = None, body: Union[None, str, bytes] = None) -> Response:
    return _mock.host().scripted("http", method, url, headers, body)


# The names of the HeliosDB design
heliosdb_query = query
heliosdb_log = log
heliosdb_begin_tx, heliosdb_commit_tx, heliosdb_rollback_tx = begin, commit, rollback
heliosdb_now = now_us


def heliosdb_error(code: int, text: str) -> None:
    raise HeliosError(code, text)
