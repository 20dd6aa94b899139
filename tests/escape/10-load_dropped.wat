;; 10-load_dropped.wat - results that nobody uses, of constants and of arguments: the trap (load) stays, at every
;;   level of optimisation.
;; invoke c0 -> trap OOB
;; invoke v0 0x10000 -> trap OOB
;; invoke c1 -> trap OOB
;; invoke v1 0xfffd -> trap OOB
;; invoke c2 -> trap OOB
;; invoke v2 0xffffffff -> trap OOB
;; invoke c3 -> trap OOB
;; invoke v3 0xfffa -> trap OOB
;; invoke c4 -> trap OOB
;; invoke v4 0x10000 -> trap OOB
(module
  (memory 1)
  (func (export "c0") (drop (i32.load (i32.const 65536))))
  (func (export "v0") (param i32) (drop (i32.load (local.get 0))))
  (func (export "c1") (drop (i64.load32_u (i32.const 65533))))
  (func (export "v1") (param i32) (drop (i64.load32_u (local.get 0))))
  (func (export "c2") (drop (f32.load (i32.const -1))))
  (func (export "v2") (param i32) (drop (f32.load (local.get 0))))
  (func (export "c3") (drop (v128.load (i32.const 65530))))
  (func (export "v3") (param i32) (drop (v128.load (local.get 0))))
  (func (export "c4") (drop (v128.load8_splat (i32.const 65536))))
  (func (export "v4") (param i32) (drop (v128.load8_splat (local.get 0)))))
