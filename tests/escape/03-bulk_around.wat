;; 03-bulk_around.wat - bulk operations around a growth use the size of now.
;; limit memory 4
;; invoke f -> 3
;; invoke g -> trap OOB
(module
  (memory 1)
  (func (export "f") (result i32)
    (memory.fill (i32.const 0) (i32.const 3) (i32.const 65536))
    (drop (memory.grow (i32.const 1)))
    (memory.copy (i32.const 65536) (i32.const 0) (i32.const 65536))
    (i32.load8_u (i32.const 131071)))
  (func (export "g")
    (drop (memory.grow (i32.const 1)))
    (memory.fill (i32.const 65536) (i32.const 3) (i32.mul (memory.size) (i32.const 65536)))))
