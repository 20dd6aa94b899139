# The scripts parse where their shells are, name every command and option, and complete.
scripts() { # PROGRAM, its tables
  names "$2/commands.def" COMMAND | tr ' ' '\n' >words
  names "$2/options.def" OPTION >>words
  for shell in bash zsh fish; do
    "$1" completion $shell >c.$shell || fail "completion $shell"
    while read -r word; do has c.$shell "$word"; done <words
  done
  bash -n c.bash || fail "bash -n"
  if command -v zsh >/dev/null; then zsh -n c.zsh || fail "zsh -n"; fi
  if command -v fish >/dev/null; then fish -n c.fish || fail "fish -n"; fi
}
complete() {
  bash -c '. ./c.bash; compopt() { :; }; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _'"$1"'
           printf "%s\n" "${COMPREPLY[@]}" | sort' bash "$@" | tr '\n' ' '
  echo
}
scripts heliosc "$SOURCE/compiler/cli"
complete heliosc ins
complete heliosc verify --a
complete heliosc build --tier = b
complete heliosc build --bounds ''
complete heliosc completion z
complete heliosc cache ''
scripts helios "$SOURCE/runtime/cli"
complete helios proc
complete helios procedure pro
complete helios procedure dr
complete helios procedure drop --c
complete helios --mode = js
complete helios shop.db --ba
complete helios completion f
# loaded, each shell offers what there is
for shell in bash zsh fish; do helios completion $shell >helios.$shell; done
if command -v zsh >/dev/null; then
  zsh -fc 'autoload -Uz compinit && compinit -D -u; source ./helios.zsh; (( $+functions[_helios] )) && [[ $_comps[helios] = _helios ]]' ||
    fail "zsh does not load it"
fi
if command -v fish >/dev/null; then
  fish --no-config -c 'source ./helios.fish; complete -C "helios procedure dr"' | cut -f 1 >out
  has out '^drop$'
  fish --no-config -c 'source ./helios.fish; complete -C "helios --mode="' | cut -f 1 >out
  has out 'jsonl'
fi
