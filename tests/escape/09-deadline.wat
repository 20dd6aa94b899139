;; 09-deadline.wat - a time limit reaches a loop, a recursion, a loop of bulk operations, a loop of host calls; what
;;   is quick returns.
;; limit memory 16
;; limit time 40
;; invoke loop -> trap DEADLINE
;; invoke fill -> trap DEADLINE
;; invoke calls -> trap DEADLINE
;; invoke host -> trap DEADLINE
;; invoke quick -> 7
(module
  (import "test" "size" (func $size (result i64)))
  (memory 16)
  (func $f (param i32) (result i32) (i32.xor (local.get 0) (i32.const 5)))
  (func (export "loop") (loop $l (br $l)))
  (func (export "fill")
    (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $l)))
  (func (export "calls")
    (local $x i32)
    (loop $l (local.set $x (call $f (local.get $x))) (br $l)))
  (func (export "host") (loop $l (drop (call $size)) (br $l)))
  (func (export "quick") (result i32) (i32.const 7)))
