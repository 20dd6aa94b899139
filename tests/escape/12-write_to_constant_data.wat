;; 12-write_to_constant_data.wat - passive data is not memory: no guest address is one of it, dropped or not.
;; invoke f 0 -> trap OOB
;; invoke f 0xffffffff -> trap OOB
;; invoke g -> 120
(module
  (memory 1)
  (data $d "xyz")
  (func (export "f") (param i32)
    (i32.store offset=65536 (local.get 0) (i32.const 1)))
  (func (export "g") (result i32)
    (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3))
    (i32.load8_u (i32.const 0))))
