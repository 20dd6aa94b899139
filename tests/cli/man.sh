# The man pages have every command and option that help has, and no warnings where groff is.
page() { # PROGRAM, its tables
  "$1" help --man >page || fail "help --man"
  tr -d '\\' <page >plain
  "$1" --help >help
  names "$2/commands.def" COMMAND >commands
  names "$2/options.def" OPTION >options
  [ "$(wc -l <commands)" -gt 10 ] && [ "$(wc -l <options)" -gt 20 ] || fail "tables not found"
  while read -r c; do has plain "$1 $c" && has help "^  $c"; done <commands
  while read -r o; do has plain "--$o" && has help "--$o"; done <options
  for section in NAME SYNOPSIS COMMANDS OPTIONS 'EXIT STATUS' ENVIRONMENT; do has page "^\.SH $section"; done
  if command -v groff >/dev/null; then
    groff -man -Tutf8 -ww -z page 2>err
    [ ! -s err ] || { cat err; fail "groff"; }
  fi
}
page heliosc "$SOURCE/compiler/cli"
page helios "$SOURCE/runtime/cli"
