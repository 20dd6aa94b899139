# heliosc build of Go: a file alone, a project, messages at their places, what the manifest says. Needs Go 1.24.
# The modules are not compiled further: tests/polyglot does that.
command -v go >/dev/null || PATH=$PATH:$SOURCE/toolchain/bin # Debian 13's, by the set-up
module() { heliosc build -q --emit=module "$@"; }
cat >shop.go <<'G'
package main

import (
	"encoding/json"
	"iter"

	"heliosdb"
)

type Cents int64

type Sale struct {
	Region string
	Total  *float64
}

// @helios default rate 0.19
// @helios state statement
func AddTax(total Cents, rate float64) Cents { return total + Cents(float64(total)*rate) }

/*
Many has one of each.

@helios capability read:orders, log
*/
func Many(a bool, b int16, c uint32, d []byte, e heliosdb.Null[heliosdb.Date], f any, g map[string][]Sale, h json.RawMessage) (*heliosdb.Decimal, error) {
	return nil, nil
}
func Rows() iter.Seq2[Sale, error] { return nil }

//export totals
func total(orders []Sale) Sale { return Sale{} }

// @helios private
func Hidden()           {}
func helper(chan int)   {}
func Generic[T any](T)  {}
func (Cents) Method()   {}
G
module shop.go 2>err || { if grep -q 'no go here\|TOOL_MISSING\|can.t find go\|is Go 1' err; then cat err; exit 77; fi; cat err; fail "build"; }
heliosc inspect shop.wasm >out && sed -n '/^procedures/,/^sections/p' out
grep -qa "main\.AddTax" shop.wasm || fail "no names of functions, which traps say"
mkdir project && cat >project/go.mod <<'G'
module project

go 1.24
G
cat >project/a.go <<'G'
package main

func Half(v int64) int64 { return v / two }
G
echo 'package main

const two = 2' >project/b.go
expect 1 heliosc build --emit=module project/go.mod
has err 'go.mod needs the SDK' || fail "no hint"
heliosc new -q --lang go third && (cd third && module go.mod && ls) || fail "new"
(cd third && go vet . && go test . >../out) && has out '^ok' || fail "go test"
cp -r "$SOURCE/sdk/go" sdk && (cd sdk && go vet ./... && go test . ./gen >../out) || { cat out; fail "the SDK's own tests"; }
rm shop.go && cat >shop.go <<'G'
package main

import "net/http"

// @helios determinstic
func A(v uint64, w http.Header, x func()) {}
func B() (int64, int64) { return 1, 2 }
func Bb(a, b chan int)  {}

// @helios name b
func Other() {}
G
expect 1 heliosc build --emit=module shop.go
cat err
printf 'package main\n\nfunc F() int64 { return unknown }\n' >f.go
expect 1 heliosc build --emit=module f.go
cat err
printf 'package main\n\nfunc F( {\n' >f.go
expect 1 heliosc build --emit=module f.go
cat err
printf 'package main\n\nimport "github.com/else/where"\n\nfunc F() int64 { return where.G() }\n' >f.go
expect 1 heliosc build --emit=module f.go
has err 'f.go:3:8' && has err 'a file alone imports'
printf '#!/bin/sh\necho go version go1.19.8 linux/amd64\n' >old && chmod +x old
HELIOS_GO=$PWD/old expect 3 heliosc build f.go
has err 'Go 1.19.8.*golang-1.24-go'
