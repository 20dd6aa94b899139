# The scripts parse where their shells are, name every command and option, and complete.
for shell in bash zsh fish; do
  heliosc completion $shell >c.$shell || fail "completion $shell"
  sed -n 's/^HCC_COMMAND(\([a-z]*\),.*/\1/p' "$SOURCE/compiler/commands.def" | while read -r c; do has c.$shell "$c"; done
  sed -n 's/^HCC_OPTION([a-z_0-9]*, [^,]*, "\([^"]*\)".*/\1/p' "$SOURCE/compiler/options.def" | while read -r o; do
    has c.$shell "$o"
  done
done
bash -n c.bash || fail "bash -n"
if command -v zsh >/dev/null; then zsh -n c.zsh || fail "zsh -n"; fi
if command -v fish >/dev/null; then fish -n c.fish || fail "fish -n"; fi
complete() {
  bash -c '. ./c.bash; compopt() { :; }; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _heliosc
           printf "%s\n" "${COMPREPLY[@]}" | sort' bash "$@" | tr '\n' ' '
  echo
}
complete heliosc ins
complete heliosc verify --a
complete heliosc build --tier = b
complete heliosc build --bounds ''
complete heliosc completion z
complete heliosc cache ''
