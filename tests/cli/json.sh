# --json: one object a line on stdout, nothing on stderr, whatever the command.
cp "$FILES/add.wat" .
run() {
  heliosc --json "$@" >out 2>err
  [ ! -s err ] || { cat err; fail "stderr with --json: $*"; }
  json_lines out
}
run build add.wat
python3 - <<'PY' || fail "build result"
import json
o = json.loads(open("out").read())
assert o["type"] == "result" and o["command"] == "build" and o["output"] == "add.so"
assert o["functions"] == 2 and o["exports"] == 2 and o["imports"] == 1 and not o["cached"]
assert len(o["sha256"]) == 64 and o["ms"]["total"] > 0 and o["output_bytes"] > 1000
PY
python3 -m json.tool <out >/dev/null || fail "json.tool"
run inspect add.wat && has out '"sql":"plus.a BIGINT, b BIGINT. RETURNS BIGINT"'
run inspect add.so && has out '"embedded":true'
run verify add.so && has out '"ok":true'
run doctor
run explain H0105
run explain --all
run cache list
run cache verify
run cache path
run env
run version
run build missing.wasm && has out '"code":"H0002"' && has out '"exit":1'
run build --no-fuel add.wat && has out '"level":"warning"'
run cache clear
