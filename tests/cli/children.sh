# Started by a program that ignores SIGCHLD, as many servers do: the tools' ends are seen all the same.
python3 - "$FILES/add.wat" <<'PY' || fail "SIGCHLD ignored"
import signal, subprocess, sys
p = subprocess.run(["heliosc", "build", "--no-cache", sys.argv[1], "-o", "x.so"], capture_output=True, text=True,
                   preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
assert p.returncode == 0, p.stderr
PY
[ -s x.so ] || fail "no plugin"
