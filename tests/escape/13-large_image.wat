;; 13-large_image.wat - a memory that begins with 300 KiB of contents and holes between them: resets bring back every
;;   byte, after few writes and after many, after growth, after a new checkpoint.
;; limit memory 64
;; invoke wrong -> 0
;; invoke poke 200000 1 ->
;; invoke poke 400000 1 ->
;; invoke poke 786431 1 ->
;; reset
;; invoke wrong -> 0
;; invoke fill 0 786432 ->
;; reset
;; invoke wrong -> 0
;; invoke grow 3 -> 12
;; invoke fill 600000 300000 ->
;; reset
;; invoke wrong -> 0
;; invoke grow 3 -> 12
;; invoke peek 900000 -> 0
;; invoke fill 700000 200000 ->
;; checkpoint
;; invoke sum 700000 200000 -> 47600000
;; invoke fill 0 900000 ->
;; reset
;; invoke sum 700000 200000 -> 47600000
;; invoke fill 750000 1 ->
;; invoke grow 1 -> 15
;; reset
;; invoke sum 700000 200000 -> 47600000
;; invoke peek 983040 -> trap OOB
;; invoke wrong -> 0
(module
  (memory 12)
  ;; Byte n of [0, 200 Ki) and [500 Ki, 600 Ki) is one that n gives, and not zero; all else is.
  (func $value (param i32) (result i32)
    (if (result i32) (i32.or (i32.lt_u (local.get 0) (i32.const 204800))
          (i32.lt_u (i32.sub (local.get 0) (i32.const 512000)) (i32.const 102400)))
      (then (i32.or (i32.const 1) (i32.and (i32.const 255)
        (i32.shr_u (i32.mul (local.get 0) (i32.const 0x9e3779b1)) (i32.const 20)))))
      (else (i32.const 0))))
  (func $start
    (local $i i32)
    (loop $l
      (if (call $value (local.get $i))
        (then (i32.store8 (local.get $i) (call $value (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 786432)))))
  (start $start)
  ;; How many bytes are not what they were at the beginning.
  (func (export "wrong") (result i32)
    (local $i i32) (local $wrong i32)
    (loop $l
      (local.set $wrong (i32.add (local.get $wrong)
        (i32.ne (i32.load8_u (local.get $i)) (call $value (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 786432))))
    (local.get $wrong))
  (func (export "sum") (param $at i32) (param $n i32) (result i32)
    (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "fill") (param i32 i32)
    (memory.fill (local.get 0) (i32.const 0xee) (local.get 1)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))
