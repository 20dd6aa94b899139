;; 03-store_around.wat - stores and loads around a growth in one function: no base or size of before is used.
;; limit memory 16
;; invoke around 65536 -> 7 9 0
;; invoke around2 1 -> 1
;; invoke beyond -> trap OOB
(module
  (memory 1)
  (func (export "around") (param $at i32) (result i32 i32 i32)
    (i32.store (i32.const 16) (i32.const 7))
    (drop (memory.grow (i32.const 1)))
    (i32.store (local.get $at) (i32.const 9))
    (i32.load (i32.const 16))
    (i32.load (local.get $at))
    (i32.load offset=4 (local.get $at)))
  (func (export "around2") (param $n i32) (result i32)
    (local $old i32)
    (local.set $old (memory.grow (local.get $n)))
    (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const 1))
    (i32.load (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4))))
  (func (export "beyond")
    (drop (memory.grow (i32.const 1)))
    (i32.store (i32.mul (memory.size) (i32.const 65536)) (i32.const 9))))
