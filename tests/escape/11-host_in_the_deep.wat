;; 11-host_in_the_deep.wat - a host call at the bottom of a deep recursion has its own room.
;; limit memory 4
;; invoke deep 5000 -> 65536
;; invoke deep 100000000 -> trap STACK
(module
  (import "test" "size" (func $size (result i64)))
  (memory 1)
  (func $deep (export "deep") (param i32) (result i64)
    (if (result i64) (i32.eqz (local.get 0))
      (then (call $size))
      (else (i64.sub (call $deep (i32.sub (local.get 0) (i32.const 1))) (i64.const 0))))))
