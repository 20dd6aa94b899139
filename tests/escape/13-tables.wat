;; 13-tables.wat - tables after a reset: elements, null slots, size, segments that were dropped.
;; invoke call 0 -> 1
;; invoke change ->
;; invoke call 0 -> 2
;; invoke size -> 14
;; invoke call 13 -> 2
;; reset
;; invoke call 0 -> 1
;; invoke size -> 4
;; invoke use_segment -> 2
;; invoke call 13 -> trap CALL_UNDEFINED
;; invoke change ->
;; reset
;; invoke call 3 -> trap CALL_NULL
;; invoke change ->
;; reset
;; invoke grow_null -> 4
;; invoke call 13 -> trap CALL_NULL
(module
  (type $t (func (result i32)))
  (table $t 4 3000 funcref)
  (elem (i32.const 0) $one $one)
  (elem $e func $two)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func (export "call") (param i32) (result i32) (call_indirect $t (type $t) (local.get 0)))
  (func (export "size") (result i32) (table.size $t))
  (func (export "grow_null") (result i32) (table.grow $t (ref.null func) (i32.const 10)))
  (func (export "use_segment") (result i32)
    (table.init $t $e (i32.const 2) (i32.const 0) (i32.const 1))
    (call_indirect $t (type $t) (i32.const 2)))
  (func (export "change")
    (table.fill $t (i32.const 0) (ref.func $two) (i32.const 4))
    (drop (table.grow $t (ref.func $two) (i32.const 10)))
    (elem.drop $e)))
