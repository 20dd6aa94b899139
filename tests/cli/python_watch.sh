# heliosc watch of a Python script: a new version at each save; a script that does not compile, or that fails as it is evaluated,
# changes nothing.
if [ ! -d "$SOURCE/toolchain/src/micropython" ]; then echo "skipped: no source of micropython in toolchain/src"; exit 77; fi
echo 'def answer() -> int: return 1' >p.py
heliosc watch p.py --db app.db 2>log &
watcher=$!
stop() { # it would keep this test's output open
  kill $watcher
  cat log
  fail "$1"
}
wait_for() { # so many lines of the log, then what the procedure gives
  for i in $(seq 600); do
    [ "$(grep -c "$1" log)" -ge "$2" ] && break
    sleep 0.1
  done
  [ "$(helios -q app.db -c "SELECT answer()")" = "$3" ] || stop "no $2. '$1' with $3"
}
wait_for 'swapped in answer' 1 1
printf '_all = [1, 1]\ndef answer() -> int:\n    return sum(_all)\n' >p.py
wait_for 'swapped in answer' 2 2
printf 'def answer() -> int:\n    return (\n' >p.py
wait_for 'a bracket is open at the end of the file' 1 2
printf 'def answer() -> int: return 3\nx = {}["gone"]\n' >p.py
wait_for 'KeyError: gone' 1 2
grep -q 'p.py:2' log || stop "no line"
echo 'def answer() -> int: return 4' >p.py
wait_for 'swapped in answer' 3 4
kill -INT $watcher
wait $watcher || fail "exit code $?"
