#!/bin/sh
# setup.sh - asks for everything that heliosc needs and is not there yet, on Debian 12 or newer.
# Sourced by examples/demo.sh (`helios_setup demo`) and tests/run.sh (`helios_setup tests`).
#
# Changes two things only: Debian packages (by apt, as root or with sudo) and the folder toolchain/ of this
# checkout, which holds wasm2c 1.0.36, the sources of interpreters and, for the tests, Go and AssemblyScript's
# compiler (by npm, as it is set up here). Debian 12's own wasm2c 1.0.32 lacks SIMD and pastes names of
# the module into C source, so Debian 13's package is unpacked there, with the libraries it needs,
# and run by its own loader; nothing of it is installed. Quick when nothing is missing.

PACKAGES_demo="gcc libc6-dev cmake ninja-build pkg-config clang lld libclang-dev libsqlite3-dev libcjson-dev \
libssl-dev libcurl4-openssl-dev libedit-dev sqlite3 wasi-libc libclang-rt-14-dev-wasm32 \
libjemalloc2 python3 xz-utils"
PACKAGES_tests="$PACKAGES_demo libcmocka-dev libclang-rt-14-dev llvm binutils openssl nodejs npm rustc \
libstd-rust-dev-wasm32 cargo libc++-14-dev-wasm32 libc++abi-14-dev-wasm32 binaryen clang-format git locales zsh fish groff-base \
qemu-user-static libc6-dev-arm64-cross"
WABT_MIN=1.0.36
GO_MIN=1.24

say() { printf '%s\n' "heliosc setup: $*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Is there a package, or a program from elsewhere that does its work?
have_package() {
  case $1 in
    nodejs) command -v node >/dev/null 2>&1 && return 0 ;;
    npm|git|cmake|python3|gcc|clang|sqlite3|clang-format) command -v "$1" >/dev/null 2>&1 && return 0 ;;
  esac
  dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

install_packages() {
  missing=
  for package in $1; do
    have_package "$package" || missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  say "installing$missing"
  as_root apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends $missing \
    >/dev/null
}

version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

usable_wasm2c() {
  [ -x "$1" ] && version_at_least "$("$1" --version 2>/dev/null || echo 0)" "$WABT_MIN"
}

# A folder that the environment names takes the place of this checkout's toolchain/: without the tools every
# build would fail.
check_toolchain() {
  [ -n "${HELIOS_TOOLCHAIN:-}" ] || return 0
  wrong="is no folder"
  if [ -d "$HELIOS_TOOLCHAIN" ]; then
    HELIOS_TOOLCHAIN=$(cd "$HELIOS_TOOLCHAIN" && pwd)
    for path in "$HELIOS_TOOLCHAIN/bin/wasm2c" "$HELIOS_TOOLCHAIN/wasm2c" "$(command -v "${HELIOS_WASM2C:-wasm2c}")"; do
      if usable_wasm2c "$path"; then return 0; fi
    done
    wrong="has no wasm2c $WABT_MIN or newer"
  fi
  say "HELIOS_TOOLCHAIN, $HELIOS_TOOLCHAIN, $wrong: unset it, and toolchain/ here is used"
  return 1
}

wrap() { # NAME: a program of the unpacked package under its own loader
  cat >"$tool/bin/$1" <<'WRAPPER'
#!/bin/sh
r=$(dirname "$(readlink -f "$0")")/../root
for l in "$r"/usr/lib64/ld-linux-*.so.* "$r"/usr/lib/*/ld-linux-*.so.*; do [ -f "$l" ] && break; done
exec "$l" --library-path "$(echo "$r"/usr/lib/*-linux-gnu)" "$r/usr/bin/$(basename "$0")" "$@"
WRAPPER
  chmod +x "$tool/bin/$1"
}

# apt with Debian 13 as its only source, by the mirror that apt is set up with already, verified by
# Debian's own keys; for packages that are unpacked here and not installed.
debian13() { # FOLDER deb|deb-src: $apt is its options then
  mkdir -p "$1/lists/partial" "$1/cache/archives/partial" "$1/debs"
  site=$(apt-get indextargets --format '$(SITE)' 'Origin: Debian' 2>/dev/null | grep -v security |
    head -n 1)
  [ -n "$site" ] || site=$(apt-get indextargets --format '$(SITE)' | grep -v security | head -n 1)
  echo "$2 [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site trixie main" \
    >"$1/sources.list"
  apt="-o Dir::Etc::sourcelist=$1/sources.list -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::Lists=$1/lists -o Dir::Cache=$1/cache
    -o APT::Sandbox::User=root -o APT::Get::List-Cleanup=0 -qq"
  # shellcheck disable=SC2086
  apt-get $apt update
}

unpack_wabt() {
  tool=$1/toolchain
  if usable_wasm2c "$tool/bin/wasm2c"; then
    [ -x "$tool/bin/spectest-interp" ] || wrap spectest-interp # unpacked before it was asked for
    return 0
  fi
  path=$(command -v wasm2c || true)
  if [ -n "$path" ] && usable_wasm2c "$path"; then return 0; fi
  say "unpacking wasm2c $WABT_MIN into toolchain/"
  rm -rf "$tool"
  mkdir -p "$tool/bin" "$tool/root"
  debian13 "$tool/apt" deb
  # shellcheck disable=SC2086
  (cd "$tool/apt/debs" && apt-get $apt download wabt libc6 libgcc-s1 libstdc++6 libssl3t64 >/dev/null)
  for deb in "$tool"/apt/debs/*.deb; do dpkg-deb -x "$deb" "$tool/root"; done
  rm -rf "$tool/apt"
  for name in wasm2c wat2wasm wast2json wasm-interp spectest-interp wasm-objdump wasm-validate; do
    wrap "$name"
  done
  usable_wasm2c "$tool/bin/wasm2c" || { say "wasm2c $WABT_MIN does not run here"; return 1; }
}

usable_go() {
  [ -x "$1" ] && version_at_least "$(GOTOOLCHAIN=local "$1" version 2>/dev/null | sed 's/.* go\([0-9.]*\) .*/\1/')" "$GO_MIN"
}

# Debian 12's Go 1.19 makes no modules; Debian 13's is a static program, which runs as it is.
unpack_go() {
  tool=$1/toolchain
  path=$(command -v go || true)
  if usable_go "$tool/bin/go" || { [ -n "$path" ] && usable_go "$path"; }; then return 0; fi
  say "unpacking Go $GO_MIN into toolchain/"
  mkdir -p "$tool/bin" "$tool/root"
  debian13 "$tool/apt" deb
  # shellcheck disable=SC2086
  (cd "$tool/apt/debs" && apt-get $apt download golang-1.24-go golang-1.24-src >/dev/null)
  for deb in "$tool"/apt/debs/*.deb; do dpkg-deb -x "$deb" "$tool/root"; done
  rm -rf "$tool/apt"
  ln -sf ../root/usr/lib/go-1.24/bin/go "$tool/bin/go"
  usable_go "$tool/bin/go" || { say "Go $GO_MIN does not run here"; return 1; }
}

# Sources of the interpreters that heliosc's build makes modules of (docs/script-engines.md), of Debian 13's
# source packages, to toolchain/src/<package>. Nothing of them is in this repository.
unpack_sources() { # SOURCE_DIR PACKAGE...
  src=$1/toolchain/src
  shift
  for package in "$@"; do
    [ -d "$src/$package" ] && continue
    say "unpacking the source of $package into toolchain/src"
    rm -rf "$src/.unpacking"
    mkdir -p "$src/.unpacking"
    [ -n "${apt_sources:-}" ] || debian13 "$src/.apt" deb-src
    apt_sources=yes
    # shellcheck disable=SC2086
    (cd "$src/.apt/debs" && apt-get $apt source --download-only "$package" >/dev/null)
    tar -C "$src/.unpacking" -xf "$src/.apt/debs/${package}"_*.orig.tar.*[!c] --strip-components 1
    mv "$src/.unpacking" "$src/$package"
  done
  rm -rf "$src/.apt"
}

# .ci/npm/package-lock.json says which release, by its hash. Without it the tests of TypeScript are skipped.
install_asc() {
  tool=$1/toolchain
  [ -x "$tool/bin/asc" ] && return 0
  say "installing assemblyscript into toolchain/"
  mkdir -p "$tool/bin"
  cp "$1/.ci/npm/package.json" "$1/.ci/npm/package-lock.json" "$tool/"
  (cd "$tool" && npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 >npm.log 2>&1) || {
    say "npm can't install assemblyscript (toolchain/npm.log): tests of TypeScript will be skipped"
    return 0
  }
  rm -rf "$tool/node_modules/binaryen/bin" # 80 MB of programs that asc does not use
  ln -sf ../node_modules/assemblyscript/bin/asc.js "$tool/bin/asc"
}

helios_setup() { # demo|tests SOURCE_DIR
  check_toolchain || return 1
  case $1 in
    demo) install_packages "$PACKAGES_demo" ;;
    tests) install_packages "$PACKAGES_tests" ;;
  esac
  unpack_wabt "$2"
  unpack_sources "$2" quickjs micropython
  [ "$1" = demo ] || unpack_go "$2"
  [ "$1" = demo ] || install_asc "$2"
}

# Configures and builds one preset; prints nothing but problems when all is up to date.
helios_build() { # PRESET SOURCE_DIR TESTS(ON|OFF: leaves tests that are configured already)
  grep -qx "HELIOS_TESTS:BOOL=\($3\|ON\)" "$2/build/$1/CMakeCache.txt" 2>/dev/null ||
    (cd "$2" && cmake --preset "$1" -DHELIOS_TESTS="$3" >/dev/null)
  (cd "$2" && cmake --build --preset "$1" -- --quiet)
}
