;; 11-tiny_stack.wat - a stack of one byte: not even one frame below the limit, so no guest code that calls runs at
;;   all.
;; limit stack 1
;; invoke f 3 -> trap STACK
(module
  (func $f (export "f") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1))))))))
