;; 06-after_copy.wat - types go with the functions when a table is copied, initialised, filled.
;; invoke copy -> 2
;; invoke wrong -> trap CALL_SIGNATURE
;; invoke init -> 1
;; invoke fill 3 -> 2
;; invoke fill 4 -> trap CALL_UNDEFINED
(module
  (type $t (func (result i32)))
  (table $a 4 funcref)
  (table $b 4 funcref)
  (elem $e func $one $two $other)
  (elem (table $b) (i32.const 0) func $one $two $other)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func $other (result f32) (f32.const 3))
  (func (export "copy") (result i32)
    (table.copy $a $b (i32.const 1) (i32.const 0) (i32.const 3))
    (call_indirect $a (type $t) (i32.const 2)))
  (func (export "wrong") (result i32)
    (table.copy $a $b (i32.const 1) (i32.const 0) (i32.const 3))
    (call_indirect $a (type $t) (i32.const 3)))
  (func (export "init") (result i32)
    (table.init $a $e (i32.const 3) (i32.const 0) (i32.const 1))
    (call_indirect $a (type $t) (i32.const 3)))
  (func (export "fill") (param i32) (result i32)
    (table.fill $a (i32.const 0) (ref.func $two) (i32.const 4))
    (call_indirect $a (type $t) (local.get 0))))
