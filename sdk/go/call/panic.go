//go:build !tinygo

package call

import (
	"runtime"
	"strconv"

	"heliosdb/internal/abi"
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

// End is deferred by each wrapper: a panic's message is the call's error, its trace goes to the log.
func End() {
	ended = false
	p := recover()
	if p == nil {
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
