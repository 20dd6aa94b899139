;; 03-table_grow_within.wat - a table that grows inside a loop that calls through it.
;; invoke f 1000 -> 500500
;; invoke past -> trap CALL_UNDEFINED
(module
  (table $t 1 2000 funcref)
  (elem declare func $one)
  (type $v (func (param i32) (result i32)))
  (func $one (param i32) (result i32) (local.get 0))
  (func (export "f") (param $n i32) (result i32)
    (local $i i32) (local $sum i32)
    (loop $l
      (drop (table.grow $t (ref.func $one) (i32.const 1)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (local.set $sum (i32.add (local.get $sum)
        (call_indirect $t (type $v) (local.get $i) (local.get $i))))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $sum))
  (func (export "past") (result i32)
    (call_indirect $t (type $v) (i32.const 0) (table.size $t))))
