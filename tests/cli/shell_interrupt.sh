# Ctrl-C in a script: the statement ends, so does the script, with 130; inside a procedure too.
printf '(module (func (export "spin") (result i64) (loop (br 0)) (i64.const 0)))' >p.wat
heliosc -q p.wat -o p.so || fail "build"
python3 - <<'PY' || fail "interrupt"
import signal, subprocess, time
import os
endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
spin = f"""CREATE PROCEDURE spin() RETURNS BIGINT LANGUAGE wasm
  WITH (timeout = '60s', fuel_limit = 1000000000000) AS '{os.getcwd()}/p.so'"""
script = "SELECT 'begun'; {}; SELECT 'after';"
for how, sql in ((["-c"], script.format(endless)), ([], script.format(endless)),
                 (["-c"], spin + "; " + script.format("SELECT spin()"))):
    how = how + [sql] if how else how
    p = subprocess.Popen(["helios"] + how, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if not how:
        p.stdin.write(sql.encode())
        p.stdin.close()
    out = p.stdout.readline()
    begin = time.monotonic()
    while p.poll() is None and time.monotonic() - begin < 20: # what comes before the statement runs is lost
        time.sleep(0.3)
        p.send_signal(signal.SIGINT)
    out, err = out + p.stdout.read(), p.stderr.read()
    assert p.returncode == 130 and out == b"begun\n" and b"(CANCELLED)" in err, (p.returncode, out, err)
PY
