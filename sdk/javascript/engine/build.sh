#!/bin/sh
# build.sh QUICKJS OUT - QuickJS (its unpacked source, of Debian's source package) and the glue beside this
# file as one module, by clang and wasi-libc. What must be otherwise is a definition on the command line or a change by
# edit.py, in a copy.
#   EMSCRIPTEN          no threads, no computed goto, no sizes of blocks from the C library
#   CONFIG_STACK_CHECK  which that would switch off
set -eu
source=$1 out=$2
here=$(cd "$(dirname "$0")" && pwd)
sdk=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
clang=${HELIOS_CLANG:-clang}
echo '#pragma once' >"$work/setjmp.h" # dtoa.c includes it and uses nothing of it
{
  echo 'static const char heliosdb_js[] ='
  sed 's/[\\"]/\\&/g; s/??/?\\?/g; s/^/"/; s/$/\\n"/' "$here/../heliosdb.js"
  echo ';'
} >"$work/heliosdb_js.h"
version=$(cat "$source/VERSION")
flags="--target=wasm32-wasi -O2 -mbulk-memory -msign-ext -fwrapv -D_GNU_SOURCE -DNDEBUG -DEMSCRIPTEN -DCONFIG_STACK_CHECK
  -I$work -I$here -I$source -I$sdk/engine -I$sdk/c -I$sdk/../rt-sandbox"
# shellcheck disable=SC2086
compile() { "$clang" $flags -DCONFIG_VERSION="\"$version\"" "$@"; }
python3 -B "$here/edit.py" "$source" "$work"
compile -w -c "$work/quickjs.c" -o "$work/quickjs.o" &
one=$!
for name in libregexp libunicode dtoa cutils; do
  compile -w -c "$source/$name.c" -o "$work/$name.o"
done
for name in hot engine values host; do
  compile -Wall -Wextra -Werror -Wno-unused-parameter -c "$here/$name.c" -o "$work/$name.o"
done
wait $one
# What calls write first (hot.h), behind the stack. The glue last: a change of it then leaves the code before it as it was, and its objects in heliosc's cache.
objects=
for name in hot quickjs libregexp libunicode dtoa cutils engine values host; do
  objects="$objects $work/$name.o"
done
# Without -O: with it clang would run a wasm-opt that happens to be in PATH.
# shellcheck disable=SC2086
"$clang" --target=wasm32-wasi -mexec-model=reactor $objects -Wl,-z,stack-size=$((524288 + $(sed -n 's/^#define JE_STACK \([0-9]*\)u.*/\1/p' "$here/hot.h"))) -Wl,--stack-first \
  -Wl,--strip-all -o "$work/out.wasm"
mv "$work/out.wasm" "$out"
