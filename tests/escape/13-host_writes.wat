;; 13-host_writes.wat - what the host wrote for a call is gone after a reset, on fresh pages and on grown ones.
;; limit memory 16
;; invoke spell 100 50 -> 1
;; invoke count 0 65536 -> 50
;; reset
;; invoke count 0 65536 -> 0
;; invoke spell 131000 72 -> 1
;; invoke spell 131000 73 -> 0
;; invoke grow 1 -> 2
;; invoke spell 131000 73 -> 1
;; invoke count 0 196608 -> 73
;; reset
;; invoke count 0 131072 -> 0
;; invoke grow 1 -> 2
;; invoke count 0 196608 -> 0
(module
  (import "test" "spell" (func $spell (param i32 i64) (result i32)))
  (import "test" "count" (func $count (param i32 i64) (result i64)))
  (import "test" "grow" (func $grow (param i32) (result i32)))
  (memory 2)
  (func (export "spell") (param i32 i64) (result i32) (call $spell (local.get 0) (local.get 1)))
  (func (export "count") (param i32 i64) (result i64) (call $count (local.get 0) (local.get 1)))
  (func (export "grow") (param i32) (result i32) (call $grow (local.get 0))))
