;; 06-null.wat - null slots: never filled, set to null, filled with null, grown with null.
;; invoke f 0 -> trap CALL_NULL
;; invoke f 1 -> 1
;; invoke set_null 1 ->
;; invoke f 1 -> trap CALL_NULL
;; invoke fill_null ->
;; invoke f 1 -> trap CALL_NULL
;; invoke grow -> 3
;; invoke f 3 -> trap CALL_NULL
;; invoke grow -> 3
;; invoke f 1 -> 1
;; invoke f 5 -> trap CALL_UNDEFINED
(module
  (type $t (func (result i32)))
  (table $t 3 5 funcref)
  (elem (i32.const 1) $one)
  (func $one (result i32) (i32.const 1))
  (func (export "f") (param i32) (result i32) (call_indirect $t (type $t) (local.get 0)))
  (func (export "set_null") (param i32) (table.set $t (local.get 0) (ref.null func)))
  (func (export "fill_null") (table.fill $t (i32.const 0) (ref.null func) (i32.const 3)))
  (func (export "grow") (result i32) (table.grow $t (ref.null func) (i32.const 2))))
