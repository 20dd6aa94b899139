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
    time.sleep(1)
    begin = time.monotonic()
    p.send_signal(signal.SIGINT)
    code = p.wait(timeout=10)
    out, err = p.stdout.read(), p.stderr.read()
    assert code == 130 and out == b"begun\n" and b"(CANCELLED)" in err, (code, out, err)
    assert time.monotonic() - begin < 2
PY
