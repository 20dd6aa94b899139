;; 10-order.wat - of two traps the first in the order of the program is the one that is met.
;; invoke load_div -> trap OOB
;; invoke div_load -> trap DIV_BY_ZERO
;; invoke store_stop -> trap OOB
;; invoke call_load -> trap CALL_NULL
(module
  (memory 1)
  (type $t (func))
  (table 1 funcref)
  (func (export "load_div")
    (drop (i32.load (i32.const 65536))) (drop (i32.div_s (i32.const 1) (i32.const 0))))
  (func (export "div_load")
    (drop (i32.div_s (i32.const 1) (i32.const 0))) (drop (i32.load (i32.const 65536))))
  (func (export "store_stop") (i32.store (i32.const 65536) (i32.const 1)) (unreachable))
  (func (export "call_load")
    (call_indirect (type $t) (i32.const 0)) (drop (i32.load (i32.const 65536)))))
