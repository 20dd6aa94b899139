;; 11-start.wat - endless recursion in the start function: no instance, and the host lives.
;; new -> trap STACK
;; new -> trap STACK
(module
  (func $s (call $s))
  (start $s)
  (func (export "f")))
