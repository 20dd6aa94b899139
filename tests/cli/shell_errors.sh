# Errors: name, caret, hint; as JSON; rows before them first; nothing hostile on a terminal.
try helios -c "SELECT 1; SELECT * FROM $(printf 'x%.0s' $(seq 60))y WHERE z"
try helios -c "CREATE PROCEDURE p( LANGUAGE wasm"
try helios -c "CREATE PROCEDURE p() LANGUAGE wasm AS '/no/such/file.wasm'"
echo 'def f(a: int) -> int: return a' >tax.py
try helios -c "CREATE PROCEDURE tax LANGUAGE wasm AS 'tax.py'"
try helios -c "CREATE PROCEDURE tax LANGUAGE python AS 'tax.py'"
head -c 99 /dev/zero >tax.wasm
try helios -c "CREATE PROCEDURE tax LANGUAGE wasm AS 'tax.wasm'"
try helios -c "CREATE PROCEDURE tax LANGUAGE wasm AS X'0102'"
try helios -c "CALL nothing(1)"
try helios -c "DROP PROCEDURE nothing"
helios --json -c "SELECT 1 AS a; SELECT nope; SELECT 2 AS b" >out 2>err && fail "exit 0"
python3 - <<'PY' || fail "json errors"
import json
rows = [json.loads(x) for x in open("out").read().splitlines()]
assert rows == [[{"a": 1}], [{"b": 2}]], rows
e = json.loads(open("err").read())
assert e["v"] == 1 and e["type"] == "error" and e["code"] == "SQL" and "nope" in e["text"], e
PY
bad=$(printf 'x\033[31m\342\200\256\007')
helios -c "SELECT * FROM \"$bad\"" >out 2>&1; printable out
helios -c ".$bad" >out 2>&1; printable out
helios "--$bad" >out 2>&1; printable out
helios "no/$bad/x.db" >out 2>&1; printable out
helios -f "no/$bad" >out 2>&1; printable out
for mode in list csv box json column markdown; do # on a terminal nothing raw in any mode
  python3 "$FILES/terminal.py" helios -m $mode -c "SELECT 'a' || char(27) || ']0;t' || char(7, 155, 8238) AS \"$bad\"" >out
  if LC_ALL=C grep -q "$(printf '[\007\033]')" out || grep -q "$(printf '\342\200\256')" out; then
    cat -v out; fail "raw characters in mode $mode"
  fi
done
echo "-- a procedure that is called as a word of SQL is"
try helios -c "SELECT add(1, 2)"
try helios -c "SELECT nadd(1, 2"
