// procedures.go - the procedures that vectors.jsonl calls, in Go. Every procedures.* here has the same ones.
package main

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"heliosdb"
)

// ---- there and back ----

func EchoBool(v bool) bool                   { return v }
func EchoInt(v int32) int32                  { return v }
func EchoI64(v int64) int64                  { return v }
func EchoF64(v float64) float64              { return v }
func EchoText(v string) string               { return v }
func EchoJson(v heliosdb.JSON) heliosdb.JSON { return v }
func EchoBlob(v []byte) []byte               { return v }

func EchoDecimal(v heliosdb.Decimal) heliosdb.Decimal { return v }
func NextDay(v heliosdb.Date) heliosdb.Date           { return v + 1 }
func Later(v time.Time) time.Time                     { return v.Add(time.Microsecond) }

// ---- what may be NULL ----

func MaybeBool(v *bool) *bool {
	if v == nil {
		return nil
	}
	not := !*v
	return &not
}

func MaybeI64(v *int64) int64 {
	if v == nil {
		return -1
	}
	return *v
}

func MaybeF64(v heliosdb.Null[float64]) heliosdb.Null[float64] {
	v.V *= 2
	return v
}

func MaybeText(v *string) *string {
	was := "was NULL"
	switch {
	case v == nil:
		return &was
	case *v == "":
		return nil
	}
	return v
}

func MaybeBlob(v *[]byte) []byte {
	switch {
	case v == nil:
		return []byte{}
	case len(*v) == 0:
		return nil
	}
	return *v
}

// Choose takes one that may be NULL and one that may not.
func Choose(a *string, b string) string {
	if a == nil {
		return b
	}
	return *a
}

// ---- computing ----

func Plus(a, b int64) int64   { return a + b }
func Divide(a, b int64) int64 { return a / b }

// @helios default by 10
func Scale(v, by int64) int64 { return v * by }

func TextReverse(v string) string {
	out := make([]byte, len(v))
	for i, end := 0, len(v); i < len(v); {
		_, n := utf8.DecodeRuneInString(v[i:])
		end -= n
		copy(out[end:], v[i:i+n])
		i += n
	}
	return string(out)
}

// TextLength is in characters.
func TextLength(v string) int64 { return int64(utf8.RuneCountInString(v)) }

// Shout is of ASCII letters alone, as SQLite's upper().
func Shout(v string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' {
			return c - 32
		}
		return c
	}, v)
}

func BlobSum(v []byte) int64 {
	sum := int64(0)
	for _, c := range v {
		sum += int64(c)
	}
	return sum
}

// Luhn says whether a card number's check digit is right; blanks are skipped.
func Luhn(v string) bool {
	sum, digits := 0, 0
	for i := len(v) - 1; i >= 0; i-- {
		if v[i] == ' ' {
			continue
		}
		if v[i] < '0' || v[i] > '9' {
			return false
		}
		d := int(v[i]-'0') << (digits & 1)
		if d > 9 {
			d -= 9
		}
		sum += d
		digits++
	}
	return digits > 1 && sum%10 == 0
}

// Cards is how many of the first `count` numbers of 15 digits Luhn takes.
func Cards(count int64) int64 {
	good := int64(0)
	for i := int64(0); i < count; i++ {
		var digits [15]byte
		for k, n := len(digits)-1, i*1000003; k >= 0; k, n = k-1, n/10 {
			digits[k] = byte('0' + n%10)
		}
		if Luhn(string(digits[:])) {
			good++
		}
	}
	return good
}

// Moving is the greatest mean of `width` neighbours among the first `count` of a row of pseudo-random numbers.
func Moving(count, width int64) float64 {
	ring := make([]float64, width)
	x, sum, best := int64(1), 0.0, 0.0
	for i := int64(0); i < count; i++ {
		x = x * 16807 % 2147483647
		v := float64(x) / 2147483647.0
		sum += v - ring[i%width]
		ring[i%width] = v
		if i >= width-1 && sum/float64(width) > best {
			best = sum / float64(width)
		}
	}
	return best
}

// ---- JSON ----

// JsonName is the member "name" as text.
func JsonName(v struct{ Name *string }) *string { return v.Name }

type Item struct{ Price, Count float64 }

// JsonTotal is what an order costs: the sum of price times count of its items.
func JsonTotal(v struct{ Items []Item }) float64 {
	total := 0.0
	for _, item := range v.Items {
		total += item.Price * item.Count
	}
	return total
}

type Pair struct {
	Name string `json:"name"`
	N    int64  `json:"n"`
}

func JsonPair(name string, n int64) Pair { return Pair{name, n} }

// ---- errors and limits ----

func Refuse(code int32, message string) (int32, error) {
	return 0, heliosdb.NewError(code, message)
}

var turns int

func Spin() {
	for {
		turns++
	}
}

func Recurse(depth int64) int64 {
	if depth <= 0 {
		return 0
	}
	return 1 + Recurse(depth-1)
}

// Fill takes this many MiB, writes to all of it and gives how many bytes it could.
func Fill(mib int64) int64 {
	sum := int64(0)
	pieces := make([][]byte, mib)
	for i := range pieces {
		pieces[i] = make([]byte, 1<<20)
		for k := range pieces[i] {
			pieces[i][k] = 1
			sum += int64(pieces[i][k])
		}
	}
	return sum
}

// ---- the database ----

// @helios capability read:customers
func TierOf(id int64) (*string, error) {
	var tier *string
	err := heliosdb.QueryRow("SELECT tier FROM customers WHERE id = ?1", id).Scan(&tier)
	if errors.Is(err, heliosdb.NoRows) {
		return nil, nil
	}
	return tier, err
}

// Spent adds the rows up here.
//
// @helios capability read:orders
func Spent(customer int64) (float64, error) {
	rows, err := heliosdb.Query("SELECT total FROM orders WHERE customer_id = ?1 AND total IS NOT NULL", customer)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for rows.Next() {
		var total float64
		if err := rows.Scan(&total); err != nil {
			return 0, err
		}
		sum += total
	}
	return sum, rows.Err()
}

// AddCustomer gives its id.
//
// @helios capability write:customers
func AddCustomer(id int64, tier string) (int64, error) {
	_, err := heliosdb.Exec("INSERT INTO customers(id, tier) VALUES (?1, ?2)", id, tier)
	return id, err
}

var undo = errors.New("undo")

// Undone adds a customer and undoes it: how many there are then.
//
// @helios capability transaction
func Undone(id int64) (int64, error) {
	err := heliosdb.Tx(func() error {
		if _, err := AddCustomer(id, "none"); err != nil {
			return err
		}
		return undo
	})
	if err != undo {
		return 0, err
	}
	var n int64
	err = heliosdb.QueryRow("SELECT count(*) FROM customers").Scan(&n)
	return n, err
}

// Visits is how often it was called for this key.
func Visits(key string) (int64, error) {
	n := uint64(0)
	if kept, err := heliosdb.KVGet(key); err == nil {
		n = binary.LittleEndian.Uint64(kept)
	} else if !errors.Is(err, heliosdb.Absent) {
		return 0, err
	}
	n++
	return int64(n), heliosdb.KVSet(key, binary.LittleEndian.AppendUint64(nil, n))
}

// @helios name sha256
// @helios capability crypto
func Digest(v []byte) (string, error) {
	digest, err := heliosdb.Hash(heliosdb.SHA256, v)
	return hex.EncodeToString(digest), err
}

// SessionSwap sets a variable of the connection and gives what it was before.
func SessionSwap(name, value string) (*string, error) {
	before, err := heliosdb.Session(name)
	if errors.Is(err, heliosdb.Absent) {
		return nil, heliosdb.SetSession(name, value)
	}
	if err != nil {
		return nil, err
	}
	return &before, heliosdb.SetSession(name, value)
}

// @helios capability log
func Note(line string) error { return heliosdb.Log(heliosdb.LevelWarn, line) }

type Square struct{ N, Square int64 }

// Squares is rows of a number and its square.
func Squares(upto int64) iter.Seq[Square] {
	return func(yield func(Square) bool) {
		for i := int64(1); i <= upto && yield(Square{i, i * i}); i++ {
		}
	}
}

// @helios name other_name
func Named() int32 { return 1 }

// @helios private
func Hidden() int32 { return 2 }
