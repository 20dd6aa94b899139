# Every code has a text and a hint.
try heliosc explain H0105
try heliosc explain 402
heliosc explain --all --json >out && json_lines out
python3 - "$SOURCE/compiler/base/errors.def" <<'PY' || fail "codes"
import json, re, sys
rows = [json.loads(line) for line in open("out")]
table = re.findall(r"^HCC_ERROR\((\w+), (\d+), (\d+),", open(sys.argv[1]).read(), re.M)
assert len(rows) == len(table) > 20, (len(rows), len(table))
for row, (name, number, code) in zip(rows, table):
    assert row["code"] == f"H{int(number):04}" and row["name"] == name and row["exit"] == int(code)
    assert len(row["title"]) > 5 and len(row["hint"]) > 10, row
PY
