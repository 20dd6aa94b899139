// Package calljson is package call for procedures whose parameters or results are structs, maps and slices: apart, so that
// a module without them does not hold encoding/json.
package calljson

import (
	"bytes"
	"encoding/json"

	"heliosdb"
	"heliosdb/call"
)

// Warm lets encoding/json work out T, and the types in it, before the first call: what it finds is kept in memory, which each
// call begins with. Without values, so that no method of T runs.
func Warm[T any]() struct{} {
	_, _ = json.Marshal([]T{}) // of a type that has no JSON, the call says so
	return struct{}{}
}

// Get decodes a JSON argument.
func Get[T any](i int32, name string) T {
	var v T
	text := call.JSON(i, name)
	if call.Ended() {
		return v
	}
	if err := json.Unmarshal(text, &v); err != nil {
		call.Fail(int32(heliosdb.BadJSON), "parameter "+name+": "+err.Error())
	}
	return v
}

// Put encodes a value as JSON, with <, > and & as they are.
func Put[T any](o *call.Out, v T) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if call.Error(e.Encode(v)) {
		return
	}
	o.JSON(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
