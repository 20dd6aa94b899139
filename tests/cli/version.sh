heliosc version >out && has out '^heliosc [0-9]+\.[0-9]+\.[0-9]+ \(plugin abi [0-9]+\.[0-9]+\)$'
heliosc --version >out2 && cmp out out2 || fail "--version differs"
heliosc version --json >out && json_lines out && has out '"abi_major":1'
helios --version >out && has out '^helios [0-9.]+ \(sqlite [0-9.]+\)$'
