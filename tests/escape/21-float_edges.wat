;; 21-float_edges.wat - negative zero, infinities, NaN bits that a load and a store must not touch.
;; invoke min 0x80000000 0 -> 0x80000000
;; invoke min 0 0x80000000 -> 0x80000000
;; invoke max 0x80000000 0 -> 0
;; invoke neg 0 -> 0x80000000
;; invoke keep32 0x7fa00001 -> 0x7fa00001
;; invoke keep64 0x7ff4000000000001 -> 0x7ff4000000000001
;; invoke keep64 0xfff8000000000000 -> 0xfff8000000000000
;; invoke nearest 0x3fe0000000000000 -> 0
;; invoke nearest 0xbfe0000000000000 -> 0x8000000000000000
;; invoke nearest 0x4004000000000000 -> 0x4000000000000000
;; invoke copysign 0x3f800000 0xffc00000 -> 0xbf800000
(module
  (memory 1)
  (func (export "min") (param f32 f32) (result f32) (f32.min (local.get 0) (local.get 1)))
  (func (export "max") (param f32 f32) (result f32) (f32.max (local.get 0) (local.get 1)))
  (func (export "neg") (param f32) (result f32) (f32.neg (local.get 0)))
  (func (export "keep32") (param f32) (result f32)
    (f32.store (i32.const 8) (local.get 0)) (f32.load (i32.const 8)))
  (func (export "keep64") (param f64) (result f64)
    (f64.store (i32.const 8) (local.get 0)) (f64.load (i32.const 8)))
  (func (export "nearest") (param f64) (result f64) (f64.nearest (local.get 0)))
  (func (export "copysign") (param f32 f32) (result f32) (f32.copysign (local.get 0) (local.get 1))))
