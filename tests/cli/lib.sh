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

# Interpreters are compiled once for all tests and presets: need_engine FILE, a script of the language.
# Skips the test if heliosc was built without it.
need_engine() {
  mkdir -p "$SOURCE/build/engine-cache"
  export HELIOS_CACHE="$SOURCE/build/engine-cache" HELIOS_KEY="$SOURCE/build/engine-cache/key"
  flock "$SOURCE/build/engine-cache" heliosc build -o need_engine.so "$1" >need_engine.out 2>&1 && return 0
  if grep -q 'was built without' need_engine.out; then
    cat need_engine.out
    exit 77
  fi
  cat need_engine.out
  fail "no interpreter for $1"
}
