;; 08-copy_bounds.wat - memory.copy: nothing at the end and past it, sums that wrap on either side.
;; invoke copy 65536 0 0 ->
;; invoke copy 0 65536 0 ->
;; invoke copy 65537 0 0 -> trap OOB
;; invoke copy 0 65537 0 -> trap OOB
;; invoke copy 65535 0 1 ->
;; invoke copy 65535 0 2 -> trap OOB
;; invoke copy 0 65535 2 -> trap OOB
;; invoke copy 0xffffffff 0 1 -> trap OOB
;; invoke copy 0 0xffffffff 1 -> trap OOB
;; invoke copy 0xffffffff 0 2 -> trap OOB
;; invoke copy 0 0xffffffff 2 -> trap OOB
;; invoke copy 1 0 0xffffffff -> trap OOB
;; invoke copy 0 1 0xffffffff -> trap OOB
;; invoke copy 0x80000000 0x80000000 0x80000000 -> trap OOB
;; invoke copy 0 0 65537 -> trap OOB
;; invoke copy 0 0 65536 ->
(module
  (memory 1)
  (func (export "copy") (param i32 i32 i32)
    (memory.copy (local.get 0) (local.get 1) (local.get 2))))
