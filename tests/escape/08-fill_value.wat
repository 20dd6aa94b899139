;; 08-fill_value.wat - the value of memory.fill is one byte, whatever else is in it; sizes on both sides of each way
;;   of filling.
;; invoke f 0 -> 0
;; invoke f 1 -> 205
;; invoke f 3 -> 615
;; invoke f 4 -> 820
;; invoke f 7 -> 1435
;; invoke f 8 -> 1640
;; invoke f 15 -> 3075
;; invoke f 16 -> 3280
;; invoke f 17 -> 3485
;; invoke f 63 -> 12915
;; invoke f 64 -> 13120
;; invoke f 65 -> 13325
;; invoke f 2047 -> 419635
;; invoke f 2048 -> 419840
;; invoke f 2049 -> 420045
;; invoke f 9000 -> 1845000
(module
  (memory 1)
  (func (export "f") (param $n i32) (result i32)
    (local $i i32) (local $sum i32)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 16384))
    (memory.fill (i32.const 333) (i32.const 0xabcd) (local.get $n))
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 16384))))
    (local.get $sum)))
