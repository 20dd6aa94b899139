;; 13-initialize.wat - what start and _initialize leave is the beginning that a reset returns to.
;; invoke get -> 3 77 88
;; invoke change ->
;; reset
;; invoke get -> 3 77 88
;; invoke change ->
;; checkpoint
;; reset
;; invoke get -> 4 1 2
(module
  (memory 3 10)
  (func $start (i32.store (i32.const 8) (i32.const 77)))
  (start $start)
  (func (export "_initialize")
    (i32.store (i32.const 65536) (i32.const 88))
    (drop (memory.grow (i32.const 0))))
  (func (export "get") (result i32 i32 i32)
    (memory.size) (i32.load (i32.const 8)) (i32.load (i32.const 65536)))
  (func (export "change")
    (drop (memory.grow (i32.const 1)))
    (i32.store (i32.const 8) (i32.const 1))
    (i32.store (i32.const 65536) (i32.const 2))))
