;; 10-overflow_dropped.wat - results that nobody uses, of constants and of arguments: the trap (overflow) stays, at
;;   every level of optimisation.
;; invoke c0 -> trap INT_OVERFLOW
;; invoke v0 0x80000000 0xffffffff -> trap INT_OVERFLOW
;; invoke c1 -> trap INT_OVERFLOW
;; invoke v1 0x8000000000000000 0xffffffffffffffff -> trap INT_OVERFLOW
;; invoke c2 -> trap INT_OVERFLOW
;; invoke v2 0x4f000000 -> trap INT_OVERFLOW
;; invoke c3 -> trap INT_OVERFLOW
;; invoke v3 0xbff0000000000000 -> trap INT_OVERFLOW
;; invoke c4 -> trap INT_OVERFLOW
;; invoke v4 0x5f800000 -> trap INT_OVERFLOW
;; invoke c5 -> trap INT_OVERFLOW
;; invoke v5 0x43e0000000000000 -> trap INT_OVERFLOW
(module
  (memory 1)
  (func (export "c0") (drop (i32.div_s (i32.const 0x80000000) (i32.const -1))))
  (func (export "v0") (param i32 i32) (drop (i32.div_s (local.get 0) (local.get 1))))
  (func (export "c1") (drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1))))
  (func (export "v1") (param i64 i64) (drop (i64.div_s (local.get 0) (local.get 1))))
  (func (export "c2") (drop (i32.trunc_f32_s (f32.const 0x1p31))))
  (func (export "v2") (param f32) (drop (i32.trunc_f32_s (local.get 0))))
  (func (export "c3") (drop (i32.trunc_f64_u (f64.const -1))))
  (func (export "v3") (param f64) (drop (i32.trunc_f64_u (local.get 0))))
  (func (export "c4") (drop (i64.trunc_f32_u (f32.const 0x1p64))))
  (func (export "v4") (param f32) (drop (i64.trunc_f32_u (local.get 0))))
  (func (export "c5") (drop (i64.trunc_f64_s (f64.const 0x1p63))))
  (func (export "v5") (param f64) (drop (i64.trunc_f64_s (local.get 0)))))
