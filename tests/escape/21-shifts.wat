;; 21-shifts.wat - shift counts at and above the width.
;; invoke i32 1 32 -> 1 1 1 1 1
;; invoke i32 0x80000001 33 -> 2 0x40000000 0xc0000000 3 0xc0000000
;; invoke i32 0xffffffff 0xffffffff -> 0x80000000 1 0xffffffff 0xffffffff 0xffffffff
;; invoke i64 1 64 -> 1 1 1 1 1
;; invoke i64 0x8000000000000001 65 -> 2 0x4000000000000000 0xc000000000000000 3 0xc000000000000000
(module
  (func (export "i32") (param i32 i32) (result i32 i32 i32 i32 i32)
    (i32.shl (local.get 0) (local.get 1)) (i32.shr_u (local.get 0) (local.get 1))
    (i32.shr_s (local.get 0) (local.get 1)) (i32.rotl (local.get 0) (local.get 1))
    (i32.rotr (local.get 0) (local.get 1)))
  (func (export "i64") (param i64 i64) (result i64 i64 i64 i64 i64)
    (i64.shl (local.get 0) (local.get 1)) (i64.shr_u (local.get 0) (local.get 1))
    (i64.shr_s (local.get 0) (local.get 1)) (i64.rotl (local.get 0) (local.get 1))
    (i64.rotr (local.get 0) (local.get 1))))
