;; 13-checkpoint_zeroed.wat - pages that were not zero at one checkpoint and are at the next: a reset brings the
;;   zeros back.
;; invoke peek 100 -> 104
;; invoke zero 0 131072 ->
;; checkpoint
;; invoke poke 100 7 ->
;; invoke poke 70000 7 ->
;; reset
;; invoke peek 100 -> 0
;; invoke peek 70000 -> 0
;; invoke poke 70000 9 ->
;; checkpoint
;; invoke zero 0 131072 ->
;; reset
;; invoke peek 70000 -> 9
;; invoke peek 100 -> 0
(module
  (memory 2)
  (data (i32.const 100) "hello")
  (data (i32.const 70000) "world")
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "zero") (param i32 i32) (memory.fill (local.get 0) (i32.const 0) (local.get 1))))
