;; 03-table_grow_edges.wat - table.grow by 0, 1, the maximum, 2^32-1; the new elements are what was asked for.
;; invoke grow 0 -> 2
;; invoke grow 0xffffffff -> 0xffffffff
;; invoke grow 0xfffffffe -> 0xffffffff
;; invoke grow 0x80000000 -> 0xffffffff
;; invoke grow 8 -> 2
;; invoke grow 1 -> 0xffffffff
;; invoke call 9 -> 42
;; invoke call 1 -> trap CALL_NULL
;; invoke call 2 -> trap CALL_UNDEFINED
;; invoke grow_null 3 -> 2
;; invoke call 4 -> trap CALL_NULL
(module
  (table $t 2 10 funcref)
  (elem declare func $f)
  (type $v (func (result i32)))
  (func $f (result i32) (i32.const 42))
  (func (export "grow") (param i32) (result i32) (table.grow $t (ref.func $f) (local.get 0)))
  (func (export "grow_null") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0)))
  (func (export "call") (param i32) (result i32) (call_indirect $t (type $v) (local.get 0))))
