// Command gen writes what is between a package of Go procedures and heliosc: the //go:wasmexport wrappers and the manifest.
// heliosc runs it; by hand: gen [-link] FOLDER OUT reads the package in FOLDER and writes OUT/heliosdb_exports.go and
// OUT/manifest.json; with -link, links to FOLDER's files too, so that the package can be compiled in OUT. Errors are lines "file:line:column: error: text".
package main

import (
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
)

// A problem has its place in the source.
type problem struct {
	at   token.Position
	text string
}

type unit struct {
	set      *token.FileSet
	files    []*ast.File
	types    map[string]*ast.TypeSpec // of the package
	fileOf   map[*ast.TypeSpec]*ast.File
	hasMain  bool
	problems []problem
	procs    []*procedure
	used     map[string]string // imports of the wrappers: name to path
}

func (u *unit) fail(at token.Pos, format string, args ...any) {
	u.problems = append(u.problems, problem{u.set.Position(at), fmt.Sprintf(format, args...)})
}

// sources is the names of the package's files, as GOOS=wasip1 sees them.
func sources(folder string) ([]string, error) {
	context := build.Default
	context.GOOS, context.GOARCH, context.CgoEnabled = "wasip1", "wasm", false
	p, err := context.ImportDir(folder, build.ImportComment)
	if err != nil {
		return nil, err
	}
	return p.GoFiles, nil
}

func (u *unit) read(folder string) error {
	names, err := sources(folder)
	if err != nil {
		return err
	}
	for _, name := range names {
		f, err := parser.ParseFile(u.set, filepath.Join(folder, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if f.Name.Name != "main" {
			u.fail(f.Name.Pos(), "procedures are in package main, not %s", f.Name.Name)
		}
		u.files = append(u.files, f)
		u.gather(f)
	}
	return nil
}

// gather notes the types of a file, and whether main is there.
func (u *unit) gather(f *ast.File) {
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
			for _, s := range g.Specs {
				spec := s.(*ast.TypeSpec)
				u.types[spec.Name.Name] = spec
				u.fileOf[spec] = f
			}
		}
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "main" {
			u.hasMain = true
		}
	}
}

// tell prints what is wrong; a parser's error has its places too.
func tell(err error, problems []problem) bool {
	var list scanner.ErrorList
	if errors.As(err, &list) {
		for _, e := range list {
			problems = append(problems, problem{e.Pos, e.Msg})
		}
	} else if err != nil {
		fmt.Fprintf(os.Stderr, "error: %s\n", err)
	}
	for _, p := range problems {
		fmt.Fprintf(os.Stderr, "%s:%d:%d: error: %s\n", p.at.Filename, p.at.Line, p.at.Column, p.text)
	}
	return err == nil && len(problems) == 0
}

func run(folder, out string, link bool) bool {
	u := &unit{set: token.NewFileSet(), types: map[string]*ast.TypeSpec{}, fileOf: map[*ast.TypeSpec]*ast.File{}, used: map[string]string{}}
	err := u.read(folder)
	if err == nil {
		u.procedures()
		if len(u.procs) == 0 && len(u.problems) == 0 {
			u.fail(u.files[0].Name.Pos(), "no procedure: write a function whose name begins with a capital letter")
		}
	}
	if !tell(err, u.problems) {
		return false
	}
	if link {
		err = links(folder, out)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(out, "heliosdb_exports.go"), u.wrappers(), 0o600)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(out, "manifest.json"), u.manifest(), 0o600)
	}
	return tell(err, nil)
}

func main() {
	link := flag.Bool("link", false, "link to FOLDER's files in OUT")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: gen [-link] FOLDER OUT")
		os.Exit(2)
	}
	if !run(flag.Arg(0), flag.Arg(1), *link) {
		os.Exit(1)
	}
}
