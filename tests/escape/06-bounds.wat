;; 06-bounds.wat - index at the end, after it, and with the high bit.
;; invoke f 0 -> 1
;; invoke f 1 -> 2
;; invoke f 2 -> trap CALL_UNDEFINED
;; invoke f 3 -> trap CALL_UNDEFINED
;; invoke f 0x80000000 -> trap CALL_UNDEFINED
;; invoke f 0x7fffffff -> trap CALL_UNDEFINED
;; invoke f 0xffffffff -> trap CALL_UNDEFINED
;; invoke f 0x08000000 -> trap CALL_UNDEFINED
(module
  (type $t (func (result i32)))
  (table funcref (elem $one $two))
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func (export "f") (param i32) (result i32) (call_indirect (type $t) (local.get 0))))
