;; 13-memory.wat - what a call wrote to memory is gone after a reset: first page, last page, data segments, grown
;;   pages.
;; limit memory 8
;; invoke poke 0 1 ->
;; invoke poke 131071 2 ->
;; invoke poke 70000 3 ->
;; invoke grow 2 -> 2
;; invoke poke 262143 4 ->
;; reset
;; invoke peek 0 -> 0
;; invoke peek 131071 -> 0
;; invoke peek 70000 -> 104
;; invoke size -> 2
;; invoke peek 131072 -> trap OOB
;; invoke grow 2 -> 2
;; invoke poke 262143 5 ->
;; reset
;; invoke grow 2 -> 2
;; invoke peek 262143 -> 0
(module
  (memory 2)
  (data (i32.const 70000) "hello")
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
