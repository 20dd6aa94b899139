;; 11-small_stack.wat - a stack of 64 KiB: what fits returns, what does not traps, and the limit is the limit.
;; limit stack 65536
;; invoke deep 10 -> 10
;; invoke deep 100000 -> trap STACK
;; invoke deep 10 -> 10
(module
  (func $deep (export "deep") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1))))))))
