;; 09-signal_in_host_call.wat - a signal every 100 microseconds while the host writes guest memory.
;; limit memory 16
;; timer 100
;; invoke f 20 -> 97
;; invoke f 20 -> 97
;; invoke grow -> 2
;; invoke out -> trap OOB
;; timer 0
;; invoke f 1 -> 97
(module
  (import "test" "work" (func $work (param i32 i32 i32)))
  (import "test" "grow" (func $grow (param i32) (result i32)))
  (memory 2)
  (func (export "f") (param $ms i32) (result i32)
    (call $work (local.get $ms) (i32.const 0) (i32.const 131072))
    (i32.load8_u (i32.const 131071)))
  (func (export "grow") (result i32)
    (local $old i32)
    (local.set $old (call $grow (i32.const 1)))
    (call $work (i32.const 5) (i32.const 131072) (i32.const 65536))
    (local.get $old))
  (func (export "out") (result i32)
    (call $work (i32.const 5) (i32.const 0) (i32.const 65536))
    (i32.load8_u (i32.mul (memory.size) (i32.const 65536)))))
