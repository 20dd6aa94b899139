;; 10-divide_dropped.wat - results that nobody uses, of constants and of arguments: the trap (divide) stays, at every
;;   level of optimisation.
;; invoke c0 -> trap DIV_BY_ZERO
;; invoke v0 0x1 0x0 -> trap DIV_BY_ZERO
;; invoke c1 -> trap DIV_BY_ZERO
;; invoke v1 0x1 0x0 -> trap DIV_BY_ZERO
;; invoke c2 -> trap DIV_BY_ZERO
;; invoke v2 0x1 0x0 -> trap DIV_BY_ZERO
;; invoke c3 -> trap DIV_BY_ZERO
;; invoke v3 0x1 0x0 -> trap DIV_BY_ZERO
;; invoke c4 -> trap DIV_BY_ZERO
;; invoke v4 0x1 0x0 -> trap DIV_BY_ZERO
;; invoke c5 -> trap DIV_BY_ZERO
;; invoke v5 0x1 0x0 -> trap DIV_BY_ZERO
;; invoke c6 -> trap DIV_BY_ZERO
;; invoke v6 0x1 0x0 -> trap DIV_BY_ZERO
;; invoke c7 -> trap DIV_BY_ZERO
;; invoke v7 0x1 0x0 -> trap DIV_BY_ZERO
(module
  (memory 1)
  (func (export "c0") (drop (i32.div_s (i32.const 1) (i32.const 0))))
  (func (export "v0") (param i32 i32) (drop (i32.div_s (local.get 0) (local.get 1))))
  (func (export "c1") (drop (i32.div_u (i32.const 1) (i32.const 0))))
  (func (export "v1") (param i32 i32) (drop (i32.div_u (local.get 0) (local.get 1))))
  (func (export "c2") (drop (i32.rem_s (i32.const 1) (i32.const 0))))
  (func (export "v2") (param i32 i32) (drop (i32.rem_s (local.get 0) (local.get 1))))
  (func (export "c3") (drop (i32.rem_u (i32.const 1) (i32.const 0))))
  (func (export "v3") (param i32 i32) (drop (i32.rem_u (local.get 0) (local.get 1))))
  (func (export "c4") (drop (i64.div_s (i64.const 1) (i64.const 0))))
  (func (export "v4") (param i64 i64) (drop (i64.div_s (local.get 0) (local.get 1))))
  (func (export "c5") (drop (i64.div_u (i64.const 1) (i64.const 0))))
  (func (export "v5") (param i64 i64) (drop (i64.div_u (local.get 0) (local.get 1))))
  (func (export "c6") (drop (i64.rem_s (i64.const 1) (i64.const 0))))
  (func (export "v6") (param i64 i64) (drop (i64.rem_s (local.get 0) (local.get 1))))
  (func (export "c7") (drop (i64.rem_u (i64.const 1) (i64.const 0))))
  (func (export "v7") (param i64 i64) (drop (i64.rem_u (local.get 0) (local.get 1)))))
