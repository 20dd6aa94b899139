// Package heliosdb is the host of a stored procedure in Go: the database that called it, its log, clock and
// kept values. A procedure is an ordinary function of package main; `heliosc build proc.go` writes what
// is between it and SQL. docs/sdk-go.md of heliosc describes both.
package heliosdb

import "strconv"

// JSON is the text of one JSON value. It is a json.RawMessage in all but name, so json.Unmarshal(v, &x) reads it.
type JSON []byte

func (j JSON) MarshalJSON() ([]byte, error) {
	if j == nil {
		return []byte("null"), nil
	}
	return j, nil
}

func (j *JSON) UnmarshalJSON(text []byte) error {
	*j = append((*j)[:0], text...)
	return nil
}

// Decimal is a number as its digits: "-12.50". SQL's DECIMAL and NUMERIC.
type Decimal string

// DecimalOf has as many digits behind the point as asked for; -1: as few as the double needs.
func DecimalOf(v float64, digits int) Decimal {
	return Decimal(strconv.FormatFloat(v, 'f', digits, 64))
}

// Float64 is the nearest double.
func (d Decimal) Float64() (float64, error) { return strconv.ParseFloat(string(d), 64) }

// Date is SQL's DATE: days since 1970-01-01. A time.Time is SQL's TIMESTAMP. Package heliosdb/clock goes between them; it
// is apart because package time makes a module an eighth larger.
type Date int64

// String is YYYY-MM-DD, in the calendar that SQLite has.
func (d Date) String() string {
	year, month, day := civil(int64(d))
	return digits(year, 4) + "-" + digits(month, 2) + "-" + digits(day, 2)
}

// ParseDate reads YYYY-MM-DD; what follows, a time, is not looked at.
func ParseDate(s string) (Date, error) {
	var v [3]int64
	ok := len(s) >= 10 && s[4] == '-' && s[7] == '-'
	for i, at := range [3][2]int{{0, 4}, {5, 7}, {8, 10}} {
		for k := at[0]; ok && k < at[1]; k++ {
			ok = s[k] >= '0' && s[k] <= '9'
			v[i] = v[i]*10 + int64(s[k]) - '0'
		}
	}
	if ok && v[1] >= 1 && v[1] <= 12 {
		year, month := v[0]+400, v[1] // whole numbers all the way down to year 0
		if month <= 2 {
			year, month = year-1, month+12
		}
		d := Date(365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + v[2] - 1 - 719468 - 146097)
		if d.String() == s[:10] {
			return d, nil
		}
	}
	return 0, &Error{Type, strconv.Quote(s) + " is no date"}
}

// civil is the year, month and day of a day, counted in years that begin in March.
func civil(days int64) (year, month, day int64) {
	z := days + 719468
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	of := z - era*146097
	year = (of - of/1460 + of/36524 - of/146096) / 365
	day = of - (365*year + year/4 - year/100)
	month = (5*day + 2) / 153
	day -= (153*month+2)/5 - 1
	year += era * 400
	if month < 10 {
		return year, month + 3, day
	}
	return year + 1, month - 9, day
}

func digits(v int64, n int) string {
	s := strconv.FormatInt(v, 10)
	for len(s) < n {
		s = "0" + s
	}
	return s
}

// Timestamp is microseconds since 1970-01-01 UTC as the database writes them.
func Timestamp(us int64) string {
	days := us / 86400e6
	if us%86400e6 < 0 {
		days--
	}
	of := us - days*86400e6
	s := Date(days).String() + " " + digits(of/3600e6, 2) + ":" + digits(of/60e6%60, 2) + ":" + digits(of/1e6%60, 2)
	if of%1e6 != 0 {
		s += "." + digits(of%1e6, 6)
	}
	return s
}

// Null is a value or NULL. A pointer does the same: nil is NULL.
type Null[T any] struct {
	V     T
	Valid bool
}

// NullOf is a value that is not NULL.
func NullOf[T any](v T) Null[T] { return Null[T]{v, true} }

// Or is the value, or other for NULL.
func (n Null[T]) Or(other T) T {
	if n.Valid {
		return n.V
	}
	return other
}

// SQLValue gives the value to a statement.
func (n Null[T]) SQLValue() any {
	if n.Valid {
		return n.V
	}
	return nil
}

// ScanCell takes the value of a column.
func (n *Null[T]) ScanCell(c Cell) error {
	*n = Null[T]{}
	if c.IsNull() {
		return nil
	}
	n.Valid = true
	return c.Scan(&n.V)
}

// moment is a time.Time, seen without package time.
type moment interface{ UnixMicro() int64 }

// moments is a *time.Time.
type moments interface{ UnmarshalText([]byte) error }

// scanMoment reads "2006-01-02 15:04:05.999", with a T or without a time, with a zone or UTC.
func scanMoment(into moments, s string) error {
	b := []byte(s)
	if len(b) == 10 {
		b = append(b, "T00:00:00Z"...)
	}
	if len(b) > 10 && b[10] == ' ' {
		b[10] = 'T'
	}
	if len(b) == 16 {
		b = append(b, ":00"...)
	}
	if zone := b[max(0, len(b)-6):]; len(b) > 10 && b[len(b)-1] != 'Z' && zone[0] != '+' && zone[0] != '-' {
		b = append(b, 'Z')
	}
	if into.UnmarshalText(b) != nil {
		return &Error{Type, strconv.Quote(s) + " is no time"}
	}
	return nil
}
