;; 08-dropped_data.wat - a dropped segment has no bytes; an active one is dropped from the beginning.
;; invoke init 1 -> 104
;; invoke drop ->
;; invoke init 0 -> 0
;; invoke init 1 -> trap OOB
;; invoke active 0 ->
;; invoke active 1 -> trap OOB
;; invoke drop_twice ->
;; invoke init 1 -> trap OOB
(module
  (memory 1)
  (data $d "hello")
  (data $a (i32.const 100) "active")
  (func (export "init") (param i32) (result i32)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 8))
    (memory.init $d (i32.const 0) (i32.const 0) (local.get 0))
    (i32.load8_u (i32.const 0)))
  (func (export "drop") (data.drop $d))
  (func (export "drop_twice") (data.drop $d) (data.drop $d))
  (func (export "active") (param i32) (memory.init $a (i32.const 0) (i32.const 0) (local.get 0))))
