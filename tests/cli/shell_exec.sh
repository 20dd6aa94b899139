# helios exec: each SQL up to the first error, exit codes, JSON; a compilation that lasts is shown on a terminal only.
try helios exec x.db "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)" "SELECT * FROM t"
try helios exec x.db "SELECT 1; SELECT oops; SELECT 2" "SELECT 3"
echo "SELECT 'from', 'stdin';" | try helios exec x.db - "SELECT count(*) FROM t"
try helios exec x.db --json "SELECT a FROM t" "SELECT 1 WHERE 0"
try helios exec x.db --headers -m csv "SELECT a FROM t"
try helios exec
try helios exec x.db
try helios exec no/such/folder/x.db 'SELECT 1'
export HELIOS_DB=x.db
try helios exec "SELECT 'by', 'HELIOS_DB'"
try helios exec --db y.db "SELECT count(*) FROM sqlite_schema"
expect 0 helios exec --timer "SELECT 1" && has err '^time: '
expect 2 helios exec --json --db no/such/x.db "SELECT 1" && json_lines err
expect 0 helios version && has out '^helios [0-9.]+ \(sqlite 3' && expect 0 helios version --json && json_lines out
expect 0 helios -V && has out '^helios [0-9.]+ \(sqlite'
printf '(module (func (export "p") (result i64) (i64.const 1)))' >p.wat
printf '#!/bin/sh\n: >"$T/compiling"\nsleep 1.6\nexec heliosc "$@"\n' >slow && chmod +x slow
export HELIOS_HELIOSC="$T/slow"
python3 "$FILES/terminal.py" helios procedure create --name p --file p.wat >out
LC_ALL=C grep -q 'compile.* [1-9][0-9]*\.[0-9] s' out || { cat -v out; fail "no progress"; }
LC_ALL=C grep -q "$(printf '\r\033\\[K')created p" out || { cat -v out; fail "not wiped"; }
for quiet in -q --json; do
  python3 "$FILES/terminal.py" helios procedure create $quiet --replace --name p --file p.wat >out && lacks out 'compile '
done
expect 0 helios procedure create --replace --name p --file p.wat && [ "$(cat err)" = 'created p, version 4 in use' ] || fail "more than a line"
# Ctrl-C ends a compilation
python3 - <<'PY' || fail "interrupt"
import os, signal, subprocess, time
os.remove("compiling")
p = subprocess.Popen(["helios", "procedure", "create", "--name", "q", "--file", "p.wat"], stderr=subprocess.PIPE)
while not os.path.exists("compiling") and p.poll() is None:
    time.sleep(0.01)
p.send_signal(signal.SIGINT)
err = p.communicate(timeout=20)[1]
assert p.returncode == 130 and b"CANCELLED" in err, (p.returncode, err)
PY
expect 1 helios procedure info q
