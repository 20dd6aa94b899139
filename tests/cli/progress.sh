# Progress: only on a terminal, only once a build lasts, wiped at the end; quiet builds are quiet.
mkdir slow
cat >slow/clang <<'SH'
#!/bin/sh
case $* in *--version*) ;; *) sleep 0.8 ;; esac
exec clang "$@"
SH
chmod +x slow/clang
cp "$FILES/add.wat" .
wipe=$(printf '\r\033\\[K')
pty() { python3 "$FILES/terminal.py" heliosc "$@" >out; }
pty build --no-cache --clang="$T/slow/clang" add.wat
LC_ALL=C grep -Eq 'compile.*(0\.[2-9]|[1-9][0-9]*\.[0-9]) s' out || { cat -v out; fail "no progress"; }
LC_ALL=C grep -q "$wipe.*add.so" out || { cat -v out; fail "not wiped"; }
has out '^\[exit 0\]'
pty build -q --no-cache --clang="$T/slow/clang" add.wat
lacks out 'compile'
heliosc -q add.wat
pty build add.wat
lacks out 'compile|cached .* s$'
TERM=dumb pty build --no-cache --clang="$T/slow/clang" add.wat
lacks out 'compile'
heliosc build --no-cache --clang="$T/slow/clang" add.wat >out 2>&1
lacks out 'compile'
