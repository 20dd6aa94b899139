;; 13-table_untouched.wat - resets and checkpoints when only memory was written: the table keeps its elements, and
;;   their image.
;; invoke poke 0 1 ->
;; reset
;; invoke call 0 -> 1
;; invoke poke 0 1 ->
;; checkpoint
;; invoke poke 0 2 ->
;; checkpoint
;; invoke clear ->
;; invoke call 0 -> trap CALL_NULL
;; invoke poke 0 1 ->
;; checkpoint
;; invoke poke 0 2 ->
;; checkpoint
;; invoke change ->
;; invoke call 0 -> 2
;; reset
;; invoke call 0 -> 1
;; invoke call 1 -> 1
;; invoke call 2 -> trap CALL_NULL
(module
  (memory 1)
  (type $t (func (result i32)))
  (table $t 2000 3000 funcref)
  (elem (i32.const 0) $one $one)
  (elem declare func $two)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "call") (param i32) (result i32) (call_indirect $t (type $t) (local.get 0)))
  (func (export "clear") (table.fill $t (i32.const 0) (ref.null func) (i32.const 2000)))
  (func (export "change") (table.fill $t (i32.const 0) (ref.func $two) (i32.const 2000))))
