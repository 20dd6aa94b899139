package heliosdb

import (
	"strconv"
	"unicode/utf8"
	"unsafe"

	"heliosdb/internal/abi"
)

// Types of values, as in docs/guest-abi.md.
const (
	typeNull    = 0
	typeI64     = 1
	typeF64     = 2
	typeText    = 3
	typeBlob    = 4
	typeJSON    = 5
	typeDecimal = 6
	typeBoolean = 7
)

// Rows is the answer of a statement. Go through it with Next and Scan, as with database/sql's.
type Rows struct {
	stmt    int32
	columns []string
	row     bool
	keep    bool // the statement is a Stmt's
	err     error
}

// Query runs a statement; ? and ?1 in it are bound to the arguments. Close is needed only when not all rows were read.
func Query(sql string, args ...any) (*Rows, error) {
	s, err := Prepare(sql)
	if err != nil {
		return nil, err
	}
	rows, err := s.Query(args...)
	if err != nil {
		s.Close()
		return nil, err
	}
	rows.keep = false
	return rows, nil
}

// Exec runs a statement and says how many rows it changed.
func Exec(sql string, args ...any) (int64, error) {
	if len(args) == 0 {
		n := abi.Exec(sql, "")
		if n < 0 {
			return 0, refused(n)
		}
		return n, nil
	}
	params, ok := paramsJSON(args)
	if ok {
		n := abi.Exec(sql, params)
		if n < 0 {
			return 0, refused(n)
		}
		return n, nil
	}
	return execBound(sql, args)
}

// execBound is for values that JSON has not: the count comes by a statement of its own.
func execBound(sql string, args []any) (int64, error) {
	rows, err := Query(sql, args...)
	if err != nil {
		return 0, err
	}
	for rows.Next() {
	}
	if rows.err != nil {
		return 0, rows.err
	}
	var n int64
	err = QueryRow("SELECT changes()").Scan(&n)
	return n, err
}

// A Row is the first row of a statement.
type Row struct {
	rows *Rows
	err  error
}

// QueryRow runs a statement that gives one row; Scan says NoRows if it gave none.
func QueryRow(sql string, args ...any) Row {
	rows, err := Query(sql, args...)
	return Row{rows, err}
}

// Scan takes the columns of the row.
func (r Row) Scan(into ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if r.rows.err != nil {
			return r.rows.err
		}
		return NoRows
	}
	return r.rows.Scan(into...)
}

// A Stmt is a prepared statement. The host keeps statements compiled by their text, so Query costs little more.
type Stmt struct{ id int32 }

// Prepare compiles a statement.
func Prepare(sql string) (*Stmt, error) {
	id := abi.Prepare(sql)
	if id < 0 {
		return nil, refused(int64(id))
	}
	return &Stmt{id}, nil
}

// Query binds the arguments and runs the statement.
func (s *Stmt) Query(args ...any) (*Rows, error) {
	if err := check(abi.Reset(s.id)); err != nil {
		return nil, err
	}
	for i, v := range args {
		if err := bind(s.id, int32(i+1), v); err != nil {
			return nil, err
		}
	}
	return &Rows{stmt: s.id, keep: true}, nil
}

// Exec binds the arguments and runs the statement to its end.
func (s *Stmt) Exec(args ...any) error {
	rows, err := s.Query(args...)
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return rows.err
}

// Close gives the statement back.
func (s *Stmt) Close() {
	if s.id > 0 {
		abi.Finalize(s.id)
		s.id = 0
	}
}

// Next goes to the next row; false: there is none, or an error, which Err has.
func (r *Rows) Next() bool {
	if r.stmt == 0 || r.err != nil {
		return false
	}
	status := abi.Step(r.stmt)
	r.row = status > 0
	if status < 0 {
		r.err = refused(int64(status))
	}
	if status <= 0 {
		r.Close()
	}
	return r.row
}

// Err is what ended the rows, if not their end.
func (r *Rows) Err() error { return r.err }

// Close ends the statement.
func (r *Rows) Close() {
	if r.stmt != 0 && r.columns == nil {
		r.Columns()
	}
	if r.stmt != 0 && !r.keep {
		abi.Finalize(r.stmt)
	}
	r.stmt, r.row = 0, false
}

// Columns is the columns' names.
func (r *Rows) Columns() []string {
	if r.columns != nil || r.stmt == 0 {
		return r.columns
	}
	n := abi.ColumnCount(r.stmt)
	r.columns = make([]string, 0, max(n, 0))
	for c := int32(0); c < n; c++ {
		name := make([]byte, 64)
		if size := abi.ColumnName(r.stmt, c, name); int(size) > len(name) {
			name = make([]byte, size)
			abi.ColumnName(r.stmt, c, name)
		} else {
			name = name[:max(size, 0)]
		}
		r.columns = append(r.columns, string(name))
	}
	return r.columns
}

// Cell is a column of the current row.
type Cell struct{ stmt, column int32 }

// Cell is the column c, from 0. It is good until Next.
func (r *Rows) Cell(c int) Cell { return Cell{r.stmt, int32(c)} }

// Scan takes the columns of the row, in order, into pointers to bool, integers, floats, string, []byte,
// JSON, Decimal, Date, time.Time, any, pointers to these (nil is NULL) and Null of these.
func (r *Rows) Scan(into ...any) error {
	if !r.row {
		return &Error{State, "Scan without a row"}
	}
	for c, p := range into {
		if err := r.Cell(c).Scan(p); err != nil {
			return scanError(r, c, err)
		}
	}
	return nil
}

func scanError(r *Rows, c int, err error) error {
	e, ok := err.(*Error)
	if !ok {
		e = &Error{Type, err.Error()}
	}
	name := strconv.Itoa(c)
	if names := r.Columns(); c < len(names) {
		name = names[c]
	}
	return &Error{e.Code, "column " + name + ": " + e.Message}
}

// Values is the row as any: nil, int64, float64, string, []byte.
func (r *Rows) Values() ([]any, error) {
	values := make([]any, len(r.Columns()))
	for c := range values {
		if err := r.Cell(c).Scan(&values[c]); err != nil {
			return nil, scanError(r, c, err)
		}
	}
	return values, nil
}

// Map is the row by its columns' names.
func (r *Rows) Map() (map[string]any, error) {
	values, err := r.Values()
	if err != nil {
		return nil, err
	}
	row := make(map[string]any, len(values))
	for c, v := range values {
		row[r.columns[c]] = v
	}
	return row, nil
}

// QueryMaps is all rows by their columns' names.
func QueryMaps(sql string, args ...any) ([]map[string]any, error) {
	rows, err := Query(sql, args...)
	if err != nil {
		return nil, err
	}
	all := []map[string]any{}
	for rows.Next() {
		row, err := rows.Map()
		if err != nil {
			rows.Close()
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.err
}

// Collect makes a value of each row: Collect(rows, func(r *Rows) (Sale, error) { ... r.Scan(...) }).
func Collect[T any](rows *Rows, err error, one func(*Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := one(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.err
}

// ---- values ----

// text is the bytes as a string, which must not change any more.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// bind gives the statement its i-th value.
func bind(s, i int32, value any) error {
	var status int32
	switch v := value.(type) {
	case nil:
		status = abi.BindNull(s, i)
	case int64:
		status = abi.BindI64(s, i, v)
	case int:
		status = abi.BindI64(s, i, int64(v))
	case int32:
		status = abi.BindI64(s, i, int64(v))
	case int16:
		status = abi.BindI64(s, i, int64(v))
	case int8:
		status = abi.BindI64(s, i, int64(v))
	case uint8:
		status = abi.BindI64(s, i, int64(v))
	case uint16:
		status = abi.BindI64(s, i, int64(v))
	case uint32:
		status = abi.BindI64(s, i, int64(v))
	case bool:
		n := int64(0)
		if v {
			n = 1
		}
		status = abi.BindI64(s, i, n)
	case float64:
		status = abi.BindF64(s, i, v)
	case float32:
		status = abi.BindF64(s, i, float64(v))
	case string:
		status = abi.BindText(s, i, v)
	case []byte:
		if v == nil {
			status = abi.BindNull(s, i)
		} else {
			status = abi.BindBlob(s, i, text(v))
		}
	case JSON:
		status = abi.BindText(s, i, text(v))
	case Decimal:
		status = abi.BindText(s, i, string(v))
	case Date:
		status = abi.BindText(s, i, v.String())
	case moment:
		if isNil(value) { // a *time.Time
			return bind(s, i, nil)
		}
		status = abi.BindText(s, i, Timestamp(v.UnixMicro()))
	default:
		return bindPointer(s, i, value)
	}
	return check(status)
}

// isNil says whether the pointer in value is: its second word is.
func isNil(value any) bool { return (*[2]unsafe.Pointer)(unsafe.Pointer(&value))[1] == nil }

func pointed[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// bindPointer is for what may be NULL.
func bindPointer(s, i int32, value any) error {
	switch v := value.(type) {
	case *int64:
		return bind(s, i, pointed(v))
	case *int:
		return bind(s, i, pointed(v))
	case *int32:
		return bind(s, i, pointed(v))
	case *float64:
		return bind(s, i, pointed(v))
	case *bool:
		return bind(s, i, pointed(v))
	case *string:
		return bind(s, i, pointed(v))
	case *Decimal:
		return bind(s, i, pointed(v))
	case *Date:
		return bind(s, i, pointed(v))
	case interface{ SQLValue() any }:
		return bind(s, i, v.SQLValue())
	}
	return &Error{Type, "argument " + strconv.Itoa(int(i)) + " has a type that SQL does not: convert it"}
}

// IsNull says whether the column is NULL.
func (c Cell) IsNull() bool { return abi.ColumnType(c.stmt, c.column) == typeNull }

func (c Cell) wrong(wanted string) error {
	got := [...]string{"NULL", "an integer", "a real", "text", "a blob", "JSON", "a decimal", "a boolean"}
	kind := abi.ColumnType(c.stmt, c.column)
	if kind < 0 {
		return refused(int64(kind))
	}
	name := "?"
	if int(kind) < len(got) {
		name = got[kind]
	}
	return &Error{Type, name + " where " + wanted + " was asked for"}
}

func (c Cell) integer(bits int) (int64, error) {
	var v int64
	switch abi.ColumnType(c.stmt, c.column) {
	case typeI64, typeBoolean:
		v = abi.ColumnI64(c.stmt, c.column)
	case typeF64:
		f := abi.ColumnF64(c.stmt, c.column)
		if f != float64(int64(f)) || f >= 1<<63 || f < -1<<63 {
			return 0, c.wrong("an integer")
		}
		v = int64(f)
	default:
		return 0, c.wrong("an integer")
	}
	if bits < 64 && (v < -1<<(bits-1) || v >= 1<<(bits-1)) {
		return 0, &Error{Range, strconv.FormatInt(v, 10) + " does not fit " + strconv.Itoa(bits) + " bits"}
	}
	return v, nil
}

func (c Cell) real() (float64, error) {
	switch abi.ColumnType(c.stmt, c.column) {
	case typeF64:
		return abi.ColumnF64(c.stmt, c.column), nil
	case typeI64, typeBoolean:
		return float64(abi.ColumnI64(c.stmt, c.column)), nil
	case typeDecimal:
		s, err := c.text()
		if err != nil {
			return 0, err
		}
		return Decimal(s).Float64()
	}
	return 0, c.wrong("a real")
}

func (c Cell) bytes() ([]byte, error) {
	n := abi.ColumnLen(c.stmt, c.column)
	if n < 0 {
		return nil, refused(int64(n))
	}
	b := make([]byte, n)
	if n > 0 {
		if got := abi.ColumnRead(c.stmt, c.column, 0, b); got < 0 {
			return nil, refused(int64(got))
		}
	}
	return b, nil
}

func (c Cell) text() (string, error) {
	switch abi.ColumnType(c.stmt, c.column) {
	case typeText, typeJSON, typeDecimal:
	case typeI64, typeBoolean:
		return strconv.FormatInt(abi.ColumnI64(c.stmt, c.column), 10), nil
	case typeF64:
		return strconv.FormatFloat(abi.ColumnF64(c.stmt, c.column), 'g', -1, 64), nil
	default:
		return "", c.wrong("text")
	}
	b, err := c.bytes()
	if err == nil && !utf8.Valid(b) {
		err = &Error{UTF8, "text is not valid UTF-8"}
	}
	return text(b), err
}

func (c Cell) any() (any, error) {
	switch abi.ColumnType(c.stmt, c.column) {
	case typeNull:
		return nil, nil
	case typeI64:
		return abi.ColumnI64(c.stmt, c.column), nil
	case typeF64:
		return abi.ColumnF64(c.stmt, c.column), nil
	case typeBlob:
		return c.bytes()
	}
	return c.text()
}

func set[T, V any](p *T, v V, err error, as func(V) T) error {
	if err == nil {
		*p = as(v)
	}
	return err
}

func same[T any](v T) T { return v }

func pointer[T any](c Cell, p **T) error {
	if c.IsNull() {
		*p = nil
		return nil
	}
	v := new(T)
	err := c.Scan(v)
	if err == nil {
		*p = v
	}
	return err
}

// Scan takes the column into a pointer: see Rows.Scan.
func (c Cell) Scan(into any) error {
	switch p := into.(type) {
	case *int64:
		v, err := c.integer(64)
		return set(p, v, err, same)
	case *int:
		v, err := c.integer(strconv.IntSize)
		return set(p, v, err, func(v int64) int { return int(v) })
	case *int32:
		v, err := c.integer(32)
		return set(p, v, err, func(v int64) int32 { return int32(v) })
	case *bool:
		v, err := c.integer(64)
		return set(p, v, err, func(v int64) bool { return v != 0 })
	case *float64:
		v, err := c.real()
		return set(p, v, err, same)
	case *string:
		v, err := c.text()
		return set(p, v, err, same)
	case *any:
		v, err := c.any()
		return set(p, v, err, same)
	case *[]byte:
		if c.IsNull() {
			*p = nil
			return nil
		}
		v, err := c.bytes()
		return set(p, v, err, same)
	case *JSON:
		v, err := c.text()
		return set(p, v, err, func(v string) JSON { return JSON(v) })
	case *Decimal:
		v, err := c.text()
		return set(p, v, err, func(v string) Decimal { return Decimal(v) })
	case *Date:
		s, err := c.text()
		if err != nil {
			return err
		}
		*p, err = ParseDate(s)
		return err
	case moments:
		s, err := c.text()
		if err != nil {
			return err
		}
		return scanMoment(p, s)
	}
	return c.scanPointer(into)
}

func (c Cell) scanPointer(into any) error {
	switch p := into.(type) {
	case **int64:
		return pointer(c, p)
	case **int:
		return pointer(c, p)
	case **int32:
		return pointer(c, p)
	case **bool:
		return pointer(c, p)
	case **float64:
		return pointer(c, p)
	case **string:
		return pointer(c, p)
	case **Decimal:
		return pointer(c, p)
	case **Date:
		return pointer(c, p)
	case interface{ ScanCell(Cell) error }:
		return p.ScanCell(c)
	}
	return &Error{Type, "a type that no column has: scan into one of docs/sdk-go.md"}
}
