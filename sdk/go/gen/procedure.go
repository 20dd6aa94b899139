package main

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
	"unicode"
)

type parameter struct {
	name string // in SQL
	kind kind
	at   token.Pos
}

type procedure struct {
	name         string // in SQL
	fn           *ast.FuncDecl
	file         *ast.File
	params       []parameter
	result       *kind // nil: none
	fails        bool  // the last result is an error
	state        string
	capabilities []string
	defaults     map[string]string
}

// strict: no parameter can hold NULL.
func (p *procedure) strict() bool {
	for _, q := range p.params {
		if q.kind.nullable() {
			return false
		}
	}
	return true
}

// snake is the name in SQL of a name in Go: AddTax is add_tax, HTTPStatus http_status, EchoI64 echo_i64.
func snake(name string) string {
	r := []rune(name)
	var out strings.Builder
	for i, c := range r {
		if unicode.IsUpper(c) && i > 0 && r[i-1] != '_' &&
			(!unicode.IsUpper(r[i-1]) || i+1 < len(r) && unicode.IsLower(r[i+1])) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(c))
	}
	return out.String()
}

var (
	sqlName = regexp.MustCompile(`^[A-Za-z_$\x80-\x{10ffff}][A-Za-z0-9_$.\x80-\x{10ffff}]*$`)
	blank   = regexp.MustCompile(`\s+`)
)

// procedures finds those of all files.
func (u *unit) procedures() {
	names := map[string]token.Pos{}
	for _, f := range u.files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil {
				continue
			}
			p := &procedure{name: snake(fn.Name.Name), fn: fn, file: f, defaults: map[string]string{}}
			wanted := u.annotations(p)
			if !wanted || !u.signature(p) {
				continue
			}
			if before, there := names[p.name]; there {
				u.fail(fn.Name.Pos(), "%s is the procedure's name of line %d too: write @helios name", p.name, u.set.Position(before).Line)
			}
			names[p.name] = fn.Name.Pos()
			u.procs = append(u.procs, p)
		}
	}
}

// annotations reads `@helios WORDS` and cgo's `//export NAME` in the comment before a function. Is it a procedure?
func (u *unit) annotations(p *procedure) bool {
	wanted := p.fn.Name.IsExported() && p.fn.Type.TypeParams == nil
	if p.fn.Doc == nil {
		return wanted
	}
	for _, c := range p.fn.Doc.List {
		if name, ok := strings.CutPrefix(c.Text, "//export "); ok {
			p.name, wanted = strings.TrimSpace(name), true
			u.name(c.Pos(), p.name)
		}
		for n, line := range strings.Split(c.Text, "\n") {
			at := strings.Index(line, "@helios")
			if at < 0 || strings.Trim(line[:at], "/* \t") != "" {
				continue
			}
			place := c.Pos()
			if n > 0 {
				place = u.set.File(c.Pos()).LineStart(u.set.Position(c.Pos()).Line + n)
			}
			words := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line[at+len("@helios"):]), "*/"))
			if !u.annotation(p, place+token.Pos(at), words) {
				wanted = false
			}
		}
	}
	return wanted
}

func (u *unit) name(at token.Pos, name string) {
	if !sqlName.MatchString(name) || len(name) > 128 {
		u.fail(at, "%q is not a name for a procedure", name)
	}
}

// annotation takes one; false: the function is no procedure.
func (u *unit) annotation(p *procedure, at token.Pos, words string) bool {
	word, rest, _ := strings.Cut(blank.ReplaceAllString(words, " "), " ")
	switch word {
	case "name":
		u.name(at, rest)
		p.name = rest
	case "private":
		return false
	case "state":
		if rest != "call" && rest != "statement" && rest != "connection" {
			u.fail(at, "state is call, statement or connection")
		}
		p.state = rest
	case "capability":
		for _, c := range strings.Split(rest, ",") {
			p.capabilities = append(p.capabilities, strings.TrimSpace(c))
		}
	case "default":
		name, literal, ok := strings.Cut(rest, " ")
		if !ok {
			u.fail(at, "a default is: default PARAMETER LITERAL")
		}
		p.defaults[name] = literal
	case "deterministic":
		u.fail(at, "deterministic: Go's runtime imports the clock and random numbers, so no Go procedure is proven to be")
	default:
		u.fail(at, "unknown word %q after @helios; there are name, state, capability, default, private", word)
	}
	return true
}

// signature reads parameters and results; false: there are errors.
func (u *unit) signature(p *procedure) bool {
	before := len(u.problems)
	for _, field := range p.fn.Type.Params.List {
		names := field.Names
		if names == nil {
			names = []*ast.Ident{{Name: "_", NamePos: field.Pos()}}
		}
		for _, name := range names {
			u.parameter(p, name, field.Type)
		}
	}
	u.results(p)
	for name := range p.defaults {
		if !p.has(name) {
			u.fail(p.fn.Name.Pos(), "default for %s, which is no parameter", name)
		}
	}
	return len(u.problems) == before
}

func (p *procedure) has(name string) bool {
	for _, q := range p.params {
		if q.name == name {
			return true
		}
	}
	return false
}

func (u *unit) parameter(p *procedure, name *ast.Ident, t ast.Expr) {
	k, why := u.kindOf(p.file, t)
	if why == "" && k.rows != nil {
		why = "an iterator is for results"
	}
	if why != "" {
		u.fail(t.Pos(), "parameter %s: %s", name.Name, why)
		return
	}
	q := parameter{snake(name.Name), k, name.Pos()}
	if name.Name == "_" {
		q.name = "p" + string(rune('1'+len(p.params)))
	}
	p.params = append(p.params, q)
}

func (u *unit) results(p *procedure) {
	if p.fn.Type.Results == nil {
		return
	}
	var list []ast.Expr
	for _, field := range p.fn.Type.Results.List {
		for n := 0; n < max(1, len(field.Names)); n++ {
			list = append(list, field.Type)
		}
	}
	if last, ok := list[len(list)-1].(*ast.Ident); ok && last.Name == "error" {
		p.fails = true
		list = list[:len(list)-1]
	}
	if len(list) > 1 {
		u.fail(list[1].Pos(), "a procedure has one result, and an error after it; give more as a struct")
		return
	}
	if len(list) == 1 {
		k, why := u.kindOf(p.file, list[0])
		if why != "" {
			u.fail(list[0].Pos(), "result: %s", why)
		}
		p.result = &k
	}
}
