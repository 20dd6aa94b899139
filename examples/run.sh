#!/bin/sh
# run.sh - builds an example, in whatever language it is, creates its procedures in a new database with the grants that
# they ask for, fills it by schema.sql, runs calls.sql and compares what it prints with `expected`.
#
# usage: run.sh BIN NAME [FILE...]    BIN: the folder of heliosc and helios; NAME: a folder here
#                                     FILE: sources in it; NAME.c if none is named
# Exit code: 0 as expected, 1 not, 77 this machine lacks a toolchain, as it says.
set -eu
bin=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")/$2" && pwd)
name=$2
shift 2
[ $# -gt 0 ] || set -- "$name.c"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() { # FILE: work/FILE.so
  status=0
  "$bin/heliosc" build -q -o "$work/$1.so" "$here/$1" 2>"$work/err" || status=$?
  cat "$work/err" >&2
  if [ $status = 3 ] && grep -q H0300 "$work/err"; then exit 77; fi
  [ $status = 0 ] || exit 1
}

create() { # FILE: statements that create all its procedures
  "$bin/heliosc" inspect --json "$work/$1.so" > "$work/about.json"
  grants=$(sed -n 's/.*"capabilities":\[\([^]]*\)\].*/\1/p' "$work/about.json" | tr '"' "'")
  for procedure in $(grep -o '"sql":"[A-Za-z0-9_]*' "$work/about.json" | sed 's/.*"//'); do
    echo "CREATE PROCEDURE $procedure LANGUAGE wasm ${grants:+CAPABILITIES ($grants)} AS '$work/$1.so';"
  done
}

for file in "$@"; do
  build "$file"
  create "$file" >> "$work/create.sql"
done
"$bin/helios" -q --bail "$work/example.db" -f "$work/create.sql"
"$bin/helios" -q --bail "$work/example.db" -f "$here/schema.sql"
"$bin/helios" -q --bail "$work/example.db" -f "$here/calls.sql" > "$work/printed"
cat "$work/printed"
diff "$here/expected" "$work/printed"
