# The engine of JavaScript scripts, compiled into the cache that all tests of them share.
echo 'export function f() {}' >f.js
heliosc build -q f.js >out 2>&1 || {
  cat out
  grep -q 'built without' out && exit 77
  fail "the engine"
}
