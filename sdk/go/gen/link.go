package main

import (
	"os"
	"path/filepath"
	"regexp"
)

// A folder beside a go.mod that a line of it names: "replace heliosdb => ./heliosdb".
var beside = regexp.MustCompile(`(=>\s*"?)(\.\.?(?:/[^\s"]*)?)`)

// links makes out as folder is, by links; of go.mod and go.sum, which go may write, by copies that name the same folders.
func links(folder, out string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		from, to := filepath.Join(folder, e.Name()), filepath.Join(out, e.Name())
		switch e.Name() {
		case "heliosdb_exports.go":
		case "go.mod", "go.sum":
			var text []byte
			if text, err = os.ReadFile(from); err == nil {
				err = os.WriteFile(to, absolute(text, folder), 0o600)
			}
		default:
			err = os.Symlink(from, to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// absolute is a go.mod with the folders beside it by their whole names.
func absolute(mod []byte, folder string) []byte {
	return beside.ReplaceAllFunc(mod, func(m []byte) []byte {
		parts := beside.FindSubmatch(m)
		return []byte(string(parts[1]) + filepath.Join(folder, string(parts[2])))
	})
}
