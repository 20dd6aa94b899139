;; 14-memory_limit_over.wat - a memory limit above what 32 bits address: what the module declares counts.
;; limit memory 0xffffffff
;; invoke grow 9 -> 1
;; invoke grow 1 -> 0xffffffff
;; invoke past -> trap OOB
(module
  (memory 1 10)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "past") (i32.store8 (i32.mul (memory.size) (i32.const 65536)) (i32.const 1))))
