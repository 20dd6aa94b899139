;; 13-table_behind_the_image.wat - a large table with elements at its beginning only, filled to the end: what is
;;   behind is null again.
;; invoke fill ->
;; invoke call 19999 -> 2
;; reset
;; invoke call 0 -> 1
;; invoke call 1 -> trap CALL_NULL
;; invoke fill ->
;; reset
;; invoke call 200 -> trap CALL_NULL
;; invoke fill ->
;; reset
;; invoke call 19999 -> trap CALL_NULL
;; invoke fill ->
;; checkpoint
;; invoke clear ->
;; reset
;; invoke call 19999 -> 2
(module
  (type $t (func (result i32)))
  (table $t 20000 30000 funcref)
  (elem (i32.const 0) $one)
  (elem declare func $two)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func (export "call") (param i32) (result i32) (call_indirect $t (type $t) (local.get 0)))
  (func (export "clear") (table.fill $t (i32.const 0) (ref.null func) (i32.const 20000)))
  (func (export "fill") (table.fill $t (i32.const 0) (ref.func $two) (i32.const 20000))))
