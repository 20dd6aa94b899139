#!/bin/sh
# once.sh CACHE OUT BUILD SOURCE FILE... - runs `BUILD SOURCE OUT`, or takes what it made before from the same
# compiler, SOURCE (a folder) and FILEs: the presets of one checkout share the modules of interpreters.
set -eu
cache=$1 out=$2 build=$3 source=$4
shift 4
key=$( (
  "${HELIOS_CLANG:-clang}" --version
  cat "$build" "$@"
  find "$source" -maxdepth 3 -type f \( -name '*.[ch]' -o -name '*.py' -o -name VERSION \) | LC_ALL=C sort | xargs cat
) | sha256sum | cut -c 1-32)
if [ ! -f "$cache/$key.wasm" ]; then
  mkdir -p "$cache"
  sh "$build" "$source" "$cache/$key.$$.part"
  mv "$cache/$key.$$.part" "$cache/$key.wasm"
fi
cp "$cache/$key.wasm" "$out"
