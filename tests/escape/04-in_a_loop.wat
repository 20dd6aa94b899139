;; 04-in_a_loop.wat - a counted loop that walks over the end: it traps there, with everything before it done.
;; invoke walk 65536 -> 65536
;; invoke walk 65537 -> trap OOB
;; invoke copy 32768 -> 32768
;; invoke copy 32769 -> trap OOB
;; invoke down 3 -> trap OOB
(module
  (memory 1)
  (func (export "walk") (param $n i32) (result i32)
    (local $i i32)
    (loop $l
      (i32.store8 (local.get $i) (i32.const 1))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $i))
  (func (export "copy") (param $n i32) (result i32)
    (local $i i32)
    (loop $l
      (i32.store8 offset=32768 (local.get $i) (i32.load8_u (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $i))
  (func (export "down") (param $i i32)
    (loop $l
      (i32.store8 (local.get $i) (i32.const 1))
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (br $l))))
