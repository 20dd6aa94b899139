#!/bin/sh
# once.sh CACHE OUT ROOT BUILD SOURCE FILE... - runs `BUILD SOURCE OUT` in a copy of what it reads, or takes what it made before
# of the same bytes and by the same compiler: the presets of one checkout share the modules of interpreters. BUILD and
# the FILEs stand below ROOT and so in the copy; SOURCE is the interpreter's own folder. All is read once: what is
# edited meanwhile is neither in the key nor in the module.
set -eu
cache=$1 out=$2 root=$3 build=$4 source=$5
shift 5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
mkdir "$work/tree" "$work/source"
for file in "$build" "$@"; do
  name=${file#"$root"/}
  mkdir -p "$work/tree/$(dirname "$name")"
  cp "$file" "$work/tree/$name"
done
(cd "$source" && find . -maxdepth 3 -type f \( -name '*.[ch]' -o -name '*.py' -o -name VERSION \) -exec cp --parents -t "$work/source" {} +)
key=$( (
  "${HELIOS_CLANG:-clang}" --version
  cd "$work"
  find tree source -type f | LC_ALL=C sort | xargs sha256sum
) | sha256sum | cut -c 1-32)
if [ ! -f "$cache/$key.wasm" ]; then
  mkdir -p "$cache"
  sh "$work/tree/${build#"$root"/}" "$work/source" "$work/made.wasm"
  cp "$work/made.wasm" "$cache/$key.$$.part"
  mv "$cache/$key.$$.part" "$cache/$key.wasm"
fi
cp "$cache/$key.wasm" "$out"
