;; 04-sum_wraps.wat - index plus offset is a sum of 33 bits, index plus index one of 32: neither may be the other.
;; invoke offset 0xffffffff -> trap OOB
;; invoke offset 0 -> trap OOB
;; invoke offset 1 -> trap OOB
;; invoke add 0xffffffff 1 -> 11
;; invoke add 0xffffffff 0x10000 -> 0
;; invoke add 0xffffffff 0x10002 -> trap OOB
;; invoke add_then_offset 0xffffffff 2 -> 0
;; invoke add_then_offset 0xffffffff 3 -> trap OOB
(module
  (memory 1)
  (data (i32.const 0) "\0b")
  (func (export "offset") (param i32) (result i32) (i32.load8_u offset=0xffffffff (local.get 0)))
  (func (export "add") (param i32 i32) (result i32)
    (i32.load8_u (i32.add (local.get 0) (local.get 1))))
  (func (export "add_then_offset") (param i32 i32) (result i32)
    (i32.load8_u offset=65534 (i32.add (local.get 0) (local.get 1)))))
