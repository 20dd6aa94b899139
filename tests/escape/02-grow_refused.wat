;; 02-grow_refused.wat - growth that is refused leaves size and contents as they were.
;; limit memory 4
;; invoke poke 65535 9 ->
;; invoke grow 4 -> 0xffffffff
;; invoke size -> 1
;; invoke peek 65535 -> 9
;; invoke grow 3 -> 1
;; invoke size -> 4
;; invoke peek 262143 -> 0
;; invoke grow 1 -> 0xffffffff
;; invoke peek 65535 -> 9
;; invoke peek 262144 -> trap OOB
(module
  (memory 1)
  (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
