"""switches.py - C programs full of switches, from a seed: over values of every width, masked, shifted, counted or
read from memory, dense and sparse, nested and in loops. What clang makes of them is what the link check must follow.
"""
import random

TYPES = ("unsigned char", "signed char", "unsigned short", "short", "unsigned", "int", "unsigned long long",
         "long long")
HEAD = """typedef unsigned u;
static u p[1024];
#define G(n, k) __attribute__((noinline)) static u g##n(u a, u x) { return a * k + x % (k + 2u); }
G(0, 3) G(1, 7) G(2, 12) G(3, 31) G(4, 90)
static u (*volatile table[8])(u, u) = {g0, g1, g2, g3, g4, g0, g1, g2};
"""


class Writer:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def number(self, low, high):
        return self.random.randint(low, high)

    def value(self):
        n = self.number
        forms = ["x", "s", "x + y", f"x >> {n(0, 30)}", f"(x & {n(1, 63)})", f"(x & {n(1, 63)}) + {n(0, 9)}",
                 f"x % {n(3, 40)}u", "__builtin_popcount(x)", "__builtin_clz(x | 1)",
                 f"__builtin_ctz(x | {1 << n(0, 20)})", f"x * {n(2, 9)}", f"x ^ {n(1, 99)}", f"(x | {n(1, 64)})",
                 f"x - {n(1, 50)}", "(x >> 3) ^ (y & 7)", "(x == y) * 4 + (x > y) * 2 + (y & 1)",
                 f"((unsigned long long)x * y >> {n(20, 50)})", "p[x & 1023]", f"p[x & 1023] & {n(3, 31)}",
                 f"p[x & 1023] >> {n(1, 6)}", f"(x < y ? x : y) & {n(7, 31)}", "((x & 3) << 2) | (y & 3)"]
        return f"({self.random.choice(TYPES)})({self.random.choice(forms)})"

    def statement(self, depth):
        n = self.number
        if depth < 2 and n(0, 7) == 0:
            return self.switch(depth + 1)
        return self.random.choice([f"a += x * {n(1, 99)};", f"a ^= y + {n(1, 999)}; x += {n(1, 5)};",
                                   "p[a & 1023] = a;", f"s = {n(0, 12)};", f"a = g{n(0, 4)}(a, x);",
                                   "a += table[(x + a) & 7](a, y);", f"y = a * {n(2, 9)}; a -= y >> 3;"])

    def switch(self, depth=0):
        first = self.random.choice([0, 0, 0, 1, self.number(0, 60), -self.number(1, 5)])
        step = self.random.choice([1, 1, 1, 2])
        lines = [f"switch ({self.value()}) {{"]
        for i in range(self.number(4, 30)):
            if self.number(0, 9) != 0:
                ends = self.random.choice(["break;", "break;", "break;", "", "return a;", "__builtin_trap();"])
                lines.append(f"case {first + i * step}: {self.statement(depth)} {ends}")
        lines.append(self.random.choice(["default: a++;", "default:;", "default: __builtin_unreachable();",
                                         "default: return a;"]))
        return "\n".join(lines) + "}"

    def function(self, name):
        body = "\n".join(self.switch() for _ in range(self.number(1, 2)))
        if self.number(0, 1):
            body += " else ".join(f"\nif ((x & 3) == {i}) {{ {self.statement(1)} }}" for i in range(4))
        if self.number(0, 2):
            body = f"for (u k = 0; k < y % {self.number(10, 99)}u; k++) {{\n{body}\n}}"
        return (f'__attribute__((export_name("{name}"))) u {name}(u x, u y) {{\nu a = 1, s = x & 7;\n{body}\n'
                "return a + s;\n}\n")


def program(seed, functions=40):
    """The text of a C program without headers; every function is exported."""
    writer = Writer(seed)
    return HEAD + "".join(writer.function(f"f{i}") for i in range(functions))
