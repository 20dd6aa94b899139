#!/bin/sh
# run.sh - builds the procedure and lets the application run it; its output must be `expected`.
#
# usage: run.sh BIN     BIN: the folder of heliosc, helios and example_custom_hash
set -eu
bin=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${HELIOS_CLANG:-clang}" --target=wasm32 -nostdlib -O2 -Wall -Wextra -Werror -I "$here/../../sdk/c" \
  -Wl,--no-entry,--stack-first -o "$work/procedure.wasm" "$here/procedure.c"
HELIOS_HELIOSC=$bin/heliosc "$bin/example_custom_hash" "$work/users.db" "$work/procedure.wasm" > "$work/out" || {
  cat "$work/out"
  exit 1
}
cat "$work/out"
diff "$here/expected" "$work/out"
