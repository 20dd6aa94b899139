;; 21-truncation_edges.wat - the last float that fits and the first that does not, of each conversion to integers.
;; invoke t0 0x4effffff -> 2147483520
;; invoke t0 0x4f000000 -> trap INT_OVERFLOW
;; invoke t0 0xcf000000 -> 0x80000000
;; invoke t0 0xcf000001 -> trap INT_OVERFLOW
;; invoke t1 0x4f7fffff -> 4294967040
;; invoke t1 0x4f800000 -> trap INT_OVERFLOW
;; invoke t1 0xbf666666 -> 0
;; invoke t1 0xbf800000 -> trap INT_OVERFLOW
;; invoke t2 0x41dffffffff9999a -> 2147483647
;; invoke t2 0x41e0000000000000 -> trap INT_OVERFLOW
;; invoke t2 0xc1e00000001ccccd -> 0x80000000
;; invoke t2 0xc1e0000000200000 -> trap INT_OVERFLOW
;; invoke t3 0x41effffffffccccd -> 4294967295
;; invoke t3 0x41f0000000000000 -> trap INT_OVERFLOW
;; invoke t4 0x43dfffffffffffff -> 9223372036854774784
;; invoke t4 0x43e0000000000000 -> trap INT_OVERFLOW
;; invoke t4 0xc3e0000000000000 -> 0x8000000000000000
;; invoke t4 0xc3e0000000000001 -> trap INT_OVERFLOW
;; invoke t5 0x43efffffffffffff -> 18446744073709549568
;; invoke t5 0x43f0000000000000 -> trap INT_OVERFLOW
;; invoke t6 0x5effffff -> 9223371487098961920
;; invoke t6 0x5f000000 -> trap INT_OVERFLOW
;; invoke t7 0x5f7fffff -> 18446742974197923840
;; invoke t7 0x5f800000 -> trap INT_OVERFLOW
;; invoke t0 0x7f800000 -> trap INT_OVERFLOW
;; invoke t4 0xfff0000000000000 -> trap INT_OVERFLOW
;; invoke t0 0x7fc00000 -> trap INVALID_CONVERSION
;; invoke t7 0xffc00000 -> trap INVALID_CONVERSION
(module
  (func (export "t0") (param f32) (result i32) (i32.trunc_f32_s (local.get 0)))
  (func (export "t1") (param f32) (result i32) (i32.trunc_f32_u (local.get 0)))
  (func (export "t2") (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
  (func (export "t3") (param f64) (result i32) (i32.trunc_f64_u (local.get 0)))
  (func (export "t4") (param f64) (result i64) (i64.trunc_f64_s (local.get 0)))
  (func (export "t5") (param f64) (result i64) (i64.trunc_f64_u (local.get 0)))
  (func (export "t6") (param f32) (result i64) (i64.trunc_f32_s (local.get 0)))
  (func (export "t7") (param f32) (result i64) (i64.trunc_f32_u (local.get 0))))
