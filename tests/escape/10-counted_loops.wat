;; 10-counted_loops.wat - counted loops, whose accesses heliosc looks at before: loads that nobody uses still trap at
;;   the first address that is out of bounds, however the index is made and wherever it wraps.
;; limit memory 64
;; invoke load4 0 65536 0 -> 16384
;; invoke load4 0 65540 0 -> trap OOB
;; invoke load4 0 0 0 -> trap OOB
;; invoke load4 0 2 0 -> trap OOB
;; invoke load4 65472 65536 0 -> 16
;; invoke load4 65476 65600 0 -> trap OOB
;; invoke load4 65473 65537 0 -> trap OOB
;; invoke load4 0xffffff00 256 0 -> trap OOB
;; invoke load4 0x80000000 0x80000100 0 -> trap OOB
;; invoke load8 0 65536 0 -> 8192
;; invoke load8 1 65537 0 -> trap OOB
;; invoke load2 0 65535 0 -> 65535
;; invoke load2 0 65536 0 -> trap OOB
;; invoke load1 0 65536 0 -> 65536
;; invoke load1 0 65537 0 -> trap OOB
;; invoke load1 0 0 0 -> trap OOB
;; invoke vector 0 65536 0 -> 4096
;; invoke vector 4 65540 0 -> trap OOB
;; invoke shifted 0 256 0 -> 256
;; invoke shifted 0 257 0 -> trap OOB
;; invoke shifted 0x01000000 0x01000100 0 -> 256
;; invoke shifted 0x00ffffff 0x01000100 0 -> trap OOB
;; invoke multiplied 0 5462 0 -> 5462
;; invoke multiplied 0 5463 0 -> trap OOB
;; invoke by12 0 65532 0 -> 5461
;; invoke by12 8 65540 0 -> 5461
;; invoke by12 16 65548 0 -> trap OOB
;; invoke by12 0 65540 0 -> trap OOB
;; invoke by12 0xfffffff4 120 0 -> trap OOB
;; invoke far 0 0 0 -> trap OOB
;; invoke around 0 0 0 -> 16
;; invoke based 65536 131072 0xffff0000 -> 16384
;; invoke based 65532 131072 0xffff0000 -> trap OOB
;; invoke based 65536 131076 0xffff0000 -> trap OOB
;; invoke based 0 64 65472 -> 16
;; invoke based 0 68 65472 -> trap OOB
;; invoke based 0xffffffc0 64 64 -> 32
;; invoke base_shifted 0 16 65472 -> 16
;; invoke base_shifted 0 17 65472 -> trap OOB
;; invoke base_shifted 0x40000000 0x40000010 0 -> 16
;; invoke base_shifted 0x3fffffff 0x40000010 0 -> trap OOB
;; invoke offset 0 4 0 -> 1
;; invoke offset 0 64 0 -> trap OOB
;; invoke offset 0xffff0004 0 0 -> trap OOB
;; invoke far_offset 0 64 0 -> trap OOB
;; invoke far_offset 1 65 0 -> trap OOB
;; invoke store 0 65536 5 -> 16384
;; invoke store 0 65540 5 -> trap OOB
;; invoke copy 0 32768 32768 -> 8192
;; invoke copy 0 32772 32768 -> trap OOB
;; invoke growing 0 0xa0000 0 -> 10
;; invoke growing 0 0x800000 0 -> trap OOB
;; invoke moving_base 0 40 0 -> 10
;; invoke moving_base 0 68 0 -> trap OOB
;; invoke two 0 65472 0 -> 16368
;; invoke two 0 65476 0 -> trap OOB
(module
  (memory 1)
  (func (export "load4") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (i32.load (local.get $x)))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 4))) (local.get $n))))
    (local.get $turns))
  (func (export "load8") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (i64.load (local.get $x)))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 8))) (local.get $n))))
    (local.get $turns))
  (func (export "load2") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (i32.load16_u (local.get $x)))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 1))) (local.get $n))))
    (local.get $turns))
  (func (export "load1") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (i32.load8_u (local.get $x)))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 1))) (local.get $n))))
    (local.get $turns))
  (func (export "vector") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (v128.load (local.get $x)))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 16))) (local.get $n))))
    (local.get $turns))
  (func (export "shifted") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (i32.load8_u (i32.shl (local.get $x) (i32.const 8))))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 1))) (local.get $n))))
    (local.get $turns))
  (func (export "multiplied") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (i32.load (i32.mul (local.get $x) (i32.const 12))))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 1))) (local.get $n))))
    (local.get $turns))
  (func (export "by12") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (i32.load (local.get $x)))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 12))) (local.get $n))))
    (local.get $turns))
  (func (export "far") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (i32.load8_u (local.get $x)))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 268435456))) (local.get $n))))
    (local.get $turns))
  (func (export "around") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (i32.load8_u (i32.shl (local.get $x) (i32.const 4))))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 268435456))) (local.get $n))))
    (local.get $turns))
  (func (export "based") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (i32.load (i32.add (local.get $b) (local.get $x))))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 4))) (local.get $n))))
    (local.get $turns))
  (func (export "base_shifted") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (i32.load (i32.add (local.get $b) (i32.shl (local.get $x) (i32.const 2)))))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 1))) (local.get $n))))
    (local.get $turns))
  (func (export "offset") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (i32.load offset=65532 (local.get $x)))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 4))) (local.get $n))))
    (local.get $turns))
  (func (export "far_offset") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (i32.load offset=0xffffffff (local.get $x)))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 4))) (local.get $n))))
    (local.get $turns))
  (func (export "store") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (i32.store (local.get $x) (local.get $b))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 4))) (local.get $n))))
    (local.get $turns))
  (func (export "copy") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (i32.store (i32.add (local.get $b) (local.get $x)) (i32.load (local.get $x)))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 4))) (local.get $n))))
    (local.get $turns))
  (func (export "growing") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (memory.grow (i32.const 1)))
      (i32.store8 offset=65536 (local.get $x) (i32.const 7))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 65536))) (local.get $n))))
    (local.get $turns))
  (func (export "moving_base") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (i32.load (i32.add (local.get $b) (local.get $x))))
      (local.set $b (i32.add (local.get $b) (i32.const 4096)))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 4))) (local.get $n))))
    (local.get $turns))
  (func (export "two") (param $x i32) (param $n i32) (param $b i32) (result i32)
    (local $turns i32)
    (loop $l
      (drop (i32.load (local.get $x)))
      (drop (i32.load offset=64 (local.get $x)))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne (local.tee $x (i32.add (local.get $x) (i32.const 4))) (local.get $n))))
    (local.get $turns)))
