# logs, audit, traps, metrics: as rows, as JSON, of one procedure, of the last hour, followed; dot commands on the same.
cat >p.wat <<'WAT'
(module
  (import "helios_v1" "log" (func $log (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "hello") (data (i32.const 16) "careful\1b]0;t\07")
  (func (export "talk") (param i64) (result i64)
    (drop (call $log (i32.const 1) (i32.const 8) (i32.const 5))) (local.get 0))
  (func (export "warn") (result i64) (drop (call $log (i32.const 2) (i32.const 16) (i32.const 13))) (i64.const 1))
  (func (export "crash") (result i64) unreachable))
WAT
heliosc build -q p.wat -o p.so || fail build
for f in talk warn crash; do helios procedure create -q x.db --name $f --file p.so --capabilities log || fail create; done
helios -q x.db -c "SELECT talk(1), talk(2); SELECT warn(); SELECT crash()" >out 2>&1; has out TRAP
expect 0 helios logs x.db && [ "$(wc -l <out)" = 4 ] && has out '^20[0-9-]+ [0-9:.]+\|info\|talk\|1\|hello$' || fail logs
printable out
expect 0 helios logs x.db --procedure WARN --last 1h && [ "$(wc -l <out)" = 2 ] && has out '\|warn\|warn\|1\|careful' || fail "of one"
expect 0 helios logs x.db --level warn && [ "$(wc -l <out)" = 2 ] && expect 0 helios logs x.db --level error && [ "$(wc -l <out)" = 1 ] || fail level
expect 0 helios logs x.db --json && json_lines out && [ "$(wc -l <out)" = 3 ] && has out '"level":"info","procedure":"talk"' || fail json
sleep 0.2 && expect 0 helios logs x.db --last 100ms --json && [ ! -s out ] || fail "older lines"
expect 0 helios traps x.db && has out '\|crash\|1\|trap\|crash\|0x[0-9a-f]+\|unreachable'
expect 0 helios traps x.db --json && json_lines out && expect 0 helios traps x.db --procedure talk --json && [ ! -s out ] || fail traps
expect 0 helios audit x.db && has out '\|trap\|crash\|1\|' && expect 0 helios audit x.db --json && json_lines out
expect 0 helios procedure metrics x.db talk && has out '^talk\|1\|2\|0\|[1-9]' && lacks out crash
expect 0 helios procedure metrics x.db --json && json_lines out && [ "$(wc -l <out)" = 3 ] || fail metrics
expect 0 helios metrics x.db --json && json_lines out && has out '"procedure":"crash","version":1,"calls":1'
expect 0 helios metrics x.db && has out '^# TYPE helios_' && has out 'procedure="talk"' && printable out
expect 0 helios metrics x.db -o m.prom && [ ! -s out ] && has m.prom 'procedure="talk"' && [ "$(ls m.prom* | wc -l)" = 1 ] || fail "-o"
expect 1 helios metrics x.db -o no/such/m.prom && has err "can't write no/such/m.prom"
expect 0 helios procedure profile x.db talk && expect 1 helios procedure profile x.db nothing

# of a name that nothing has: an error that says which name is near; but one that is gone may have left rows
for command in 'procedure metrics' logs audit traps 'logs --follow'; do
  option=--procedure; [ "$command" = 'procedure metrics' ] && option=
  expect 1 timeout 20 helios $command x.db $option tolk && has err 'no such procedure: tolk \(NOT_FOUND\)$' && has err '^  hint: did you mean talk\?$' && [ ! -s out ] || fail "$command of nothing"
done
for dot in metrics logs audit traps; do expect 1 helios -q x.db -c ".$dot tolk" && has err 'did you mean talk\?$' && [ ! -s out ] || fail ".$dot of nothing"; done
helios procedure create -q gone.db --name was --file p.so --export warn --capabilities log && helios -q gone.db -c "SELECT was()" -c "DROP PROCEDURE was" >/dev/null 2>&1
expect 0 helios logs gone.db --procedure was && has out '\|warn\|was\|1\|careful' && expect 0 helios audit gone.db --procedure was && has out '\|drop\|was'
expect 1 helios traps gone.db --procedure was && has err 'no such procedure: was'
for wrong in --last=soon --last=1 --last=-1h --last= --level=loud; do expect 2 helios logs x.db $wrong; done
expect 2 helios audit x.db --follow && expect 2 helios logs

# a writer that holds its lock is waited for, but not by the shell
python3 - <<'PY' || fail locked
import sqlite3, subprocess, threading
db = sqlite3.connect("x.db", isolation_level=None, check_same_thread=False)
db.execute("BEGIN EXCLUSIVE")
shell = subprocess.run(["helios", "x.db", "-c", "SELECT count(*) FROM helios_procedure"], capture_output=True, text=True)
assert shell.returncode == 1 and "locked" in shell.stderr, shell
threading.Timer(0.5, lambda: db.execute("ROLLBACK")).start()
logs = subprocess.run(["helios", "logs", "x.db"], capture_output=True, text=True)
assert logs.returncode == 0 and "hello" in logs.stdout, logs
PY

# followed: what another process logs, each line once, until Ctrl-C
python3 - <<'PY' || fail follow
import os, signal, subprocess, time
for extra in ([], ["--json"], ["--procedure", "talk"], ["--level", "error"]):
    with open("followed", "w") as out:
        p = subprocess.Popen(["helios", "logs", "x.db", "--follow", "--last", "0s"] + extra, stdout=out,
                             stderr=subprocess.PIPE, text=True)
    wanted = "hello" if "error" not in extra else "never"
    for turn in range(40 if wanted == "hello" else 4):
        subprocess.run(["helios", "exec", "-q", "x.db", "SELECT talk(3)"], check=True, stdout=subprocess.DEVNULL)
        time.sleep(0.25)
        if wanted in open("followed").read():
            break
    p.send_signal(signal.SIGINT)
    err = p.communicate(timeout=20)[1]
    lines = [line for line in open("followed").read().splitlines() if "hello" in line]
    assert p.returncode == 0 and err == "", (p.returncode, err)
    assert (len(lines) > 0) == (wanted == "hello") and len(set(lines)) == len(lines), (extra, lines)
PY

# the dot commands, and the cost of a statement
helios -q x.db -c .logs -c '.traps crash' -c .audit -c '.metrics talk' >out 2>&1
has out 'info\|talk\|1\|hello' && has out 'crash\|1\|trap' && has out '^talk\|1\|'
helios -q x.db -c '.cost on' -c 'SELECT sum(talk(value)) FROM json_each(json_array(1, 2, 3))' -c 'SELECT 1' >out 2>err
has out '^6$' && has err '^talk\|1\|3\|0\|[1-9]' && [ "$(wc -l <err)" = 2 ] || { cat err; fail cost; }
