# lib.sh - what the shell tests share.
set -u

# Runs a command and prints its exit code.
try() {
  code=0
  "$@" || code=$?
  echo "[exit $code]"
}

fail() {
  echo "FAIL: $*"
  exit 1
}

# The command must end with this exit code; its output goes to ./out and ./err.
expect() {
  wanted=$1
  shift
  code=0
  "$@" >out 2>err || code=$?
  [ "$code" = "$wanted" ] || { cat out err; fail "exit code $code, not $wanted: $*"; }
}

# The file must have a line that fits the pattern (grep -E), or must have none.
has() { grep -Eq -- "$2" "$1" || { cat "$1"; fail "no '$2' in $1"; }; }
lacks() { if grep -Eq -- "$2" "$1"; then cat "$1"; fail "'$2' in $1"; fi; }

# Nothing but printable ASCII and newlines.
printable() { if LC_ALL=C grep -nq '[^ -~]' "$1"; then cat -v "$1"; fail "raw bytes in $1"; fi; }

# Every line is a JSON object with "v" and "type".
json_lines() {
  python3 - "$1" <<'PY' || fail "not JSON lines: $1"
import json, sys
lines = open(sys.argv[1]).read().splitlines()
assert lines, "empty"
for line in lines:
    o = json.loads(line)
    assert o["v"] == 1 and o["type"], line
PY
}

# The names in a table of commands or options: names FILE COMMAND|OPTION
names() {
  case $2 in
    COMMAND) sed -n 's/^SH_COMMAND([a-z_]*, "\([^"]*\)".*/\1/p; s/^HCC_COMMAND(\([a-z]*\),.*/\1/p' "$1" ;;
    OPTION) sed -n 's/^[A-Z]*_OPTION([a-z_0-9]*, [^,]*, "\([^"]*\)".*/\1/p' "$1" ;;
  esac
}
