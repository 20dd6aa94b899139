# Every dot command, in a script; help on each; wrong ones.
cat >p.wat <<'WAT'
(module (func (export "twice") (param i64) (result i64) (i64.add (local.get 0) (local.get 0))))
WAT
helios x.db -c "CREATE TABLE orders(id INTEGER PRIMARY KEY, total REAL); CREATE VIEW v AS SELECT 1 AS one;
  CREATE FUNCTION twice(a BIGINT) RETURNS BIGINT LANGUAGE wasm DETERMINISTIC AS './p.wat'" || fail create
cat >script.sql <<'SQL'
.tables
.tables ord%
.schema orders
.functions tw%
.functions json_extr%
.procedures
.procedures nothing%
.grants twice
.versions nothing
.procedure nothing
.mode line
SELECT 1 AS a, NULL AS long_name UNION ALL SELECT 'x', 2;
.mode jsonl
SELECT 1 AS a, NULL AS b, 'é"' AS c;
.procedures
.grants twice
.functions twi%
.tables
.mode list
.mode
.mode bx
.nullvalue (none)
SELECT NULL, 1;
.mode csv
SELECT NULL, 'a b', ' c';
.nullvalue
SELECT NULL, 1;
.headers on
SELECT 1 AS "a,b";
.headers off
.mode list
.headers maybe
.changes on
INSERT INTO orders(total) VALUES (1), (2);
.changes off
.once once.txt
SELECT 'in the file once';
SELECT 'not in the file';
.output rows.txt
SELECT 'one' UNION ALL SELECT 'two';
.tables
SELECT oops;
.output
SELECT 'back';
.output no/such/folder/x
.output one two
.output
.log off
.log on
.timer on
SELECT 'timed';
.timer off
.read inner.sql
.read
.open y.db
.tables
CREATE TABLE of_y(a);
.open no/such/folder/z.db
.tables
.open x.db
SELECT twice(21);
.help mode
.help tab
.help .open
.help nothing
.nothing
.tabels
.bail on
.quit now
SELECT 'not reached';
SQL
echo ".tables v" >inner.sql
helios x.db -f script.sql 2>&1 | sed 's/time: .*/time: T/'
echo == once.txt && cat once.txt
echo == rows.txt && cat rows.txt
helios x.db -c '.procedure twice' >out && has out '^ +name = twice$' && has out 'parameters = a BIGINT$' && has out 'deterministic = yes'
helios x.db -c '.versions twice' >out && has out '^1\|current\|\|[0-9a-f]{64}\|20'
# every dot command has help, and the page lists it
helios -c '.help' | cut -d ' ' -f 1 | tr -d . >commands
[ "$(wc -l <commands)" -ge 20 ] || fail "dot commands not found"
while read -r c; do
  helios -c ".help $c" >out 2>&1 && has out "^\.$c" || fail ".help $c"
  grep -q "\`\.$c[ \`]" "$SOURCE/docs/commands.md" || fail ".$c is not in docs/commands.md"
done <commands
[ "$(grep -c '^SH_DOT(' "$SOURCE/runtime/cli/dot.def")" = "$(wc -l <commands)" ] || fail "a dot command is not listed"
# a file that can't take the rows is an error
helios -c '.output /dev/full' -c "SELECT hex(zeroblob(100000))" 2>err && fail "a full disk is no success"
has err "can't write /dev/full"
