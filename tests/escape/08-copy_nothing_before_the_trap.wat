;; 08-copy_nothing_before_the_trap.wat - a copy that does not fit writes nothing, not even what fits.
;; invoke f -> trap OOB
;; invoke g -> 0
(module
  (memory 1)
  (func (export "f")
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 100))
    (memory.copy (i32.const 65500) (i32.const 0) (i32.const 100)))
  (func (export "g") (result i32) (i32.load8_u (i32.const 65500))))
