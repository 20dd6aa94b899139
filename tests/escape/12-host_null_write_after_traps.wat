;; 12-host_null_write_after_traps.wat - the same after calls that trapped: nothing of them is left.
;; invoke oob -> trap OOB
;; invoke oob -> trap OOB
;; invoke deep -> trap STACK
;; invoke f -> crash SEGV
(module
  (import "test" "null_write" (func $h))
  (memory 1)
  (func (export "oob") (drop (i32.load (i32.const 65536))))
  (func $deep (export "deep") (call $deep))
  (func (export "f") (call $h)))
