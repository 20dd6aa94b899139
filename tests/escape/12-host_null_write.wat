;; 12-host_null_write.wat - a NULL write of host code in a host call is no trap: the host dies of it.
;; invoke f 1 -> crash SEGV
(module
  (import "test" "null_write" (func $h))
  (memory 1)
  (func (export "f") (param i32) (call $h)))
