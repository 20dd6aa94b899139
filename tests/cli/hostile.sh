# A hostile database: names, definitions and states that its maker chose reach no terminal as they are, JSON stays valid.
printf '(module (func (export "one") (result i64) (i64.const 1)))' >p.wat
helios procedure create -q x.db --name one --file p.wat || fail create
python3 - <<'PY' || fail "edit"
import sqlite3
db = sqlite3.connect("x.db")
bad = "ev\x1b]0;title\x07\x9b31m\u202egnp.exe\x7f\"\\\n|`"
db.execute("UPDATE helios_procedure SET name = ?, kind = 'procedure'", (bad,))
db.execute("UPDATE helios_version SET profile = ?, export = ?, created = ?", (bad, bad, bad))
db.execute("INSERT INTO helios_procedure SELECT 77, ?, kind, deterministic, 1, created, NULL, NULL, NULL, NULL, NULL "
           "FROM helios_procedure", ("plain",))
db.execute("INSERT INTO helios_version SELECT 77, 1, stamp, language, CAST(X'80ff41' AS TEXT), params, returns, strict, "
           "profile, capabilities, options, module_hash, plugin_options, created FROM helios_version")
db.execute(f'CREATE TABLE "{bad.replace(chr(34), "")}"(a, "{bad.replace(chr(34), "")}")')
db.commit()
open("name", "w").write(bad)
PY
name=$(cat name; echo .) && name=${name%.}
raw() { # on a terminal: nothing raw
  python3 "$FILES/terminal.py" "$@" >out 2>&1
  LC_ALL=C sed 's/\x1b\[[0-9;]*m//g' out >bare
  if LC_ALL=C grep -q "$(printf '[\007\033]')" bare || grep -q "$(printf '[\342\200\256\302\233]')" bare; then
    cat -v out; fail "raw bytes: $*"
  fi
}
for command in 'list' 'info plain' 'versions plain'; do
  for mode in list csv line box column markdown json jsonl; do raw helios procedure $command --db x.db -m $mode; done
done
raw helios procedure info x.db "$name"
raw helios procedure info x.db "no$name"
raw helios procedure create x.db --name "$name$name" --file "$name"
raw helios procedure drop x.db "$name" --if-exists
for dot in .procedures '.procedure plain' '.versions plain' '.grants plain' '.tables' '.schema' '.functions e%' ".$name" ".help $name" ".mode $name"; do
  raw helios x.db -m box -c "$dot"
done
for command in 'list' 'info plain' 'versions plain'; do
  expect 0 helios procedure $command --db x.db --json && json_lines out && printable out
done
expect 0 helios procedure info x.db --json "$name" && json_lines out && printable out
expect 0 helios --json x.db -c "SELECT name, kind FROM helios_procedure" && python3 -m json.tool out >/dev/null || fail "json"
expect 1 helios --json x.db -c "SELECT * FROM \"no$name\"" && json_lines err && printable err
# what is no JSON where JSON should be is an error, not a broken line
sqlite3 x.db "UPDATE helios_version SET params = '[{\"name\":', capabilities = 'x' || char(10) || '}'"
helios procedure list x.db --json >out 2>err
python3 - <<'PY' || fail "not JSON"
import json
for line in open("out").read().splitlines() + open("err").read().splitlines():
    json.loads(line)
PY
# tables of its own that would answer in place of the engine's: named, and nothing is believed
sqlite3 fake.db "CREATE TABLE Helios_Versions(procedure, version, status, role, reason); CREATE VIEW helios_audit_log AS SELECT 1"
expect 1 helios doctor fake.db && has out '^fail +tables +.*Helios_Versions' && has out helios_audit_log && lacks out '^ok +versions'
for command in 'procedure list' 'audit' 'metrics' 'procedure info x' 'procedure drop x'; do
  expect 2 helios $command --db fake.db && has err "tables that hide the engine's: .*Helios_Versions" && [ ! -s out ] || fail "$command"
done
expect 2 helios audit --json --db fake.db && json_lines err
