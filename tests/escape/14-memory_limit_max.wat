;; 14-memory_limit_max.wat - a memory limit of all there is: growth to 4 GiB less a MiB, which is the most, the last
;;   byte, and the sums past it.
;; limit memory 65536
;; invoke grow 65535 -> 0xffffffff
;; invoke grow 65519 -> 1
;; invoke grow 1 -> 0xffffffff
;; invoke poke 0xffefffff 7 ->
;; invoke peek 0xffefffff -> 7
;; invoke wide 0xffeffff8 -> 0x0700000000000000
;; invoke wide 0xffeffff9 -> trap OOB
;; invoke peek 0xfff00000 -> trap OOB
;; invoke peek 0xffffffff -> trap OOB
;; invoke offset 0xffffffff -> trap OOB
;; invoke grow 65519 -> 1
;; invoke fill 0xffefffff 1 ->
;; invoke peek 0xffefffff -> 9
;; invoke fill 0xffefffff 2 -> trap OOB
(module
  (memory 1)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "wide") (param i32) (result i64) (i64.load (local.get 0)))
  (func (export "offset") (param i32) (result i32) (i32.load8_u offset=1 (local.get 0)))
  (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 9) (local.get 1))))
