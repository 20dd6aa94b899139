"""terminal.py - runs a command with a terminal for stdout and stderr (stdin too): prints what it wrote, then
its exit code. Usage: terminal.py [--type TEXT]... COMMAND...

TEXT is typed once the program waits; \\n is Enter, \\t Tab, ^C Ctrl-C and so on with A to Z, ^D the end of input.
"""
import os
import pty
import re
import select
import sys
import time

typed, args = [], sys.argv[1:]
while args and args[0] == "--type":
    text = args[1].replace("\\n", "\r").replace("\\t", "\t")
    typed.append(re.sub(r"\^([A-Z])", lambda m: chr(ord(m.group(1)) - 64), text))
    args = args[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(args[0], args)
out, quiet = b"", time.monotonic()
deadline = time.monotonic() + 60
while time.monotonic() < deadline:
    ready, _, _ = select.select([fd], [], [], 0.02)
    if ready:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        out += data
        quiet = time.monotonic()
    elif typed and out and time.monotonic() - quiet > (0.4 if "\x03" in typed[0] else 0.1):
        os.write(fd, typed.pop(0).encode())
        quiet = time.monotonic()
_, status = os.waitpid(pid, 0)
sys.stdout.write(out.decode("utf-8", "backslashreplace").replace("\r\n", "\n"))
print(f"[exit {os.waitstatus_to_exitcode(status)}]")
