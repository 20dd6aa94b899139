;; 09-cancelled.wat - a cancellation from a signal handler reaches a loop; the next call is not cancelled by it.
;; limit ticks 20
;; timer 1000
;; invoke loop -> trap CANCELLED
;; invoke quick -> 7
;; invoke fill -> trap CANCELLED
;; timer 0
;; invoke quick -> 7
(module
  (memory 1)
  (func (export "loop") (loop $l (br $l)))
  (func (export "fill")
    (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $l)))
  (func (export "quick") (result i32) (i32.const 7)))
