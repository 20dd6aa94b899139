;; 03-in_a_host_call.wat - a growth inside a host call: the guest sees the new size and pages, and no more.
;; limit memory 6
;; invoke f 1 -> 1 77
;; invoke peek 131071 -> 0
;; invoke peek 131072 -> trap OOB
;; invoke f 100 -> trap OOB
;; invoke refused -> 0xffffffff 1
(module
  (import "test" "grow" (func $grow (param i32) (result i32)))
  (memory 1)
  (func (export "f") (param $n i32) (result i32 i32)
    (local $old i32)
    (i32.store (i32.const 65532) (i32.const 7))
    (local.set $old (call $grow (local.get $n)))
    (i32.store (i32.const 65536) (i32.const 77))
    (local.get $old)
    (i32.load (i32.const 65536)))
  (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "refused") (result i32 i32)
    (call $grow (i32.const 6))
    (memory.size)))
