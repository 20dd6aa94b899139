# Every mode, with names, NULL, blobs, numbers, quotes, wide characters and control characters.
cat >q.sql <<'SQL'
CREATE TABLE t(id INTEGER, name TEXT, price REAL, data BLOB);
INSERT INTO t VALUES (1, 'plain', 1.5, NULL), (20, 'a|b,"c"' || char(10) || 'd', -3.0, x'00ff'),
  (300, 'tür 漢字 ' || char(27) || '[31m' || char(8238, 65), NULL, zeroblob(3)), (NULL, '', 9e999, 'text');
SQL
rm -f x.db && helios x.db -f q.sql
for mode in list csv json box column markdown; do
  echo "== $mode"
  try helios x.db --headers -m $mode -c 'SELECT * FROM t'
done | LC_ALL=C tr '\033' '?'
helios x.db --mode json -c 'SELECT * FROM t' | python3 -m json.tool >out || fail "json.tool"
helios x.db --mode json -c "SELECT cast(x'80ff41c3' AS TEXT) a, char(0x10ffff, 0xe0041, 0x7f, 1, 34, 92) b" >out
python3 - <<'PY' || fail "json text"
import json
row = json.load(open("out"))[0]
assert row["a"] == "\ufffd\ufffdA\ufffd" and row["b"] == "\U0010ffff\U000e0041\x7f\x01\"\\", row
PY
helios x.db --mode csv --headers -c 'SELECT id, name FROM t' >out
python3 - <<'PY' || fail "csv"
import csv
rows = list(csv.reader(open("out", newline="")))
assert rows[0] == ["id", "name"] and rows[2] == ["20", 'a|b,"c"\nd'], rows
PY
try helios x.db -m box -c 'SELECT * FROM t WHERE 0'
try helios x.db -m json -c 'SELECT * FROM t WHERE 0'
