#!/bin/sh
# demo.sh - the main job, end to end: installs what is missing, builds heliosc and helios, compiles
# the discount procedure and calls it over 100,000 orders of a SQLite database.
set -eu
source_dir=$(cd "$(dirname "$0")/.." && pwd)
. "$source_dir/.ci/setup.sh"
helios_setup demo "$source_dir"
say "building (once)"
helios_build release "$source_dir" OFF
exec sh "$source_dir/examples/discount/run.sh" "$source_dir/build/release/bin" c
