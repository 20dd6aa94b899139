#!/bin/sh
# run.sh - sets up, builds and runs all tests. `sh tests/run.sh [quick]`: quick leaves out the
# sanitizer builds and what is labelled slow.
set -eu
source_dir=$(cd "$(dirname "$0")/.." && pwd)
. "$source_dir/.ci/setup.sh"
helios_setup tests "$source_dir"

suite() { # PRESET [CTEST OPTIONS]
  preset=$1
  shift
  say "building $preset"
  helios_build "$preset" "$source_dir" ON
  (cd "$source_dir" && ctest --preset "$preset" -j "$(nproc)" "$@")
}

if [ "${1:-}" = quick ]; then
  suite release -LE slow
else
  suite clang -LE 'slow|bench'
  suite debug -LE 'slow|bench'
  suite release
fi
