package heliosdb

import (
	"iter"

	"heliosdb/internal/abi"
)

// Level of a log line.
type Level int32

const (
	LevelDebug Level = iota
	LevelInfo
	LevelWarn
	LevelError
)

// Log writes a line to the procedure's log. package heliosdb/logs has a handler for log/slog.
func Log(level Level, line string) error { return check(abi.Log(int32(level), line)) }

// Debug, Info and Warn are Log with a level; what the log refuses is dropped.
func Debug(line string) { abi.Log(int32(LevelDebug), line) }
func Info(line string)  { abi.Log(int32(LevelInfo), line) }
func Warn(line string)  { abi.Log(int32(LevelWarn), line) }

// LogError is Log(LevelError, line).
func LogError(line string) { abi.Log(int32(LevelError), line) }

// NowMicro is the time in microseconds since 1970-01-01 UTC. heliosdb/clock has Now, a time.Time. (time.Now works too, with the
// grant `clock`: without it that gives a counter, while a module that calls NowMicro is refused.)
func NowMicro() (int64, error) {
	us := abi.NowUS()
	if us < 0 && us > -1000 {
		return 0, refused(us)
	}
	return us, nil
}

// Random is an io.Reader of random bytes. (crypto/rand works too, with the grant `random`; without it gives a fixed sequence.)
var Random randomReader

type randomReader struct{}

func (randomReader) Read(p []byte) (int, error) {
	n := min(len(p), 1<<20)
	if err := check(abi.Random(p[:n])); err != nil {
		return 0, err
	}
	return n, nil
}

// sized reads a value of unknown size: once into small, again if it is larger.
func sized(small []byte, read func([]byte) int32) ([]byte, error) {
	for {
		n := read(small)
		if n < 0 {
			return nil, refused(int64(n))
		}
		if int(n) <= len(small) {
			return small[:n], nil
		}
		small = make([]byte, n)
	}
}

// KVGet is the value kept under a key; Absent: there is none.
func KVGet(key string) ([]byte, error) {
	return sized(make([]byte, 256), func(b []byte) int32 { return abi.KVGet(key, 0, b) })
}

// KVSet keeps a value under a key, in the caller's transaction.
func KVSet(key string, value []byte) error { return check(abi.KVSet(key, text(value))) }

// KVDelete forgets a key; false: there was none.
func KVDelete(key string) (bool, error) {
	n := abi.KVDelete(key)
	return n > 0, check(n)
}

// KVKeys is the keys with a prefix, in order of bytes.
func KVKeys(prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for after := ""; ; {
			key, err := sized(make([]byte, 128), func(b []byte) int32 { return abi.KVList(prefix, after, b) })
			if e, ok := err.(*Error); ok && e.Code == Absent {
				return
			}
			after = string(key)
			if !yield(after, err) || err != nil {
				return
			}
		}
	}
}

// Session is a variable of the connection; Absent: there is none.
func Session(name string) (string, error) {
	v, err := sized(make([]byte, 128), func(b []byte) int32 { return abi.SessionGet(name, b) })
	return text(v), err
}

// SetSession sets a variable of the connection.
func SetSession(name, value string) error { return check(abi.SessionSet(name, value)) }

// Env is an environment variable that is granted by name; Absent: it is not set.
func Env(name string) (string, error) {
	v, err := sized(make([]byte, 128), func(b []byte) int32 { return abi.EnvGet(name, b) })
	return text(v), err
}

// MetricAdd adds to a counter of the procedure, MetricSet sets a gauge.
func MetricAdd(name string, v float64) error { return check(abi.MetricAdd(name, v)) }
func MetricSet(name string, v float64) error { return check(abi.MetricSet(name, v)) }
