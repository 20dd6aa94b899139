"""terminal.py - runs a command with a terminal for stdout and stderr (stdin too): prints what it wrote, then
its exit code. Usage: terminal.py [--type TEXT]... COMMAND...

TEXT is typed once the program waits; \\n is Enter, ^C Ctrl-C, ^D the end of input.
"""
import os
import pty
import select
import sys
import time

typed, args = [], sys.argv[1:]
while args and args[0] == "--type":
    typed.append(args[1].replace("\\n", "\r").replace("^C", "\x03").replace("^D", "\x04"))
    args = args[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(args[0], args)
out, quiet = b"", time.monotonic()
deadline = time.monotonic() + 60
while time.monotonic() < deadline:
    ready, _, _ = select.select([fd], [], [], 0.05)
    if ready:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        out += data
        quiet = time.monotonic()
    elif typed and time.monotonic() - quiet > 0.4:
        os.write(fd, typed.pop(0).encode())
        quiet = time.monotonic()
_, status = os.waitpid(pid, 0)
sys.stdout.write(out.decode("utf-8", "backslashreplace").replace("\r\n", "\n"))
print(f"[exit {os.waitstatus_to_exitcode(status)}]")
