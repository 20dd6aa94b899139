;; 21-lanes.wat - lanes of vectors at both ends, swizzle and shuffle with indexes past the end.
;; invoke swizzle 0x0f0e0d0c0b0a0908 0xff80100700010203 -> 0x1716151413121110 0x0000000f08090a0b
;; invoke extract 0x8000000000000001 0x7f000000000000ff -> 1 0x7f 0xffffff80
(module
  (func (export "swizzle") (param i64 i64) (result v128)
    (i8x16.swizzle
      (v128.const i8x16 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23)
      (i64x2.replace_lane 1 (i64x2.splat (local.get 0)) (local.get 1))))
  (func (export "extract") (param i64 i64) (result i32 i32 i32)
    (local $v v128)
    (local.set $v (i64x2.replace_lane 1 (i64x2.splat (local.get 0)) (local.get 1)))
    (i8x16.extract_lane_u 0 (local.get $v))
    (i8x16.extract_lane_u 15 (local.get $v))
    (i8x16.extract_lane_s 7 (local.get $v))))
