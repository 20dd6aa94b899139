;; 19-read_write.wat - the host's checked functions on ranges at the end, past it, with sums that wrap, with lengths
;;   of 64 bits.
;; invoke spell 0 65536 -> 1
;; invoke count 0 65536 -> 65536
;; invoke spell 0 65537 -> 0
;; invoke spell 65536 0 -> 1
;; invoke spell 65537 0 -> 0
;; invoke spell 65535 1 -> 1
;; invoke spell 65535 2 -> 0
;; invoke spell 0xffffffff 1 -> 0
;; invoke spell 0xffffffff 2 -> 0
;; invoke spell 1 0xffffffff -> 0
;; invoke spell 1 0xffffffffffffffff -> 0
;; invoke spell 0xffffffff 0xffffffffffffffff -> 0
;; invoke spell 0 0x100000000 -> 0
;; invoke spell 2 0xfffffffffffffffe -> 0
;; invoke count 65535 1 -> 1
;; invoke count 65535 2 -> -1
;; invoke count 65536 0 -> 0
;; invoke count 65537 0 -> -1
;; invoke count 0xffffffff 1 -> -1
;; invoke count 1 0xffffffffffffffff -> -1
;; invoke count 0x80000000 0x80000000 -> -1
(module
  (import "test" "spell" (func $spell (param i32 i64) (result i32)))
  (import "test" "count" (func $count (param i32 i64) (result i64)))
  (memory 1)
  (func (export "spell") (param i32 i64) (result i32) (call $spell (local.get 0) (local.get 1)))
  (func (export "count") (param i32 i64) (result i64) (call $count (local.get 0) (local.get 1))))
