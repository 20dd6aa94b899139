# On a terminal: banner, prompts, box mode, statements over lines, Ctrl-C, Ctrl-D.
pty() { python3 "$FILES/terminal.py" "$@" >out || fail "terminal.py"; }
pty --type 'SELECT 1 AS one;\n' --type 'SELECT 2\n' --type '  AS two;\n' --type '^D' helios
has out '^helios [0-9.]+, sqlite [0-9.]+, in memory$'
has out 'helios> SELECT 1 AS one;' && has out '│ one │' && has out '   \.\.\.> +AS two;' && has out '│ two │'
has out '^\[exit 0\]'
# Ctrl-C ends a statement, not the shell
pty --type 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;\n' \
  --type '^C' --type 'SELECT 40 + 2 AS after;\n' --type '.quit\n' helios x.db
has out 'error.*interrupted' && has out '│    42 │' && has out '^\[exit 0\]' && lacks out 'in memory'
# ... also inside of a procedure, whose statement is over within a moment
printf '(module (func (export "spin") (result i64) (loop (br 0)) (i64.const 0)))' >p.wat
helios procedure create -q p.db --name spin --file p.wat --with 'timeout=60s, fuel_limit=1000000000000' || fail create
pty --type 'SELECT spin();\n' --type '^C' --type 'SELECT 40 + 2 AS after;\n' --type '^D' helios p.db
has out 'error.*CANCELLED' && has out '│    42 │' && has out '^\[exit 0\]'
# Ctrl-C drops what was typed of a statement
pty --type 'SELECT garbage\n' --type '^C' --type 'SELECT 3 AS three;\n' --type '^D' helios -q
has out '│ three │' && lacks out 'error' && lacks out '^helios [0-9]'
# an error does not make the exit code of a session
pty --type 'selec;\n' --type '.quit\n' helios
has out 'syntax error' && has out '^\[exit 0\]'
