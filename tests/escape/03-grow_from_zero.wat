;; 03-grow_from_zero.wat - from no pages to one: the first byte is there, the byte after is not.
;; limit memory 2
;; invoke f -> 0
;; invoke f -> 1
;; invoke last -> trap OOB
(module
  (memory 0)
  (func (export "f") (result i32)
    (i32.store8 offset=65535 (i32.const 0) (memory.grow (i32.const 1)))
    (i32.load8_u (i32.const 65535)))
  (func (export "last") (result i32)
    (drop (memory.grow (i32.const 1)))
    (i32.load8_u (i32.mul (memory.size) (i32.const 65536)))))
