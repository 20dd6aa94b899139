;; 05-every_width_is_forced.wat - loads of every width in one expression whose value is unused: each must trap by
;;   itself.
;; invoke a 65536 -> trap OOB
;; invoke b 65535 -> trap OOB
;; invoke c 65533 -> trap OOB
;; invoke d 65529 -> trap OOB
;; invoke e 65521 -> trap OOB
;; invoke all 65520 ->
;; invoke all 65521 -> trap OOB
(module
  (memory 1)
  (func (export "a") (param i32) (drop (i32.load8_s (local.get 0))))
  (func (export "b") (param i32) (drop (i64.load16_u (local.get 0))))
  (func (export "c") (param i32) (drop (f32.load (local.get 0))))
  (func (export "d") (param i32) (drop (f64.load (local.get 0))))
  (func (export "e") (param i32) (drop (v128.load (local.get 0))))
  (func (export "all") (param i32)
    (drop (i32.load8_s (local.get 0)))
    (drop (i32.load16_s (local.get 0)))
    (drop (i64.load32_s (local.get 0)))
    (drop (i64.load (local.get 0)))
    (drop (v128.load8x8_s (local.get 0)))
    (drop (v128.load64_splat (local.get 0)))
    (drop (v128.load (local.get 0)))))
