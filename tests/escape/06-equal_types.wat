;; 06-equal_types.wat - structurally equal types under different indexes are one type; types that differ in the order
;;   are not.
;; invoke f 0 -> 3
;; invoke f 1 -> 3
;; invoke f 2 -> trap CALL_SIGNATURE
;; invoke g 2 -> 4
;; invoke g 0 -> trap CALL_SIGNATURE
(module
  (type $a (func (param i32 i64) (result i32)))
  (type $b (func (param i32 i64) (result i32)))
  (type $c (func (param i64 i32) (result i32)))
  (table funcref (elem $fa $fb $fc))
  (func $fa (type $a) (i32.add (local.get 0) (i32.wrap_i64 (local.get 1))))
  (func $fb (type $b) (i32.add (local.get 0) (i32.wrap_i64 (local.get 1))))
  (func $fc (type $c) (i32.const 4))
  (func (export "f") (param i32) (result i32)
    (call_indirect (type $b) (i32.const 1) (i64.const 2) (local.get 0)))
  (func (export "g") (param i32) (result i32)
    (call_indirect (type $c) (i64.const 1) (i32.const 2) (local.get 0))))
