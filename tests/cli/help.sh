# Help in all its forms is a snapshot; it goes to stdout, in 80 columns.
try heliosc -h
try heliosc --help
try heliosc help verify
try heliosc verify --help
heliosc help --all >out
awk 'length($0) > 80 { exit 1 }' out || fail "a line of help is too long"
