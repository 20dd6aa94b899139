# heliosc build --tinygo, where there is a TinyGo: a file alone, a project, the ends of a call, what TinyGo has not.
echo 'package main' >one.go && printf 'func One() int64 { return 1 }\n' >>one.go
HELIOS_TINYGO=/nowhere expect 3 heliosc build --tinygo one.go && has err 'HELIOS_TINYGO for tinygo is not a program'
printf '#!/bin/sh\necho tinygo version 0.30.0 linux/amd64\n' >old && chmod +x old
if ! HELIOS_TINYGO=$PWD/old heliosc build --tinygo one.go 2>err; then
  if grep -q 'golang-1.24-go\|go is not here' err; then cat err; exit 77; fi
  has err 'is TinyGo 0.30.0; 0.39 or newer is needed'
fi
command -v "${HELIOS_TINYGO:-tinygo}" >/dev/null || { echo "tinygo is not here (tinygo.org)"; exit 77; }

cat >shop.go <<'G'
package main

import (
	"errors"
	"fmt"

	"heliosdb"
)

type Order struct {
	ID    int64   `json:"id"`
	Total float64 `json:"total"`
}

func AddTax(total, rate float64) (float64, error) {
	if rate < 0 {
		return 0, heliosdb.NewError(7, "a rate is not negative")
	}
	return total * (1 + rate), nil
}
func Twice(o Order) Order           { o.Total *= 2; return o }
func Div(a, b int) int              { return a / b }
func Hello(name string) string      { return fmt.Sprintf("hello %s", name) }
func Tiers() (list []string, err error) {
	rows, err := heliosdb.Query("SELECT 'gold' UNION ALL SELECT 'tin'")
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var t string
		if err = rows.Scan(&t); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}
func Below(n int64) func(yield func(int64) bool) {
	return func(yield func(int64) bool) {
		for i := int64(0); i < n && yield(i); i++ {
		}
	}
}
func Mine() error { return errors.New("no") }
G
run() { heliosc run --tinygo -q --grant query shop.go "$@" 2>&1 | sed 's/^ *-->.*//; s/ in "runtime.*//; /^$/d'; }
heliosc build -q --tinygo shop.go && heliosc inspect shop.so | sed -n '/^procedures/,/^sections/p'
run --procedure add_tax 100.0 0.19
run --procedure add_tax -- 100.0 -1
run --procedure add_tax NULL 0.19
run --procedure twice '{"id": 3, "total": 4.5}'
run --procedure twice '{]'
run --procedure div 7 2
run --procedure div 7 0
run --procedure div 4294967296 1
run --procedure hello world
run --procedure tiers
run --procedure below 3
run --procedure mine

echo "== a project"
heliosc new --lang go price && cd price || fail "new"
heliosc build -q --tinygo go.mod && heliosc test --tinygo -q go.mod --cases price.cases.jsonl && ls
cd ..

echo "== what it has not"
printf 'package main\nfunc Many() { go func() {}() }\n' >many.go
expect 1 heliosc build --tinygo many.go && has err 'with --tinygo there are no goroutines'
printf 'package main\nfunc Wrong() int64 { return w }\n' >wrong.go
expect 1 heliosc build --tinygo wrong.go && has err 'wrong.go:2:29' && has err 'undefined: w'
