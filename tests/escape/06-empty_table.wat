;; 06-empty_table.wat - a table of no elements.
;; invoke f 0 -> trap CALL_UNDEFINED
;; invoke f 0xffffffff -> trap CALL_UNDEFINED
;; invoke get 0 -> trap TABLE_OOB
;; invoke fill 0 ->
;; invoke fill 1 -> trap TABLE_OOB
;; invoke grow 1 -> 0xffffffff
(module
  (type $t (func (result i32)))
  (table $t 0 0 funcref)
  (func (export "f") (param i32) (result i32) (call_indirect $t (type $t) (local.get 0)))
  (func (export "get") (param i32) (drop (table.get $t (local.get 0))))
  (func (export "fill") (param i32) (table.fill $t (i32.const 0) (ref.null func) (local.get 0)))
  (func (export "grow") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0))))
