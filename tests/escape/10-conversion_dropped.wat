;; 10-conversion_dropped.wat - results that nobody uses, of constants and of arguments: the trap (conversion) stays,
;;   at every level of optimisation.
;; invoke c0 -> trap INVALID_CONVERSION
;; invoke v0 0x7fc00000 -> trap INVALID_CONVERSION
;; invoke c1 -> trap INVALID_CONVERSION
;; invoke v1 0x7fc00000 -> trap INVALID_CONVERSION
;; invoke c2 -> trap INVALID_CONVERSION
;; invoke v2 0x7ff8000000000000 -> trap INVALID_CONVERSION
;; invoke c3 -> trap INVALID_CONVERSION
;; invoke v3 0x7ff8000000000000 -> trap INVALID_CONVERSION
;; invoke c4 -> trap INVALID_CONVERSION
;; invoke v4 0x7fc00000 -> trap INVALID_CONVERSION
;; invoke c5 -> trap INVALID_CONVERSION
;; invoke v5 0x7fc00000 -> trap INVALID_CONVERSION
;; invoke c6 -> trap INVALID_CONVERSION
;; invoke v6 0x7ff8000000000000 -> trap INVALID_CONVERSION
;; invoke c7 -> trap INVALID_CONVERSION
;; invoke v7 0x7ff8000000000000 -> trap INVALID_CONVERSION
(module
  (memory 1)
  (func (export "c0") (drop (i32.trunc_f32_s (f32.const nan))))
  (func (export "v0") (param f32) (drop (i32.trunc_f32_s (local.get 0))))
  (func (export "c1") (drop (i32.trunc_f32_u (f32.const nan))))
  (func (export "v1") (param f32) (drop (i32.trunc_f32_u (local.get 0))))
  (func (export "c2") (drop (i32.trunc_f64_s (f64.const nan))))
  (func (export "v2") (param f64) (drop (i32.trunc_f64_s (local.get 0))))
  (func (export "c3") (drop (i32.trunc_f64_u (f64.const nan))))
  (func (export "v3") (param f64) (drop (i32.trunc_f64_u (local.get 0))))
  (func (export "c4") (drop (i64.trunc_f32_s (f32.const nan))))
  (func (export "v4") (param f32) (drop (i64.trunc_f32_s (local.get 0))))
  (func (export "c5") (drop (i64.trunc_f32_u (f32.const nan))))
  (func (export "v5") (param f32) (drop (i64.trunc_f32_u (local.get 0))))
  (func (export "c6") (drop (i64.trunc_f64_s (f64.const nan))))
  (func (export "v6") (param f64) (drop (i64.trunc_f64_s (local.get 0))))
  (func (export "c7") (drop (i64.trunc_f64_u (f64.const nan))))
  (func (export "v7") (param f64) (drop (i64.trunc_f64_u (local.get 0)))))
