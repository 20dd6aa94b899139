//go:build tinygo

package call

// End is deferred by each wrapper. A panic does not come here: TinyGo writes its message and traps, and the host makes that the
// call's error.
func End() { ended = false }
