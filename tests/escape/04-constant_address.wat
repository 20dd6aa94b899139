;; 04-constant_address.wat - constant addresses, which clang folds whole: in, at the end, and far out.
;; invoke in -> 0
;; invoke end -> trap OOB
;; invoke far -> trap OOB
;; invoke farthest -> trap OOB
;; invoke minus -> trap OOB
;; invoke store_end -> trap OOB
;; invoke store_farthest -> trap OOB
(module
  (memory 1)
  (func (export "in") (result i32) (i32.load (i32.const 65532)))
  (func (export "end") (result i32) (i32.load (i32.const 65533)))
  (func (export "far") (result i32) (i32.load offset=0x7fffffff (i32.const 0)))
  (func (export "farthest") (result i64) (i64.load offset=0xffffffff (i32.const -1)))
  (func (export "minus") (result i32) (i32.load8_u (i32.const -1)))
  (func (export "store_end") (i32.store (i32.const 65533) (i32.const 1)))
  (func (export "store_farthest") (v128.store offset=0xffffffff (i32.const -1) (v128.const i64x2 1 1))))
