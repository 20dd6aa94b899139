;; 02-table_no_room.wat - tables whose elements fit, beside a memory: both are there, whole.
;; invoke last_set -> 1
;; invoke call 499999 -> trap CALL_NULL
;; invoke size -> 500000
(module
  (memory 1)
  (table $a 500000 funcref)
  (table $b 500000 externref)
  (type $v (func))
  (func (export "last_set") (result i32)
    (table.set $b (i32.const 499999) (ref.null extern))
    (ref.is_null (table.get $b (i32.const 499999))))
  (func (export "call") (param i32) (call_indirect $a (type $v) (local.get 0)))
  (func (export "size") (result i32) (table.size $a)))
