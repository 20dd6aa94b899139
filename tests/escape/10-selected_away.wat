;; 10-selected_away.wat - operands of select are computed both: the one that is not taken traps.
;; invoke left 1 -> trap OOB
;; invoke right 0 -> trap OOB
;; invoke div 1 -> trap DIV_BY_ZERO
;; invoke multiplied -> trap OOB
;; invoke compared -> trap OOB
(module
  (memory 1)
  (func (export "left") (param i32) (result i32)
    (select (i32.const 1) (i32.load (i32.const 65536)) (local.get 0)))
  (func (export "right") (param i32) (result i32)
    (select (i32.load (i32.const 65536)) (i32.const 1) (local.get 0)))
  (func (export "div") (param i32) (result i32)
    (select (i32.const 1) (i32.div_u (i32.const 1) (i32.const 0)) (local.get 0)))
  (func (export "multiplied") (result i32) (i32.mul (i32.const 0) (i32.load (i32.const 65536))))
  (func (export "compared") (result i32) (i32.le_u (i32.const 0) (i32.load (i32.const 65536)))))
