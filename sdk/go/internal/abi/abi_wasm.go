//go:build wasm

// Package abi is the host's functions as docs/guest-abi.md has them, with Go's strings and slices for
// pointer and length. In a module they are imports; elsewhere (mock.go) a host without a database.
// A function that no procedure reaches is not linked, so a module asks for the capabilities of those
// alone that it calls.
package abi

import "unsafe"

func at(b []byte) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.SliceData(b)), uint32(len(b))
}

//go:wasmimport helios_v1 arg_count
func ArgCount() int32

//go:wasmimport helios_v1 arg_type
func ArgType(i int32) int32

//go:wasmimport helios_v1 arg_i64
func ArgI64(i int32) int64

//go:wasmimport helios_v1 arg_f64
func ArgF64(i int32) float64

//go:wasmimport helios_v1 arg_len
func ArgLen(i int32) int32

//go:wasmimport helios_v1 arg_read
//go:noescape
func argRead(i, offset int32, dst unsafe.Pointer, n uint32) int32

func ArgRead(i, offset int32, dst []byte) int32 {
	p, n := at(dst)
	return argRead(i, offset, p, n)
}

//go:wasmimport helios_v1 return_null
func ReturnNull() int32

//go:wasmimport helios_v1 return_i64
func ReturnI64(v int64) int32

//go:wasmimport helios_v1 return_f64
func ReturnF64(v float64) int32

//go:wasmimport helios_v1 return_bytes
//go:noescape
func ReturnBytes(kind int32, v string) int32

//go:wasmimport helios_v1 row_null
func RowNull() int32

//go:wasmimport helios_v1 row_i64
func RowI64(v int64) int32

//go:wasmimport helios_v1 row_f64
func RowF64(v float64) int32

//go:wasmimport helios_v1 row_bytes
//go:noescape
func RowBytes(kind int32, v string) int32

//go:wasmimport helios_v1 row_end
func RowEnd() int32

//go:wasmimport helios_v1 fail
//go:noescape
func Fail(code int32, text string) int32

//go:wasmimport helios_v1 error_message
//go:noescape
func errorMessage(dst unsafe.Pointer, n uint32) int32

func ErrorMessage(dst []byte) int32 { return errorMessage(at(dst)) }

//go:wasmimport helios_v1 prepare
//go:noescape
func Prepare(sql string) int32

//go:wasmimport helios_v1 bind_null
func BindNull(s, i int32) int32

//go:wasmimport helios_v1 bind_i64
func BindI64(s, i int32, v int64) int32

//go:wasmimport helios_v1 bind_f64
func BindF64(s, i int32, v float64) int32

//go:wasmimport helios_v1 bind_text
//go:noescape
func BindText(s, i int32, v string) int32

//go:wasmimport helios_v1 bind_blob
//go:noescape
func BindBlob(s, i int32, v string) int32

//go:wasmimport helios_v1 step
func Step(s int32) int32

//go:wasmimport helios_v1 column_count
func ColumnCount(s int32) int32

//go:wasmimport helios_v1 column_name
//go:noescape
func columnName(s, c int32, dst unsafe.Pointer, n uint32) int32

func ColumnName(s, c int32, dst []byte) int32 {
	p, n := at(dst)
	return columnName(s, c, p, n)
}

//go:wasmimport helios_v1 column_type
func ColumnType(s, c int32) int32

//go:wasmimport helios_v1 column_i64
func ColumnI64(s, c int32) int64

//go:wasmimport helios_v1 column_f64
func ColumnF64(s, c int32) float64

//go:wasmimport helios_v1 column_len
func ColumnLen(s, c int32) int32

//go:wasmimport helios_v1 column_read
//go:noescape
func columnRead(s, c, offset int32, dst unsafe.Pointer, n uint32) int32

func ColumnRead(s, c, offset int32, dst []byte) int32 {
	p, n := at(dst)
	return columnRead(s, c, offset, p, n)
}

//go:wasmimport helios_v1 reset
func Reset(s int32) int32

//go:wasmimport helios_v1 finalize
func Finalize(s int32) int32

//go:wasmimport helios_v1 begin
func Begin() int32

//go:wasmimport helios_v1 commit
func Commit() int32

//go:wasmimport helios_v1 rollback
func Rollback() int32

//go:wasmimport helios_v1 savepoint
//go:noescape
func Savepoint(name string) int32

//go:wasmimport helios_v1 release
//go:noescape
func Release(name string) int32

//go:wasmimport helios_v1 rollback_to
//go:noescape
func RollbackTo(name string) int32

//go:wasmimport helios_v1 exec
//go:noescape
func Exec(sql, params string) int64

//go:wasmimport helios_v1 query
//go:noescape
func query(sql, params string, dst unsafe.Pointer, n uint32) int32

func Query(sql, params string, dst []byte) int32 {
	p, n := at(dst)
	return query(sql, params, p, n)
}

//go:wasmimport helios_v1 query_read
//go:noescape
func queryRead(offset int32, dst unsafe.Pointer, n uint32) int32

func QueryRead(offset int32, dst []byte) int32 {
	p, n := at(dst)
	return queryRead(offset, p, n)
}

//go:wasmimport helios_v1 log
//go:noescape
func Log(level int32, line string) int32

//go:wasmimport helios_v1 now_us
func NowUS() int64

//go:wasmimport helios_v1 random
//go:noescape
func random(dst unsafe.Pointer, n uint32) int32

func Random(dst []byte) int32 { return random(at(dst)) }

//go:wasmimport helios_v1 hash
//go:noescape
func hash(alg int32, data string, dst unsafe.Pointer, n uint32) int32

func Hash(alg int32, data string, dst []byte) int32 {
	p, n := at(dst)
	return hash(alg, data, p, n)
}

//go:wasmimport helios_v1 hmac
//go:noescape
func hmac(alg int32, key, data string, dst unsafe.Pointer, n uint32) int32

func HMAC(alg int32, key, data string, dst []byte) int32 {
	p, n := at(dst)
	return hmac(alg, key, data, p, n)
}

//go:wasmimport helios_v1 sign
//go:noescape
func sign(alg int32, key, data string, dst unsafe.Pointer, n uint32) int32

func Sign(alg int32, key, data string, dst []byte) int32 {
	p, n := at(dst)
	return sign(alg, key, data, p, n)
}

//go:wasmimport helios_v1 verify
//go:noescape
func Verify(alg int32, key, data, signature string) int32

//go:wasmimport helios_v1 kv_get
//go:noescape
func kvGet(key string, offset int32, dst unsafe.Pointer, n uint32) int32

func KVGet(key string, offset int32, dst []byte) int32 {
	p, n := at(dst)
	return kvGet(key, offset, p, n)
}

//go:wasmimport helios_v1 kv_set
//go:noescape
func KVSet(key, value string) int32

//go:wasmimport helios_v1 kv_delete
//go:noescape
func KVDelete(key string) int32

//go:wasmimport helios_v1 kv_list
//go:noescape
func kvList(prefix, after string, dst unsafe.Pointer, n uint32) int32

func KVList(prefix, after string, dst []byte) int32 {
	p, n := at(dst)
	return kvList(prefix, after, p, n)
}

//go:wasmimport helios_v1 session_get
//go:noescape
func sessionGet(name string, dst unsafe.Pointer, n uint32) int32

func SessionGet(name string, dst []byte) int32 {
	p, n := at(dst)
	return sessionGet(name, p, n)
}

//go:wasmimport helios_v1 session_set
//go:noescape
func SessionSet(name, value string) int32

//go:wasmimport helios_v1 metric_add
//go:noescape
func MetricAdd(name string, v float64) int32

//go:wasmimport helios_v1 metric_set
//go:noescape
func MetricSet(name string, v float64) int32

//go:wasmimport helios_v1 env_get
//go:noescape
func envGet(name string, dst unsafe.Pointer, n uint32) int32

func EnvGet(name string, dst []byte) int32 {
	p, n := at(dst)
	return envGet(name, p, n)
}

//go:wasmimport helios_v1 file_open
//go:noescape
func FileOpen(path string, flags int32) int32

//go:wasmimport helios_v1 file_read
//go:noescape
func fileRead(f int32, offset int64, dst unsafe.Pointer, n uint32) int32

func FileRead(f int32, offset int64, dst []byte) int32 {
	p, n := at(dst)
	return fileRead(f, offset, p, n)
}

//go:wasmimport helios_v1 file_write
//go:noescape
func FileWrite(f int32, offset int64, data string) int32

//go:wasmimport helios_v1 file_size
func FileSize(f int32) int64

//go:wasmimport helios_v1 file_close
func FileClose(f int32) int32

//go:wasmimport helios_v1 file_remove
//go:noescape
func FileRemove(path string) int32

//go:wasmimport helios_v1 file_list
//go:noescape
func fileList(path string, offset int32, dst unsafe.Pointer, n uint32) int32

func FileList(path string, offset int32, dst []byte) int32 {
	p, n := at(dst)
	return fileList(path, offset, p, n)
}

//go:wasmimport helios_v1 http
//go:noescape
func HTTP(method, url, headers, body string) int32

//go:wasmimport helios_v1 http_header
//go:noescape
func httpHeader(name string, dst unsafe.Pointer, n uint32) int32

func HTTPHeader(name string, dst []byte) int32 {
	p, n := at(dst)
	return httpHeader(name, p, n)
}

//go:wasmimport helios_v1 http_read
//go:noescape
func httpRead(offset int32, dst unsafe.Pointer, n uint32) int32

func HTTPRead(offset int32, dst []byte) int32 {
	p, n := at(dst)
	return httpRead(offset, p, n)
}
