package heliosdb

import (
	"strconv"

	"heliosdb/internal/abi"
)

// A Code says what kind of error a host function met. A Code is an error itself, so that
// errors.Is(err, heliosdb.Denied) asks whether err is one of that kind.
type Code int32

const (
	SQL        Code = -1    // the database refused the statement
	Denied     Code = -2    // the procedure has no grant for this
	Range      Code = -3    // pointer and length are outside the guest's memory
	Buffer     Code = -4    // buffer too small
	Handle     Code = -5    // no such open statement or file
	Index      Code = -6    // no such argument, parameter or column
	Type       Code = -7    // unknown or unsuitable value type
	UTF8       Code = -8    // text is not valid UTF-8
	Limit      Code = -9    // limit exceeded
	State      Code = -10   // not possible now
	Constraint Code = -11   // a constraint failed
	Busy       Code = -12   // the database is locked or a statement is running
	NoMem      Code = -13   // out of memory in the host
	BadJSON    Code = -14   // not JSON
	BadLevel   Code = -15   // unknown log level
	Absent     Code = -16   // there is nothing of this name
	Algorithm  Code = -17   // unknown algorithm
	Key        Code = -18   // the key does not have the algorithm's length
	Exists     Code = -19   // exists already
	IO         Code = -20   // input or output failed
	Network    Code = -21   // the request failed
	Name       Code = -22   // not a name
	NoRows     Code = -1000 // of QueryRow: the statement gave no row; never the host's
)

func (c Code) Error() string {
	if c == NoRows {
		return "the statement gave no row"
	}
	return "heliosdb: status " + strconv.Itoa(int(c))
}

// An Error is what a host function answered, or what a procedure makes to fail with a code of its own:
//
//	return 0, &heliosdb.Error{Code: 404, Message: "no such customer"}
type Error struct {
	Code    Code
	Message string
}

func (e *Error) Error() string { return e.Message }

// Is makes errors.Is(err, heliosdb.Denied) work.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// NewError makes an error with a code of the procedure's own.
func NewError(code int32, message string) *Error { return &Error{Code(code), message} }

// refused is the error of a negative status.
func refused(status int64) error {
	var text [512]byte
	n := abi.ErrorMessage(text[:])
	if n < 0 || int(n) > len(text) {
		n = 0
	}
	message := string(text[:n])
	if message == "" {
		message = Code(status).Error()
	}
	return &Error{Code(status), message}
}

// check is nil for a status that is none of an error.
func check(status int32) error {
	if status >= 0 {
		return nil
	}
	return refused(int64(status))
}
