;; 06-second_table.wat - an index that is in one table and not in the other.
;; invoke a 3 -> 1
;; invoke b 3 -> trap CALL_UNDEFINED
;; invoke b 1 -> 1
;; invoke a 4 -> trap CALL_UNDEFINED
(module
  (type $t (func (result i32)))
  (table $a 4 funcref)
  (table $b 2 funcref)
  (elem (table $a) (i32.const 3) func $one)
  (elem (table $b) (i32.const 1) func $one)
  (func $one (result i32) (i32.const 1))
  (func (export "a") (param i32) (result i32) (call_indirect $a (type $t) (local.get 0)))
  (func (export "b") (param i32) (result i32) (call_indirect $b (type $t) (local.get 0))))
