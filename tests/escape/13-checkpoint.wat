;; 13-checkpoint.wat - a checkpoint in the middle: resets return to it, to memory, size, globals and tables of then.
;; limit memory 16
;; invoke change 7 -> 2
;; checkpoint
;; invoke state -> 3 7 7 7
;; invoke change 9 -> 3
;; invoke state -> 4 9 9 9
;; reset
;; invoke state -> 3 7 7 7
;; invoke change 8 -> 3
;; reset
;; reset
;; invoke state -> 3 7 7 7
(module
  (memory 2)
  (global $g (mut i32) (i32.const 0))
  (type $t (func (result i32)))
  (table $t 10 funcref)
  (elem declare func $f7 $f8 $f9)
  (func $f7 (result i32) (i32.const 7))
  (func $f8 (result i32) (i32.const 8))
  (func $f9 (result i32) (i32.const 9))
  (func (export "change") (param i32) (result i32)
    (i32.store (i32.const 131068) (local.get 0))
    (global.set $g (local.get 0))
    (if (i32.eq (local.get 0) (i32.const 7)) (then (table.set $t (i32.const 3) (ref.func $f7))))
    (if (i32.eq (local.get 0) (i32.const 8)) (then (table.set $t (i32.const 3) (ref.func $f8))))
    (if (i32.eq (local.get 0) (i32.const 9)) (then (table.set $t (i32.const 3) (ref.func $f9))))
    (memory.grow (i32.const 1)))
  (func (export "state") (result i32 i32 i32 i32)
    (memory.size) (i32.load (i32.const 131068)) (global.get $g)
    (call_indirect $t (type $t) (i32.const 3))))
