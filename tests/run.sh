#!/bin/sh
# run.sh - sets up, builds and runs the tests. `sh tests/run.sh [quick]`: quick is the release build
# without what is labelled slow or bench.
#
# Every preset runs, whatever failed before it; the status is non-zero if any failed. What runs where:
#   clang    compiles without warnings; unit tests, fuzz seeds: all but slow
#   debug    address and undefined behaviour sanitizer: all but slow, bench, rules of the tree, builds of engines
#   tsan     thread sanitizer: the tests labelled threads
#   release  everything (bench in its short form); last, so that its summary closes the output
set -eu
source_dir=$(cd "$(dirname "$0")/.." && pwd)
. "$source_dir/.ci/setup.sh"
helios_setup tests "$source_dir"
failed=

suite() { # PRESET [CTEST OPTIONS]
  preset=$1
  shift
  say "building $preset"
  # A shell of its own: in a condition, set -e would not end helios_build at its first failure.
  if ! sh -ec '. "$2/.ci/setup.sh"; helios_build "$1" "$2" ON' sh "$preset" "$source_dir"; then
    failed="$failed $preset(build)"
    return 0
  fi
  say "testing $preset"
  (cd "$source_dir" && ctest --preset "$preset" --no-tests=error -j "$(nproc)" "$@") || failed="$failed $preset"
}

if [ "${1:-}" = quick ]; then
  suite release -LE 'slow|bench'
else
  suite clang -LE 'slow|bench' -R '^(unit|fuzz)/'
  suite debug -LE 'slow|bench' -E '^(tree/|cli/(engine|as_build))'
  suite tsan -L threads
  [ -z "$failed" ] || say "failed so far:$failed"
  suite release
fi
[ -z "$failed" ]
