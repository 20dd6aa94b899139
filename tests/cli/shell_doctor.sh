# helios doctor: this machine is well; what is not is named, with what to do; a damaged database is found.
expect 0 helios doctor && lacks out '^fail' && has out '^ok +sqlite ' && has out '^ok +compiler .*heliosc' && has out '^ok +toolchain'
has out '^warn +key +none yet' # no plugin was ever made with this HOME
ldd "$(command -v helios)" | grep -q 'lib[at]san' || has out '^ok +sqlite3 +sqlite3 loads the extension'
lacks out integrity
# from here on with a compiler whose checks take no time
printf '#!/bin/sh\necho heliosc 1\n' >quick && chmod +x quick
doctor() { HELIOS_HELIOSC=./quick helios doctor "$@"; }
printf '(module (func (export "one") (result i64) (i64.const 1)))' >p.wat
expect 0 helios procedure create x.db --name one --file p.wat
expect 0 doctor x.db && has out '^ok +key +.*local.key' && has out '^ok +integrity'
expect 0 doctor --json --db x.db && json_lines out && has out '"type":"result","command":"doctor","ok":true'
expect 0 doctor -q x.db && lacks out '^ok'
HELIOS_DB=x.db expect 0 doctor && has out '^ok +integrity'
chmod 644 .config/helios/local.key
expect 1 doctor && has out '^fail +key .*can be read by others' && has out '^ +fix: chmod 600'
expect 1 doctor --json && has out '"ok":false'
chmod 600 .config/helios/local.key
# the trust root
expect 0 doctor && has out '^ok +trust root +none'
mkdir -p .config/helios/trust.d && expect 0 doctor && has out '^ok +trust root .*trust.d, 0 keys'
echo x >.config/helios/trust.d/vendor.pub && expect 0 doctor && has out '1 key$'
chmod 666 .config/helios/trust.d/vendor.pub && expect 1 doctor && has out '^fail +trust root .*vendor.pub can be written by others'
mkdir -m 777 loose && chmod 777 loose && HELIOS_TRUST_ROOT=loose expect 1 doctor && has out '^fail +trust root +loose can be written'
rm -r .config/helios/trust.d
mkdir -p xdg/helios/trust.d && XDG_CONFIG_HOME=$PWD/xdg expect 0 doctor && has out '^ok +trust root .*xdg/helios/trust.d, 0 keys'
# versions: those that can't run here are named, with the reason
expect 0 doctor x.db && has out '^ok +versions +1 procedures, 1 versions'
helios procedure create -q x.db --name pure --file p.wat --export one --deterministic || fail create
helios x.db -c 'CREATE TABLE t(a); CREATE INDEX i ON t(a + pure())' && expect 0 doctor x.db && has out '^ok +schema +index i'
cp x.db there.db && head -c 32 /dev/urandom >other.key && chmod 600 other.key
HELIOS_KEY=other.key HELIOS_HELIOSC=/none expect 1 helios doctor there.db && has out '^fail +version +one version 1: ' && has out '^ +fix: after a restore'
HELIOS_KEY=other.key expect 0 helios procedure rebuild there.db && has err 'rebuilt: [12]$' && HELIOS_KEY=other.key expect 0 doctor there.db
HELIOS_KEY=other.key expect 0 helios procedure adopt --json there.db && [ "$(cat out)" = '{"v":1,"type":"adopted","count":0}' ] || fail adopt
HELIOS_HELIOSC=/no/heliosc expect 0 helios doctor && has out "^warn +compiler +/no/heliosc can't be run" && has out '^ +fix: install heliosc'
printf '#!/bin/sh\ncase $1 in version) echo heliosc 9 ;; *) echo "fail  clang  none"; exit 1 ;; esac\n' >heliosc && chmod +x heliosc
HELIOS_HELIOSC=./heliosc expect 0 helios doctor && has out '^warn +toolchain +1 of its checks fail: clang  none'
(ulimit -v 4000000; helios doctor) >out 2>err
grep -q Sanitizer err || { has out '^fail +memory' && has out '^warn +limit'; }
# what a call needs and does not get is said, not only that memory is out
echo '(module (memory 1) (func (export "peek") (result i32) (i32.load (i32.const 0))))' >peek.wat
helios -q x.db -c "CREATE PROCEDURE peek() RETURNS INTEGER LANGUAGE wasm AS 'peek.wat'" || fail create
(ulimit -v 4000000; helios x.db -c 'SELECT peek()') >out 2>err
grep -q Sanitizer err || { has err 'procedure peek: no address space .*\(MEMORY\)' && has err 'hint: see ulimit -v'; }
expect 2 doctor none.db && has err "no database 'none.db'"
echo 'this is no database file, but long enough to be taken for one by its size' >bad.db
doctor bad.db >out 2>err; code=$?
[ $code = 1 ] || [ $code = 2 ] || fail "exit code $code for a file that is no database"
helios y.db -c "CREATE TABLE t(a); CREATE INDEX i ON t(a);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO t SELECT i FROM n"
python3 - <<'PY'
with open("y.db", "r+b") as f:
    f.seek(4096 * 5 + 100)
    f.write(b"\xff" * 1500)
PY
expect 1 doctor y.db && has out '^fail +integrity' && has out '^ +fix: restore'
bad=$(printf 'x\033[31m\342\200\256.db')
cp x.db "$bad" && python3 "$FILES/terminal.py" helios doctor "$bad" >out
if LC_ALL=C grep -q "$(printf '\342\200\256')" out; then fail "raw name on a terminal"; fi
