;; 21-byte_compares.wat - the low byte of a number compared with a constant: at both edges, with bits above the byte
;;   that must not count; and with 256, which is no byte.
;; invoke letter 96 -> 0
;; invoke letter 97 -> 1
;; invoke letter 122 -> 1
;; invoke letter 123 -> 0
;; invoke letter 353 -> 1
;; invoke letter 0xffffff61 -> 1
;; invoke letter 0xffffffff -> 0
;; invoke all 0 -> 1 1 0 0 1 1
;; invoke all 9 -> 1 1 0 0 1 1
;; invoke all 10 -> 1 0 1 0 1 1
;; invoke all 25 -> 1 0 1 0 1 1
;; invoke all 26 -> 0 0 1 0 1 1
;; invoke all 128 -> 0 0 1 0 1 1
;; invoke all 255 -> 0 0 1 1 1 1
;; invoke all 256 -> 1 1 0 0 1 1
;; invoke all 0x800000ff -> 0 0 1 1 1 1
(module
  (func (export "letter") (param i32) (result i32)
    (i32.lt_u (i32.and (i32.sub (local.get 0) (i32.const 97)) (i32.const 255)) (i32.const 26)))
  (func (export "all") (param i32) (result i32 i32 i32 i32 i32 i32)
    (i32.lt_u (i32.and (local.get 0) (i32.const 255)) (i32.const 26))
    (i32.le_u (i32.and (local.get 0) (i32.const 255)) (i32.const 9))
    (i32.gt_u (i32.and (local.get 0) (i32.const 255)) (i32.const 9))
    (i32.ge_u (i32.and (local.get 0) (i32.const 255)) (i32.const 255))
    (i32.le_u (i32.and (local.get 0) (i32.const 255)) (i32.const 255))
    (i32.lt_u (i32.and (local.get 0) (i32.const 255)) (i32.const 256))))
