;; 09-signal_in_table_ops.wat - a signal every 100 microseconds during table.fill, table.copy and table.grow: each
;;   operation is whole, and the next call finds it so.
;; limit memory 16
;; timer 100
;; invoke many 300 -> 300
;; invoke whole -> 0
;; invoke out -> trap TABLE_OOB
;; invoke many 50 -> 50
;; reset
;; invoke many 50 -> 50
;; timer 0
;; invoke whole -> 0
(module
  (memory 16)
  (table $t 1000 100000 funcref)
  (elem declare func $f)
  (func $f)
  (func (export "many") (param $n i32) (result i32)
    (local $i i32)
    (loop $l
      (table.fill $t (i32.const 0) (ref.func $f) (table.size $t))
      (table.copy $t $t (i32.const 1) (i32.const 0) (i32.sub (table.size $t) (i32.const 1)))
      (drop (table.grow $t (ref.func $f) (i32.const 1)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $i))
  ;; Every byte is what the first is, every element is a function: how many are not.
  (func (export "whole") (result i32)
    (local $i i32) (local $wrong i32)
    (loop $l
      (local.set $wrong (i32.add (local.get $wrong)
        (i32.ne (i32.load8_u (local.get $i)) (i32.load8_u (i32.const 0)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 1048576))))
    (local.get $wrong))
  (func (export "out")
    (table.fill $t (i32.const 1) (ref.null func) (table.size $t))))
