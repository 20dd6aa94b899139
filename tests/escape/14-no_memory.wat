;; 14-no_memory.wat - a module without memory: nothing at its address.
;; invoke f -> 7
;; reset
;; invoke f -> 7
;; checkpoint
;; invoke g -> trap UNREACHABLE
(module
  (global $g (mut i32) (i32.const 0))
  (func (export "f") (result i32) (global.set $g (i32.const 7)) (global.get $g))
  (func (export "g") (unreachable)))
