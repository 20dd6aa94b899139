;; 04-shift_folded.wat - a shifted index: folded into an address of more than 32 bits it would miss the guard
;;   (CVE-2023-26489).
;; invoke shl 0x40000001 3 -> 22
;; invoke shl 0x1fffffff 3 -> trap OOB
;; invoke shl 0x20000000 3 -> 11
;; invoke shl8 0x20000001 -> 22
;; invoke shl8 0x1fffffff -> trap OOB
;; invoke mul 0x40000000 -> 11
;; invoke mul 0x3fffffff -> trap OOB
;; invoke scaled 0x20000000 0x20000000 -> 11
;; invoke scaled 0x20001fff 0x20000000 -> 0
;; invoke scaled 0x20002000 0x20000000 -> trap OOB
(module
  (memory 1)
  (data (i32.const 0) "\0b\00\00\00\00\00\00\00\16")
  (func (export "shl") (param i32 i32) (result i32)
    (i32.load8_u (i32.shl (local.get 0) (local.get 1))))
  (func (export "shl8") (param i32) (result i32)
    (i32.load8_u (i32.shl (local.get 0) (i32.const 3))))
  (func (export "mul") (param i32) (result i32)
    (i32.load8_u (i32.mul (local.get 0) (i32.const 4))))
  (func (export "scaled") (param i32 i32) (result i32)
    (i32.load8_u (i32.add (i32.shl (local.get 0) (i32.const 3)) (i32.shl (local.get 1) (i32.const 3))))))
