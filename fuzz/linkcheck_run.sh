#!/bin/sh
# linkcheck_run.sh - linkcheck_run over guest.wat, built now, since only then the link check accepts it.
# usage: linkcheck_run.sh HELIOSC LINKCHECK_RUN [COUNT [SEED]]
set -eu
here=$(dirname "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
[ -n "${HELIOS_TOOLCHAIN:-}" ] || [ ! -d "$here/../toolchain" ] || export HELIOS_TOOLCHAIN="$here/../toolchain"
export HELIOS_KEY="$folder/key" HELIOS_CACHE="$folder/cache"
"$1" build -q --no-embed -o "$folder/guard.so" "$here/guest.wat"
"$1" build -q --no-embed --bounds explicit --tier baseline -o "$folder/explicit.so" "$here/guest.wat"
"$2" "${3:-25}" "${4:-1}" "$folder/guard.so" "$folder/explicit.so"
