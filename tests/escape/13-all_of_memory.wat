;; 13-all_of_memory.wat - poison in every byte, many resets: all of it is what it was at the beginning, however many
;;   pages were written.
;; invoke poison 1 ->
;; reset
;; invoke sum -> 532
;; invoke poison 4096 ->
;; reset
;; invoke sum -> 532
;; invoke poison 4097 ->
;; reset
;; invoke sum -> 532
;; invoke poison 65536 ->
;; reset
;; invoke sum -> 532
;; invoke poison 100000 ->
;; reset
;; invoke sum -> 532
;; invoke poison 1048576 ->
;; reset
;; invoke sum -> 532
;; invoke poison 8388608 ->
;; reset
;; invoke sum -> 532
;; invoke poison 8388608 ->
;; reset
;; invoke sum -> 532
;; invoke poison 1 ->
;; reset
;; invoke sum -> 532
;; invoke poison 8388608 ->
;; reset
;; invoke sum -> 532
(module
  (memory 128)
  (data (i32.const 1000000) "hello")
  ;; The sum of all bytes, by words.
  (func (export "sum") (result i32)
    (local $i i32) (local $sum i32) (local $w i64)
    (loop $l
      (local.set $w (i64.load (local.get $i)))
      (loop $bytes
        (local.set $sum (i32.add (local.get $sum) (i32.wrap_i64 (i64.and (local.get $w) (i64.const 255)))))
        (local.set $w (i64.shr_u (local.get $w) (i64.const 8)))
        (br_if $bytes (i64.ne (local.get $w) (i64.const 0))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 8388608))))
    (local.get $sum))
  (func (export "poison") (param i32) (memory.fill (i32.const 0) (i32.const 0xee) (local.get 0))))
