;; 14-fuel_max.wat - the largest fuel limit there is: no sum with it wraps.
;; limit fuel 0xffffffffffffffff
;; invoke count 1000000 -> 1000000
;; invoke count 1000000 -> 1000000
(module
  (func (export "count") (param $n i32) (result i32)
    (local $i i32)
    (loop $l
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $i)))
