package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/printer"
	"go/token"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

func printNode(w io.Writer, set *token.FileSet, t ast.Expr) {
	_ = printer.Fprint(w, set, t) // a type that was parsed can be printed
}

func fill(pattern string, pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(pattern)
}

// getter is a func(int32, string) T for an argument.
func (k kind) getter() string {
	switch {
	case k.null == "pointer":
		return fmt.Sprintf("func(i int32, n string) %s { return hcall.Pointer(i, n, %s) }", k.text, k.of.getter())
	case k.null == "Null":
		return fmt.Sprintf("func(i int32, n string) %s { return hcall.Null(i, n, %s) }", k.text, k.of.getter())
	case k.encoded():
		return "hjson.Get[" + k.text + "]"
	case k.base == bases["Time"]:
		return fmt.Sprintf("func(i int32, n string) %s { return %s(htime.Get(i, n)) }", k.text, k.text)
	case k.text == k.base.plain || k.text == "any":
		return "hcall." + k.base.get
	}
	return fmt.Sprintf("func(i int32, n string) %s { return %s(hcall.%s(i, n)) }", k.text, k.text, k.base.get)
}

// put is a statement that gives v to o.
func (k kind) put(o, v string) string {
	switch {
	case k.null == "pointer":
		return fmt.Sprintf("hcall.Maybe(%s, %s, func(v %s) { %s })", o, v, k.of.text, k.of.put(o, "v"))
	case k.null == "Null":
		return fmt.Sprintf("hcall.Valid(%s, %s, func(v %s) { %s })", o, v, k.of.text, k.of.put(o, "v"))
	case k.encoded():
		return fmt.Sprintf("hjson.Put(%s, %s)", o, v)
	case k.base == bases["Time"]:
		return fmt.Sprintf("htime.Put(%s, time.Time(%s))", o, v)
	}
	return fmt.Sprintf("%s.%s(%s)", o, k.base.put, fill(k.base.give, "%V", v))
}

// registers: are all arguments numbers that are never NULL?
func (p *procedure) registers() bool {
	for _, q := range p.params {
		if q.kind.null != "" || q.kind.base.register == "" {
			return false
		}
	}
	return true
}

// returns is the wrapper's own result: a register, packed text, or nothing.
func (p *procedure) returns() string {
	if p.result == nil || p.result.rows != nil || p.result.null != "" {
		return ""
	}
	if p.result.base == bases["string"] || p.result.base == bases["Decimal"] {
		return "int64"
	}
	return p.result.base.register
}

func (p *procedure) answer(v string) string {
	k := p.result
	switch {
	case k.rows != nil:
		return k.each(v)
	case p.returns() == "":
		return k.put("hcall.Result()", v)
	case k.base == bases["bool"]:
		return "if " + v + " { return 1 }\nreturn 0"
	case k.base == bases["Time"]:
		return "return time.Time(" + v + ").UnixMicro()"
	case k.base.register == "":
		return "return hcall.Packed(string(" + v + "))"
	}
	return "return " + k.base.register + "(" + v + ")"
}

// each gives the rows of an iterator.
func (k *kind) each(v string) string {
	var b strings.Builder
	if k.fails {
		fmt.Fprintf(&b, "for v, err := range %s {\nif hcall.Error(err) { return }\n", v)
	} else {
		fmt.Fprintf(&b, "for v := range %s {\n", v)
	}
	for _, c := range k.rows {
		name := "v"
		if !k.whole {
			name = "v." + c.field
		}
		b.WriteString(c.kind.put("hcall.Row()", name) + "\n")
	}
	b.WriteString("if !hcall.RowEnd() { return }\n}")
	return b.String()
}

// take writes the wrapper's parameters, and statements that make the procedure's arguments a0, a1 ... of them or of what the
// host has.
func (p *procedure) take() (params, args, body string) {
	var all, names []string
	var b strings.Builder
	for i, q := range p.params {
		names = append(names, fmt.Sprint("a", i))
		if p.registers() {
			all = append(all, fmt.Sprintf("p%d %s", i, q.kind.base.register))
			fmt.Fprintf(&b, "a%d := %s\n", i, fill(q.kind.base.take, "%T", q.kind.text, "%P", fmt.Sprint("p", i), "%N", strconv.Quote(q.name)))
		} else {
			fmt.Fprintf(&b, "a%d := %s(%d, %q)\n", i, callable(q.kind.getter()), i, q.name)
		}
	}
	if !p.registers() || strings.Contains(b.String(), "hcall.") {
		b.WriteString("if hcall.Ended() { return }\n")
	}
	return strings.Join(all, ", "), strings.Join(names, ", "), b.String()
}

func (p *procedure) wrapper(b *bytes.Buffer, n int) {
	params, args, body := p.take()
	result := p.returns()
	if result != "" {
		result = "(result " + result + ")" // zero after an error
	}
	fmt.Fprintf(b, "//go:wasmexport %s\nfunc heliosdb_export_%d(%s) %s {\ndefer hcall.End()\n%s", p.name, n, params, result, body)
	call := p.fn.Name.Name + "(" + args + ")"
	switch {
	case p.result == nil && p.fails:
		fmt.Fprintf(b, "hcall.Error(%s)\n", call)
	case p.result == nil:
		fmt.Fprintf(b, "%s\n", call)
	case p.fails:
		fmt.Fprintf(b, "v, err := %s\nif hcall.Error(err) { return }\n%s\n", call, p.answer("v"))
	default:
		fmt.Fprintf(b, "v := %s\n%s\n", call, p.answer("v"))
	}
	b.WriteString("}\n\n")
}

// warm adds the types that encoding/json makes of k's values.
func (k *kind) warm(types map[string]bool) {
	for _, c := range k.rows {
		c.kind.warm(types)
	}
	if k.of != nil {
		k.of.warm(types)
	} else if k.encoded() {
		types[k.text] = true
	}
}

// warmUp lets encoding/json know the types of all procedures before the first call.
func (u *unit) warmUp(b *bytes.Buffer) {
	types := map[string]bool{}
	for _, p := range u.procs {
		for _, q := range p.params {
			q.kind.warm(types)
		}
		if p.result != nil {
			p.result.warm(types)
		}
	}
	for _, t := range slices.Sorted(maps.Keys(types)) {
		fmt.Fprintf(b, "var _ = hjson.Warm[%s]()\n", t)
	}
}

// callable puts a function literal in parentheses.
func callable(f string) string {
	if strings.HasPrefix(f, "func") {
		return "(" + f + ")"
	}
	return f
}

// wrappers is the file beside the package's own.
func (u *unit) wrappers() []byte {
	var body, out bytes.Buffer
	u.warmUp(&body)
	for n, p := range u.procs {
		p.wrapper(&body, n)
	}
	if !u.hasMain {
		body.WriteString("func main() {}\n")
	}
	out.WriteString("// Written by heliosc. Not for editing.\n\npackage main\n\nimport (\n")
	u.use("hcall", "heliosdb/call")
	u.use("hjson", "heliosdb/calljson")
	u.use("htime", "heliosdb/calltime")
	u.use("heliosdb", "heliosdb")
	u.use("time", "time")
	for _, name := range slices.Sorted(maps.Keys(u.used)) {
		if bytes.Contains(body.Bytes(), []byte(name+".")) {
			fmt.Fprintf(&out, "%s %q\n", name, u.used[name])
		}
	}
	out.WriteString(")\n\n")
	out.Write(body.Bytes())
	text, err := format.Source(out.Bytes())
	if err != nil {
		return out.Bytes() // the compiler says what is wrong with it
	}
	return text
}

type jsonParam struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Default string `json:"default,omitempty"`
}

type jsonColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type jsonProcedure struct {
	Name    string       `json:"name"`
	Params  []jsonParam  `json:"params"`
	Returns string       `json:"returns,omitempty"`
	Table   []jsonColumn `json:"table,omitempty"`
	Strict  bool         `json:"strict"`
	State   string       `json:"state,omitempty"`
}

// columns of rows: by the fields' names, or "value".
func (k *kind) columns() []jsonColumn {
	var list []jsonColumn
	for _, c := range k.rows {
		name := "value"
		if !k.whole {
			name = snake(c.field)
		}
		list = append(list, jsonColumn{name, c.kind.base.sql})
	}
	return list
}

// manifest is the section helios.manifest: docs/manifest.md.
func (u *unit) manifest() []byte {
	var all struct {
		V            int             `json:"v"`
		Procedures   []jsonProcedure `json:"procedures"`
		Capabilities []string        `json:"capabilities,omitempty"`
	}
	all.V = 1
	seen := map[string]bool{}
	for _, p := range u.procs {
		j := jsonProcedure{Name: p.name, Params: []jsonParam{}, Strict: p.strict(), State: p.state}
		for _, q := range p.params {
			j.Params = append(j.Params, jsonParam{q.name, q.kind.base.sql, p.defaults[q.name]})
		}
		if p.result != nil && p.result.rows == nil {
			j.Returns = p.result.base.sql
		}
		if p.result != nil {
			j.Table = p.result.columns()
		}
		all.Procedures = append(all.Procedures, j)
		for _, c := range p.capabilities {
			if !seen[c] {
				all.Capabilities = append(all.Capabilities, c)
			}
			seen[c] = true
		}
	}
	text, _ := json.Marshal(all) // strings and flags: it can't fail
	return text
}
