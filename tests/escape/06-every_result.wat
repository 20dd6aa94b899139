;; 06-every_result.wat - a function of each result called as each other: none is taken for another.
;; invoke i32 0 -> 1
;; invoke i32 1 -> trap CALL_SIGNATURE
;; invoke i32 2 -> trap CALL_SIGNATURE
;; invoke i32 3 -> trap CALL_SIGNATURE
;; invoke i32 4 -> trap CALL_SIGNATURE
;; invoke i64 0 -> trap CALL_SIGNATURE
;; invoke i64 1 -> 2
;; invoke i64 2 -> trap CALL_SIGNATURE
;; invoke i64 3 -> trap CALL_SIGNATURE
;; invoke i64 4 -> trap CALL_SIGNATURE
;; invoke f32 0 -> trap CALL_SIGNATURE
;; invoke f32 1 -> trap CALL_SIGNATURE
;; invoke f32 2 -> 1065353216
;; invoke f32 3 -> trap CALL_SIGNATURE
;; invoke f32 4 -> trap CALL_SIGNATURE
;; invoke f64 0 -> trap CALL_SIGNATURE
;; invoke f64 1 -> trap CALL_SIGNATURE
;; invoke f64 2 -> trap CALL_SIGNATURE
;; invoke f64 3 -> 4607182418800017408
;; invoke f64 4 -> trap CALL_SIGNATURE
;; invoke v128 0 -> trap CALL_SIGNATURE
;; invoke v128 1 -> trap CALL_SIGNATURE
;; invoke v128 2 -> trap CALL_SIGNATURE
;; invoke v128 3 -> trap CALL_SIGNATURE
;; invoke v128 4 -> 3 4
(module
  (type $i32 (func (result i32)))
  (type $i64 (func (result i64)))
  (type $f32 (func (result f32)))
  (type $f64 (func (result f64)))
  (type $v128 (func (result v128)))
  (table funcref (elem $f0 $f1 $f2 $f3 $f4))
  (func $f0 (result i32) (i32.const 1))
  (func (export "i32") (param i32) (result i32) (call_indirect (type $i32) (local.get 0)))
  (func $f1 (result i64) (i64.const 2))
  (func (export "i64") (param i32) (result i64) (call_indirect (type $i64) (local.get 0)))
  (func $f2 (result f32) (f32.const 1))
  (func (export "f32") (param i32) (result f32) (call_indirect (type $f32) (local.get 0)))
  (func $f3 (result f64) (f64.const 1))
  (func (export "f64") (param i32) (result f64) (call_indirect (type $f64) (local.get 0)))
  (func $f4 (result v128) (v128.const i64x2 3 4))
  (func (export "v128") (param i32) (result v128) (call_indirect (type $v128) (local.get 0))))
