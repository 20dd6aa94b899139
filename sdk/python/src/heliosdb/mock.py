"""mock.py - a host without a database: statements are answered by their text, all else is kept in memory.

    host = heliosdb.mock.install()                    # a new one, for each test
    host.answer("SELECT tier FROM t WHERE id = ?1", [{"tier": "gold"}])
    host.changes("DELETE FROM t", 3)
    host.refuse(1, -2)                                # the next call of the host but none fails: DENIED
    host.ran, host.logged, host.values, host.session, host.metrics, host.events, host.files

It knows no SQL. What was not scripted fails, so that no test passes by accident.
"""
from __future__ import annotations

import hashlib
import hmac as _hmac
from typing import Any, Callable, Dict, List, Optional, Tuple

HeliosError: Any = None  # set by the package
LEVELS = ("debug", "info", "warn", "error")
ALGORITHMS = ("sha256", "sha384", "sha512", "sha3_256", "blake2b", "sha1")
MESSAGES = {-2: "denied", -11: "constraint failed", -12: "the database is locked"}


def _bytes(data: Any) -> bytes:
    return data.encode() if isinstance(data, str) else bytes(data)


def _known(algorithm: str) -> str:
    if algorithm not in ALGORITHMS:
        raise ValueError("unknown algorithm")
    return algorithm


class Host:
    def __init__(self) -> None:
        self.ran: List[Tuple[str, tuple]] = []
        self.logged: List[Tuple[str, str]] = []
        self.events: List[str] = []
        self.values: Dict[bytes, bytes] = {}
        self.session: Dict[str, str] = {}
        self.environment: Dict[str, str] = {}
        self.metrics: Dict[str, float] = {}
        self.files: Dict[str, bytes] = {}
        self.now_us = 1_700_000_000_000_000
        self.depth = 0
        self._answers: List[Tuple[str, List[Dict[str, Any]]]] = []
        self._changes: List[Tuple[str, int]] = []
        self._functions: Dict[str, Callable[..., Any]] = {}
        self._refusal: Optional[Tuple[int, int]] = None
        self._random = 0

    # ---- what a test says ----

    def answer(self, sql: str, rows: List[Dict[str, Any]]) -> None:
        """The rows of statements that begin with this text; of two that fit, the later said one."""
        self._answers.insert(0, (sql, rows))

    def changes(self, sql: str, count: int) -> None:
        """How many rows statements that begin with this text change; others change 0."""
        self._changes.insert(0, (sql, count))

    def on(self, name: str, function: Callable[..., Any]) -> None:
        """http, sign or verify: the function that answers."""
        self._functions[name] = function

    def refuse(self, nth: int, status: int) -> None:
        """The nth call of the host from here fails with this status."""
        self._refusal = (nth, status)

    # ---- what the module asks ----

    def _call(self) -> None:
        if self._refusal is not None:
            nth, status = self._refusal
            self._refusal = (nth - 1, status) if nth > 1 else None
            if nth <= 1:
                raise HeliosError(status, MESSAGES.get(status, f"status {status}"))

    def run(self, sql: str, params: tuple) -> List[Dict[str, Any]]:
        self._call()
        self.ran.append((sql, params))
        for text, rows in self._answers:
            if sql.startswith(text):
                return [dict(row) for row in rows]
        raise HeliosError(-1, f"the test has no rows for: {sql}")

    def change(self, sql: str, params: tuple) -> int:
        self._call()
        self.ran.append((sql, params))
        return next((count for text, count in self._changes if sql.startswith(text)), 0)

    def begin(self) -> None:
        self._call()
        self.depth += 1
        self.events.append("begin")

    def end(self, how: str) -> None:
        self._call()
        if self.depth == 0:
            raise HeliosError(-10, "no transaction is open")
        self.depth -= 1
        self.events.append(how)

    def note(self, what: str, name: str) -> None:
        self._call()
        self.events.append(f"{what} {name}")

    def log(self, level: Any, message: Any) -> None:
        self._call()
        name = LEVELS[level] if isinstance(level, int) else "warn" if level == "warning" else level
        if name not in LEVELS:
            raise ValueError("log levels are debug, info, warn, error")
        self.logged.append((name, str(message)))

    def clock(self) -> int:
        self._call()
        return self.now_us

    def random_bytes(self, n: int) -> bytes:
        """The same in every run."""
        self._call()
        self._random += 1
        return hashlib.shake_128(b"%d" % self._random).digest(n)

    def hash(self, algorithm: str, data: Any) -> bytes:
        self._call()
        return hashlib.new(_known(algorithm), _bytes(data)).digest()

    def hmac(self, algorithm: str, key: Any, data: Any) -> bytes:
        self._call()
        return _hmac.new(_bytes(key), _bytes(data), _known(algorithm)).digest()

    def scripted(self, name: str, *args: Any) -> Any:
        self._call()
        if name not in self._functions:
            raise HeliosError(-10, f"the test says nothing of {name}: host.on({name!r}, function)")
        return self._functions[name](*args)

    def kv_get(self, key: Any) -> Optional[bytes]:
        self._call()
        return self.values.get(_bytes(key))

    def kv_set(self, key: Any, value: Any) -> None:
        self._call()
        self.values[_bytes(key)] = _bytes(value)

    def kv_delete(self, key: Any) -> bool:
        self._call()
        return self.values.pop(_bytes(key), None) is not None

    def kv_keys(self, prefix: Any) -> List[bytes]:
        self._call()
        return sorted(k for k in self.values if k.startswith(_bytes(prefix)))

    def session_get(self, name: str) -> Optional[str]:
        self._call()
        return self.session.get(name.lower())

    def session_set(self, name: str, value: str) -> None:
        self._call()
        self.session[name.lower()] = value

    def env_get(self, name: str) -> Optional[str]:
        self._call()
        return self.environment.get(name)

    def metric(self, name: str, value: float, add: bool) -> None:
        self._call()
        self.metrics[name] = value + (self.metrics.get(name, 0.0) if add else 0.0)

    def read_file(self, path: str) -> bytes:
        self._call()
        if path not in self.files:
            raise HeliosError(-16, f"no file {path}")
        return self.files[path]

    def write_file(self, path: str, data: Any, append: bool) -> None:
        self._call()
        self.files[path] = (self.files.get(path, b"") if append else b"") + _bytes(data)

    def remove_file(self, path: str) -> None:
        self.read_file(path)
        del self.files[path]

    def list_files(self, path: str) -> List[str]:
        self._call()
        begin = path.rstrip("/") + "/"
        return sorted({name[len(begin):].split("/")[0] for name in self.files if name.startswith(begin)})


_host = Host()


def install() -> Host:
    """A new host takes the place of the one before."""
    global _host
    _host = Host()
    return _host


def host() -> Host:
    return _host
