package heliosdb

import (
	"heliosdb/internal/abi"
)

// Tx runs f in a nested transaction: kept if f returns nil, undone if it returns an error or panics.
func Tx(f func() error) error {
	if err := Begin(); err != nil {
		return err
	}
	kept := false
	defer func() {
		if !kept {
			abi.Rollback()
		}
	}()
	if err := f(); err != nil {
		return err
	}
	kept = true
	return Commit()
}

// Begin opens a nested transaction, Commit keeps it, Rollback undoes it. What is open at the end of the call is undone.
func Begin() error    { return check(abi.Begin()) }
func Commit() error   { return check(abi.Commit()) }
func Rollback() error { return check(abi.Rollback()) }

// Savepoint, Release and RollbackTo are the same by name.
func Savepoint(name string) error  { return check(abi.Savepoint(name)) }
func Release(name string) error    { return check(abi.Release(name)) }
func RollbackTo(name string) error { return check(abi.RollbackTo(name)) }
