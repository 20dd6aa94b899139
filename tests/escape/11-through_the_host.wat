;; 11-through_the_host.wat - a recursion through host calls into another instance: its nesting is counted.
;; invoke f 1 -> 0
;; invoke again 5 -> 0
;; invoke self 1 -> 1
(module
  (import "test" "call_other" (func $other (param i32) (result i32)))
  (import "test" "reenter" (func $self (param i32) (result i32)))
  (func (export "again") (param i32) (result i32) (i32.const 0))
  (func (export "f") (param i32) (result i32) (call $other (local.get 0)))
  ;; A second call of a running instance is misuse, status 1.
  (func (export "self") (param i32) (result i32) (call $self (local.get 0))))
