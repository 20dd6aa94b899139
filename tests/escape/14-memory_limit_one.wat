;; 14-memory_limit_one.wat - a memory limit of one page.
;; limit memory 1
;; invoke grow 1 -> 0xffffffff
;; invoke peek 65535 -> 0
;; invoke peek 65536 -> trap OOB
(module
  (memory 1)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0))))
