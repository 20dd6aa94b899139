;; 24-index_out_of_range_only_traps.wat - speculation is not defended against (README); what is architectural is: an
;;   index that is out of range has no effect but the trap.
;; invoke table 2 -> trap CALL_UNDEFINED
;; invoke branch 0xffffffff -> 9
;; invoke state -> 0
(module
  (type $t (func))
  (global $g (mut i32) (i32.const 0))
  (table funcref (elem $set $set))
  (func $set (global.set $g (i32.const 1)))
  (func (export "table") (param i32) (call_indirect (type $t) (local.get 0)))
  (func (export "branch") (param i32) (result i32)
    (block $b (block $a (br_table $a $a $b (local.get 0))) (return (i32.const 1)))
    (i32.const 9))
  (func (export "state") (result i32) (global.get $g)))
