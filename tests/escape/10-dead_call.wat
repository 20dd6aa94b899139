;; 10-dead_call.wat - a call whose result is unused, of a function that only loads: inlined or not, it traps.
;; invoke direct 65536 -> trap OOB
;; invoke direct 0 ->
;; invoke indirect 65536 -> trap OOB
;; invoke pure 0 -> trap DIV_BY_ZERO
;; invoke table 5 -> trap TABLE_OOB
(module
  (memory 1)
  (type $t (func (param i32) (result i32)))
  (table $t 1 funcref)
  (elem (i32.const 0) $load)
  (func $load (param i32) (result i32) (i32.load (local.get 0)))
  (func $div (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
  (func (export "direct") (param i32) (drop (call $load (local.get 0))))
  (func (export "indirect") (param i32) (drop (call_indirect $t (type $t) (local.get 0) (i32.const 0))))
  (func (export "pure") (param i32) (drop (call $div (local.get 0))))
  (func (export "table") (param i32) (drop (ref.is_null (table.get $t (local.get 0))))))
