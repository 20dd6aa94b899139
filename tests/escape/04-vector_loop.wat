;; 04-vector_loop.wat - a loop that clang turns into vector code: the end is met exactly.
;; invoke sum 16384 -> 0
;; invoke sum 16385 -> trap OOB
;; invoke sum 0x40000001 -> trap OOB
;; invoke fill 16384 ->
;; invoke sum 16384 -> 114688
;; invoke fill 16385 -> trap OOB
(module
  (memory 1)
  (func (export "sum") (param $n i32) (result i32)
    (local $i i32) (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (i32.load (i32.shl (local.get $i) (i32.const 2)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $sum))
  (func (export "fill") (param $n i32)
    (local $i i32)
    (loop $l
      (i32.store (i32.shl (local.get $i) (i32.const 2)) (i32.const 7))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))))
