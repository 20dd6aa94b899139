;; 14-no_memory_host.wat - a host that reads, writes and grows a memory that is not there is refused.
;; invoke grow 1 -> 0xffffffff
;; invoke grow 0 -> 0xffffffff
;; invoke size -> 0
;; invoke spell 0 1 -> 0
;; invoke spell 0 0 -> 1
;; invoke count 0 1 -> -1
(module
  (import "test" "grow" (func $grow (param i32) (result i32)))
  (import "test" "size" (func $size (result i64)))
  (import "test" "spell" (func $spell (param i32 i64) (result i32)))
  (import "test" "count" (func $count (param i32 i64) (result i64)))
  (func (export "grow") (param i32) (result i32) (call $grow (local.get 0)))
  (func (export "size") (result i64) (call $size))
  (func (export "spell") (param i32 i64) (result i32) (call $spell (local.get 0) (local.get 1)))
  (func (export "count") (param i32 i64) (result i64) (call $count (local.get 0) (local.get 1))))
