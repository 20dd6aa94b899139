;; 10-overwritten.wat - a load whose value is overwritten, a store that is overwritten, a load of what was just
;;   stored: all still trap.
;; invoke load 65536 -> trap OOB
;; invoke store 65536 -> trap OOB
;; invoke forward 65536 -> trap OOB
;; invoke forward 65532 -> 5
;; invoke same 65536 -> trap OOB
(module
  (memory 1)
  (func (export "load") (param i32) (result i32)
    (local $x i32)
    (local.set $x (i32.load (local.get 0)))
    (local.set $x (i32.const 5))
    (local.get $x))
  (func (export "store") (param i32)
    (i32.store (local.get 0) (i32.const 1))
    (i32.store (local.get 0) (i32.const 2)))
  (func (export "forward") (param i32) (result i32)
    (i32.store (local.get 0) (i32.const 5))
    (i32.load (local.get 0)))
  (func (export "same") (param i32) (i32.store (local.get 0) (i32.load (local.get 0)))))
