# Colour: on a terminal, not in a pipe; NO_COLOR, CLICOLOR_FORCE, --color, dumb terminals.
pty() { python3 "$FILES/terminal.py" "$@" >out; }
colored() { LC_ALL=C grep -q "$(printf '\033\\[[0-9;]*m')" out || fail "no colour: $*"; }
plain() { if LC_ALL=C grep -q "$(printf '\033\\[[0-9;]*m')" out; then cat -v out; fail "colour: $*"; fi; }
pty heliosc build missing.wasm; colored terminal
pty heliosc help; colored help
NO_COLOR=1 pty heliosc build missing.wasm; plain NO_COLOR
NO_COLOR= pty heliosc build missing.wasm; colored "empty NO_COLOR"
TERM=dumb pty heliosc build missing.wasm; plain dumb
pty heliosc --color=never build missing.wasm; plain never
pty heliosc --json build missing.wasm; plain json
heliosc build missing.wasm >out 2>&1; plain pipe
CLICOLOR_FORCE=1 heliosc build missing.wasm >out 2>&1; colored CLICOLOR_FORCE
CLICOLOR_FORCE=0 heliosc build missing.wasm >out 2>&1; plain "CLICOLOR_FORCE=0"
heliosc --color=always build missing.wasm >out 2>&1; colored always
pty helios -c 'selec'; colored shell
NO_COLOR=1 pty helios -c 'selec'; plain "shell NO_COLOR"
