;; 04-partial_store.wat - a store half of which is outside writes nothing.
;; limit memory 2
;; invoke straddle 65533 -> trap OOB
;; invoke straddle 65529 -> trap OOB
;; invoke peek 65535 -> 0
;; invoke peek 65533 -> 0
(module
  (memory 1)
  (func (export "straddle") (param i32) (i64.store (local.get 0) (i64.const -1)))
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))
