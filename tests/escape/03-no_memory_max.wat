;; 03-no_memory_max.wat - a memory with a maximum of its minimum, and one of no pages at all.
;; invoke grow 1 -> 0xffffffff
;; invoke grow 0 -> 0
;; invoke size -> 0
;; invoke peek 0 -> trap OOB
;; invoke peek 0xffffffff -> trap OOB
;; invoke fill 0 ->
;; invoke fill 1 -> trap OOB
(module
  (memory 0 0)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "size") (result i32) (memory.size))
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0))))
