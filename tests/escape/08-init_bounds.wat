;; 08-init_bounds.wat - memory.init: end of the segment, end of memory, both with nothing, sums that wrap.
;; invoke init 0 0 5 ->
;; invoke init 65531 0 5 ->
;; invoke init 65532 0 5 -> trap OOB
;; invoke init 0 0 6 -> trap OOB
;; invoke init 0 1 5 -> trap OOB
;; invoke init 0 5 0 ->
;; invoke init 0 6 0 -> trap OOB
;; invoke init 65536 0 0 ->
;; invoke init 65537 0 0 -> trap OOB
;; invoke init 0 0xffffffff 1 -> trap OOB
;; invoke init 0 0xffffffff 2 -> trap OOB
;; invoke init 0 1 0xffffffff -> trap OOB
;; invoke init 0xffffffff 0 1 -> trap OOB
;; invoke init 0xffffffff 0 2 -> trap OOB
;; invoke read -> 0x6c6c6568
(module
  (memory 1)
  (data $d "hello")
  (func (export "init") (param i32 i32 i32)
    (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
  (func (export "read") (result i32)
    (memory.init $d (i32.const 8) (i32.const 0) (i32.const 4))
    (i32.load (i32.const 8))))
