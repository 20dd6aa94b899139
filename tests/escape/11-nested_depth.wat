;; 11-nested_depth.wat - calls nested in host calls are counted: at the limit the innermost is refused (status 15),
;;   the others return; calls one after another are not nested.
;; invoke again 10 -> 0
;; invoke again 100 -> 15
;; invoke many 40 -> 0
;; invoke again 10 -> 0
(module
  (import "test" "nest" (func $nest (param i32) (result i32)))
  (func $again (export "again") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (call $nest (i32.sub (local.get 0) (i32.const 1))))
  ;; $n calls that each nest once more: the sum of their results.
  (func (export "many") (param $n i32) (result i32)
    (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (call $again (i32.const 2))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
