;; 03-in_a_callee.wat - a growth in a callee: the caller that had checked before sees it.
;; limit memory 8
;; invoke f -> 5
;; invoke g -> 6
;; invoke h -> trap OOB
(module
  (memory 1)
  (table funcref (elem $grow))
  (type $t (func (result i32)))
  (func $grow (result i32) (memory.grow (i32.const 1)))
  (func (export "f") (result i32)
    (i32.store (i32.const 65532) (i32.const 5))
    (drop (call $grow))
    (i32.store (i32.const 131068) (i32.load (i32.const 65532)))
    (i32.load (i32.const 131068)))
  (func (export "g") (result i32)
    (drop (call_indirect (type $t) (i32.const 0)))
    (i32.store (i32.const 196604) (i32.const 6))
    (i32.load (i32.const 196604)))
  (func (export "h") (result i32)
    (drop (call $grow))
    (i32.load (i32.const 262145))))
