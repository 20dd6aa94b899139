// Package clock is package heliosdb's time: the host's clock, and times of SQL as time.Time.
package clock

import (
	"time"

	"heliosdb"
)

// Now is the time, UTC.
func Now() (time.Time, error) {
	us, err := heliosdb.NowMicro()
	return time.UnixMicro(us).UTC(), err
}

// Date is the day of t where t is.
func Date(t time.Time) heliosdb.Date {
	year, month, day := t.Date()
	return heliosdb.Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// Time is the beginning of a day, UTC.
func Time(d heliosdb.Date) time.Time { return time.Unix(int64(d)*86400, 0).UTC() }
