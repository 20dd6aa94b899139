;; 13-grown_at_start.wat - pages that start and _initialize grow and write belong to the beginning: a reset brings
;;   them back.
;; invoke get -> 4 11 22 33
;; invoke clear ->
;; invoke get -> 4 0 0 0
;; reset
;; invoke get -> 4 11 22 33
;; invoke clear ->
;; invoke grow -> 4
;; reset
;; invoke get -> 4 11 22 33
(module
  (memory 1 10)
  (func $start
    (drop (memory.grow (i32.const 2)))
    (i32.store (i32.const 65536) (i32.const 11))
    (i32.store (i32.const 196604) (i32.const 22)))
  (start $start)
  (func (export "_initialize")
    (drop (memory.grow (i32.const 1)))
    (i32.store (i32.const 262140) (i32.const 33)))
  (func (export "get") (result i32 i32 i32 i32)
    (memory.size) (i32.load (i32.const 65536)) (i32.load (i32.const 196604))
    (i32.load (i32.const 262140)))
  (func (export "clear") (memory.fill (i32.const 0) (i32.const 0) (i32.const 262144)))
  (func (export "grow") (result i32) (memory.grow (i32.const 1))))
