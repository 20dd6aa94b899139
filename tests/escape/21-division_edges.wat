;; 21-division_edges.wat - the least integer by -1 and its remainder; signs of remainders.
;; invoke div32 0x80000000 0xffffffff -> trap INT_OVERFLOW
;; invoke rem32 0x80000000 0xffffffff -> 0
;; invoke div64 0x8000000000000000 0xffffffffffffffff -> trap INT_OVERFLOW
;; invoke rem64 0x8000000000000000 0xffffffffffffffff -> 0
;; invoke rem32 0xfffffff9 2 -> 0xffffffff
;; invoke rem32 7 0xfffffffe -> 1
;; invoke div32 0xfffffff9 2 -> 0xfffffffd
(module
  (func (export "div32") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "rem32") (param i32 i32) (result i32) (i32.rem_s (local.get 0) (local.get 1)))
  (func (export "div64") (param i64 i64) (result i64) (i64.div_s (local.get 0) (local.get 1)))
  (func (export "rem64") (param i64 i64) (result i64) (i64.rem_s (local.get 0) (local.get 1))))
