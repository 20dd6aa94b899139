;; 11-inner_trap.wat - a trap in a nested call ends that one only; the outer call goes on.
;; invoke f -> 16
;; invoke g -> 1 16
(module
  (import "test" "call_other" (func $other (param i32) (result i32)))
  (memory 1)
  (func (export "again") (param i32) (result i32) (i32.load (i32.const 65536)))
  (func (export "f") (result i32)
    (i32.store (i32.const 0) (call $other (i32.const 0)))
    (i32.load (i32.const 0)))
  ;; After f the other instance is dead: misuse, status 1, and not the trap again.
  (func (export "g") (result i32 i32)
    (call $other (i32.const 0))
    (i32.add (i32.const 15) (call $other (i32.const 0)))))
