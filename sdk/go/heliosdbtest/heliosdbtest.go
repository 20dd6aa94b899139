//go:build !wasm

// Package heliosdbtest is a host without a database, so that `go test` runs a procedure's logic:
//
//	func TestDiscount(t *testing.T) {
//		h := heliosdbtest.New(t)
//		h.Answer("SELECT tier FROM customers WHERE id = ?1", []string{"tier"}, []any{"gold"})
//		if got, err := Discount(7, 100); err != nil || got != 15 { t.Fatal(got, err) }
//		if h.Bound(1) != int64(7) || !h.Logged("gold") { t.Fatal("...") }
//	}
//
// It answers statements by their text and keeps what was bound, run and logged; it has values, session variables, files in
// memory, transactions, a clock that stands, random bytes that repeat, and cryptography. It knows no SQL.
package heliosdbtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"heliosdb"
	"heliosdb/internal/abi"
)

// A Host is the host of one test. Tests with one can't run in parallel.
type Host struct {
	t testing.TB
	m *abi.Machine
}

// New is a host that knows nothing yet; it is gone at the end of the test.
func New(t testing.TB) *Host {
	m := &abi.Machine{KV: map[string][]byte{}, Vars: map[string]string{}, Env: map[string]string{},
		Metrics: map[string]float64{}, Files: map[string][]byte{}, Micros: 1700000000000000}
	before := abi.M
	abi.M = m
	t.Cleanup(func() { abi.M = before })
	return &Host{t, m}
}

// Answer says which rows a statement gives.
func (h *Host) Answer(sql string, columns []string, rows ...[]any) {
	h.t.Helper()
	a := &abi.Answer{SQL: sql, Columns: columns}
	for _, row := range rows {
		var values []any
		for _, v := range row {
			values = append(values, h.value(v))
		}
		if len(values) != len(columns) {
			h.t.Fatalf("heliosdbtest: %d values for %d columns", len(values), len(columns))
		}
		a.Rows = append(a.Rows, values)
	}
	h.put(a)
}

// Changes says how many rows a statement of Exec changes.
func (h *Host) Changes(sql string, rows int64) { h.put(&abi.Answer{SQL: sql, Changed: rows}) }

func (h *Host) put(a *abi.Answer) {
	for i, old := range h.m.Answers {
		if old.SQL == a.SQL {
			h.m.Answers[i] = a
			return
		}
	}
	h.m.Answers = append(h.m.Answers, a)
}

func (h *Host) value(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case nil, int64, float64, string, []byte:
		return v
	case heliosdb.JSON:
		return string(v)
	case heliosdb.Decimal:
		return string(v)
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999999")
	}
	h.t.Fatalf("heliosdbtest: a column can't be a %T", v)
	return nil
}

// Bound is the i-th value, from 1, of the last statement: nil, int64, float64, string, []byte.
func (h *Host) Bound(i int) any {
	if len(h.m.Statements) == 0 {
		return nil
	}
	s := h.m.Statements[len(h.m.Statements)-1]
	if params, ok := s.Bound[0].(string); ok && params != "" {
		var list []any
		d := json.NewDecoder(strings.NewReader(params))
		d.UseNumber()
		if d.Decode(&list) != nil || i > len(list) {
			return nil
		}
		return plain(list[i-1])
	}
	return s.Bound[int32(i)]
}

func plain(v any) any {
	n, ok := v.(json.Number)
	if !ok {
		return v
	}
	if whole, err := n.Int64(); err == nil {
		return whole
	}
	f, _ := n.Float64()
	return f
}

// Ran is how many statements with part in their text were run.
func (h *Host) Ran(part string) int {
	n := 0
	for _, s := range h.m.Statements {
		if strings.Contains(s.SQL, part) {
			n++
		}
	}
	return n
}

// Logged says whether a line with part in it was logged.
func (h *Host) Logged(part string) bool {
	for _, l := range h.m.Lines {
		if strings.Contains(l.Text, part) {
			return true
		}
	}
	return false
}

// Log is all lines, "info: ...".
func (h *Host) Log() []string {
	var lines []string
	for _, l := range h.m.Lines {
		lines = append(lines, fmt.Sprintf("%s: %s", [...]string{"debug", "info", "warn", "error"}[l.Level], l.Text))
	}
	return lines
}

// Refuse makes the n-th host call from now fail.
func (h *Host) Refuse(n int, code heliosdb.Code) {
	h.m.RefuseIn, h.m.RefuseWith, h.m.RefuseText = n, int32(code), "heliosdbtest: refused"
}

// Clock is what the clock says from now on.
func (h *Host) Clock(t time.Time) { h.m.Micros = t.UnixMicro() }

// Depth is the number of open transactions, RolledBack how many were undone.
func (h *Host) Depth() int      { return h.m.Depth }
func (h *Host) RolledBack() int { return h.m.Undone }

// KV is the kept values, Session the variables, Env the environment, Metrics and Files what they say: maps to fill and look at.
func (h *Host) KV() map[string][]byte       { return h.m.KV }
func (h *Host) Session() map[string]string  { return h.m.Vars }
func (h *Host) Env() map[string]string      { return h.m.Env }
func (h *Host) Metrics() map[string]float64 { return h.m.Metrics }
func (h *Host) Files() map[string][]byte    { return h.m.Files }

// Respond answers HTTP.
func (h *Host) Respond(f func(method, url, headers, body string) (status int, header map[string]string, answer []byte)) {
	h.m.Respond = f
}
