;; 09-signal_in_traps.wat - a signal every 50 microseconds while calls trap, one after another, and new instances are
;;   made.
;; timer 50
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke fine -> 7
;; timer 0
;; invoke fine -> 7
(module
  (memory 1)
  (func (export "oob") (drop (i32.load (i32.const 65536))))
  (func $deep (export "deep") (call $deep))
  (func (export "fine") (result i32)
    (i32.store (i32.const 100) (i32.const 7))
    (i32.load (i32.const 100))))
