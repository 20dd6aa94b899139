;; 08-fill_2_gib.wat - memory.fill of 2 GiB and more (CVE-2025-58749): a length is not a signed number.
;; invoke fill 0 0x80000000 -> trap OOB
;; invoke fill 0 0xffffffff -> trap OOB
;; invoke fill 0 0x7fffffff -> trap OOB
;; invoke fill 0xffff0000 0x10000 -> trap OOB
;; invoke fill 0xffff0000 0x10001 -> trap OOB
;; invoke fill 1 65535 ->
;; invoke fill 2 65535 -> trap OOB
(module
  (memory 1)
  (func (export "fill") (param i32 i32)
    (memory.fill (local.get 0) (i32.const 0xab) (local.get 1))))
