#!/bin/sh
# run.sh - builds an example of plain procedures, creates them in a new database with the grants that they ask for,
# fills it by schema.sql, runs calls.sql and compares what it prints with `expected`.
#
# usage: run.sh BIN NAME    BIN: the folder of heliosc and helios; NAME: a folder here with NAME.c
# Exit code: 0 as expected, 1 not.
set -eu
bin=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")/$2" && pwd)
name=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$bin/heliosc" build -q -o "$work/$name.so" "$here/$name.c"
"$bin/heliosc" inspect --json "$work/$name.so" > "$work/about.json"
grants=$(sed -n 's/.*"capabilities":\[\([^]]*\)\].*/\1/p' "$work/about.json" | tr '"' "'")
for procedure in $(grep -o '"sql":"[a-z_]*' "$work/about.json" | sed 's/.*"//'); do
  echo "CREATE PROCEDURE $procedure LANGUAGE wasm ${grants:+CAPABILITIES ($grants)} AS '$work/$name.so';"
done > "$work/create.sql"
"$bin/helios" -q --bail "$work/example.db" -f "$work/create.sql"
"$bin/helios" -q --bail "$work/example.db" -f "$here/schema.sql"
"$bin/helios" -q --bail "$work/example.db" -f "$here/calls.sql" > "$work/printed"
cat "$work/printed"
diff "$here/expected" "$work/printed"
