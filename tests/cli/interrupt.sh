# Ctrl-C: exit code 130, nothing written, the temporary folder gone.
mkdir tmp slow
export TMPDIR=$T/tmp
cat >slow/clang <<'SH'
#!/bin/sh
case $* in *--version*) exec clang --version ;; esac
sleep 20
SH
chmod +x slow/clang
for signal in INT TERM; do
  # a shell without job control ignores SIGINT in the background
  python3 - "$signal" "$FILES/add.wat" <<'PY' || fail "$signal"
import os, signal, subprocess, sys, time
p = subprocess.Popen(["heliosc", "build", "--no-cache", "--clang=slow/clang", sys.argv[2], "-o", "x.so"],
                     stderr=subprocess.PIPE)
while not os.listdir("tmp") and p.poll() is None: # it has begun, and hears of signals
    time.sleep(0.01)
time.sleep(0.2)
begin = time.monotonic()
p.send_signal(getattr(signal, "SIG" + sys.argv[1]))
err = p.communicate(timeout=10)[1].decode()
assert p.returncode == 130, (p.returncode, err)
assert "H0005" in err, err
assert time.monotonic() - begin < 8
assert not os.path.exists("x.so")
assert os.listdir("tmp") == [], os.listdir("tmp")
PY
done
