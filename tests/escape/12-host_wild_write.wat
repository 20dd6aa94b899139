;; 12-host_wild_write.wat - a host write into the guest's own guard is no trap either.
;; invoke f -> crash SEGV
(module
  (import "test" "wild_write" (func $h))
  (memory 1)
  (func (export "f") (call $h)))
