# cargo test of the Rust SDK itself and of a new project, offline, with each cargo that is here; Clippy's silence is not asked.
HOME=$(getent passwd "$(id -u)" | cut -d: -f6) # rustup's
export HOME CARGO_TARGET_DIR="$PWD/made"
cp -r "$FILES/../../../sdk/rust" sdk
heliosc new -q --lang rust shop
ran=
for cargo in $(command -v cargo) /usr/bin/cargo; do
  version=$($cargo --version 2>/dev/null) || continue
  case $ran in *"$version"*) continue ;; esac
  PATH=$(dirname "$cargo"):$PATH
  for folder in sdk shop; do
    rm -f $folder/Cargo.lock
    (cd $folder && "$cargo" test --offline --quiet) >out 2>&1 || { cat out; fail "$version in $folder"; }
    has out 'test result: ok' && lacks out 'warning'
  done
  ran="$ran $version;"
done
[ -n "$ran" ] || { echo "no cargo (package cargo)"; exit 77; }
echo "with:$ran"
