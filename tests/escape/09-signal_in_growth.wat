;; 09-signal_in_growth.wat - a signal every 100 microseconds during memory.grow: size and pages agree whenever one
;;   looks.
;; limit memory 200
;; timer 100
;; invoke f -> 200
;; invoke f -> 200
;; reset
;; invoke f -> 200
;; timer 0
;; invoke past -> trap OOB
(module
  (memory 1)
  (func (export "f") (result i32)
    (loop $l
      (i32.store8 (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)) (i32.const 1))
      (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (memory.size))
  (func (export "past")
    (i32.store8 (i32.mul (memory.size) (i32.const 65536)) (i32.const 1))))
