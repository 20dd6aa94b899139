;; 06-imported.wat - a host function in a table is called as what it is and as nothing else.
;; limit memory 4
;; invoke grow 0 -> 1
;; invoke as_void 0 -> trap CALL_SIGNATURE
;; invoke as_wide 0 -> trap CALL_SIGNATURE
(module
  (import "test" "grow" (func $grow (param i32) (result i32)))
  (type $t (func (param i32) (result i32)))
  (type $v (func))
  (type $w (func (param i64) (result i64)))
  (memory 1)
  (table funcref (elem $grow))
  (func (export "grow") (param i32) (result i32) (call_indirect (type $t) (i32.const 1) (local.get 0)))
  (func (export "as_void") (param i32) (call_indirect (type $v) (local.get 0)))
  (func (export "as_wide") (param i32) (result i64) (call_indirect (type $w) (i64.const 1) (local.get 0))))
