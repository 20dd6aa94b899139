//go:build !wasm

// Package abi off WebAssembly is a host without a database: what heliosdbtest scripts. It knows no SQL.
package abi

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"sort"
	"strings"
)

// Answer is the rows that a statement gives; values are nil, int64, float64, string, []byte.
type Answer struct {
	SQL     string
	Columns []string
	Rows    [][]any
	Changed int64
}

// Statement is one that was run.
type Statement struct {
	SQL    string
	Bound  map[int32]any
	answer *Answer
	at     int
	open   bool
}

// Line is one of the log.
type Line struct {
	Level int32
	Text  string
}

// Machine is all that the host knows. heliosdbtest makes one for each test.
type Machine struct {
	Answers    []*Answer
	Statements []*Statement
	Lines      []Line
	KV         map[string][]byte
	Vars       map[string]string
	Env        map[string]string
	Metrics    map[string]float64
	Files      map[string][]byte
	Respond    func(method, url, headers, body string) (int, map[string]string, []byte)
	Micros     int64
	Seed       byte
	Args       []any
	Given      any
	Returned   bool
	Rows       [][]any
	FailCode   int32
	FailText   string
	Depth      int
	Undone     int
	RefuseIn   int
	RefuseWith int32
	RefuseText string
	last       string
	row        []any
	open       []string
	names      []string
	header     map[string]string
	body       []byte
	rows       string
}

// M is the machine of the running test.
var M = &Machine{}

// refuse says whether this call is to fail; else it fails with the status.
func refuse() int32 {
	if M.RefuseIn > 0 {
		M.RefuseIn--
		if M.RefuseIn == 0 {
			return say(M.RefuseWith, M.RefuseText)
		}
	}
	return 0
}

func say(status int32, text string) int32 {
	M.last = text
	return status
}

func give(dst []byte, from string, offset int32) int32 {
	if int(offset) > len(from) {
		return 0
	}
	copy(dst, from[offset:])
	return int32(len(from) - int(offset))
}

func kind(v any) int32 {
	switch v.(type) {
	case nil:
		return 0
	case int64:
		return 1
	case float64:
		return 2
	case []byte:
		return 4
	}
	return 3
}

func bytesOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

func number(v any) float64 {
	if n, ok := v.(int64); ok {
		return float64(n)
	}
	f, _ := v.(float64)
	return f
}

func whole(v any) int64 {
	if f, ok := v.(float64); ok {
		return int64(f)
	}
	n, _ := v.(int64)
	return n
}

func ArgCount() int32             { return int32(len(M.Args)) }
func ArgType(i int32) int32       { return kind(M.Args[i]) }
func ArgI64(i int32) int64        { return whole(M.Args[i]) }
func ArgF64(i int32) float64      { return number(M.Args[i]) }
func ArgLen(i int32) int32        { return int32(len(bytesOf(M.Args[i]))) }
func ErrorMessage(d []byte) int32 { return give(d, M.last, 0) }
func ArgRead(i, offset int32, dst []byte) int32 {
	return give(dst, bytesOf(M.Args[i]), offset)
}

func result(v any) int32 {
	M.Given, M.Returned = v, true
	return 0
}

func typed(kind int32, v string) any {
	if kind == 4 {
		return []byte(v)
	}
	return v
}

func ReturnNull() int32                      { return result(nil) }
func ReturnI64(v int64) int32                { return result(v) }
func ReturnF64(v float64) int32              { return result(v) }
func ReturnBytes(kind int32, v string) int32 { return result(typed(kind, v)) }

func value(v any) int32 {
	M.row = append(M.row, v)
	return 0
}

func RowNull() int32                      { return value(nil) }
func RowI64(v int64) int32                { return value(v) }
func RowF64(v float64) int32              { return value(v) }
func RowBytes(kind int32, v string) int32 { return value(typed(kind, v)) }
func RowEnd() int32 {
	M.Rows, M.row = append(M.Rows, M.row), nil
	return 0
}

func Fail(code int32, text string) int32 {
	M.FailCode, M.FailText = code, text
	return 0
}

// ---- statements ----

func Prepare(sql string) int32 {
	if status := refuse(); status < 0 {
		return status
	}
	for _, a := range M.Answers {
		if a.SQL == sql {
			M.Statements = append(M.Statements, &Statement{SQL: sql, Bound: map[int32]any{}, answer: a, open: true})
			return int32(len(M.Statements))
		}
	}
	return say(-1, "heliosdbtest: no answer for this statement: "+sql)
}

func statement(s int32) *Statement {
	if s < 1 || int(s) > len(M.Statements) || !M.Statements[s-1].open {
		return nil
	}
	return M.Statements[s-1]
}

func bindTo(s, i int32, v any) int32 {
	st := statement(s)
	if st == nil {
		return say(-5, "no such open statement")
	}
	if status := refuse(); status < 0 {
		return status
	}
	st.Bound[i] = v
	return 0
}

func BindNull(s, i int32) int32           { return bindTo(s, i, nil) }
func BindI64(s, i int32, v int64) int32   { return bindTo(s, i, v) }
func BindF64(s, i int32, v float64) int32 { return bindTo(s, i, v) }
func BindText(s, i int32, v string) int32 { return bindTo(s, i, strings.Clone(v)) }
func BindBlob(s, i int32, v string) int32 { return bindTo(s, i, []byte(v)) }

func Step(s int32) int32 {
	st := statement(s)
	if st == nil {
		return say(-5, "no such open statement")
	}
	if status := refuse(); status < 0 {
		return status
	}
	if st.at >= len(st.answer.Rows) {
		return 0
	}
	st.at++
	return 1
}

func cell(s, c int32) any {
	st := statement(s)
	if st == nil || st.at == 0 || int(c) >= len(st.answer.Rows[st.at-1]) {
		return nil
	}
	return st.answer.Rows[st.at-1][c]
}

func ColumnCount(s int32) int32 {
	if st := statement(s); st != nil {
		return int32(len(st.answer.Columns))
	}
	return -5
}

func ColumnName(s, c int32, dst []byte) int32 {
	st := statement(s)
	if st == nil || int(c) >= len(st.answer.Columns) {
		return say(-6, "no such column")
	}
	return give(dst, st.answer.Columns[c], 0)
}

func ColumnType(s, c int32) int32  { return kind(cell(s, c)) }
func ColumnI64(s, c int32) int64   { return whole(cell(s, c)) }
func ColumnF64(s, c int32) float64 { return number(cell(s, c)) }
func ColumnLen(s, c int32) int32   { return int32(len(bytesOf(cell(s, c)))) }
func ColumnRead(s, c, offset int32, dst []byte) int32 {
	return give(dst, bytesOf(cell(s, c)), offset)
}

func Reset(s int32) int32 {
	if st := statement(s); st != nil {
		st.at = 0
	}
	return 0
}

func Finalize(s int32) int32 {
	if st := statement(s); st != nil {
		st.open = false
	}
	return 0
}

// Exec keeps the parameters' JSON as the first bound value's text: heliosdbtest reads it.
func Exec(sql, params string) int64 {
	s := Prepare(sql)
	if s < 0 {
		return int64(s)
	}
	st := statement(s)
	st.Bound[0] = params
	st.open = false
	return st.answer.Changed
}

func Query(sql, params string, dst []byte) int32 {
	M.rows = "[]"
	return give(dst, M.rows, 0)
}

func QueryRead(offset int32, dst []byte) int32 { return give(dst, M.rows, offset) }

// ---- transactions ----

func Begin() int32 {
	if status := refuse(); status < 0 {
		return status
	}
	M.Depth++
	return 0
}

func end() int32 {
	if status := refuse(); status < 0 {
		return status
	}
	if M.Depth == 0 {
		return say(-10, "no transaction is open")
	}
	M.Depth--
	return 0
}

func Commit() int32 { return end() }
func Rollback() int32 {
	status := end()
	if status == 0 {
		M.Undone++
	}
	return status
}

func Savepoint(name string) int32 {
	M.names = append(M.names, name)
	return refuse()
}

func to(name string, keep bool) int32 {
	for i := len(M.names) - 1; i >= 0; i-- {
		if M.names[i] == name {
			M.names = M.names[:i]
			if keep {
				M.names = append(M.names, name)
			}
			return refuse()
		}
	}
	return say(-16, "no savepoint "+name)
}

func Release(name string) int32    { return to(name, false) }
func RollbackTo(name string) int32 { return to(name, true) }

// ---- the rest of the host ----

func Log(level int32, line string) int32 {
	if status := refuse(); status < 0 {
		return status
	}
	M.Lines = append(M.Lines, Line{level, strings.Clone(line)})
	return 0
}

func NowUS() int64 {
	if status := refuse(); status < 0 {
		return int64(status)
	}
	return M.Micros
}

func Random(dst []byte) int32 {
	for i := range dst {
		M.Seed = M.Seed*181 + 59
		dst[i] = M.Seed
	}
	return refuse()
}

func algorithm(alg int32) crypto.Hash {
	return map[int32]crypto.Hash{0: crypto.SHA256, 1: crypto.SHA512, 3: crypto.SHA384, 4: crypto.SHA3_256, 6: crypto.SHA1}[alg]
}

func Hash(alg int32, data string, dst []byte) int32 {
	h := algorithm(alg)
	if h == 0 {
		return say(-17, "heliosdbtest has not this algorithm")
	}
	d := h.New()
	d.Write([]byte(data))
	return give(dst, string(d.Sum(nil)), 0)
}

func HMAC(alg int32, key, data string, dst []byte) int32 {
	h := algorithm(alg)
	if h == 0 {
		return say(-17, "heliosdbtest has not this algorithm")
	}
	d := hmac.New(h.New, []byte(key))
	d.Write([]byte(data))
	return give(dst, string(d.Sum(nil)), 0)
}

func Sign(alg int32, key, data string, dst []byte) int32 {
	if alg != 0 || len(key) != ed25519.SeedSize {
		return say(-18, "the key does not have the algorithm's length")
	}
	return give(dst, string(ed25519.Sign(ed25519.NewKeyFromSeed([]byte(key)), []byte(data))), 0)
}

func Verify(alg int32, key, data, signature string) int32 {
	if alg != 0 || len(key) != ed25519.PublicKeySize {
		return say(-18, "the key does not have the algorithm's length")
	}
	if len(signature) == ed25519.SignatureSize && ed25519.Verify([]byte(key), []byte(data), []byte(signature)) {
		return 1
	}
	return 0
}

func absent(what string) int32 { return say(-16, "there is no "+what) }

func KVGet(key string, offset int32, dst []byte) int32 {
	v, ok := M.KV[key]
	if !ok {
		return absent("key " + key)
	}
	return give(dst, string(v), offset)
}

func KVSet(key, value string) int32 {
	if status := refuse(); status < 0 {
		return status
	}
	M.KV[strings.Clone(key)] = []byte(value)
	return 0
}

func KVDelete(key string) int32 {
	_, ok := M.KV[key]
	delete(M.KV, key)
	if ok {
		return 1
	}
	return 0
}

func KVList(prefix, after string, dst []byte) int32 {
	var keys []string
	for k := range M.KV {
		if strings.HasPrefix(k, prefix) && k > after {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return absent("more")
	}
	sort.Strings(keys)
	return give(dst, keys[0], 0)
}

func lookup(from map[string]string, name string, dst []byte) int32 {
	v, ok := from[name]
	if !ok {
		return absent(name)
	}
	return give(dst, v, 0)
}

func SessionGet(name string, dst []byte) int32 { return lookup(M.Vars, name, dst) }
func EnvGet(name string, dst []byte) int32     { return lookup(M.Env, name, dst) }
func HTTPHeader(name string, dst []byte) int32 { return lookup(M.header, strings.ToLower(name), dst) }

func SessionSet(name, value string) int32 {
	if status := refuse(); status < 0 {
		return status
	}
	M.Vars[strings.Clone(name)] = strings.Clone(value)
	return 0
}

func MetricAdd(name string, v float64) int32 {
	M.Metrics[name] += v
	return refuse()
}

func MetricSet(name string, v float64) int32 {
	M.Metrics[name] = v
	return refuse()
}

// ---- files and http ----

func FileOpen(path string, flags int32) int32 {
	if status := refuse(); status < 0 {
		return status
	}
	_, there := M.Files[path]
	switch {
	case there && flags&4 != 0:
		return say(-19, path+" exists already")
	case !there && flags&2 == 0:
		return absent("file " + path)
	case !there || flags&8 != 0:
		M.Files[path] = []byte{}
	}
	M.open = append(M.open, path)
	return int32(len(M.open))
}

func FileRead(f int32, offset int64, dst []byte) int32 {
	data := M.Files[M.open[f-1]]
	if offset >= int64(len(data)) {
		return 0
	}
	return int32(copy(dst, data[offset:]))
}

func FileWrite(f int32, offset int64, data string) int32 {
	path := M.open[f-1]
	all := M.Files[path]
	if grow := int(offset) + len(data) - len(all); grow > 0 {
		all = append(all, make([]byte, grow)...)
	}
	copy(all[offset:], data)
	M.Files[path] = all
	return int32(len(data))
}

func FileSize(f int32) int64  { return int64(len(M.Files[M.open[f-1]])) }
func FileClose(f int32) int32 { return 0 }

func FileRemove(path string) int32 {
	if _, ok := M.Files[path]; !ok {
		return absent("file " + path)
	}
	delete(M.Files, path)
	return 0
}

func FileList(path string, offset int32, dst []byte) int32 {
	var names []string
	for p := range M.Files {
		if rest, ok := strings.CutPrefix(p, path+"/"); ok && !strings.Contains(rest, "/") {
			names = append(names, `"`+rest+`"`)
		}
	}
	sort.Strings(names)
	return give(dst, "["+strings.Join(names, ",")+"]", offset)
}

func HTTP(method, url, headers, body string) int32 {
	if status := refuse(); status < 0 {
		return status
	}
	if M.Respond == nil {
		return say(-21, "heliosdbtest: no Respond for "+url)
	}
	status, header, answer := M.Respond(method, url, headers, body)
	M.header, M.body = map[string]string{}, answer
	for name, v := range header {
		M.header[strings.ToLower(name)] = v
	}
	return int32(status)
}

func HTTPRead(offset int32, dst []byte) int32 { return give(dst, string(M.body), offset) }
