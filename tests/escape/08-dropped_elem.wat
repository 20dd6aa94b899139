;; 08-dropped_elem.wat - a dropped element segment has no elements; declared and active ones neither.
;; invoke init 2 ->
;; invoke call 0 -> 1
;; invoke drop ->
;; invoke init 0 ->
;; invoke init 1 -> trap TABLE_OOB
;; invoke active 0 ->
;; invoke active 1 -> trap TABLE_OOB
;; invoke declared 1 -> trap TABLE_OOB
(module
  (type $t (func (result i32)))
  (table $t 4 funcref)
  (elem $e func $one $one)
  (elem $a (i32.const 3) $one)
  (elem $d declare func $one)
  (func $one (result i32) (i32.const 1))
  (func (export "init") (param i32) (table.init $t $e (i32.const 0) (i32.const 0) (local.get 0)))
  (func (export "active") (param i32) (table.init $t $a (i32.const 0) (i32.const 0) (local.get 0)))
  (func (export "declared") (param i32) (table.init $t $d (i32.const 0) (i32.const 0) (local.get 0)))
  (func (export "drop") (elem.drop $e))
  (func (export "call") (param i32) (result i32) (call_indirect $t (type $t) (local.get 0))))
