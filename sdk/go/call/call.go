// Package call is what heliosc's generated wrappers are made of: arguments from the host, results to it, and
// what becomes of a panic. Not for procedures themselves.
package call

import (
	"strconv"
	"unicode/utf8"
	"unsafe"

	"heliosdb"
	"heliosdb/internal/abi"
)

// Types of values, as in docs/guest-abi.md.
const (
	null    = 0
	integer = 1
	double  = 2
	text    = 3
	blob    = 4
	json    = 5
	decimal = 6
	boolean = 7
)

// ended: the call has its result or its error already. A wrapper asks after each step that can end the call, and returns.
// That is no panic, because TinyGo can't recover from one in WebAssembly.
var ended bool

// Ended says whether the call is over.
func Ended() bool { return ended }

// Fail gives the call an error and ends it; the first one counts.
func Fail(code int32, message string) {
	if !ended {
		abi.Fail(code, message)
		ended = true
	}
}

// Error is the call's error, if there is one: with the code of a *heliosdb.Error, else 1. Was there one?
func Error(err error) bool {
	if err == nil {
		return false
	}
	code := int32(1)
	for e := err; e != nil; {
		if own, ok := e.(*heliosdb.Error); ok {
			code = int32(own.Code)
			break
		}
		if own, ok := e.(heliosdb.Code); ok {
			code = int32(own)
			break
		}
		next, ok := e.(interface{ Unwrap() error })
		if !ok {
			break
		}
		e = next.Unwrap()
	}
	Fail(code, err.Error())
	return true
}

// ---- arguments ----

func wrong(name, message string) { Fail(int32(heliosdb.Type), "parameter "+name+": "+message) }

// given: is there a value? A NULL that the parameter's type can't hold ends the call with NULL.
func given(i int32) bool {
	if abi.ArgType(i) == null && !ended {
		abi.ReturnNull()
		ended = true
	}
	return !ended
}

func bytes(i int32) []byte {
	n := abi.ArgLen(i)
	if n <= 0 {
		return []byte{}
	}
	b := make([]byte, n)
	abi.ArgRead(i, 0, b)
	return b
}

// String is bytes that do not change any more.
func str(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func valid(i int32, name string) []byte {
	if !given(i) {
		return nil
	}
	b := bytes(i)
	if !utf8.Valid(b) {
		Fail(int32(heliosdb.UTF8), "parameter "+name+": not valid UTF-8")
	}
	return b
}

func Text(i int32, name string) string              { return str(valid(i, name)) }
func JSON(i int32, name string) heliosdb.JSON       { return valid(i, name) }
func Decimal(i int32, name string) heliosdb.Decimal { return heliosdb.Decimal(str(valid(i, name))) }

func Bytes(i int32, _ string) []byte {
	if !given(i) {
		return nil
	}
	return bytes(i)
}

func Int(i int32, _ string) int64 {
	if !given(i) {
		return 0
	}
	return abi.ArgI64(i)
}

// Fits is an integer of a smaller type, or the call's error. TinyGo's int has 32 bits.
func Fits[T int | int8 | int16 | int32 | uint8 | uint16 | uint32](v int64, name string) T {
	if int64(T(v)) != v {
		wrong(name, strconv.FormatInt(v, 10)+" is out of range")
	}
	return T(v)
}

func Small[T int | int8 | int16 | int32 | uint8 | uint16 | uint32](i int32, name string) T {
	return Fits[T](Int(i, name), name)
}

func Float(i int32, _ string) float64 {
	if !given(i) {
		return 0
	}
	return abi.ArgF64(i)
}

func Bool(i int32, name string) bool          { return Int(i, name) != 0 }
func Date(i int32, name string) heliosdb.Date { return heliosdb.Date(Int(i, name)) }

// Any is nil, bool, int64, float64, string, []byte, JSON or Decimal.
func Any(i int32, name string) any {
	switch abi.ArgType(i) {
	case null:
		return nil
	case integer:
		return abi.ArgI64(i)
	case double:
		return abi.ArgF64(i)
	case boolean:
		return abi.ArgI64(i) != 0
	case blob:
		return bytes(i)
	case json:
		return JSON(i, name)
	case decimal:
		return Decimal(i, name)
	}
	return Text(i, name)
}

// Pointer is nil for NULL.
func Pointer[T any](i int32, name string, get func(int32, string) T) *T {
	if abi.ArgType(i) == null {
		return nil
	}
	v := get(i, name)
	return &v
}

// Null is the same as a heliosdb.Null.
func Null[T any](i int32, name string, get func(int32, string) T) heliosdb.Null[T] {
	if abi.ArgType(i) == null {
		return heliosdb.Null[T]{}
	}
	return heliosdb.NullOf(get(i, name))
}

// ---- results, and the values of a row ----

// An Out is where a value goes: Result, or Row.
type Out struct {
	null  func() int32
	i64   func(int64) int32
	f64   func(float64) int32
	bytes func(int32, string) int32
}

func (o *Out) check(status int32) {
	if status < 0 {
		var message [512]byte
		n := min(max(abi.ErrorMessage(message[:]), 0), int32(len(message)))
		Fail(status, string(message[:n]))
	}
}

// Result and Row are functions, so that a module that gives no rows does not link those of rows.
func Result() *Out { return &result }
func Row() *Out    { return &row }

// Imports are called here, as TinyGo has no values of them.
var result = Out{
	func() int32 { return abi.ReturnNull() },
	func(v int64) int32 { return abi.ReturnI64(v) },
	func(v float64) int32 { return abi.ReturnF64(v) },
	func(kind int32, v string) int32 { return abi.ReturnBytes(kind, v) },
}
var row = Out{
	func() int32 { return abi.RowNull() },
	func(v int64) int32 { return abi.RowI64(v) },
	func(v float64) int32 { return abi.RowF64(v) },
	func(kind int32, v string) int32 { return abi.RowBytes(kind, v) },
}

// RowEnd completes a row. Are more wanted?
func RowEnd() bool {
	row.check(abi.RowEnd())
	return !ended
}

func (o *Out) Null()                      { o.check(o.null()) }
func (o *Out) Int(v int64)                { o.check(o.i64(v)) }
func (o *Out) Float(v float64)            { o.check(o.f64(v)) }
func (o *Out) Text(v string)              { o.check(o.bytes(text, v)) }
func (o *Out) Decimal(v heliosdb.Decimal) { o.check(o.bytes(decimal, string(v))) }
func (o *Out) Date(v heliosdb.Date)       { o.Int(int64(v)) }

func (o *Out) Bool(v bool) {
	n := int64(0)
	if v {
		n = 1
	}
	o.Int(n)
}

// Bytes and JSON: nil is NULL.
func (o *Out) Bytes(v []byte) { o.blob(blob, v) }

func (o *Out) JSON(v heliosdb.JSON) { o.blob(json, v) }

func (o *Out) blob(kind int32, v []byte) {
	if v == nil {
		o.Null()
	} else {
		o.check(o.bytes(kind, str(v)))
	}
}

func (o *Out) Any(value any) {
	switch v := value.(type) {
	case nil:
		o.Null()
	case bool:
		o.Bool(v)
	case int:
		o.Int(int64(v))
	case int64:
		o.Int(v)
	case int32:
		o.Int(int64(v))
	case float64:
		o.Float(v)
	case string:
		o.Text(v)
	case []byte:
		o.Bytes(v)
	case heliosdb.JSON:
		o.JSON(v)
	case heliosdb.Decimal:
		o.Decimal(v)
	case interface{ UnixMicro() int64 }:
		o.Text(heliosdb.Timestamp(v.UnixMicro()))
	case heliosdb.Date:
		o.Text(v.String())
	case error:
		Error(v)
	default:
		Fail(int32(heliosdb.Type), "the result is of a type that SQL does not have")
	}
}

// Maybe puts a pointer's value; nil is NULL.
func Maybe[T any](o *Out, v *T, put func(T)) {
	if v == nil {
		o.Null()
	} else {
		put(*v)
	}
}

// Valid puts a heliosdb.Null.
func Valid[T any](o *Out, v heliosdb.Null[T], put func(T)) {
	if v.Valid {
		put(v.V)
	} else {
		o.Null()
	}
}

// Packed is text as the export's own result, the quick way: pointer << 32 | length. The host reads it before anything else
// runs in the module.
func Packed(v string) int64 {
	if len(v) == 0 {
		return int64(uintptr(unsafe.Pointer(&empty))) << 32
	}
	return int64(uintptr(unsafe.Pointer(unsafe.StringData(v))))<<32 | int64(len(v))
}

var empty byte
