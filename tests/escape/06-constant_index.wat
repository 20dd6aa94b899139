;; 06-constant_index.wat - constant indexes, where clang could decide ahead: tables may have changed.
;; invoke f -> 1
;; invoke clear ->
;; invoke f -> trap CALL_NULL
;; invoke past -> trap CALL_UNDEFINED
;; invoke wrong -> trap CALL_SIGNATURE
(module
  (type $t (func (result i32)))
  (type $w (func (result i64)))
  (table $t 1 1 funcref)
  (elem (i32.const 0) $one)
  (func $one (result i32) (i32.const 1))
  (func (export "f") (result i32) (call_indirect $t (type $t) (i32.const 0)))
  (func (export "wrong") (result i64) (call_indirect $t (type $w) (i32.const 0)))
  (func (export "past") (result i32) (call_indirect $t (type $t) (i32.const 1)))
  (func (export "clear") (table.set $t (i32.const 0) (ref.null func))))
