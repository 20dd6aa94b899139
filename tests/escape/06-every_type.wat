;; 06-every_type.wat - a function of each type called as each other type: none is taken for another, whatever
;;   register it is in.
;; invoke i32 0 -> 10
;; invoke i32 1 -> trap CALL_SIGNATURE
;; invoke i32 2 -> trap CALL_SIGNATURE
;; invoke i32 3 -> trap CALL_SIGNATURE
;; invoke i32 4 -> trap CALL_SIGNATURE
;; invoke i32 5 -> trap CALL_SIGNATURE
;; invoke i32 6 -> trap CALL_SIGNATURE
;; invoke i64 0 -> trap CALL_SIGNATURE
;; invoke i64 1 -> 11
;; invoke i64 2 -> trap CALL_SIGNATURE
;; invoke i64 3 -> trap CALL_SIGNATURE
;; invoke i64 4 -> trap CALL_SIGNATURE
;; invoke i64 5 -> trap CALL_SIGNATURE
;; invoke i64 6 -> trap CALL_SIGNATURE
;; invoke f32 0 -> trap CALL_SIGNATURE
;; invoke f32 1 -> trap CALL_SIGNATURE
;; invoke f32 2 -> 12
;; invoke f32 3 -> trap CALL_SIGNATURE
;; invoke f32 4 -> trap CALL_SIGNATURE
;; invoke f32 5 -> trap CALL_SIGNATURE
;; invoke f32 6 -> trap CALL_SIGNATURE
;; invoke f64 0 -> trap CALL_SIGNATURE
;; invoke f64 1 -> trap CALL_SIGNATURE
;; invoke f64 2 -> trap CALL_SIGNATURE
;; invoke f64 3 -> 13
;; invoke f64 4 -> trap CALL_SIGNATURE
;; invoke f64 5 -> trap CALL_SIGNATURE
;; invoke f64 6 -> trap CALL_SIGNATURE
;; invoke v128 0 -> trap CALL_SIGNATURE
;; invoke v128 1 -> trap CALL_SIGNATURE
;; invoke v128 2 -> trap CALL_SIGNATURE
;; invoke v128 3 -> trap CALL_SIGNATURE
;; invoke v128 4 -> 14
;; invoke v128 5 -> trap CALL_SIGNATURE
;; invoke v128 6 -> trap CALL_SIGNATURE
;; invoke funcref 0 -> trap CALL_SIGNATURE
;; invoke funcref 1 -> trap CALL_SIGNATURE
;; invoke funcref 2 -> trap CALL_SIGNATURE
;; invoke funcref 3 -> trap CALL_SIGNATURE
;; invoke funcref 4 -> trap CALL_SIGNATURE
;; invoke funcref 5 -> 15
;; invoke funcref 6 -> trap CALL_SIGNATURE
;; invoke externref 0 -> trap CALL_SIGNATURE
;; invoke externref 1 -> trap CALL_SIGNATURE
;; invoke externref 2 -> trap CALL_SIGNATURE
;; invoke externref 3 -> trap CALL_SIGNATURE
;; invoke externref 4 -> trap CALL_SIGNATURE
;; invoke externref 5 -> trap CALL_SIGNATURE
;; invoke externref 6 -> 16
(module
  (type $i32 (func (param i32) (result i32)))
  (type $i64 (func (param i64) (result i32)))
  (type $f32 (func (param f32) (result i32)))
  (type $f64 (func (param f64) (result i32)))
  (type $v128 (func (param v128) (result i32)))
  (type $funcref (func (param funcref) (result i32)))
  (type $externref (func (param externref) (result i32)))
  (table funcref (elem $f0 $f1 $f2 $f3 $f4 $f5 $f6))
  (func $f0 (param i32) (result i32) (i32.const 10))
  (func (export "i32") (param i32) (result i32)
    (call_indirect (type $i32) (i32.const 1) (local.get 0)))
  (func $f1 (param i64) (result i32) (i32.const 11))
  (func (export "i64") (param i32) (result i32)
    (call_indirect (type $i64) (i64.const 2) (local.get 0)))
  (func $f2 (param f32) (result i32) (i32.const 12))
  (func (export "f32") (param i32) (result i32)
    (call_indirect (type $f32) (f32.const 1) (local.get 0)))
  (func $f3 (param f64) (result i32) (i32.const 13))
  (func (export "f64") (param i32) (result i32)
    (call_indirect (type $f64) (f64.const 1) (local.get 0)))
  (func $f4 (param v128) (result i32) (i32.const 14))
  (func (export "v128") (param i32) (result i32)
    (call_indirect (type $v128) (v128.const i64x2 3 4) (local.get 0)))
  (func $f5 (param funcref) (result i32) (i32.const 15))
  (func (export "funcref") (param i32) (result i32)
    (call_indirect (type $funcref) (ref.null func) (local.get 0)))
  (func $f6 (param externref) (result i32) (i32.const 16))
  (func (export "externref") (param i32) (result i32)
    (call_indirect (type $externref) (ref.null extern) (local.get 0))))
