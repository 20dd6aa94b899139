// Package calltime is package call for procedures with a time.Time: apart, so that a module without one does not hold
// package time.
package calltime

import (
	"time"

	"heliosdb/call"
)

// Micro is a TIMESTAMP as it comes in a register.
func Micro(us int64) time.Time { return time.UnixMicro(us).UTC() }

func Get(i int32, name string) time.Time { return Micro(call.Int(i, name)) }

func Put(o *call.Out, v time.Time) { o.Int(v.UnixMicro()) }
