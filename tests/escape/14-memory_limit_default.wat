;; 14-memory_limit_default.wat - no memory limit given: 256 pages, and not all there are.
;; invoke grow 255 -> 1
;; invoke grow 1 -> 0xffffffff
;; invoke peek 16777215 -> 0
;; invoke peek 16777216 -> trap OOB
(module
  (memory 1)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0))))
