# The man page has every command and option that help has, and no warnings where groff is.
heliosc help --man >page || fail "help --man"
tr -d '\\' <page >plain
sed -n 's/^HCC_COMMAND(\([a-z]*\),.*/\1/p' "$SOURCE/compiler/commands.def" | while read -r c; do has plain "heliosc $c"; done
sed -n 's/^HCC_OPTION([a-z_0-9]*, [^,]*, "\([^"]*\)".*/\1/p' "$SOURCE/compiler/options.def" >names
[ "$(wc -l <names)" -gt 20 ] || fail "options not found"
heliosc --help >help
while read -r o; do
  has plain "--$o"
  has help "--$o"
done <names
for section in NAME SYNOPSIS COMMANDS OPTIONS 'EXIT STATUS' ENVIRONMENT; do has page "^\.SH $section"; done
if command -v groff >/dev/null; then
  groff -man -Tutf8 -ww -z page 2>err
  [ ! -s err ] || { cat err; fail "groff"; }
fi
