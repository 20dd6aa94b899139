package heliosdb_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"heliosdb"
	"heliosdb/clock"
	"heliosdb/heliosdbtest"
	"heliosdb/logs"
)

func check(t *testing.T, ok bool, what ...any) {
	t.Helper()
	if !ok {
		t.Fatal(what...)
	}
}

func TestRows(t *testing.T) {
	h := heliosdbtest.New(t)
	const sql = "SELECT * FROM t WHERE id > ?1"
	h.Answer(sql, []string{"n", "f", "s", "b", "none", "at", "day"},
		[]any{7, 1.5, "é", []byte{0, 255}, nil, "2024-02-29 12:00:00.000250", "2024-02-29"},
		[]any{-1, 2, "", []byte{}, "x", "1969-12-31T23:59:59", "0001-01-01"})
	rows, err := heliosdb.Query(sql, 3)
	check(t, err == nil && h.Bound(1) == int64(3), err)
	var n int32
	var f float64
	var s string
	var b []byte
	var none *string
	var at time.Time
	var day heliosdb.Date
	check(t, rows.Next() && rows.Scan(&n, &f, &s, &b, &none, &at, &day) == nil, rows.Err())
	check(t, n == 7 && f == 1.5 && s == "é" && bytes.Equal(b, []byte{0, 255}) && none == nil)
	check(t, at.Equal(time.Date(2024, 2, 29, 12, 0, 0, 250000, time.UTC)) && day.String() == "2024-02-29", at, day)
	check(t, rows.Next() && rows.Scan(&n, &f, &s, &b, &none, &at, &day) == nil)
	check(t, n == -1 && f == 2 && *none == "x" && at.Unix() == -1 && clock.Time(day).Year() == 1, at, day)
	check(t, !rows.Next() && rows.Err() == nil && rows.Columns()[2] == "s")
	var small heliosdb.Null[int64]
	err = heliosdb.QueryRow(sql).Scan(&small, &s)
	check(t, err == nil && small.Or(0) == 7, err)
	err = heliosdb.QueryRow(sql).Scan(&s, &n)
	check(t, errors.Is(err, heliosdb.Type) && err.Error() == "column f: a real where an integer was asked for", err)
}

func TestDates(t *testing.T) {
	for days := heliosdb.Date(-719528); days < 2932896; days += 997 { // years 0 to 9999
		back, err := heliosdb.ParseDate(days.String())
		check(t, err == nil && back == days && clock.Date(clock.Time(days)) == days, days, back, err)
		check(t, clock.Time(days).Format(time.DateOnly) == days.String(), days)
	}
	for _, bad := range []string{"", "2023-02-29", "2023-13-01", "2023-1-1", "x"} {
		_, err := heliosdb.ParseDate(bad)
		check(t, err != nil, bad)
	}
	check(t, heliosdb.Timestamp(-1) == "1969-12-31 23:59:59.999999", heliosdb.Timestamp(-1))
}

func TestTransactions(t *testing.T) {
	h := heliosdbtest.New(t)
	h.Changes("DELETE FROM t WHERE a = ?1", 3)
	err := heliosdb.Tx(func() error {
		n, err := heliosdb.Exec("DELETE FROM t WHERE a = ?1", "x\"\n")
		check(t, n == 3 && h.Bound(1) == "x\"\n" && h.Depth() == 1, n, h.Bound(1))
		return err
	})
	check(t, err == nil && h.Depth() == 0 && h.RolledBack() == 0, err)
	own := errors.New("no")
	check(t, heliosdb.Tx(func() error { return own }) == own && h.RolledBack() == 1)
	func() {
		defer func() { recover() }()
		heliosdb.Tx(func() error { panic("out") })
	}()
	check(t, h.RolledBack() == 2 && h.Depth() == 0)
	h.Refuse(1, heliosdb.Denied)
	err = heliosdb.Tx(func() error { t.Fatal("ran"); return nil })
	var e *heliosdb.Error
	check(t, errors.Is(err, heliosdb.Denied) && errors.As(err, &e) && e.Code == -2, err)
}

func TestKept(t *testing.T) {
	h := heliosdbtest.New(t)
	_, err := heliosdb.KVGet("a")
	check(t, errors.Is(err, heliosdb.Absent), err)
	long := bytes.Repeat([]byte("x"), 65536)
	for _, k := range []string{"b", "a1", "a2"} {
		check(t, heliosdb.KVSet(k, long) == nil)
	}
	v, err := heliosdb.KVGet("a1")
	check(t, err == nil && bytes.Equal(v, long), err)
	var keys []string
	for k, err := range heliosdb.KVKeys("a") {
		check(t, err == nil)
		keys = append(keys, k)
	}
	check(t, len(keys) == 2 && keys[1] == "a2", keys)
	gone, err := heliosdb.KVDelete("b")
	check(t, gone && err == nil && len(h.KV()) == 2)
	check(t, heliosdb.SetSession("app.v", "1") == nil && h.Session()["app.v"] == "1")
}

func TestRest(t *testing.T) {
	h := heliosdbtest.New(t)
	h.Clock(time.Unix(1, 500))
	now, err := clock.Now()
	check(t, err == nil && now.Unix() == 1)
	slog.New(logs.Handler(slog.LevelInfo)).With("a", 1).Warn("careful", "b", "x y")
	check(t, len(h.Log()) == 1 && h.Log()[0] == `warn: msg=careful a=1 b="x y"`, h.Log())
	sum, err := heliosdb.Hash(heliosdb.SHA256, []byte("abc"))
	want := sha256.Sum256([]byte("abc"))
	check(t, err == nil && bytes.Equal(sum, want[:]))
	first, second := make([]byte, 8), make([]byte, 8)
	_, err = io.ReadFull(heliosdb.Random, first)
	heliosdbtest.New(t)
	io.ReadFull(heliosdb.Random, second)
	check(t, err == nil && bytes.Equal(first, second))
	f, err := heliosdb.OpenFile("/data/x", heliosdb.FileWrite|heliosdb.FileCreate)
	check(t, err == nil)
	io.WriteString(f, "hello ")
	io.WriteString(f, "file")
	all, err := io.ReadAll(io.NewSectionReader(f, 0, 1000))
	check(t, err == nil && string(all) == "hello file", string(all), err)
	_, err = heliosdb.Open("/data/none")
	check(t, errors.Is(err, heliosdb.Absent), err)
}
