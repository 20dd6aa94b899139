// Package call is what heliosc's generated wrappers are made of: arguments from the host, results to it, and
// what becomes of a panic. Not for procedures themselves.
package call

import (
	"runtime"
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

// Go's allocator sets aside memory of a size, and stacks of one, when it is first asked for them. It is asked here, before the
// first call: what memory holds then, each call begins with and need not do again.
func init() {
	for n := 8; n <= 4096; n += max(8, n/8) {
		kept = make([]byte, n)
		pointers = make([]*byte, n/8)
	}
	kept, pointers = nil, nil
	done := make(chan bool)
	go func() {
		grow(64)
		done <- true
	}()
	<-done
}

var (
	kept     []byte
	pointers []*byte
)

// grow takes some 256 bytes of stack a level.
//
//go:noinline
func grow(levels int) byte {
	var frame [256]byte
	frame[levels] = byte(levels)
	if levels > 0 {
		frame[0] = grow(levels - 1)
	}
	return frame[levels]
}

// over ends a call that has its result or its error already.
type over struct{}

func stop() { panic(over{}) }

// Fail gives the call an error and ends it.
func Fail(code int32, message string) {
	abi.Fail(code, message)
	stop()
}

// Error is the call's error, if there is one: with the code of a *heliosdb.Error, else 1.
func Error(err error) {
	if err == nil {
		return
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
}

// End is deferred by each wrapper: a panic's message is the call's error, its trace goes to the log.
func End() {
	p := recover()
	if p == nil {
		return
	}
	if _, ended := p.(over); ended {
		return
	}
	abi.Fail(2, "panic: "+describe(p)+place())
	trace := make([]byte, 4096)
	print(string(trace[:runtime.Stack(trace, false)])) // to descriptor 2: the log, if granted
}

func describe(p any) string {
	switch v := p.(type) {
	case error:
		return v.Error()
	case interface{ String() string }:
		return v.String()
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return "a value that has no text"
}

// place is where the panic was: the first frame above the runtime's own.
func place() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		if len(f.Function) < 8 || f.Function[:8] != "runtime." {
			return " (" + base(f.File) + ":" + strconv.Itoa(f.Line) + ")"
		}
		if !more {
			return ""
		}
	}
}

func base(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[i+1:]
		}
	}
	return path
}

// ---- arguments ----

func wrong(name, message string) { Fail(int32(heliosdb.Type), "parameter "+name+": "+message) }

// given stops the call with NULL if the argument is NULL: its type can't hold it.
func given(i int32) {
	if abi.ArgType(i) == null {
		abi.ReturnNull()
		stop()
	}
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
	given(i)
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
	given(i)
	return bytes(i)
}

func Int(i int32, _ string) int64 {
	given(i)
	return abi.ArgI64(i)
}

// Fits is an integer of a smaller type, or the call's error.
func Fits[T int8 | int16 | int32 | uint8 | uint16 | uint32](v int64, name string) T {
	if int64(T(v)) != v {
		wrong(name, strconv.FormatInt(v, 10)+" is out of range")
	}
	return T(v)
}

func Small[T int8 | int16 | int32 | uint8 | uint16 | uint32](i int32, name string) T {
	return Fits[T](Int(i, name), name)
}

func Float(i int32, _ string) float64 {
	given(i)
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

var result = Out{abi.ReturnNull, abi.ReturnI64, abi.ReturnF64, abi.ReturnBytes}
var row = Out{abi.RowNull, abi.RowI64, abi.RowF64, abi.RowBytes}

// RowEnd completes a row.
func RowEnd() { row.check(abi.RowEnd()) }

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
