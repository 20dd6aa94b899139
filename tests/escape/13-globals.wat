;; 13-globals.wat - globals of every type are what they were after a reset.
;; invoke set ->
;; invoke get -> 1 2 0x3f800000 0x4000000000000000 7 8 0 0
;; reset
;; invoke get -> 5 6 0x40400000 0x4010000000000000 1 2 1 1
;; invoke get -> 5 6 0x40400000 0x4010000000000000 1 2 1 1
(module
  (global $i (mut i32) (i32.const 5))
  (global $j (mut i64) (i64.const 6))
  (global $f (mut f32) (f32.const 3))
  (global $d (mut f64) (f64.const 4))
  (global $v (mut v128) (v128.const i64x2 1 2))
  (global $r (mut funcref) (ref.null func))
  (global $n (mut i32) (i32.const 1))
  (func $some)
  (elem declare func $some)
  (func (export "set")
    (global.set $i (i32.const 1)) (global.set $j (i64.const 2)) (global.set $f (f32.const 1))
    (global.set $d (f64.const 2)) (global.set $v (v128.const i64x2 7 8))
    (global.set $r (ref.func $some)) (global.set $n (i32.const 0)))
  (func (export "get") (result i32 i64 f32 f64 v128 i32 i32)
    (global.get $i) (global.get $j) (global.get $f) (global.get $d) (global.get $v)
    (ref.is_null (global.get $r)) (global.get $n)))
