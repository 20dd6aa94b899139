;; 06-arity.wat - wrong number of arguments or results, in each direction.
;; invoke as0 0 -> 1
;; invoke as0 1 -> trap CALL_SIGNATURE
;; invoke as0 2 -> trap CALL_SIGNATURE
;; invoke as0 3 -> trap CALL_SIGNATURE
;; invoke as1 0 -> trap CALL_SIGNATURE
;; invoke as1 1 -> 7
;; invoke as1 2 -> trap CALL_SIGNATURE
;; invoke as_void 0 -> trap CALL_SIGNATURE
;; invoke as_void 3 ->
;; invoke as_two 0 -> trap CALL_SIGNATURE
;; invoke as_two 4 -> 5 6
(module
  (type $t0 (func (result i32)))
  (type $t1 (func (param i32) (result i32)))
  (type $tv (func))
  (type $t2 (func (result i32 i32)))
  (table funcref (elem $a $b $c $d $e))
  (func $a (result i32) (i32.const 1))
  (func $b (param i32) (result i32) (local.get 0))
  (func $c (param i32 i32) (result i32) (local.get 1))
  (func $d)
  (func $e (result i32 i32) (i32.const 5) (i32.const 6))
  (func (export "as0") (param i32) (result i32) (call_indirect (type $t0) (local.get 0)))
  (func (export "as1") (param i32) (result i32) (call_indirect (type $t1) (i32.const 7) (local.get 0)))
  (func (export "as_void") (param i32) (call_indirect (type $tv) (local.get 0)))
  (func (export "as_two") (param i32) (result i32 i32) (call_indirect (type $t2) (local.get 0))))
