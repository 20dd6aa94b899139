;; 04-wide_index.wat - an index cut from 64 bits: only its low half counts, zero-extended.
;; invoke wrap 0x100000000 -> 11
;; invoke wrap 0xffffffff00000000 -> 11
;; invoke wrap 0xffffffff80000000 -> trap OOB
;; invoke extend 0xff -> trap OOB
;; invoke extend 0x7f -> 0
;; invoke shr 0x8000000000000000 -> trap OOB
;; invoke shr 0x7fff -> 11
(module
  (memory 1)
  (data (i32.const 0) "\0b")
  (func (export "wrap") (param i64) (result i32) (i32.load8_u (i32.wrap_i64 (local.get 0))))
  (func (export "extend") (param i32) (result i32) (i32.load8_u (i32.extend8_s (local.get 0))))
  (func (export "shr") (param i64) (result i32)
    (i32.load8_u (i32.wrap_i64 (i64.shr_s (local.get 0) (i64.const 32))))))
