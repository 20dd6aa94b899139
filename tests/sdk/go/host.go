// host.go - each function of package heliosdb that asks the host, once; host_test.py says what it must give.
package main

import (
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"strings"

	"heliosdb"
	"heliosdb/clock"
)

var errOut = errors.New("out")

// said is a value, or an error with its code.
func said(v string, err error) (string, error) { return v, err }

func bytesOf(v []byte, err error) (string, error) { return string(v), err }

func hexOf(v []byte, err error) (string, error) { return hex.EncodeToString(v), err }

func nothing(err error) (string, error) { return "done", err }

func sql(string) (string, error) {
	found, err := heliosdb.Query("SELECT a, b FROM t ORDER BY a")
	if err != nil {
		return "", err
	}
	defer found.Close()
	var out []string
	for found.Next() {
		var a int64
		var b *string
		if err := found.Scan(&a, &b); err != nil {
			return "", err
		}
		if b == nil {
			out = append(out, strconv.FormatInt(a, 10))
		} else {
			out = append(out, strconv.FormatInt(a, 10)+*b)
		}
	}
	return strings.Join(out, " "), found.Err()
}

func changed(string) (string, error) {
	n, err := heliosdb.Exec("UPDATE t SET b = b WHERE a < ?1", 2)
	return strconv.FormatInt(n, 10), err
}

func insert() error {
	_, err := heliosdb.Exec("INSERT INTO t VALUES (9, 'nine')")
	return err
}

func count() string {
	var n int64
	if err := heliosdb.QueryRow("SELECT count(*) FROM t").Scan(&n); err != nil {
		return err.Error()
	}
	return strconv.FormatInt(n, 10)
}

func transactions(string) (string, error) {
	err := heliosdb.Tx(func() error { return errors.Join(insert(), errOut) })
	if !errors.Is(err, errOut) {
		return "", err
	}
	if err := heliosdb.Begin(); err != nil {
		return "", err
	}
	err = errors.Join(insert(), heliosdb.Savepoint("s"), heliosdb.RollbackTo("s"), heliosdb.Release("s"))
	within := count()
	return within + " " + count0(heliosdb.Rollback()), err
}

func count0(err error) string {
	if err != nil {
		return err.Error()
	}
	return count()
}

func log(string) (string, error) {
	heliosdb.Debug("a debug")
	heliosdb.Info("an info")
	heliosdb.Warn("a warn")
	heliosdb.LogError("an error")
	return nothing(heliosdb.Log(heliosdb.LevelInfo, "by level"))
}

func now(string) (string, error) {
	us, err := heliosdb.NowMicro()
	if err != nil {
		return "", err
	}
	t, err := clock.Now()
	return strconv.FormatBool(us > 1600000000000000 && t.Year() > 2020), err
}

func chance(string) (string, error) {
	a, b := make([]byte, 16), make([]byte, 16)
	_, err := io.ReadFull(heliosdb.Random, a)
	if err == nil {
		_, err = io.ReadFull(heliosdb.Random, b)
	}
	return strconv.FormatBool(string(a) != string(b)), err
}

func seed() []byte {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	return key
}

func signed(public string) (string, error) {
	signature, err := heliosdb.Sign(heliosdb.Ed25519, seed(), []byte("text"))
	if err != nil {
		return "", err
	}
	key, err := hex.DecodeString(public)
	if err != nil {
		return "", err
	}
	right, err := heliosdb.Verify(heliosdb.Ed25519, key, []byte("text"), signature)
	if err != nil {
		return "", err
	}
	wrong, err := heliosdb.Verify(heliosdb.Ed25519, key, []byte("other"), signature)
	return strconv.FormatBool(right && !wrong), err
}

func kept(string) (string, error) {
	if err := errors.Join(heliosdb.KVSet("a/1", []byte("eins")), heliosdb.KVSet("a/2", []byte{255}), heliosdb.KVSet("b", nil)); err != nil {
		return "", err
	}
	there, err := heliosdb.KVDelete("b")
	if err != nil || !there {
		return "not there", err
	}
	if _, err := heliosdb.KVGet("b"); !errors.Is(err, heliosdb.Absent) {
		return "still there", err
	}
	var keys []string
	for key, err := range heliosdb.KVKeys("a/") {
		if err != nil {
			return "", err
		}
		keys = append(keys, key)
	}
	value, err := heliosdb.KVGet("a/1")
	return string(value) + " " + strings.Join(keys, " "), err
}

func variables(string) (string, error) {
	if err := heliosdb.SetSession("app.x", "wér"); err != nil {
		return "", err
	}
	return said(heliosdb.Session("app.x"))
}

func metrics(string) (string, error) {
	return nothing(errors.Join(heliosdb.MetricAdd("made", 2), heliosdb.MetricSet("level", 1.5)))
}

func files(folder string) (string, error) {
	path := folder + "/f.txt"
	f, err := heliosdb.OpenFile(path, heliosdb.FileWrite|heliosdb.FileCreate|heliosdb.FileEmpty)
	if err != nil {
		return "", err
	}
	if _, err := io.WriteString(f, "eins zwei"); err != nil {
		return "", err
	}
	size, err := f.Size()
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if f, err = heliosdb.Open(path); err != nil {
		return "", err
	}
	data, err := io.ReadAll(f)
	names, e := heliosdb.List(folder)
	if err = errors.Join(err, e, f.Close(), heliosdb.Remove(path)); err != nil {
		return "", err
	}
	if _, err = heliosdb.Open(path); !errors.Is(err, heliosdb.Absent) {
		return "still there", err
	}
	return string(data) + " " + strconv.FormatInt(size, 10) + " " + string(names), nil
}

func fetch(url string) (string, error) {
	r, err := heliosdb.HTTP("POST", url, "Content-Type: text/plain\n", []byte("Grüße"))
	if err != nil {
		return "", err
	}
	body, err := r.Body()
	if err != nil {
		return "", err
	}
	header, err := r.Header("X-Test")
	return strconv.Itoa(r.Status) + " " + string(body) + " " + header, err
}

var calls = map[string]func(string) (string, error){
	"sql": sql, "changed": changed, "transactions": transactions, "log": log, "now": now, "chance": chance,
	"hash": func(string) (string, error) { return hexOf(heliosdb.Hash(heliosdb.SHA256, []byte("abc"))) },
	"hmac": func(string) (string, error) {
		return hexOf(heliosdb.HMAC(heliosdb.SHA256, []byte("key"), []byte("data")))
	},
	"signed": signed, "kept": kept, "variables": variables, "metrics": metrics,
	"env":   func(name string) (string, error) { return said(heliosdb.Env(name)) },
	"files": files, "fetch": fetch,
	"open":   func(path string) (string, error) { _, err := heliosdb.Open(path); return nothing(err) },
	"remove": func(path string) (string, error) { return nothing(heliosdb.Remove(path)) },
	"list":   func(path string) (string, error) { return bytesOf(heliosdb.List(path)) },
	"secret": func(string) (string, error) { _, err := heliosdb.Query("SELECT x FROM secret"); return nothing(err) },
}

// Gives ends the call with what the host refuses.
func Gives(name, argument string) (string, error) { return calls[name](argument) }

// Refused says the code of what the host refuses.
func Refused(name, argument string) string {
	v, err := calls[name](argument)
	var refusal *heliosdb.Error
	if errors.As(err, &refusal) {
		return strconv.Itoa(int(refusal.Code)) + " " + strconv.FormatBool(errors.Is(err, heliosdb.Denied))
	}
	return v
}
