# heliosc watch: puts a procedure into a database, a new version at each save; a broken source changes nothing.
echo 'int answer(void) { return 1; }' >p.c
heliosc watch p.c --db app.db 2>log &
watcher=$!
wait_for() { # lines "swapped in" or errors in the log
  for i in $(seq 300); do [ "$(grep -c "$1" log)" -ge "$2" ] && return 0; sleep 0.1; done
  cat log; kill $watcher; fail "no $2. '$1'"
}
answer() { helios -q app.db -c "SELECT answer()"; }
wait_for 'swapped in answer' 1
[ "$(answer)" = 1 ] || fail "first"
echo 'int answer(void) { return 2; }' >p.c
wait_for 'swapped in answer' 2
[ "$(answer)" = 2 ] || fail "second"
echo 'int answer(void) { return gone; }' >p.c
wait_for 'undeclared identifier' 1
[ "$(answer)" = 2 ] || fail "broken"
echo '#include "q.h"' >p.c && echo 'int answer(void) { return 4; }' >>p.c && echo >q.h
wait_for 'swapped in answer' 3
[ "$(answer)" = 4 ] || fail "fourth"
kill -INT $watcher
wait $watcher || fail "exit code $?"
expect 2 heliosc watch p.c && has err 'needs --db'
