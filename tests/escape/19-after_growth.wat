;; 19-after_growth.wat - the host's view of the size follows a growth and a reset.
;; limit memory 4
;; invoke grow 1 -> 1
;; invoke spell 131071 1 -> 1
;; invoke spell 131072 1 -> 0
;; invoke size -> 131072
;; reset
;; invoke size -> 65536
;; invoke spell 65536 1 -> 0
;; invoke count 65536 1 -> -1
(module
  (import "test" "spell" (func $spell (param i32 i64) (result i32)))
  (import "test" "count" (func $count (param i32 i64) (result i64)))
  (import "test" "size" (func $size (result i64)))
  (memory 1)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "size") (result i64) (call $size))
  (func (export "spell") (param i32 i64) (result i32) (call $spell (local.get 0) (local.get 1)))
  (func (export "count") (param i32 i64) (result i64) (call $count (local.get 0) (local.get 1))))
