;; 13-half_built.wat - a module whose start traps after it has written everywhere: no instance, every time, and
;;   nothing of it stays.
;; new -> trap OOB
;; new -> trap OOB
;; new -> trap OOB
;; new -> trap OOB
;; new -> trap OOB
;; new -> trap OOB
(module
  (memory 4)
  (global $g (mut i32) (i32.const 0))
  (table $t 2000 funcref)
  (elem declare func $s)
  (func $s
    (memory.fill (i32.const 0) (i32.const 0x5e) (i32.const 262144))
    (drop (memory.grow (i32.const 3)))
    (global.set $g (i32.const 1))
    (table.fill $t (i32.const 0) (ref.func $s) (i32.const 2000))
    (i32.store8 (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)))
  (start $s)
  (func (export "f")))
