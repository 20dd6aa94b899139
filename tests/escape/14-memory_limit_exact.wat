;; 14-memory_limit_exact.wat - a memory limit of just the minimum: the instance is there, growth is not.
;; limit memory 3
;; invoke grow 0 -> 3
;; invoke grow 1 -> 0xffffffff
;; invoke last -> 0
;; invoke past -> trap OOB
(module
  (memory 3)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "last") (result i32) (i32.load8_u (i32.const 196607)))
  (func (export "past") (result i32) (i32.load8_u (i32.const 196608))))
