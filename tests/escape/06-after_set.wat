;; 06-after_set.wat - a slot changed between two calls: the second call meets the new function and its type.
;; invoke f -> 1 2
;; invoke g -> trap CALL_SIGNATURE
;; invoke h -> trap CALL_NULL
(module
  (type $t (func (result i32)))
  (table $t 2 funcref)
  (elem (i32.const 0) $one)
  (elem declare func $two $other)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func $other (result i64) (i64.const 3))
  (func (export "f") (result i32 i32)
    (call_indirect $t (type $t) (i32.const 0))
    (table.set $t (i32.const 0) (ref.func $two))
    (call_indirect $t (type $t) (i32.const 0)))
  (func (export "g") (result i32)
    (drop (call_indirect $t (type $t) (i32.const 0)))
    (table.set $t (i32.const 0) (ref.func $other))
    (call_indirect $t (type $t) (i32.const 0)))
  (func (export "h") (result i32)
    (table.set $t (i32.const 0) (ref.null func))
    (call_indirect $t (type $t) (i32.const 0))))
