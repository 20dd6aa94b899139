"""python_subset.py - what docs/sdk-python.md says of the language, as a procedure: each line below is executed, and
what does not do as it is listed comes back."""

THERE = r"""
assert [x * 2 for x in range(3) if x] == [2, 4]
assert {k: v for k, v in zip("ab", (1, 2))}["b"] == 2
assert (lambda *a, **k: (a, k))(1, b=2) == ((1,), {"b": 2})
assert 2 ** 100 == 1267650600228229401496703205376 and -7 // 2 == -4 and -7 % 3 == 2
assert f"{1.5:.2f} {'x':>3} {10:#x}" == "1.50   x 0xa"
assert "%06.2f|%s|%r" % (2.25, "a", "b") == "002.25|a|'b'"
if (n := 3) > 2: assert n == 3
assert sorted("bca", key=lambda c: -ord(c)) == ["c", "b", "a"]
a, *b = [1, 2, 3]; assert b == [2, 3]
assert "a,b".split(",") == ["a", "b"] and " x ".strip() == "x" and "ab".replace("a", "c") == "cb"
assert {1, 2} & {2, 3} == {2} and frozenset((1,)) == {1}
import re; assert re.match(r"(\w+)-(\d+)", "ab-12").group(2) == "12" and re.sub("a", "b", "aa") == "bb"
import json; assert json.loads('{"a": [1, null, "\\ud83d\\ude00"]}')["a"][2] == "\U0001f600" and json.dumps([1, "x"]) == '[1, "x"]'
import math; assert math.isclose(math.sqrt(2) ** 2, 2) and math.floor(-1.5) == -2 and math.factorial(5) == 120
import struct; assert struct.unpack("<I", struct.pack("<I", 7)) == (7,)
import binascii; assert binascii.hexlify(b"\x01\xff") == b"01ff"
import heapq; h = []; heapq.heappush(h, 2); heapq.heappush(h, 1); assert heapq.heappop(h) == 1
from collections import namedtuple, OrderedDict, deque; P = namedtuple("P", "x y"); assert P(1, 2).y == 2 and list(OrderedDict([("b", 1), ("a", 2)])) == ["b", "a"]
from decimal import Decimal; assert Decimal("0.1") + Decimal("0.2") == Decimal("0.3") and str(Decimal("1") / Decimal("3")) == "0." + "3" * 28
from decimal import Decimal; assert str(Decimal("2.675").quantize(Decimal("0.01"))) == "2.68" and int(Decimal("-1.9")) == -1 and Decimal("-1.50") < 0
from decimal import Decimal; assert str(Decimal("10") / 4) == "2.5" and str(3 - Decimal("0.5")) == "2.5" and hash(Decimal("2.0")) == hash(2)
from typing import Optional, List; from __future__ import annotations
import array, cmath, io, sys; assert io.StringIO("x").read() == "x" and (1 + 2j).imag == 2
import random; random.seed(1); x = random.random(); random.seed(1); assert random.random() == x and 0 <= x < 1
def g(): yield from (1, 2)\nassert list(g()) == [1, 2] and sum(x for x in g()) == 3
class A:\n    @property\n    def p(self): return 1\n    def __add__(self, o): return 5\nclass B(A):\n    def __init__(self): super().__init__()\nassert B().p == 1 and B() + 1 == 5
try:\n    raise ValueError("x")\nexcept (KeyError, ValueError) as e:\n    assert str(e) == "x"\nelse:\n    assert False\nfinally:\n    pass
def d(f): return lambda: f() + 1\n@d\ndef f(): return 1\nassert f() == 2
assert sum(x for x in (1, 2.5, 2, -0.5)) == 5.0 and sum(2 ** 62 for _ in range(4)) == 2 ** 64 and sum((1 << 29 for _ in range(64)), 1) == 2 ** 35 + 1 and sum((), 1.5) == 1.5
assert sum([2 ** 53, 1, 1.0]) == float(2 ** 53 + 1) + 1.0 and sum(i for i in (2 ** 30, 0.5)) == 2 ** 30 + 0.5 and type(sum(x for x in (1, 2))) is int and sum([[1], [2]], []) == [1, 2]
def g():\n    try:\n        yield 1\n        yield "a"\n    except TypeError:\n        yield 5\ntry:\n    sum(g())\n    assert False\nexcept TypeError: pass
def g():\n    for i in (1, 2.5, 3):\n        try:\n            seen.append((yield i))\n            if i == 2.5: raise KeyError\n        except KeyError:\n            seen.append("caught")\nseen = []\nassert sum(g()) == 6.5 and seen == [None, None, "caught", None]
def g(): yield sum(it)\nit = g()\ntry:\n    sum(it)\n    assert False\nexcept ValueError: pass
it = (x for x in range(5)); next(it); assert sum(it, 0.5) == 10.5 and sum(it) == 0 and sum(sum(j for j in range(i)) for i in range(5)) == 10
def g():\n    yield 1\n    raise StopIteration\ntry:\n    sum(g())\n    assert False\nexcept RuntimeError: pass
l = [1]\nfor x in l:\n    if x < 5: l.append(x + 1)\nassert l == [1, 2, 3, 4, 5] and [x for x in l if x > 3] == [4, 5]
def outer():\n    n = 0\n    def inner():\n        nonlocal n\n        n += 1\n        return n\n    return inner\nassert outer()() == 1
assert b"\x01\x02"[1] == 2 and bytes([1]).hex() == "01" and int.from_bytes(b"\x01\x00", "big") == 256
assert "aé".encode() == b"a\xc3\xa9" and len("é日🦀") == 3 and "日本"[1] == "本"
assert any([0, 1]) and all([1]) and list(enumerate("a")) == [(0, "a")] and min(3, 1) == 1 and round(2.567, 2) == 2.57 and divmod(7, 2) == (3, 1)
assert list({"z": 1, "a": 2, "m": 3, "b": 4, "q": 5, "c": 6, "k": 7}) == ["z", "a", "m", "b", "q", "c", "k"]
d = {i * 7919 % 1000: i for i in range(1000)}; assert list(d.values()) == list(range(1000)) and d[7919 % 1000] == 1 and len(d) == 1000
d = {}\nfor i in range(70000): d[str(i)] = i\nassert list(d) == [str(i) for i in range(70000)] and all(d[str(i)] == i for i in range(0, 70000, 7))
d = {str(i): i for i in range(300)}; c = d.copy(); [c.pop(str(i)) for i in range(0, 300, 2)]; c["0"] = 5; assert list(c.values()) == list(range(1, 300, 2)) + [5] and len(d) == 300
d = {}\nfor i in range(5000):\n    d[i] = i\n    if i > 2: del d[i - 3]\nassert list(d) == [4997, 4998, 4999] and d.popitem() == (4999, 4999) and 4996 not in d and d.get(4997) == 4997
from collections import OrderedDict; d = OrderedDict([(i, i) for i in range(20)]); del d[3]; assert d.popitem() == (19, 19) and list(d)[:5] == [0, 1, 2, 4, 5] and {1: 2, 3: 4} == {3: 4, 1: 2}
d = {1: "int", "1": "str", (1,): "tuple", 2.5: "float", None: "none", b"1": "bytes"}; assert list(d) == [1, "1", (1,), 2.5, None, b"1"] and d[1.0] == d[True] == "int" and d["".join(["1"])] == "str"
d = {"b": 1, "a": 2}; d["b"] = 3; d.update(c=4, a=5); assert list(d.items()) == [("b", 3), ("a", 5), ("c", 4)] and list(d | {"z": 0}) == ["b", "a", "c", "z"] and d.setdefault("y", 1) == 1
for bad in ([], {}, set()):\n    for d in ({}, {"a": 1, 2: 3}):\n        try:\n            d[bad] = 1\n            assert False\n        except TypeError: pass
class K:\n    def __init__(self, v): self.v = v\n    def __hash__(self): return 1\n    def __eq__(self, o): return self.v == o.v\nd = {K(i): i for i in range(30)}; assert d[K(17)] == 17 and K(31) not in d and list(d.values()) == list(range(30))
def f(**k): return list(k)\nassert f(z=1, a=2, m=3) == ["z", "a", "m"]
class C: pass\nc = C(); c.z = 1; c.a = 2; assert list(c.__dict__) == ["z", "a"]
import json; assert json.dumps(json.loads('{"z":1,"a":{"y":1e2,"b":[0.1,-5]},"z":2}')) == '{"z": 2, "a": {"y": 100.0, "b": [0.1, -5]}}'
import json\nfor bad in (b"a", [bytearray(b"a")], {"a": {1}}, {(1, 2): 3}, object(), (i for i in [])):\n    try:\n        json.dumps(bad)\n        assert False\n    except TypeError: pass
import json\nclass L(list): pass\nassert json.dumps({1: True, None: 1.5, "x\x08\x1f\x7f": [float("inf"), -7, 2 ** 70, L((1,)), ()]}) == '{"1": true, "null": 1.5, "x\\b\\u001f\x7f": [Infinity, -7, 1180591620717411303424, [1], []]}'
import json; assert list(json.loads('{"an_unknown_key":1,"b":2,"":3,"an_unknown_key":4,"b":5,"":6}').items()) == [("an_unknown_key", 4), ("b", 5), ("", 6)] and json.loads(bytearray(b'[1,"12345678"]')) == [1, "12345678"]
import json\nfor bad in ('', '[1', '{"a"}', '{"a":1,}', '"a', '"a\\\\', '01', '1.', '1e', '-', 'nul', '[1]x', '"\x01"', '{"12345678":1'):\n    try:\n        json.loads(bad)\n        assert False, bad\n    except ValueError: pass
def f():\n    for i in range(3):\n        try:\n            yield i\n        except KeyError as e:\n            yield str(e.args[0])\ng = f(); assert next(g) == 0 and g.throw(KeyError("k")) == "k" and next(g) == 1 and sum(f()) == 3
def f(n):\n    try:\n        if n == 0: raise KeyError(n)\n        return f(n - 1)\n    finally:\n        seen.append(n)\nseen = []\ntry: f(3)\nexcept KeyError: seen.append("out")\nassert seen == [0, 1, 2, 3, "out"]
assert [sorted([3, 1, 2], key=lambda x: 1 / x if x else 0), 2.5 * 4 - 1, 1 + 0.5, 0.5 - True] == [[3, 2, 1], 9.0, 1.5, -0.5] and [10, 20][-1] == 20\ntry: sorted([1, 0], key=lambda x: 1 / x)\nexcept ZeroDivisionError: pass\nelse: assert False
import builtins, hashlib, time, typing, heliosdb, heliosdb_wasm, collections, decimal; assert heliosdb_wasm.query is heliosdb.query
assert (258).to_bytes(2, "big") == b"\x01\x02" and [1, 2, 3, 4][1:3] == [2, 3] and "é".isalpha() is False and "e".isalpha()
from decimal import Decimal; assert abs(Decimal("-1.5")) == Decimal("1.5") and float(Decimal("0.5")) == 0.5 and Decimal("2") * Decimal("0.5") - 1 == 0 and str(Decimal("2").quantize(Decimal("0.1"))) == "2.0"
import re; assert re.match("(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", "abcdefghij").group(10) == "j"
global x\nx = 1\nassert x == 1
class D:\n    def __get__(self, o, t): return 7\nclass A:\n    x = D()\nassert A().x == 7
class W:\n    def __enter__(self): return 1\n    def __exit__(self, *a): return True\nwith W() as w:\n    assert w == 1\n    raise ValueError
def deep(n): return deep(n + 1)\ntry:\n    deep(0)\n    assert False\nexcept RuntimeError: pass
_n = 1\ndef bump():\n    global _n\n    _n += 1\n    return _n\nassert bump() == 2 and _n == 2
def f(a, *b, c=1, **d): return (a, b, c, d)\nassert f(1, 2, c=3, e=4) == (1, (2,), 3, {"e": 4})
assert [str(v) for v in (0.1, 1e22, 1e23, 5.0, -0.0, 123456789.125, 1e16, 1e-5, 0.1 + 0.2, 2 / 3)] == ["0.1", "1e+22", "1e+23", "5.0", "-0.0", "123456789.125", "1e+16", "1e-05", "0.30000000000000004", "0.6666666666666666"]
assert float("0.1") + float("0.2") == 0.30000000000000004 and float("1.7976931348623157e308") * 10 == float("inf") and float("4.35") * 100 == 434.99999999999994 and float("9007199254740993") == 9007199254740992.0
assert [float(t) for t in ("1_0.5", " 2.5 ", "-3", ".5", "5.", "1E2")] == [10.5, 2.5, -3.0, 0.5, 5.0, 100.0] and repr(float("nan")) == "nan" and complex("1+2j") == 1 + 2j
for t in ("", ".", "1e", "e5", "1.5.5", "0x1p3", "--1"):\n    try:\n        float(t)\n        assert False, t\n    except ValueError: pass
assert hasattr("", "join") and callable(len) and list(map(str, [1])) == ["1"] and list(reversed([1, 2])) == [2, 1]
"""

NOT_THERE = r"""
import datetime
def f[T](x): return x
import re; assert re.match(r"a(?=b)", "ab")
from decimal import getcontext
"é".isalpha() or 1 // 0
class A:\n    __slots__ = ("a",)\ntry:\n    A().b = 1\n    assert False\nexcept AttributeError: pass
class A:\n    def __init_subclass__(cls): cls.x = 1\nclass B(A): pass\nassert B.x == 1
ValueError("a").add_note("x")
ExceptionGroup("a", [ValueError()])
[*(1, 2), 3]
import os
import itertools
import functools
import dataclasses
import enum
import statistics
open("x")
match 1:\n    case 1: pass
async def f(): pass
assert isinstance(True, int)
"a b".title()
"ab".removeprefix("a")
"ab".casefold()
"1".zfill(3)
"abc"[::-1]
assert "é".upper() == "É"
import re; assert re.match(r"a{2}", "aa")
import re; re.match(r"(?P<n>a)", "a")
import re; re.findall("a", "aa")
import re; re.fullmatch("a", "a")
(5).bit_length()
(5).bit_count()
def f(): "doc"\nassert f.__doc__ == "doc"
def f(x: int): pass\nf.__annotations__
try:\n    raise ValueError("a") from KeyError("b")\nexcept ValueError as e:\n    e.__cause__
try:\n    pass\nexcept* ValueError:\n    pass
class M(type): pass\nclass A(metaclass=M): pass
"""


def wrong() -> str:
    """@helios capability random"""
    found = []
    for there, lines in ((True, THERE), (False, NOT_THERE)):
        for line in lines.strip().split("\n"):
            try:
                exec(line.replace("\\n", "\n"), {})
                does = True
            except Exception as e:
                does = False
                line += "  # " + type(e).__name__ + ": " + str(e)
            if does != there:
                found.append(line)
    return "\n".join(found)
