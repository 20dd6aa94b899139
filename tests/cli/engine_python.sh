# The engine of Python scripts, compiled into the cache that all tests of them share.
printf 'def f(): pass\n' >f.py
heliosc build -q f.py >out 2>&1 || {
  cat out
  grep -q 'built without Python' out && exit 77
  fail "the engine"
}
