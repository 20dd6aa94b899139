;; 12-host_null_write_in_nested.wat - a NULL write in a host call of a nested call: not the outer call's trap.
;; invoke f -> crash SEGV
(module
  (import "test" "call_other" (func $other (param i32) (result i32)))
  (import "test" "null_write" (func $h))
  (memory 1)
  (func (export "again") (param i32) (result i32) (call $h) (i32.const 0))
  (func (export "f") (result i32) (call $other (i32.const 0))))
