;; 04-last_byte.wat - every width at the last place where it fits, and one further.
;; invoke w1 65535 -> 0
;; invoke w1 65536 -> trap OOB
;; invoke w2 65534 -> 0
;; invoke w2 65535 -> trap OOB
;; invoke w4 65532 -> 0
;; invoke w4 65533 -> trap OOB
;; invoke w8 65528 -> 0
;; invoke w8 65529 -> trap OOB
;; invoke w16 65520 -> 0
;; invoke w16 65521 -> trap OOB
(module
  (memory 1 1)
  (func (export "w1") (param i32) (result i32)
    (i32.store8 (local.get 0) (i32.const 0)) (i32.load8_u (local.get 0)))
  (func (export "w2") (param i32) (result i32)
    (i32.store16 (local.get 0) (i32.const 0)) (i32.load16_u (local.get 0)))
  (func (export "w4") (param i32) (result i32)
    (i32.store (local.get 0) (i32.const 0)) (i32.load (local.get 0)))
  (func (export "w8") (param i32) (result i64)
    (i64.store (local.get 0) (i64.const 0)) (i64.load (local.get 0)))
  (func (export "w16") (param i32) (result i64)
    (v128.store (local.get 0) (v128.const i64x2 0 0))
    (i64x2.extract_lane 1 (v128.load (local.get 0)))))
