# Editing keys, history and completion, on a terminal.
esc=$(printf '\033') cr=$(printf '\r')
pty() { # raw: all that came; out: without the moves of the cursor
  python3 "$FILES/terminal.py" "$@" >raw || fail "terminal.py"
  sed "s/$cr*$esc\\[[0-9;]*[A-Za-z]//g" raw >out
}
helios x.db -c "CREATE TABLE customers(id INTEGER, name_of_it TEXT); INSERT INTO customers VALUES (1, 'Ada');
  CREATE TABLE \"two words\"(\"a b\" INTEGER)"
# keys: to the beginning, delete, forward
pty --type 'ELECT 40 + 2 AS answer;' --type '^AS\n' --type '^D' helios x.db
has out '│     42 │' && has out '^\[exit 0\]' && lacks out error
# a statement over lines is one entry of the history; Ctrl-D in it leaves
pty --type 'SELECT 10 +\n' --type '  11 AS sum;\n' --type '.quit\n' helios x.db
has out '│  21 │'
history=.local/state/helios/history
[ "$(stat -c %a $history)" = 600 ] && [ "$(stat -c %a .local/state/helios)" = 700 ] || fail "modes of the history"
has $history 'SELECT.*10.*11.*sum' && has $history 'ELECT'
pty --type '^P' --type '^P' --type '\n' --type '^D' helios x.db # the one before .quit
has out '│  21 │'
# what begins with a blank is not kept; nothing is where HELIOS_HISTORY is empty
pty --type ' SELECT 12345 AS secret;\n' --type 'SELECT 6 AS kept;\n' --type '^D' helios x.db
has out '│  12345 │' && has $history kept && lacks $history secret
cp $history before
HELIOS_HISTORY= pty --type 'SELECT 7 AS seven;\n' --type '^D' helios x.db
cmp -s before $history || fail "history written in spite of HELIOS_HISTORY="
HELIOS_HISTORY=here pty --type 'SELECT 8 AS eight;\n' --type '^D' helios x.db
has here eight
ln -s nowhere/at/all dead # a history that can't be written is no error
HELIOS_HISTORY=dead pty --type 'SELECT 9 AS nine;\n' --type '^D' helios x.db
has out '│    9 │' && has out '^\[exit 0\]'
# completion: words, tables, columns, of a table, dot commands and their arguments
pty --type 'sel\tname_\tfr\tcust\t;\n' --type '^D' helios x.db
has out 'select name_of_it from customers ;' && has out '│ Ada'
pty --type 'SELECT customers.na\t FROM two\t ;^A^K.q\t\n' helios x.db
has out 'customers.name_of_it' && has out '"two words"' && has out '^\[exit 0\]'
pty --type '.mo\tcs\t\n' --type 'SELECT 1, 2;\n' --type '.help mod\t\n' --type '.quit\n' helios x.db
has out '^1,2' && has out 'an object a line' && has out '^\[exit 0\]'
pty --type '.mode js\t' --type '\t' --type '\n' --type '^D' helios x.db # more than one: they are shown
has out 'json +jsonl'
# names of more than ASCII are completed by characters
helios u.db -c 'CREATE TABLE umlaut("größe", "grüße", "öl")'
pty --type 'SELECT gr\tüß\t, ö\t FROM uml\t;\n' --type '^D' helios u.db
has out 'SELECT grüße , öl +FROM umlaut ;' && lacks out error
# procedures, behind CALL and else
cp "$FILES/add.wat" .
helios x.db -c "CREATE PROCEDURE addition(a INTEGER, b INTEGER) RETURNS INTEGER LANGUAGE wasm EXPORT 'add' CAPABILITIES ('log') AS './add.wat'" ||
  fail create
pty --type 'CALL add\t30, 4);\n' --type '.versions addi\t\n' --type '^D' helios x.db
has out 'CALL addition\(30, 4\);' && has out '│ +34 │' && has out '│ current │'
# a name that a terminal would not show as it is, is not offered and not shown
bad=$(printf 'zz\033]0;t\007')
helios y.db -c "CREATE TABLE \"$bad\"(\"$bad\"); CREATE TABLE zzz(a)"
pty --type 'SELECT 1 FROM zz\t;\n' --type 'SELECT zz\t\t;\n' --type '.tables\n' --type '^D' helios y.db
has out 'FROM zzz ;'
if LC_ALL=C grep -q "$esc\]0" raw; then cat -v raw; fail "raw names on the terminal"; fi
# Ctrl-C at the prompt drops the line; a prompt says that a transaction is open; a dumb terminal has no editor
pty --type 'BEGIN;\n' --type 'garbage^C' --type 'ROLLBACK;\n' --type 'SELECT 5 AS five;\n' --type '^D' helios x.db
has out 'helios\*> ' && has out '│    5 │' && lacks out error
TERM=dumb pty --type 'SELECT 3 AS three;\n' --type '^D' helios x.db
has out '│     3 │' && ! grep -q "$esc" raw || fail "escape sequences on a dumb terminal"
