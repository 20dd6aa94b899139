# js_sdk.sh - the JavaScript SDK's mock host on Node, and a new project's own test with it.
command -v node >/dev/null || { echo "no node (package nodejs)"; exit 77; }
node --test "$SOURCE/sdk/javascript/test/" >out 2>&1 || { cat out; fail "the mock's tests"; }
has out '^# fail 0'
expect 0 heliosc new -q --lang javascript my_js
(cd my_js && mkdir -p node_modules && ln -s ../heliosdb node_modules/heliosdb && node --test test/) >out 2>&1 || { cat out; fail "a new project's test"; }
has out '^# pass 2'
