// compat.go - the API of HeliosDB's design document, as its examples use it.
package main

import (
	"strconv"

	heliosdb "github.com/heliosdb/wasm-sdk-go"
)

// Listed asks for rows as maps.
func Listed(most int64) string {
	out := ""
	for _, row := range heliosdb.Query("SELECT a, b, 0.5 AS half FROM t WHERE a <= ?", most) {
		name, _ := row["b"].(string)
		out += strconv.Itoa(row["a"].(int)) + name + strconv.FormatFloat(row["half"].(float64), 'f', 1, 64) + " "
	}
	return out
}

// Change keeps or undoes a row.
func Change(keep bool) string {
	heliosdb.BeginTx()
	heliosdb.Query("INSERT INTO t VALUES (7, 'seven')")
	if keep {
		heliosdb.CommitTx()
	} else {
		heliosdb.RollbackTx()
	}
	heliosdb.Log("warn", "changed")
	return strconv.Itoa(heliosdb.Query("SELECT count(*) AS n FROM t")[0]["n"].(int))
}

// Wrong panics.
func Wrong(what string) {
	switch what {
	case "level":
		heliosdb.Log("loud", "x")
	case "commit":
		heliosdb.CommitTx()
	default:
		heliosdb.Query(what)
	}
}
