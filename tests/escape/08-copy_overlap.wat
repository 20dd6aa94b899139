;; 08-copy_overlap.wat - memory.copy over itself, forwards and backwards, by sizes on both sides of each way of
;;   copying.
;; invoke shifted 1 1 -> 0
;; invoke shifted 1 3 -> 0
;; invoke shifted 1 8 -> 0
;; invoke shifted 1 16 -> 0
;; invoke shifted 1 17 -> 0
;; invoke shifted 1 64 -> 0
;; invoke shifted 1 4294967295 -> 0
;; invoke shifted 1 4294967293 -> 0
;; invoke shifted 1 4294967280 -> 0
;; invoke shifted 1 4294967279 -> 0
;; invoke shifted 2 1 -> 0
;; invoke shifted 2 3 -> 0
;; invoke shifted 2 8 -> 0
;; invoke shifted 2 16 -> 0
;; invoke shifted 2 17 -> 0
;; invoke shifted 2 64 -> 0
;; invoke shifted 2 4294967295 -> 0
;; invoke shifted 2 4294967293 -> 0
;; invoke shifted 2 4294967280 -> 0
;; invoke shifted 2 4294967279 -> 0
;; invoke shifted 3 1 -> 0
;; invoke shifted 3 3 -> 0
;; invoke shifted 3 8 -> 0
;; invoke shifted 3 16 -> 0
;; invoke shifted 3 17 -> 0
;; invoke shifted 3 64 -> 0
;; invoke shifted 3 4294967295 -> 0
;; invoke shifted 3 4294967293 -> 0
;; invoke shifted 3 4294967280 -> 0
;; invoke shifted 3 4294967279 -> 0
;; invoke shifted 7 1 -> 0
;; invoke shifted 7 3 -> 0
;; invoke shifted 7 8 -> 0
;; invoke shifted 7 16 -> 0
;; invoke shifted 7 17 -> 0
;; invoke shifted 7 64 -> 0
;; invoke shifted 7 4294967295 -> 0
;; invoke shifted 7 4294967293 -> 0
;; invoke shifted 7 4294967280 -> 0
;; invoke shifted 7 4294967279 -> 0
;; invoke shifted 8 1 -> 0
;; invoke shifted 8 3 -> 0
;; invoke shifted 8 8 -> 0
;; invoke shifted 8 16 -> 0
;; invoke shifted 8 17 -> 0
;; invoke shifted 8 64 -> 0
;; invoke shifted 8 4294967295 -> 0
;; invoke shifted 8 4294967293 -> 0
;; invoke shifted 8 4294967280 -> 0
;; invoke shifted 8 4294967279 -> 0
;; invoke shifted 15 1 -> 0
;; invoke shifted 15 3 -> 0
;; invoke shifted 15 8 -> 0
;; invoke shifted 15 16 -> 0
;; invoke shifted 15 17 -> 0
;; invoke shifted 15 64 -> 0
;; invoke shifted 15 4294967295 -> 0
;; invoke shifted 15 4294967293 -> 0
;; invoke shifted 15 4294967280 -> 0
;; invoke shifted 15 4294967279 -> 0
;; invoke shifted 16 1 -> 0
;; invoke shifted 16 3 -> 0
;; invoke shifted 16 8 -> 0
;; invoke shifted 16 16 -> 0
;; invoke shifted 16 17 -> 0
;; invoke shifted 16 64 -> 0
;; invoke shifted 16 4294967295 -> 0
;; invoke shifted 16 4294967293 -> 0
;; invoke shifted 16 4294967280 -> 0
;; invoke shifted 16 4294967279 -> 0
;; invoke shifted 17 1 -> 0
;; invoke shifted 17 3 -> 0
;; invoke shifted 17 8 -> 0
;; invoke shifted 17 16 -> 0
;; invoke shifted 17 17 -> 0
;; invoke shifted 17 64 -> 0
;; invoke shifted 17 4294967295 -> 0
;; invoke shifted 17 4294967293 -> 0
;; invoke shifted 17 4294967280 -> 0
;; invoke shifted 17 4294967279 -> 0
;; invoke shifted 31 1 -> 0
;; invoke shifted 31 3 -> 0
;; invoke shifted 31 8 -> 0
;; invoke shifted 31 16 -> 0
;; invoke shifted 31 17 -> 0
;; invoke shifted 31 64 -> 0
;; invoke shifted 31 4294967295 -> 0
;; invoke shifted 31 4294967293 -> 0
;; invoke shifted 31 4294967280 -> 0
;; invoke shifted 31 4294967279 -> 0
;; invoke shifted 64 1 -> 0
;; invoke shifted 64 3 -> 0
;; invoke shifted 64 8 -> 0
;; invoke shifted 64 16 -> 0
;; invoke shifted 64 17 -> 0
;; invoke shifted 64 64 -> 0
;; invoke shifted 64 4294967295 -> 0
;; invoke shifted 64 4294967293 -> 0
;; invoke shifted 64 4294967280 -> 0
;; invoke shifted 64 4294967279 -> 0
;; invoke shifted 65 1 -> 0
;; invoke shifted 65 3 -> 0
;; invoke shifted 65 8 -> 0
;; invoke shifted 65 16 -> 0
;; invoke shifted 65 17 -> 0
;; invoke shifted 65 64 -> 0
;; invoke shifted 65 4294967295 -> 0
;; invoke shifted 65 4294967293 -> 0
;; invoke shifted 65 4294967280 -> 0
;; invoke shifted 65 4294967279 -> 0
;; invoke shifted 100 1 -> 0
;; invoke shifted 100 3 -> 0
;; invoke shifted 100 8 -> 0
;; invoke shifted 100 16 -> 0
;; invoke shifted 100 17 -> 0
;; invoke shifted 100 64 -> 0
;; invoke shifted 100 4294967295 -> 0
;; invoke shifted 100 4294967293 -> 0
;; invoke shifted 100 4294967280 -> 0
;; invoke shifted 100 4294967279 -> 0
;; invoke shifted 255 1 -> 0
;; invoke shifted 255 3 -> 0
;; invoke shifted 255 8 -> 0
;; invoke shifted 255 16 -> 0
;; invoke shifted 255 17 -> 0
;; invoke shifted 255 64 -> 0
;; invoke shifted 255 4294967295 -> 0
;; invoke shifted 255 4294967293 -> 0
;; invoke shifted 255 4294967280 -> 0
;; invoke shifted 255 4294967279 -> 0
;; invoke shifted 2047 1 -> 0
;; invoke shifted 2047 3 -> 0
;; invoke shifted 2047 8 -> 0
;; invoke shifted 2047 16 -> 0
;; invoke shifted 2047 17 -> 0
;; invoke shifted 2047 64 -> 0
;; invoke shifted 2047 4294967295 -> 0
;; invoke shifted 2047 4294967293 -> 0
;; invoke shifted 2047 4294967280 -> 0
;; invoke shifted 2047 4294967279 -> 0
;; invoke shifted 2048 1 -> 0
;; invoke shifted 2048 3 -> 0
;; invoke shifted 2048 8 -> 0
;; invoke shifted 2048 16 -> 0
;; invoke shifted 2048 17 -> 0
;; invoke shifted 2048 64 -> 0
;; invoke shifted 2048 4294967295 -> 0
;; invoke shifted 2048 4294967293 -> 0
;; invoke shifted 2048 4294967280 -> 0
;; invoke shifted 2048 4294967279 -> 0
;; invoke shifted 2049 1 -> 0
;; invoke shifted 2049 3 -> 0
;; invoke shifted 2049 8 -> 0
;; invoke shifted 2049 16 -> 0
;; invoke shifted 2049 17 -> 0
;; invoke shifted 2049 64 -> 0
;; invoke shifted 2049 4294967295 -> 0
;; invoke shifted 2049 4294967293 -> 0
;; invoke shifted 2049 4294967280 -> 0
;; invoke shifted 2049 4294967279 -> 0
;; invoke shifted 5000 1 -> 0
;; invoke shifted 5000 3 -> 0
;; invoke shifted 5000 8 -> 0
;; invoke shifted 5000 16 -> 0
;; invoke shifted 5000 17 -> 0
;; invoke shifted 5000 64 -> 0
;; invoke shifted 5000 4294967295 -> 0
;; invoke shifted 5000 4294967293 -> 0
;; invoke shifted 5000 4294967280 -> 0
;; invoke shifted 5000 4294967279 -> 0
(module
  (memory 1)
  ;; Bytes with a value of their own from 1000 on, moved by $by, compared: how many are wrong.
  (func (export "shifted") (param $n i32) (param $by i32) (result i32)
    (local $i i32) (local $wrong i32)
    (loop $fill
      (i32.store8 offset=744 (local.get $i) (call $value (i32.sub (local.get $i) (i32.const 256))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $fill (i32.lt_u (local.get $i) (i32.add (local.get $n) (i32.const 512)))))
    (memory.copy (i32.add (i32.const 1000) (local.get $by)) (i32.const 1000) (local.get $n))
    (local.set $i (i32.const -128))
    (loop $check
      (if (i32.ne
            (i32.load8_u (i32.add (i32.add (i32.const 1000) (local.get $by)) (local.get $i)))
            (call $value (i32.add (local.get $i)
              (select (i32.const 0) (local.get $by) (i32.lt_u (local.get $i) (local.get $n))))))
        (then (local.set $wrong (i32.add (local.get $wrong) (i32.const 1)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $check (i32.lt_s (local.get $i) (i32.add (local.get $n) (i32.const 128)))))
    (local.get $wrong))
  (func $value (param i32) (result i32)
    (i32.and (i32.const 255) (i32.shr_u (i32.mul (local.get 0) (i32.const 0x9e3779b1)) (i32.const 20)))))
