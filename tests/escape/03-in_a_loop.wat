;; 03-in_a_loop.wat - a growth in a loop that also reads and writes: every new page is there, zero, and the first one
;;   after is not.
;; limit memory 40
;; invoke grow_and_sum 30 -> 465
;; invoke past -> trap OOB
(module
  (memory 1)
  (func (export "grow_and_sum") (param $n i32) (result i32)
    (local $i i32) (local $at i32) (local $sum i32)
    (loop $l
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (local.set $at (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))
      (if (i32.load offset=65532 (local.get $at)) (then (unreachable)))
      (i32.store offset=65532 (local.get $at) (local.get $i))
      (local.set $sum (i32.add (local.get $sum) (i32.load offset=65532 (local.get $at))))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (if (i32.load offset=131068 (i32.const 0)) (then) (else (unreachable)))
    (local.get $sum))
  (func (export "past")
    (i32.store (i32.mul (memory.size) (i32.const 65536)) (i32.const 1))))
