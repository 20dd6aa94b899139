// Package heliosdb is the API that HeliosDB's design document shows for Go: rows as maps, levels as words, and a panic,
// which fails the call, where package heliosdb has an error. New procedures take that one.
package heliosdb

import (
	"strconv"

	host "heliosdb"
)

// Row is a row by its columns' names. An integer is an int, a real a float64, text a string, a blob a []byte.
type Row = map[string]any

// Query runs a statement; ? in it are bound to the arguments.
func Query(sql string, args ...any) []Row {
	rows, err := host.QueryMaps(sql, args...)
	if err != nil {
		panic(err)
	}
	for _, row := range rows {
		for name, v := range row {
			if n, ok := v.(int64); ok {
				row[name] = int(n)
			}
		}
	}
	return rows
}

// Log writes a line; the level is "debug", "info", "warn" or "error".
func Log(level, line string) {
	levels := map[string]host.Level{"debug": host.LevelDebug, "info": host.LevelInfo, "warn": host.LevelWarn, "error": host.LevelError}
	l, ok := levels[level]
	if !ok {
		panic("no log level " + strconv.Quote(level))
	}
	if err := host.Log(l, line); err != nil {
		panic(err)
	}
}

// BeginTx, CommitTx and RollbackTx are a nested transaction.
func BeginTx()    { must(host.Begin()) }
func CommitTx()   { must(host.Commit()) }
func RollbackTx() { must(host.Rollback()) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}
