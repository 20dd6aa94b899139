# Options of helios, and what can't be opened: exit code 2.
try helios --help
try helios -x
try helios --nothing
try helios --mode
try helios --mode=none
try helios --bail=1
try helios a.db b.db
try helios no/such/folder/x.db -c 'SELECT 1'
try helios -f missing.sql
printf 'this is no database file, but long enough to be taken for one by its size' >bad.db
helios bad.db -c 'SELECT * FROM sqlite_schema' >out 2>err; code=$?
[ $code = 1 ] || [ $code = 2 ] || fail "exit code $code for a file that is no database"
has err '^error: .*not a database'
try helios -c '.help'
helios -c 'SELECT 1' >/dev/full 2>err && fail "a full disk is no success"
has err 'standard output'
