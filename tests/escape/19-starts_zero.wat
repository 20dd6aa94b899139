;; 19-starts_zero.wat - is a range zero at the checkpoint: at the segments, between them, past the end, with sums
;;   that wrap.
;; invoke z 0 100 -> 1
;; invoke z 0 101 -> 0
;; invoke z 100 5 -> 0
;; invoke z 104 1 -> 0
;; invoke z 105 60000 -> 1
;; invoke z 105 69895 -> 1
;; invoke z 105 69896 -> 0
;; invoke z 70001 61071 -> 1
;; invoke z 1 0xffffffffffffffff -> 0
;; invoke z 0xffffffff 0xffffffffffffffff -> 0
(module
  (import "test" "starts_zero" (func $z (param i32 i64) (result i32)))
  (memory 2)
  (data (i32.const 100) "hello")
  (data (i32.const 70000) "x")
  (func (export "z") (param i32 i64) (result i32) (call $z (local.get 0) (local.get 1))))
