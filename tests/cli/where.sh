# where.sh - the script's line where fuel or time ends a call: in loops of every kind, nested functions, callbacks of builtins, within a
# builtin, before a procedure is called. That memory is hostile: unit/where_test, script.sh.
for engine in quickjs micropython; do
  if [ ! -d "$SOURCE/toolchain/src/$engine" ]; then echo "skipped: no source of $engine in toolchain/src"; exit 77; fi
done
# ends PROCEDURE TEXT: the call is out of fuel there, and out of time there
ends() {
  expect 1 helios a.db -c "SELECT $1()"
  has err "procedure $1: $2 \(FUEL\)" && lacks err 'its engine'
}
make() { # FILE PROCEDURE...
  file=$1
  shift
  expect 0 heliosc build -q "$file" -o made.so
  for p in "$@"; do expect 0 helios a.db -c "CREATE PROCEDURE $p LANGUAGE wasm WITH (fuel_limit = 30000000) AS 'made.so'"; done
}

cat >shop.js <<'JS'
export function in_while() {
  let i = 0;
  while (true) {
    i = (i + 1) & 1023;
  }
}

export function in_nothing() {
  const a = [1];
  a.push(2);


  for (;;);
}

export function in_do() {
  let i = 1;
  Math.max(i, 2);
  do {
    i = 3;
  } while (i);
}

export function in_continue() {
  let i = 1;
  Math.max(i, 2);
  for (;;) {
    if (!i) continue;
    if (i) continue;
    i = 7;
  }
}

const inner = (n) => {
  while (n) {
    n = n ^ 2;
  }
};
export function nested() {
  inner(1);
}

export function in_sort() {
  return [3, 1, 2].sort((a, b) => {
    while (b) b = 1;
    return a - b;
  })[0];
}

export function in_map() {
  [1].map(function each(x) {
    for (;;) x = x + 1 | 0;
  });
}

export function in_for_of() {
  const list = [1, 2, 3];
  let n = 0;
  for (const x of list) {
    list.push(x);
    n = x;
  }
}

export function in_generator() {
  function* numbers() {
    while (true) yield 1;
  }
  let sum = 0;
  for (const n of numbers())
    sum += n;
}

export function in_builtin() {
  const a = "a".repeat(40);

  return /^(a+)+$/.test(a + "b");
}

export function calls() {
  while (true)
    inner(0);
}

export function fine() {
  return 1;
}
JS
make shop.js in_while in_nothing in_do in_continue nested in_sort in_map in_for_of in_generator in_builtin calls fine
ends in_while 'shop.js:4: fuel exhausted in "in_while"'
ends in_nothing 'shop.js:13: fuel exhausted in "in_nothing"'
ends in_do 'shop.js:(20|21|22): fuel exhausted in "in_do"'
ends in_continue 'shop.js:(28|29|30|31): fuel exhausted in "in_continue"'
ends nested 'shop.js:3[56]: fuel exhausted in "inner"'
ends in_sort 'shop.js:45: fuel exhausted'
ends in_map 'shop.js:52: fuel exhausted in "each"'
ends in_for_of 'shop.js:(59|60|61): fuel exhausted in "in_for_of"'
ends in_generator 'shop.js:(67|71): fuel exhausted in "(numbers|in_generator)"'
ends in_builtin 'shop.js:77: fuel exhausted in "in_builtin"'
ends calls 'shop.js:(34|35|82): fuel exhausted in "(inner|calls)"'
expect 1 helios a.db -c "ALTER PROCEDURE in_while SET fuel_limit = 100000000000" -c "ALTER PROCEDURE in_while SET timeout = '50ms'" -c "SELECT in_while()"
has err 'shop.js:4: time limit exceeded in "in_while" \(DEADLINE\)'
expect 0 helios a.db -c "SELECT wasm_offset > 0, function <> '' FROM helios_traps WHERE text = 'shop.js:4: time limit exceeded in \"in_while\"'" -c "SELECT fine()"

# while it is evaluated
evaluates() { # FILE TEXT
  expect 0 heliosc build -q "$1" -o made.so
  expect 1 helios a.db -c "CREATE PROCEDURE never LANGUAGE wasm WITH (fuel_limit = 30000000) AS 'made.so'"
  has err "$2"
}
printf 'let i = 1;\nwhile (i < 1e6) {\n  i++;\n}\nexport function never() {}\n' >top.js
evaluates top.js 'top.js:[23]: fuel exhausted'

cat >shop.py <<'P'
def in_while() -> int:
    i = 0
    while True:
        i = (i + 1) & 1023


def in_pass():
    while True: pass


def inner(n):
    n = -n
    while n:
        n ^= 2


def nested():
    inner(1)


def in_sort():
    def key(x):
        while True:
            x = 1
    sorted([3, 1, 2], key=key)


def in_map():
    list(map(lambda x: inner(x), [1]))


def numbers():
    while True:
        yield 1


def in_generator():
    for n in numbers(): n


def in_builtin():
    a = 3

    return (a ** 400000) % 7


def in_handler():
    while True:
        try:
            raise ValueError
        except ValueError:
            pass


class Item:
    def price(self):
        while self: pass


def in_method():
    Item().price()


def fine() -> int:
    return 1
P

rm a.db
make shop.py in_while in_pass nested in_sort in_map in_generator in_builtin in_handler in_method fine
ends in_while 'shop.py:(3|4): fuel exhausted in "in_while"'
ends in_pass 'shop.py:8: fuel exhausted in "in_pass"'
ends nested 'shop.py:(13|14): fuel exhausted in "inner"'
ends in_sort 'shop.py:(23|24): fuel exhausted in "key"'
ends in_map 'shop.py:(13|14): fuel exhausted in "inner"'
ends in_generator 'shop.py:(33|34|38): fuel exhausted in "(numbers|in_generator)"'
ends in_builtin 'shop.py:44: fuel exhausted in "in_builtin"'
ends in_handler 'shop.py:(4[89]|5[0-2]): fuel exhausted in "in_handler"'
ends in_method 'shop.py:57: fuel exhausted in "price"'
expect 1 helios a.db -c "ALTER PROCEDURE in_while SET fuel_limit = 100000000000" -c "ALTER PROCEDURE in_while SET timeout = '50ms'" -c "SELECT in_while()"
has err 'shop.py:(3|4): time limit exceeded in "in_while" \(DEADLINE\)'
expect 0 helios a.db -c "SELECT fine()"

printf 'i = 1\nwhile i < 1000000:\n    i += 1\ndef never(): pass\n' >top.py
evaluates top.py 'top.py:[23]: fuel exhausted in "<module>"'
