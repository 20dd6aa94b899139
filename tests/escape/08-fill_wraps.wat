;; 08-fill_wraps.wat - memory.fill whose end is past 32 bits, at the end and past it.
;; invoke fill 0xffffffff 7 2 -> trap OOB
;; invoke fill 0 7 0xffffffff -> trap OOB
;; invoke fill 0x80000000 7 0x80000000 -> trap OOB
;; invoke fill 65535 7 2 -> trap OOB
;; invoke fill 65536 7 0 ->
;; invoke fill 65537 7 0 -> trap OOB
;; invoke fill 65535 7 1 ->
;; invoke last -> 7
;; invoke fill 1 9 0xffffffff -> trap OOB
;; invoke last -> 0
(module
  (memory 1)
  (func (export "fill") (param i32 i32 i32)
    (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func (export "last") (result i32) (i32.load8_u (i32.const 65535))))
