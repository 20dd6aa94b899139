;; 08-table_copy_overlap.wat - table.copy over itself, both ways.
;; invoke up -> 1 1 2 3
;; invoke down -> 2 3 4 4
(module
  (type $t (func (result i32)))
  (table $t 4 funcref)
  (elem $e func $f1 $f2 $f3 $f4)
  (func $f1 (result i32) (i32.const 1)) (func $f2 (result i32) (i32.const 2))
  (func $f3 (result i32) (i32.const 3)) (func $f4 (result i32) (i32.const 4))
  (func $all (result i32 i32 i32 i32)
    (call_indirect $t (type $t) (i32.const 0))
    (call_indirect $t (type $t) (i32.const 1))
    (call_indirect $t (type $t) (i32.const 2))
    (call_indirect $t (type $t) (i32.const 3)))
  (func (export "up") (result i32 i32 i32 i32)
    (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 4))
    (table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 3))
    (call $all))
  (func (export "down") (result i32 i32 i32 i32)
    (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 4))
    (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 3))
    (call $all)))
