package main

import (
	"go/ast"
	"go/token"
	"path"
	"strconv"
	"strings"
)

// A kind is what a Go type is to SQL.
type kind struct {
	base  *base
	text  string // the type as the wrappers write it
	null  string // "pointer", "Null" or ""
	of    *kind  // of what, if it may be NULL
	rows  []column
	fails bool // rows come with errors: iter.Seq2[T, error]
	whole bool // a row is one value, not a struct
}

type column struct {
	field string
	kind  kind
}

// A base is a row of the table of types.
type base struct {
	sql      string
	register string // wasm type of the wrapper's parameter and result, if the value goes in a register
	take     string // from that parameter; %T is the type, %P the parameter, %N its name
	get      string // a func(int32, string) T
	plain    string // the type that get gives, before a conversion to a named type
	put      string // a method of call.Out
	give     string // to the method's parameter, %V
}

var bases = map[string]*base{
	"bool":    {"BOOLEAN", "int32", "%T(%P != 0)", "Bool", "bool", "Bool", "bool(%V)"},
	"int":     {"BIGINT", "int64", "%T(hcall.Fits[int](%P, %N))", "Small[int]", "int", "Int", "int64(%V)"},
	"int64":   {"BIGINT", "int64", "%T(%P)", "Int", "int64", "Int", "int64(%V)"},
	"int32":   {"INTEGER", "int32", "%T(%P)", "Small[int32]", "int32", "Int", "int64(%V)"},
	"int16":   {"INTEGER", "int32", "%T(hcall.Fits[int16](int64(%P), %N))", "Small[int16]", "int16", "Int", "int64(%V)"},
	"int8":    {"INTEGER", "int32", "%T(hcall.Fits[int8](int64(%P), %N))", "Small[int8]", "int8", "Int", "int64(%V)"},
	"uint8":   {"INTEGER", "int32", "%T(hcall.Fits[uint8](int64(%P), %N))", "Small[uint8]", "uint8", "Int", "int64(%V)"},
	"uint16":  {"INTEGER", "int32", "%T(hcall.Fits[uint16](int64(%P), %N))", "Small[uint16]", "uint16", "Int", "int64(%V)"},
	"uint32":  {"BIGINT", "int64", "%T(hcall.Fits[uint32](%P, %N))", "Small[uint32]", "uint32", "Int", "int64(%V)"},
	"float64": {"REAL", "float64", "%T(%P)", "Float", "float64", "Float", "float64(%V)"},
	"float32": {"REAL", "float64", "%T(%P)", "Float", "float64", "Float", "float64(%V)"},
	"string":  {"TEXT", "", "", "Text", "string", "Text", "string(%V)"},
	"[]byte":  {"BLOB", "", "", "Bytes", "[]byte", "Bytes", "[]byte(%V)"},
	"any":     {"ANY", "", "", "Any", "any", "Any", "%V"},
	"JSON":    {"JSON", "", "", "JSON", "heliosdb.JSON", "JSON", "heliosdb.JSON(%V)"},
	"Decimal": {"DECIMAL", "", "", "Decimal", "heliosdb.Decimal", "Decimal", "heliosdb.Decimal(%V)"},
	"Date":    {"DATE", "int64", "%T(%P)", "Date", "heliosdb.Date", "Date", "heliosdb.Date(%V)"},
	"Time":    {"TIMESTAMP", "int64", "%T(htime.Micro(%P))", "", "time.Time", "", ""},
	"encoded": {"JSON", "", "", "", "", "", ""},
}

// Types of other packages, by import path and name.
var foreign = map[string]string{
	"heliosdb.JSON":            "JSON",
	"heliosdb.Decimal":         "Decimal",
	"heliosdb.Date":            "Date",
	"encoding/json.RawMessage": "JSON",
	"time.Time":                "Time",
}

const hint = "; use a number, string, []byte, bool, a struct, map or slice (JSON), a pointer (NULL) or a type of package heliosdb"

// nullable kinds hold NULL, and so do any and pointers to structs.
func (k kind) nullable() bool { return k.null != "" || k.base == bases["any"] }

func (k kind) encoded() bool { return k.base == bases["encoded"] }

// packagePath is what a name before a dot means in a file.
func packagePath(f *ast.File, name string) string {
	for _, spec := range f.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		if spec.Name != nil && spec.Name.Name == name || spec.Name == nil && (path.Base(p) == name || strings.HasSuffix(p, "go-"+name)) {
			return p
		}
	}
	return ""
}

// kindOf says what a type is; else why it is none.
func (u *unit) kindOf(f *ast.File, t ast.Expr) (kind, string) {
	switch t := t.(type) {
	case *ast.ParenExpr:
		return u.kindOf(f, t.X)
	case *ast.Ident:
		return u.named(t)
	case *ast.SelectorExpr:
		return u.selected(f, t)
	case *ast.StarExpr:
		return u.mayBeNull(f, t.X, "pointer", "*")
	case *ast.InterfaceType:
		if t.Methods.NumFields() == 0 {
			return kind{base: bases["any"], text: "any"}, ""
		}
		return kind{}, "an interface with methods is not SQL's" + hint
	case *ast.ArrayType, *ast.MapType, *ast.StructType:
		return u.composite(f, t)
	case *ast.IndexExpr, *ast.IndexListExpr, *ast.FuncType:
		return u.generic(f, t)
	case *ast.Ellipsis:
		return kind{}, "a variable number of parameters; take a slice (JSON)"
	}
	return kind{}, "this type is not SQL's" + hint
}

// named is a type of the language or of the package.
func (u *unit) named(t *ast.Ident) (kind, string) {
	alias := map[string]string{"byte": "uint8", "rune": "int32"}
	name := t.Name
	if spec, ok := u.types[name]; ok {
		if spec.TypeParams != nil {
			return kind{}, name + " is generic"
		}
		if s, is := spec.Type.(*ast.SelectorExpr); is && foreign[u.qualified(u.fileOf[spec], s)] == "" {
			return kind{base: bases["encoded"], text: name}, ""
		}
		k, why := u.kindOf(u.fileOf[spec], spec.Type)
		if _, is := spec.Type.(*ast.StarExpr); is || k.null != "" || k.rows != nil {
			return kind{}, name + " is a type that SQL does not have; write what it stands for"
		}
		k.text = name
		return k, why
	}
	if a, ok := alias[name]; ok {
		name = a
	}
	if b, ok := bases[name]; ok && name == strings.ToLower(name) && name != "encoded" {
		return kind{base: b, text: name}, ""
	}
	switch name {
	case "uint", "uint64", "uintptr":
		return kind{}, name + " does not fit SQL's BIGINT, which has a sign: take int64"
	}
	return kind{}, "type " + name + " is not SQL's" + hint
}

// selected is a type of another package.
func (u *unit) selected(f *ast.File, t *ast.SelectorExpr) (kind, string) {
	x, ok := t.X.(*ast.Ident)
	if !ok {
		return kind{}, "this type is not SQL's" + hint
	}
	p := packagePath(f, x.Name)
	if b, ok := foreign[p+"."+t.Sel.Name]; ok {
		u.use(x.Name, p)
		return kind{base: bases[b], text: x.Name + "." + t.Sel.Name}, ""
	}
	if p == "" {
		return kind{}, "package " + x.Name + " is not imported"
	}
	return kind{}, "type " + x.Name + "." + t.Sel.Name + " is of another package: declare `type My " + x.Name + "." + t.Sel.Name +
		"` to have it as JSON" + hint
}

func (u *unit) use(name, path string) { u.used[name] = path }

func (u *unit) mayBeNull(f *ast.File, t ast.Expr, null, before string) (kind, string) {
	of, why := u.kindOf(f, t)
	if why == "" && (of.null != "" || of.rows != nil) {
		why = "a pointer to this is not SQL's"
	}
	text := before + of.text
	if null == "Null" {
		text = before + "[" + of.text + "]"
	}
	return kind{base: of.base, text: text, null: null, of: &of}, why
}

// composite is JSON, by encoding/json; []byte is a BLOB.
func (u *unit) composite(f *ast.File, t ast.Expr) (kind, string) {
	text, why := u.write(f, t)
	if why != "" {
		return kind{}, why
	}
	if text == "[]byte" || text == "[]uint8" {
		return kind{base: bases["[]byte"], text: text}, ""
	}
	return kind{base: bases["encoded"], text: text}, ""
}

// generic is heliosdb.Null[T], or rows: iter.Seq[T], iter.Seq2[T, error], func(yield func(T) bool).
func (u *unit) generic(f *ast.File, t ast.Expr) (kind, string) {
	switch t := t.(type) {
	case *ast.IndexExpr:
		switch u.qualified(f, t.X) {
		case "heliosdb.Null":
			x := t.X.(*ast.SelectorExpr).X.(*ast.Ident).Name
			u.use(x, "heliosdb")
			return u.mayBeNull(f, t.Index, "Null", x+".Null")
		case "iter.Seq":
			return u.rowsOf(f, t.Index, false)
		}
	case *ast.IndexListExpr:
		if last, ok := t.Indices[1].(*ast.Ident); ok && u.qualified(f, t.X) == "iter.Seq2" && last.Name == "error" {
			return u.rowsOf(f, t.Indices[0], true)
		}
	case *ast.FuncType:
		if yield := onlyFunc(t.Params); yield != nil && t.Results == nil && yield.Params.NumFields() == 1 {
			return u.rowsOf(f, yield.Params.List[0].Type, false)
		}
	}
	return kind{}, "this type is not SQL's" + hint
}

func onlyFunc(list *ast.FieldList) *ast.FuncType {
	if list.NumFields() != 1 {
		return nil
	}
	f, _ := list.List[0].Type.(*ast.FuncType)
	return f
}

func (u *unit) qualified(f *ast.File, t ast.Expr) string {
	if s, ok := t.(*ast.SelectorExpr); ok {
		if x, ok := s.X.(*ast.Ident); ok {
			return packagePath(f, x.Name) + "." + s.Sel.Name
		}
	}
	return ""
}

// rowsOf is RETURNS TABLE: the columns are the fields of a struct of the package, or one value.
func (u *unit) rowsOf(f *ast.File, t ast.Expr, fails bool) (kind, string) {
	k, why := u.kindOf(f, t)
	if why != "" {
		return kind{}, why
	}
	out := kind{fails: fails}
	id, _ := t.(*ast.Ident)
	if id == nil || !k.encoded() {
		out.rows, out.whole = []column{{"", k}}, true
		return out, ""
	}
	s, ok := u.types[id.Name].Type.(*ast.StructType)
	if !ok {
		out.rows, out.whole = []column{{"", k}}, true
		return out, ""
	}
	for _, field := range s.Fields.List {
		c, why := u.kindOf(u.fileOf[u.types[id.Name]], field.Type)
		if why == "" && c.rows != nil {
			why = "rows in a row"
		}
		if why != "" {
			return kind{}, "column of " + id.Name + ": " + why
		}
		for _, name := range field.Names {
			if name.IsExported() {
				out.rows = append(out.rows, column{name.Name, c})
			}
		}
	}
	if out.rows == nil {
		return kind{}, id.Name + " has no exported field to be a column"
	}
	return out, ""
}

// write is a type as the wrappers write it, with the packages in it among their imports.
func (u *unit) write(f *ast.File, t ast.Expr) (string, string) {
	why := ""
	ast.Inspect(t, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				if p := packagePath(f, x.Name); p != "" {
					u.use(x.Name, p)
				} else {
					why = "package " + x.Name + " is not imported"
				}
			}
		}
		return true
	})
	return source(u.set, t), why
}

func source(set *token.FileSet, t ast.Expr) string {
	var b strings.Builder
	printNode(&b, set, t)
	return b.String()
}
